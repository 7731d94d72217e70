/*
 * arena - memory that is given piece by piece and freed as a whole.
 *
 * Chunks of 32 KiB, or of the size asked for where that is more.  A reset
 * keeps one chunk, so that a loop over work packages soon allocates nothing.
 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define CHUNK_SIZE ((size_t)32 * 1024)
#define ALIGN _Alignof(max_align_t)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size;
	max_align_t bytes[];
};

void arena_fini(struct arena *a)
{
	while (a->chunks != NULL) {
		struct arena_chunk *next = a->chunks->next;

		free(a->chunks);
		a->chunks = next;
	}
	*a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
	struct arena_chunk *keep = NULL;

	while (a->chunks != NULL) {
		struct arena_chunk *next = a->chunks->next;

		if (keep == NULL && a->chunks->size == CHUNK_SIZE)
			keep = a->chunks;
		else
			free(a->chunks);
		a->chunks = next;
	}
	if (keep != NULL)
		keep->next = NULL;
	*a = (struct arena){.chunks = keep};
}

static void add_chunk(struct arena *a, size_t at_least)
{
	size_t size = at_least > CHUNK_SIZE ? at_least : CHUNK_SIZE;
	struct arena_chunk *c = xmalloc(sizeof(*c) + size);

	c->size = size;
	c->next = a->chunks;
	a->chunks = c;
	a->used = 0;
}

void *arena_bytes(struct arena *a, size_t size)
{
	size_t n = (size + ALIGN - 1) / ALIGN * ALIGN;
	void *p;

	if (a->chunks == NULL || a->chunks->size - a->used < n)
		add_chunk(a, n);
	p = (char *)a->chunks->bytes + a->used;
	a->used += n;
	a->total += n;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(arena_bytes(a, size), 0, size);
}

void *arena_grow(
	struct arena *a, void *items, size_t n, size_t *cap, size_t item_size)
{
	void *more;

	if (n < *cap)
		return items;
	*cap = *cap > 0 ? *cap * 2 : 8;
	more = arena_alloc(a, *cap * item_size);
	return n > 0 ? memcpy(more, items, n * item_size) : more;
}

struct str arena_str(struct arena *a, struct str s)
{
	char *p;

	if (s.p == NULL)
		return STR_NONE;
	p = arena_bytes(a, s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return (struct str){p, s.n};
}

struct str arena_int(struct arena *a, long long v)
{
	char bytes[STR_INT];

	return arena_str(a, str_int(bytes, v));
}

struct str arena_printf(struct arena *a, const char *fmt, ...)
{
	char some[128];
	va_list ap;
	int n;
	char *p;

	va_start(ap, fmt);
	n = vsnprintf(some, sizeof(some), fmt, ap);
	va_end(ap);
	if (n < 0)
		return STR("");
	if ((size_t)n < sizeof(some))
		return arena_str(a, (struct str){some, (size_t)n});
	p = arena_bytes(a, (size_t)n + 1);
	va_start(ap, fmt);
	vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return (struct str){p, (size_t)n};
}

struct str arena_take(struct arena *a, struct buf *b)
{
	struct str s = arena_str(a, buf_str(b));

	buf_fini(b);
	return s;
}
