/*
 * Requests that are merged while they wait.
 */
#include "daemon/wanted.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static size_t ask(struct wanted *w, struct wanted_what what)
{
	return wanted_add(w, &what);
}

static size_t ask_some(struct wanted *w, int64_t a, int64_t b)
{
	struct wanted_what what = {.kind = PASS_SOME};

	ids_add(&what.ids, a);
	ids_add(&what.ids, b);
	return wanted_add(w, &what);
}

static void take(struct wanted *w, enum pass_kind kind, struct wanted_what *out)
{
	assert_true(wanted_take(w, out));
	assert_int_equal(out->kind, kind);
}

static void test_merged(void **state)
{
	struct wanted w = {0};
	struct wanted_what out;

	(void)state;
	assert_int_equal(ask(&w, (struct wanted_what){0}), 0);
	assert_int_equal(ask_some(&w, 9, 3), 1);
	assert_int_equal(ask(&w, (struct wanted_what){.kind = PASS_FULL}), 2);
	assert_int_equal(ask_some(&w, 3, 5), 1);
	assert_int_equal(ask(&w, (struct wanted_what){0}), 0);
	assert_int_equal(ask(&w, (struct wanted_what){.kind = PASS_LOCAL}), 3);
	assert_int_equal(
		ask(&w, (struct wanted_what){.kind = PASS_RECONCILE}), 4);
	assert_int_equal(ask(&w, (struct wanted_what){.kind = PASS_FULL}), 2);

	take(&w, PASS_POLL, &out);
	take(&w, PASS_SOME, &out);
	assert_int_equal(out.ids.n, 3);
	assert_int_equal(out.ids.items[0], 3);
	assert_int_equal(out.ids.items[1], 5);
	assert_int_equal(out.ids.items[2], 9);
	free(out.ids.items);
	/* What changed is read by the full read that waits. */
	assert_int_equal(ask(&w, (struct wanted_what){0}), 0);
	take(&w, PASS_FULL, &out);
	take(&w, PASS_LOCAL, &out);
	take(&w, PASS_RECONCILE, &out);
	assert_false(wanted_take(&w, &out));
}

/* What needs no server does not wait behind the rest. */
static void test_local(void **state)
{
	struct wanted w = {0};
	struct wanted_what out;

	(void)state;
	ask(&w, (struct wanted_what){.kind = PASS_FULL});
	ask(&w, (struct wanted_what){.kind = PASS_VERIFY});
	assert_false(wanted_has_local(&w));
	assert_false(wanted_take_local(&w, &out));
	w.what[ask(&w, (struct wanted_what){.kind = PASS_LOCAL})].number = 7;
	ask(&w, (struct wanted_what){.kind = PASS_RECONCILE});
	assert_true(wanted_has_local(&w));
	assert_true(wanted_take_local(&w, &out));
	assert_int_equal(out.kind, PASS_LOCAL);
	assert_int_equal(out.number, 7);
	take(&w, PASS_FULL, &out);
	take(&w, PASS_VERIFY, &out);
	take(&w, PASS_RECONCILE, &out);
	assert_false(wanted_take(&w, &out));
}

static void test_none_of_some(void **state)
{
	struct wanted w = {0};
	struct wanted_what out;

	(void)state;
	ask(&w, (struct wanted_what){.kind = PASS_SOME, .reconcile = true});
	ask_some(&w, 1, 2);
	take(&w, PASS_SOME, &out);
	assert_true(out.reconcile);
	assert_int_equal(out.ids.n, 2);
	free(out.ids.items);
	ask_some(&w, 1, 2);
	wanted_fini(&w);
	assert_false(wanted_take(&w, &out));
}

static size_t ask_adopt(struct wanted *w, bool dry, const char *paths)
{
	return ask(w, (struct wanted_what){.kind = PASS_ADOPT,
			      .dry = dry,
			      .paths = paths != NULL ? xstrdup(paths) : NULL});
}

/* All that was asked for is done, and what was to be told only is not. */
static void test_adopt(void **state)
{
	struct wanted w = {0};
	struct wanted_what out;

	(void)state;
	assert_int_equal(ask_adopt(&w, false, "a\n"), 0);
	assert_int_equal(ask_adopt(&w, true, "b\n"), 1);
	assert_int_equal(ask_adopt(&w, false, "c\nd\n"), 0);
	assert_int_equal(ask_adopt(&w, true, NULL), 1);
	take(&w, PASS_ADOPT, &out);
	assert_false(out.dry);
	assert_string_equal(out.paths, "a\nc\nd\n");
	free(out.paths);
	ask_adopt(&w, true, "e\n");
	take(&w, PASS_ADOPT, &out);
	assert_true(out.dry);
	assert_null(out.paths);
	assert_false(wanted_take(&w, &out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_merged),
		cmocka_unit_test(test_none_of_some),
		cmocka_unit_test(test_adopt),
		cmocka_unit_test(test_local),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
