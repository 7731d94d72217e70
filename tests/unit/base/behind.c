/*
 * behind: one thing after the other, on another thread, and none is lost.
 */
#include "base/behind.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <unistd.h>

struct seen {
	pthread_t caller;
	atomic_int n;
	bool elsewhere; /* on another thread */
	atomic_bool may_end;
};

static void count(void *arg)
{
	struct seen *seen = arg;

	seen->elsewhere = !pthread_equal(pthread_self(), seen->caller);
	atomic_fetch_add(&seen->n, 1);
}

static void last(void *arg)
{
	struct seen *seen = arg;

	while (!atomic_load(&seen->may_end))
		usleep(1000);
	count(arg);
}

static void test_one_after_the_other(void **state)
{
	struct seen seen = {.caller = pthread_self()};
	struct behind b;

	(void)state;
	behind_init(&b, 1);
	behind_wait(&b);
	for (int i = 0; i < 1000; i++) {
		behind_begin(&b, count, &seen);
		assert_true(atomic_load(&seen.n) >= i);
		if (i % 3 == 0) {
			behind_wait(&b);
			assert_int_equal(atomic_load(&seen.n), i + 1);
		}
	}
	behind_fini(&b);
	assert_int_equal(atomic_load(&seen.n), 1000);
	assert_true(seen.elsewhere);
}

/* The caller goes on meanwhile, and its end waits. */
static void test_behind(void **state)
{
	struct seen seen = {.caller = pthread_self()};
	struct behind b;

	(void)state;
	behind_init(&b, 1);
	behind_begin(&b, last, &seen);
	assert_true(b.busy);
	assert_int_equal(atomic_load(&seen.n), 0);
	atomic_store(&seen.may_end, true);
	behind_fini(&b);
	assert_int_equal(atomic_load(&seen.n), 1);
}

/* So many may be left to be done; what is before them is done by then. */
static void test_several(void **state)
{
	struct seen seen[20];
	struct behind b;

	(void)state;
	for (size_t i = 0; i < 20; i++)
		seen[i] = (struct seen){.may_end = i != 2};
	behind_init(&b, 3);
	for (size_t i = 0; i < 5; i++) /* the third waits; two are behind it */
		behind_begin(&b, last, &seen[i]);
	assert_int_equal(atomic_load(&seen[1].n), 1);
	assert_int_equal(atomic_load(&seen[2].n), 0);
	atomic_store(&seen[2].may_end, true);
	for (size_t i = 5; i < 20; i++) {
		behind_begin(&b, last, &seen[i]);
		assert_int_equal(atomic_load(&seen[i - 3].n), 1);
	}
	behind_wait(&b);
	for (size_t i = 0; i < 20; i++)
		assert_int_equal(atomic_load(&seen[i].n), 1);
	behind_fini(&b);
}

static void test_nothing_to_do(void **state)
{
	struct behind b;

	(void)state;
	behind_init(&b, 1);
	behind_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_behind),
		cmocka_unit_test(test_several),
		cmocka_unit_test(test_nothing_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
