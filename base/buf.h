#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/str.h"
#include "base/util.h"

/*
 * Bytes that grow.  Zeroed, it is empty.  Owns p; p[n] is always NUL once
 * anything was added, so p can be read as a string.
 */
struct buf {
	char *p;
	size_t n;
	size_t cap;
};

void buf_fini(struct buf *b);  /* frees, and zeroes b */
void buf_clear(struct buf *b); /* forgets the bytes, keeps the memory */
void buf_grow(struct buf *b, size_t more); /* buf_reserve()'s slow path */
void buf_printf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Room for more bytes, and a NUL. */
static inline void buf_reserve(struct buf *b, size_t more)
{
	if (more >= b->cap - b->n)
		buf_grow(b, more);
}

static inline void buf_add(struct buf *b, const void *bytes, size_t n)
{
	buf_reserve(b, n);
	if (n > 0)
		memcpy(b->p + b->n, bytes, n);
	b->n += n;
	b->p[b->n] = '\0';
}

static inline void buf_add_str(struct buf *b, struct str s)
{
	buf_add(b, s.p, s.n);
}

static inline void buf_puts(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_putc(struct buf *b, char c)
{
	buf_reserve(b, 1);
	b->p[b->n++] = c;
	b->p[b->n] = '\0';
}

/* What the buffer holds, valid until it changes. */
static inline struct str buf_str(const struct buf *b)
{
	return (struct str){b->p != NULL ? b->p : "", b->n};
}

/* Hand the bytes over: the caller owns the (NUL-terminated) result. */
char *buf_take(struct buf *b) __attribute__((returns_nonnull));

#endif
