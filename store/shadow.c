/*
 * shadow - a store to try something on, and what became different in it.
 *
 *   ref, copy of the state, ref again --> a bare repository beside it, whose
 *   objects/info/alternates leads to the store's
 *
 * The store is only read.  Where its daemon commits meanwhile, the copy is
 * made anew.
 */
#include "store/shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <git2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "store/files.h"
#include "store/git_error.h"
#include "store/loose_read.h"
#include "store/repository.h"

#define MAX_TRIES 10
#define LARGE (17 << 20) /* a body has at most 16 MiB */

/* --- Making one --------------------------------------------------------- */

static char *ref_of(const char *branch)
{
	return xasprintf("refs/heads/%s", branch);
}

static int tip_of(git_repository *repo, const char *branch,
	char commit[SHADOW_ID], struct err *e)
{
	char *ref = ref_of(branch);
	git_oid oid;
	int rc = git_reference_name_to_id(&oid, repo, ref);

	free(ref);
	commit[0] = '\0';
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc != 0)
		return git_failed(e, "the branch %s", branch);
	git_oid_tostr(commit, SHADOW_ID, &oid);
	return 0;
}

static int write_line(const char *file, const char *text, struct err *e)
{
	char *line = xasprintf("%s\n", text);
	int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		r = err_errno(e, ERR_IO, errno, "%s", file);
	else
		r = file_write(fd, line, strlen(line), file, e);
	if (fd >= 0)
		close(fd);
	free(line);
	return r;
}

/* Its objects are those of another repository, and what is made from now on. */
static int borrow_objects(
	git_repository *from, const char *folder, struct err *e)
{
	char *objects = xasprintf("%sobjects", git_repository_commondir(from));
	char *place = xasprintf("%s/objects/info", folder);
	char *file = xasprintf("%s/alternates", place);
	char *real = realpath(objects, NULL);
	int r;

	if (real == NULL)
		r = err_errno(e, ERR_IO, errno, "%s", objects);
	else
		r = folder_make(place, 0700, e);
	if (r == 0)
		r = write_line(file, real, e);
	free(real);
	free(file);
	free(place);
	free(objects);
	return r;
}

static int make_bare(const char *folder, const char *branch, struct err *e)
{
	git_repository_init_options options;
	git_repository *repo = NULL;
	int rc;

	git_repository_init_options_init(
		&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION);
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKDIR;
	options.initial_head = branch;
	rc = git_repository_init_ext(&repo, folder, &options);
	git_repository_free(repo);
	return rc == 0 ? 0 : git_failed(e, "%s", folder);
}

static int set_tip(const char *folder, const char *branch, const char *commit,
	struct err *e)
{
	git_repository *repo = NULL;
	git_reference *ref = NULL;
	char *name = ref_of(branch);
	git_oid oid;
	int rc = git_repository_open(&repo, folder);

	if (rc == 0)
		rc = git_oid_fromstr(&oid, commit);
	if (rc == 0)
		rc = git_reference_create(&ref, repo, name, &oid, 1, NULL);
	git_reference_free(ref);
	git_repository_free(repo);
	free(name);
	return rc == 0 ? 0 : git_failed(e, "%s", folder);
}

/* The state, as it was at one moment. */
static int copy_state(const char *from, const char *folder, struct err *e)
{
	char *place = xasprintf("%s/opsync", folder);
	char *file = xasprintf("%s/state.db", place);
	struct state *state = NULL;
	int r = folder_make(place, 0700, e);

	unlink(file);
	if (r == 0)
		r = state_open(from, true, &state, e);
	if (r == 0)
		r = state_copy(state, file, e);
	state_close(state);
	free(file);
	free(place);
	return r;
}

/* State and branch of one moment: the branch did not move meanwhile. */
static int copy_moment(git_repository *from, const char *state_file,
	const char *branch, const char *folder, char commit[SHADOW_ID],
	struct err *e)
{
	char after[SHADOW_ID] = "";
	int r = tip_of(from, branch, commit, e);

