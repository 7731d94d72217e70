#ifndef DAEMON_TRIAL_H
#define DAEMON_TRIAL_H

#include "daemon/halving.h"
#include "daemon/pages.h"
#include "daemon/sync.h"

struct trial;
typedef void trial_done_fn(struct trial *t);

/*
 * Has the server what another configuration names?  The names that are
 * remembered may suffice; else it is asked, beside the pass that runs, with the
 * key of that configuration.  Nothing is remembered of the answers.  Zero it,
 * set the first part.
 */
struct trial {
	const struct sync *sync;     /* of the configuration before */
	const struct config *config; /* borrowed until done(), as is its key: */
	const char *token;

	/*
	 * Result: ERR_CONFIG where the server has no such name, or never
	 * showed such a project to us; another if it could not be asked.
	 */
	struct err err;

	/* Private. */
	trial_done_fn *done;
	int step;
	bool canceled;
	bool lacks; /* one of these names is not among those that are here */
	struct err missing;
	struct err left; /* the server failed at some */
	struct api_client *client;
	struct api_request request;
	struct job job;
	struct names names; /* worker's thread */
	struct pages pages;
	size_t n_pairs, next_pair;
	struct api_pair *pairs;
	struct halving halving;
};

/* done() runs exactly once, later, on the loop's thread. */
void trial_start(struct trial *t, trial_done_fn *done);
void trial_cancel(struct trial *t); /* done() still comes */

/*
 * Does it name what the one before does not?  A mapping that differs at all may
 * do so.
 */
bool trial_is_due(const struct config *before, const struct config *now);

#endif
