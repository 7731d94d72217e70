#ifndef STORE_WORKSHOP_H
#define STORE_WORKSHOP_H

#include <git2.h>

#include "store/batch.h"

/*
 * A repository without files, in which the trees of a batch are made, once it
 * has a pack.  It reads what the batch and the database have.  All that is not
 * in the batch is written there: what is stored already, a second time, until
 * git packs again.
 *
 * NULL, with libgit2's error set, on failure.  Borrows both, until
 * git_repository_free().
 */
git_repository *workshop_new(git_odb *odb, struct batch *b);

#endif
