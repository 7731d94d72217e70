#ifndef API_GUNZIP_H
#define API_GUNZIP_H

#include <stdbool.h>
#include <zlib.h>

#include "base/buf.h"

/*
 * gzip unpacked as it arrives.  Zero it first.  curl would do the same, but
 * takes a stream that ends too early for a whole one, and has no cap.
 */
struct gunzip {
	z_stream z;
	bool begun;
	bool whole; /* all that came so far is complete */
};

enum gunzip_result { GUNZIP_OK, GUNZIP_BAD, GUNZIP_TOO_BIG };

/* Unpack n bytes behind those in out, which never gets more than max. */
enum gunzip_result gunzip_add(struct gunzip *g, const void *bytes, size_t n,
	struct buf *out, size_t max);
void gunzip_fini(struct gunzip *g);

#endif
