/*
 * What branches and authors may be called: as git has it.
 */
#include "store/git_names.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static const char *const branches[] = {
	"main",
	"site/live",
	"a.b",
	"a-b_c",
	"über/東",
	"a@b",
	"@",
	"a{b}",
	"opsync/kept/1",
	"#1",
	"a'b\"c",
	"a;b$c|d",
	"refs/heads/main",
	"",
	"HEAD",
	"head",
	"a/HEAD",
	"-a",
	"a/-b",
	".a",
	"a/.b",
	"a.",
	"a/b.",
	"a..b",
	"a.lock",
	"a.lock/b",
	"a.lockb",
	"/a",
	"a/",
	"a//b",
	"a b",
	" a",
	"a ",
	"a~1",
	"a^",
	"a:b",
	"a?",
	"a*",
	"a[b",
	"a]b",
	"a\\b",
	"a@{b",
	"@{-1}",
	"a\nb",
	"a\tb",
	"a\177b",
	"a\x01",
};

/* In a folder that is in no repository, so that @{-1} stands for nothing. */
static bool git_takes(const char *branch)
{
	char *argv[] = {"git", "-C", "/", "check-ref-format", "--branch",
		(char *)branch, NULL};
	char *env[] = {"PATH=/usr/bin:/bin", "GIT_DIR=/nowhere", NULL};
	posix_spawn_file_actions_t actions;
	int status = -1;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", 1, 0);
	assert_int_equal(
		posix_spawnp(&pid, "git", &actions, NULL, argv, env), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	posix_spawn_file_actions_destroy(&actions);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void test_branches(void **state)
{
	(void)state;
	assert_true(git_takes("main"));
	for (size_t i = 0; i < ARRAY_LEN(branches); i++) {
		struct err e = {0};
		int r = git_names_check_branch(branches[i], &e);

		if (r != (git_takes(branches[i]) ? 0 : ERR_CONFIG))
			fail_msg("'%s' is %d", branches[i], r);
		if (r != 0)
			assert_non_null(strstr(e.text, "check-ref-format"));
	}
}

static const struct {
	const char *text;
	bool fits;
} authors[] = {
	{"opsync", true},
	{"opsync@localhost", true},
	{"  O'Neill, Ж.  ", true},
	{"a\tb", true},
	{"", false},
	{"  ", false},
	{".,:;\"'\\", false}, /* git leaves these out at both ends */
	{"a <b>", false},
	{"a>", false},
	{"a\nb", false},
	{"a\n", false},
};

static void test_authors(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(authors); i++) {
		struct err e = {0};
		int r = git_names_check_author(authors[i].text, &e);

		if (r != (authors[i].fits ? 0 : ERR_CONFIG))
			fail_msg("'%s' is %d", authors[i].text, r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_branches),
		cmocka_unit_test(test_authors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
