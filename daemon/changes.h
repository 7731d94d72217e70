#ifndef DAEMON_CHANGES_H
#define DAEMON_CHANGES_H

#include "daemon/batches.h"
#include "daemon/lane.h"
#include "daemon/listing.h"

struct changes;
typedef void changes_done_fn(struct changes *c);

/*
 * The work packages changed since a moment, read to the end.  Zero it, set
 * the first part.
 */
struct changes {
	struct sync *sync;
	struct items *items;
	int64_t low; /* stamp, inclusive */

	struct err err;  /* result */
	int64_t newest;  /* the newest updatedAt seen, or 0 */
	int64_t n_shown; /* elements that came */

	/* Private. */
	changes_done_fn *done;
	struct changes_lane {
		struct changes *changes;
		struct lane lane;
	} lanes[2];
	bool more; /* a page from low is to be asked for */
	bool tied; /* those of the one moment low come by their ids */
	bool canceled, ended;
	struct listing listing;
	struct batches batches;
};

/* done() runs exactly once, later, on the loop's thread. */
void changes_start(struct changes *c, changes_done_fn *done);
void changes_continue(struct changes *c); /* room among the items */
void changes_cancel(struct changes *c);   /* done() still comes */
void changes_fini(struct changes *c);

#endif
