#ifndef STORE_LOOSE_H
#define STORE_LOOSE_H

#include "base/err.h"
#include "store/object_table.h"

#define LOOSE_MAX 64

/*
 * Write at most LOOSE_MAX objects whose bytes are in memory as loose ones
 * below objects (a repository's objects folder), by way of temporary files
 * in folder, and put them on disk.  shared: see shared.h.  ERR_IO; then some
 * may be there.
 */
int loose_write(const struct object_table *table, const char *folder,
	const char *objects, int shared, struct err *e);

/* Where one is below objects; owned by the caller. */
char *loose_path(const char *objects, const git_oid *oid);

#endif
