#ifndef STORE_INDEX_PATCH_H
#define STORE_INDEX_PATCH_H

#include "store/index_file.h"

/*
 * Change entries that are there already in the index at path, whose lock the
 * caller holds.  *done false: nothing has happened, and it must be written
 * whole.  ERR_IO.
 */
int index_patch(const struct index_file *f, const char *path,
	const struct index_change *changes, size_t n, bool *done,
	struct err *e);

/* What the index says of a file that was changed so. */
git_index_entry index_entry_of(const struct index_change *c);

/* The file at path in the work tree is there and has another content. */
bool index_differs(
	const struct index_file *f, const char *path, const git_oid *known);

#endif
