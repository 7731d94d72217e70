#ifndef DAEMON_GUARD_ORDERS_H
#define DAEMON_GUARD_ORDERS_H

#include <jansson.h>

#include "base/buf.h"
#include "store/state.h"

/*
 * What people say to the guard: release, withdraw, publish, accept-server.
 * An order is written into the state, and the next pass carries it out, so
 * it may be given while no daemon runs.  what is the request, as in
 * docs/control.md; out gets lines of the answer.  ERR_USAGE.
 */
int guard_order(
	struct state *s, const json_t *what, struct buf *out, struct err *e);

/* The question "held": the sets, or (set: N) the documents of one. */
int guard_ask_held(
	struct state *s, const json_t *what, struct buf *out, struct err *e);

/* Add "held" and "withdrawn", the members of status about it. */
int guard_status(struct state *s, struct buf *out, struct err *e);

#endif
