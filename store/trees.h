#ifndef STORE_TREES_H
#define STORE_TREES_H

#include <git2.h>

#include "store/objects.h"
#include "store/tree_read.h"
#include "store/worktree.h"

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
 * Where trees are read and made.  Of each level the last that was looked into
 * is kept until it is let go: paths come sorted, as a rule.  One thread.
 */
struct trees {
	struct objects *objects; /* where they are */
	size_t n, cap;
	struct tree **kept; /* from the root on; those not read are empty */
};

void trees_let_go(struct trees *t);

/*
 * A tree that is so many levels below the root; borrowed until another of that
 * level is asked for, or all are let go.  ERR_IO.
 */
int trees_get(struct trees *t, size_t level, const git_oid *oid,
	const struct tree **out, struct err *e);

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
