/*
 * Comments: what comes of activities, and what never does.
 */
#include "api/resources.h"

#include <string.h>

#include "tests/unit/api/recorded.h"

#define COLLECTION(total, count, elements)                                     \
	"{\"total\":" total ",\"count\":" count                                \
	",\"_embedded\":{\"elements\":[" elements "]}}"
#define ONE(activity) COLLECTION("1", "1", "{" activity "}")
#define TEXT                                                                   \
	"\"comment\":{\"format\":\"markdown\",\"raw\":\"a\",\"html\":"         \
	"\"<p>a</p>\"}"
#define USER ",\"_links\":{\"user\":{\"href\":\"/api/v3/users/6\"}}"
#define SOURCE(id)                                                             \
	"{\"id\":" id ",\"raw\":\"a\",\"html\":\"<p>a</p>\",\"_links\":"       \
	"{\"user\":{\"href\":\"/api/v3/users/6\"}}}"

static const struct {
	const char *answer;
	const char *source; /* or what is wrong */
	int code;
} rows[] = {
	{COLLECTION("0", "0", ""), "[]", 0},
	{ONE("\"id\":5," TEXT USER), "[" SOURCE("5") "]", 0},
	{COLLECTION(
		 "2", "2", "{\"id\":9," TEXT USER "},{\"id\":5," TEXT USER "}"),
		"[" SOURCE("5") "," SOURCE("9") "]", 0},
	{ONE("\"id\":5,\"internal\":false," TEXT USER), "[" SOURCE("5") "]", 0},
	/* What does not say plainly that it is not internal. */
	{ONE("\"id\":5,\"internal\":true," TEXT USER), "[]", 0},
	{ONE("\"id\":5,\"internal\":null," TEXT USER), "[]", 0},
	{ONE("\"id\":5,\"internal\":\"false\"," TEXT USER), "[]", 0},
	/* What is no comment. */
	{ONE("\"id\":5"), "[]", 0},
	{ONE("\"id\":5,\"comment\":null"), "[]", 0},
	{ONE("\"id\":5,\"comment\":\"a\""), "[]", 0},
	{ONE("\"id\":5,\"comment\":{\"raw\":\"\"}"), "[]", 0},
	{ONE("\"id\":5,\"comment\":{\"raw\":null}"), "[]", 0},
	/* What is no answer. */
	{ONE(TEXT USER), "activity 1 of the list has no id", ERR_UNAVAILABLE},
	{COLLECTION("2", "1", "{\"id\":5," TEXT USER "}"),
		"the server gives 1 of 2 activities only", ERR_UNAVAILABLE},
};

static void test_sources(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct buf source = {0};
		struct err e = {0};
		int code = api_comments_source_make(
			str_of(rows[i].answer), &source, &e);

		assert_int_equal(code, rows[i].code);
		if (code == 0)
			assert_string_equal(source.p, rows[i].source);
		else
			assert_string_equal(e.text, rows[i].source);
		buf_fini(&source);
	}
}

/* Recorded activities are changes without a word. */
static void test_recorded(void **state)
{
	struct buf answer = recorded("work_package_3397_activities");
	struct buf source = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(
		api_comments_source_make(buf_str(&answer), &source, &e), 0);
	assert_string_equal(source.p, "[]");
	buf_fini(&answer);
	buf_fini(&source);
}

static void test_parse(void **state)
{
	struct arena a = {0};
	struct work_package wp = {.id = 4};
	struct err e = {0};

	(void)state;
	assert_int_equal(api_comments_parse(&a, STR("[]"), &wp, &e), 0);
	assert_true(wp.comments_known);
	assert_int_equal(
		api_comments_parse(
			&a, STR("[" SOURCE("5") "," SOURCE("9") "]"), &wp, &e),
		0);
	assert_int_equal(wp.n_comments, 2);
	assert_int_equal(wp.comments[1].id, 9);
	assert_int_equal(wp.comments[1].author.id, 6);
	assert_null(wp.comments[1].author.title.p);
	assert_true(str_is(wp.comments[0].raw, "a"));
	assert_true(str_is(wp.comments[0].html, "<p>a</p>"));
	assert_int_equal(
		api_comments_parse(&a, STR("[{\"raw\":\"a\"}]"), &wp, &e),
		ERR_DATA);
	assert_int_equal(api_comments_parse(&a, STR("["), &wp, &e), ERR_DATA);
	assert_string_equal(e.text, "work package 4: the source of its "
				    "comments is damaged");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_parse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
