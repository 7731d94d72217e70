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

/* Each for itself, where the sync log may have to wait. */
void event_say(enum log_level level, const char *kind, const char *text);
int event_add(struct state *s, enum log_level level, const char *kind,
	const char *text, struct err *e);

#endif
