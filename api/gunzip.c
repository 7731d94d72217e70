/*
 * gunzip - unpack a gzip stream, of one or more members, under a cap.
 */
#include "api/gunzip.h"

#include <libdeflate.h>
#include <stdint.h>

#define STEP ((size_t)64 * 1024)
#define KEPT ((size_t)1024 * 1024)
#define LEAST ((size_t)18) /* an empty member */
#define MOST_RATIO 1032
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

/* As a stream, which says what is wrong with it. */
static enum gunzip_result stream(struct gunzip *g, const void *bytes, size_t n,
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

static enum gunzip_result stream_kept(
	struct gunzip *g, struct buf *out, size_t max)
{
	struct buf kept = g->kept;
	enum gunzip_result result;

	g->kept = (struct buf){0};
	result = stream(g, kept.p, kept.n, out, max);
	buf_fini(&kept);
	return result;
}

enum gunzip_result gunzip_add(struct gunzip *g, const void *bytes, size_t n,
	struct buf *out, size_t max)
{
	enum gunzip_result result = GUNZIP_OK;

	if (!g->begun && n <= KEPT - g->kept.n) {
		buf_add(&g->kept, bytes, n);
		return GUNZIP_OK;
	}
	if (g->kept.n > 0)
		result = stream_kept(g, out, max);
	return result == GUNZIP_OK ? stream(g, bytes, n, out, max) : result;
}

/* The size that a single member ends with. */
static uint32_t announced(struct str s)
{
	const uint8_t *p = (const uint8_t *)s.p + s.n - 4;

	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

/* One sound member, as it nearly always is; else nothing happens. */
static bool unpack_member(struct str s, struct buf *out, size_t max)
{
	struct libdeflate_decompressor *d;
	size_t n = s.n >= LEAST ? announced(s) : SIZE_MAX;
	size_t used = 0;
	bool sound;

	if (n > max - out->n || n / MOST_RATIO > s.n)
		return false;
	d = libdeflate_alloc_decompressor();
	if (d == NULL)
		out_of_memory();
	buf_reserve(out, n);
	sound = libdeflate_gzip_decompress_ex(d, s.p, s.n, out->p + out->n, n,
			&used, NULL) == LIBDEFLATE_SUCCESS &&
		used == s.n;
	libdeflate_free_decompressor(d);
	out->n += sound ? n : 0;
	out->p[out->n] = '\0';
	return sound;
}

enum gunzip_result gunzip_end(struct gunzip *g, struct buf *out, size_t max)
{
	if (g->kept.n == 0)
		return GUNZIP_OK;
	if (!unpack_member(buf_str(&g->kept), out, max))
		return stream_kept(g, out, max);
	buf_fini(&g->kept);
	g->whole = true;
	return GUNZIP_OK;
}

void gunzip_fini(struct gunzip *g)
{
	if (g->begun)
		inflateEnd(&g->z);
	buf_fini(&g->kept);
	*g = (struct gunzip){0};
}
