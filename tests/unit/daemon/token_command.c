/*
 * The key's command: what it said, or in which way it failed.
 */
#include "daemon/token_command.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "daemon/config.h"

static uv_loop_t loop;
static int n_done;

static void on_done(struct token_command *t)
{
	(void)t;
	n_done++;
}

static void start(struct token_command *t, const char *command)
{
	*t = (struct token_command){
		.loop = &loop,
		.command = command,
		.timeout = STAMP_SECOND,
	};
	n_done = 0;
	token_command_start(t, on_done);
	assert_int_equal(n_done, 0);
}

static void finish(void)
{
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(n_done, 1);
}

static void test_said(void **state)
{
	struct token_command t;

	(void)state;
	start(&t, "printf 'a key'");
	finish();
	assert_int_equal(t.err.code, 0);
	assert_string_equal(buf_str(&t.said).p, "a key");
	token_command_fini(&t);

	start(&t, "head -c 4095 /dev/zero"); /* the most that is one */
	finish();
	assert_int_equal(t.err.code, 0);
	assert_int_equal(t.said.n, CONFIG_TOKEN_MOST - 1);
	token_command_fini(&t);
}

static void test_fails(void **state)
{
	static const struct {
		const char *command;
		enum err_code code;
		const char *text;
	} cases[] = {
		{"echo x; exit 3", ERR_AGAIN, "failed (status 3): echo x; "},
		{"echo x; kill -9 $$", ERR_AGAIN, "failed (signal 9): echo x"},
		{"yes key", ERR_CONFIG, "more than 4096 bytes (is that the"},
		{"head -c 4096 /dev/zero; exit 3", ERR_CONFIG, "more than"},
		{"sleep 600; :", ERR_AGAIN, "no end after 1 s: sleep 600"},
		/* One that closes its output and stays. */
		{"echo x; exec >&-; sleep 600", ERR_AGAIN, "no end after 1 s"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct token_command t;

		start(&t, cases[i].command);
		finish();
		assert_int_equal(t.err.code, cases[i].code);
		assert_false(t.err.code == ERR_CONFIG && t.child.timed_out);
		if (strstr(t.err.text, cases[i].text) == NULL)
			fail_msg("'%s' is not in '%s'", cases[i].text,
				t.err.text);
		token_command_fini(&t);
	}
}

static void test_cannot_be_run(void **state)
{
	struct token_command t;
	struct rlimit files;
	struct rlimit none;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
	none = (struct rlimit){0, files.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	start(&t, "echo x");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
	finish();
	assert_int_equal(t.err.code, ERR_AGAIN);
	assert_string_equal(t.err.text,
		"the key's command cannot be run: echo x: cannot start sh: "
		"too many open files");
	token_command_fini(&t);
}

static void test_killed(void **state)
{
	struct token_command t;

	(void)state;
	start(&t, "echo x; sleep 600");
	token_command_kill(&t);
	finish();
	assert_int_equal(t.err.code, ERR_AGAIN);
	assert_non_null(strstr(t.err.text, "failed (signal 9)"));
	token_command_fini(&t);
}

static int open_loop(void **state)
{
	(void)state;
	return uv_loop_init(&loop);
}

static int close_loop(void **state)
{
	(void)state;
	return uv_loop_close(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_fails),
		cmocka_unit_test(test_cannot_be_run),
		cmocka_unit_test(test_killed),
	};

	return cmocka_run_group_tests(tests, open_loop, close_loop);
}
