#ifndef STORE_DEFLATE_H
#define STORE_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct libdeflate_compressor;

/*
 * Deflating for objects: fast, and without trying where it would not help
 * (pictures, archives).  Zeroed, it is ready; used for one content at a time.
 */
struct deflater {
	struct libdeflate_compressor *fast; /* for what is in memory, */
	z_stream stream;                    /* and what comes in pieces */
};

void deflater_fini(struct deflater *d);

/* Is a content worth deflating? */
bool deflate_helps(const void *bytes, size_t n);

/*
 * The same format for one that is not: as it is, behind a few bytes here and
 * there.  sum is libdeflate_adler32() of it; out has room for the size.
 */
size_t deflate_plain_size(size_t n);
void deflate_plain(const void *bytes, size_t n, uint32_t sum, uint8_t *out);

/*
 * The same in pieces: a head, blocks of at least one byte, of which one is the
 * last, and a tail.  A block takes what fits into the room, which is more than
 * DEFLATE_BLOCK_HEADER: *n says how much was there, and then was taken.  Each
 * gives the size of what is out.
 */
#define DEFLATE_HEAD ((size_t)2)
#define DEFLATE_BLOCK_HEADER ((size_t)5)
#define DEFLATE_TAIL ((size_t)4)
size_t deflate_plain_head(uint8_t *out);
size_t deflate_plain_block(
	const void *bytes, size_t *n, bool ends, uint8_t *out, size_t room);
size_t deflate_plain_tail(uint32_t sum, uint8_t *out);

/* The most that n bytes may take, deflated. */
size_t deflater_bound(size_t n);

/* Deflate all of a content into a room of at least its bound; its size. */
size_t deflater_whole(struct deflater *d, const void *bytes, size_t n,
	void *out, size_t room);

/* The same for one of which deflate_helps() was asked. */
size_t deflater_fast(struct deflater *d, const void *bytes, size_t n, void *out,
	size_t room);

/*
 * A stream for a content in pieces.  Borrowed until the next call; the caller
 * sets in and out and calls deflate().
 */
z_stream *deflater_start(struct deflater *d) __attribute__((returns_nonnull));

#endif
