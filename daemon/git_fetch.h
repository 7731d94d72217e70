#ifndef DAEMON_GIT_FETCH_H
#define DAEMON_GIT_FETCH_H

#include "daemon/git_child.h"
#include "daemon/worker.h"
#include "store/store.h"

struct git_fetch;
typedef void git_fetch_done_fn(struct git_fetch *f);

/*
 * The branch of a remote, fetched to where store_fetched() says; what it leaves
 * where it fails or is killed is cleared.  Zero it, set the first part.
 */
struct git_fetch {
	uv_loop_t *loop;
	struct worker *worker;
	struct store *store;
	const char *path; /* the store's */
	const struct config_push *from;
	int64_t timeout; /* microseconds */
	bool all;        /* also what should be here already */

	/* Result: its child's. */
	struct git_child git;

	/* Private. */
	git_fetch_done_fn *done;
	struct job job;
	int fd;
	bool canceled;
};

/* done() runs exactly once, later, on the loop's thread. */
void git_fetch_start(struct git_fetch *f, git_fetch_done_fn *done);
void git_fetch_cancel(struct git_fetch *f); /* done() still comes */
void git_fetch_fini(struct git_fetch *f);   /* not while it runs; zeroes it */

#endif
