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
#include <git2/sys/odb_backend.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/util.h"
#include "store/batch.h"
#include "store/batch_backend.h"
#include "store/blob_read.h"
#include "store/files.h"
#include "store/git_error.h"
#include "store/loose.h"
#include "store/shared.h"

#define PIECE ((size_t)64 << 10)

struct objects {
	git_odb *odb;
	struct batch_backend *backend;
	char *path;  /* of the repository's objects */
	char *packs; /* and of those in packs */
	int shared;  /* of the repository */
	struct batch batch;
	struct pack *sealed; /* the last pack, to be read; or NULL */
	bool many;           /* the last batch outgrew memory: so will this */

	bool sealing; /* a thread does; then what follows is its result */
	pthread_t thread;
	int seal_code;
	struct err seal_err;
};

/* --- Adding --------------------------------------------------------------- */

/*
 * Mark one that is there as used, so that no "git gc" takes it.  False: what
 * could not be marked, and may just be gone, is to be written again.
 */
static bool use_stored(struct objects *o, const git_oid *oid)
{
	size_t n = git_odb_num_backends(o->odb);
	bool marked = false;

	for (size_t i = 0; i < n && !marked; i++) {
		git_odb_backend *b;

		marked = git_odb_get_backend(&b, o->odb, i) == 0 &&
			 b->freshen != NULL && b->freshen(b, oid) == 0;
	}
	return marked;
}

static bool is_one_of_many(const struct objects *o)
{
	return o->many || o->batch.pack != NULL;
}

int objects_parcel(struct objects *o, const struct parcel *p, bool fresh,
	git_oid *oid, struct err *e)
{
	int r = 0;

	if (batch_find(&o->batch, &p->oid) == NULL &&
		((fresh && is_one_of_many(o)) || !use_stored(o, &p->oid)))
		r = batch_add_parcel(&o->batch, p, e);
	if (r == 0)
		*oid = p->oid;
	return r;
}

int objects_blob(struct objects *o, const void *bytes, size_t n, git_oid *oid,
	struct err *e)
{
	struct parcel p = {.bytes = bytes, .n = n};

	blob_name(bytes, n, &p.oid);
	return objects_parcel(o, &p, false, oid, e);
}

bool objects_has(struct objects *o, const git_oid *oid)
{
	return batch_find(&o->batch, oid) != NULL ||
	       git_odb_exists(o->odb, oid) == 1;
}

/* Few are looked for. */
int objects_made(struct objects *o, git_object_t type, const void *bytes,
	size_t n, git_oid *oid, struct err *e)
{
	const char *name = git_object_type2string(type);
	git_oid id;

	object_name(name, bytes, n, &id);
	*oid = id;
	if (batch_find(&o->batch, &id) != NULL ||
		(objects_are_few(o) && use_stored(o, &id)))
		return 0;
	return batch_add(&o->batch, type, bytes, n, &id, e);
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
			r = pack_begin(o->batch.pack, GIT_OBJECT_BLOB, size,
				bytes, n, e);
		if (r == 0)
			r = pack_piece(o->batch.pack, bytes, n, e);
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
	int r = o->batch.pack == NULL ? batch_outgrow(&o->batch, e) : 0;

	if (r != 0)
		return r;
	d = blob_digest(size);
	r = stream(o, fd, size, d, e);
	digest_end(d, oid->id);
	if (r != 0 || batch_find(&o->batch, oid) != NULL || use_stored(o, oid))
		pack_cancel(o->batch.pack);
	else
		r = pack_end(o->batch.pack, oid, e);
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
	if ((uint64_t)size <= PIECE ||
		batch_has_room(&o->batch, (uint64_t)size))
		r = blob_from_small_file(o, fd, (size_t)size, &id, e);
	else
		r = blob_from_large_file(o, fd, (uint64_t)size, &id, e);
	if (r == 0)
		*oid = id;
	return r;
}

/* --- Reading back --------------------------------------------------------- */

