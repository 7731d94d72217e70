/*
 * deflate - which contents are worth deflating.
 *
 * zlib needs 65 microseconds to find out that 4 KiB of a picture do not
 * shrink; counting their bytes needs two.  In text the chance that two bytes
 * are equal is some 6 %, in noise 0.4 %: from 0.8 % on (seven bits a byte)
 * it is deflated at level 1, below it is only stored.  "git gc" may do better
 * later, when nobody waits.
 *
 * libdeflate takes half of zlib's time for a document, and makes it no larger,
 * but knows no streams: what comes in pieces is zlib's, if it shrinks.  What is
 * only stored is written by hand, since zlib would copy it once more, and takes
 * five times as long for its checksum.
 */
#include "store/deflate.h"

#include <assert.h>
#include <libdeflate.h>
#include <string.h>

#include "base/bytes.h"

#define SAMPLE 4096
#define FEW 256 /* too few bytes to tell anything */
#define FAST 1
#define BLOCK ((size_t)65535) /* that is stored, at most */

void deflater_fini(struct deflater *d)
{
	libdeflate_free_compressor(d->fast);
	if (d->stream.state != NULL)
		deflateEnd(&d->stream);
	*d = (struct deflater){0};
}

bool deflate_helps(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	uint32_t count[256] = {0};
	uint64_t pairs = 0;

	if (n < FEW)
		return true;
	if (n > SAMPLE) { /* the middle: behind headers, which do shrink */
		p += (n - SAMPLE) / 2;
		n = SAMPLE;
	}
	for (size_t i = 0; i < n; i++)
		count[p[i]]++;
	for (size_t i = 0; i < 256; i++)
		pairs += (uint64_t)count[i] * count[i];
	return pairs - n > (uint64_t)n * n / 128;
}

size_t deflate_plain_size(size_t n)
{
	size_t blocks = n > BLOCK ? (n + BLOCK - 1) / BLOCK : 1;

	return DEFLATE_HEAD + blocks * DEFLATE_BLOCK_HEADER + n + DEFLATE_TAIL;
}

size_t deflate_plain_head(uint8_t *out)
{
	*out++ = 0x78; /* zlib, with a window of 32 KiB */
	*out = 0x01;
	return DEFLATE_HEAD;
}

size_t deflate_plain_block(
	const void *bytes, size_t *n, bool ends, uint8_t *out, size_t room)
{
	size_t most = room - DEFLATE_BLOCK_HEADER;
	size_t k = *n;

	if (k > BLOCK)
		k = BLOCK;
	if (k > most)
		k = most;
	*out++ = ends && k == *n; /* the last? */
	*out++ = (uint8_t)k;
	*out++ = (uint8_t)(k >> 8);
	*out++ = (uint8_t)~k;
	*out++ = (uint8_t)(~k >> 8);
	memcpy(out, bytes, k);
	*n = k;
	return DEFLATE_BLOCK_HEADER + k;
}

size_t deflate_plain_tail(uint32_t sum, uint8_t *out)
{
	put_be32(out, sum);
	return DEFLATE_TAIL;
}

void deflate_plain(const void *bytes, size_t n, uint32_t sum, uint8_t *out)
{
	const uint8_t *at = bytes;
	size_t k;

	out += deflate_plain_head(out);
	do {
		k = n;
		out += deflate_plain_block(at, &k, true, out, SIZE_MAX);
		n -= k;
		at += k;
	} while (n > 0);
	deflate_plain_tail(sum, out);
}

size_t deflater_bound(size_t n)
{
	return libdeflate_zlib_compress_bound(NULL, n);
}

size_t deflater_fast(
	struct deflater *d, const void *bytes, size_t n, void *out, size_t room)
{
	size_t size;

	if (d->fast == NULL)
		d->fast = libdeflate_alloc_compressor(FAST);
	assert(d->fast != NULL);
	size = libdeflate_zlib_compress(d->fast, bytes, n, out, room);
	assert(size > 0);
	return size;
}

size_t deflater_whole(
	struct deflater *d, const void *bytes, size_t n, void *out, size_t room)
{
	if (deflate_helps(bytes, n))
		return deflater_fast(d, bytes, n, out, room);
	assert(room >= deflate_plain_size(n));
	deflate_plain(bytes, n, libdeflate_adler32(1, bytes, n), out);
	return deflate_plain_size(n);
}

z_stream *deflater_start(struct deflater *d)
{
	z_stream *z = &d->stream;
	int r = z->state != NULL ? deflateReset(z) : deflateInit(z, FAST);

	assert(r == Z_OK);
	(void)r;
	return z;
}
