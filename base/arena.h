#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/str.h"
#include "base/util.h"

struct arena_chunk;
struct buf;

/*
 * Memory that is given piece by piece and freed as a whole.  Zeroed, it is
 * empty.  What it gives lives until arena_reset() or arena_fini().
 */
struct arena {
	struct arena_chunk *chunks; /* newest first */
	size_t used;                /* of the newest */
	size_t total;               /* bytes given since the last reset */
};

void arena_fini(struct arena *a);
void arena_reset(struct arena *a); /* forget all, keep one chunk */

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size)
	__attribute__((returns_nonnull));

/* The same for who writes to all of it: not zeroed. */
void *arena_bytes(struct arena *a, size_t size)
	__attribute__((returns_nonnull));

/*
 * Room for one more item in an array that doubles: gives items or its new
 * place, and raises *cap.  The new items are zeroed.
 */
void *arena_grow(struct arena *a, void *items, size_t n, size_t *cap,
	size_t item_size) __attribute__((returns_nonnull));

/* A copy that is also NUL-terminated; STR_NONE stays STR_NONE. */
struct str arena_str(struct arena *a, struct str s);
struct str arena_int(struct arena *a, long long v);
struct str arena_printf(struct arena *a, const char *fmt, ...)
	PRINTF_LIKE(2, 3);

/* A copy of what b holds, which is freed and empty from then on. */
struct str arena_take(struct arena *a, struct buf *b);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (n)))

#endif
