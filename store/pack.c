/*
 * pack - write one pack of many objects, with one fsync.
 *
 *   pack_new -> (pack_begin -> pack_piece … -> pack_end | pack_cancel)*
 *            -> pack_seal
 *
 * Small objects wait in memory until there are many: another thread deflates
 * those while the next ones gather, and they are written when these are
 * enough.  Entries go through a buffer into a temporary file, which another
 * thread writes, and the disk is kept busy behind them.  The count in the
 * header, and with it the checksum over the whole, is as a rule known only at
 * the end, when the file is read once more (from memory, mostly).  Any failure
 * takes the entry in hand back by setting the end of the file to where it
 * began; one while sealing takes the files out of the repository again.
 */
#include "store/pack.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/util.h"
#include "store/deflate.h"
#include "store/files.h"
#include "store/pack_index.h"
#include "store/shared.h"
#include "store/together.h"
#include "store/write_behind.h"

#define OUT_SIZE WRITE_BEHIND_SIZE
#define HEADER_SIZE 12
#define ENTRY_HEADER_SIZE ((size_t)16) /* at most */
#define SMALL ((size_t)64 << 10)       /* objects that wait for others */
#define WAIT_BYTES ((size_t)512 << 10) /* of all that wait */

struct pack {
	struct object_table objects;
	char *path;   /* of the temporary file; NULL once sealed */
	char *folder; /* of that: what is said of it stays the same */
	int fd;
	struct write_behind w;
	struct digest *sum; /* of what is written; NULL: made by pack_seal() */
	struct deflater deflater;
	struct object entry; /* the entry in hand */
	bool open;           /* it comes in pieces, and goes on */
	z_stream *z;         /* that deflates those; NULL: they are stored, */
	uint64_t left;       /* of which so many bytes are to come, */
	uint32_t plain_sum;  /* and those before have this checksum */
	size_t n_waiting;
	size_t waiting_bytes;
	uint32_t waiting[TOGETHER_MOST]; /* among objects; they have bytes */
	struct together *ready;          /* those that waited before; or NULL */
};

static void make_header(uint8_t header[HEADER_SIZE], uint32_t n)
{
	const uint8_t version[] = {'P', 'A', 'C', 'K', 0, 0, 0, 2};

	memcpy(header, version, sizeof(version));
	put_be32(header + sizeof(version), n);
}

int pack_new(const char *folder, uint32_t n, struct pack **out, struct err *e)
{
	struct pack *p = xcalloc(1, sizeof(*p));

	p->path = xasprintf("%s/tmp_pack_XXXXXX", folder);
	p->fd = mkostemp(p->path, O_CLOEXEC);
	if (p->fd < 0) {
		int code = err_errno(
			e, ERR_IO, errno, "cannot create a file in %s", folder);

		free(p->path);
		free(p);
		return code;
	}
	p->folder = xstrdup(folder);
	write_behind_open(&p->w, p->fd, p->folder);
	if (n > 0)
		p->w.sum = p->sum = digest_sha1();
	make_header(p->w.out, n);
	p->w.n = HEADER_SIZE;
	*out = p;
	return 0;
}

void pack_free(struct pack *p)
{
	if (p == NULL)
		return;
	together_free(p->ready);
	write_behind_close(&p->w);
	if (p->sum != NULL)
		digest_end(p->sum, NULL);
	if (p->path != NULL)
		unlink(p->path);
	close(p->fd);
	free(p->path);
	free(p->folder);
	deflater_fini(&p->deflater);
	object_table_fini(&p->objects);
	free(p);
}

void pack_let_go(struct pack *p)
{
	p->w.once = true;
}

const struct object_table *pack_objects(const struct pack *p)
{
	return &p->objects;
}

/* So many bytes more of the entry in hand are in the buffer. */
static void advance(struct pack *p, size_t n)
{
	p->entry.crc = libdeflate_crc32(p->entry.crc, p->w.out + p->w.n, n);
	p->w.n += n;
	assert(p->w.n <= OUT_SIZE);
}

/* The type and size before an entry: 4 bits, then 7 a byte. */
static void add_entry_header(struct pack *p, git_object_t type, uint64_t size)
{
	uint8_t *start = p->w.out + p->w.n;
	uint8_t *at = start;

	*at = (uint8_t)(((unsigned)type << 4) | (size & 15));
	for (size >>= 4; size > 0; size >>= 7) {
		*at++ |= 0x80;
		*at = size & 0x7f;
	}
	at++;
	advance(p, (size_t)(at - start));
}

