#ifndef STORE_TREES_H
#define STORE_TREES_H

#include <git2.h>

#include "store/objects.h"
#include "store/worktree.h"

#define TREE_LEVELS 4

/* What is at a path of a tree. */
enum spot_kind {
	SPOT_FREE,
	SPOT_FILE,  /* a regular file */
	SPOT_OTHER, /* a link or a submodule */
	SPOT_FOLDER,
	SPOT_BLOCKED, /* a folder of the path is none: length says which */
};

struct spot {
	enum spot_kind kind;
	git_oid oid;   /* of a file */
	size_t length; /* of the part of the path that blocks */
};

/*
 * Where trees are read and made.  The last of each of the upper levels, of
 * which libgit2 would read large ones anew for each path, is kept until it is
 * let go: paths come sorted, as a rule.  One thread.
 */
struct trees {
	git_repository *repo;
	struct objects *objects;     /* where new ones are written */
	git_tree *kept[TREE_LEVELS]; /* from the root on; or NULL */
};

void trees_let_go(struct trees *t);

/* tree may be the zero id: an empty tree. */
int tree_find(struct trees *t, const git_oid *tree, const char *path,
	struct spot *out, struct err *e);

/*
 * A tree with changes made to another: tree_without() leaves out the files
 * that go, where they are there; tree_with() adds those that come, of which
 * none may be where there is a folder, or below what is none; tree_changed()
 * does both, and leaves out what cannot come.  Where a folder has a name twice,
 * it is ERR_DATA, which trees_blame() makes an ERR_IO that names the commit.
 */
int tree_without(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e);
int tree_with(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e);
int tree_changed(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e);

/* A tree with the bytes that a person had in it (foreign, kept_oid). */
int tree_with_kept(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e);

/* Gives the code; any other than ERR_DATA, and its words, as they are. */
int trees_blame(int code, const git_oid *commit, struct err *e);

/* The tree of a commit; the zero id for the zero id. */
int tree_of(git_repository *repo, const git_oid *commit, git_oid *out,
	struct err *e);

#endif
