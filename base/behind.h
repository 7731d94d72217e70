#ifndef BASE_BEHIND_H
#define BASE_BEHIND_H

#include <pthread.h>
#include <stdbool.h>

/*
 * A thread that works behind its caller, on one thing at a time.  It begins
 * with the first thing and ends with behind_fini(); where none is to be had,
 * the caller's does it all.  One thread calls.
 */
struct behind {
	bool busy; /* as far as the caller knows */

	/* Private. */
	bool begun;
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t turn;
	void (*todo)(void *arg); /* NULL: it is done */
	void *arg;
	bool ending;
};

void behind_init(struct behind *b);
void behind_fini(struct behind *b); /* waits */

/* Begin one, when the one before is done.  What it wrote is seen then. */
void behind_begin(struct behind *b, void (*fn)(void *arg), void *arg);
void behind_wait(struct behind *b);

#endif
