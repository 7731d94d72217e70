/*
 * look - is what we own in the store as it was recorded?
 *
 *   the branch: its files against the rows, if it is where we did not put it
 *   (look_branch.c)
 *   the work tree: times and sizes against the index, contents where those
 *   differ
 *   the objects: is each file's content there (once a start)
 *
 * What is not as recorded is put down in the table adrift and staged again as
 * it is recorded: the next commit restores it, and keeps what a person wrote.
 * Documents whose contents are gone from the repository are told, so that
 * they are made again.
 *
 * A look at the work tree costs a system call a file.  Where its folders are
 * watched (watch.c) and the index is the one that was looked at, only what was
 * touched is looked at, at once, and everything as often as it takes a
 * ten-thousandth of the time, once a minute at most (each second pass of a
 * minute for 10,000 files), for what no watch tells: a file system mounted over
 * a folder, a file that has another name elsewhere or is written by way of
 * memory.  Where they are not, everything is looked at as often as it takes a
 * hundredth of the time at most: before each pass of a minute for 100,000
 * files.  So it is with the branch's trees (heal.c), which are read much
 * faster.
 */
#include "store/look.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "base/stamp.h"
#include "store/beneath.h"
#include "store/blob_file.h"
#include "store/heal.h"
#include "store/intent.h"
#include "store/setback.h"
#include "store/staging.h"

#define WATCHED_SHARE 10000 /* as LOOK_SHARE, where folders are watched; */
#define WATCHED_REST (60 * STAMP_SECOND) /* at least so long between two */
#define LONG (STAMP_SECOND / 200)        /* then it needed memory, too */

/* --- Files, one by one ---------------------------------------------------- */

/* Git is told of file systems where all files look like programs. */
static bool heeds_modes(const struct store *s)
{
	git_config *config = NULL;
	int heeds = 1;

	if (git_repository_config_snapshot(&config, s->repo) == 0)
		git_config_get_bool(&heeds, config, "core.filemode");
	git_config_free(config);
	return heeds != 0;
}

/* Our files are no programs, nor does the index say so. */
static bool is_program(struct sight *g, const struct stat *st,
	const struct index_image_file *entry)
{
	if ((entry->mode & S_IXUSR) != 0)
		return true;
	if ((st->st_mode & S_IXUSR) == 0)
		return false;
	if (g->modes == MODES_UNKNOWN)
		g->modes = heeds_modes(g->store) ? MODES_HEEDED : MODES_IGNORED;
	return g->modes == MODES_HEEDED;
}

static bool is_there(
	struct sight *g, const char *path, struct place *at, struct stat *st)
{
	return beneath_place(&g->tree, path, false, at, NULL) == 0 &&
	       at->fd >= 0 &&
	       fstatat(at->fd, at->name, st, AT_SYMLINK_NOFOLLOW) == 0;
}

/*
 * Does the work tree hold that content at path, and the index name it?  Or
 * nothing, as a person has asked git for.
 */
static bool is_in_place(struct sight *g, const char *path, const git_oid *oid)
{
	struct index_image_file entry;
	struct place at;
	struct stat st;
	git_oid now;

	watch_cover(g->watch, path);
	if (!index_view_find(&g->index, path, &entry) ||
		!git_oid_equal(&entry.oid, oid))
		return false;
	if (!is_there(g, path, &at, &st))
		return entry.skipped;
	if (!S_ISREG(st.st_mode) || is_program(g, &st, &entry))
		return false;
	watch_met(g->watch, st.st_dev);
	if (!g->deep && index_image_fits(&entry, &st))
		return true;
	return blob_file_hash(&at, &now, &st, NULL) == 0 &&
	       git_oid_equal(&now, oid);
}

static int pass_over(void *arg, const void *bytes, size_t n, struct err *e)
{
	(void)arg;
	(void)bytes;
	(void)n;
	(void)e;
	return 0;
}

/* A blob that can be read and is what its id says. */
static bool is_content(struct sight *g, const git_oid *oid)
{
	if (!g->deep)
		return objects_has(g->store->objects, oid);
	return objects_read(g->store->objects, oid, pass_over, NULL, NULL) == 0;
}

/* A content that is gone is no content: the document is made again. */
static int put_gone(struct store *s, struct str path, struct err *e)
{
	struct query q = query_open(
		s->state, "INSERT OR IGNORE INTO gone (path) VALUES (?)");

	bind_text(&q, path);
	return query_run(&q, e);
}

