#ifndef TESTS_OPENPROJECT_WAKER_H
#define TESTS_OPENPROJECT_WAKER_H

#include <microhttpd.h>
#include <pthread.h>

#include "base/stamp.h"

/*
 * Connections that sleep, so that a slow answer holds up no thread of the
 * daemon.  All functions may be called on any thread.
 */
struct sleeper;

struct waker {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t thread;
	bool stopping;
	struct sleeper *sleepers; /* the one that wakes first is first */
};

void waker_start(struct waker *w);

/* Suspend c for that time; false, and nothing done, while stopping. */
bool waker_sleep(struct waker *w, struct MHD_Connection *c, int64_t micros);

/* Wake all at once; afterwards nobody sleeps any more. */
void waker_stop(struct waker *w);

#endif
