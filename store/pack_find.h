#ifndef STORE_PACK_FIND_H
#define STORE_PACK_FIND_H

#include <stdbool.h>

#include "store/object_table.h"

/*
 * Find a blob that lies whole (not as a delta, not loose) in one of the packs
 * of folder (objects/pack), for inflate_entry(): true, and then *fd is the
 * caller's, and out says where it is in there; length is at most.  What cannot
 * be read is passed over.  Any thread.
 */
bool pack_find(
	const char *folder, const git_oid *oid, int *fd, struct object *out);

#endif
