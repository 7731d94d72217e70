#ifndef CONTENT_PLACES_H
#define CONTENT_PLACES_H

#include "base/arena.h"

/*
 * Paths that are taken, each by somebody: of two none is the other, nor a
 * folder of it.  Zeroed but for the arena, there are none.
 */
struct places {
	struct arena *arena;
	void *root; /* owned */
};

/*
 * Take a path, which is folded and borrowed, if it is free: gives by then, and
 * otherwise who has it, or what is in its way.
 */
const void *places_take(struct places *p, struct str folded, const void *by);

void places_fini(struct places *p);

#endif
