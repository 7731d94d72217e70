/*
 * objects - the open batch, and its place in libgit2's object database.
 *
 *             more than a few, or large
 *   in memory -------------------------> in a pack
 *       | seal                               | seal
 *       v                                    v
 *   loose objects                    pack and idx; the pack stays open,
 *                                    so that the work tree's files can
 *                                    be made from it
 *
 * libgit2 asks this batch before its own backends and writes here first.
 * What fails while writing leaves the batch without that object; what fails
 * while sealing leaves it as it was.
 */
#include "store/objects.h"

#include <assert.h>
#include <errno.h>
#include <git2/sys/odb_backend.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/util.h"
#include "store/files.h"
#include "store/git_error.h"
#include "store/loose.h"
#include "store/pack.h"

#define MEMORY_MAX ((uint64_t)4 << 20)
#define PIECE ((size_t)64 << 10)
#define PRIORITY 100 /* libgit2's own backends have 1 and 2 */

/* Owned by libgit2, which may keep it longer than the batch lives. */
struct backend {
	git_odb_backend base;
	struct objects *o; /* NULL once that is gone */
};

struct objects {
	git_odb *odb;
	struct backend *backend;
	char *folder;
	char *path;              /* of the repository's objects */
	struct object_table few; /* the open batch, while pack is NULL */
	uint64_t few_bytes;
	struct pack *pack;   /* the open batch otherwise */
	struct pack *sealed; /* the last pack, to be read; or NULL */
};

/* --- Adding --------------------------------------------------------------- */

static const struct object_table *batch_of(const struct objects *o)
{
	return o->pack != NULL ? pack_objects(o->pack) : &o->few;
}

static const struct object *find(const struct objects *o, const git_oid *oid)
{
	return object_table_find(batch_of(o), oid);
}

size_t objects_count(const struct objects *o)
{
	return batch_of(o)->n;
}

void objects_drop(struct objects *o)
{
	object_table_fini(&o->few);
	o->few_bytes = 0;
	pack_free(o->pack);
	o->pack = NULL;
}

/* Move the batch from memory into a pack. */
static int outgrow(struct objects *o, struct err *e)
{
	struct pack *p;
	int r = pack_new(o->folder, &p, e);

	if (r != 0)
		return r;
	for (size_t i = 0; i < o->few.n && r == 0; i++) {
		const struct object *it = &o->few.items[i];

		r = pack_add(
			p, it->type, it->bytes, (size_t)it->size, &it->oid, e);
	}
	if (r != 0) {
		pack_free(p);
		return r;
	}
	object_table_fini(&o->few);
	o->few_bytes = 0;
	o->pack = p;
	return 0;
}

/* Whether one more of that size stays in memory. */
static bool is_few(const struct objects *o, uint64_t size)
{
	return o->pack == NULL && o->few.n < LOOSE_MAX && size <= MEMORY_MAX &&
	       o->few_bytes + size <= MEMORY_MAX;
}

/* Add an object that neither batch nor repository has. */
static int add(struct objects *o, git_object_t type, const void *bytes,
	size_t n, const git_oid *oid, struct err *e)
{
	struct object it = {.oid = *oid, .type = type, .size = n};

	if (!is_few(o, n)) {
		int r = o->pack == NULL ? outgrow(o, e) : 0;

		return r != 0 ? r : pack_add(o->pack, type, bytes, n, oid, e);
	}
	it.bytes = xmalloc(n + 1);
	memcpy(it.bytes, bytes, n);
	object_table_add(&o->few, &it);
	o->few_bytes += n;
	return 0;
}

static struct digest *begin_blob(uint64_t size)
{
	struct digest *d = digest_sha1();
	char header[32];
	int n = snprintf(
		header, sizeof(header), "blob %llu", (unsigned long long)size);

	digest_add(d, header, (size_t)n + 1); /* with its NUL */
	return d;
}

static bool stored(struct objects *o, const git_oid *oid)
{
	return git_odb_exists_ext(o->odb, oid, GIT_ODB_LOOKUP_NO_REFRESH) == 1;
}

int objects_blob(struct objects *o, const void *bytes, size_t n, git_oid *oid,
	struct err *e)
{
	struct digest *d = begin_blob(n);
	git_oid id;
	int r = 0;

	digest_add(d, bytes, n);
	digest_end(d, id.id);
	if (find(o, &id) == NULL) {
		if (!stored(o, &id))
			r = add(o, GIT_OBJECT_BLOB, bytes, n, &id, e);
		/* This marks it as used, so that no "git gc" takes it. */
		else if (git_odb_write(
				 &id, o->odb, bytes, n, GIT_OBJECT_BLOB) != 0)
			r = git_failed(e, "cannot write a blob");
	}
	if (r == 0)
		*oid = id;
	return r;
}

