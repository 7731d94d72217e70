/*
 * index_copy - git's index once more, with some entries changed.
 *
 *   walk --> what becomes of each entry, how many there will be
 *   walk --> header, entries as they are with new ones between them
 *            --> what extensions still hold --> digest
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

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "base/util.h"
#include "store/files.h"
#include "store/index_walk.h"

#define FEW ((size_t)256 << 10) /* stays in a cache */
#define FIXED INDEX_IMAGE_FIXED
#define DIGEST INDEX_IMAGE_DIGEST

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
	struct index_walk walk;
	struct index_image_entry entry;
	int code = index_walk_begin(
		&walk, copy->from, copy->from_name, copy->check, e);

	if (code == 0)
		p->fates =
			xcalloc(walk.header.n + (size_t)1, sizeof(*p->fates));
	for (uint32_t i = 0; code == 0 && i < walk.header.n; i++) {
		code = index_walk_next(&walk, &entry, e);
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
		code = index_walk_end(&walk, e);
	index_walk_fini(&walk);
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
	if (w->few.n >= FEW)
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

	put_be32(header + 4, w->version);
	put_be32(header + 8, n);
	put(w, header, sizeof(header));
}

static int put_entries(struct writer *w, struct index_walk *walk,
	const struct plan *p, struct err *e)
{
	struct index_image_entry entry;
	size_t k = 0;
	int code = 0;

	for (uint32_t i = 0; code == 0 && i < walk->header.n; i++) {
		code = index_walk_next(walk, &entry, e);
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
static bool put_extensions(struct writer *w, const struct index_walk *walk)
{
	const uint8_t *p = walk->reader.p;
	struct str x;

	while (p < walk->reader.end) {
		if (!index_image_extension(&p, walk->reader.end, &x) ||
			!index_image_is_optional(x))
			return false;
		if (str_starts(x, STR("REUC")) || str_starts(x, STR("NAME")))
			put(w, x.p, x.n);
	}
	return true;
}

static int put_all(struct writer *w, struct index_walk *walk,
	const struct plan *p, struct err *e)
{
	int code;

	put_header(w, p->n_entries);
	code = put_entries(w, walk, p, e);
	if (code == 0)
		code = index_walk_rest(walk, e);
	if (code == 0 && !put_extensions(w, walk))
		code = err_set(e, ERR_IO,
			"cannot write %s: it has what must be understood and "
			"is unknown here",
			w->copy->from_name);
	return code;
}

static int write_all(
	const struct index_copy *copy, const struct plan *p, struct err *e)
{
	struct writer w = {.copy = copy, .in_turn = true};
	uint8_t digest[DIGEST];
	struct index_walk walk;
	int code =
		index_walk_begin(&walk, copy->from, copy->from_name, false, e);

	w.version = walk.header.version;
	w.digest = digest_sha1();
	if (code == 0)
		code = put_all(&w, &walk, p, e);
	flush(&w);
	digest_end(w.digest, digest);
	if (w.err.code == 0)
		file_write(copy->to, digest, DIGEST, copy->to_name, &w.err);
	if (code == 0 && w.err.code != 0 && e != NULL)
		*e = w.err;
	if (code == 0)
		code = w.err.code;
	index_walk_fini(&walk);
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