static int find_fault(struct sight *g, enum store_place place,
	int64_t work_package, struct str path, const char *text)
{
	g->tell(g->arg, place, work_package, path, text);
	return 0;
}

int look_forget(struct store *s, int64_t attachment, struct err *e)
{
	struct query q = query_open(s->state,
		"INSERT OR IGNORE INTO gone (path) SELECT path FROM file"
		" WHERE attachment_id = ?");
	int code;

	bind_int(&q, attachment);
	code = query_run(&q, e);
	if (code != 0)
		return code;
	q = query_open(s->state,
		"INSERT OR IGNORE INTO adrift (work_package, entry, path)"
		" SELECT work_package, entry, path FROM file"
		" WHERE attachment_id = ?");
	bind_int(&q, attachment);
	return query_run(&q, e);
}

static int look_at_file(struct sight *g, struct query *q, struct err *e)
{
	struct str path = column_text(q);
	git_oid oid;
	bool good = column_oid(q, &oid) && !git_oid_is_zero(&oid);
	int64_t work_package = column_int(q);
	struct str entry = column_text(q);
	int code = 0;

	if (!good || (g->contents && !is_content(g, &oid))) {
		if (g->tell != NULL)
			return find_fault(g, STORE_OBJECTS, work_package, path,
				"its content is missing or damaged");
		good = false;
		code = put_gone(g->store, path, e);
	}
	if (good && g->contents && g->tell == NULL)
		attributes_look(g->store, path.p, &oid);
	if (good && g->worktree)
		good = is_in_place(g, path.p, &oid);
	if (!good && g->tell != NULL)
		return find_fault(g, STORE_WORK_TREE, work_package, path,
			"the work tree, or its index, has another content or "
			"none");
	if (code == 0 && !good)
		code = look_put_adrift(g->store, work_package, entry, path, e);
	return code;
}

int look_goes_on(struct sight *g, struct err *e)
{
	store_gets_on(g->store);
	return g->stop != NULL && atomic_load(g->stop)
		       ? err_set(e, ERR_CANCELED, "stopped")
		       : 0;
}

static int look_at_rows(struct sight *g, struct query *q, struct err *e)
{
	while (query_next(q)) {
		int code = look_goes_on(g, &q->err);

		if (code == 0)
			code = look_at_file(g, q, &q->err);
		query_take(q, code);
	}
	return query_close(q, e);
}

#define ROWS "SELECT path, oid, work_package, entry FROM file"

/* In a state that was made again: no work package has them yet. */
static int look_at_unclaimed(struct sight *g, struct err *e)
{
	struct query q = query_open(g->store->state,
		"SELECT path, oid FROM file WHERE work_package = 0"
		" ORDER BY path");
	git_oid oid;

	while (query_next(&q)) {
		struct str path = column_text(&q);

		if (column_oid(&q, &oid))
			attributes_look(g->store, path.p, &oid);
	}
	return query_close(&q, e);
}

static int look_at_all(struct sight *g, struct err *e)
{
	struct query q = query_open(
		g->store->state, ROWS " WHERE work_package <> 0 ORDER BY path");
	int code = look_at_rows(g, &q, e);

	if (code == 0 && g->contents && g->tell == NULL)
		code = look_at_unclaimed(g, e);
	return code;
}

/* A path, and what is below it: '0' is what follows '/'. */
static int look_at_touched(struct sight *g, struct err *e)
{
	size_t n;
	const char *const *paths = watch_touched(g->watch, &n);
	int code = 0;

	for (size_t i = 0; i < n && code == 0; i++) {
		struct query q = query_open(g->store->state,
			ROWS " WHERE work_package <> 0"
			     " AND path >= ?1 AND path < ?1 || '0'"
			     " AND (path = ?1 OR path > ?1 || '/')"
			     " ORDER BY path");

		bind_text(&q, str_of(paths[i]));
		code = look_at_rows(g, &q, e);
	}
	return code;
}

/* One that git init --bare or git clone --mirror made, say. */
static char *bare_words(const struct store *s)
{
	const char *folder = git_repository_path(s->repo);
	bool inside = str_ends(str_of(folder), STR("/.git/"));

	return xasprintf("%s is bare: %s goes on without a work tree; 'bare: "
			 "true' in the configuration says that it is meant to, "
			 "else %s",
		folder, s->ref,
		inside ? "run 'git config core.bare false' there"
		       : "clone it anew without --mirror or --bare");
}

