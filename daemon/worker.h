#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

/*
 * The one thread beside the loop: all that blocks or computes (SQLite, git,
 * files, parsing, mapping) runs there, in the order in which it was given.
 */
struct worker;
struct job;
typedef void job_fn(struct job *job);

/*
 * A piece of work, embedded in the flow that waits for it.  run() runs on
 * the worker's thread, then done() on the loop's, where the job may be given
 * again or freed.
 */
struct job {
	job_fn *run;
	job_fn *done;
	bool shares; /* with its neighbours, what rest() ends */

	/* Private. */
	struct job *next;
};

/* Start the thread.  The worker keeps the loop alive while it has jobs. */
struct worker *worker_new(uv_loop_t *loop);

/*
 * What is called on the worker's thread after each job, before its done():
 * but not between two jobs that share, when the second waits already.  Before
 * the first job is given.
 */
void worker_set_rest(struct worker *w, void (*rest)(void *arg), void *arg);

void worker_give(struct worker *w, struct job *job);

/* The same, with the job made of these two; and one that shares. */
void worker_run(struct worker *w, struct job *job, job_fn *run, job_fn *done);
void worker_share(struct worker *w, struct job *job, job_fn *run, job_fn *done);

/* Jobs given whose done() has not run yet.  Loop thread. */
size_t worker_pending(const struct worker *w);

/* Jobs done so far.  Loop thread. */
uint64_t worker_done(const struct worker *w);

/*
 * Let the thread end (no job may be pending), close the handle, and free w when
 * the loop has run.
 */
void worker_close(struct worker *w);

#endif
