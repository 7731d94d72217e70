#ifndef DAEMON_SHOW_COMMIT_H
#define DAEMON_SHOW_COMMIT_H

#include "daemon/git_child.h"

struct show_commit;
typedef void show_commit_done_fn(struct show_commit *c);

/*
 * The last commit of what is shown, as git tells, which forgets nothing.
 * Zero it, set the first part.
 */
struct show_commit {
	uv_loop_t *loop;
	const struct config *config; /* borrowed, as the others */
	struct str path;             /* that was asked for, or none */
	struct buf *line; /* of report_show(); gets "last_commit" at its end */

	/* Result: ERR_USAGE if neither state nor git know that path. */
	struct err err;

	/* Private. */
	show_commit_done_fn *done;
	struct git_child git;
	bool unknown;
};

/* done() runs exactly once, later, on the loop's thread. */
void show_commit_start(struct show_commit *c, show_commit_done_fn *done);
void show_commit_cancel(struct show_commit *c); /* done() still comes */

#endif