/* Why the work tree is left alone; a HEAD that is damaged looks like that. */
static char *beside_words(struct store *s)
{
	git_reference *head = NULL;
	char *words;

	if (s->worktree == NULL)
		return bare_words(s);
	if (git_reference_lookup(&head, s->repo, "HEAD") == 0)
		words = xasprintf("%s is checked out in %s: %s goes on without "
				  "the work tree, until it is checked out "
				  "again",
			git_reference_type(head) == GIT_REFERENCE_SYMBOLIC
				? "another branch"
				: "a commit, and no branch,",
			s->path, s->ref);
	else
		words = xasprintf("%sHEAD cannot be read: %s goes on without "
				  "the work tree, until that file holds "
				  "'ref: %s' again",
			git_repository_path(s->repo), s->ref, s->ref);
	git_reference_free(head);
	return words;
}

/* As a person may have it: told once, and recorded for as long. */
static int note_beside(struct store *s, bool beside, struct err *e)
{
	bool first = git_oid_is_zero(&s->seen_tip); /* what is recorded? */
	char *words;
	int code;

	beside = beside && (s->worktree != NULL || !s->bare);
	if (beside == s->beside && !first)
		return 0;
	if (!beside) {
		code = state_delete(s->state, STORE_BESIDE, e);
		s->beside = code != 0 && s->beside;
		return code;
	}
	words = beside_words(s);
	code = state_put(s->state, STORE_BESIDE, str_of(words), e);
	if (code == 0 && !s->beside)
		store_tell(s, LOG_LEVEL_WARNING, "%s", words);
	s->beside = s->beside || code == 0;
	free(words);
	return code;
}

static int begin(struct sight *g, enum extent extent, struct err *e)
{
	struct store *s = g->store;
	bool ours;
	int code;

	if (extent == LOOK_NOWHERE)
		return 0;
	ours = store_is_checked_out(s);
	code = note_beside(s, !ours, e);
	if (code != 0)
		return code;
	if (!ours) {
		watch_lose(g->watch);
		return 0;
	}
	if (extent == LOOK_ALL)
		watch_begin(g->watch);
	code = worktree_index(
		s->worktree, extent == LOOK_TOUCHED, &g->index, e);
	if (code == 0)
		code = beneath_init(
			&g->tree, git_repository_workdir(s->repo), e);
	g->worktree = code == 0;
	return code;
}

/* From here on, only what is touched is another. */
static void end(struct sight *g, enum extent extent)
{
	if (!g->worktree)
		return;
	watch_end(g->watch, extent == LOOK_ALL);
	if (extent == LOOK_ALL)
		worktree_know_index(g->store->worktree, &g->index);
}

int look_around(struct sight *g, enum extent extent, struct err *e)
{
	struct store *s = g->store;
	struct query q;
	int code;

	if (extent == LOOK_NOWHERE && !g->contents)
		return 0; /* and gone is empty: see forget_gone() */
	q = query_open(s->state, "DELETE FROM gone");
	code = query_run(&q, e);
	if (code == 0)
		code = begin(g, extent, e);
	if (code == 0 && g->worktree && extent == LOOK_TOUCHED)
		code = look_at_touched(g, e);
	else if (code == 0 && (g->worktree || g->contents))
		code = look_at_all(g, e);
	if (code == 0 && g->index.fault.code != 0) {
		code = g->index.fault.code;
		if (e != NULL)
			*e = g->index.fault;
	}
	if (code == 0)
		end(g, extent);
	beneath_fini(&g->tree);
	index_view_fini(&g->index);
	return code;
}

/* --- All of it ------------------------------------------------------------ */

static int any_adrift(struct store *s, bool *any, struct err *e)
{
	struct query q =
		query_open(s->state, "SELECT EXISTS (SELECT 1 FROM adrift)");

	return query_any(&q, any, e);
}

/* Rows whose content is gone name none, so that a put sees a change. */
static int forget_gone(struct store *s, struct err *e)
{
	return state_exec(s->state,
		"UPDATE file SET oid = " FILE_GONE
		" WHERE path IN (SELECT path FROM gone);"
		"DELETE FROM attachment WHERE id IN (SELECT attachment_id"
		" FROM file WHERE path IN (SELECT path FROM gone));"
		"DELETE FROM gone",
		e);
}

