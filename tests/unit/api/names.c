/*
 * Projects, schemas, types, statuses and users; and the lines of errors.
 */
#include "api/resources.h"

#include <stdlib.h>

#include "tests/unit/api/recorded.h"

static struct arena arena;

static int stop(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void check_str(struct str s, const char *want)
{
	if (!str_is(s, want))
		fail_msg("'%.*s' is not '%s'", STR_ARGS(s), want);
}

/* The elements of a recorded list. */
static struct api_list elements(const char *name, struct buf *body)
{
	struct api_list l;

	*body = recorded(name);
	assert_int_equal(api_list_scan(&arena, buf_str(body), &l, NULL), 0);
	return l;
}

static void test_projects(void **state)
{
	struct buf body;
	struct api_list l = elements("projects", &body);
	struct project p = {0};

	(void)state;
	for (size_t i = 0; i < l.n; i++)
		assert_int_equal(
			api_project_parse(&arena, l.elements[i], &p, NULL), 0);
	assert_int_equal(api_project_parse(&arena, l.elements[0], &p, NULL), 0);
	assert_int_equal(p.id, 4);
	check_str(p.identifier, "ccm-sub");
	check_str(p.name, "CCM – Sub «Ünïcode» project");
	check_str(p.created_at, "2026-11-22T07:43:03.035Z");
	assert_true(p.active);
	assert_int_equal(p.n_ancestors, 1);
	assert_int_equal(p.ancestors[0], 1);
	buf_fini(&body);
}

static void test_project_alone(void **state)
{
	struct buf body = recorded("project_ccm_by_identifier");
	struct project p;

	(void)state;
	assert_int_equal(
		api_project_parse(&arena, buf_str(&body), &p, NULL), 0);
	assert_int_equal(p.id, 1);
	check_str(p.identifier, "ccm");
	assert_int_equal(p.n_ancestors, 0);
	buf_fini(&body);
}

static void test_schema(void **state)
{
	static const struct {
		const char *key;
		const char *name;
		const char *type;
	} fields[] = {
		{"customField1", "sourceUrl", "String"},
		{"customField3", "medigyTopics", "Formattable"},
		{"customField8", "CF float", "Float"},
		{"customField10", "CF multilist", "[]CustomOption"},
		{"customField14", "CF multiversion", "[]Version"},
	};
	struct buf body = recorded("schema_1_15");
	struct schema s;

	(void)state;
	assert_int_equal(api_schema_parse(&arena, buf_str(&body), &s, NULL), 0);
	assert_int_equal(s.project_id, 1);
	assert_int_equal(s.type_id, 15);
	assert_int_equal(s.n_fields, 15);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		struct str key = str_of(fields[i].key);
		size_t k = 0;

		check_str(schema_name_of(&s, key), fields[i].name);
		while (!str_eq(s.fields[k].key, key))
			k++;
		check_str(s.fields[k].type, fields[i].type);
	}
	buf_fini(&body);
}

static void test_schemas(void **state)
{
	static const int64_t types[] = {15, 8, 15};
	struct buf body;
	struct api_list l = elements("schemas_list", &body);

	(void)state;
	assert_int_equal(l.n, ARRAY_LEN(types));
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct schema s = {0};

		assert_int_equal(
			api_schema_parse(&arena, l.elements[i], &s, NULL), 0);
		assert_int_equal(s.project_id, i < 2 ? 1 : 2);
		assert_int_equal(s.type_id, types[i]);
	}
	buf_fini(&body);
}

static void test_types_and_statuses(void **state)
{
	struct buf body;
	struct api_list l = elements("types", &body);
	struct api_name name = {0};
	size_t n_closed = 0;

	(void)state;
	assert_int_equal(
		api_name_parse(&arena, l.elements[0], "type", &name, NULL), 0);
	assert_int_equal(name.id, 8);
	check_str(name.name, "Task");
	buf_fini(&body);

	l = elements("statuses", &body);
	for (size_t i = 0; i < l.n; i++) {
		assert_int_equal(api_name_parse(&arena, l.elements[i], "status",
					 &name, NULL),
			0);
		n_closed += name.is_closed;
		if (str_is(name.name, "Closed"))
			assert_true(name.is_closed);
		if (str_is(name.name, "New"))
			assert_false(name.is_closed);
	}
	assert_true(n_closed > 0 && n_closed < l.n);
	buf_fini(&body);
}

