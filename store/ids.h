#ifndef STORE_IDS_H
#define STORE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/util.h"

/* Ids that are gathered.  Zeroed, it is empty. */
struct ids {
	size_t n, cap;
	int64_t *items; /* owned: free() */
};

/* A callback, as a staged_reads_fn. */
static inline void ids_add(void *arg, int64_t id)
{
	struct ids *ids = arg;

	ids->items = grow(ids->items, ids->n, &ids->cap, sizeof(*ids->items));
	ids->items[ids->n++] = id;
}

static inline int ids_compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* Put in order, each once; gives how many are left. */
static inline size_t ids_distinct(int64_t *ids, size_t n)
{
	size_t kept = 0;

	if (n > 0)
		qsort(ids, n, sizeof(*ids), ids_compare);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || ids[i] != ids[kept - 1])
			ids[kept++] = ids[i];
	return kept;
}

/* Is it one of these, which are in order? */
static inline bool ids_have(const int64_t *ids, size_t n, int64_t id)
{
	return ids != NULL &&
	       bsearch(&id, ids, n, sizeof(id), ids_compare) != NULL;
}

/* The same of ids in any order. */
static inline bool ids_contain(const int64_t *ids, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (ids[i] == id)
			return true;
	return false;
}

/* Where it is, or belongs, among structs that begin with their id, in order. */
static inline size_t ids_place_of(
	const void *structs, size_t n, size_t size, int64_t id)
{
	size_t low = 0;
	size_t high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const void *one = (const char *)structs + middle * size;

		if (*(const int64_t *)one < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static inline size_t ids_place(const int64_t *ids, size_t n, int64_t id)
{
	return ids_place_of(ids, n, sizeof(*ids), id);
}

#endif