static int tell_adrift(
	struct store *s, store_adrift_fn *fn, void *arg, struct err *e)
{
	struct query q = query_open(s->state,
		"SELECT a.work_package, a.entry, f.path, EXISTS (SELECT 1"
		" FROM file g WHERE g.work_package = a.work_package"
		" AND g.entry = a.entry AND g.oid = " FILE_GONE ")"
		" FROM (SELECT DISTINCT work_package, entry FROM adrift) a"
		" LEFT JOIN file f"
		" ON f.work_package = a.work_package AND f.entry = a.entry"
		" AND f.attachment_id = 0");

	return staging_tell_adrift(&q, fn, arg, e);
}

static int stage(struct store *s, store_adrift_fn *fn, void *arg, struct err *e)
{
	int code = tell_adrift(s, fn, arg, e);

	return code == 0 ? staging_again(s->state, e) : code;
}

/* What the watch does not answer for is looked at as if there were none. */
static enum extent extent_of(
	const struct sight *g, bool same_branch, int64_t now)
{
	struct store *s = g->store;
	enum watch_news news = watch_read(s->watch);

	if (g->deep || now >= s->look_at)
		return LOOK_ALL;
	if (news == WATCH_OFF)
		return LOOK_NOWHERE;
	if (news == WATCH_ALL || !same_branch ||
		!worktree_knows_index(s->worktree))
		return LOOK_ALL;
	return news == WATCH_TOUCHED ? LOOK_TOUCHED : LOOK_NOWHERE;
}

int64_t store_watched_turn(int64_t took)
{
	int64_t rest = WATCHED_SHARE * took;

	return stamp_monotonic() + (rest > WATCHED_REST ? rest : WATCHED_REST);
}

/* After a look at everything, at rows that changes do not ask for. */
static void rest_after(struct store *s, int64_t took)
{
	sqlite3_db_release_memory(s->state->db);
	if (took > LONG)
		memory_rest();
}

static void note_turn(struct store *s, enum extent extent, int64_t began)
{
	int64_t took = stamp_monotonic() - began;

	if (extent == LOOK_ALL && watch_is_whole(s->watch))
		s->look_at = store_watched_turn(took);
	else if (extent == LOOK_ALL)
		s->look_at = began + took + LOOK_SHARE * took;
	else if (extent == LOOK_TOUCHED && !watch_is_whole(s->watch))
		s->look_at = 0;
}

static int look(struct store *s, struct sight *g, store_adrift_fn *fn,
	void *arg, struct err *e)
{
	int64_t began = stamp_monotonic();
	enum extent extent = LOOK_NOWHERE;
	bool any = false;
	git_oid tip;
	int code = store_tip(s, &tip, e);

	if (code == 0)
		extent = extent_of(g, git_oid_equal(&tip, &s->seen_tip), began);
	if (code == 0 && !git_oid_equal(&tip, &s->seen_tip))
		code = setback_claim(s, &tip, e);
	if (code == 0 && (g->deep || !git_oid_equal(&tip, &s->seen_tip)))
		code = look_at_branch(s, &tip, e);
	if (code == 0)
		code = look_around(g, extent, e);
	if (code == 0 && g->deep)
		code = look_at_contents(g, e);
	if (code == 0)
		code = any_adrift(s, &any, e);
	if (code == 0 && any)
		code = forget_gone(s, e);
	if (code == 0 && any)
		code = stage(s, fn, arg, e);
	if (code != 0)
		return code;
	s->seen_tip = tip;
	note_turn(s, extent, began);
	if (extent == LOOK_ALL)
		rest_after(s, stamp_monotonic() - began);
	return 0;
}

int store_look(struct store *s, bool deep, store_adrift_fn *fn, void *arg,
	struct err *e)
{
	bool first = git_oid_is_zero(&s->seen_tip);
	struct sight g = {.store = s, .deep = deep, .contents = deep || first};
	int code;

	intent_catch_up(s);
	if (deep)
		s->walk_at = s->walk_quiet_at = 0;
	code = heal_branch(s, e);
	g.watch = s->watch;
	if (code == 0)
		code = look(s, &g, fn, arg, e);
	if (code != 0) { /* what was found and not restored is found again */
		s->seen_tip = (git_oid){{0}};
		s->look_at = 0;
	}
	return code;
}
