#ifndef STORE_BATCH_BACKEND_H
#define STORE_BATCH_BACKEND_H

#include <git2.h>

#include "store/batch.h"

/*
 * A batch as a part of libgit2's object database, asked before all others
 * and the one that is written to.  Owned by the database, which may outlive
 * the batch: hence unplug.
 */
struct batch_backend;

/*
 * Gives NULL, with libgit2's error set, on failure.  Borrows b.  objects is
 * the repository's folder of that name.
 */
struct batch_backend *batch_backend_plug(
	git_odb *odb, struct batch *b, const char *objects);
void batch_backend_unplug(struct batch_backend *p); /* accepts NULL */

#endif
