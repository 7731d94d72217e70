#ifndef STORE_TREE_WRITE_H
#define STORE_TREE_WRITE_H

#include <git2.h>

#include "base/err.h"

struct trees;

/* A file that comes into a tree, or goes. */
struct tree_update {
	const char *path; /* borrowed */
	git_oid oid;
	uint32_t mode; /* git's; 0: it goes, if it is there and no folder */
};

/*
 * Write into the open batch what becomes of the tree from (zero: an empty one)
 * by n updates, in the order of their paths' bytes, which is that of trees.
 * Folders that get empty are gone; what does not change is not written.
 * ERR_IO, also where a path comes twice, is a file and a folder, or its object
 * is not there.  ERR_DATA, with the way out, where a folder that changes has a
 * name twice already: nobody can know which is meant.
 */
int tree_write(struct trees *t, const git_oid *from,
	const struct tree_update *updates, size_t n, git_oid *out,
	struct err *e);

#endif
