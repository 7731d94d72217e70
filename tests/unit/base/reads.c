/*
 * reads: what an address of the API leads to, and what is read only once.
 */
#include "base/reads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/util.h"

static void test_links(void **state)
{
	static const struct {
		const char *href;
		enum read_kind kind; /* 0: none */
		int64_t id;
	} links[] = {
		{"/api/v3/users/4", READ_USER, 4},
		{"/api/v3/groups/4", READ_USER, 4},
		{"/api/v3/work_packages/12", READ_WORK_PACKAGE, 12},
		{"/api/v3/custom_options/7", READ_OPTION, 7},
		{"https://example.org/api/v3/types/2", READ_TYPE, 2},
		{"/projects/api/v3/users/4", READ_USER, 4},
		{"/projects/api/v3/projects/4", READ_PROJECT, 4},
		{"/api/v3/programs/4", READ_PROJECT, 4},
		{"/api/v3/portfolios/4", READ_PROJECT, 4},
		{"/api/v3/workspaces/4", READ_PROJECT, 4},
		{"/a/users/types/api/v3/versions/1", READ_VERSION, 1},
		{"/api/v3/projects/2/versions/3", READ_VERSION, 3},
		{"/api/v3/projects/2/nothing/3", 0, 0},
		{"/api/v3/attachments/4", 0, 0},
		{"/api/v3/users/me", 0, 0},
		{"/api/v3/users/0", 0, 0},
		{"/api/v3/users/", 0, 0},
		{"/api/v3/4", 0, 0},
		{"/users/4", 0, 0},
		{"/users/api/v3/4", 0, 0},
		{"users/4", 0, 0},
		{"urn:openproject-org:api:v3:undisclosed", 0, 0},
		{"/", 0, 0},
		{"", 0, 0},
		{NULL, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		enum read_kind kind = 0;
		int64_t id = 0;
		bool found = reads_link(str_of(links[i].href), &kind, &id);

		if (found != (links[i].kind != 0) ||
			(found && (kind != links[i].kind || id != links[i].id)))
			fail_msg("%s: %d %lld", links[i].href, (int)kind,
				(long long)id);
	}
}

static void test_once(void **state)
{
	struct reads r = {0};

	(void)state;
	reads_add_link(&r, STR("/projects/api/v3/users/4"), STR_NONE);
	reads_add_link(&r, STR("/projects/api/v3/types/4"), STR("Task"));
	reads_add_link(&r, STR("/projects/api/v3/users/4"), STR("Ada"));
	reads_add_link(&r, STR("/projects/4"), STR("none"));
	reads_sort(&r);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.items[0].kind, READ_TYPE);
	assert_int_equal(r.items[1].kind, READ_USER);
	assert_true(str_is(r.items[1].name, "Ada"));
	reads_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
