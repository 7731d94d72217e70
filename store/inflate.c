/*
 * inflate - read an entry of a pack of ours: a header that says type and
 * size, which we know, then one zlib stream.
 */
#include "store/inflate.h"

#include <assert.h>
#include <zlib.h>

#include "store/files.h"

#define PIECE ((size_t)64 << 10)

/* What of the entry is still in the file, and what is in memory. */
struct reader {
	int fd;
	uint64_t at;
	uint64_t left;
	uint8_t in[PIECE];
	uint8_t out[PIECE];
};

static int damaged(struct err *e)
{
	return err_set(e, ERR_IO,
		"an object read back from a pack of ours is damaged: "
		"the disk or the memory is faulty");
}

static int refill(struct reader *r, z_stream *z, struct err *e)
{
	size_t n = r->left < PIECE ? (size_t)r->left : PIECE;
	int code = file_pread(r->fd, r->in, n, r->at, "a pack", e);

	r->at += n;
	r->left -= n;
	z->next_in = r->in;
	z->avail_in = (uInt)n;
	return code;
}

/* The header's bytes have their top bit set, but for the last. */
static void skip_header(z_stream *z)
{
	while (z->avail_in > 1 && (*z->next_in & 0x80) != 0) {
		z->next_in++;
		z->avail_in--;
	}
	z->next_in++;
	z->avail_in--;
}

static int inflate_all(struct reader *r, z_stream *z, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	int state = Z_OK;
	int code = 0;

	while (state != Z_STREAM_END && code == 0) {
		if (z->avail_in == 0)
			code = refill(r, z, e);
		if (code != 0)
			break;
		z->next_out = r->out;
		z->avail_out = PIECE;
		state = inflate(z, Z_NO_FLUSH);
		if (state != Z_OK && state != Z_STREAM_END)
			return damaged(e); /* or its end is missing */
		code = fn(arg, r->out, PIECE - z->avail_out, e);
	}
	return code;
}

int inflate_entry(int fd, const struct object *object, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	struct reader r;
	z_stream z = {0};
	int code = inflateInit(&z);

	assert(code == Z_OK);
	r.fd = fd;
	r.at = object->offset;
	r.left = object->length;
	code = refill(&r, &z, e);
	if (code == 0) {
		skip_header(&z);
		code = inflate_all(&r, &z, fn, arg, e);
	}
	if (code == 0 && z.total_out != object->size)
		code = damaged(e);
	inflateEnd(&z);
	return code;
}
