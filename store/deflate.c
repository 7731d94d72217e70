/*
 * deflate - which contents are worth deflating.
 *
 * zlib needs 65 microseconds to find out that 4 KiB of a picture do not
 * shrink; counting their bytes needs two.  In text the chance that two bytes
 * are equal is some 6 %, in noise 0.4 %: from 0.8 % on (seven bits a byte)
 * it is deflated at level 1, below it is only stored.  "git gc" may do better
 * later, when nobody waits.
 *
 * Most documents are small, and zlib clears its hash table (64 KiB as a rule)
 * before each: a window that just holds them takes a fourth of that.
 */
#include "store/deflate.h"

#include <assert.h>
#include <stdbool.h>

#define SAMPLE 4096
#define FEW 256 /* too few bytes to tell anything */
#define SMALL_BITS 13
#define SMALL_MEMORY 6
#define SMALL ((uint64_t)1 << SMALL_BITS)

void deflater_fini(struct deflater *d)
{
	if (d->small.state != NULL)
		deflateEnd(&d->small);
	if (d->fast.state != NULL)
		deflateEnd(&d->fast);
	if (d->plain.state != NULL)
		deflateEnd(&d->plain);
	*d = (struct deflater){0};
}

static bool shrinks(const uint8_t *p, size_t n)
{
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

static int open_small(z_stream *z)
{
	return deflateInit2(
		z, 1, Z_DEFLATED, SMALL_BITS, SMALL_MEMORY, Z_DEFAULT_STRATEGY);
}

z_stream *deflater_start(
	struct deflater *d, uint64_t size, const void *bytes, size_t n)
{
	z_stream *z = &d->plain;
	int r;

	if (shrinks(bytes, n))
		z = size <= SMALL ? &d->small : &d->fast;
	if (z->state != NULL)
		r = deflateReset(z);
	else if (z == &d->small)
		r = open_small(z);
	else
		r = deflateInit(z, z == &d->fast ? 1 : 0);
	assert(r == Z_OK);
	(void)r;
	return z;
}
