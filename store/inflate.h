#ifndef STORE_INFLATE_H
#define STORE_INFLATE_H

#include "base/err.h"
#include "store/files.h"
#include "store/object_table.h"

/*
 * Give the content of an object in the pack fd to fn, in pieces.  ERR_IO, or
 * what fn gives.  Any thread.
 */
typedef file_sink_fn inflate_sink_fn;
int inflate_entry(int fd, const struct object *object, inflate_sink_fn *fn,
	void *arg, struct err *e);

/* The same with a blob in a file of its own, a loose object: all of it. */
int inflate_loose(int fd, const struct object *object, inflate_sink_fn *fn,
	void *arg, struct err *e);

#endif
