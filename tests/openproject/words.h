#ifndef TESTS_OPENPROJECT_WORDS_H
#define TESTS_OPENPROJECT_WORDS_H

#include "base/buf.h"

#define N_WORDS 4096

/* A source of numbers, and of texts made of syllables. */
struct words {
	uint64_t state;
	char list[N_WORDS][16];
};

void words_init(struct words *g, unsigned long seed);
uint64_t words_draw(struct words *g);
size_t words_below(struct words *g, size_t n);
void words_add(struct words *g, struct buf *out, size_t n);

/*
 * A description in markdown and in HTML, both as they stand between the
 * quotes of JSON.
 */
void words_description(struct words *g, struct buf *raw, struct buf *html);

#endif
