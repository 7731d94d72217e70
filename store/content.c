/*
 * content - an attachment's contents, as they arrive.
 *
 *   begin -> add, add, … -.
 *   arrived --------------+-> end: size and digests compared, picture looked
 *                             at (of one that arrived, before), blob into the
 *                             open batch, row staged
 *
 * Up to a mebibyte is kept in memory; more goes to a file without a name in
 * the repository's folder, which is gone with its process, and much more
 * becomes a pack as it comes, and a file for the work tree.  Until it is ended
 * nothing of it is in the store.
 */
#include "store/content.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/behind.h"
#include "base/hash.h"
#include "base/util.h"
#include "store/ahead_stream.h"
#include "store/files.h"
#include "store/git_error.h"
#include "store/parts.h"
#include "store/staging.h"

#define IN_MEMORY 1048576   /* bytes */
#define PACKED (16 << 20)   /* from here on a pack of its own is worth it */
#define HEAD IN_MEMORY      /* of those, for the look at the picture */
#define THREADED (64 << 10) /* bytes that are worth a thread for a digest */

/* What identifies the contents, in hex. */
struct identity {
	char md5[2 * MD5_SIZE + 1];
	char oid[GIT_OID_HEXSZ + 1];
};

struct store_content {
	struct store *store;
	int64_t id;
	int64_t size; /* as announced */
	int64_t n;    /* as arrived */
	struct buf bytes;
	int fd;                     /* -1: in memory, or packed */
	struct blob_stream *stream; /* NULL: not so large */
	struct ahead_stream *file;  /* for the work tree, too; or NULL */
	struct digest *md5;         /* NULL once ended, or whole */
	struct behind behind;       /* that makes the MD5, unless whole */
	const void *piece;          /* of these, borrowed */
	size_t piece_n;
	struct identity named; /* once ended, or whole */
	struct parcel parcel;  /* of a whole one, */
	struct image_info image;
	bool whole; /* that is looked at already */
};

static int open_spool(struct store_content *c, struct err *e)
{
	char *file = xasprintf(
		"%s/spool-%lld-XXXXXX", c->store->tmp, (long long)c->id);
	int code = 0;

	c->fd = mkostemp(file, O_CLOEXEC);
	if (c->fd < 0 || unlink(file) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot create a file in %s",
			c->store->tmp);
	free(file);
	return code;
}

static int begin_large(struct store_content *c, struct err *e)
{
	struct store *s = c->store;
	uint64_t size = (uint64_t)c->size;
	int r = blob_stream_begin(s->objects, size, &c->stream, e);

	if (r == 0 && store_is_checked_out(s))
		c->file = worktree_expect_large(s->worktree, size);
	return r;
}

static void drop_file(struct store_content *c)
{
	ahead_stream_drop(c->file);
	c->file = NULL;
}

int store_content_begin(struct store *s, int64_t attachment_id, int64_t size,
	struct store_content **out, struct err *e)
{
	struct store_content *c;
	int r = 0;

	if (size < 0)
		return err_set(e, ERR_DATA, "attachment %lld has no size",
			(long long)attachment_id);
	c = xcalloc(1, sizeof(*c));
	*c = (struct store_content){
		.store = s, .id = attachment_id, .size = size, .fd = -1};
	behind_init(&c->behind, 1);
	c->md5 = digest_md5();
	if (size >= PACKED)
		r = begin_large(c, e);
	else if (size > IN_MEMORY)
		r = open_spool(c, e);
	if (r != 0) {
		store_content_drop(c);
		return r;
	}
	*out = c;
	return 0;
}

static int keep(
	struct store_content *c, const void *bytes, size_t n, struct err *e)
{
	size_t head = n;

	if (c->fd >= 0)
		return file_write(c->fd, bytes, n, c->store->tmp, e);
	if (c->stream != NULL && head > HEAD - c->bytes.n)
		head = HEAD - c->bytes.n;
	buf_add(&c->bytes, bytes, head);
	if (c->file != NULL && !ahead_stream_add(c->file, bytes, n))
		drop_file(c);
	return c->stream != NULL ? blob_stream_add(c->stream, bytes, n, e) : 0;
}

static void hash_piece(void *arg)
{
	struct store_content *c = arg;

	digest_add(c->md5, c->piece, c->piece_n);
}

/*
 * MD5 takes longer than all else together: so it is made behind, while the
 * next piece comes.
 */
static void hash(struct store_content *c, const void *bytes, size_t n)
{
	behind_wait(&c->behind);
	c->piece = bytes;
	c->piece_n = n;
	if (n >= THREADED)
		behind_begin(&c->behind, hash_piece, c);
	else
		hash_piece(c);
}

int store_content_add(
	struct store_content *c, const void *bytes, size_t n, struct err *e)
{
	if ((uint64_t)n > (uint64_t)(c->size - c->n))
		return err_set(e, ERR_DATA,
			"attachment %lld is larger than the %lld bytes that "
			"the server announced",
			(long long)c->id, (long long)c->size);
	c->n += (int64_t)n;
	hash(c, bytes, n);
	return keep(c, bytes, n, e);
}

