#ifndef STORE_LOOSE_READ_H
#define STORE_LOOSE_READ_H

#include <git2.h>
#include <stdio.h>

#include "base/err.h"

/*
 * Let a database, whose folder of objects is that, read its loose objects, and
 * those of its alternates, by our own means: one that is cut off or damaged
 * cannot be read, where libgit2 1.5 tries for ever.  ERR_IO.
 */
int loose_read_plug(git_odb *odb, const char *objects, struct err *e);

/* The same of a repository's. */
int loose_read_plug_in(git_repository *repo, struct err *e);

/*
 * The list of others' folders of objects that a folder of objects has, NULL:
 * none; and the next of them, owned by the caller, NULL at the end.
 */
FILE *alternates_open(const char *objects);
char *alternates_next(FILE *list, const char *objects);

#endif
