#ifndef DAEMON_PUSH_H
#define DAEMON_PUSH_H

#include "daemon/config.h"
#include "daemon/worker.h"
#include "store/store.h"

/*
 * Commits on their way to a remote, and what others pushed there on its way
 * into the store.  One flow; it goes on until all that is committed is there.
 */
struct push;

struct push_host {
	uv_loop_t *loop;
	struct worker *worker;
	struct store *store;
	void *arg;
	/*
	 * May the branch be moved now?  If not (a pass runs), push_continue()
	 * says when.  Between true and followed() no pass may begin.
	 */
	bool (*may_follow)(void *arg);
	/* again: the state was behind, everything is to be read. */
	void (*followed)(void *arg, bool again);
	void (*made_again)(void *arg); /* the state, on the worker's thread */
	/* Nothing is under way any more: all is pushed, or it waits. */
	void (*idle)(void *arg);
};

/* NULL where the configuration names no remote. */
struct push *push_new(
	const struct push_host *host, const struct config *config);

/* Before the first pass: fetch, and follow; then idle(). */
void push_begin(struct push *p);

/*
 * There may be something to be pushed (after a pass).  After a failure that
 * waits for its time, unless fetch, which looks at the remote first.
 */
void push_now(struct push *p, bool fetch);

/* No pass runs now, so that the branch may be moved. */
void push_continue(struct push *p);

/* What was wrong the last time; code 0: nothing. */
const struct err *push_fault(const struct push *p);

/* Commits that are not there yet, as far as is known. */
int64_t push_pending(const struct push *p);

/* Members of status: "push":{…}, or null. */
void push_report(const struct push *p, struct buf *out);

/* End, with its child; *owner, which may be NULL, is so when it is gone. */
void push_close(struct push **owner);

#endif
