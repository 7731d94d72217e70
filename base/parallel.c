/*
 * parallel - threads for a piece of work, and one loop on several.
 *
 * Threads are made for the call: it costs some 20 microseconds each, and
 * nothing in between.
 */
#include "base/parallel.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define THREADS 4
#define STACK ((size_t)1 << 20)

bool thread_begin(pthread_t *thread, void *(*work)(void *arg), void *arg)
{
	pthread_attr_t attr;
	sigset_t all;
	sigset_t before;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return false;
	sigfillset(&all);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(thread, &attr, work, arg);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return r == 0;
}

struct each {
	atomic_size_t next;
	size_t n;
	void (*fn)(void *arg, size_t i);
	void *arg;
};

static void *work(void *arg)
{
	struct each *each = arg;
	size_t i;

	while ((i = atomic_fetch_add(&each->next, 1)) < each->n)
		each->fn(each->arg, i);
	return NULL;
}

static size_t helpers(size_t n)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	size_t most = processors > THREADS ? THREADS : (size_t)processors;

	if (processors < 2 || n < 2)
		return 0;
	return (n < most ? n : most) - 1;
}

void parallel_each(size_t n, void (*fn)(void *arg, size_t i), void *arg)
{
	struct each each = {.n = n, .fn = fn, .arg = arg};
	pthread_t threads[THREADS - 1];
	size_t begun = 0;
	size_t wanted = helpers(n);

	while (begun < wanted && thread_begin(&threads[begun], work, &each))
		begun++;
	work(&each);
	for (size_t i = 0; i < begun; i++)
		pthread_join(threads[i], NULL);
}
