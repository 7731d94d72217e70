/*
 * store - opening and closing.
 *
 *   find the repository -> check it -> lock -> state -> clear what the dead
 *   left -> make or open the repository -> see that the branch can be read ->
 *   finish an interrupted commit -> see that the state knows the branch
 *
 * Nothing is written before the repository was found to be one of ours to
 * use.  Each step may be repeated, so a kill at any moment leaves the next
 * open with the same work.
 */
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/content.h"
#include "store/files.h"
#include "store/gc.h"
#include "store/git_error.h"
#include "store/git_names.h"
#include "store/heal.h"
#include "store/history.h"
#include "store/index_mend.h"
#include "store/intent.h"
#include "store/lock.h"
#include "store/notes.h"
#include "store/parts.h"
#include "store/ref_mend.h"
#include "store/repository.h"
#include "store/rest.h"
#include "store/salvage.h"
#include "store/staging.h"
#include "store/tree_file.h"

#define FETCHED_BEFORE "refs/opsync/remote" /* of all instances there */

/* Of what libgit2 may keep, in bytes. */
#define TREE_CACHE (256 << 10) /* the largest tree */
#define CACHE (2 << 20)        /* all objects */
#define WINDOW (512 << 10)     /* mapped of a pack at a time */
#define WINDOWS (2 << 20)      /* mapped of all packs */

/* What is known of the repository before it is open. */
struct site {
	struct buf folder; /* of the repository */
	struct buf refs;   /* the one its refs are in: a work tree's differs */
	bool make;
};

static int find_site(
	const struct store_options *o, struct site *p, struct err *e)
{
	bool found;
	int code = repository_find(o->path, &p->folder, &found, e);

	if (code != 0)
		return code;
	if (found) {
		p->make = repository_is_unfinished(p->folder.p);
		return 0;
	}
	p->make = true;
	buf_printf(&p->folder, "%s%s", o->path, o->bare ? "" : "/.git");
	return repository_may_make(o->path, o->bare, e);
}

/* A repository that is there is refused before anything is written. */
static int check_site(
	const struct store_options *o, struct site *p, struct err *e)
{
	git_repository *repo;
	int code;

	if (p->make) {
		buf_add_str(&p->refs, buf_str(&p->folder));
		return 0;
	}
	code = repository_open(o->path, &repo, e);
	if (code != 0)
		return code;
	buf_puts(&p->refs, git_repository_commondir(repo));
	git_repository_free(repo);
	return 0;
}

static char *in_folder(const struct site *p, const char *name)
{
	return xasprintf("%s/%s", p->folder.p, name);
}

static int take_lock(struct store *s, const struct store_options *o,
	const struct site *p, struct err *e)
{
	char *folder = in_folder(p, "opsync");
	int code = folder_make(p->folder.p, 0777, e);

	if (code == 0)
		code = folder_make(folder, 0750, e);
	s->lock_file = in_folder(p, "opsync/lock");
	s->tmp = in_folder(p, "opsync/tmp");
	s->state_file = in_folder(p, "opsync/state.db");
	if (code == 0)
		code = folder_make(s->tmp, 0750, e);
	if (code == 0)
		code = lock_take(s->lock_file, o->path, o->note, &s->lock, e);
	free(folder);
	return code;
}

/* One that is damaged is put aside: it is made again from the history. */
static int open_state(struct store *s, struct err *e)
{
	struct err damage = {0};
	int code = state_open(s->state_file, false, &s->state, &damage);

	if (code == ERR_DATA) {
		store_tell(s, LOG_LEVEL_WARNING,
			"%s (what is left of it: %s"
			".damaged)",
			damage.text, s->state_file);
		code = state_move_away(s->state_file, &damage);
		if (code == 0)
			code = state_open(
				s->state_file, false, &s->state, &damage);
	}
	if (code != 0 && e != NULL)
		*e = damage;
	return code == 0 ? staging_init(s->state, e) : code;
}

