#ifndef STORE_BLOB_READ_H
#define STORE_BLOB_READ_H

#include <git2.h>

#include "store/inflate.h"

/*
 * Give the content of a blob in a database, whose folder of objects is folder,
 * to fn, in pieces, in little memory however large it is: but for large ones
 * that others keep as a delta.  ERR_IO, also where it is found at the end not
 * to be what its id says; or what fn gives.  Any thread that may read from odb.
 */
int blob_read(git_odb *odb, const char *folder, const git_oid *oid,
	inflate_sink_fn *fn, void *arg, struct err *e);

#endif
