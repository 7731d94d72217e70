/*
 * What git is given: each argument, however long it is; and what of all it
 * said is the reason.
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

static const struct {
	const char *out, *errors, *wanted;
} reasons[] = {
	{"", "", "exit status 1"},
	{"", "Cloning\nfatal: no 'https://me:key@h/p' here\nhint: x\n",
		"fatal: no 'https://h/p' here"},
	{"", "error: http://h@x is ssh://a@h/p@q\n",
		"error: http://x is ssh://h/p@q"},
	{"", "me@h: Permission denied (publickey).\n",
		"me@h: Permission denied (publickey)."},
	{"", "Host key verification failed.\n",
		"Host key verification failed."},
	{"", "remote:  \nremote: too large  \n", "remote: too large"},
	{"", "fatal: 1\nfatal: 2\nfatal: 3\nfatal: 4\nfatal: 5\n",
		"fatal: 1; fatal: 2; fatal: 3; fatal: 4"},
	{"!\tx:x\t[rejected] (behind)\n!odd\n=\ty:y\t[up to date]\n",
		"error: failed\n", "[rejected] (behind); error: failed"},
};

static void test_reason(void **state)
{
	struct buf reason = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		struct git_child g = {0};

		err_set(&g.child.err, ERR_AGAIN, "exit status 1");
		buf_puts(&g.child.out, reasons[i].out);
		buf_puts(&g.child.errors, reasons[i].errors);
		git_child_reason(&g, &reason);
		assert_string_equal(reason.p, reasons[i].wanted);
		err_set(&g.child.err, ERR_IO, "no memory");
		git_child_reason(&g, &reason);
		assert_string_equal(reason.p, "no memory");
		buf_fini(&g.child.out);
		buf_fini(&g.child.errors);
	}
	buf_fini(&reason);
}

static void test_long_reason(void **state)
{
	struct git_child g = {0};
	struct buf reason = {0};
	char text[LONG + 1];

	(void)state;
	fill(text);
	buf_printf(&g.child.errors, "fatal: %s\n", text);
	git_child_reason(&g, &reason);
	assert_int_equal(reason.n, 400);
	assert_int_equal(strlen(reason.p), 400);
	buf_fini(&g.child.errors);
	buf_fini(&reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_long_credentials),
		cmocka_unit_test(test_reason),
		cmocka_unit_test(test_long_reason),
	};
	int failed;

	uv_loop_init(&loop);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	uv_loop_close(&loop);
	return failed;
}
