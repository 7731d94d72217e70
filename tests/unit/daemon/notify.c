/*
 * The watchdog's question: does work advance?
 */
#include "daemon/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define PATIENCE INT64_C(100)

static void test_idle_is_good(void **state)
{
	struct notify_watch w = {0};

	(void)state;
	for (int64_t now = 1; now < 10000; now += 50)
		assert_true(notify_watch_good(&w, false, 7, PATIENCE, now));
}

static void test_standing_still(void **state)
{
	struct notify_watch w = {0};

	(void)state;
	assert_true(notify_watch_good(&w, true, 7, PATIENCE, 1000));
	assert_true(notify_watch_good(&w, true, 7, PATIENCE, 1100));
	assert_false(notify_watch_good(&w, true, 7, PATIENCE, 1101));
	assert_true(notify_watch_good(&w, true, 7, 2 * PATIENCE, 1101));
	assert_true(notify_watch_good(&w, true, 8, PATIENCE, 1150));
	assert_true(notify_watch_good(&w, true, 8, PATIENCE, 1250));
	assert_false(notify_watch_good(&w, true, 8, PATIENCE, 1251));
}

/* What came before the work began does not count against it. */
static void test_idle_before(void **state)
{
	struct notify_watch w = {0};

	(void)state;
	assert_true(notify_watch_good(&w, false, 7, PATIENCE, 1000));
	assert_true(notify_watch_good(&w, false, 7, PATIENCE, 5000));
	assert_true(notify_watch_good(&w, true, 7, PATIENCE, 5100));
	assert_false(notify_watch_good(&w, true, 7, PATIENCE, 5101));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_is_good),
		cmocka_unit_test(test_standing_still),
		cmocka_unit_test(test_idle_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
