#ifndef STORE_STAGED_EVENTS_H
#define STORE_STAGED_EVENTS_H

#include <stddef.h>

#include "base/arena.h"
#include "store/state.h"

/*
 * What is to be told in the sync log once a commit is made: a list, since
 * nobody asks for one of them.  Zeroed, it is empty.  As staged_reads, it
 * takes part in no transaction, and is cleared once that has ended well.
 */
struct staged_events {
	size_t n, cap;
	struct state_event *items;
	struct arena arena; /* of their texts */
};

void staged_events_add(
	struct staged_events *s, const struct state_event *event);

/* Record them all; inside of a transaction. */
int staged_events_apply(
	const struct staged_events *s, struct state *state, struct err *e);

/* Forget all of it. */
void staged_events_clear(struct staged_events *s);

#endif
