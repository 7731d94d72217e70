#ifndef DAEMON_LISTING_H
#define DAEMON_LISTING_H

#include "daemon/sync.h"

struct listing;
typedef void listing_done_fn(struct listing *l);

/*
 * The ids of all work packages in scope, or of those changed within a range,
 * as one consistent list.  Zero it, set the first part.
 */
struct listing {
	struct sync *sync;
	bool once;   /* where the first page fails it is not tried again */
	bool ranged; /* only those changed in [low, high] */
	int64_t low, high;
	bool twice; /* since one made and one gone leave total as it was */

	struct err err;    /* result */
	struct ids ids;    /* result, ascending; owned until listing_fini() */
	int64_t n_lacking; /* that the server counts, and never lists; few */

	/* Private. */
	listing_done_fn *done;
	struct api_request request;
	bool canceled;
	int walks;       /* that did not count, */
	size_t n_before; /* and the ids of those */
	int offset;
	int64_t last; /* the highest id of this walk, */
	int64_t total;
	bool moved;      /* and whether total did */
	bool same;       /* all walks saw the same, with the same total */
	int64_t counted; /* by the walk before */
};

/* done() runs exactly once, later, on the loop's thread. */
void listing_start(struct listing *l, listing_done_fn *done);
void listing_cancel(struct listing *l); /* done() still comes */
void listing_fini(struct listing *l);

#endif
