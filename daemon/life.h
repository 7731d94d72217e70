#ifndef DAEMON_LIFE_H
#define DAEMON_LIFE_H

#include "base/buf.h"
#include "store/state.h"

/*
 * When a daemon began and ended, and why: kept in the state, so that it can
 * be told while none runs.  A beginning without an end is a daemon that was
 * killed.  Where nothing else uses the state: before and after the passes.
 * Of one that failed the journal gets the reason as the program's last words.
 */
int life_begin(struct state *s, struct err *e);
int life_end(struct state *s, const char *why, bool failed, struct err *e);

/* Add ", stopped at 2026-…: why", for people, if that is known. */
void life_words(struct state *s, struct buf *out);

/* Add "started": moment or null, "stopped": {"at", "why"} or null. */
int life_report(struct state *s, struct buf *out, struct err *e);

#endif