static int blob_from_small_file(
	struct objects *o, int fd, size_t size, git_oid *oid, struct err *e)
{
	char *bytes = xmalloc(size + 1);
	int r = file_pread(fd, bytes, size, 0, "a blob's file", e);

	if (r == 0)
		r = objects_blob(o, bytes, size, oid, e);
	free(bytes);
	return r;
}

/* Deflate and hash size bytes of fd into an entry that is not yet ended. */
static int stream(struct objects *o, int fd, uint64_t size, struct digest *d,
	struct err *e)
{
	char *bytes = xmalloc(PIECE);
	int r = 0;

	for (uint64_t at = 0; at < size && r == 0;) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;

		r = file_pread(fd, bytes, n, at, "a blob's file", e);
		if (r == 0 && at == 0)
			r = pack_begin(
				o->pack, GIT_OBJECT_BLOB, size, bytes, n, e);
		if (r == 0)
			r = pack_piece(o->pack, bytes, n, e);
		digest_add(d, bytes, n);
		at += n;
	}
	free(bytes);
	return r;
}

static int blob_from_large_file(
	struct objects *o, int fd, uint64_t size, git_oid *oid, struct err *e)
{
	struct digest *d;
	int r = o->pack == NULL ? outgrow(o, e) : 0;

	if (r != 0)
		return r;
	d = begin_blob(size);
	r = stream(o, fd, size, d, e);
	digest_end(d, oid->id);
	if (r != 0 || find(o, oid) != NULL || stored(o, oid))
		pack_cancel(o->pack);
	else
		r = pack_end(o->pack, oid, e);
	return r;
}

int objects_blob_fd(
	struct objects *o, int fd, int64_t size, git_oid *oid, struct err *e)
{
	git_oid id;
	char more;
	int r;

	assert(size >= 0);
	if (pread(fd, &more, 1, (off_t)size) != 0)
		return err_set(e, ERR_IO,
			"cannot read a blob's file: it is longer than it was");
	if ((uint64_t)size <= PIECE || is_few(o, (uint64_t)size))
		r = blob_from_small_file(o, fd, (size_t)size, &id, e);
	else
		r = blob_from_large_file(o, fd, (uint64_t)size, &id, e);
	if (r == 0)
		*oid = id;
	return r;
}

/* --- Reading back --------------------------------------------------------- */

static int to_memory(void *arg, const void *bytes, size_t n, struct err *e)
{
	uint8_t **at = arg;

	(void)e;
	memcpy(*at, bytes, n);
	*at += n;
	return 0;
}

static int to_file(void *arg, const void *bytes, size_t n, struct err *e)
{
	return file_write(*(int *)arg, bytes, n, "a file", e);
}

/* Stream a blob that is a loose object; false if it is not. */
static bool copy_loose(
	struct objects *o, const git_oid *oid, int fd, int *r, struct err *e)
{
	git_odb_stream *in;
	git_object_t type;
	size_t left;
	char *piece;

	if (git_odb_open_rstream(&in, &left, &type, o->odb, oid) != 0)
		return false;
	piece = xmalloc(PIECE);
	*r = 0;
	while (left > 0 && *r == 0) {
		int n = git_odb_stream_read(
			in, piece, left < PIECE ? left : PIECE);

		if (n <= 0)
			*r = git_failed(e, "cannot read a blob");
		else
			*r = file_write(fd, piece, (size_t)n, "a file", e);
		left -= n > 0 ? (size_t)n : 0;
	}
	free(piece);
	git_odb_stream_free(in);
	return true;
}

static int copy_stored(
	struct objects *o, const git_oid *oid, int fd, struct err *e)
{
	git_odb_object *object;
	int r;

	if (copy_loose(o, oid, fd, &r, e))
		return r;
	if (git_odb_read(&object, o->odb, oid) != 0)
		return git_failed(e, "cannot read a blob");
	r = file_write(fd, git_odb_object_data(object),
		git_odb_object_size(object), "a file", e);
	git_odb_object_free(object);
	return r;
}

int objects_copy_blob(
	struct objects *o, const git_oid *oid, int fd, struct err *e)
{
	const struct object *it = find(o, oid);
	struct pack *p = o->pack;

	if (it != NULL && it->bytes != NULL)
		return file_write(fd, it->bytes, (size_t)it->size, "a file", e);
	if (it == NULL && o->sealed != NULL) {
		p = o->sealed;
		it = object_table_find(pack_objects(p), oid);
	}
	if (it != NULL)
		return pack_read(p, it, to_file, &fd, e);
	return copy_stored(o, oid, fd, e);
}

/* --- libgit2's view ------------------------------------------------------- */

static struct objects *batch_behind(git_odb_backend *base)
{
	return container_of(base, struct backend, base)->o;
}

