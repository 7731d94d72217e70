/*
 * index_image - the bytes of git's index, with some entries changed.
 *
 *   read:   bytes -> where each entry begins
 *   write:  what changes is marked -> header, runs of entries as they are,
 *           new ones between them -> what extensions still hold -> digest
 *
 * In version 4 a path says how much of the one before it is left off, so that
 * an entry behind a change is put anew.  Of extensions those are kept that
 * tell what a person resolved; the others are caches of what is in entries
 * and trees, and git makes them again.
 */
#include "store/index_image.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/util.h"
#include "store/files.h"

#define HEADER 12
#define DIGEST 20
#define FIXED INDEX_IMAGE_FIXED
#define EXTENDED 2 /* more flags of some entries */
#define HAS_EXTENDED 0x4000
#define STAGES 0x3000
#define NAME_MASK 0x0fff
#define CHUNK                                                                  \
	((size_t)256 << 10) /* stays in a cache between digest and disk        \
			     */

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static void put32(uint8_t *p, uint32_t v)
{
	for (int i = 3; i >= 0; i--, v >>= 8)
		p[i] = (uint8_t)v;
}

static uint32_t flags_of(const uint8_t *entry)
{
	return (uint32_t)entry[60] << 8 | entry[61];
}

static size_t fixed_of(const uint8_t *entry)
{
	return FIXED + ((flags_of(entry) & HAS_EXTENDED) != 0 ? EXTENDED : 0);
}

/* Entries before version 4 end with 1 to 8 NULs. */
static size_t padded(size_t n)
{
	return (n + 8) & ~(size_t)7;
}

/* --- Reading -------------------------------------------------------------- */

struct reader {
	struct index_image *x;
	const uint8_t *p, *end;
	const struct index_image_entry *before;
};

/* A number of version 4: groups of seven bits, the highest first. */
static bool get_strip(const uint8_t **p, const uint8_t *end, size_t *out)
{
	size_t v = 0;
	uint8_t c = 0x80;

	for (int i = 0; (c & 0x80) != 0; i++) {
		if (*p == end || i > 4)
			return false;
		c = *(*p)++;
		v = (v + (i > 0)) << 7 | (c & 0x7f);
	}
	*out = v;
	return true;
}

static bool read_packed(
	struct reader *r, struct index_image_entry *entry, const uint8_t *p)
{
	size_t known = r->before != NULL ? r->before->n_path : 0;
	const uint8_t *nul;
	size_t strip;
	char *path;

	if (!get_strip(&p, r->end, &strip) || strip > known)
		return false;
	nul = memchr(p, '\0', (size_t)(r->end - p));
	if (nul == NULL)
		return false;
	known -= strip;
	entry->n_path = (uint32_t)(known + (size_t)(nul - p));
	path = arena_bytes(&r->x->paths, entry->n_path + (size_t)1);
	if (known > 0)
		memcpy(path, r->before->path, known);
	memcpy(path + known, p, (size_t)(nul - p) + 1);
	entry->path = path;
	entry->n_raw = (uint32_t)(nul + 1 - entry->raw);
	return true;
}

static bool read_plain(
	struct reader *r, struct index_image_entry *entry, const uint8_t *p)
{
	size_t left = (size_t)(r->end - p);
	size_t n = flags_of(entry->raw) & NAME_MASK;
	const uint8_t *nul = n < NAME_MASK ? p + n : memchr(p, '\0', left);

	if (n >= left || nul == NULL || *nul != '\0')
		return false;
	entry->path = (const char *)p;
	entry->n_path = (uint32_t)(nul - p);
	entry->n_raw = (uint32_t)padded((size_t)(nul - entry->raw));
	return entry->n_raw <= (size_t)(r->end - entry->raw);
}

