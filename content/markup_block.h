#ifndef CONTENT_MARKUP_BLOCK_H
#define CONTENT_MARKUP_BLOCK_H

#include "base/arena.h"
#include "base/str.h"
#include "content/body_walk.h"
#include "content/edits.h"

/* A text of which markdown is made. */
struct converting {
	struct arena *arena;
	struct str body;
	size_t in_front; /* bytes put in front of new lines so far */
	struct edits edits;
};

/* Make a span of HTML markdown, if it can be. */
void markup_block(struct converting *c, struct span span);

/* Where the line begins that at is in. */
size_t markup_line_start(struct str body, size_t at);

/*
 * What a further line of a block needs in front, by its first line, which
 * begins at start: quotes' marks, and spaces for those of lists.
 */
struct str markup_prefix(struct converting *c, size_t start, size_t at);

/* Is there room for another n bytes in front of lines? */
bool markup_spend(struct converting *c, size_t n);

#endif
