#ifndef STORE_WORKTREE_PARTS_H
#define STORE_WORKTREE_PARTS_H

#include <sys/stat.h>

#include "store/ahead.h"
#include "store/beneath.h"
#include "store/index_file.h"
#include "store/index_lock.h"
#include "store/tree_file.h"
#include "store/worktree.h"

/* What a work tree is made of: for worktree.c and worktree_apply.c only. */
struct worktree {
	git_repository *repo;
	struct objects *o;
	struct beneath tree;
	struct tree_files files;
	struct ahead *ahead;     /* of the files that come next, */
	unsigned turn;           /* whose this is */
	struct index_memo index; /* as it was written here last, */
	struct stat seen;        /* as worktree_staged() saw it, */
	struct stat known;       /* and worktree_know_index() */
	struct index_view view;  /* to tell what many files hold; or zeroed */
	struct index_lock lock;  /* on it, or why there is none */
	struct err unlocked;
	struct jobs *begun; /* on their own thread; or NULL */
};

/* How its index is reached; borrows from w. */
struct index_file worktree_index_file(struct worktree *w);

#endif
