/*
 * Moments: every form that servers write, and the ones that are none.
 */
#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"

static const struct {
	const char *text;
	const char *micros; /* written back with six digits; NULL: refused */
} cases[] = {
	{"2021-01-20T04:33:56.131Z", "2021-01-20T04:33:56.131000Z"},
	{"2021-01-20T04:33:56.131212Z", "2021-01-20T04:33:56.131212Z"},
	{"2021-01-20T04:33:56Z", "2021-01-20T04:33:56.000000Z"},
	{"2021-01-20T04:33:56.1312129Z", "2021-01-20T04:33:56.131212Z"},
	{"2021-01-20T10:03:56+05:30", "2021-01-20T04:33:56.000000Z"},
	{"2020-12-31T23:30:00-01:00", "2021-01-01T00:30:00.000000Z"},
	{"2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"},
	{"1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z"},
	{"2038-01-19T03:14:08Z", "2038-01-19T03:14:08.000000Z"},
	{"0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z"},
	{"2021-01-20t04:33:56z", "2021-01-20T04:33:56.000000Z"},
	{"2021-01-20 04:33:56+00:00", "2021-01-20T04:33:56.000000Z"},
	{"2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000000Z"},
	{"2021-01-20T04:33:61Z", NULL},
	{"2021-01-20T04:60:00Z", NULL},
	{"2021-01-20_04:33:56Z", NULL},
	{"2021-01-20T04:33:56+5:30", NULL},
	{"2021-01-20T04:33:56+0530", NULL},
	{"2021-01-20T04:33:56+05:3", NULL},
	{"2021-01-20T04:33:56+24:00", NULL},
	{"2021-01-20T04:33:56+05:60", NULL},
	{"2021-00-20T00:00:00Z", NULL},
	{"2021-01-00T00:00:00Z", NULL},
	{"2021-01-32T00:00:00Z", NULL},
	{"2023-02-29T00:00:00Z", NULL},
	{"2021-13-01T00:00:00Z", NULL},
	{"2021-01-20T24:00:00Z", NULL},
	{"2021-01-20", NULL},
	{"2021-01-20T04:33:56", NULL},
	{"2021-01-20T04:33:56.Z", NULL},
	{"2021-01-20T04:33:56Zx", NULL},
	{"yesterday", NULL},
	{"", NULL},
};

static void test_parse(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int64_t stamp = 42;
		char back[STAMP_TEXT];

		if (cases[i].micros == NULL) {
			assert_false(
				stamp_parse(str_of(cases[i].text), &stamp));
			assert_int_equal(stamp, 42);
			continue;
		}
		assert_true(stamp_parse(str_of(cases[i].text), &stamp));
		stamp_format(stamp, 6, back);
		assert_string_equal(back, cases[i].micros);
	}
}

static void test_fraction_is_cut_off(void **state)
{
	int64_t stamp;
	char text[STAMP_TEXT];

	(void)state;
	assert_true(stamp_parse(STR("2021-01-20T04:33:56.999999Z"), &stamp));
	stamp_format(stamp, 3, text);
	assert_string_equal(text, "2021-01-20T04:33:56.999Z");
	stamp_format(stamp, 0, text);
	assert_string_equal(text, "2021-01-20T04:33:56Z");
}

static void test_clock(void **state)
{
	char text[STAMP_CLOCK];

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_string_equal(stamp_clock(STR("2021-01-20T04:33:56.9Z"), text),
		"2021-01-20 04:33:56");
	assert_string_equal(stamp_clock(STR("never"), text), "?");
}

static void test_duration(void **state)
{
	int64_t micros = -1;

	(void)state;
	assert_true(stamp_duration(STR("500ms"), &micros));
	assert_int_equal(micros, 500000);
	assert_true(stamp_duration(STR("15m"), &micros));
	assert_int_equal(micros, 900 * STAMP_SECOND);
	assert_false(stamp_duration(STR("15"), &micros));
	assert_false(stamp_duration(STR("-1h"), &micros));
	assert_false(stamp_duration(STR("1 h"), &micros));
	assert_false(stamp_duration(STR("9223372036854775807d"), &micros));
}

static void test_span(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} spans[] = {
		{0, "0 s"},
		{119, "119 s"},
		{120, "2 min"},
		{7199, "119 min"},
		{3 * 3600 + 1200, "3 h 20 min"},
		{2 * 86400 + 4 * 3600, "2 d 4 h"},
	};
	char text[STAMP_SPAN];

	(void)state;
	for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
		stamp_span(spans[i].seconds * STAMP_SECOND, text);
		assert_string_equal(text, spans[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_fraction_is_cut_off),
		cmocka_unit_test(test_clock),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_span),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
