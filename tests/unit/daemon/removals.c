/*
 * What a pass is to remove: each once, and in order.
 */
#include "daemon/removals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"

static void write_one(void *arg, const struct removal *one)
{
	buf_printf(arg, "%lld:%.*s=%s ", (long long)one->work_package,
		one->entry.p != NULL ? (int)one->entry.n : 1,
		one->entry.p != NULL ? one->entry.p : "*", one->why);
}

static void assert_all(const struct removals *r, const char *expected)
{
	struct buf out = {0};

	buf_puts(&out, "");
	removals_each(r, write_one, &out);
	assert_string_equal(out.n > 0 ? out.p : "", expected);
	buf_fini(&out);
}

static void test_in_order(void **state)
{
	struct removals r = {0};

	(void)state;
	assert_all(&r, "");
	removals_add(&r, 12, STR("b"), "left");
	removals_add(&r, 3, STR("a"), "left");
	removals_add(&r, 12, STR_NONE, "gone");
	removals_add(&r, 12, STR("a"), "left");
	assert_int_equal(r.n, 4);
	assert_all(&r, "3:a=left 12:*=gone 12:a=left 12:b=left ");
	removals_fini(&r);
	assert_int_equal(r.n, 0);
	assert_all(&r, "");
}

static void test_each_once(void **state)
{
	struct removals r = {0};

	(void)state;
	removals_add(&r, 1, STR("a"), "first");
	removals_add(&r, 1, STR("a"), "second");
	removals_add(&r, 2, STR_NONE, "first");
	removals_add(&r, 2, STR_NONE, "second");
	assert_int_equal(r.n, 2);
	assert_all(&r, "1:a=first 2:*=first ");
	removals_fini(&r);
}

static void test_forgotten(void **state)
{
	struct removals r = {0};

	(void)state;
	removals_forget(&r, 1, STR("a"));
	removals_add(&r, 1, STR("a"), "left");
	removals_add(&r, 1, STR_NONE, "gone");
	removals_forget(&r, 1, STR("b"));
	removals_forget(&r, 1, STR("a"));
	assert_false(removals_have(&r, 1, STR("a")));
	assert_true(removals_have(&r, 1, STR_NONE));
	assert_false(removals_have(&r, 2, STR_NONE));
	removals_forget(&r, 1, STR_NONE);
	assert_int_equal(r.n, 0);
	removals_fini(&r);
}

static void test_many(void **state)
{
	struct removals r = {0};

	(void)state;
	for (int64_t i = 0; i < 100000; i++)
		removals_add(&r, i * 7919 % 100000, STR("a"), "left");
	assert_int_equal(r.n, 100000);
	for (int64_t i = 0; i < 100000; i += 2)
		removals_forget(&r, i, STR("a"));
	assert_int_equal(r.n, 50000);
	removals_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order),
		cmocka_unit_test(test_each_once),
		cmocka_unit_test(test_forgotten),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