int store_mend_state(struct store *s, bool *again, struct err *e)
{
	struct err fault = {0};
	int code;

	if (!state_is_damaged(s->state)) {
		code = check_doubt(s, again, e);
		return code != 0 || *again ? code
					   : store_check_history(s, again, e);
	}
	*again = true;
	intent_catch_up(s);
	objects_drop(s->objects);
	state_close(s->state);
	s->state = NULL;
	s->look_at = 0; /* its rows are others */
	if (state_move_away(s->state_file, &fault) != 0 ||
		open_state(s, &fault) != 0) {
		store_tell(s, LOG_LEVEL_ERROR, "%s", fault.text);
		abort(); /* the next start tells what is in the way */
	}
	store_tell(s, LOG_LEVEL_WARNING,
		"the state was damaged: it is made again (what is left of the "
		"old one: %s.damaged)",
		s->state_file);
	return history_check(s, NULL, e);
}

/* Locks in a folder of refs, which are named for what they lock. */
static int clear_folder(const char *folder, int64_t since, struct err *e)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	int code = 0;

	if (d == NULL)
		return 0; /* most often there is none */
	while (code == 0 && (entry = readdir(d)) != NULL) {
		char *file;

		if (!str_ends(str_of(entry->d_name), STR(".lock")))
			continue;
		file = xasprintf("%s/%s", folder, entry->d_name);
		code = lock_clear(file, since, e);
		free(file);
	}
	closedir(d);
	return code;
}

static int clear_locks(
	struct store *s, const struct site *p, int64_t since, struct err *e)
{
	static const char *const names[] = {
		"HEAD.lock", "config.lock", "packed-refs.lock"};
	static const char *const folders[] = {
		"refs/heads/opsync/kept", "refs/heads/opsync-kept"};
	char *file = xasprintf("%s/%s.lock", p->refs.p, s->ref);
	int code = lock_clear(file, since, e);

	free(file);
	for (size_t i = 0; code == 0 && i < ARRAY_LEN(names); i++) {
		file = in_folder(p, names[i]);
		code = lock_clear(file, since, e);
		free(file);
	}
	for (size_t i = 0; code == 0 && i < ARRAY_LEN(folders); i++) {
		file = xasprintf("%s/%s", p->refs.p, folders[i]);
		code = clear_folder(file, since, e);
		free(file);
	}
	/* A git fetch of ours was killed; nobody else writes there. */
	file = xasprintf("%s/" FETCHED_BEFORE ".lock", p->refs.p);
	if (code == 0)
		code = lock_clear(file, 0, e);
	free(file);
	file = xasprintf("%s/%s.lock", p->refs.p, s->fetched);
	if (code == 0)
		code = lock_clear(file, 0, e);
	free(file);
	return code;
}

/* Locks and temporary files of a predecessor that was killed. */
static int clear_left(struct store *s, const struct site *p, struct err *e)
{
	char *folder = in_folder(p, "opsync");
	int64_t since = INT64_MAX;
	int code = intent_since(s->state, &since, e);

	if (code != 0 && state_is_damaged(s->state))
		code = 0; /* mended once the repository is open */
	if (p->make)
		since = 0;
	gc_clear(p->folder.p, p->refs.p, "gc");
	gc_clear(p->folder.p, p->refs.p, "fetch");
	if (code == 0)
		code = clear_locks(s, p, since, e);
	if (code == 0)
		code = objects_clean(s->tmp, e);
	if (code == 0)
		code = tree_files_clean(s->tmp, e);
	if (code == 0)
		code = folder_clean(s->tmp, "spool-", e);
	if (code == 0)
		code = folder_clean(s->tmp, "pack", e); /* of heal.c */
	if (code == 0)                                  /* of index_patch.c */
		code = folder_clean(folder, "index_", e);
	free(folder);
	return code;
}

/*
 * Our index.lock says that it is ours, so any other is another git's.  A live
 * one's stays: updates of the index wait for it.
 */
static int clear_index(struct store *s, struct err *e)
{
	char *file = xasprintf("%sindex.lock", git_repository_path(s->repo));
	int code = worktree_unlock(s->repo, e);

	if (code == 0 && !lock_is_held(file, git_repository_workdir(s->repo)))
		code = lock_clear(file, INT64_MAX, e);
	free(file);
	return code;
}

