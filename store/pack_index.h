#ifndef STORE_PACK_INDEX_H
#define STORE_PACK_INDEX_H

#include "base/err.h"
#include "store/object_table.h"

/*
 * Write the idx (version 2) of a pack that has these objects and ends with
 * this checksum to a new file, and put it on disk.  ERR_IO.
 */
int pack_index_write(const char *path, const struct object_table *objects,
	const uint8_t checksum[20], struct err *e);

#endif
