/*
 * loose - write a few objects as loose ones, durably.
 *
 * All files are written before the first is synced, so that the disk works
 * on all of them at once and the first fsync() pays for most; only then are
 * they moved to where git sees them, and their folders synced.  What fails
 * midway leaves whole objects or none.
 */
#include "store/loose.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "store/deflate.h"
#include "store/files.h"
#include "store/shared.h"

/*
 * On the disk a file takes whole blocks: one that fits into a block is smaller
 * deflated only in a pack, where git puts it later.
 */
#define BLOCK 4096

struct draft {
	const struct object *object;
	char *path; /* of the temporary file; NULL once it is in place */
	int fd;
};

/* Header and content as one, in zlib's format; plain is room for them. */
static void encode(struct deflater *d, const struct object *o,
	struct buf *plain, struct buf *out)
{
	size_t size;

	buf_clear(plain);
	buf_printf(plain, "%s %llu", git_object_type2string(o->type),
		(unsigned long long)o->size);
	buf_add(plain, "", 1); /* the NUL between them */
	buf_add(plain, o->bytes, (size_t)o->size);
	buf_clear(out);
	size = deflate_plain_size(plain->n);
	if (size <= BLOCK) {
		buf_reserve(out, size);
		deflate_plain(plain->p, plain->n,
			libdeflate_adler32(1, plain->p, plain->n),
			(uint8_t *)out->p);
		out->n = size;
		return;
	}
	size = deflater_bound(plain->n);
	buf_reserve(out, size);
	out->n = deflater_whole(d, plain->p, plain->n, out->p, size);
}

/*
 * What fails is said of the folder: the file is another each time, and the same
 * fault would be a new one at each pass.
 */
static int write_draft(struct draft *d, const char *folder, int shared,
	const struct buf *b, struct err *e)
{
	int r;

	d->path = xasprintf("%s/tmp_obj_XXXXXX", folder);
	d->fd = mkostemp(d->path, O_CLOEXEC);
	if (d->fd < 0) {
		r = err_errno(
			e, ERR_IO, errno, "cannot create a file in %s", folder);
		free(d->path);
		d->path = NULL;
		return r;
	}
	r = file_write(d->fd, b->p, b->n, folder, e);
	if (r == 0 && fchmod(d->fd, shared_mode(shared, 0444)) != 0)
		r = err_errno(e, ERR_IO, errno, "cannot write %s", folder);
	if (r == 0) /* only a hint to begin with */
		sync_file_range(d->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	return r;
}

char *loose_path(const char *objects, const git_oid *oid)
{
	char hex[GIT_OID_HEXSZ + 1];

	git_oid_tostr(hex, sizeof(hex), oid);
	return xasprintf("%s/%.2s/%s", objects, hex, hex + 2);
}

static bool make_fan(const char *fan, int shared)
{
	if (mkdir(fan, 0777) != 0)
		return errno == EEXIST;
	shared_path(shared, fan);
	return true;
}

/* Move a draft to objects/xx/yyyy, with xx made if need be. */
static int place(
	struct draft *d, const char *objects, int shared, struct err *e)
{
	char *to = loose_path(objects, &d->object->oid);
	int r = 0;

	if (rename(d->path, to) != 0) {
		char *fan = xasprintf("%s/%02x", objects, d->object->oid.id[0]);

		if (errno == ENOENT && !make_fan(fan, shared))
			r = err_errno(
				e, ERR_IO, errno, "cannot create %s", fan);
		else if (rename(d->path, to) != 0)
			r = err_errno(e, ERR_IO, errno, "cannot create %s", to);
		free(fan);
	}
	free(to);
	if (r == 0) {
		free(d->path);
		d->path = NULL;
	}
	return r;
}

static int sync_folders(
	const struct object_table *table, const char *objects, struct err *e)
{
	uint8_t seen[256] = {0};
	int r = 0;

	for (size_t i = 0; i < table->n && r == 0; i++) {
		uint8_t first = table->items[i].oid.id[0];
		char *fan;

		if (seen[first])
			continue;
		seen[first] = 1;
		fan = xasprintf("%s/%02x", objects, first);
		r = folder_sync(fan, e);
		free(fan);
	}
	return r != 0 ? r : folder_sync(objects, e);
}

static int write_all(struct draft *drafts, const struct object_table *table,
	const char *folder, int shared, struct err *e)
{
	struct deflater deflater = {0};
	struct buf plain = {0};
	struct buf b = {0};
	int r = 0;

	for (size_t i = 0; i < table->n && r == 0; i++) {
		drafts[i].object = &table->items[i];
		encode(&deflater, drafts[i].object, &plain, &b);
		r = write_draft(&drafts[i], folder, shared, &b, e);
	}
	for (size_t i = 0; i < table->n && r == 0; i++)
		r = file_sync(drafts[i].fd, folder, e);
	buf_fini(&b);
	buf_fini(&plain);
	deflater_fini(&deflater);
	return r;
}

static void draft_fini(struct draft *d)
{
	if (d->path != NULL)
		unlink(d->path);
	free(d->path);
	if (d->fd >= 0)
		close(d->fd);
}

int loose_write(const struct object_table *table, const char *folder,
	const char *objects, int shared, struct err *e)
{
	struct draft drafts[LOOSE_MAX];
	int r;

	assert(table->n <= LOOSE_MAX);
	for (size_t i = 0; i < LOOSE_MAX; i++)
		drafts[i] = (struct draft){.fd = -1};
	r = write_all(drafts, table, folder, shared, e);
	for (size_t i = 0; i < table->n && r == 0; i++)
		r = place(&drafts[i], objects, shared, e);
	if (r == 0)
		r = sync_folders(table, objects, e);
	for (size_t i = 0; i < table->n; i++)
		draft_fini(&drafts[i]);
	return r;
}
