#ifndef DAEMON_TOKEN_COMMAND_H
#define DAEMON_TOKEN_COMMAND_H

#include "base/stamp.h"
#include "daemon/child.h"

/* What waits for the key stands still: not for long. */
#define TOKEN_COMMAND_TIME (30 * STAMP_SECOND)

struct token_command;
typedef void token_command_done_fn(struct token_command *t);

/*
 * The command that says the server's key, run by a shell; what it writes to
 * standard error is logged.  Zero it, set the first part.
 */
struct token_command {
	uv_loop_t *loop;
	const char *command; /* borrowed until done() */
	int64_t timeout;     /* microseconds */

	/*
	 * Result: ERR_AGAIN if it cannot be run, has no end in time or fails,
	 * for it may ask a vault that is not up yet; ERR_CONFIG if it says more
	 * than a key can have.
	 */
	struct err err;
	struct buf said; /* at most CONFIG_TOKEN_MOST bytes */

	/* Private. */
	token_command_done_fn *done;
	struct child child;
	char *argv[4];
};

/* done() runs exactly once, later, on the loop's thread. */
void token_command_start(struct token_command *t, token_command_done_fn *done);
void token_command_kill(struct token_command *t); /* while it runs */
void token_command_fini(struct token_command *t); /* wipes what it said */

#endif