static bool read_entry(struct reader *r)
{
	struct index_image_entry *entry = &r->x->items[r->x->n];
	size_t left = (size_t)(r->end - r->p);
	const uint8_t *path;

	if (left < FIXED + EXTENDED)
		return false;
	entry->raw = r->p;
	path = r->p + fixed_of(r->p);
	if (!(r->x->version == 4 ? read_packed : read_plain)(r, entry, path))
		return false;
	r->before = entry;
	r->p += entry->n_raw;
	r->x->n++;
	return true;
}

static bool is_digest(const uint8_t *bytes, size_t n)
{
	uint8_t digest[DIGEST];

	hash_sha1(bytes, n, digest);
	return memcmp(digest, bytes + n, sizeof(digest)) == 0;
}

int index_image_read(struct index_image *x, const uint8_t *bytes, size_t n,
	bool check, struct err *e)
{
	struct reader r = {.x = x};
	size_t count;

	*x = (struct index_image){.version = 2};
	if (n == 0)
		return 0;
	if (n < HEADER + DIGEST || memcmp(bytes, "DIRC", 4) != 0)
		return err_set(e, ERR_IO, "it is no index of git");
	n -= DIGEST;
	x->version = get32(bytes + 4);
	count = get32(bytes + 8);
	if (x->version < 2 || x->version > 4)
		return err_set(e, ERR_IO, "version %u is unknown", x->version);
	if (count > n / FIXED || (check && !is_digest(bytes, n)))
		return err_set(e, ERR_IO, "it is damaged");
	x->items = xcalloc(count + 1, sizeof(*x->items));
	r.p = bytes + HEADER;
	r.end = bytes + n;
	while (x->n < count)
		if (!read_entry(&r))
			return err_set(e, ERR_IO, "it is damaged");
	x->more = r.p;
	x->n_more = (size_t)(r.end - r.p);
	return 0;
}

int index_image_read_part(
	struct index_image *x, const uint8_t *bytes, size_t n, struct err *e)
{
	struct reader r = {.x = x, .p = bytes, .end = bytes + n};

	*x = (struct index_image){.version = 3};
	x->items = xcalloc(n / FIXED + 1, sizeof(*x->items));
	while (r.p < r.end)
		if (!read_entry(&r))
			return err_set(e, ERR_IO, "it is damaged");
	return 0;
}

void index_image_fini(struct index_image *x)
{
	free(x->items);
	arena_fini(&x->paths);
	*x = (struct index_image){0};
}

struct index_image_file index_image_file(const struct index_image_entry *entry)
{
	struct index_image_file f = {
		.ctime = get32(entry->raw),
		.ctime_nsec = get32(entry->raw + 4),
		.mtime = get32(entry->raw + 8),
		.mtime_nsec = get32(entry->raw + 12),
		.ino = get32(entry->raw + 20),
		.mode = get32(entry->raw + 24),
		.size = get32(entry->raw + 36),
	};

	git_oid_fromraw(&f.oid, entry->raw + 40);
	return f;
}

bool index_image_fits(
	const struct index_image_file *file, const struct stat *st)
{
	return S_ISREG(st->st_mode) &&
	       file->mtime == (uint32_t)st->st_mtim.tv_sec &&
	       file->mtime_nsec == (uint32_t)st->st_mtim.tv_nsec &&
	       file->ctime == (uint32_t)st->st_ctim.tv_sec &&
	       file->ctime_nsec == (uint32_t)st->st_ctim.tv_nsec &&
	       file->ino == (uint32_t)st->st_ino &&
	       file->size == (uint32_t)st->st_size;
}

int index_image_stage(const struct index_image_entry *entry)
{
	return (int)(flags_of(entry->raw) >> 12 & 3);
}

/* --- What changes --------------------------------------------------------- */

static int compare(const struct index_image_entry *entry, struct str path)
{
	return str_cmp((struct str){entry->path, entry->n_path}, path);
}

