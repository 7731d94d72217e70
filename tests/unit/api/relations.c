/*
 * Relations: the source of an element, and what both ends see of it.
 */
#include "api/paths.h"
#include "api/resources.h"

#include <string.h>

#include "tests/unit/api/recorded.h"

#define LINKS(from, to)                                                        \
	",\"_links\":{\"self\":{\"href\":\"/api/v3/relations/7\"},\"from\":{"  \
	"\"href\":\"/api/v3/work_packages/" from "\",\"title\":\"F\"},"        \
	"\"to\":{\"href\":\"/api/v3/work_packages/" to "\",\"title\":\"T\"}}"
#define SOURCE(members)                                                        \
	"{\"id\":7" members ",\"_links\":{\"from\":{\"href\":"                 \
	"\"/api/v3/work_packages/3\",\"title\":\"F\"},\"to\":{\"href\":"       \
	"\"/api/v3/work_packages/4\",\"title\":\"T\"}}}"
#define TYPES ",\"type\":\"blocks\",\"reverseType\":\"blocked\""

static const struct {
	const char *element;
	const char *source; /* or what is wrong */
	int code;
} rows[] = {
	{"{\"id\":7,\"name\":\"blocks\"" TYPES ",\"description\":null,"
	 "\"lag\":0" LINKS("3", "4") "}",
		SOURCE(TYPES), 0},
	{"{\"description\":\"a \\\"b\\\"\",\"id\": 7" TYPES LINKS("3", "4") "}",
		SOURCE(TYPES ",\"description\":\"a \\\"b\\\"\""), 0},
	{"{\"id\":7" LINKS("3", "4") "}", SOURCE(""), 0},
	{"{\"type\":\"blocks\"" LINKS("3", "4") "}",
		"a relation of the list has no id", ERR_UNAVAILABLE},
	{"{\"id\":7,\"_links\":{\"from\":5}}",
		"relation 7: from: a number, not a link", ERR_DATA},
	{"{\"id\":7,\"_links\":{\"to\":5}}",
		"relation 7: to: a number, not a link", ERR_DATA},
};

static void test_sources(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct api_relation r;
		struct err e = {0};
		int code =
			api_relation_make(&a, str_of(rows[i].element), &r, &e);

		assert_int_equal(code, rows[i].code);
		if (code != 0) {
			assert_string_equal(e.text, rows[i].source);
			continue;
		}
		assert_string_equal(r.source.p, rows[i].source);
		assert_int_equal(r.from.id, 3);
		assert_int_equal(r.to.id, 4);
	}
	arena_fini(&a);
}

static void check_end(int64_t self, const char *type, int64_t other)
{
	struct arena a = {0};
	struct work_package wp = {.id = self};
	struct err e = {0};

	assert_int_equal(
		api_relations_parse(&a,
			STR("[" SOURCE(TYPES ",\"description\":\"x\"") "]"),
			&wp, &e),
		0);
	assert_int_equal(wp.n_relations, 1);
	assert_true(str_is(wp.relations[0].type, type));
	assert_true(str_is(wp.relations[0].description, "x"));
	assert_int_equal(wp.relations[0].other.id, other);
	arena_fini(&a);
}

static void test_ends(void **state)
{
	struct arena a = {0};
	struct work_package wp = {.id = 3};
	struct err e = {0};

	(void)state;
	check_end(3, "blocks", 4);
	check_end(4, "blocked", 3);
	assert_int_equal(api_relations_parse(&a, STR("[]"), &wp, &e), 0);
	assert_int_equal(wp.n_relations, 0);
	assert_int_equal(
		api_relations_parse(&a, STR("[{}]"), &wp, &e), ERR_DATA);
	assert_int_equal(api_relations_parse(&a, STR("["), &wp, &e), ERR_DATA);
	assert_string_equal(e.text, "work package 3: the source of its "
				    "relations is damaged");
	arena_fini(&a);
}

/* Of a source that an older version or another hand wrote. */
static void test_damaged(void **state)
{
	static const char *const members[][2] = {
		{"[{\"id\":7,\"_links\":{\"from\":5}}]",
			"relation 7: from: a number, not a "
			"link"},
		{"[{\"id\":7,\"_links\":{\"to\":5}}]",
			"relation 7: to: a number, not a link"},
		{"[{\"id\":7,\"reverseType\":5}]",
			"relation 7: type: a number, not text"},
		{"[{\"id\":7,\"description\":5}]",
			"relation 7: description: a number, "
			"not text"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		struct work_package wp = {.id = 3};
		struct err e = {0};

		assert_int_equal(
			api_relations_parse(&a, str_of(members[i][0]), &wp, &e),
			ERR_DATA);
		assert_string_equal(e.text, members[i][1]);
	}
	arena_fini(&a);
}

static void test_path(void **state)
{
	const int64_t ids[] = {3, 4};
	struct buf path = {0};

	(void)state;
	api_path_relations(&path, ids, 2, 1000, 2);
	assert_string_equal(path.p,
		"/api/v3/relations?filters=%5B%7B%22involved%22%3A%7B%22"
		"operator%22%3A%22%3D%22%2C%22values%22%3A%5B%223%22%2C%224"
		"%22%5D%7D%7D%5D&pageSize=1000&offset=2");
	buf_fini(&path);
}

/* By id, and each once. */
static void test_with(void **state)
{
	static const struct {
		const char *list;
		const char *expected;
	} lists[] = {
		{"[]", "[{\"id\":5,\"x\":1},{\"id\":7,\"x\":1}]"},
		{"[{\"id\":4}]",
			"[{\"id\":4},{\"id\":5,\"x\":1},{\"id\":7,\"x\":1}]"},
		{"[{\"id\":6}]",
			"[{\"id\":5,\"x\":1},{\"id\":6},{\"id\":7,\"x\":1}]"},
		{"[{\"id\":4},{\"id\":5},{\"id\":6}]",
			"[{\"id\":4},{\"id\":5,\"x\":1},{\"id\":6},{\"id\":7,"
			"\"x\":1}]"},
		{"[{\"id\":7},{\"id\":8}]",
			"[{\"id\":5,\"x\":1},{\"id\":7,\"x\":1},{\"id\":8}]"},
		{"[{\"id\":4}", NULL},
		{"", NULL},
	};
	const struct api_relation five = {
		.id = 5, .source = STR_INIT("{\"id\":5,\"x\":1}")};
	const struct api_relation seven = {
		.id = 7, .source = STR_INIT("{\"id\":7,\"x\":1}")};
	const struct api_relation *const news[] = {&five, &seven};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf out = {0};
		struct err e = {0};
		int r = api_relations_with(
			str_of(lists[i].list), news, 2, &out, &e);

		if (lists[i].expected != NULL) {
			assert_int_equal(r, 0);
			assert_string_equal(out.p, lists[i].expected);
		} else {
			assert_int_equal(r, ERR_DATA);
		}
		buf_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_with),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
