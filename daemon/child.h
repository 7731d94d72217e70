#ifndef DAEMON_CHILD_H
#define DAEMON_CHILD_H

#include <uv.h>

#include "base/buf.h"
#include "base/err.h"

struct child;
typedef void child_done_fn(struct child *c);

/*
 * A program that runs beside the daemon: with an environment of its own, no
 * terminal, in a process group of its own, for a limited time.  Zero it, set
 * the first part.
 */
struct child {
	uv_loop_t *loop;
	char *const *argv;  /* borrowed until done(); argv[0] is looked up */
	char *const *env;   /* borrowed likewise */
	const char *folder; /* to run in; NULL: ours */
	struct buf input;   /* owned: its standard input, */
	int input_fd;       /* or a file, closed by the caller; 0: none */
	int64_t timeout;    /* microseconds */

	/* Result: code 0 if it ended with status 0. */
	struct err err;
	int status; /* its exit status; -1: killed, or never started */
	bool timed_out;
	struct buf out, errors; /* what it said, the first 64 KiB of each */

	/* Private. */
	child_done_fn *done;
	uv_process_t process;
	uv_pipe_t pipes[3];
	uv_timer_t timer;
	uv_write_t write;
	unsigned n_handles;
	bool running;
	int signal;
};

/* done() runs exactly once, later, on the loop's thread. */
void child_start(struct child *c, child_done_fn *done);
void child_kill(struct child *c); /* with all that it started */
void child_fini(struct child *c); /* not while it runs; zeroes it */

#endif
