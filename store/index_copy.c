/*
 * index_copy - git's index once more, with some entries changed.
 *
 *   source --> what becomes of each entry, how many there will be
 *   source --> header, entries as they are with new ones between them
 *              --> what extensions still hold --> digest
 *
 * An index grows with what there is, so no more than a part of it is in
 * memory; hence the two walks, since the header says how many come.
 *
 * In version 4 a path says how much of the one before it is left off, so that
 * an entry behind a change is put anew.  Of extensions those are kept that
 * tell what a person resolved; the others are caches of what is in entries
 * and trees, and git makes them again.
 */
#include "store/index_copy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/util.h"
#include "store/files.h"

#define PART ((size_t)256 << 10) /* stays in a cache */
#define FIXED INDEX_IMAGE_FIXED
#define DIGEST INDEX_IMAGE_DIGEST

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

/* --- What is copied, a part at a time ------------------------------------- */

struct source {
	const struct index_copy *copy;
	uint64_t size; /* without the digest */
	uint64_t read; /* so much of it was */
	struct index_image_header header;
	struct index_image_reader reader; /* of what part holds */
	struct buf part;
	struct arena paths, others;
	struct digest *digest; /* of what was read; or NULL */
};

static int unreadable(
	const struct source *s, const struct err *why, struct err *e)
{
	return err_set(e, ERR_IO, "cannot read %s: %s", s->copy->from_name,
		why != NULL ? why->text : "it is damaged");
}

/* Keep the path that the next one continues, and no other. */
static void forget_paths(struct source *s)
{
	struct index_image_entry *before = &s->reader.before;
	struct arena paths = s->paths;

	before->path = arena_str(
		&s->others, (struct str){before->path, before->n_path})
			       .p;
	s->paths = s->others;
	s->others = paths;
	arena_reset(&s->others);
}

/* What was not used yet, and more. */
static int read_more(struct source *s, struct err *e)
{
	size_t left = (size_t)(s->reader.end - s->reader.p);
	size_t n = PART;
	int code;

	if (n > s->size - s->read)
		n = (size_t)(s->size - s->read);
	if (left > 0)
		memmove(s->part.p, s->reader.p, left);
	s->part.n = left;
	buf_reserve(&s->part, n);
	code = file_pread(s->copy->from, s->part.p + left, n, s->read,
		s->copy->from_name, e);
	if (code != 0)
		return code;
	if (s->digest != NULL)
		digest_add(s->digest, s->part.p + left, n);
	s->read += n;
	s->part.n += n;
	s->reader.p = (const uint8_t *)s->part.p;
	s->reader.end = s->reader.p + s->part.n;
	if (s->header.version == 4)
		forget_paths(s);
	return 0;
}

/* One that is not there is empty. */
static int source_open(struct source *s, const struct index_copy *copy,
	bool check, struct err *e)
{
	struct err why = {0};
	struct stat st;
	int code;

	*s = (struct source){.copy = copy, .header = {.version = 2}};
	if (copy->from < 0)
		return 0;
	if (fstat(copy->from, &st) != 0)
		return err_errno(
			e, ERR_IO, errno, "cannot read %s", copy->from_name);
	if (st.st_size == 0)
		return 0;
	s->size = st.st_size > DIGEST ? (uint64_t)st.st_size - DIGEST : 0;
	if (check)
		s->digest = digest_sha1();
	code = read_more(s, e);
	if (code == 0 && index_image_header(s->reader.p, s->size + DIGEST,
				 &s->header, &why) != 0)
		code = unreadable(s, &why, e);
	if (code != 0)
		return code;
	s->reader.version = s->header.version;
	s->reader.paths = &s->paths;
	s->reader.p += INDEX_IMAGE_HEADER;
	return 0;
}

/* Valid until the next. */
static int source_next(
	struct source *s, struct index_image_entry *entry, struct err *e)
{
	int code = 0;

	while (code == 0 && !index_image_next(&s->reader, entry))
		code = s->read < s->size ? read_more(s, e)
					 : unreadable(s, NULL, e);
	return code;
}

/* All that follows the entries, into part. */
static int source_rest(struct source *s, struct err *e)
{
	int code = 0;

	while (code == 0 && s->read < s->size)
		code = read_more(s, e);
	return code;
}

static int source_check(struct source *s, struct err *e)
{
	uint8_t expected[DIGEST];
	uint8_t digest[DIGEST];
	int code;

	if (s->digest == NULL)
		return 0;
	code = source_rest(s, e);
	digest_end(s->digest, digest);
	s->digest = NULL;
	if (code == 0)
		code = file_pread(s->copy->from, expected, DIGEST, s->size,
			s->copy->from_name, e);
	if (code == 0 && memcmp(digest, expected, DIGEST) != 0)
		code = unreadable(s, NULL, e);
	return code;
}

