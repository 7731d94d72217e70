#ifndef STORE_DEFLATE_H
#define STORE_DEFLATE_H

#include <stdint.h>
#include <zlib.h>

/*
 * Deflating for objects: fast, and without trying where it would not help
 * (pictures, archives).  Zeroed, it is ready; used for one content at a time.
 */
struct deflater {
	z_stream small; /* with little to be cleared for each content */
	z_stream fast;
	z_stream plain;
};

void deflater_fini(struct deflater *d);

/*
 * A stream for a content of that size, of which the first n bytes are here.
 * Borrowed until the
 * next call; the caller sets in and out and calls deflate().
 */
z_stream *deflater_start(struct deflater *d, uint64_t size, const void *bytes,
	size_t n) __attribute__((returns_nonnull));

#endif