int objects_read(struct objects *o, const git_oid *oid, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	return blob_read(o->odb, o->path, oid, fn, arg, e);
}

int objects_read_tree(struct objects *o, const git_oid *oid,
	git_odb_object **out, struct err *e)
{
	git_odb_object *object;

	if (git_odb_read(&object, o->odb, oid) != 0)
		return git_failed(
			e, "cannot read tree %s", git_oid_tostr_s(oid));
	if (git_odb_object_type(object) == GIT_OBJECT_TREE) {
		*out = object;
		return 0;
	}
	git_odb_object_free(object);
	return err_set(e, ERR_IO, "%s is no tree", git_oid_tostr_s(oid));
}

static const struct object *sealed_find(
	const struct objects *o, const git_oid *oid)
{
	return o->sealed != NULL
		       ? object_table_find(pack_objects(o->sealed), oid)
		       : NULL;
}

int objects_give(struct objects *o, const git_oid *oid, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	const struct object *it = sealed_find(o, oid);

	if (it != NULL)
		return pack_read(o->sealed, it, fn, arg, e);
	it = batch_find(&o->batch, oid);
	if (it != NULL)
		return batch_read(&o->batch, it, fn, arg, e);
	return objects_read(o, oid, fn, arg, e);
}

static int to_file(void *arg, const void *bytes, size_t n, struct err *e)
{
	return file_write(*(int *)arg, bytes, n, "a file", e);
}

int objects_copy_blob(
	struct objects *o, const git_oid *oid, int fd, struct err *e)
{
	return objects_give(o, oid, to_file, &fd, e);
}

bool objects_at_hand(const struct objects *o, const git_oid *oid)
{
	return sealed_find(o, oid) != NULL;
}

/* --- The batch as a whole ------------------------------------------------- */

int objects_new(git_repository *repo, const char *folder, struct objects **out,
	struct err *e)
{
	struct objects *o = xcalloc(1, sizeof(*o));
	git_buf path = {0};

	batch_init(&o->batch, folder);
	if (git_repository_odb(&o->odb, repo) != 0 ||
		git_repository_item_path(
			&path, repo, GIT_REPOSITORY_ITEM_OBJECTS) != 0 ||
		(o->backend = batch_backend_plug(
			 o->odb, &o->batch, path.ptr)) == NULL) {
		int r = git_failed(e, "cannot open the object database");

		git_buf_dispose(&path);
		objects_free(o);
		return r;
	}
	o->path = str_dup((struct str){path.ptr, path.size - 1}); /* no slash */
	o->packs = xasprintf("%s/pack", o->path);
	o->shared = shared_read(repo);
	git_buf_dispose(&path);
	*out = o;
	return 0;
}

void objects_free(struct objects *o)
{
	if (o == NULL)
		return;
	batch_fini(&o->batch);
	pack_free(o->sealed);
	batch_backend_unplug(o->backend);
	git_odb_free(o->odb);
	free(o->packs);
	free(o->path);
	free(o);
}

void objects_drop(struct objects *o)
{
	batch_clear(&o->batch);
}

bool objects_are_few(const struct objects *o)
{
	return o->batch.pack == NULL;
}

size_t objects_count(const struct objects *o)
{
	return batch_objects(&o->batch)->n;
}

const char *objects_folder(const struct objects *o)
{
	return o->batch.folder;
}

int objects_shared(const struct objects *o)
{
	return o->shared;
}

static int seal(const struct objects *o, struct pack *pack, struct err *e)
{
	if (mkdir(o->packs, 0777) == 0) /* git makes it, as a rule */
		shared_path(o->shared, o->packs);
	return pack_seal(pack, o->packs, o->shared, e);
}

static int seal_batch(struct objects *o, struct err *e)
{
	if (o->batch.pack != NULL)
		return seal(o, o->batch.pack, e);
	return loose_write(
		&o->batch.few, o->batch.folder, o->path, o->shared, e);
}

