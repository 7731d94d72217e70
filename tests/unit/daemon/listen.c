/*
 * A socket at its place: whose it takes, and what is in its way.
 */
#include "daemon/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/opsync-listen-XXXXXX";

static void on_connection(uv_stream_t *stream, int status)
{
	(void)stream;
	(void)status;
}

static int try(const char *path, bool for_all, struct err *e)
{
	uv_loop_t loop;
	uv_pipe_t pipe;
	struct stat st;
	int r;

	assert_int_equal(uv_loop_init(&loop), 0);
	uv_pipe_init(&loop, &pipe, 0);
	r = listen_at(&pipe, path, for_all, 8, on_connection, e);
	if (r == 0) {
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, for_all ? 0666 : 0660);
	}
	uv_close((uv_handle_t *)&pipe, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	return r;
}

static void refused(const char *path, int code, const char *words)
{
	struct err e = {0};

	assert_int_equal(try(path, false, &e), code);
	assert_non_null(strstr(e.text, path));
	assert_non_null(strstr(e.text, words));
}

static void test_places(void **state)
{
	struct err e = {0};
	char long_one[200];
	FILE *f;

	(void)state;
	assert_int_equal(try("socket", false, &e), 0);
	assert_int_equal(try("socket", true, &e), 0);
	refused("no/socket", ERR_IO, "its folder is not there: make it");
	f = fopen("socket", "w");
	assert_non_null(f);
	fclose(f);
	refused("socket", ERR_IO, "there is something else");
	refused("socket/x", ERR_IO, "not a directory");
	refused("socket/x/y", ERR_IO, "not a directory");
	unlink("socket");
	memset(long_one, 'x', sizeof(long_one) - 1);
	long_one[sizeof(long_one) - 1] = '\0';
	refused(long_one, ERR_IO, "a socket's path has at most 107 bytes");
}

/* Of a daemon that was killed, and of one that is busy. */
static void test_taken(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "at"};
	struct err e = {0};
	int other = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(
		bind(other, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(other, 0), 0);
	refused("at", ERR_LOCKED, "the daemon of another store listens there");
	/* Who asked waits still, and there is no room for another. */
	refused("at", ERR_LOCKED, "the daemon of another store listens there");
	close(other);
	assert_int_equal(try("at", false, &e), 0);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(folder) == NULL ? -1 : chdir(folder);
}

static int end(void **state)
{
	(void)state;
	unlink("at");
	unlink("socket");
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_taken),
	};

	return cmocka_run_group_tests_name("listen", tests, begin, end);
}