static int open_repository(struct store *s, struct err *e)
{
	const char *root; /* with a slash at its end */
	char *folder;
	int code = repository_open(s->path, &s->repo, e);

	if (code != 0)
		return code;
	if (git_repository_set_ident(
		    s->repo, s->author_name, s->author_email) != 0)
		return git_failed(e, "cannot use the author's name");
	code = objects_new(s->repo, s->tmp, &s->objects, e);
	s->trees.objects = s->objects;
	if (s->watches)
		rest_watch(s);
	root = git_repository_workdir(s->repo);
	if (code != 0 || root == NULL)
		return code;
	folder = str_dup((struct str){root, strlen(root) - 1});
	code = worktree_new(s->repo, folder, s->objects, &s->worktree, e);
	if (code == 0 && s->watches)
		s->watch = watch_new(folder);
	free(folder);
	return code == 0 ? clear_index(s, e) : code;
}

static void close_repository(struct store *s)
{
	intent_catch_up(s);
	rest_unwatch(s);
	worktree_free(s->worktree);
	objects_free(s->objects);
	trees_let_go(&s->trees);
	git_repository_free(s->repo);
	s->worktree = NULL;
	s->objects = NULL;
	s->repo = NULL;
}

/* Where it is gone, perhaps for a while only, what was open stays so. */
int store_reopen(struct store *s, struct err *e)
{
	git_repository *repo = s->repo;
	struct objects *objects = s->objects;
	struct worktree *worktree = s->worktree;
	int code;

	intent_catch_up(s);
	rest_unwatch(s);
	trees_let_go(&s->trees);
	s->repo = NULL;
	s->objects = NULL;
	s->worktree = NULL;
	s->seen_tip = (git_oid){{0}};
	s->look_at = 0;
	s->looked = false;
	code = open_repository(s, e);
	if (code != 0) {
		close_repository(s);
		s->repo = repo;
		s->objects = s->trees.objects = objects;
		s->worktree = worktree;
		if (e != NULL)
			e->code = ERR_IO; /* no fault of the configuration */
		return ERR_IO;
	}
	worktree_free(worktree);
	objects_free(objects);
	git_repository_free(repo);
	return salvage_packs(s, e);
}

/*
 * What is damaged beside the objects, and can be made again.  Before the branch
 * goes back, what an earlier process put aside is read.
 */
static int mend(struct store *s, struct err *e)
{
	int code = ref_mend(s, e);

	if (code == 0)
		code = heal_put_aside(s, e);
	if (code == 0)
		code = heal_branch(s, e);
	return code == 0 ? index_mend(s, e) : code;
}

int store_open_again(struct store *s, struct err *e)
{
	int code = store_reopen(s, e);

	return code == 0 ? mend(s, e) : code;
}

/*
 * libgit2 has read all that the system trusts, but talks to nobody here: none
 * are in an empty folder.
 */
static void forget_certificates(const struct store *s)
{
	git_libgit2_opts(GIT_OPT_SET_SSL_CERT_LOCATIONS, NULL, s->tmp);
}

static void remove_fetched_before(struct store *s)
{
	git_oid oid;

	if (git_reference_name_to_id(&oid, s->repo, FETCHED_BEFORE) == 0)
		(void)git_reference_remove(s->repo, FETCHED_BEFORE);
}

/*
 * Where two names of other letters are one file, a document whose name changes
 * in them only would be another's, and be in error for as long.
 */
static void tell_of_case(struct store *s)
{
	char *name = xasprintf("%s/.git", s->path);
	char *other = xasprintf("%s/.GIT", s->path);
	struct stat a;
	struct stat b;

	if (s->worktree != NULL && stat(name, &a) == 0 &&
		stat(other, &b) == 0 && a.st_dev == b.st_dev &&
		a.st_ino == b.st_ino)
		store_tell(s, LOG_LEVEL_WARNING,
			"%s is on a file system that does not tell upper from "
			"lower case, which a store with a work tree needs: "
			"move it to another, or clone it anew with --bare",
			s->path);
	free(name);
	free(other);
}

static int open_all(struct store *s, const struct store_options *o,
	struct site *p, struct err *e)
{
	bool again;
	int code = find_site(o, p, e);

