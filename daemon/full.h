#ifndef DAEMON_FULL_H
#define DAEMON_FULL_H

#include "daemon/batches.h"
#include "daemon/listing.h"
#include "daemon/singles.h"

struct full;
typedef void full_done_fn(struct full *f);

/*
 * Everything that the server shows: all ids, then all work packages, then a
 * look at those that are known here and not shown any more.  Zero it, set
 * the first part.
 */
struct full {
	struct sync *sync;
	struct items *items;
	bool peek;      /* leave no trace: nothing will be committed */
	bool reconcile; /* read only what is not known here, by the ids */

	struct err err; /* result */
	int64_t newest; /* newest updatedAt shown before the read began, or 0 */
	size_t n_planned; /* to be read; 0 before that is known */
	bool older;       /* than what is known here: then all was read */

	/* Private. */
	full_done_fn *done;
	int step;
	bool canceled;
	struct err doubt; /* the server failed at the newest one */
	bool unclaimed;   /* documents go by the list of ids alone */
	bool opened;      /* the state knows of this full read */
	struct api_request request;
	struct job job;
	struct listing listing;
	struct batches batches;
	struct ids todo;      /* of the listed: not read yet by this read */
	struct ids witnesses; /* they show all names, */
	struct ids users;     /* but those of these */
	struct ids missing;   /* known here, not listed, and not gone yet */
	struct singles singles;
};

/* done() runs exactly once, later, on the loop's thread. */
void full_start(struct full *f, full_done_fn *done);
void full_continue(struct full *f); /* room among the items, or none left */
void full_cancel(struct full *f);   /* done() still comes */
void full_fini(struct full *f);

#endif
