/*
 * behind - a thread that works behind its caller.
 *
 *   caller:  busy -------------------------------> not busy, waited for
 *   thread:       todo --> done --> nothing to do
 */
#include "base/behind.h"

#include <assert.h>

#include "base/parallel.h"

void behind_init(struct behind *b, size_t most)
{
	assert(most >= 1 && most <= BEHIND_MOST);
	*b = (struct behind){.most = most};
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->turn, NULL);
}

static void *work(void *arg)
{
	struct behind *b = arg;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (b->n == 0 && !b->ending)
			pthread_cond_wait(&b->turn, &b->lock);
		if (b->n == 0)
			break;
		pthread_mutex_unlock(&b->lock);
		b->todo[b->first].fn(b->todo[b->first].arg);
		pthread_mutex_lock(&b->lock);
		b->first = (b->first + 1) % b->most;
		b->n--;
		pthread_cond_signal(&b->turn);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* With the lock: until no more than n are left. */
static void wait_for(struct behind *b, size_t n)
{
	while (b->n > n)
		pthread_cond_wait(&b->turn, &b->lock);
}

void behind_wait(struct behind *b)
{
	if (!b->busy)
		return;
	pthread_mutex_lock(&b->lock);
	wait_for(b, 0);
	pthread_mutex_unlock(&b->lock);
	b->busy = false;
}

void behind_begin(struct behind *b, void (*fn)(void *arg), void *arg)
{
	size_t last;

	b->begun = b->begun || thread_begin(&b->thread, work, b);
	if (!b->begun) {
		fn(arg);
		return;
	}
	b->busy = true;
	pthread_mutex_lock(&b->lock);
	wait_for(b, b->most - 1);
	last = (b->first + b->n++) % b->most;
	b->todo[last].fn = fn;
	b->todo[last].arg = arg;
	pthread_cond_signal(&b->turn);
	pthread_mutex_unlock(&b->lock);
}

void behind_fini(struct behind *b)
{
	behind_wait(b);
	if (b->begun) {
		pthread_mutex_lock(&b->lock);
		b->ending = true;
		pthread_cond_signal(&b->turn);
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->thread, NULL);
	}
	pthread_cond_destroy(&b->turn);
	pthread_mutex_destroy(&b->lock);
}
