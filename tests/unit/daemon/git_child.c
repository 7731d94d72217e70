/*
 * What git is given: each argument, however long it is.
 */
#include "daemon/git_child.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/stamp.h"

#define LONG 10000

static uv_loop_t loop;

static void on_done(struct child *child)
{
	(void)child;
}

static void run(struct git_child *g)
{
	g->child.timeout = 10 * STAMP_SECOND;
	git_child_start(g, on_done);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(g->child.err.code, 0);
}

static void fill(char text[LONG + 1])
{
	memset(text, 'x', LONG);
	text[LONG] = '\0';
}

static void test_long(void **state)
{
	const struct config_push none = {0};
	struct git_child g;
	char text[LONG + 1];

	(void)state;
	fill(text);
	git_child_init(&g, &loop, "/", &none);
	git_child_args(&g, "rev-parse", "--sq-quote", NULL);
	git_child_arg(&g, "%s:", text);
	run(&g);
	assert_int_equal(g.child.out.n, strlen(" '") + LONG + strlen(":'\n"));
	git_child_fini(&g);
}

static void test_long_credentials(void **state)
{
	char text[LONG + 1];
	const struct config_push push = {.credentials = text};
	struct git_child g;

	(void)state;
	fill(text);
	git_child_init(&g, &loop, "/", &push);
	git_child_args(&g, "config", "credential.helper", NULL);
	run(&g);
	assert_true(str_ends(buf_str(&g.child.out), STR("x' get; }; f\n")));
	git_child_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_long_credentials),
	};
	int failed;

	uv_loop_init(&loop);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	uv_loop_close(&loop);
	return failed;
}