/* The first entry that is not before path. */
static size_t place_of(const struct index_image *x, struct str path)
{
	size_t low = 0;
	size_t high = x->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare(&x->items[middle], path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* All stages of it. */
static void touch(struct index_image *x, struct str path)
{
	for (size_t i = place_of(x, path);
		i < x->n && compare(&x->items[i], path) == 0; i++)
		x->items[i].touched = true;
}

static void touch_below(struct index_image *x, struct str folder)
{
	for (size_t i = place_of(x, folder);
		i < x->n && x->items[i].n_path > folder.n &&
		memcmp(x->items[i].path, folder.p, folder.n) == 0;
		i++)
		x->items[i].touched = true;
}

static void make_way(struct index_image *x, const char *path)
{
	struct buf folder = {0};

	for (const char *p = path; (p = strchr(p, '/')) != NULL; p++)
		touch(x, (struct str){path, (size_t)(p - path)});
	buf_printf(&folder, "%s/", path);
	touch_below(x, buf_str(&folder));
	buf_fini(&folder);
}

/* --- Writing -------------------------------------------------------------- */

struct writer {
	const struct index_image *x;
	struct digest *digest;
	int fd;
	const char *name;
	struct buf few;     /* what is too little to be written */
	const uint8_t *run; /* bytes that are copied as they are */
	size_t n_run;
	struct str path; /* of the entry that was put last */
	struct err err;
};

static void put_out(struct writer *w, const uint8_t *bytes, size_t n)
{
	while (n > 0 && w->err.code == 0) {
		size_t k = n < CHUNK ? n : CHUNK;

		digest_add(w->digest, bytes, k);
		file_write(w->fd, bytes, k, w->name, &w->err);
		bytes += k;
		n -= k;
	}
}

static void flush(struct writer *w)
{
	put_out(w, (const uint8_t *)w->few.p, w->few.n);
	buf_clear(&w->few);
}

/* Few bytes are gathered, many are not copied. */
static void end_run(struct writer *w)
{
	if (w->few.n + w->n_run > CHUNK)
		flush(w);
	if (w->n_run > CHUNK)
		put_out(w, w->run, w->n_run);
	else
		buf_add(&w->few, w->run, w->n_run);
	w->n_run = 0;
}

static void put(struct writer *w, const void *bytes, size_t n)
{
	end_run(w);
	buf_add(&w->few, bytes, n);
}

/* How much of the path before is left off, then what is not the same. */
static void put_packed(struct writer *w, struct str path)
{
	size_t same = 0;
	size_t strip;
	uint8_t bytes[16];
	size_t i = sizeof(bytes);

	while (same < path.n && same < w->path.n &&
		path.p[same] == w->path.p[same])
		same++;
	strip = w->path.n - same;
	bytes[--i] = strip & 0x7f;
	while ((strip >>= 7) != 0)
		bytes[--i] = 0x80 | (--strip & 0x7f);
	put(w, bytes + i, sizeof(bytes) - i);
	put(w, path.p + same, path.n - same + 1); /* with its NUL */
}

static void put_entry(struct writer *w, const uint8_t *fixed, struct str path)
{
	static const uint8_t zeros[8];
	size_t n = fixed_of(fixed);

	put(w, fixed, n);
	if (w->x->version == 4) {
		put_packed(w, path);
	} else {
		put(w, path.p, path.n);
		put(w, zeros, padded(n + path.n) - n - path.n);
	}
	w->path = path;
}

/* An entry as it was. */
static void keep(struct writer *w, size_t i)
{
	const struct index_image_entry *entry = &w->x->items[i];
	const struct index_image_entry *before = i > 0 ? entry - 1 : NULL;
	struct str path = {entry->path, entry->n_path};
	uint8_t fixed[FIXED + EXTENDED];

	if (!entry->doubted &&
		(w->x->version != 4 ||
			w->path.p == (before != NULL ? before->path : NULL))) {
		if (w->n_run == 0)
			w->run = entry->raw;
		else if (w->run + w->n_run != entry->raw) {
			end_run(w);
			w->run = entry->raw;
		}
		w->n_run += entry->n_raw;
		w->path = path;
		return;
	}
	memcpy(fixed, entry->raw, fixed_of(entry->raw));
	if (entry->doubted)
		index_image_doubt(fixed);
	put_entry(w, fixed, path);
}

void index_image_encode(const git_index_entry *entry, size_t n_path,
	uint8_t fixed[INDEX_IMAGE_FIXED])
{
	size_t n = n_path < NAME_MASK ? n_path : NAME_MASK;
	const uint32_t numbers[] = {(uint32_t)entry->ctime.seconds,
		entry->ctime.nanoseconds, (uint32_t)entry->mtime.seconds,
		entry->mtime.nanoseconds, entry->dev, entry->ino, entry->mode,
		entry->uid, entry->gid, entry->file_size};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		put32(fixed + 4 * i, numbers[i]);
	memcpy(fixed + 40, entry->id.id, GIT_OID_RAWSZ);
	fixed[60] = (uint8_t)(n >> 8);
	fixed[61] = (uint8_t)n;
}

void index_image_doubt(uint8_t fixed[INDEX_IMAGE_FIXED])
{
	put32(fixed + 36, 0);
}

bool index_image_is_plain(const struct index_image_entry *entry)
{
	return (flags_of(entry->raw) & (HAS_EXTENDED | STAGES)) == 0;
}

static void put_new(struct writer *w, const struct index_image_new *new)
{
	struct str path = str_of(new->path);
	uint8_t fixed[FIXED];

	index_image_encode(new->entry, path.n, fixed);
	put_entry(w, fixed, path);
}

static void put_header(
	struct writer *w, const struct index_image_new *news, size_t n)
{
	uint8_t header[HEADER] = "DIRC";
	uint32_t count = 0;

	for (size_t i = 0; i < w->x->n; i++)
		count += !w->x->items[i].touched;
	for (size_t i = 0; i < n; i++)
		count += news[i].entry != NULL;
	put32(header + 4, w->x->version);
	put32(header + 8, count);
	put(w, header, sizeof(header));
}

/* What is resolved stays resolved; "NAME" is libgit2's, of conflicts. */
static bool put_extensions(struct writer *w)
{
	const uint8_t *p = w->x->more;
	size_t left = w->x->n_more;

	while (left > 0) {
		size_t n = left >= 8 ? get32(p + 4) : left;

		if (n > left - 8 || left < 8 || p[0] < 'A' || p[0] > 'Z')
			return false;
		if (memcmp(p, "REUC", 4) == 0 || memcmp(p, "NAME", 4) == 0)
			put(w, p, n + 8);
		p += n + 8;
		left -= n + 8;
	}
	return true;
}

static void put_all(
	struct writer *w, const struct index_image_new *news, size_t n)
{
	size_t i = 0;

	put_header(w, news, n);
	for (size_t k = 0; k <= n; k++) {
		size_t to =
			k < n ? place_of(w->x, str_of(news[k].path)) : w->x->n;

		for (; i < to; i++)
			if (!w->x->items[i].touched)
				keep(w, i);
		if (k < n && news[k].entry != NULL)
			put_new(w, &news[k]);
	}
}

int index_image_write(struct index_image *x, const struct index_image_new *news,
	size_t n, int fd, const char *name, struct err *e)
{
	struct writer w = {
		.x = x, .digest = digest_sha1(), .fd = fd, .name = name};
	uint8_t digest[DIGEST];

	for (size_t i = 0; i < n; i++) {
		touch(x, str_of(news[i].path));
		if (news[i].entry != NULL)
			make_way(x, news[i].path);
	}
	put_all(&w, news, n);
	if (!put_extensions(&w))
		err_set(&w.err, ERR_IO,
			"it has what must be understood and is unknown here");
	end_run(&w);
	flush(&w);
	digest_end(w.digest, digest);
	if (w.err.code == 0)
		file_write(fd, digest, sizeof(digest), name, &w.err);
	buf_fini(&w.few);
	if (w.err.code != 0 && e != NULL)
		*e = w.err;
	return w.err.code;
}
