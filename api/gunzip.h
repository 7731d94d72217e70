#ifndef API_GUNZIP_H
#define API_GUNZIP_H

#include <stdbool.h>
#include <zlib.h>

#include "base/buf.h"

/*
 * gzip unpacked: what is not much when all of it is here, in a third of the
 * time, and the rest as it arrives.  Zero it first.  curl would do the same,
 * but takes a stream that ends too early for a whole one, and has no cap.
 */
struct gunzip {
	struct buf kept; /* not unpacked yet */
	z_stream z;
	bool begun;
	bool whole; /* all that was unpacked so far is complete */
};

enum gunzip_result { GUNZIP_OK, GUNZIP_BAD, GUNZIP_TOO_BIG };

/*
 * Take n bytes, and the end: what they hold comes behind what is in out, which
 * gets no more than a byte more than max.
 */
enum gunzip_result gunzip_add(struct gunzip *g, const void *bytes, size_t n,
	struct buf *out, size_t max);
enum gunzip_result gunzip_end(struct gunzip *g, struct buf *out, size_t max);
void gunzip_fini(struct gunzip *g);

#endif
