#ifndef BASE_BEHIND_H
#define BASE_BEHIND_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#define BEHIND_MOST 16

/*
 * A thread that works behind its caller, on one thing after the other.  It
 * begins with the first thing and ends with behind_fini(); where none is to be
 * had, the caller's does it all.  One thread calls.
 */
struct behind {
	bool busy; /* as far as the caller knows */

	/* Private. */
	size_t most;
	bool begun;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t turn;
	struct {
		void (*fn)(void *arg);
		void *arg;
	} todo[BEHIND_MOST]; /* a ring: the first is being done */
	size_t first, n;
	bool ending;
};

/* At most so many things are left to be done: 1 to BEHIND_MOST. */
void behind_init(struct behind *b, size_t most);
void behind_fini(struct behind *b); /* waits */

/*
 * Leave one to be done.  Waits until there is room: what was given most things
 * earlier is done by then, and what it wrote is seen.
 */
void behind_begin(struct behind *b, void (*fn)(void *arg), void *arg);
void behind_wait(struct behind *b); /* until all are done */

#endif
