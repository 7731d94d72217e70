/*
 * blob_read - the content of a blob, wherever it is in a repository.
 *
 *   small, a delta, elsewhere   by libgit2, as a whole
 *   loose                       by libgit2, in pieces
 *   whole in a pack             inflated here, in pieces
 */
#include "store/blob_read.h"

#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/util.h"
#include "store/git_error.h"
#include "store/pack_find.h"
#include "store/parcel.h"

#define PIECE ((size_t)64 << 10)
#define LARGE ((size_t)1 << 20)

/* What passes by on its way to fn. */
struct passing {
	struct digest *sha1;
	inflate_sink_fn *fn;
	void *arg;
};

static int pass(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct passing *p = arg;

	digest_add(p->sha1, bytes, n);
	return p->fn(p->arg, bytes, n, e);
}

static int compare(struct digest *sha1, const git_oid *oid, struct err *e)
{
	git_oid is;

	digest_end(sha1, is.id);
	if (git_oid_equal(&is, oid))
		return 0;
	return err_set(e, ERR_IO, "object %s is damaged", git_oid_tostr_s(oid));
}

/* libgit2 does not compare what it gives in pieces. */
static int read_loose(git_odb_stream *in, size_t left, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	char *piece = xmalloc(PIECE);
	int r = 0;

	while (left > 0 && r == 0) {
		int n = git_odb_stream_read(
			in, piece, left < PIECE ? left : PIECE);

		if (n <= 0) {
			r = git_failed(e, "cannot read a blob");
		} else {
			r = fn(arg, piece, (size_t)n, e);
			left -= (size_t)n;
		}
	}
	free(piece);
	return r;
}

static int read_whole(git_odb *odb, const git_oid *oid, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	git_odb_object *object;
	int r;

	if (git_odb_read(&object, odb, oid) != 0)
		return git_failed(e, "cannot read a blob");
	r = fn(arg, git_odb_object_data(object), git_odb_object_size(object),
		e);
	git_odb_object_free(object);
	return r;
}

static int read_pieces(git_odb *odb, const char *folder, const git_oid *oid,
	struct passing *p, struct err *e)
{
	git_odb_stream *in;
	git_object_t type;
	struct object it;
	size_t size;
	int fd;
	int r;

	if (git_odb_open_rstream(&in, &size, &type, odb, oid) == 0) {
		r = read_loose(in, size, pass, p, e);
		git_odb_stream_free(in);
	} else if (pack_find(folder, oid, &fd, &it)) {
		r = inflate_entry(fd, &it, pass, p, e);
		close(fd);
	} else {
		r = read_whole(odb, oid, pass, p, e);
	}
	return r;
}

int blob_read(git_odb *odb, const char *folder, const git_oid *oid,
	inflate_sink_fn *fn, void *arg, struct err *e)
{
	struct passing p = {.fn = fn, .arg = arg};
	git_object_t type;
	size_t size;
	int r;

	if (git_odb_read_header(&size, &type, odb, oid) != 0)
		return git_failed(e, "cannot read a blob");
	if (type != GIT_OBJECT_BLOB)
		return err_set(e, ERR_IO, "object %s is no blob",
			git_oid_tostr_s(oid));
	if (size < LARGE)
		return read_whole(odb, oid, fn, arg, e);
	p.sha1 = blob_digest(size);
	r = read_pieces(odb, folder, oid, &p, e);
	if (r == 0)
		return compare(p.sha1, oid, e);
	digest_end(p.sha1, NULL);
	return r;
}
