/*
 * body - what is sent, made of shared pieces, so that a list of 1,000
 * elements costs 1,000 pointers and no copy.
 */
#include "tests/openproject/body.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct text {
	atomic_uint holders;
	uint64_t hash;
	size_t n;
	char *p; /* owned */
};

/* Fast over large texts: eight bytes a step. */
static uint64_t hash_of(const char *p, size_t n, uint64_t h)
{
	const uint64_t k = UINT64_C(0x9e3779b97f4a7c15);

	h ^= n * k;
	for (; n >= 8; n -= 8, p += 8) {
		uint64_t w;

		memcpy(&w, p, 8);
		h = (h ^ w) * k;
		h ^= h >> 29;
	}
	for (; n > 0; n--, p++)
		h = (h ^ (unsigned char)*p) * k;
	return h ^ h >> 32;
}

struct text *text_take(struct buf *b)
{
	struct text *t = xmalloc(sizeof(*t));

	atomic_init(&t->holders, 1);
	t->n = b->n;
	t->p = xrealloc(buf_take(b), t->n + 1);
	t->hash = hash_of(t->p, t->n, 0);
	return t;
}

struct text *text_new(const void *p, size_t n)
{
	struct buf b = {0};

	buf_add(&b, p, n);
	return text_take(&b);
}

struct text *text_hold(struct text *t)
{
	atomic_fetch_add(&t->holders, 1);
	return t;
}

void text_drop(struct text *t)
{
	if (t == NULL || atomic_fetch_sub(&t->holders, 1) > 1)
		return;
	free(t->p);
	free(t);
}

struct str text_str(const struct text *t)
{
	return (struct str){t->p, t->n};
}

uint64_t text_hash(const struct text *t)
{
	return t->hash;
}

static void add_part(struct body *b, struct part part, uint64_t hash)
{
	if (part.bytes.n == 0) {
		text_drop(part.text);
		return;
	}
	b->parts = grow(b->parts, b->n, &b->cap, sizeof(*b->parts));
	b->parts[b->n++] = part;
	b->size += part.bytes.n;
	b->hash = hash_of((const char *)&hash, sizeof(hash), b->hash);
}

void body_add(struct body *b, struct text *t)
{
	add_part(b, (struct part){text_hold(t), text_str(t)}, t->hash);
}

void body_add_buf(struct body *b, struct buf *bytes)
{
	struct text *t = text_take(bytes);

	add_part(b, (struct part){t, text_str(t)}, t->hash);
}

void body_add_static(struct body *b, struct str bytes)
{
	add_part(b, (struct part){NULL, bytes}, bytes.n);
}

void body_write(const struct body *b, struct buf *out)
{
	buf_reserve(out, b->size);
	for (size_t i = 0; i < b->n; i++)
		buf_add_str(out, b->parts[i].bytes);
}

void body_fini(struct body *b)
{
	for (size_t i = 0; i < b->n; i++)
		text_drop(b->parts[i].text);
	free(b->parts);
	*b = (struct body){0};
}
