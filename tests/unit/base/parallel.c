/*
 * parallel_each: every number once, on more than one thread where there are
 * processors for it.
 */
#include "base/parallel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <unistd.h>

#define MANY 10000

struct seen {
	unsigned char calls[MANY];
	pthread_t caller;
	atomic_bool elsewhere; /* on another thread */
};

static void on_number(void *arg, size_t i)
{
	struct seen *seen = arg;

	seen->calls[i]++;
	if (!pthread_equal(pthread_self(), seen->caller))
		atomic_store(&seen->elsewhere, true);
}

/* The caller's thread waits until another has begun. */
static void on_pair(void *arg, size_t i)
{
	struct seen *seen = arg;

	on_number(arg, i);
	for (int wait = 0; wait < 5000 && !atomic_load(&seen->elsewhere);
		wait++)
		usleep(1000);
}

static void test_each_once(void **state)
{
	static struct seen seen;

	(void)state;
	seen.caller = pthread_self();
	parallel_each(MANY, on_number, &seen);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(seen.calls[i], 1);
}

static void test_few(void **state)
{
	struct seen seen = {.caller = pthread_self()};

	(void)state;
	parallel_each(0, on_number, &seen);
	assert_int_equal(seen.calls[0], 0);
	parallel_each(1, on_number, &seen);
	assert_int_equal(seen.calls[0], 1);
	assert_false(atomic_load(&seen.elsewhere));
}

static void test_at_once(void **state)
{
	struct seen seen = {.caller = pthread_self()};

	(void)state;
	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		skip();
	parallel_each(2, on_pair, &seen);
	assert_true(atomic_load(&seen.elsewhere));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_few),
		cmocka_unit_test(test_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
