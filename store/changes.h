#ifndef STORE_CHANGES_H
#define STORE_CHANGES_H

#include "base/arena.h"
#include "store/parts.h"

/* Paths that change, sorted, with what they belong to.  Zeroed, it is empty. */
struct changes {
	size_t n;
	struct worktree_change *items; /* n of them, as worktree.h wants them */
	struct change_of *of;          /* n of them; NULL of an intent */
	struct arena texts;
	size_t cap;
	size_t cap_of;
};

/* The document that a change is made for. */
struct change_of {
	int64_t work_package;
	const char *entry;
	int64_t owner; /* another that has the path on record, and keeps it */
};

void changes_fini(struct changes *c);

/* Those that the staged documents make (but for those that wait). */
int changes_staged(struct state *s, struct changes *c, struct err *e);

/* Those that the intent names. */
int changes_intended(struct state *s, struct changes *c, struct err *e);

/* The change of a path (n bytes), or NULL. */
struct worktree_change *changes_find(
	const struct changes *c, const char *path, size_t n);

/*
 * The changes that can be made together on top of a tree: a document that
 * stands in another's way, or a file's, is made to wait with all its changes.
 * Where any was (n_refused) that is to be asked again, since others may be in
 * its way now.  without is the tree less the files that go.
 */
int changes_settle(struct store *s, const git_oid *tree, struct changes *c,
	git_oid *without, size_t *n_refused, struct err *e);

/*
 * Behind the look at the files: one that is as a tree (or zero) has it, or as a
 * promise that is not kept yet has it, is ours, and not kept.
 */
int changes_were_ours(struct store *s, const git_oid *tree, struct changes *c,
	size_t *n_foreign, struct err *e);

/* What a person committed over our files counts as kept in their place. */
int changes_kept_in_tree(struct store *s, const git_oid *tree,
	struct changes *c, size_t *n_kept, struct err *e);

/*
 * So does what they staged there, if it is not in the tree: in its place, or
 * beside what their file holds.  Behind the look at the files.
 */
int changes_kept_in_index(struct store *s, const git_oid *tree,
	struct changes *c, size_t *n_kept, struct err *e);

/* Leave out those that a tree does not show as made. */
int changes_prune(
	struct store *s, const git_oid *tree, struct changes *c, struct err *e);

#endif
