#ifndef DAEMON_PAUSE_H
#define DAEMON_PAUSE_H

#include "base/buf.h"
#include "store/state.h"

/*
 * A pause that a person ordered: kept in the state, so that it outlasts the
 * daemon.  One that is on keeps its beginning, and its reason where why is
 * empty.  Worker's thread, or before there is one.
 */
int pause_begin(struct state *s, const char *why, struct err *e);
int pause_end(struct state *s, struct err *e);

/*
 * ERR_AGAIN, which says since when and why, if there is one: for those who
 * want something done meanwhile.
 */
int pause_check(struct state *s, struct err *e);

/* Add "paused": {"since", "why"}, or null. */
int pause_report(struct state *s, struct buf *out, struct err *e);

#endif
