#ifndef STORE_INFLATE_H
#define STORE_INFLATE_H

#include <zlib.h>

#include "base/err.h"
#include "store/object_table.h"

/* Inflating entries of a pack.  Zeroed, it is ready. */
struct inflater {
	z_stream z;
};

void inflater_fini(struct inflater *i);

/*
 * Give the content of an object in the pack fd to fn, in pieces.  ERR_IO, or
 * what fn gives.
 */
typedef int inflate_sink_fn(
	void *arg, const void *bytes, size_t n, struct err *e);
int inflate_entry(struct inflater *i, int fd, const struct object *object,
	inflate_sink_fn *fn, void *arg, struct err *e);

#endif
