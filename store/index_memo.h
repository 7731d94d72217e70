#ifndef STORE_INDEX_MEMO_H
#define STORE_INDEX_MEMO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "store/index_image.h"
#include "store/index_walk.h"

#define INDEX_MEMO_STEP ((uint32_t)512 << 10)

/* Where entries begin in the file. */
struct index_places {
	size_t n, cap;
	uint32_t *items;
};

/*
 * What is remembered of git's index as it was written here last, so that few
 * of its entries are found and changed without all of it: a few bytes for a
 * hundred entries.  Nothing is while index is zeroed.
 */
struct index_memo {
	struct stat index;
	uint32_t *blocks; /* where each begins, then where the last ends */
	size_t n_blocks;  /* 0: not learned, or it cannot be */
	struct index_places racy; /* as new as the index */
	bool many_racy;           /* more than are remembered */

	/* The file that was the index before, which may be the next one. */
	struct stat spare; /* zeroed: there is none */
	struct index_places differs;
	/* Of the index's first STEP, 2 * STEP, … bytes; NULL: not known. */
	struct digest **digests;
	size_t n_digests;
};

void index_memo_fini(struct index_memo *m);

/* Forget all but that the index as it was written is this one. */
void index_memo_set(struct index_memo *m, const struct stat *index);
bool index_memo_is(const struct index_memo *m, const struct stat *index);

/*
 * Learn where entries are from a walk through m->index that just began; not
 * what is known, or cannot be.  ERR_IO.
 */
int index_memo_learn(
	struct index_memo *m, struct index_walk *walk, struct err *e);

/* One entry, and the bytes around it. */
struct index_found {
	const struct index_image_entry *entry; /* NULL: there is none */
	uint32_t offset;
	struct index_image image; /* of its block */
	uint8_t *bytes;
};

/*
 * Read the first entry of that path, or the one at an offset, from the file
 * behind fd, which must be m->index, and be learned.  To be disposed of, also
 * after ERR_IO.
 */
int index_memo_find(const struct index_memo *m, int fd, const char *path,
	struct index_found *out, struct err *e);
int index_memo_at(const struct index_memo *m, int fd, uint32_t offset,
	struct index_found *out, struct err *e);
void index_found_fini(struct index_found *f);

void index_places_add(struct index_places *p, uint32_t offset);

/* As new as the index, so that its stat data says nothing. */
bool index_is_racy(
	const struct index_image_file *file, const struct stat *index);

#endif
