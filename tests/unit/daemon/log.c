/*
 * What is logged: where, in which colours, and the same fault not again and
 * again.
 */
#include "daemon/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"

static char text[65536];

/* Standard error, and what was it before. */
struct overheard {
	int fd;
	int pipe;
	int before;
};

static struct overheard overhear(void)
{
	struct overheard o = {.before = dup(STDERR_FILENO)};
	int fds[2];

	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	dup2(fds[1], STDERR_FILENO);
	o.fd = fds[0];
	o.pipe = fds[1];
	return o;
}

static void overhear_end(const struct overheard *o)
{
	dup2(o->before, STDERR_FILENO);
	close(o->before);
	close(o->fd);
	close(o->pipe);
}

/* What is at the other end of standard error. */
static char *said(int fd)
{
	ssize_t n = read(fd, text, sizeof(text) - 1);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static size_t lines(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

static void test_faults(void **state)
{
	const struct log_about about = {0};
	const struct overheard o = overhear();

	(void)state;
	log_init(LOG_LEVEL_NOTICE);
	log_send(LOG_LEVEL_INFO, &about, "too little");
	for (int i = 0; i < 3; i++)
		log_send(LOG_LEVEL_WARNING, &about, "bad\n%d", 1);
	assert_int_equal(lines(said(o.fd)), 1);
	assert_non_null(strstr(text, "warning: bad?1\n"));
	log_send(LOG_LEVEL_ERROR, &about, "bad\n%d", 1);
	assert_non_null(strstr(said(o.fd), "error: bad?1\n"));
	log_send(LOG_LEVEL_WARNING, &about, "bad\n%d", 1);
	assert_string_equal(said(o.fd), "");

	/* What it can remember no more is told. */
	for (int i = 0; i < 64; i++)
		log_send(LOG_LEVEL_WARNING, &about, "other %d", i);
	assert_int_equal(lines(said(o.fd)), 65);
	assert_non_null(strstr(text, "error: bad?1 (3 times more since "));

	log_send(LOG_LEVEL_WARNING, &about, "other 63");
	log_send(LOG_LEVEL_WARNING, &about, "other 63");
	assert_string_equal(said(o.fd), "");
	log_settle();
	assert_int_equal(lines(said(o.fd)), 1);
	assert_non_null(strstr(text, "other 63 (2 times more since "));
	overhear_end(&o);
}

/* What was counted comes before the word that all is well, and not later. */
static void test_recovered(void **state)
{
	const struct log_about bad = {.kind = "failed", .work_package = 7};
	const struct log_about other = {.kind = "failed", .work_package = 8};
	const struct log_about well = {.kind = "recovered", .work_package = 7};
	const struct overheard o = overhear();

	(void)state;
	log_init(LOG_LEVEL_NOTICE);
	for (int i = 0; i < 2; i++) {
		log_send(LOG_LEVEL_ERROR, &bad, "seven");
		log_send(LOG_LEVEL_ERROR, &other, "eight");
	}
	assert_int_equal(lines(said(o.fd)), 2);
	log_send(LOG_LEVEL_NOTICE, &well, "no more");
	assert_int_equal(lines(said(o.fd)), 2);
	assert_non_null(strstr(text, "error: seven (1 time more since "));
	assert_non_null(strstr(strstr(text, "seven"), "no more\n"));
	log_send(LOG_LEVEL_ERROR, &bad, "seven");
	assert_non_null(strstr(said(o.fd), "error: seven\n"));
	log_settle();
	assert_int_equal(lines(said(o.fd)), 1);
	assert_non_null(strstr(text, "error: eight (1 time more since "));
	overhear_end(&o);
}

#define RED "\033[1;31merror: \033[0mbad"
#define PLAIN "error: bad"

static const struct {
	const char *term, *none; /* $TERM, $NO_COLOR */
	const char *line;
} terminals[] = {
	{"xterm", NULL, RED},
	{"xterm", "", RED},
	{"xterm", "1", PLAIN},
	{"dumb", NULL, PLAIN},
	{NULL, NULL, PLAIN},
};

static void set(const char *name, const char *value)
{
	if (value != NULL)
		setenv(name, value, 1);
	else
		unsetenv(name);
}

static void test_terminals(void **state)
{
	const struct log_about about = {0};
	int master = posix_openpt(O_RDWR | O_NOCTTY);
	int err = dup(STDERR_FILENO);
	int fd;

	(void)state;
	if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
		skip();
	fd = open(ptsname(master), O_RDWR | O_NOCTTY);
	assert_true(fd >= 0);
	dup2(fd, STDERR_FILENO);
	for (size_t i = 0; i < ARRAY_LEN(terminals); i++) {
		set("TERM", terminals[i].term);
		set("NO_COLOR", terminals[i].none);
		log_init(LOG_LEVEL_NOTICE);
		log_send(LOG_LEVEL_ERROR, &about, "bad");
		assert_string_equal(
			strtok(said(master) + 9, "\r"), terminals[i].line);
		log_settle();
	}
	dup2(err, STDERR_FILENO);
	close(err);
	close(fd);
	close(master);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_recovered),
		cmocka_unit_test(test_terminals),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