static void *work(void *arg)
{
	struct objects *o = arg;

	o->seal_code = seal_batch(o, &o->seal_err);
	return NULL;
}

/* Few objects take no time that is worth a thread. */
void objects_seal_begin(struct objects *o)
{
	o->sealing = !objects_are_few(o) && objects_count(o) > 0 &&
		     thread_begin(&o->thread, work, o);
}

static int join(struct objects *o, struct err *e)
{
	pthread_join(o->thread, NULL);
	o->sealing = false;
	if (o->seal_code != 0 && e != NULL)
		*e = o->seal_err;
	return o->seal_code;
}

int objects_seal_end(struct objects *o, struct err *e)
{
	int r;

	if (objects_count(o) == 0) {
		objects_drop(o);
		return 0;
	}
	r = o->sealing ? join(o, e) : seal_batch(o, e);
	if (r != 0)
		return r;
	o->many = o->batch.pack != NULL;
	if (o->many) {
		pack_free(o->sealed);
		o->sealed = o->batch.pack;
		o->batch.pack = NULL;
		/* libgit2 has all that are looked into mapped, for good. */
		memory_let_go(".idx");
	}
	objects_drop(o);
	(void)git_odb_refresh(o->odb); /* else it does so when it misses one */
	return 0;
}

int objects_seal(struct objects *o, struct err *e)
{
	objects_seal_begin(o);
	return objects_seal_end(o, e);
}

/* --- Large blobs ---------------------------------------------------------- */

struct blob_stream {
	struct objects *o;
	struct pack *pack;
	struct digest *sha1; /* NULL once ended */
	git_oid oid;         /* then */
	uint64_t size;
	uint64_t n; /* of it, as came */
};

int blob_stream_begin(struct objects *o, uint64_t size,
	struct blob_stream **out, struct err *e)
{
	struct blob_stream *s;
	struct pack *pack;
	int r = pack_new(o->batch.folder, 1, &pack, e);

	if (r != 0)
		return r;
	pack_let_go(pack); /* its file is made on the way, too */
	s = xcalloc(1, sizeof(*s));
	*s = (struct blob_stream){
		.o = o, .pack = pack, .sha1 = blob_digest(size), .size = size};
	*out = s;
	return 0;
}

void blob_stream_drop(struct blob_stream *s)
{
	if (s == NULL)
		return;
	if (s->sha1 != NULL)
		digest_end(s->sha1, NULL);
	pack_free(s->pack);
	free(s);
}

int blob_stream_add(
	struct blob_stream *s, const void *bytes, size_t n, struct err *e)
{
	int r = 0;

	assert(n <= s->size - s->n);
	if (n == 0)
		return 0;
	digest_add(s->sha1, bytes, n);
	if (s->n == 0)
		r = pack_begin(s->pack, GIT_OBJECT_BLOB, s->size, bytes, n, e);
	if (r == 0)
		r = pack_piece(s->pack, bytes, n, e);
	s->n += n;
	return r;
}

int blob_stream_end(struct blob_stream *s, git_oid *oid, struct err *e)
{
	int r;

	assert(s->n == s->size && s->size > 0);
	digest_end(s->sha1, s->oid.id);
	s->sha1 = NULL;
	*oid = s->oid;
	r = pack_end(s->pack, oid, e);
	if (r != 0 || batch_find(&s->o->batch, oid) != NULL ||
		use_stored(s->o, oid))
		return r;
	r = seal(s->o, s->pack, e);
	if (r == 0)
		(void)git_odb_refresh(s->o->odb);
	return r;
}

int blob_stream_read(
	struct blob_stream *s, inflate_sink_fn *fn, void *arg, struct err *e)
{
	const struct object *it =
		object_table_find(pack_objects(s->pack), &s->oid);

	return pack_read(s->pack, it, fn, arg, e);
}

int objects_clean(const char *folder, struct err *e)
{
	return folder_clean(folder, "tmp_", e);
}
