/*
 * index_image - the bytes of git's index.
 *
 *   bytes -> header -> where each entry begins, and its path
 *
 * In version 4 a path says how much of the one before it is left off.
 */
#include "store/index_image.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/util.h"

#define HEADER INDEX_IMAGE_HEADER
#define DIGEST INDEX_IMAGE_DIGEST
#define FIXED INDEX_IMAGE_FIXED
#define EXTENDED 2  /* more flags of some entries */
#define EXTENSION 8 /* head of one: name, size */
#define HAS_EXTENDED 0x4000
#define SKIP_WORKTREE 0x4000 /* in those */
#define STAGES 0x3000
#define NAME_MASK 0x0fff

static uint32_t flags_of(const uint8_t *entry)
{
	return be16(entry + 60);
}

size_t index_image_fixed(const uint8_t *entry)
{
	return FIXED + ((flags_of(entry) & HAS_EXTENDED) != 0 ? EXTENDED : 0);
}

size_t index_image_padded(size_t n)
{
	return (n + 8) & ~(size_t)7;
}

/* --- Reading -------------------------------------------------------------- */

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

static bool read_packed(struct index_image_reader *r, const uint8_t *p,
	struct index_image_entry *entry)
{
	size_t known = r->before.n_path;
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
	path = arena_bytes(r->paths, entry->n_path + (size_t)1);
	if (known > 0)
		memcpy(path, r->before.path, known);
	memcpy(path + known, p, (size_t)(nul - p) + 1);
	entry->path = path;
	entry->n_raw = (uint32_t)(nul + 1 - entry->raw);
	return true;
}

static bool read_plain(struct index_image_reader *r, const uint8_t *p,
	struct index_image_entry *entry)
{
	size_t left = (size_t)(r->end - p);
	size_t n = flags_of(entry->raw) & NAME_MASK;
	const uint8_t *nul = n < NAME_MASK ? p + n : memchr(p, '\0', left);

	if (n >= left || nul == NULL || *nul != '\0')
		return false;
	entry->path = (const char *)p;
	entry->n_path = (uint32_t)(nul - p);
	entry->n_raw = (uint32_t)index_image_padded((size_t)(nul - entry->raw));
	return entry->n_raw <= (size_t)(r->end - entry->raw);
}

bool index_image_next(
	struct index_image_reader *r, struct index_image_entry *entry)
{
	const uint8_t *path;

	if ((size_t)(r->end - r->p) < FIXED + EXTENDED)
		return false;
	entry->raw = r->p;
	path = r->p + index_image_fixed(r->p);
	if (!(r->version == 4 ? read_packed : read_plain)(r, path, entry))
		return false;
	r->before = *entry;
	r->p += entry->n_raw;
	return true;
}

int index_image_header(const uint8_t *bytes, size_t n,
	struct index_image_header *out, struct err *e)
{
	if (n < HEADER + DIGEST || memcmp(bytes, "DIRC", 4) != 0)
		return err_set(e, ERR_IO, "it is no index of git");
	out->version = be32(bytes + 4);
	out->n = be32(bytes + 8);
	if (out->version < 2 || out->version > 4)
		return err_set(
			e, ERR_IO, "version %u is unknown", out->version);
	if (out->n > (n - DIGEST) / FIXED)
		return err_set(e, ERR_IO, "it is damaged");
	return 0;
}

bool index_image_extension(
	const uint8_t **p, const uint8_t *end, struct str *out)
{
	size_t left = (size_t)(end - *p);
	size_t n;

	if (left < EXTENSION)
		return false;
	n = be32(*p + 4);
	if (n > left - EXTENSION)
		return false;
	*out = (struct str){(const char *)*p, n + EXTENSION};
	*p += out->n;
	return true;
}

bool index_image_is_optional(struct str extension)
{
	return extension.p[0] >= 'A' && extension.p[0] <= 'Z';
}

static int read_entry(
	struct index_image *x, struct index_image_reader *r, struct err *e)
{
	if (!index_image_next(r, &x->items[x->n]))
		return err_set(e, ERR_IO, "it is damaged");
	x->n++;
	return 0;
}

int index_image_read_part(
	struct index_image *x, const uint8_t *bytes, size_t n, struct err *e)
{
	struct index_image_reader r = {
		.version = 3, .p = bytes, .end = bytes + n};
	int code = 0;

	*x = (struct index_image){0};
	x->items = xcalloc(n / FIXED + 1, sizeof(*x->items));
	while (code == 0 && r.p < r.end)
		code = read_entry(x, &r, e);
	return code;
}

void index_image_fini(struct index_image *x)
{
	free(x->items);
	*x = (struct index_image){0};
}

struct index_image_file index_image_file(const struct index_image_entry *entry)
{
	struct index_image_file f = {
		.ctime = be32(entry->raw),
		.ctime_nsec = be32(entry->raw + 4),
		.mtime = be32(entry->raw + 8),
		.mtime_nsec = be32(entry->raw + 12),
		.ino = be32(entry->raw + 20),
		.mode = be32(entry->raw + 24),
		.size = be32(entry->raw + 36),
		.skipped = (flags_of(entry->raw) & HAS_EXTENDED) != 0 &&
			   (be16(entry->raw + FIXED) & SKIP_WORKTREE) != 0,
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

/* --- Entries ----------------------------------------------------------------
 */

void index_image_encode(const git_index_entry *entry, size_t n_path,
	uint8_t fixed[INDEX_IMAGE_FIXED])
{
	size_t n = n_path < NAME_MASK ? n_path : NAME_MASK;
	const uint32_t numbers[] = {(uint32_t)entry->ctime.seconds,
		entry->ctime.nanoseconds, (uint32_t)entry->mtime.seconds,
		entry->mtime.nanoseconds, entry->dev, entry->ino, entry->mode,
		entry->uid, entry->gid, entry->file_size};

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		put_be32(fixed + 4 * i, numbers[i]);
	memcpy(fixed + 40, entry->id.id, GIT_OID_RAWSZ);
	fixed[60] = (uint8_t)(n >> 8);
	fixed[61] = (uint8_t)n;
}

void index_image_doubt(uint8_t fixed[INDEX_IMAGE_FIXED])
{
	put_be32(fixed + 36, 0);
}

bool index_image_is_plain(const struct index_image_entry *entry)
{
	return (flags_of(entry->raw) & (HAS_EXTENDED | STAGES)) == 0;
}
