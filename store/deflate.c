/*
 * deflate - which contents are worth deflating.
 *
 * zlib needs 65 microseconds to find out that 4 KiB of a picture do not
 * shrink; counting their bytes needs two.  In text the chance that two bytes
 * are equal is some 6 %, in noise 0.4 %: from 0.8 % on (seven bits a byte)
 * it is deflated at level 1, below it is only stored.  "git gc" may do better
 * later, when nobody waits.
 */
#include "store/deflate.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#define SAMPLE 4096
#define SMALL 256 /* too few bytes to tell anything */

void deflater_fini(struct deflater *d)
{
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

	if (n < SMALL)
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

z_stream *deflater_start(struct deflater *d, const void *bytes, size_t n)
{
	bool worth = shrinks(bytes, n);
	z_stream *z = worth ? &d->fast : &d->plain;
	int r = z->state != NULL ? deflateReset(z)
				 : deflateInit(z, worth ? 1 : 0);

	assert(r == Z_OK);
	(void)r;
	return z;
}
