#ifndef DAEMON_SLOW_H
#define DAEMON_SLOW_H

#include "daemon/batches.h"
#include "daemon/listing.h"

/*
 * What a slow full read goes through, slice by slice, from pass to pass.
 * Zeroed, none is on.
 */
struct slow_list {
	bool open;
	size_t n, next;
	int64_t *ids;  /* owned, ascending */
	int64_t at;    /* monotonic: the next slice, not before */
	int64_t ended; /* wall clock: of the last read of everything; or 0 */
};

struct slow;
typedef void slow_done_fn(struct slow *s);

/*
 * One slice: the list of all ids, or the next some of their work packages,
 * one request at a time.  What is as it is known costs nothing more.  Zero
 * it, set the first part.
 */
struct slow {
	struct sync *sync;
	struct items *items;
	struct slow_list *list; /* the slice's end is in list->next */

	struct err err; /* result */

	/* Private. */
	slow_done_fn *done;
	bool listing_on, canceled;
	size_t n;
	int64_t from; /* of the ids: those behind it, after a restart */
	struct job job;
	struct listing listing;
	struct batches batches;
};

/* done() runs exactly once, later, on the loop's thread. */
void slow_start(struct slow *s, slow_done_fn *done);
void slow_continue(struct slow *s); /* room among the items */
void slow_cancel(struct slow *s);   /* done() still comes */

/* What the state remembers: the last id that was read, when all was. */
#define SLOW_NEXT "slow.next"
#define SLOW_ENDED "slow.ended"

int slow_load(struct slow_list *list, struct state *state, struct err *e);
void slow_fini(struct slow_list *list);

/* Where the list is: nothing at its end. */
void slow_put(const struct slow_list *list, struct buf *out);

/*
 * Microseconds from now until the next slice may be read: when the last read
 * of everything is long ago, at the time of the day that schedule: full: says
 * (of the local clock), and as server: share: lets it.  INT64_MAX: never.
 */
int64_t slow_wait(const struct slow_list *list, const struct config *c);

/* A slice took that long: pause. */
void slow_pause(struct slow_list *list, const struct config *c, int64_t busy);

#endif
