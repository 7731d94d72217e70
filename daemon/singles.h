#ifndef DAEMON_SINGLES_H
#define DAEMON_SINGLES_H

#include "daemon/sync.h"
#include "store/ids.h"

#define SINGLES_ASKED 4 /* at a time, where the client lets them */

struct singles;
typedef void singles_path_fn(struct buf *out, int64_t id);
typedef void singles_done_fn(struct singles *s);

/* Take an answer (STR_NONE: it is not there), on the worker's thread. */
typedef int singles_take_fn(
	struct singles *s, int64_t id, struct str answer, struct err *e);

/*
 * What no list gives, asked for by the ids.  One that the server fails at,
 * refuses, or gives in a form that cannot be read is left for the next time: it
 * is not to keep the others.  Zero it, set the first part.
 */
struct singles {
	struct sync *sync;
	const struct ids *ids; /* not owned */
	singles_path_fn *path;
	singles_take_fn *take;
	const char *spare; /* what they are, where it is no error that the
			      server fails at one after the other: the rest is
			      left, too; or NULL */

	struct err err; /* result */

	/* Private. */
	singles_done_fn *done;
	size_t next;        /* the first that was not asked for yet */
	size_t n_asked;     /* on their way */
	size_t n_failed;    /* one after the other; */
	struct err despair; /* at the last of too many */
	bool canceled;
	struct single {
		struct singles *singles; /* NULL: free */
		int64_t id;
		struct err err; /* of what was taken */
		struct api_request request;
		struct job job;
	} asked[SINGLES_ASKED];
};

/*
 * done() runs exactly once, on the loop's thread: at once where there are no
 * ids.
 */
void singles_start(struct singles *s, singles_done_fn *done);
void singles_cancel(struct singles *s); /* done() still comes */

#endif
