#ifndef DAEMON_CATCH_UP_H
#define DAEMON_CATCH_UP_H

#include "daemon/batches.h"
#include "daemon/lane.h"
#include "daemon/listing.h"

struct catch_up;
typedef void catch_up_done_fn(struct catch_up *c);

/*
 * The work packages changed since a moment, read to the end.  Zero it, set
 * the first part.
 */
struct catch_up {
	struct sync *sync;
	struct items *items;
	int64_t low;                  /* stamp, inclusive */
	bool wary, named;             /* as in daemon/lane.h */
	struct api_request *answered; /* the list from there, if it is here; its
					 contents are taken; or NULL */

	struct err fault; /* with LANE_FAULT at it; else code 0 */

	struct err err;  /* result */
	int64_t newest;  /* the newest updatedAt seen, or 0 */
	int64_t n_shown; /* elements that came */
	bool whole;      /* one list had them all, none of the future */

	/* Private. */
	catch_up_done_fn *done;
	struct catch_up_lane {
		struct catch_up *catch_up;
		struct lane lane;
	} lanes[2];
	int page;     /* work packages to ask for at once */
	bool more;    /* a page from low is to be asked for */
	int64_t tied; /* those up to then come by their ids; or 0 */
	bool failed;  /* the server did, at a page from low */
	int n_finds;  /* times that this was because of single ones */
	struct api_request request; /* for their ids */
	int64_t *ids;               /* owned */
	bool canceled, ended;
	struct listing listing;
	struct batches batches;
};

/* done() runs exactly once, later, on the loop's thread. */
void catch_up_start(struct catch_up *c, catch_up_done_fn *done);
void catch_up_continue(struct catch_up *c); /* room among the items */
void catch_up_cancel(struct catch_up *c);   /* done() still comes */
void catch_up_fini(struct catch_up *c);

#endif