/* Have room in the buffer for so much. */
static int make_room(struct pack *p, size_t room, struct err *e)
{
	return OUT_SIZE - p->w.n < room ? write_behind_flush(&p->w, e) : 0;
}

/* Begin an entry, with room in the buffer for its header and so much more. */
static int begin(struct pack *p, git_object_t type, uint64_t size, size_t room,
	struct err *e)
{
	int r = make_room(p, ENTRY_HEADER_SIZE + room, e);

	assert(!p->open && p->path != NULL);
	if (r != 0)
		return r;
	p->entry = (struct object){
		.type = type, .size = size, .offset = write_behind_end(&p->w)};
	add_entry_header(p, type, size);
	return 0;
}

static void end(struct pack *p, const git_oid *oid)
{
	struct object *it = object_table_find(&p->objects, oid);

	p->entry.oid = *oid;
	p->entry.length = write_behind_end(&p->w) - p->entry.offset;
	if (it == NULL) {
		object_table_add(&p->objects, &p->entry);
	} else { /* it waited */
		free(it->bytes);
		*it = p->entry;
	}
}

int pack_begin(struct pack *p, git_object_t type, uint64_t size,
	const void *first, size_t n, struct err *e)
{
	int r = begin(p, type, size, DEFLATE_HEAD, e);

	if (r != 0)
		return r;
	p->open = true;
	if (deflate_helps(first, n)) {
		p->z = deflater_start(&p->deflater);
		return 0;
	}
	p->z = NULL;
	p->left = size;
	p->plain_sum = 1;
	advance(p, deflate_plain_head(p->w.out + p->w.n));
	return 0;
}

void pack_cancel(struct pack *p)
{
	if (!p->open)
		return;
	p->open = false;
	write_behind_cut(&p->w, p->entry.offset);
}

/* Deflate what z has been given, straight into the buffer. */
static int run(struct pack *p, int how, struct err *e)
{
	z_stream *z = p->z;
	int done;

	do {
		size_t room = OUT_SIZE - p->w.n;

		z->next_out = p->w.out + p->w.n;
		z->avail_out = (uInt)room;
		done = deflate(z, how);
		assert(done != Z_STREAM_ERROR);
		advance(p, room - z->avail_out);
		if (p->w.n == OUT_SIZE && write_behind_flush(&p->w, e) != 0)
			return ERR_IO;
	} while (z->avail_in > 0 || (how == Z_FINISH && done != Z_STREAM_END));
	return 0;
}

static int deflate_piece(
	struct pack *p, const void *bytes, size_t n, struct err *e)
{
	const uint8_t *at = bytes;
	int r = 0;

	while (n > 0 && r == 0) {
		size_t k = n < OUT_SIZE ? n : OUT_SIZE;

		p->z->next_in = (uint8_t *)at;
		p->z->avail_in = (uInt)k;
		r = run(p, Z_NO_FLUSH, e);
		at += k;
		n -= k;
	}
	return r;
}

static int store_piece(
	struct pack *p, const void *bytes, size_t n, struct err *e)
{
	const uint8_t *at = bytes;

	p->plain_sum = libdeflate_adler32(p->plain_sum, bytes, n);
	while (n > 0) {
		size_t k = n;
		int r = make_room(p, DEFLATE_BLOCK_HEADER + 1, e);

		if (r != 0)
			return r;
		advance(p, deflate_plain_block(at, &k, n == p->left,
				   p->w.out + p->w.n, OUT_SIZE - p->w.n));
		p->left -= k;
		at += k;
		n -= k;
	}
	return 0;
}

int pack_piece(struct pack *p, const void *bytes, size_t n, struct err *e)
{
	int r = p->z != NULL ? deflate_piece(p, bytes, n, e)
			     : store_piece(p, bytes, n, e);

	if (r != 0)
		pack_cancel(p);
	return r;
}

static int end_deflated(struct pack *p, struct err *e)
{
	int r;

	p->z->avail_in = 0;
	r = run(p, Z_FINISH, e);
	assert(r != 0 || p->z->total_in == p->entry.size);
	return r;
}

static int end_stored(struct pack *p, struct err *e)
{
	int r = make_room(p, DEFLATE_TAIL, e);

	assert(p->left == 0);
	if (r == 0)
		advance(p, deflate_plain_tail(p->plain_sum, p->w.out + p->w.n));
	return r;
}

