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
	const char *program; /* NULL: argv[0], which is looked up */
	char *const *argv;   /* borrowed until done() */
	char *const *env;    /* borrowed likewise; NULL: ours */
	const char *folder;  /* to run in; NULL: ours */
	struct buf input;    /* owned: its standard input, */
	int input_fd;        /* or a file, closed by the caller; 0: none */
	int64_t timeout;     /* microseconds */
	/* What it writes to standard output, as it comes; NULL: into out. */
	void (*heard)(struct child *c, struct str bytes);

	/* Result: code 0 if it ended with status 0. */
	struct err err;
	int status; /* its exit status; -1: killed, or never started */
	int signal; /* that killed it, or 0 */
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
};

/* done() runs exactly once, later, on the loop's thread. */
void child_start(struct child *c, child_done_fn *done);
void child_kill(struct child *c); /* with all that is in its group */

/* Hear no more of it for now, so that it waits, if it runs; or go on. */
void child_hold(struct child *c);
void child_go_on(struct child *c);
void child_fini(struct child *c); /* not while it runs; zeroes it */

#endif