void store_content_drop(struct store_content *c)
{
	if (c == NULL)
		return;
	if (!c->whole)
		behind_fini(&c->behind);
	if (c->md5 != NULL)
		digest_end(c->md5, NULL);
	if (c->fd >= 0)
		close(c->fd);
	blob_stream_drop(c->stream);
	drop_file(c);
	parcel_fini(&c->parcel);
	buf_fini(&c->bytes);
	free(c);
}

static struct store_content *make_whole(
	struct store *s, struct store_arrival *a, const uint8_t md5[MD5_SIZE])
{
	struct store_content *c = xcalloc(1, sizeof(*c));
	struct str all = buf_str(&a->bytes);

	*c = (struct store_content){
		.store = s,
		.id = a->attachment_id,
		.size = a->size,
		.n = (int64_t)all.n,
		.bytes = a->bytes,
		.fd = -1,
		.whole = true,
	};
	a->bytes = (struct buf){0};
	hash_hex(md5, MD5_SIZE, c->named.md5);
	parcel_make(&c->parcel, all.p, all.n);
	if (s->probe != NULL)
		s->probe(all.p, all.n, -1, &c->image);
	return c;
}

void store_contents_arrived(
	struct store *s, struct store_arrival *arrivals, size_t n)
{
	struct str *texts = xcalloc(n, sizeof(*texts));
	uint8_t(*md5)[MD5_SIZE] = xcalloc(n, sizeof(*md5));

	for (size_t i = 0; i < n; i++)
		texts[i] = buf_str(&arrivals[i].bytes);
	hash_md5_each(texts, n, md5);
	for (size_t i = 0; i < n; i++)
		arrivals[i].content = make_whole(s, &arrivals[i], md5[i]);
	free(md5);
	free(texts);
}

size_t store_content_memory(const struct store_content *c)
{
	return c->bytes.cap + c->parcel.deflated.cap;
}

static void end_digest(struct store_content *c)
{
	uint8_t md5[MD5_SIZE];

	if (c->md5 == NULL)
		return;
	behind_wait(&c->behind);
	digest_end(c->md5, md5);
	c->md5 = NULL;
	hash_hex(md5, MD5_SIZE, c->named.md5);
}

static int check_arrived(
	const struct store_content *c, struct str digest, struct err *e)
{
	if (c->n != c->size)
		return err_set(e, ERR_DATA,
			"attachment %lld ended after %lld of %lld bytes",
			(long long)c->id, (long long)c->n, (long long)c->size);
	if (digest.p != NULL && !str_is(digest, c->named.md5))
		return err_set(e, ERR_DATA,
			"attachment %lld arrived with the MD5 %s, the server "
			"announced %.*s",
			(long long)c->id, c->named.md5, STR_ARGS(digest));
	return 0;
}

static int make_large(struct store_content *c, git_oid *oid, struct err *e)
{
	struct contents *l = &c->store->large;
	int r = blob_stream_end(c->stream, oid, e);

	if (r != 0)
		return r;
	l->oids = grow(l->oids, l->n, &l->cap, sizeof(*l->oids));
	l->oids[l->n++] = *oid;
	return 0;
}

static int make_blob(
	struct store_content *c, bool fresh, git_oid *oid, struct err *e)
{
	if (c->stream != NULL)
		return make_large(c, oid, e);
	if (c->whole)
		return objects_parcel(
			c->store->objects, &c->parcel, fresh, oid, e);
	if (c->fd < 0)
		return objects_blob(c->store->objects, buf_str(&c->bytes).p,
			c->bytes.n, oid, e);
	if (lseek(c->fd, 0, SEEK_SET) != 0)
		return err_errno(e, ERR_IO, errno, "%s", c->store->tmp);
	return objects_blob_fd(c->store->objects, c->fd, c->size, oid, e);
}

static void look_at(struct store_content *c, struct image_info *out)
{
	store_probe_fn *probe = c->store->probe;

	if (c->whole)
		*out = c->image;
	else if (probe == NULL)
		return;
	else if (c->fd < 0) /* of a very large one, its beginning */
		probe(buf_str(&c->bytes).p, c->bytes.n, -1, out);
	else if (lseek(c->fd, 0, SEEK_SET) == 0)
		probe(NULL, (size_t)c->size, c->fd, out);
}

static int give(const struct store_content *c, inflate_sink_fn *fn, void *arg,
	struct err *e)
{
	if (c->stream != NULL)
		return blob_stream_read(c->stream, fn, arg, e);
	if (c->fd >= 0)
		return file_give(
			c->fd, (uint64_t)c->n, c->store->tmp, fn, arg, e);
	return fn(arg, buf_str(&c->bytes).p, c->bytes.n, e);
}

/*
 * Is what the store has under its name the same?  What cannot be read there is
 * no reason to refuse this one: it is found missing where it is used.
 */