int pack_end(struct pack *p, const git_oid *oid, struct err *e)
{
	int r = p->z != NULL ? end_deflated(p, e) : end_stored(p, e);

	if (r != 0) {
		pack_cancel(p);
		return r;
	}
	p->open = false;
	end(p, oid);
	return 0;
}

/* A content larger than the buffer, piece by piece. */
static int add_large(struct pack *p, git_object_t type, const void *bytes,
	size_t n, const git_oid *oid, struct err *e)
{
	int r = pack_begin(p, type, n, bytes, n, e);

	if (r == 0)
		r = pack_piece(p, bytes, n, e);
	if (r == 0)
		r = pack_end(p, oid, e);
	return r;
}

bool pack_takes(size_t packed)
{
	return packed <= OUT_SIZE - ENTRY_HEADER_SIZE;
}

static int add_whole(struct pack *p, git_object_t type, const void *bytes,
	size_t n, const git_oid *oid, struct err *e)
{
	size_t bound = deflater_bound(n);
	int r;

	if (!pack_takes(bound))
		return add_large(p, type, bytes, n, oid, e);
	r = begin(p, type, n, bound, e);
	if (r != 0)
		return r;
	advance(p, deflater_whole(&p->deflater, bytes, n, p->w.out + p->w.n,
			   OUT_SIZE - p->w.n));
	end(p, oid);
	return 0;
}

int pack_add_parcel(struct pack *p, git_object_t type,
	const struct parcel *parcel, struct err *e)
{
	size_t n = parcel_packed(parcel);
	int r = begin(p, type, parcel->n, n, e);

	if (r != 0)
		return r;
	if (parcel->how == PARCEL_PLAIN)
		deflate_plain(parcel->bytes, parcel->n, parcel->sum,
			p->w.out + p->w.n);
	else
		memcpy(p->w.out + p->w.n, parcel->deflated.p, n);
	advance(p, n);
	end(p, &parcel->oid);
	return 0;
}

/* --- Objects that wait ---------------------------------------------------- */

static const struct object *waiting_at(const struct pack *p, size_t i)
{
	return &p->objects.items[p->waiting[i]];
}

/* All that wait; their bytes stay where they are until they are written. */
static struct together *gather(struct pack *p)
{
	struct together *t = xcalloc(1, sizeof(*t));

	for (; t->n < p->n_waiting; t->n++) {
		const struct object *it = waiting_at(p, t->n);

		t->items[t->n] = (struct together_item){
			it->type, {.bytes = it->bytes,
					  .n = (size_t)it->size,
					  .oid = it->oid,
					  .how = PARCEL_DEFLATED}};
	}
	p->n_waiting = 0;
	p->waiting_bytes = 0;
	return t;
}

/* Write what is deflated; what cannot be is written the next time. */
static int write_ready(struct pack *p, struct err *e)
{
	struct together *t = p->ready;
	int r = 0;

	if (t == NULL)
		return 0;
	together_join(t);
	for (; t->done < t->n && r == 0; t->done += r == 0) {
		const struct together_item *it = &t->items[t->done];

		r = pack_add_parcel(p, it->type, &it->parcel, e);
	}
	if (r == 0) {
		together_free(t);
		p->ready = NULL;
	}
	return r;
}

/* Let those that wait be deflated; those before them are written. */
static int hand_over(struct pack *p, struct err *e)
{
	int r = write_ready(p, e);

	if (r != 0)
		return r;
	p->ready = gather(p);
	together_begin(p->ready);
	return 0;
}

/* None waits afterwards. */
static int drain(struct pack *p, struct err *e)
{
	int r = write_ready(p, e);

	if (r != 0 || p->n_waiting == 0)
		return r;
	p->ready = gather(p);
	together_do(p->ready);
	return write_ready(p, e);
}

static void let_wait(struct pack *p, git_object_t type, const void *bytes,
	size_t n, const git_oid *oid)
{
	struct object it = {.oid = *oid, .type = type, .size = n};

	it.bytes = xmalloc(n + 1);
	if (n > 0)
		memcpy(it.bytes, bytes, n);
	p->waiting[p->n_waiting++] = (uint32_t)p->objects.n;
	p->waiting_bytes += n;
	object_table_add(&p->objects, &it);
}

