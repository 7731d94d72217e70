/*
 * gunzip - unpack a gzip stream, of one or more members, under a cap.
 */
#include "api/gunzip.h"

#define STEP ((size_t)64 * 1024)
#define WINDOW_GZIP (15 + 16)

/* Unpack until the input is used up or a member ends. */
static enum gunzip_result unpack(struct gunzip *g, struct buf *out, size_t max)
{
	int code;

	do {
		size_t left =
			max + 1 - out->n; /* one more shows what is over */
		size_t room = left < STEP ? left : STEP;

		buf_reserve(out, room);
		g->z.next_out = (Bytef *)out->p + out->n;
		g->z.avail_out = (uInt)room;
		code = inflate(&g->z, Z_NO_FLUSH);
		out->n += room - g->z.avail_out;
		out->p[out->n] = '\0';
		if (out->n > max)
			return GUNZIP_TOO_BIG;
	} while (code == Z_OK && (g->z.avail_in > 0 || g->z.avail_out == 0));
	g->whole = code == Z_STREAM_END;
	/* Z_BUF_ERROR: there was nothing left to do. */
	return code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR
		       ? GUNZIP_OK
		       : GUNZIP_BAD;
}

enum gunzip_result gunzip_add(struct gunzip *g, const void *bytes, size_t n,
	struct buf *out, size_t max)
{
	enum gunzip_result result = GUNZIP_OK;

	if (!g->begun && inflateInit2(&g->z, WINDOW_GZIP) != Z_OK)
		return GUNZIP_BAD;
	g->begun = true;
	g->z.next_in = (z_const Bytef *)bytes;
	g->z.avail_in = (uInt)n;
	while (result == GUNZIP_OK && g->z.avail_in > 0) {
		if (g->whole) {
			inflateReset(&g->z);
			g->whole = false;
		}
		result = unpack(g, out, max);
	}
	return result;
}

void gunzip_fini(struct gunzip *g)
{
	if (g->begun)
		inflateEnd(&g->z);
	*g = (struct gunzip){0};
}
