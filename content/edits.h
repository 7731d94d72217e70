#ifndef CONTENT_EDITS_H
#define CONTENT_EDITS_H

#include "base/arena.h"

/* A piece of a text that becomes another; n is 0 where it is put in. */
struct edit {
	size_t start;
	size_t n;
	struct str text; /* borrowed */
};

/* Changes to one text, in order and apart from each other.  Zeroed: none. */
struct edits {
	struct edit *items; /* owned */
	size_t n;
	size_t cap;
};

void edits_add(struct edits *e, size_t start, size_t n, struct str text);

/* in changed; all else stays byte for byte.  Takes the changes. */
struct str edits_apply(struct edits *e, struct arena *a, struct str in);

#endif
