#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

#include "daemon/sync.h"

/*
 * What the service manager is told, by sd_notify(3): where the daemon is in
 * its life, what it does, and that its work advances.  Without a manager all
 * of it does nothing.  Loop's thread.
 */

/* Does work advance?  Zeroed, it has seen nothing yet. */
struct notify_watch {
	uint64_t mark;
	int64_t moved_at; /* monotonic */
};

/*
 * Look once more: mark is another number whenever work got on, and patience
 * how long it may stay the same while we are busy.
 */
bool notify_watch_good(struct notify_watch *w, bool busy, uint64_t mark,
	int64_t patience, int64_t now);

/* Zero it, set the first part; notify_init() before all but _opening(). */
struct notify {
	const struct sync *sync;
	bool working; /* a pass runs: something has to get on */

	/* Private. */
	uv_timer_t timer;
	int64_t opening_at; /* monotonic: told last */
	int64_t interval;   /* of the watchdog; 0: there is none */
	struct notify_watch watch;
	bool stopping;
	char status[256];
};

/*
 * Before there is a loop: the store is opened, which may take its time.  Again
 * and again while that gets on.
 */
void notify_opening(struct notify *n);

void notify_init(struct notify *n, uv_loop_t *loop);

/* Start up is over; feed the watchdog from now on. */
void notify_ready(struct notify *n);

/* What we do: told where it differs from what was told last. */
void notify_status(struct notify *n, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Around the reading of a configuration. */
void notify_reloading(void);
void notify_reloaded(void);

/* The end begins, and may take as long as work advances. */
void notify_stopping(struct notify *n);
void notify_close(struct notify *n);

#endif