	if (code == 0)
		code = check_site(o, p, e);
	if (code == 0)
		code = take_lock(s, o, p, e);
	if (code == 0)
		code = open_state(s, e);
	if (code == 0)
		code = clear_left(s, p, e);
	if (code == 0)
		forget_certificates(s);
	if (code == 0 && p->make)
		code = repository_make(
			o->path, p->folder.p, o->branch, o->bare, e);
	if (code == 0)
		code = open_repository(s, e);
	if (code == 0)
		remove_fetched_before(s);
	if (code == 0)
		code = mend(s, e);
	if (code == 0)
		tell_of_case(s);
	if (code == 0)
		code = notes_load(s, e);
	if (code == 0)
		code = intent_settle(s, e);
	if (code == 0)
		code = history_check(s, NULL, e);
	if (s->repo != NULL && state_is_damaged(s->state))
		code = store_mend_state(s, &again, e);
	return code;
}

static int check_options(const struct store_options *o, struct err *e)
{
	int code = git_names_check_branch(o->branch, e);

	if (code == 0)
		code = git_names_check_author(o->author_name, e);
	if (code == 0)
		code = git_names_check_author(o->author_email, e);
	return code;
}

static int start_libgit2(struct err *e)
{
	if (git_libgit2_init() < 0)
		return git_failed(e, "cannot start libgit2");
	if (git_libgit2_opts(GIT_OPT_ENABLE_FSYNC_GITDIR, 1) != 0 ||
		git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT,
			GIT_OBJECT_TREE, (size_t)TREE_CACHE) != 0 ||
		git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)CACHE) !=
			0 ||
		git_libgit2_opts(GIT_OPT_SET_MWINDOW_SIZE, (size_t)WINDOW) !=
			0 ||
		git_libgit2_opts(
			GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, (size_t)WINDOWS) != 0)
		return git_failed(e, "cannot set up libgit2");
	return 0;
}

const char *store_fetched(const struct store *s)
{
	return s->fetched;
}

int store_open(const struct store_options *o, struct store **out, struct err *e)
{
	struct store *s = xcalloc(1, sizeof(*s));
	struct site site = {0};
	int code = start_libgit2(e);

	s->lock = -1;
	s->path = xstrdup(o->path);
	s->ref = xasprintf("refs/heads/%s", o->branch);
	s->fetched = xasprintf("refs/opsync/fetched/%s", o->branch);
	s->instance = xstrdup(o->instance);
	s->told = o->told;
	s->gets_on = o->gets_on;
	s->told_arg = o->told_arg;
	s->probe = o->probe;
	s->watches = o->watches;
	s->bare = o->bare;
	s->author_name = xstrdup(o->author_name);
	s->author_email = xstrdup(o->author_email);
	if (code == 0)
		code = check_options(o, e);
	if (code == 0)
		code = open_all(s, o, &site, e);
	buf_fini(&site.folder);
	buf_fini(&site.refs);
	s->gets_on = NULL;
	if (code != 0)
		store_close(s);
	else
		*out = s;
	return code;
}

int store_may_use(const char *path, bool bare, struct err *e)
{
	const struct store_options o = {.path = path, .bare = bare};
	struct site site = {0};
	int code = start_libgit2(e);

	if (code != 0)
		return code;
	/* Whose it is matters to who writes it. */
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0);
	code = find_site(&o, &site, e);
	if (code == 0)
		code = check_site(&o, &site, e);
	git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 1);
	buf_fini(&site.folder);
	buf_fini(&site.refs);
	git_libgit2_shutdown();
	return code;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	close_repository(s);
	staged_reads_clear(&s->reads);
	contents_forget(s);
	state_close(s->state); /* the last connection empties the WAL */
	if (s->lock >= 0)
		close(s->lock);
	free(s->path);
	free(s->ref);
	free(s->fetched);
	free(s->instance);
	buf_fini(&s->former);
	free(s->author_name);
	free(s->author_email);
	free(s->tmp);
	free(s->state_file);
	free(s->lock_file);
	free(s);
	git_libgit2_shutdown();
}
