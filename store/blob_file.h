#ifndef STORE_BLOB_FILE_H
#define STORE_BLOB_FILE_H

#include <git2.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/beneath.h"
#include "store/objects.h"

/*
 * What a file in a work tree holds, as a blob would hold it.  Nothing is
 * followed and nothing blocks.  st may be NULL; else it is of the file that was
 * read.  ERR_IO, also for what is no file.
 */
int blob_file_hash(
	const struct place *at, git_oid *oid, struct stat *st, struct err *e);

/* The same, or a link's target, with the blob added to the open batch. */
int blob_file_keep(const struct place *at, struct objects *o, git_oid *oid,
	struct stat *st, struct err *e);

#endif
