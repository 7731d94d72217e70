#ifndef STORE_TOGETHER_H
#define STORE_TOGETHER_H

#include <git2.h>
#include <pthread.h>
#include <stdbool.h>

#include "store/parcel.h"

/*
 * Small objects on their way into a pack that are deflated together, beside
 * what their owner does meanwhile or by all processors at once.  Zeroed, it
 * is empty; the owner adds parcels with bytes and how = PARCEL_DEFLATED, and
 * their bytes live until together_join().  One thread.
 */
#define TOGETHER_MOST 256

struct together {
	size_t n;
	struct together_item {
		git_object_t type;
		struct parcel parcel;
	} items[TOGETHER_MOST];
	size_t done; /* the owner's: so many are written */

	/* Private. */
	pthread_t thread;
	bool begun;
};

/* On a thread of its own, until together_join(). */
void together_begin(struct together *t);

/* Now, on all processors. */
void together_do(struct together *t);

/* Wait for what was begun, if anything was. */
void together_join(struct together *t);

void together_free(struct together *t); /* joins; accepts NULL */

#endif
