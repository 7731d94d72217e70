#ifndef STORE_WORKTREE_H
#define STORE_WORKTREE_H

#include <git2.h>
#include <stdbool.h>

#include "base/err.h"
#include "store/objects.h"

/*
 * The files of a work tree, and its index, brought from one tree to another
 * for the paths that we own, and no others.  Paths are opened beneath the
 * root without following links (openat2), so that a planted link leads
 * nowhere.  A file appears by rename, whole.  One thread.
 */
struct worktree;

/* root is the top of the work tree.  ERR_IO. */
int worktree_new(git_repository *repo, const char *root, struct objects *o,
	struct worktree **out, struct err *e);
void worktree_free(struct worktree *w);

/* One path to be changed. */
struct worktree_change {
	const char *path;
	bool had; /* the path was ours before, with the content old */
	git_oid old_oid;
	bool has; /* it shall be there, with the content new */
	git_oid new_oid;
	bool document;    /* else an attachment: those go first */
	bool foreign;     /* result: other bytes were there: see kept */
	git_oid kept_oid; /* result: blob of those bytes, in the open batch */
};

/*
 * Find among the changes those whose file holds neither the old nor the new
 * content (nor is missing): a person's.  Their bytes are added to the open
 * batch of objects, and foreign and kept_oid are set.  Changes nothing.
 */
int worktree_inspect(struct worktree *w, struct worktree_change *changes,
	size_t n, size_t *n_foreign, struct err *e);

/*
 * Bring files and index in step: attachments before documents, removals
 * last, empty folders of removed files removed too; durable when it returns.
 * May be called again for the same changes after a kill: the result is the
 * same.  A path whose parent is a link or a foreign file is ERR_IO that names
 * it; all others are done.
 */
int worktree_apply(struct worktree *w, struct worktree_change *changes,
	size_t n, struct err *e);

#endif
