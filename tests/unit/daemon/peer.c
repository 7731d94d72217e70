/*
 * Who may change something: as the kernel says who connected.
 */
#include "daemon/peer.h"

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"

#define OURS 1000 /* the daemon's user and group */

static void become(uid_t user, gid_t group, size_t n, const gid_t *groups)
{
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setgroups(n, groups), 0);
	assert_int_equal(setegid(group), 0);
	assert_int_equal(seteuid(user), 0);
}

static const struct {
	uid_t user;
	gid_t group;
	size_t n;
	gid_t groups[2];
	bool may;
} peers[] = {
	{0, 0, 0, {0}, true},
	{OURS, 7, 0, {0}, true},
	{7, OURS, 0, {0}, true},
	{7, 7, 2, {5, OURS}, true},
	{7, 7, 2, {OURS, 2000}, true},
	{7, 7, 2, {5, 6}, false},
	{7, 7, 0, {0}, false},
};

static void test_peers(void **state)
{
	(void)state;
	if (getuid() != 0)
		skip();
	for (size_t i = 0; i < ARRAY_LEN(peers); i++) {
		int fds[2];

		become(peers[i].user, peers[i].group, peers[i].n,
			peers[i].groups);
		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
		become(OURS, OURS, 0, NULL);
		assert_int_equal(peer_may_change(fds[0]), peers[i].may);
		become(0, 0, 0, NULL);
		close(fds[0]);
		close(fds[1]);
	}
}

static void test_no_peer(void **state)
{
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_false(peer_may_change(fds[0]));
	close(fds[0]);
	close(fds[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_peers),
		cmocka_unit_test(test_no_peer),
	};

	return cmocka_run_group_tests_name("peer", tests, NULL, NULL);
}
