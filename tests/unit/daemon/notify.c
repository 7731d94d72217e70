/*
 * The watchdog's question: does work advance?
 */
#include "daemon/notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/stamp.h"

#define PATIENCE INT64_C(100)

static void test_idle_is_good(void **state)
{
	struct notify_watch w = {0};

	(void)state;
	for (int64_t now = 1; now < 10000; now += 50)
		assert_true(notify_watch_good(&w, false, 7, PATIENCE, now));
}

static void test_standing_still(void **state)
{
	struct notify_watch w = {0};

	(void)state;
	assert_true(notify_watch_good(&w, true, 7, PATIENCE, 1000));
	assert_true(notify_watch_good(&w, true, 7, PATIENCE, 1100));
	assert_false(notify_watch_good(&w, true, 7, PATIENCE, 1101));
	assert_true(notify_watch_good(&w, true, 7, 2 * PATIENCE, 1101));
	assert_true(notify_watch_good(&w, true, 8, PATIENCE, 1150));
	assert_true(notify_watch_good(&w, true, 8, PATIENCE, 1250));
	assert_false(notify_watch_good(&w, true, 8, PATIENCE, 1251));
}

/* What came before the work began does not count against it. */
static void test_idle_before(void **state)
{
	struct notify_watch w = {0};

	(void)state;
	assert_true(notify_watch_good(&w, false, 7, PATIENCE, 1000));
	assert_true(notify_watch_good(&w, false, 7, PATIENCE, 5000));
	assert_true(notify_watch_good(&w, true, 7, PATIENCE, 5100));
	assert_false(notify_watch_good(&w, true, 7, PATIENCE, 5101));
}

static int listen_at(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

/* Was it asked for more time since this was asked last? */
static bool wants_time(int fd)
{
	char text[1024];
	bool wants = false;
	ssize_t n;

	while ((n = recv(fd, text, sizeof(text) - 1, 0)) > 0) {
		text[n] = '\0';
		wants |= strstr(text, "EXTEND_TIMEOUT_USEC=600000000") != NULL;
	}
	return wants;
}

/* Now and then, as long as the opening gets on. */
static void test_opening(void **state)
{
	char path[] = "/tmp/opsync-notify-XXXXXX";
	char at[64];
	struct notify n = {0};
	int fd;

	(void)state;
	assert_non_null(mkdtemp(path));
	snprintf(at, sizeof(at), "%s/socket", path);
	fd = listen_at(at);
	setenv("NOTIFY_SOCKET", at, 1);
	notify_opening(&n);
	assert_true(wants_time(fd));
	for (int i = 0; i < 1000; i++)
		notify_opening(&n);
	assert_false(wants_time(fd));
	n.opening_at -= 100 * STAMP_SECOND;
	notify_opening(&n);
	assert_true(wants_time(fd));
	unsetenv("NOTIFY_SOCKET");
	close(fd);
	unlink(at);
	rmdir(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_idle_is_good),
		cmocka_unit_test(test_standing_still),
		cmocka_unit_test(test_idle_before),
		cmocka_unit_test(test_opening),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
