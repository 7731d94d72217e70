/*
 * The worker: jobs run in order on another thread, are done on this one, and
 * may give the next from there.
 */
#include "daemon/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"

#define JOBS 1000

struct count {
	struct job job;
	struct worker *worker;
	uv_thread_t loop_thread;
	int n_run, n_done;
	int *order, *next;
	int number;
	bool other_thread, loop_again;
};

static void run(struct job *job)
{
	struct count *c = container_of(job, struct count, job);
	uv_thread_t self = uv_thread_self();

	c->other_thread = !uv_thread_equal(&self, &c->loop_thread);
	c->n_run++;
	if (c->order != NULL)
		c->order[(*c->next)++] = c->number;
}

static void done(struct job *job)
{
	struct count *c = container_of(job, struct count, job);
	uv_thread_t self = uv_thread_self();

	c->loop_again = uv_thread_equal(&self, &c->loop_thread) != 0;
	c->n_done++;
}

static void test_order(void **state)
{
	static struct count counts[JOBS];
	static int order[JOBS];
	int next = 0;
	uv_loop_t loop;
	struct worker *w;

	(void)state;
	uv_loop_init(&loop);
	w = worker_new(&loop);
	for (int i = 0; i < JOBS; i++) {
		counts[i] = (struct count){.job = {.run = run, .done = done},
			.worker = w,
			.loop_thread = uv_thread_self(),
			.order = order,
			.next = &next};
		worker_give(w, &counts[i].job);
	}
	assert_int_equal(worker_pending(w), JOBS);
	uv_run(&loop, UV_RUN_DEFAULT); /* jobs keep the loop alive */
	for (int i = 0; i < JOBS; i++) {
		assert_int_equal(counts[i].n_run, 1);
		assert_int_equal(counts[i].n_done, 1);
		assert_true(counts[i].other_thread && counts[i].loop_again);
	}
	assert_int_equal(next, JOBS);
	worker_close(w);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void run_ordered(struct job *job)
{
	struct count *c = container_of(job, struct count, job);

	c->order[(*c->next)++] = c->number;
}

static void done_ordered(struct job *job)
{
	struct count *c = container_of(job, struct count, job);

	if (c->n_done++ == 0)
		worker_give(c->worker, &c->job); /* once more, behind all */
}

static void test_given_again(void **state)
{
	struct count counts[3];
	int order[6];
	int next = 0;
	uv_loop_t loop;
	struct worker *w;

	(void)state;
	uv_loop_init(&loop);
	w = worker_new(&loop);
	for (int i = 0; i < 3; i++) {
		counts[i] = (struct count){
			.job = {.run = run_ordered, .done = done_ordered},
			.worker = w,
			.order = order,
			.next = &next,
			.number = i};
		worker_give(w, &counts[i].job);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(next, 6);
	for (int i = 0; i < 6; i++)
		assert_int_equal(order[i], i % 3);
	worker_close(w);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
}

static void note_rest(void *arg)
{
	struct count *c = arg;

	c->order[(*c->next)++] = -1;
}

static uv_sem_t all_given;

static void run_when_given(struct job *job)
{
	uv_sem_wait(&all_given);
	run_ordered(job);
}

/* Those that share have one rest, behind the last; others one each. */
static void test_rest(void **state)
{
	static const int want[] = {0, 1, 2, -1, 3, -1, 4, -1, 5, -1};
	struct count counts[6];
	int order[20];
	int next = 0;
	uv_loop_t loop;
	struct worker *w;

	(void)state;
	uv_sem_init(&all_given, 0);
	uv_loop_init(&loop);
	w = worker_new(&loop);
	worker_set_rest(w, note_rest, &counts[0]);
	for (int i = 0; i < 6; i++) {
		counts[i] = (struct count){
			.job = {.run = i == 0 ? run_when_given : run_ordered,
				.done = done,
				.shares = i != 3 && i != 4},
			.worker = w,
			.order = order,
			.next = &next,
			.number = i};
		worker_give(w, &counts[i].job);
	}
	uv_sem_post(&all_given);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(next, ARRAY_LEN(want));
	assert_memory_equal(order, want, sizeof(want));
	worker_close(w);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	uv_sem_destroy(&all_given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_given_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
