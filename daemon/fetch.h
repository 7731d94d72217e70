#ifndef DAEMON_FETCH_H
#define DAEMON_FETCH_H

#include <sys/queue.h>

#include "daemon/sync.h"

struct fetch;
typedef void fetch_done_fn(struct fetch *f);
TAILQ_HEAD(fetches, fetch);

/*
 * What all contents on their way may take of the memory: those for which
 * there is no room wait in order.
 */
struct fetch_room {
	size_t taken; /* bytes */
	struct fetches waiting;
	struct fetches arrived; /* small ones that are not made yet */
	size_t n_arrived;
	size_t n_ahead; /* that are, or are being made, and not staged yet */
};

void fetch_room_init(struct fetch_room *room);

/*
 * The content of one attachment, from the server into the open batch of the
 * store.  Zero it, set the first part.
 */
struct fetch {
	struct sync *sync;
	struct fetch_room *room;
	int64_t work_package;
	int64_t project_id; /* of it */
	struct mapper_need need;
	void *owner; /* the caller's own */
	/*
	 * Called on the worker's thread when it is staged, unless NULL: what
	 * comes next there needs no job of its own.  done() still follows.
	 */
	fetch_done_fn *staged;

	struct err err; /* result: code 0 if it is staged */

	/* Private. */
	fetch_done_fn *done;
	TAILQ_ENTRY(fetch) link;
	bool waits;  /* for room, linked */
	size_t held; /* of the room */
	struct api_request request;
	struct job job;
	struct buf arrived; /* loop's: not yet given to the worker */
	struct buf chunk;   /* worker's, while the job runs */
	struct buf lent;    /* to the content: the chunk before */
	bool busy;          /* the job, or what comes before, is under way */
	bool paused;
	bool restarted; /* since the last job was given */
	bool ended;     /* the request is done */
	int tries;      /* of contents with a wrong digest */
	bool restart;   /* job's: what came before does not count */
	bool last;      /* job's: the content ends with this chunk */
	bool drop;      /* job's: forget the content */
	bool whole;     /* job's: the content is made of all its bytes */
	struct err job_err;
	struct store_content *content; /* worker's */
};

/* done() runs exactly once, later, on the loop's thread. */
void fetch_start(struct fetch *f, fetch_done_fn *done);
void fetch_cancel(struct fetch *f); /* done() still comes */
void fetch_fini(struct fetch *f);   /* not while it runs */

#endif
