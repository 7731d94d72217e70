#ifndef DAEMON_RELATE_H
#define DAEMON_RELATE_H

#include "daemon/pages.h"
#include "daemon/sync.h"

struct relate;
typedef void relate_done_fn(struct relate *r);

/*
 * Ask for the relations of work packages whose documents read them: of those
 * that are shown, or of those of which none are known yet or whose project is
 * shown again.  Of what is not shown the server tells none, which says nothing.
 * Where they changed, documents become stale.  Zero it, set the first part.
 */
struct relate {
	struct sync *sync;
	const struct ids *shown; /* in order, not owned; or NULL */
	const struct ids *back;  /* projects, not owned; or NULL */

	struct err err; /* result */
	size_t n;       /* work packages that were asked about */
	bool gave_up;   /* the server fails at all: some were not */

	/* Private. */
	relate_done_fn *done;
	struct api_request request;
	struct job job;
	bool canceled;
	int64_t *ids; /* owned */
	size_t next;
	size_t n_asked;     /* from there on, in a request */
	bool shorter;       /* more were refused as too many */
	bool once;          /* a list failed: none has all tries */
	size_t n_bad;       /* at which it failed alone, one after the other */
	struct pages pages; /* of one batch */
};

/* done() runs exactly once, later, on the loop's thread. */
void relate_start(struct relate *r, relate_done_fn *done);
void relate_cancel(struct relate *r); /* done() still comes */
void relate_fini(struct relate *r);

#endif
