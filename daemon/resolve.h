#ifndef DAEMON_RESOLVE_H
#define DAEMON_RESOLVE_H

#include "daemon/halving.h"
#include "daemon/pages.h"
#include "daemon/sync.h"

struct resolve;
typedef void resolve_done_fn(struct resolve *r);

/* An answer that is asked for before its turn. */
struct resolve_ahead {
	struct resolve *resolve;
	struct api_request request;
	bool here;
};

/*
 * Ask the server who we are and what it calls its things, and hold the
 * configuration against that: fills the names and the scope of sync.  Zero
 * it, set sync.
 */
struct resolve {
	struct sync *sync;
	bool strict;  /* a project that the server does not show is an error */
	bool rebuilt; /* documents were made before, by a state that is lost */
	bool proven;  /* the mapping made documents before: names that the
			 server does not have any more are no error; nor are
			 projects that it has shown once, whatever the mapping */

	/*
	 * Result: ERR_CONFIG where the configuration names what the server
	 * does not have.  scope.missing: a project left out for now.
	 */
	struct err err;
	struct names_scope scope;  /* its ids went to sync */
	struct err unknown;        /* the first such name */
	struct err projects_fault; /* the server fails at the list of projects:
				     those that are known hold */
	struct err suspicion;      /* it seems to be another server, or user */

	/* Private. */
	resolve_done_fn *done;
	int step;
	bool canceled;
	bool waits; /* for an answer that was asked for ahead */
	bool ended; /* and waits only for those */
	struct api_request request;
	struct resolve_ahead ahead[2]; /* types, statuses */
	struct job job;
	struct pages pages; /* answers of this step */
	bool seeking;       /* schemas, until each field is found */
	size_t n_all; /* pairs that may be there, the first n_pairs are asked */
	size_t n_pairs, next_pair;
	struct halving halving; /* by so many of them at once */
	struct err left; /* how the server failed at the last that was left */
	struct api_pair *pairs;
};

/* done() runs exactly once, later, on the loop's thread. */
void resolve_start(struct resolve *r, resolve_done_fn *done);
void resolve_cancel(struct resolve *r); /* done() still comes */

/*
 * Take the scope from the names that the state remembers, without asking;
 * false if they do not suffice.  Worker's thread; the ids are the caller's.
 */
bool resolve_from_memory(const struct sync *sync, struct names_scope *out);

/* Let a scope be that of sync, which takes its ids. */
void resolve_set_scope(struct sync *sync, struct names_scope *scope);

#endif
