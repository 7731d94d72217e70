#ifndef DAEMON_HEALTH_H
#define DAEMON_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Whether passes go well, over many of them.  One that fails is no fault:
 * servers are restarted.  When none has gone well for a while it is, and
 * somebody has to be told, once; and again when all is well.
 */
struct health {
	int64_t good_at; /* monotonic: the last good pass, or the start */
	bool fault;      /* told, and not over */
};

enum health_turn { HEALTH_SAME, HEALTH_FAULT, HEALTH_RECOVERED };

/* After a pass: what is to be told. */
enum health_turn health_pass(
	struct health *h, bool good, int64_t now, int64_t fault_after);

#endif
