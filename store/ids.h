#ifndef STORE_IDS_H
#define STORE_IDS_H

#include <stddef.h>
#include <stdint.h>

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

#endif
