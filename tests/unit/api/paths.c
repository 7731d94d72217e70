/*
 * Addresses, as the recorded requests wrote them.
 */
#include "api/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/stamp.h"

/* out without its percents, and cleared. */
static void check(struct buf *out, const char *want)
{
	char *to = out->p;

	for (const char *p = out->p; *p != '\0'; p++) {
		char hex[3] = {0};

		assert_true(*p > ' ' && *p < 0x7f &&
			    strchr("[]{}\"<>", *p) == NULL);
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		memcpy(hex, p + 1, 2);
		*to++ = (char)strtol(hex, NULL, 16);
		p += 2;
	}
	*to = '\0';
	assert_string_equal(out->p, want);
	buf_clear(out);
}

static const int64_t projects[] = {1, 42};
static const struct api_scope two = {.n_projects = 2, .projects = projects};
static const struct api_scope all = {0};

#define LIST "/api/v3/work_packages?filters=["
#define TWO "{\"project\":{\"operator\":\"=\",\"values\":[\"1\",\"42\"]}}"
#define SCOPE "]&includeSubprojects=false&sortBy=[[\"id\",\"asc\"]]&pageSize="
#define IDS "&select=total,count,pageSize,offset,elements/id"

static void test_lists(void **state)
{
	struct buf out = {0};
	int64_t low;

	(void)state;
	assert_true(stamp_parse(STR("2021-01-20T04:33:56.131212Z"), &low));
	api_path_changed(&out, &two, low, INT64_MAX, 100);
	check(&out, LIST TWO
		",{\"updatedAt\":{\"operator\":\"<>d\",\"values\":["
		"\"2021-01-20T04:33:56.131212Z\",\"\"]}}]"
		"&includeSubprojects=false&sortBy=[[\"updatedAt\",\"asc\"],"
		"[\"id\",\"asc\"]]&pageSize=100");
	api_path_changed(&out, &all, low, low + 1000, 7);
	check(&out, LIST
		"{\"updatedAt\":{\"operator\":\"<>d\",\"values\":["
		"\"2021-01-20T04:33:56.131212Z\","
		"\"2021-01-20T04:33:56.132212Z\"]}}]"
		"&includeSubprojects=false&sortBy=[[\"updatedAt\",\"asc\"],"
		"[\"id\",\"asc\"]]&pageSize=7");
	api_path_ids(&out, &two, 1000, 2);
	check(&out, LIST TWO SCOPE "1000&offset=2" IDS);
	api_path_ids(&out, &all, 1000, 1);
	check(&out, LIST SCOPE "1000&offset=1" IDS);
	api_path_changed_ids(&out, &two, low, low, 5, 1);
	check(&out, LIST TWO
		",{\"updatedAt\":{\"operator\":\"<>d\",\"values\":["
		"\"2021-01-20T04:33:56.131212Z\","
		"\"2021-01-20T04:33:56.131212Z\"]}}" SCOPE "5&offset=1" IDS);
	api_path_newest(&out, &two);
	check(&out, LIST TWO "]&includeSubprojects=false&sortBy="
			     "[[\"updatedAt\",\"desc\"],[\"id\",\"desc\"]]"
			     "&pageSize=1");
	api_path_batch(&out, &all, projects, 2);
	check(&out, LIST "{\"id\":{\"operator\":\"=\",\"values\":[\"1\",\"42\"]"
			 "}}" SCOPE "2");
	buf_fini(&out);
}

static void test_things(void **state)
{
	static const struct api_pair pairs[] = {{1, 15}, {2, 8}};
	struct buf out = {0};

	(void)state;
	api_path_work_package(&out, 4330);
	check(&out, "/api/v3/work_packages/4330");
	api_path_attachments(&out, 4330);
	check(&out, "/api/v3/work_packages/4330/attachments");
	api_path_content(&out, 9311);
	check(&out, "/api/v3/attachments/9311/content");
	api_path_me(&out);
	check(&out, "/api/v3/users/me");
	api_path_projects(&out, 3);
	check(&out, "/api/v3/projects?filters=[]&sortBy=[[\"id\",\"asc\"]]"
		    "&pageSize=100&offset=3");
	api_path_types(&out);
	check(&out, "/api/v3/types");
	api_path_statuses(&out);
	check(&out, "/api/v3/statuses");
	api_path_schemas(&out, pairs, 2);
	check(&out, "/api/v3/work_packages/schemas?filters=[{\"id\":{"
		    "\"operator\":\"=\",\"values\":[\"1-15\",\"2-8\"]}}]");
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
