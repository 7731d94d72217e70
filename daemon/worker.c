/*
 * worker - one thread that does what blocks, in order.
 *
 *   loop:   give --> todo --.              .--> done() on the loop
 *   worker:                 `--> run() --> finished
 *
 * Two lists under one lock; an async handle wakes the loop.  Nothing can
 * fail but the making of the thread, which aborts.
 *
 * Jobs that follow each other and share keep what costs to be taken up (a
 * look at the state); the worker never waits with it, nor is another job's
 * done() called before it was let go.
 */
#include "daemon/worker.h"

#include <assert.h>
#include <stdlib.h>

#include "base/util.h"

struct queue {
	struct job *first;
	struct job **last;
};

struct worker {
	uv_async_t wake;
	uv_thread_t thread;
	uv_mutex_t lock;
	uv_cond_t more;
	struct queue todo;     /* under lock */
	struct queue finished; /* under lock */
	bool ending;           /* under lock */
	size_t pending;        /* loop's thread only, as the next */
	uint64_t done;
	void (*rest)(void *arg); /* or NULL */
	void *rest_arg;
};

static void queue_init(struct queue *q)
{
	q->first = NULL;
	q->last = &q->first;
}

static void queue_add(struct queue *q, struct job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

static struct job *queue_take(struct queue *q)
{
	struct job *job = q->first;

	if (job == NULL)
		return NULL;
	q->first = job->next;
	if (q->first == NULL)
		q->last = &q->first;
	return job;
}

/* With the lock, as it is left. */
static void rest_after(struct worker *w, const struct job *job)
{
	const struct job *next = w->todo.first;

	if (w->rest == NULL || (job->shares && next != NULL && next->shares))
		return;
	uv_mutex_unlock(&w->lock);
	w->rest(w->rest_arg);
	uv_mutex_lock(&w->lock);
}

static void work(void *arg)
{
	struct worker *w = arg;
	struct job *job;

	uv_mutex_lock(&w->lock);
	for (;;) {
		job = queue_take(&w->todo);
		if (job == NULL && w->ending)
			break;
		if (job == NULL) {
			uv_cond_wait(&w->more, &w->lock);
			continue;
		}
		uv_mutex_unlock(&w->lock);
		job->run(job);
		uv_mutex_lock(&w->lock);
		rest_after(w, job);
		queue_add(&w->finished, job);
		uv_mutex_unlock(&w->lock);
		uv_async_send(&w->wake); /* not under what it takes first */
		uv_mutex_lock(&w->lock);
	}
	uv_mutex_unlock(&w->lock);
}

static void on_wake(uv_async_t *wake)
{
	struct worker *w = container_of(wake, struct worker, wake);
	struct job *job;

	for (;;) {
		uv_mutex_lock(&w->lock);
		job = queue_take(&w->finished);
		uv_mutex_unlock(&w->lock);
		if (job == NULL)
			return;
		w->done++;
		if (--w->pending == 0)
			uv_unref((uv_handle_t *)&w->wake);
		job->done(job);
	}
}

struct worker *worker_new(uv_loop_t *loop)
{
	struct worker *w = xcalloc(1, sizeof(*w));

	queue_init(&w->todo);
	queue_init(&w->finished);
	if (uv_async_init(loop, &w->wake, on_wake) != 0 ||
		uv_mutex_init(&w->lock) != 0 || uv_cond_init(&w->more) != 0 ||
		uv_thread_create(&w->thread, work, w) != 0)
		abort();
	uv_unref((uv_handle_t *)&w->wake);
	return w;
}

void worker_set_rest(struct worker *w, void (*rest)(void *arg), void *arg)
{
	w->rest = rest;
	w->rest_arg = arg;
}

void worker_give(struct worker *w, struct job *job)
{
	assert(job->run != NULL && job->done != NULL);
	if (w->pending++ == 0)
		uv_ref((uv_handle_t *)&w->wake);
	uv_mutex_lock(&w->lock);
	queue_add(&w->todo, job);
	uv_mutex_unlock(&w->lock);
	uv_cond_signal(&w->more);
}

void worker_run(struct worker *w, struct job *job, job_fn *run, job_fn *done)
{
	*job = (struct job){.run = run, .done = done};
	worker_give(w, job);
}

void worker_share(struct worker *w, struct job *job, job_fn *run, job_fn *done)
{
	*job = (struct job){.run = run, .done = done, .shares = true};
	worker_give(w, job);
}

size_t worker_pending(const struct worker *w)
{
	return w->pending;
}

uint64_t worker_done(const struct worker *w)
{
	return w->done;
}

static void on_close(uv_handle_t *handle)
{
	struct worker *w =
		container_of((uv_async_t *)(void *)handle, struct worker, wake);

	uv_mutex_destroy(&w->lock);
	uv_cond_destroy(&w->more);
	free(w);
}

void worker_close(struct worker *w)
{
	assert(w->pending == 0);
	uv_mutex_lock(&w->lock);
	w->ending = true;
	uv_cond_signal(&w->more);
	uv_mutex_unlock(&w->lock);
	uv_thread_join(&w->thread);
	uv_close((uv_handle_t *)&w->wake, on_close);
}
