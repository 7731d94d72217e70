#ifndef DAEMON_QUESTIONS_H
#define DAEMON_QUESTIONS_H

#include <jansson.h>

#include "base/buf.h"
#include "store/state.h"

/*
 * What the state alone can answer: the daemon asks it on the worker's
 * thread, and opsync by itself while no daemon runs.  A question adds lines
 * of one JSON object each; what holds its parameters is the request.
 */
typedef int question_fn(
	struct state *s, const json_t *what, struct buf *out, struct err *e);

/* NULL: that is no question. */
question_fn *question_find(const char *name);

#endif
