/*
 * pack_index - the idx of a pack, version 2: magic, fan-out of 256 counts,
 * ids, CRCs, offsets of 4 bytes, those of 8 bytes for what lies beyond
 * 2 GiB, the pack's checksum, its own.  All numbers are in network order.
 */
#include "store/pack_index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/util.h"
#include "store/files.h"

#define FAR UINT32_C(0x80000000) /* the offset is in the table of 8 bytes */

static void add_u32(struct buf *b, uint32_t v)
{
	uint8_t bytes[4];

	put_be32(bytes, v);
	buf_add(b, bytes, sizeof(bytes));
}

static int by_oid(const void *a, const void *b)
{
	const struct object *const *x = a;
	const struct object *const *y = b;

	return git_oid_cmp(&(*x)->oid, &(*y)->oid);
}

static void add_fanout(
	struct buf *b, const struct object *const *sorted, size_t n)
{
	size_t i = 0;

	for (unsigned first = 0; first < 256; first++) {
		while (i < n && sorted[i]->oid.id[0] <= first)
			i++;
		add_u32(b, (uint32_t)i);
	}
}

static void add_offsets(
	struct buf *b, const struct object *const *sorted, size_t n)
{
	uint32_t n_far = 0;

	for (size_t i = 0; i < n; i++)
		add_u32(b, sorted[i]->offset < FAR ? (uint32_t)sorted[i]->offset
						   : FAR | n_far++);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i]->offset < FAR)
			continue;
		add_u32(b, (uint32_t)(sorted[i]->offset >> 32));
		add_u32(b, (uint32_t)sorted[i]->offset);
	}
}

static void make(struct buf *b, const struct object *const *sorted, size_t n,
	const uint8_t checksum[20])
{
	uint8_t own[20];

	buf_reserve(b, 8 + 1024 + n * 36 + 40);
	buf_add(b, "\377tOc", 4);
	add_u32(b, 2);
	add_fanout(b, sorted, n);
	for (size_t i = 0; i < n; i++)
		buf_add(b, sorted[i]->oid.id, sizeof(sorted[i]->oid.id));
	for (size_t i = 0; i < n; i++)
		add_u32(b, sorted[i]->crc);
	add_offsets(b, sorted, n);
	buf_add(b, checksum, 20);
	hash_sha1(b->p, b->n, own);
	buf_add(b, own, sizeof(own));
}

static int save(const char *path, const struct buf *b, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0444);
	int r;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot create %s", path);
	r = file_write(fd, b->p, b->n, path, e);
	if (r == 0)
		r = file_sync(fd, path, e);
	close(fd);
	if (r != 0)
		unlink(path);
	return r;
}

int pack_index_write(const char *path, const struct object_table *objects,
	const uint8_t checksum[20], struct err *e)
{
	size_t n = objects->n;
	const struct object **sorted = xcalloc(n, sizeof(void *));
	struct buf b = {0};
	int r;

	for (size_t i = 0; i < n; i++)
		sorted[i] = &objects->items[i];
	qsort(sorted, n, sizeof(void *), by_oid);
	make(&b, sorted, n, checksum);
	r = save(path, &b, e);
	buf_fini(&b);
	free(sorted);
	return r;
}
