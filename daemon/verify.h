#ifndef DAEMON_VERIFY_H
#define DAEMON_VERIFY_H

#include <stdatomic.h>

#include "daemon/git_fetch.h"
#include "daemon/sync.h"

struct verify;
typedef void verify_done_fn(struct verify *v);

/*
 * The repository by git fsck, then what is ours in it: before a full read
 * that compares it with the server.  With repair, what is damaged among the
 * objects is put aside, and what can be saved of it is; a damaged state is
 * mended.  No pass may run.  Zero it, set the first part.
 */
struct verify {
	struct sync *sync;
	bool repair;

	/* Result. */
	struct err err;
	struct buf findings; /* objects, one a line; the caller's to free */
	bool mended;         /* the state is made anew: all is to be read */

	/* Private. */
	verify_done_fn *done;
	int step;
	atomic_bool canceled; /* which a job looks at, too */
	bool at_end;
	struct git_child git;
	struct git_fetch fetch;
	struct job job;
	struct buf objects;        /* that are damaged, by id */
	struct buf packs, indexes; /* paths, one a line */
	int fd;                    /* of a pack that is unpacked; 0: none */
};

/* done() runs exactly once, later, on the loop's thread. */
void verify_start(struct verify *v, verify_done_fn *done);

/*
 * done() still comes, with ERR_CANCELED.  What was put aside is saved before,
 * unless at_end: the next start does it.
 */
void verify_cancel(struct verify *v, bool at_end);
void verify_fini(struct verify *v); /* zeroes it */

#endif
