#ifndef TESTS_OPENPROJECT_BODY_H
#define TESTS_OPENPROJECT_BODY_H

#include <stdint.h>

#include "base/buf.h"

/*
 * Bytes that many may hold at once, on any thread: a list that is being sent
 * keeps the texts of its elements while an edit already put others in their
 * place.
 */
struct text;

struct text *text_new(const void *p, size_t n) __attribute__((returns_nonnull));

/* As text_new(), and b is empty then. */
struct text *text_take(struct buf *b) __attribute__((returns_nonnull));
struct text *text_hold(struct text *t) __attribute__((returns_nonnull));
void text_drop(struct text *t); /* accepts NULL */
struct str text_str(const struct text *t);

/* A number that differs where the bytes differ. */
uint64_t text_hash(const struct text *t);

/* A piece of a body: of a text that it holds, or, without, of the program. */
struct part {
	struct text *text;
	struct str bytes;
};

/* What is sent: pieces in a row, none of them copied.  Zeroed, it is empty. */
struct body {
	size_t n;
	size_t cap;
	struct part *parts;
	size_t size;   /* bytes of all parts */
	uint64_t hash; /* of all parts */
};

void body_fini(struct body *b);                /* drops all, and zeroes b */
void body_add(struct body *b, struct text *t); /* holds t */
void body_add_buf(struct body *b, struct buf *bytes); /* empties bytes */

/* Bytes that outlive every body. */
void body_add_static(struct body *b, struct str bytes);

/* All bytes in a row. */
void body_write(const struct body *b, struct buf *out);

#endif