static void source_close(struct source *s)
{
	if (s->digest != NULL)
		digest_end(s->digest, NULL);
	arena_fini(&s->paths);
	arena_fini(&s->others);
	buf_fini(&s->part);
}

/* --- What becomes of its entries ------------------------------------------ */

enum fate { STAYS, DOUBTED, GOES };

struct plan {
	const struct index_new *news;
	size_t n;
	size_t at; /* the first new one that is not before the entry */
	uint8_t *fates;
	uint32_t n_entries; /* of the copy */

	/* What is known of the folder of the last entry. */
	struct buf folder;
	bool is_file;
};

/* The first of the new ones that is not before a path. */
static size_t place_of(const struct plan *p, struct str path)
{
	size_t low = 0;
	size_t high = p->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_cmp(str_of(p->news[middle].path), path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool begins_with(const char *path, struct str start)
{
	return strncmp(path, start.p, start.n) == 0;
}

/* Does a file come below a path? */
static bool becomes_folder(const struct plan *p, struct str path)
{
	struct buf below = {0};
	bool becomes = false;

	if (p->at == p->n || !begins_with(p->news[p->at].path, path))
		return false;
	buf_printf(&below, "%.*s/", STR_ARGS(path));
	for (size_t i = place_of(p, buf_str(&below));
		!becomes && i < p->n &&
		begins_with(p->news[i].path, buf_str(&below));
		i++)
		becomes = p->news[i].entry != NULL;
	buf_fini(&below);
	return becomes;
}

static bool comes(const struct plan *p, struct str path)
{
	size_t i = place_of(p, path);

	return i < p->n && p->news[i].entry != NULL &&
	       str_is(path, p->news[i].path);
}

/* Does a file come where one of the folders of a path is? */
static bool is_below_file(struct plan *p, struct str path)
{
	size_t n = path.n;

	while (n > 0 && path.p[n - 1] != '/')
		n--;
	if (n == 0)
		return false;
	if (n == p->folder.n && memcmp(path.p, p->folder.p, n) == 0)
		return p->is_file;
	buf_clear(&p->folder);
	buf_add(&p->folder, path.p, n);
	p->is_file = false;
	for (size_t i = 0; i < n && !p->is_file; i++)
		if (path.p[i] == '/')
			p->is_file = comes(p, (struct str){path.p, i});
	return p->is_file;
}

static enum fate fate_of(struct plan *p, const struct index_image_entry *entry)
{
	struct str path = {entry->path, entry->n_path};
	int order = 1;

	while (p->at < p->n &&
		(order = str_cmp(str_of(p->news[p->at].path), path)) < 0)
		p->at++;
	if (order == 0 || becomes_folder(p, path) || is_below_file(p, path))
		return GOES;
	return STAYS;
}

static int plan_all(
	struct plan *p, const struct index_copy *copy, struct err *e)
{
	struct source s;
	struct index_image_entry entry;
	int code = source_open(&s, copy, copy->check, e);

	if (code == 0)
		p->fates = xcalloc(s.header.n + (size_t)1, sizeof(*p->fates));
	for (uint32_t i = 0; code == 0 && i < s.header.n; i++) {
		code = source_next(&s, &entry, e);
		if (code != 0)
			break;
		p->fates[i] = (uint8_t)fate_of(p, &entry);
		p->n_entries += p->fates[i] != GOES;
		if (p->fates[i] == STAYS && copy->doubt != NULL &&
			copy->doubt(copy->arg, &entry))
			p->fates[i] = DOUBTED;
	}
	for (size_t i = 0; i < p->n; i++)
		p->n_entries += p->news[i].entry != NULL;
	if (code == 0)
		code = source_check(&s, e);
	source_close(&s);
	return code;
}

/* --- Writing -------------------------------------------------------------- */

struct writer {
	const struct index_copy *copy;
	uint32_t version;
	struct digest *digest;
	struct buf few; /* what is too little to be written */

	/* Of version 4. */
	struct buf path; /* of the entry that was put last, */
	bool in_turn;    /* which was before the next one already */
	struct err err;
};

static void flush(struct writer *w)
{
	digest_add(w->digest, w->few.p, w->few.n);
	if (w->err.code == 0)
		file_write(w->copy->to, w->few.p, w->few.n, w->copy->to_name,
			&w->err);
	buf_clear(&w->few);
}

static void put(struct writer *w, const void *bytes, size_t n)
{
	buf_add(&w->few, bytes, n);
	if (w->few.n >= PART)
		flush(w);
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

static void note_path(struct writer *w, struct str path, bool in_turn)
{
	if (w->version != 4)
		return;
	buf_clear(&w->path);
	buf_add_str(&w->path, path);
	w->in_turn = in_turn;
}

static void put_entry(struct writer *w, const uint8_t *fixed, struct str path)
{
	static const uint8_t zeros[8];
	size_t n = index_image_fixed(fixed);

	put(w, fixed, n);
	if (w->version == 4) {
		put_packed(w, path);
	} else {
		put(w, path.p, path.n);
		put(w, zeros, index_image_padded(n + path.n) - n - path.n);
	}
}

/* An entry as it was. */
static void keep(
	struct writer *w, const struct index_image_entry *entry, bool doubted)
{
	struct str path = {entry->path, entry->n_path};
	uint8_t fixed[FIXED + 2];

	if (!doubted && (w->version != 4 || w->in_turn)) {
		put(w, entry->raw, entry->n_raw);
	} else {
		memcpy(fixed, entry->raw, index_image_fixed(entry->raw));
		if (doubted)
			index_image_doubt(fixed);
		put_entry(w, fixed, path);
	}
	note_path(w, path, true);
}

static void put_new(struct writer *w, const struct index_new *new)
{
	struct str path = str_of(new->path);
	uint8_t fixed[FIXED];

	if (new->entry == NULL)
		return;
	index_image_encode(new->entry, path.n, fixed);
	put_entry(w, fixed, path);
	note_path(w, path, false);
}

static void put_header(struct writer *w, uint32_t n)
{
	uint8_t header[INDEX_IMAGE_HEADER] = "DIRC";

	put32(header + 4, w->version);
	put32(header + 8, n);
	put(w, header, sizeof(header));
}

static int put_entries(
	struct writer *w, struct source *s, const struct plan *p, struct err *e)
{
	struct index_image_entry entry;
	size_t k = 0;
	int code = 0;

	for (uint32_t i = 0; code == 0 && i < s->header.n; i++) {
		code = source_next(s, &entry, e);
		if (code != 0)
			return code;
		while (k < p->n &&
			str_cmp(str_of(p->news[k].path),
				(struct str){entry.path, entry.n_path}) <= 0)
			put_new(w, &p->news[k++]);
		if (p->fates[i] == GOES)
			w->in_turn = false;
		else
			keep(w, &entry, p->fates[i] == DOUBTED);
	}
	while (k < p->n)
		put_new(w, &p->news[k++]);
	return code;
}

/* What is resolved stays resolved; "NAME" is libgit2's, of conflicts. */
static bool put_extensions(struct writer *w, const struct source *s)
{
	const uint8_t *p = s->reader.p;
	size_t left = (size_t)(s->reader.end - p);

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

static int put_all(
	struct writer *w, struct source *s, const struct plan *p, struct err *e)
{
	int code;

	put_header(w, p->n_entries);
	code = put_entries(w, s, p, e);
	if (code == 0)
		code = source_rest(s, e);
	if (code == 0 && !put_extensions(w, s))
		code = err_set(e, ERR_IO,
			"cannot write %s: it has what must be understood and "
			"is unknown here",
			s->copy->from_name);
	return code;
}

static int write_all(
	const struct index_copy *copy, const struct plan *p, struct err *e)
{
	struct writer w = {.copy = copy, .in_turn = true};
	uint8_t digest[DIGEST];
	struct source s;
	int code = source_open(&s, copy, false, e);

	w.version = s.header.version;
	w.digest = digest_sha1();
	if (code == 0)
		code = put_all(&w, &s, p, e);
	flush(&w);
	digest_end(w.digest, digest);
	if (w.err.code == 0)
		file_write(copy->to, digest, DIGEST, copy->to_name, &w.err);
	if (code == 0 && w.err.code != 0 && e != NULL)
		*e = w.err;
	if (code == 0)
		code = w.err.code;
	source_close(&s);
	buf_fini(&w.few);
	buf_fini(&w.path);
	return code;
}

int index_copy(const struct index_copy *c, const struct index_new *news,
	size_t n, struct err *e)
{
	struct plan p = {.news = news, .n = n};
	int code = plan_all(&p, c, e);

	if (code == 0)
		code = write_all(c, &p, e);
	buf_fini(&p.folder);
	free(p.fates);
	return code;
}
