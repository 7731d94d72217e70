#ifndef DAEMON_BATCHES_H
#define DAEMON_BATCHES_H

#include "daemon/lane.h"

struct batches;
typedef void batches_done_fn(struct batches *b);

#define BATCHES_ASKED 2 /* at a time: more gains nothing on a real server */
#define BATCHES_LANES 4 /* with those that are here and wait to be mapped */

/*
 * Whole work packages by their ids, in batches, two asked for at a time.  Zero
 * it, set the first part.
 */
struct batches {
	struct sync *sync;
	struct items *items;
	bool forced;
	bool single; /* one at a time */
	bool doubt;  /* the server failed at a list with them, */
	bool again;  /* and at each of them alone */
	size_t n;
	const int64_t *ids; /* borrowed until done() */

	/*
	 * Result.  vanished: ids that the server refuses: deleted meanwhile,
	 * or hidden; owned until batches_fini().  ERR_QUERY: it refuses the
	 * scope, of which a project is gone.
	 */
	struct err err; /* of all, not of one work package */
	struct ids vanished;
	struct ids failed; /* the server fails at a list with one of them;
			      owned until then, too */

	/* Private. */
	batches_done_fn *done;
	size_t next; /* the first id not asked for yet */
	size_t most; /* ids a batch */
	size_t n_stack, cap_stack;
	struct batches_range *stack; /* halves of refused batches */
	size_t n_good, n_bad;        /* lists; bad: the server failed at them */
	struct batches_lane {
		struct batches *batches;
		struct lane lane;
		size_t start, n;
		bool failing; /* what follows is for a list that failed */
		struct api_request probe;
		struct job job;
		struct err job_err;
	} lanes[BATCHES_LANES];
	bool canceled, ended;
};

/* done() runs exactly once, later, on the loop's thread. */
void batches_start(struct batches *b, batches_done_fn *done);

/* There may be room among the items: go on. */
void batches_continue(struct batches *b);
void batches_cancel(struct batches *b); /* done() still comes */
void batches_fini(struct batches *b);

#endif
