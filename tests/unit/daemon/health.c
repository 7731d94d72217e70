/*
 * From passes that failed to a fault, told once, and back.
 */
#include "daemon/health.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define HOUR 3600

static void test_a_short_failure_is_none(void **state)
{
	struct health h = {.good_at = 1000};

	(void)state;
	assert_int_equal(health_pass(&h, false, 1001, HOUR), HEALTH_SAME);
	assert_int_equal(
		health_pass(&h, false, 1000 + HOUR - 1, HOUR), HEALTH_SAME);
	assert_int_equal(health_pass(&h, true, 1000 + HOUR, HOUR), HEALTH_SAME);
	assert_int_equal(
		health_pass(&h, false, 1001 + HOUR, HOUR), HEALTH_SAME);
}

static void test_a_fault_is_told_once(void **state)
{
	struct health h = {.good_at = 1000};

	(void)state;
	assert_int_equal(
		health_pass(&h, false, 1000 + HOUR, HOUR), HEALTH_FAULT);
	assert_true(h.fault);
	assert_int_equal(
		health_pass(&h, false, 1000 + 9 * HOUR, HOUR), HEALTH_SAME);
	assert_int_equal(health_pass(&h, true, 1000 + 10 * HOUR, HOUR),
		HEALTH_RECOVERED);
	assert_false(h.fault);
	assert_int_equal(
		health_pass(&h, true, 1000 + 11 * HOUR, HOUR), HEALTH_SAME);
}

/* A longer fault_after, by a reload, does not end a fault that was told. */
static void test_a_fault_ends_with_a_good_pass_only(void **state)
{
	struct health h = {.good_at = 1000, .fault = true};

	(void)state;
	assert_int_equal(health_pass(&h, false, 1001, HOUR), HEALTH_SAME);
	assert_true(h.fault);
	assert_int_equal(health_pass(&h, true, 1002, HOUR), HEALTH_RECOVERED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_short_failure_is_none),
		cmocka_unit_test(test_a_fault_is_told_once),
		cmocka_unit_test(test_a_fault_ends_with_a_good_pass_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
