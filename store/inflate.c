/*
 * inflate - read what git has deflated.
 *
 *   an entry of a pack   a header that says type and size, then a zlib stream
 *   a loose object       a zlib stream, in which "blob SIZE" and a NUL are
 *                        before the content
 *
 * Type and size are known.  What is small is inflated as a whole, by
 * libdeflate, in half of the time.
 */
#include "store/inflate.h"

#include <assert.h>
#include <libdeflate.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/util.h"
#include "store/files.h"

#define PIECE ((size_t)64 << 10)
#define SMALL ((size_t)1 << 20)

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
		"an object read back is damaged: the disk or the memory is "
		"faulty");
}

static int refill(struct reader *r, z_stream *z, struct err *e)
{
	size_t n = r->left < PIECE ? (size_t)r->left : PIECE;
	int code = file_pread(r->fd, r->in, n, r->at, "an object", e);

	r->at += n;
	r->left -= n;
	z->next_in = r->in;
	z->avail_in = (uInt)n;
	return code;
}

/* The header's bytes have their top bit set, but for the last. */
static size_t header_size(const uint8_t *entry, size_t n)
{
	size_t size = 1;

	while (size < n && (entry[size - 1] & 0x80) != 0)
		size++;
	return size;
}

/* More than size is not given away. */
static int inflate_all(struct reader *r, z_stream *z, uint64_t size,
	inflate_sink_fn *fn, void *arg, struct err *e)
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
		if ((state != Z_OK && state != Z_STREAM_END) ||
			z->total_out > size)
			return damaged(e); /* or its end is missing */
		code = fn(arg, r->out, PIECE - z->avail_out, e);
	}
	return code;
}

/* headed: the header of a pack's entry comes first. */
static int inflate_large(int fd, const struct object *object, bool headed,
	inflate_sink_fn *fn, void *arg, struct err *e)
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
		size_t n = headed ? header_size(r.in, z.avail_in) : 0;

		z.next_in += n;
		z.avail_in -= (uInt)n;
		code = inflate_all(&r, &z, object->size, fn, arg, e);
	}
	if (code == 0 && z.total_out != object->size)
		code = damaged(e);
	inflateEnd(&z);
	return code;
}

/* Inflate an entry that has been read; out has room for its content. */
static int inflate_whole(const struct object *object, const uint8_t *entry,
	uint8_t *out, struct err *e)
{
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t length = (size_t)object->length;
	size_t header = header_size(entry, length);
	enum libdeflate_result result;

	assert(d != NULL);
	result = libdeflate_zlib_decompress(d, entry + header, length - header,
		out, (size_t)object->size, NULL);
	libdeflate_free_decompressor(d);
	return result == LIBDEFLATE_SUCCESS ? 0 : damaged(e);
}

static int inflate_small(int fd, const struct object *object,
	inflate_sink_fn *fn, void *arg, struct err *e)
{
	size_t length = (size_t)object->length;
	size_t size = (size_t)object->size;
	uint8_t *entry = xmalloc(length + size);
	int code = file_pread(fd, entry, length, object->offset, "a pack", e);

	if (code == 0)
		code = inflate_whole(object, entry, entry + length, e);
	if (code == 0)
		code = fn(arg, entry + length, size, e);
	free(entry);
	return code;
}

int inflate_entry(int fd, const struct object *object, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	if (object->length <= SMALL && object->size <= SMALL)
		return inflate_small(fd, object, fn, arg, e);
	return inflate_large(fd, object, true, fn, arg, e);
}

/* What is behind the first NUL goes on to fn. */
struct behind_nul {
	inflate_sink_fn *fn;
	void *arg;
	bool met;
};

static int skip_to_nul(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct behind_nul *b = arg;
	const char *from = bytes;
	const char *end = from + n;

	if (!b->met) {
		from = memchr(bytes, '\0', n);
		if (from == NULL)
			return 0;
		from++;
		b->met = true;
	}
	return from < end ? b->fn(b->arg, from, (size_t)(end - from), e) : 0;
}

int inflate_loose(int fd, const struct object *object, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	struct behind_nul b = {.fn = fn, .arg = arg};
	struct object whole = *object;

	whole.size += (uint64_t)snprintf(NULL, 0, "blob %llu",
			      (unsigned long long)object->size) +
		      1;
	return inflate_large(fd, &whole, false, skip_to_nul, &b, e);
}
