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
 * but knows no streams: what comes in pieces is zlib's.
 */
#include "store/deflate.h"

#include <assert.h>
#include <libdeflate.h>
#include <string.h>

#define SAMPLE 4096
#define FEW 256 /* too few bytes to tell anything */
#define FAST 1
#define PLAIN 0
#define BLOCK ((size_t)65535) /* that is stored, at most */
#define BLOCK_HEADER ((size_t)5)
#define AROUND ((size_t)2 + 4) /* header and checksum */

void deflater_fini(struct deflater *d)
{
	libdeflate_free_compressor(d->fast);
	libdeflate_free_compressor(d->plain);
	if (d->fast_stream.state != NULL)
		deflateEnd(&d->fast_stream);
	if (d->plain_stream.state != NULL)
		deflateEnd(&d->plain_stream);
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

	return AROUND + blocks * BLOCK_HEADER + n;
}

void deflate_plain(const void *bytes, size_t n, uint32_t sum, uint8_t *out)
{
	const uint8_t *at = bytes;
	size_t k;

	*out++ = 0x78; /* zlib, with a window of 32 KiB */
	*out++ = 0x01;
	do {
		k = n < BLOCK ? n : BLOCK;
		n -= k;
		*out++ = n == 0; /* the last? */
		*out++ = (uint8_t)k;
		*out++ = (uint8_t)(k >> 8);
		*out++ = (uint8_t)~k;
		*out++ = (uint8_t)(~k >> 8);
		memcpy(out, at, k);
		out += k;
		at += k;
	} while (n > 0);
	for (unsigned shift = 32; shift > 0; shift -= 8)
		*out++ = (uint8_t)(sum >> (shift - 8));
}

size_t deflater_bound(size_t n)
{
	return libdeflate_zlib_compress_bound(NULL, n);
}

size_t deflater_whole(
	struct deflater *d, const void *bytes, size_t n, void *out, size_t room)
{
	bool fast = deflate_helps(bytes, n);
	struct libdeflate_compressor **c = fast ? &d->fast : &d->plain;
	size_t size;

	if (*c == NULL)
		*c = libdeflate_alloc_compressor(fast ? FAST : PLAIN);
	assert(*c != NULL);
	size = libdeflate_zlib_compress(*c, bytes, n, out, room);
	assert(size > 0);
	return size;
}

z_stream *deflater_start(struct deflater *d, const void *bytes, size_t n)
{
	bool fast = deflate_helps(bytes, n);
	z_stream *z = fast ? &d->fast_stream : &d->plain_stream;
	int r = z->state != NULL ? deflateReset(z)
				 : deflateInit(z, fast ? FAST : PLAIN);

	assert(r == Z_OK);
	(void)r;
	return z;
}