	for (int tries = 0; r == 0 && tries < MAX_TRIES; tries++) {
		r = copy_state(state_file, folder, e);
		if (r == 0)
			r = tip_of(from, branch, after, e);
		if (r != 0 || strcmp(commit, after) == 0)
			return r;
		memcpy(commit, after, SHADOW_ID);
	}
	return r != 0 ? r
		      : err_set(e, ERR_AGAIN,
				"the store changes all the time: try again "
				"later");
}

static int stand_beside(const char *path, const char *repository,
	const char *branch, const char *folder, char commit[SHADOW_ID],
	struct err *e)
{
	char *state_file = xasprintf("%s/opsync/state.db", repository);
	git_repository *from = NULL;
	int r = repository_open(path, &from, e);

	if (r == 0)
		r = make_bare(folder, branch, e);
	if (r == 0)
		r = borrow_objects(from, folder, e);
	if (r == 0 && access(state_file, F_OK) == 0)
		r = copy_moment(from, state_file, branch, folder, commit, e);
	if (r == 0 && commit[0] != '\0')
		r = set_tip(folder, branch, commit, e);
	git_repository_free(from);
	free(state_file);
	return r;
}

int shadow_make(const char *path, const char *branch, const char *folder,
	char commit[SHADOW_ID], struct err *e)
{
	struct buf repository = {0};
	bool found = false;
	int r;

	if (git_libgit2_init() < 0)
		return git_failed(e, "libgit2");
	commit[0] = '\0';
	r = repository_find(path, &repository, &found, e);
	if (r == 0 && found && !repository_is_unfinished(repository.p))
		r = stand_beside(path, repository.p, branch, folder, commit, e);
	buf_fini(&repository);
	git_libgit2_shutdown();
	return r;
}

int shadow_tip(const char *folder, const char *branch, char commit[SHADOW_ID],
	struct err *e)
{
	git_repository *repo = NULL;
	int r = 0;

	if (git_libgit2_init() < 0)
		return git_failed(e, "libgit2");
	if (git_repository_open(&repo, folder) != 0)
		r = git_failed(e, "%s", folder);
	if (r == 0)
		r = tip_of(repo, branch, commit, e);
	git_repository_free(repo);
	git_libgit2_shutdown();
	return r;
}