static int compare_twin(const struct store_content *c, const git_oid *oid,
	bool *same, struct err *e)
{
	struct digest *here = digest_sha256();
	struct digest *there = digest_sha256();
	uint8_t mine[SHA256_SIZE];
	uint8_t other[SHA256_SIZE];
	int r = give(c, file_to_digest, here, e);
	bool read = r == 0 && objects_give(c->store->objects, oid,
				      file_to_digest, there, NULL) == 0;

	digest_end(here, mine);
	digest_end(there, other);
	*same = !read || memcmp(mine, other, SHA256_SIZE) == 0;
	return r;
}

/*
 * Has another attachment a content of that name?  Then it must be the same,
 * which SHA-1 alone is not enough to say.
 */
static int name_blob(struct store_content *c, const git_oid *oid,
	const struct state_attachment *a, bool *known, struct err *e)
{
	int64_t other = 0;
	bool same = true;
	int code;

	git_oid_tostr(c->named.oid, sizeof(c->named.oid), oid);
	code = staging_twin(c->store->state, a->oid, known, &other, e);
	if (code == 0 && *known)
		code = compare_twin(c, oid, &same, e);
	if (code != 0 || same)
		return code;
	return err_set(e, ERR_DATA,
		"attachment %lld has the object id of attachment %lld (%.*s), "
		"but other contents: one of them was made to deceive",
		(long long)a->id, (long long)other, STR_ARGS(a->oid));
}

int store_content_end(struct store_content *c, int64_t work_package,
	struct str digest, struct err *e)
{
	struct state *state = c->store->state;
	struct identity *named = &c->named;
	struct state_attachment a = {
		.id = c->id,
		.work_package = work_package,
		.size = c->size,
		.digest = {named->md5, sizeof(named->md5) - 1},
		.oid = {named->oid, sizeof(named->oid) - 1},
	};
	bool known = true;
	git_oid oid;
	int code;

	end_digest(c);
	code = check_arrived(c, digest, e);
	if (code == 0)
		look_at(c, &a.image);
	if (code == 0 && c->whole)
		code = name_blob(c, &c->parcel.oid, &a, &known, e);
	/* What is in the tree is of attachments that are known. */
	if (code == 0)
		code = make_blob(c, c->store->alone && !known, &oid, e);
	if (code == 0 && !c->whole)
		code = name_blob(c, &oid, &a, &known, e);
	if (code == 0)
		code = staging_put_attachment(state, &a, e);
	if (code == 0 && c->file != NULL) {
		worktree_expect_end(c->store->worktree, c->file, &oid);
		c->file = NULL;
	}
	store_content_drop(c);
	return code;
}

size_t contents_looked_at(int64_t size)
{
	return size >= 0 && size < PACKED ? (size_t)size : HEAD;
}

/* --- Until they are committed --------------------------------------------- */

static const struct worktree_change *who_has(
	const struct changes *c, const git_oid *oid)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->items[i].has && git_oid_equal(&c->items[i].new_oid, oid))
			return &c->items[i];
	return NULL;
}

/*
 * Until a commit names them they are what "git repack -ad" and "git gc
 * --prune=now" leave out, and the open database goes on to read them from a
 * file that is gone: so one that is opened anew is asked.
 */
int contents_check(struct store *s, const struct changes *c, struct err *e)
{
	char *folder;
	git_odb *odb = NULL;
	int code = 0;

	if (s->large.n == 0)
		return 0;
	folder = xasprintf("%sobjects", git_repository_commondir(s->repo));
	if (git_odb_open(&odb, folder) != 0)
		code = git_failed(e, "cannot open %s", folder);
	for (size_t i = 0; code == 0 && i < s->large.n; i++) {
		const git_oid *oid = &s->large.oids[i];
		const struct worktree_change *by = who_has(c, oid);

		if (by != NULL && git_odb_exists(odb, oid) == 0)
			code = err_set(e, ERR_IO,
				"what came for %s was removed from the "
				"repository before it was committed, as by "
				"'git gc --prune=now': it is fetched again",
				by->path);
	}
	git_odb_free(odb);
	free(folder);
	return code;
}

void contents_forget(struct store *s)
{
	free(s->large.oids);
	s->large = (struct contents){0};
}

/* --- Those that came before ----------------------------------------------- */

/* What is asked of a row, and what it answers. */
struct wanted {
	struct store *store;
	struct attachment *attachment;
};

static int compare(void *arg, const struct state_attachment *row, struct err *e)
{
	struct wanted *w = arg;
	struct attachment *a = w->attachment;
	git_oid oid;

	(void)e;
	if (row->size != a->size ||
		(a->digest.p != NULL && !str_eq(row->digest, a->digest)))
		return 0;
	/* A blob in no commit may have been collected meanwhile. */
	a->fetched = git_oid_fromstrn(&oid, row->oid.p, row->oid.n) == 0 &&
		     objects_has(w->store->objects, &oid);
	if (a->fetched)
		a->image = row->image;
	return 0;
}

int store_attachment(struct store *s, struct attachment *a, struct err *e)
{
	struct wanted w = {.store = s, .attachment = a};
	bool found;

	a->fetched = false;
	return staging_attachment(s->state, a->id, &found, compare, &w, e);
}
