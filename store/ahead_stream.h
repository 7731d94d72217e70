#ifndef STORE_AHEAD_STREAM_H
#define STORE_AHEAD_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "store/ahead.h"

/*
 * A large content that comes in pieces, written into a temporary file for the
 * work tree on the way: it need not be read again for that.  Like all that is
 * written ahead it is nothing but a start.  One thread.
 */
struct ahead_stream;

/* files are borrowed.  NULL: there is no room for it, or it cannot be made. */
struct ahead_stream *ahead_stream_begin(
	struct tree_files *files, uint64_t size);

/* False: it could not be written, and is to be dropped. */
bool ahead_stream_add(struct ahead_stream *s, const void *bytes, size_t n);

/* All of it is there: a has the file from now on.  Frees s. */
void ahead_stream_end(
	struct ahead_stream *s, struct ahead *a, const git_oid *oid);

void ahead_stream_drop(struct ahead_stream *s); /* accepts NULL */

#endif
