/*
 * pace - how many requests, and when.
 */
#include "api/pace.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/stamp.h"

#define NOW (1000 * STAMP_SECOND)

static void answer(struct pace *p, int status, int64_t first_byte)
{
	pace_answered(p, &(struct pace_answer){.kind = PACE_LIST,
				 .status = status,
				 .first_byte = first_byte});
}

static void answers(struct pace *p, int n, int64_t first_byte)
{
	for (int i = 0; i < n; i++)
		answer(p, 200, first_byte);
}

static void no_more_at_once_than_allowed(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 3, 0, 0);
	assert_int_equal(pace_wait(&p, 2, NOW), 0);
	assert_int_equal(pace_wait(&p, 3, NOW), -1);
}

static void requests_a_second(void **state)
{
	struct pace p;
	int started = 0;

	(void)state;
	pace_init(&p, 64, 10, 0);
	/* After a pause a second's worth goes at once, and one more. */
	for (int64_t now = NOW; now < NOW + 5 * STAMP_SECOND;) {
		int64_t wait = pace_wait(&p, 0, now);

		if (wait == 0) {
			pace_started(&p, now);
			started++;
		}
		now += wait;
	}
	assert_in_range(started, 50, 61);
}

static void bytes_a_second(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 2, 0, 1000);
	pace_took(&p, 500, NOW);
	assert_int_equal(pace_wait(&p, 0, NOW), 0);
	pace_took(&p, 3500, NOW);
	assert_int_equal(pace_wait(&p, 0, NOW), 3 * STAMP_SECOND);
	assert_int_equal(pace_wait(&p, 0, NOW + 3 * STAMP_SECOND), 0);
	/* A length that nobody sends does not overflow. */
	pace_took(&p, INT64_C(1) << 40, NOW);
	assert_true(pace_wait(&p, 0, NOW) > 0);
}

static void a_server_that_has_enough(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 8, 0, 0);
	answer(&p, 429, 1);
	assert_int_equal(pace_wait(&p, 3, NOW), 0);
	assert_int_equal(pace_wait(&p, 4, NOW), -1);
	answer(&p, 503, 1);
	answer(&p, 503, 1);
	answer(&p, 503, 1);
	assert_int_equal(pace_wait(&p, 0, NOW), 0);
	assert_int_equal(pace_wait(&p, 1, NOW), -1);
	answers(&p, 19, STAMP_SECOND / 10);
	assert_int_equal(pace_wait(&p, 1, NOW), -1);
	answers(&p, 1, STAMP_SECOND / 10);
	assert_int_equal(pace_wait(&p, 1, NOW), 0);
	answers(&p, 1000, STAMP_SECOND / 10);
	assert_int_equal(pace_wait(&p, 7, NOW), 0);
	assert_int_equal(pace_wait(&p, 8, NOW), -1);
}

static void a_server_that_slows_down(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 4, 0, 0);
	answers(&p, 10, STAMP_SECOND / 5);
	answers(&p, 1, STAMP_SECOND / 2);
	assert_int_equal(pace_wait(&p, 3, NOW), 0);
	answers(&p, 1, 2 * STAMP_SECOND);
	assert_int_equal(pace_wait(&p, 1, NOW), 0);
	assert_int_equal(pace_wait(&p, 2, NOW), -1);
	/* One that is always slow is not slow. */
	pace_init(&p, 4, 0, 0);
	answers(&p, 100, 5 * STAMP_SECOND);
	assert_int_equal(pace_wait(&p, 3, NOW), 0);
}

/* A list of few or of many: quick ones make no slow ones of the others. */
static void what_varies_is_not_judged(void **state)
{
	static const struct pace_answer quick = {
		.kind = PACE_ANY, .status = 200, .first_byte = 5000};
	static const struct pace_answer late = {
		.kind = PACE_ANY, .status = 200, .first_byte = 60000000};
	struct pace p;

	(void)state;
	pace_init(&p, 2, 0, 0);
	for (int i = 0; i < 9; i++)
		pace_answered(&p, &quick);
	pace_answered(&p, &late);
	assert_int_equal(pace_wait(&p, 1, 0), 0);
	answers(&p, 9, 5000);
	answer(&p, 200, 60000000);
	assert_int_equal(pace_wait(&p, 1, 0), -1);
}

static void a_pause_that_was_asked_for(void **state)
{
	struct pace p;

	(void)state;
	pace_init(&p, 4, 0, 0);
	pace_hold(&p, NOW + 7);
	pace_hold(&p, NOW + 3);
	assert_int_equal(pace_wait(&p, 0, NOW), 7);
	assert_int_equal(pace_wait(&p, 0, NOW + 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_more_at_once_than_allowed),
		cmocka_unit_test(requests_a_second),
		cmocka_unit_test(bytes_a_second),
		cmocka_unit_test(a_server_that_has_enough),
		cmocka_unit_test(a_server_that_slows_down),
		cmocka_unit_test(what_varies_is_not_judged),
		cmocka_unit_test(a_pause_that_was_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