static int remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void shadow_remove(const char *folder)
{
	nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* --- Comparing ---------------------------------------------------------- */

static int tree_of(git_repository *repo, const char *commit, git_tree **out)
{
	git_commit *c = NULL;
	git_oid oid;
	int rc;

	*out = NULL; /* the empty one */
	if (commit[0] == '\0')
		return 0;
	rc = git_oid_fromstr(&oid, commit);
	if (rc == 0)
		rc = git_commit_lookup(&c, repo, &oid);
	if (rc == 0)
		rc = git_commit_tree(out, c);
	git_commit_free(c);
	return rc;
}

static int tell_one(git_diff *diff, size_t i, shadow_change_fn *fn, void *arg,
	struct err *e)
{
	git_patch *patch = NULL;
	git_buf text = {0};
	struct shadow_change change = {0};
	const git_diff_delta *delta;
	int r;

	if (git_patch_from_diff(&patch, diff, i) != 0 || patch == NULL ||
		git_patch_to_buf(&text, patch) != 0) {
		git_patch_free(patch);
		return git_failed(e, "the difference of a file");
	}
	delta = git_patch_get_delta(patch);
	if (delta->status != GIT_DELTA_ADDED)
		change.was = delta->old_file.path;
	if (delta->status != GIT_DELTA_DELETED)
		change.is = delta->new_file.path;
	change.binary = (delta->flags & GIT_DIFF_FLAG_BINARY) != 0;
	change.patch = (struct str){text.ptr, text.size};
	r = fn(arg, &change, e);
	git_buf_dispose(&text);
	git_patch_free(patch);
	return r;
}

/*
 * To find what a file was renamed from, libgit2 reads all that came and all
 * that went.  What is so large that it is no document is compared by id alone,
 * and so is looked for by itself.
 */
struct part {
	git_odb *odb; /* borrowed */
	bool large;
	git_diff *diff;
	size_t at; /* what is told next */
};

static int keep_part(const git_diff *diff, const git_diff_delta *delta,
	const char *matched, void *arg)
{
	const struct part *p = arg;
	const git_oid *oid = NULL;
	git_object_t type;
	size_t size = 0;

	(void)diff;
	(void)matched;
	if (delta->status == GIT_DELTA_ADDED)
		oid = &delta->new_file.id;
	else if (delta->status == GIT_DELTA_DELETED)
		oid = &delta->old_file.id;
	if (oid != NULL && git_odb_read_header(&size, &type, p->odb, oid) != 0)
		size = 0;                  /* told where it is read */
	return (size > LARGE) != p->large; /* 1: pass over */
}

static int find_part(
	git_repository *repo, git_tree *old, git_tree *new, struct part *p)
{
	git_diff_options options;
	git_diff_find_options find;
	int rc;

	git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
	options.max_size = LARGE;
	options.notify_cb = keep_part;
	options.payload = p;
	git_diff_find_options_init(&find, GIT_DIFF_FIND_OPTIONS_VERSION);
	find.flags = GIT_DIFF_FIND_RENAMES;
	if (p->large)
		find.flags |= GIT_DIFF_FIND_EXACT_MATCH_ONLY;
	rc = git_diff_tree_to_tree(&p->diff, repo, old, new, &options);
	if (rc == 0)
		rc = git_diff_find_similar(p->diff, &find);
	return rc;
}

static int find_differences(git_repository *repo, const char *old,
	const char *new, struct part parts[2])
{
	git_odb *odb = NULL;
	git_tree *a = NULL;
	git_tree *b = NULL;
	int rc = tree_of(repo, old, &a);

	if (rc == 0)
		rc = tree_of(repo, new, &b);
	if (rc == 0)
		rc = git_repository_odb(&odb, repo);
	for (size_t i = 0; rc == 0 && i < 2; i++) {
		parts[i] = (struct part){.odb = odb, .large = i > 0};
		rc = find_part(repo, a, b, &parts[i]);
	}
	git_odb_free(odb);
	git_tree_free(a);
	git_tree_free(b);
	return rc;
}

/* The path by which it is sorted; NULL: all are told. */
static const char *next_path(const struct part *p)
{
	const git_diff_delta *delta = git_diff_get_delta(p->diff, p->at);

	if (delta == NULL)
		return NULL;
	return delta->status == GIT_DELTA_ADDED ||
			       delta->status == GIT_DELTA_RENAMED
		       ? delta->new_file.path
		       : delta->old_file.path;
}

static struct part *next_part(struct part parts[2])
{
	const char *a = next_path(&parts[0]);
	const char *b = next_path(&parts[1]);

	if (a == NULL && b == NULL)
		return NULL;
	return b == NULL || (a != NULL && strcmp(a, b) < 0) ? &parts[0]
							    : &parts[1];
}

int shadow_compare(const char *folder, const char *old, const char *new,
	shadow_change_fn *fn, void *arg, struct err *e)
{
	git_repository *repo = NULL;
	struct part parts[2] = {0};
	struct part *p;
	int r = 0;

	if (git_libgit2_init() < 0)
		return git_failed(e, "libgit2");
	if (git_repository_open(&repo, folder) != 0 ||
		loose_read_plug_in(repo, NULL) != 0 ||
		find_differences(repo, old, new, parts) != 0)
		r = git_failed(e, "%s", folder);
	while (r == 0 && (p = next_part(parts)) != NULL)
		r = tell_one(p->diff, p->at++, fn, arg, e);
	git_diff_free(parts[0].diff);
	git_diff_free(parts[1].diff);
	git_repository_free(repo);
	git_libgit2_shutdown();
	return r;
}
