/*
 * waker - one thread that resumes suspended connections when it is time.
 */
#include "tests/openproject/waker.h"

#include <stdlib.h>
#include <time.h>

#include "base/util.h"

struct sleeper {
	struct sleeper *next;
	struct MHD_Connection *connection;
	int64_t until; /* monotonic */
};

static void wait_until(struct waker *w, int64_t until)
{
	struct timespec t = {
		.tv_sec = until / STAMP_SECOND,
		.tv_nsec = until % STAMP_SECOND * 1000,
	};

	pthread_cond_timedwait(&w->changed, &w->lock, &t);
}

static void wake_first(struct waker *w)
{
	struct sleeper *s = w->sleepers;

	w->sleepers = s->next;
	MHD_resume_connection(s->connection);
	free(s);
}

static void *run(void *arg)
{
	struct waker *w = arg;

	pthread_mutex_lock(&w->lock);
	while (!w->stopping || w->sleepers != NULL) {
		struct sleeper *s = w->sleepers;

		if (s == NULL)
			pthread_cond_wait(&w->changed, &w->lock);
		else if (w->stopping || s->until <= stamp_monotonic())
			wake_first(w);
		else
			wait_until(w, s->until);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

void waker_start(struct waker *w)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&w->thread, NULL, run, w) != 0)
		abort();
}

bool waker_sleep(struct waker *w, struct MHD_Connection *c, int64_t micros)
{
	struct sleeper **at = &w->sleepers;
	struct sleeper *s;
	bool sleeps;

	pthread_mutex_lock(&w->lock);
	sleeps = !w->stopping;
	if (sleeps) {
		s = xmalloc(sizeof(*s));
		*s = (struct sleeper){
			.connection = c, .until = stamp_monotonic() + micros};
		while (*at != NULL && (*at)->until <= s->until)
			at = &(*at)->next;
		s->next = *at;
		*at = s;
		MHD_suspend_connection(c);
		pthread_cond_signal(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return sleeps;
}

void waker_stop(struct waker *w)
{
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
}
