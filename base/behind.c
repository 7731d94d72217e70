/*
 * behind - a thread that works behind its caller.
 *
 *   caller:  busy -------------------------------> not busy, waited for
 *   thread:       todo --> done --> nothing to do
 */
#include "base/behind.h"

#include "base/parallel.h"

void behind_init(struct behind *b)
{
	*b = (struct behind){0};
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->turn, NULL);
}

static void *work(void *arg)
{
	struct behind *b = arg;

	pthread_mutex_lock(&b->lock);
	for (;;) {
		while (b->todo == NULL && !b->ending)
			pthread_cond_wait(&b->turn, &b->lock);
		if (b->todo == NULL)
			break;
		pthread_mutex_unlock(&b->lock);
		b->todo(b->arg);
		pthread_mutex_lock(&b->lock);
		b->todo = NULL;
		pthread_cond_signal(&b->turn);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

void behind_wait(struct behind *b)
{
	if (!b->busy)
		return;
	pthread_mutex_lock(&b->lock);
	while (b->todo != NULL)
		pthread_cond_wait(&b->turn, &b->lock);
	pthread_mutex_unlock(&b->lock);
	b->busy = false;
}

static void tell(
	struct behind *b, void (*fn)(void *arg), void *arg, bool ending)
{
	pthread_mutex_lock(&b->lock);
	b->todo = fn;
	b->arg = arg;
	b->ending = ending;
	pthread_cond_signal(&b->turn);
	pthread_mutex_unlock(&b->lock);
}

void behind_begin(struct behind *b, void (*fn)(void *arg), void *arg)
{
	behind_wait(b);
	b->begun = b->begun || thread_begin(&b->thread, work, b);
	if (!b->begun) {
		fn(arg);
		return;
	}
	b->busy = true;
	tell(b, fn, arg, false);
}

void behind_fini(struct behind *b)
{
	behind_wait(b);
	if (b->begun) {
		tell(b, NULL, NULL, true);
		pthread_join(b->thread, NULL);
	}
	pthread_cond_destroy(&b->turn);
	pthread_mutex_destroy(&b->lock);
}
