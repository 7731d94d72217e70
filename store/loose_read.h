#ifndef STORE_LOOSE_READ_H
#define STORE_LOOSE_READ_H

#include <git2.h>

#include "base/err.h"

/*
 * Let a database, whose folder of objects is that, read its loose objects, and
 * those of its alternates, by our own means: one that is cut off or damaged
 * cannot be read, where libgit2 1.5 tries for ever.  ERR_IO.
 */
int loose_read_plug(git_odb *odb, const char *objects, struct err *e);

/* The same of a repository's. */
int loose_read_plug_in(git_repository *repo, struct err *e);

#endif