static const struct object *look_up(git_odb_backend *base, const git_oid *oid)
{
	struct objects *o = batch_behind(base);

	return o != NULL ? find(o, oid) : NULL;
}

static int fail(const struct err *e)
{
	git_error_set_str(GIT_ERROR_ODB, e->text);
	return -1;
}

static int on_read(void **bytes, size_t *n, git_object_t *type,
	git_odb_backend *base, const git_oid *oid)
{
	const struct object *it = look_up(base, oid);
	struct err err = {0};
	uint8_t *copy;
	uint8_t *at;

	if (it == NULL)
		return GIT_ENOTFOUND;
	at = copy = git_odb_backend_data_alloc(base, (size_t)it->size + 1);
	if (copy == NULL)
		return -1;
	copy[it->size] = '\0';
	if (it->bytes != NULL)
		memcpy(copy, it->bytes, (size_t)it->size);
	else if (pack_read(batch_behind(base)->pack, it, to_memory, &at,
			 &err) != 0) {
		git_odb_backend_data_free(base, copy);
		return fail(&err);
	}
	*bytes = copy;
	*n = (size_t)it->size;
	*type = it->type;
	return 0;
}

static int on_read_header(size_t *n, git_object_t *type, git_odb_backend *base,
	const git_oid *oid)
{
	const struct object *it = look_up(base, oid);

	if (it == NULL)
		return GIT_ENOTFOUND;
	*n = (size_t)it->size;
	*type = it->type;
	return 0;
}

static int on_exists(git_odb_backend *base, const git_oid *oid)
{
	return look_up(base, oid) != NULL;
}

static int on_write(git_odb_backend *base, const git_oid *oid,
	const void *bytes, size_t n, git_object_t type)
{
	struct objects *o = batch_behind(base);
	struct err err = {0};

	if (o == NULL)
		return GIT_PASSTHROUGH;
	if (find(o, oid) != NULL)
		return 0;
	return add(o, type, bytes, n, oid, &err) != 0 ? fail(&err) : 0;
}

static void on_free(git_odb_backend *base)
{
	free(container_of(base, struct backend, base));
}

static int plug_in(struct objects *o)
{
	struct backend *b = xcalloc(1, sizeof(*b));

	git_odb_init_backend(&b->base, GIT_ODB_BACKEND_VERSION);
	b->base.read = on_read;
	b->base.read_header = on_read_header;
	b->base.exists = on_exists;
	b->base.write = on_write;
	b->base.free = on_free;
	b->o = o;
	if (git_odb_add_backend(o->odb, &b->base, PRIORITY) != 0) {
		free(b);
		return -1;
	}
	o->backend = b;
	return 0;
}

/* --- The batch as a whole ------------------------------------------------- */

int objects_new(git_repository *repo, const char *folder, struct objects **out,
	struct err *e)
{
	struct objects *o = xcalloc(1, sizeof(*o));
	git_buf path = {0};

	o->folder = xstrdup(folder);
	if (git_repository_odb(&o->odb, repo) != 0 ||
		git_repository_item_path(
			&path, repo, GIT_REPOSITORY_ITEM_OBJECTS) != 0 ||
		plug_in(o) != 0) {
		git_buf_dispose(&path);
		objects_free(o);
		return git_failed(e, "cannot open the object database");
	}
	o->path = xstrdup(path.ptr);
	git_buf_dispose(&path);
	*out = o;
	return 0;
}

void objects_free(struct objects *o)
{
	if (o == NULL)
		return;
	objects_drop(o);
	pack_free(o->sealed);
	if (o->backend != NULL)
		o->backend->o = NULL;
	git_odb_free(o->odb);
	free(o->folder);
	free(o->path);
	free(o);
}

const char *objects_folder(const struct objects *o)
{
	return o->folder;
}

static int seal_pack(struct objects *o, struct err *e)
{
	char *folder = xasprintf("%s/pack", o->path);
	int r = pack_seal(o->pack, folder, e);

	free(folder);
	if (r != 0)
		return r;
	pack_free(o->sealed);
	o->sealed = o->pack;
	o->pack = NULL;
	return 0;
}

int objects_seal(struct objects *o, struct err *e)
{
	int r = 0;

	if (objects_count(o) == 0) {
		objects_drop(o);
		return 0;
	}
	if (o->pack != NULL)
		r = seal_pack(o, e);
	else
		r = loose_write(&o->few, o->folder, o->path, e);
	if (r != 0)
		return r;
	objects_drop(o);
	if (git_odb_refresh(o->odb) != 0)
		return git_failed(e, "cannot read the objects just written");
	return 0;
}

int objects_clean(const char *folder, struct err *e)
{
	return folder_clean(folder, "tmp_", e);
}
