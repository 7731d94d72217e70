#ifndef DAEMON_PUSHED_H
#define DAEMON_PUSHED_H

#include "daemon/config.h"
#include "store/store.h"

/*
 * What the state knows of a remote: what of the branch is there, and whether a
 * fault of it is told and not over.  Worker's thread.
 */

/* The commit in hex; empty: none, or another remote was meant. */
int pushed_get(struct state *s, const struct config_push *where,
	struct buf *commit, struct err *e);

/* commit "": the branch is not there. */
int pushed_put(struct state *s, const struct config_push *where,
	const char *commit, struct err *e);

/* n commits went there, which is an event if there were any. */
int pushed_done(struct state *s, const struct config_push *where,
	const char *commit, int64_t n, struct err *e);

/*
 * A fault is an event, unless it is the one that is told already, maybe by an
 * earlier process.  The journal of each process has it once: *said, as it is
 * then.
 */
int pushed_fail(struct state *s, const char *text, bool *said, struct err *e);

/* So is its end, in these words, if there was one. */
int pushed_well(struct state *s, const char *text, struct err *e);

/*
 * Commits of the store that do not fit what came from there are on a branch
 * ("": there are none): an event, and in status until that is deleted.
 */
void pushed_kept(
	struct state *s, const struct config_push *where, const char *branch);

/*
 * Members of status: "tip", the branch's commit as the state knows it, and
 * "pushed", what of it is on the remote: "remote", "branch", "commit".
 */
int pushed_report(struct state *s, struct buf *out, struct err *e);

#endif
