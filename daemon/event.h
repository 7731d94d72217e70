#ifndef DAEMON_EVENT_H
#define DAEMON_EVENT_H

#include "store/state.h"

/* Say an event to the journal, too. */
void event_log(const struct state_event *event, const char *kind);

/*
 * What happened to the daemon itself, outside of runs: into the sync log at
 * once, and to the journal.  Worker's thread.
 */
int event_happened(struct state *s, enum log_level level, const char *kind,
	const char *text, struct err *e);

#endif
