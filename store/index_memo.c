/*
 * index_memo - finding few entries of an index that was written here.
 *
 *   learn: all entries -> where each block of them begins, which are racy
 *   find:  halve the blocks, reading one at a time -> an entry in one
 *
 * Version 4 is not learned: its paths continue one another.
 */
#include "store/index_memo.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/files.h"

#define BLOCK 64 /* entries */
#define RACY_MOST 64

static void forget_digests(struct index_memo *m)
{
	for (size_t i = 0; i < m->n_digests; i++)
		if (m->digests[i] != NULL)
			digest_end(m->digests[i], NULL);
	free(m->digests);
}

void index_memo_fini(struct index_memo *m)
{
	forget_digests(m);
	free(m->blocks);
	free(m->racy.items);
	free(m->differs.items);
	*m = (struct index_memo){0};
}

void index_memo_set(struct index_memo *m, const struct stat *index)
{
	index_memo_fini(m);
	m->index = *index;
}

bool index_memo_is(const struct index_memo *m, const struct stat *st)
{
	return file_is_same(&m->index, st);
}

void index_places_add(struct index_places *p, uint32_t offset)
{
	p->items = grow(p->items, p->n, &p->cap, sizeof(*p->items));
	p->items[p->n++] = offset;
}

bool index_is_racy(
	const struct index_image_file *file, const struct stat *index)
{
	int64_t s = (int32_t)file->mtime;

	if (file->size == 0 || !S_ISREG(file->mode))
		return false;
	return s > index->st_mtim.tv_sec ||
	       (s == index->st_mtim.tv_sec &&
		       file->mtime_nsec >= index->st_mtim.tv_nsec);
}

static bool is_racy(
	const struct index_image_entry *entry, const struct stat *index)
{
	struct index_image_file f = index_image_file(entry);

	return index_is_racy(&f, index);
}

/* --- Learning ------------------------------------------------------------- */

static void learn_entry(struct index_memo *m, size_t i,
	const struct index_image_entry *entry, uint32_t offset)
{
	if (i % BLOCK == 0)
		m->blocks[i / BLOCK] = offset;
	m->blocks[i / BLOCK + 1] = offset + entry->n_raw;
	if (m->many_racy || !is_racy(entry, &m->index))
		return;
	m->many_racy = m->racy.n == RACY_MOST;
	index_places_add(&m->racy, offset);
}

int index_memo_learn(
	struct index_memo *m, struct index_walk *walk, struct err *e)
{
	size_t n = walk->header.n;
	struct index_image_entry entry;
	int code = 0;

	if (m->n_blocks > 0 || n == 0 || walk->header.version == 4 ||
		m->index.st_size > UINT32_MAX)
		return 0;
	free(m->blocks);
	m->blocks = xcalloc((n + BLOCK - 1) / BLOCK + 1, sizeof(*m->blocks));
	m->racy.n = 0;
	m->many_racy = false;
	for (size_t i = 0; code == 0 && i < n; i++) {
		code = index_walk_next(walk, &entry, e);
		if (code == 0)
			learn_entry(m, i, &entry,
				(uint32_t)index_walk_offset(walk, &entry));
	}
	if (code == 0)
		m->n_blocks = (n + BLOCK - 1) / BLOCK;
	return code;
}

/* --- Finding -------------------------------------------------------------- */

static int load(const struct index_memo *m, int fd, size_t block,
	struct index_found *out, struct err *e)
{
	uint32_t from = m->blocks[block];
	uint32_t n = m->blocks[block + 1] - from;
	int r;

	index_found_fini(out);
	out->bytes = xmalloc(n);
	r = file_pread(fd, out->bytes, n, from, "the index", e);
	return r == 0 ? index_image_read_part(&out->image, out->bytes, n, e)
		      : r;
}

static int compare(const struct index_image_entry *entry, const char *path)
{
	return str_cmp((struct str){entry->path, entry->n_path}, str_of(path));
}

int index_memo_find(const struct index_memo *m, int fd, const char *path,
	struct index_found *out, struct err *e)
{
	size_t low = 0;
	size_t high = m->n_blocks;

	*out = (struct index_found){0};
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct index_image *x = &out->image;
		int r = load(m, fd, middle, out, e);

		if (r != 0)
			return r;
		if (compare(&x->items[0], path) > 0) {
			high = middle;
			continue;
		}
		for (size_t i = 0; i < x->n; i++) {
			if (compare(&x->items[i], path) != 0)
				continue;
			out->entry = &x->items[i];
			out->offset = m->blocks[middle] +
				      (uint32_t)(x->items[i].raw - out->bytes);
			return 0;
		}
		low = middle + 1;
	}
	return 0;
}

int index_memo_at(const struct index_memo *m, int fd, uint32_t offset,
	struct index_found *out, struct err *e)
{
	size_t block = 0;
	int r;

	*out = (struct index_found){.offset = offset};
	while (m->blocks[block + 1] <= offset)
		block++;
	r = load(m, fd, block, out, e);
	if (r != 0)
		return r;
	out->offset = offset;
	for (size_t i = 0; i < out->image.n; i++)
		if (out->image.items[i].raw ==
			out->bytes + (offset - m->blocks[block]))
			out->entry = &out->image.items[i];
	return 0;
}

void index_found_fini(struct index_found *f)
{
	index_image_fini(&f->image);
	free(f->bytes);
	*f = (struct index_found){0};
}
