/*
 * worktree - what is in a work tree, and what its index says of it.
 *
 * How it is changed is worktree_apply.c.  A file of which git says that it did
 * not change since it was put there is not read; of another, what a person
 * wrote is kept.
 */
#include "store/worktree.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/util.h"
#include "store/beneath.h"
#include "store/blob_file.h"
#include "store/index_file.h"
#include "store/worktree_parts.h"

#define INDEX_WAIT_MS 5000
#define LOCKED_LONG 60 /* seconds: no checkout any more */

int worktree_new(git_repository *repo, const char *root, struct objects *o,
	struct worktree **out, struct err *e)
{
	struct worktree *w = xcalloc(1, sizeof(*w));
	int r = beneath_init(&w->tree, root, e);

	w->repo = repo;
	w->o = o;
	if (r == 0)
		r = tree_files_init(&w->files, &w->tree, o, e);
	if (r != 0) {
		beneath_fini(&w->tree);
		free(w);
		return r;
	}
	w->turn = 1;
	w->ahead = ahead_new(&w->files, w->turn);
	*out = w;
	return 0;
}

struct index_file worktree_index_file(struct worktree *w)
{
	return (struct index_file){.repo = w->repo,
		.folder = objects_folder(w->o),
		.shared = objects_shared(w->o),
		.tree = &w->tree,
		.memo = &w->index,
		.known = &w->known};
}

void worktree_free(struct worktree *w)
{
	struct index_file f;

	if (w == NULL)
		return;
	f = worktree_index_file(w);
	index_view_fini(&w->view);
	worktree_release(w);
	index_forget(&f);
	worktree_unprepare(w);
	ahead_end(w->ahead, NULL, 0);
	tree_files_fini(&w->files);
	beneath_fini(&w->tree);
	free(w);
}

int worktree_unlock(git_repository *repo, struct err *e)
{
	return index_unlock_stale(repo, e);
}

int worktree_hold(struct worktree *w, struct err *e)
{
	int r = index_lock(w->repo, objects_folder(w->o), INDEX_WAIT_MS,
		&w->lock, &w->unlocked);

	if (r == 0 || index_is_locked_since(w->repo, LOCKED_LONG))
		return 0;
	if (e != NULL)
		*e = w->unlocked;
	return r;
}

void worktree_release(struct worktree *w)
{
	index_unlock(&w->lock);
}

bool worktree_is_free(const struct worktree *w, const char *path)
{
	return beneath_is_free(&w->tree, path);
}

/* --- Inspecting ----------------------------------------------------------- */

/* Read the index for so many paths, if it is not as it was read. */
static int view_index(struct worktree *w, size_t n, struct err *e)
{
	struct index_file f = worktree_index_file(w);

	if (index_view_is_open(&w->view) && index_is_as_seen(&f, &w->view.st))
		return 0;
	index_view_fini(&w->view);
	return index_view_init(&w->view, &f, n <= INDEX_VIEW_FEW, e);
}

static bool is_ours(const struct worktree_change *c, const git_oid *oid)
{
	return (c->had && git_oid_equal(oid, &c->old_oid)) ||
	       (c->has && git_oid_equal(oid, &c->new_oid));
}

static bool is_program(const struct stat *st)
{
	return (st->st_mode & S_IXUSR) != 0;
}

/* With another mode it is written anew. */
static void see_ours(struct worktree_change *c, const git_oid *oid)
{
	bool current =
		c->has && git_oid_equal(oid, &c->new_oid) &&
		is_program(&c->st) == (c->mode == GIT_FILEMODE_BLOB_EXECUTABLE);

	c->sight = current ? WORKTREE_CURRENT : WORKTREE_FILE;
}

/*
 * Git, too, takes the index's word for what a file holds.  A link on the way
 * to it is found when something is put there.
 */
static bool is_told(struct worktree *w, struct worktree_change *c)
{
	git_oid oid;

	if (!index_view_is_open(&w->view) ||
		fstatat(w->tree.fd, c->path, &c->st, AT_SYMLINK_NOFOLLOW) !=
			0 ||
		!index_view_tells(&w->view, c->path, &c->st, &oid) ||
		!is_ours(c, &oid))
		return false;
	see_ours(c, &oid);
	return true;
}

/* A failure to read it leaves the change blocked. */
static void look(
	struct worktree *w, struct worktree_change *c, const struct place *at)
{
	git_oid oid;

	c->sight = WORKTREE_BLOCKED;
	if (!S_ISLNK(c->st.st_mode)) {
		if (blob_file_hash(at, &oid, &c->st, NULL) != 0)
			return;
		if (is_ours(c, &oid)) {
			see_ours(c, &oid);
			return;
		}
	}
	if (blob_file_keep(at, w->o, &c->kept_oid, &c->st, NULL) != 0)
		return;
	c->sight = WORKTREE_FILE;
	c->foreign = true;
}

static int inspect(struct worktree *w, struct worktree_change *c, struct err *e)
{
	struct place at;
	int r;

	c->foreign = false;
	if (is_told(w, c))
		return 0;
	r = beneath_place(&w->tree, c->path, false, &at, e);
	if (r != 0)
		return r;
	c->sight = WORKTREE_MISSING;
	if (at.fd < 0 ||
		fstatat(at.fd, at.name, &c->st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0;
	if (S_ISREG(c->st.st_mode) || S_ISLNK(c->st.st_mode))
		look(w, c, &at);
	return 0;
}

int worktree_inspect(struct worktree *w, struct worktree_change *changes,
	size_t n, size_t *n_foreign, struct err *e)
{
	size_t found = 0;
	size_t there = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		there += changes[i].had;
	if (there > INDEX_VIEW_FEW)
		(void)view_index(w, n, NULL); /* else they are read */
	beneath_forget(&w->tree);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = inspect(w, &changes[i], e);
		found += changes[i].foreign;
	}
	beneath_forget(&w->tree);
	if (r == 0)
		*n_foreign = found;
	return r;
}

int worktree_index(
	struct worktree *w, bool few, struct index_view *out, struct err *e)
{
	struct index_file f = worktree_index_file(w);

	return index_view_init(out, &f, few, e);
}

void worktree_know_index(struct worktree *w, const struct index_view *v)
{
	w->known = v->st;
}

bool worktree_knows_index(struct worktree *w)
{
	struct index_file f = worktree_index_file(w);

	return index_is_as_seen(&f, &w->known);
}

int worktree_staged(struct worktree *w, const struct worktree_change *changes,
	size_t n, git_oid *ids, struct err *e)
{
	const char **paths = xcalloc(n, sizeof(*paths));
	int r;

	for (size_t i = 0; i < n; i++)
		paths[i] = changes[i].path;
	r = view_index(w, n, e);
	if (r == 0)
		r = index_view_ids(&w->view, paths, n, ids, e);
	w->seen = w->view.st;
	if (w->view.in_parts)
		index_view_fini(&w->view);
	free(paths);
	return r;
}

bool worktree_index_rests(struct worktree *w)
{
	struct index_file f = worktree_index_file(w);

	return index_is_as_seen(&f, &w->seen);
}

void worktree_forget_index(struct worktree *w)
{
	if (w == NULL)
		return;
	w->seen = (struct stat){0};
	index_view_fini(&w->view);
}
