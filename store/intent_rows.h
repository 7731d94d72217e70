#ifndef STORE_INTENT_ROWS_H
#define STORE_INTENT_ROWS_H

#include "store/intent.h"

/* For intent.c only. */

int intent_load(
	struct state *s, struct intent *intent, bool *found, struct err *e);

/*
 * It is kept; one that is found again is kept again.  What is known of the
 * branch ends with what was promised (tip): an older copy of the state knows
 * none of what is on top of that.
 */
int intent_delete(struct store *store, const git_oid *tip, struct err *e);

/* An edit of a file that was found late is on a branch. */
int intent_log_kept(struct store *s, int64_t run, const char *path,
	const char *branch, struct err *e);

/*
 * Tell of its commit, if it has one of ours: as soon as that is on the branch,
 * whatever becomes of the work tree, and once, though a promise may be
 * repeated.  late: nobody waits for it.
 */
int intent_log_commit(
	struct store *s, const struct intent *intent, bool late, struct err *e);

#endif