int pack_add(struct pack *p, git_object_t type, const void *bytes, size_t n,
	const git_oid *oid, struct err *e)
{
	if (n > SMALL)
		return add_whole(p, type, bytes, n, oid, e);
	if (p->n_waiting == TOGETHER_MOST ||
		p->waiting_bytes + n > WAIT_BYTES) {
		int r = hand_over(p, e);

		if (r != 0)
			return r;
	}
	let_wait(p, type, bytes, n, oid);
	return 0;
}

int pack_read(struct pack *p, const struct object *object, inflate_sink_fn *fn,
	void *arg, struct err *e)
{
	if (object->bytes != NULL)
		return fn(arg, object->bytes, (size_t)object->size, e);
	if (!write_behind_has(&p->w, object->offset + object->length)) {
		int r = write_behind_settle(&p->w, e);

		if (r != 0)
			return r;
	}
	return inflate_entry(p->fd, object, fn, arg, e);
}

/* --- Sealing -------------------------------------------------------------- */

/* The header, then read it all once more. */
static int sum_up(struct pack *p, uint8_t checksum[20], struct err *e)
{
	struct digest *d = digest_sha1();
	uint8_t header[HEADER_SIZE];
	int r;

	make_header(header, (uint32_t)p->objects.n);
	r = file_pwrite(p->fd, header, HEADER_SIZE, 0, p->folder, e);
	for (uint64_t at = 0; at < p->w.at && r == 0; at += OUT_SIZE) {
		uint64_t left = p->w.at - at;
		size_t n = left < OUT_SIZE ? (size_t)left : OUT_SIZE;

		r = file_pread(p->fd, p->w.out, n, at, p->folder, e);
		if (r == 0)
			digest_add(d, p->w.out, n);
	}
	digest_end(d, checksum);
	return r;
}

static int complete(
	struct pack *p, int shared, uint8_t checksum[20], struct err *e)
{
	int r = drain(p, e);

	if (r == 0)
		r = write_behind_settle(&p->w, e);
	if (r == 0 && p->sum != NULL) {
		digest_end(p->sum, checksum);
		p->sum = p->w.sum = NULL; /* another seal reads it again */
	} else if (r == 0) {
		r = sum_up(p, checksum, e);
	}
	if (r == 0)
		r = file_pwrite(p->fd, checksum, 20, p->w.at, p->folder, e);
	/* A canceled entry may have been longer than all that followed. */
	if (r == 0 && (ftruncate(p->fd, (off_t)p->w.at + 20) != 0 ||
			      fchmod(p->fd, shared_mode(shared, 0444)) != 0))
		r = err_errno(e, ERR_IO, errno, "cannot write %s", p->folder);
	if (r == 0)
		r = file_sync(p->fd, p->folder, e);
	return r;
}

static int place(const char *from, const char *to, struct err *e)
{
	if (rename(from, to) != 0)
		return err_errno(
			e, ERR_IO, errno, "cannot move %s to %s", from, to);
	return 0;
}

/* The pack first: it is the idx that makes it visible. */
static int publish(struct pack *p, const char *idx, const char *folder,
	const char *checksum, struct err *e)
{
	char *pack_to = xasprintf("%s/pack-%s.pack", folder, checksum);
	char *idx_to = xasprintf("%s/pack-%s.idx", folder, checksum);
	int r = place(p->path, pack_to, e);

	if (r == 0) {
		r = place(idx, idx_to, e);
		if (r == 0)
			r = folder_sync(folder, e);
		if (r != 0) {
			unlink(idx_to);
			(void)rename(pack_to, p->path);
		}
	}
	free(idx_to);
	free(pack_to);
	return r;
}

int pack_seal(struct pack *p, const char *folder, int shared, struct err *e)
{
	uint8_t checksum[20];
	char hex[41];
	char *idx;
	int r;

	assert(!p->open && p->path != NULL);
	r = complete(p, shared, checksum, e);
	if (r != 0)
		return r;
	hash_hex(checksum, sizeof(checksum), hex);
	idx = xasprintf("%s.idx", p->path);
	r = pack_index_write(idx, &p->objects, checksum, e);
	if (r == 0) {
		shared_path(shared, idx);
		r = publish(p, idx, folder, hex, e);
		if (r != 0)
			unlink(idx);
	}
	free(idx);
	if (r != 0)
		return r;
	free(p->path);
	p->path = NULL;
	write_behind_close(&p->w);
	deflater_fini(&p->deflater);
	return 0;
}