static void test_users(void **state)
{
	struct buf body = recorded("users_me");
	struct api_user user;

	(void)state;
	assert_int_equal(
		api_user_parse(&arena, buf_str(&body), &user, NULL), 0);
	assert_int_equal(user.id, 6);
	check_str(user.name, "OpenProject Admin");
	assert_true(user.admin);
	buf_fini(&body);

	body = recorded("syncbot_users_6");
	assert_int_equal(
		api_user_parse(&arena, buf_str(&body), &user, NULL), 0);
	assert_false(user.admin);
	buf_fini(&body);
}

static void test_strange_answers(void **state)
{
	static const struct {
		const char *body;
		int code;
	} cases[] = {
		{"", ERR_UNAVAILABLE},
		{"{", ERR_UNAVAILABLE},
		{"[]", ERR_UNAVAILABLE},
		{"{}", ERR_UNAVAILABLE},
		{"{\"id\":1}", ERR_UNAVAILABLE},
		{"{\"id\":1,\"name\":null}", ERR_UNAVAILABLE},
		{"{\"id\":0,\"name\":\"a\"}", ERR_UNAVAILABLE},
		{"{\"id\":1,\"name\":5}", ERR_DATA},
		{"{\"id\":1,\"name\":\"\\ud800\"}", ERR_DATA},
		{"{\"id\":1,\"name\":\"a\"", ERR_UNAVAILABLE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str body = str_of(cases[i].body);
		struct project p;
		struct schema s;
		struct api_name name;
		struct api_user user;
		struct err e = {0};

		assert_int_equal(
			api_project_parse(&arena, body, &p, &e), cases[i].code);
		assert_int_equal(
			api_name_parse(&arena, body, "type", &name, &e),
			cases[i].code);
		assert_int_equal(
			api_user_parse(&arena, body, &user, &e), cases[i].code);
		assert_int_equal(api_schema_parse(&arena, body, &s, &e),
			ERR_UNAVAILABLE);
	}
}

static void test_strange_projects(void **state)
{
	static const char *const rows[][2] = {
		{"\"identifier\":5",
			"project 1: identifier: a number, not text"},
		{"\"identifier\":\"a\",\"createdAt\":5",
			"project 1: createdAt: a number, not text"},
		{"\"identifier\":\"a\",\"_links\":{\"ancestors\":5}",
			"project 1: ancestors: a number, not a list of links"},
		{"\"active\":true", "project 1: its identifier is missing"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str body = arena_printf(
			&arena, "{\"id\":1,\"name\":\"a\",%s}", rows[i][0]);
		struct project p;
		struct err e = {0};

		assert_int_equal(
			api_project_parse(&arena, body, &p, &e), ERR_DATA);
		assert_string_equal(e.text, rows[i][1]);
		assert_int_equal(p.id, 1);
	}
}

static void test_strange_schemas(void **state)
{
	static const char *const fields[] = {"{\"name\":5,\"type\":\"String\"}",
		"{\"name\":\"a\",\"type\":{}}", "{\"name\":\"a\"}",
		"{\"type\":\"String\"}", "{\"name\":null,\"type\":\"String\"}",
		"null", "[]"};
	struct schema s;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		char *text =
			xasprintf("{\"customField1\":%s,\"customField2\":"
				  "{\"name\":\"b\",\"type\":\"Float\"},"
				  "\"customField\":{},\"customFields\":{},"
				  "\"customField1a\":{},\"customField0\":{},"
				  "\"_links\":{\"self\":{\"href\":"
				  "\"/api/v3/work_packages/schemas/1-2\"}}}",
				fields[i]);

		assert_int_equal(
			api_schema_parse(&arena, str_of(text), &s, &e), 0);
		assert_int_equal(s.n_fields, 2);
		check_str(s.fields[0].key, "customField1");
		assert_null(s.fields[0].type.p);
		if (strstr(fields[i], "\"a\"") != NULL)
			check_str(s.fields[0].name, "a");
		else
			assert_null(s.fields[0].name.p);
		assert_ptr_equal(schema_unreadable(&s),
			s.fields[0].name.p == NULL ? &s.fields[0] : NULL);
		check_str(s.fields[1].name, "b");
		free(text);
	}
	assert_int_equal(
		api_schema_parse(&arena,
			STR("{\"_links\":{\"self\":{\"href\":\"/1\"}}}"), &s,
			&e),
		ERR_UNAVAILABLE);
	assert_int_equal(
		api_schema_parse(&arena,
			STR("{\"_links\":{\"self\":{\"href\":\"/1-x\"}}}"), &s,
			&e),
		ERR_UNAVAILABLE);
}

static void test_member(void **state)
{
	struct str object = STR("{\"a\":1,\"b\":{\"c\":[]},\"a\":2}");

	(void)state;
	check_str(api_member(object, "a"), "2");
	check_str(api_member(api_member(object, "b"), "c"), "[]");
	assert_null(api_member(object, "c").p);
	assert_null(api_member(STR("[1]"), "a").p);
	assert_null(api_member(STR("{\"a\":1"), "a").p);
	assert_null(api_member(STR_NONE, "a").p);
}

static void test_error_lines(void **state)
{
	static const struct {
		const char *body;
		const char *line;
		bool api;
	} cases[] = {
		{"", "empty answer", false},
		{" \r\n", "empty answer", false},
		{"{\"errorIdentifier\":\"urn:openproject-org:api:v3:errors:"
		 "NotFound\",\"message\":\"Not\\n\\u001b[1m here.\\t\"}",
			"NotFound: Not [1m here.", true},
		{"{\"errorIdentifier\":\"X\",\"message\":null}", "X: ", true},
		{"{\"errorIdentifier\":5}", "an answer of 21 bytes", false},
		{"{\"message\":\"m\"}", "an answer of 15 bytes", false},
		{"{\"errorIdentifier\":\"X\",\"message\":5}",
			"an answer of 35 bytes", false},
		{"<html><title>\n 502  Bad\tGateway </title>",
			"502 Bad Gateway", false},
		{"<TITLE lang=\"de\">a</TITLE>", "a", false},
		{"<title></title>", "a page of HTML of 15 bytes", false},
		{"<title>cut sho", "cut sho", false},
		{"<title", "an answer of 6 bytes", false},
		{"oops", "an answer of 4 bytes", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf line = {0};

		assert_int_equal(api_error_line(str_of(cases[i].body), &line),
			cases[i].api);
		assert_string_equal(line.p, cases[i].line);
		buf_fini(&line);
	}
}

static void test_steady(void **state)
{
	static const char *const cases[][2] = {
		{"Failed to connect to op.example.org port 443 after 37 ms: "
		 "Couldn't connect to server",
			"Failed to connect to op.example.org port 443: "
			"Couldn't connect to server"},
		{"Operation timed out after 30001 milliseconds with 12 out of "
		 "2048 bytes received",
			"Operation timed out with some out of some bytes "
			"received"},
		{"transfer closed with 2495 bytes remaining to read",
			"transfer closed with some bytes remaining to read"},
		{"Could not resolve host: op.example.org (after 2 tries)",
			"Could not resolve host: op.example.org (after 2 "
			"tries)"},
		{"Less than 1 bytes/sec transferred the last 30 seconds",
			"Less than 1 bytes/sec transferred the last 30 "
			"seconds"},
		{"File x is 104857601 bytes, more than 100 MB",
			"File x is 104857601 bytes, more than 100 MB"},
		{"closed after 7", "closed after 7"},
		{"", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct buf out = {0};

		api_put_steady(str_of(cases[i][0]), &out);
		assert_string_equal(out.n > 0 ? out.p : "", cases[i][1]);
		buf_fini(&out);
	}
}

static void test_long_error(void **state)
{
	struct buf body = {0};
	struct buf line = {0};

	(void)state;
	buf_puts(&body, "<title>");
	for (int i = 0; i < 1000; i++)
		buf_puts(&body, "é");
	assert_false(api_error_line(buf_str(&body), &line));
	assert_true(line.n < 250);
	assert_true(str_ends(buf_str(&line), STR("é…")));
	buf_fini(&body);
	buf_fini(&line);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_projects),
		cmocka_unit_test(test_project_alone),
		cmocka_unit_test(test_schema),
		cmocka_unit_test(test_schemas),
		cmocka_unit_test(test_types_and_statuses),
		cmocka_unit_test(test_users),
		cmocka_unit_test(test_strange_answers),
		cmocka_unit_test(test_strange_projects),
		cmocka_unit_test(test_strange_schemas),
		cmocka_unit_test(test_member),
		cmocka_unit_test(test_error_lines),
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_long_error),
	};

	return cmocka_run_group_tests(tests, NULL, stop);
}
