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
	{ONE("\"id\":5,\"comment\":{\"raw\":\"a\"}" USER),
		"[{\"id\":5,\"raw\":\"a\",\"html\":null,\"_links\":{\"user\":{"
		"\"href\":\"/api/v3/users/6\"}}}]",
		0},
	/* What does not say plainly that it is not internal. */
	{ONE("\"id\":5,\"internal\":true," TEXT USER), "[]", 0},
	{ONE("\"id\":5,\"internal\":null," TEXT USER), "[]", 0},
	{ONE("\"id\":5,\"internal\":\"false\"," TEXT USER), "[]", 0},
	{ONE("\"id\":5,\"restricted\":true," TEXT USER), "[]", 0},
	{ONE("\"id\":5,\"internal\":false,\"restricted\":null," TEXT USER),
		"[]", 0},
	{ONE("\"id\":5,\"restricted\":false," TEXT USER), "[" SOURCE("5") "]",
		0},
	/* What is no comment. */
	{ONE("\"id\":5,\"comment\":{\"raw\":\"_The changes were "
	     "retracted._\"}" USER),
		"[]", 0},
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

/* Of a source that an older version or another hand wrote. */
static void test_damaged(void **state)
{
	static const char *const members[][2] = {
		{"\"createdAt\":5", "createdAt: a number, not text"},
		{"\"raw\":5", "comment.raw: a number, not text"},
		{"\"html\":5", "comment.html: a number, not text"},
		{"\"_links\":{\"user\":5}", "user: a number, not a link"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct work_package wp = {.id = 4};
		struct err e = {0};
		struct str source =
			arena_printf(&a, "[{\"id\":5,%s}]", members[i][0]);

		assert_int_equal(
			api_comments_parse(&a, source, &wp, &e), ERR_DATA);
		assert_true(str_ends(str_of(e.text), str_of(members[i][1])));
	}
	arena_fini(&a);
}

static void test_last_editor(void **state)
{
	static const struct {
		const char *answer;
		int64_t user;
	} editors[] = {
		{ONE("\"id\":5" USER), 6},
		{ONE("\"id\":null" USER), 0},
		{ONE("\"id\":5,\"internal\":true" USER), 0},
		{ONE("\"id\":5,\"_links\":{\"user\":5}"), 0},
		/* the newest, wherever it stands */
		{COLLECTION("2", "2",
			 "{\"id\":9" USER "},{\"id\":5,\"_links\":{\"user\":{"
			 "\"href\":\"/api/v3/users/7\"}}}"),
			6},
		{COLLECTION("0", "0", ""), 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(editors); i++) {
		struct err e = {0};
		int64_t user = -1;

		assert_int_equal(
			api_last_editor(str_of(editors[i].answer), &user, &e),
			0);
		assert_int_equal(user, editors[i].user);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_last_editor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
