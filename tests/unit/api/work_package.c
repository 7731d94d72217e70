/*
 * Work packages as structs.
 */
#include "api/resources.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/unit/api/recorded.h"

static struct arena arena;

/* The recorded work package, parsed from its source. */
static struct work_package parse(const char *name)
{
	struct buf body = recorded(name);
	struct buf source = {0};
	struct api_source head;
	struct work_package wp = {0};
	struct err e = {0};

	if (api_source_make(buf_str(&body), &source, &head, &e) != 0 ||
		api_work_package_parse(&arena, buf_str(&source), &wp, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(wp.id, head.id);
	assert_int_equal(wp.project.id, head.project_id);
	assert_int_equal(wp.type.id, head.type_id);
	/* Nothing may point into these. */
	memset(source.p, 'x', source.n);
	memset(body.p, 'x', body.n);
	buf_fini(&source);
	buf_fini(&body);
	return wp;
}

static int stop(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void check_str(struct str s, const char *want)
{
	if (want == NULL)
		assert_null(s.p);
	else if (s.p == NULL || !str_is(s, want))
		fail_msg("'%.*s' is not '%s'", STR_ARGS(s), want);
}

static void check_link(struct link link, int64_t id, const char *title)
{
	assert_int_equal(link.id, id);
	check_str(link.title, title);
}

/* A value in a notation that is quick to read. */
static void put(struct buf *b, const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		buf_puts(b, "null");
		break;
	case VALUE_BOOL:
		buf_puts(b, v->boolean ? "true" : "false");
		break;
	case VALUE_NUMBER:
		buf_add_str(b, v->text);
		break;
	case VALUE_STRING:
		buf_printf(b, "'%.*s'", STR_ARGS(v->text));
		break;
	case VALUE_LIST:
		buf_puts(b, "[");
		for (size_t i = 0; i < v->n; i++) {
			put(b, &v->items[i]);
			buf_puts(b, i + 1 < v->n ? " " : "");
		}
		buf_puts(b, "]");
		break;
	case VALUE_MAP:
		buf_puts(b, "{");
		for (size_t i = 0; i < v->n; i++) {
			buf_printf(b, "%.*s:", STR_ARGS(v->members[i].key));
			put(b, &v->members[i].value);
			buf_puts(b, i + 1 < v->n ? " " : "");
		}
		buf_puts(b, "}");
		break;
	}
}

static void check_field(
	const struct work_package *wp, const char *key, const char *want)
{
	struct buf b = {0};

	for (size_t i = 0; i < wp->n_fields; i++) {
		if (!str_is(wp->fields[i].key, key))
			continue;
		put(&b, &wp->fields[i].value);
		if (strcmp(b.p, want) != 0)
			fail_msg("%s: %s is not %s", key, b.p, want);
		buf_fini(&b);
		return;
	}
	fail_msg("%s is missing", key);
}

static void test_every_format(void **state)
{
	struct work_package wp = parse("work_package_4");

	(void)state;
	assert_int_equal(wp.id, 4);
	check_str(wp.subject, "Every custom field format");
	check_str(wp.start_date, "2024-02-01");
	check_str(wp.due_date, "2024-03-01");
	check_str(wp.date, NULL);
	check_str(wp.created_at, "2026-11-22T07:45:39.246Z");
	check_str(wp.updated_at, "2026-11-22T07:45:39.410Z");
	check_str(wp.estimated_time, "PT8H");
	check_str(wp.percentage_done, "68");
	check_link(wp.type, 15, "Curated Content");
	check_link(wp.status, 15, "New");
	check_link(wp.priority, 21, "Normal");
	check_link(wp.project, 1, "Chronic Care Management (CCM)");
	check_link(wp.author, 6, "OpenProject Admin");
	check_link(wp.responsible, 6, "OpenProject Admin");
	check_link(wp.assignee, 8, "Vinit Åström-O'Neil");
	check_link(wp.version, 2, "v2.0 Ünï");
	check_link(wp.category, 3, "Telehealth");
	check_link(wp.parent, 0, NULL);
	assert_int_equal(wp.n_children, 0);
	assert_int_equal(wp.n_fields, 15);
	check_field(&wp, "customField1",
		"'https://example.org/a?b=c&d=é%20f#frag'");
	check_field(&wp, "customField5", "true");
	check_field(&wp, "customField6", "'2024-02-29'");
	check_field(&wp, "customField7", "-42");
	check_field(&wp, "customField8", "3.14159265358979");
	check_field(&wp, "customField9",
		"{id:2 href:'/api/v3/custom_options/2' title:'Beta'}");
	check_field(&wp, "customField10",
		"[{id:4 href:'/api/v3/custom_options/4' title:'Foo'} "
		"{id:6 href:'/api/v3/custom_options/6' title:'Baz, with "
		"comma'}]");
	check_field(&wp, "customField13",
		"{id:1 href:'/api/v3/versions/1' title:'v1.0'}");
}

static void test_empty_fields(void **state)
{
	struct work_package wp = parse("work_package_5");

	(void)state;
	check_field(&wp, "customField1", "null");
	check_field(&wp, "customField3", "{raw:'' html:''}");
	check_field(&wp, "customField5", "null");
	check_field(&wp, "customField7", "null");
	check_field(&wp, "customField9", "{id:null href:null title:null}");
	check_field(&wp, "customField10", "[]");
	check_str(wp.description_raw, "");
}

static void test_false_and_zero(void **state)
{
	struct work_package wp = parse("work_package_6");

	(void)state;
	check_field(&wp, "customField5", "false");
	check_field(&wp, "customField7", "0");
}

static void test_digits(void **state)
{
	struct work_package wp = parse("work_package_7");

	(void)state;
	check_field(&wp, "customField7", "123456789012345678");
	check_field(&wp, "customField8", "1e-07");
}

static void test_parent_child_milestone(void **state)
{
	struct work_package parent = parse("work_package_15");
	struct work_package child = parse("work_package_16");
	struct work_package milestone = parse("work_package_18");

	(void)state;
	check_link(child.parent, 15, "Parent item");
	if (parent.n_children == 0 || parent.children == NULL)
		fail_msg("no children");
	else
		check_link(parent.children[0], 16, "Child 1");
	check_str(milestone.date, "2024-07-01");
	check_str(milestone.start_date, NULL);
	check_str(milestone.due_date, NULL);
}

static void test_scripts(void **state)
{
	struct work_package wp = parse("work_package_8");

	(void)state;
	assert_true(str_starts(
		wp.subject, STR("🩺 Ünïcödé — “quotes”")));
	assert_true(str_ends(
		wp.subject, STR("& <b>html</b> \"dq\" \\back/slash\ttab")));
}

#define LINKS                                                                  \
	"\"_links\":{\"project\":{\"href\":\"/api/v3/projects/2\"},"           \
	"\"type\":{\"href\":\"/api/v3/types/3\"}%s}}"

static int parse_with(const char *members, const char *links,
	struct work_package *wp, struct err *e)
{
	struct buf element = {0};
	struct buf source = {0};
	struct api_source head;
	int code;

	buf_printf(&element, "{\"id\":12,%s" LINKS, members, links);
	if (api_source_make(buf_str(&element), &source, &head, e) != 0)
		fail_msg("%s", e->text);
	code = api_work_package_parse(&arena, buf_str(&source), wp, e);
	buf_fini(&element);
	buf_fini(&source);
	return code;
}

static const struct {
	const char *members;
	const char *links;
	const char *fault; /* behind "work package 12: ", or NULL */
} oddities[] = {
	{"\"subject\":null,", "", NULL},
	{"\"subject\":5,", "", "subject: a number, not text"},
	{"\"subject\":[],", "", "subject: a list, not text"},
	{"\"subject\":true,", "", "subject: true or false, not text"},
	{"\"subject\":\"a\\u0000b\",", "",
		"subject: invalid \\u escape (a NUL character)"},
	{"\"subject\":\"a\\ud800b\",", "",
		"subject: invalid \\u escape (half of a surrogate pair)"},
	{"\"subject\":\"a\\xb\",", "", "subject: invalid escape"},
	{"\"subject\":\"a\nb\",", "", "subject: a control character"},
	{"\"subject\":\"a\xff\",", "", "subject: invalid UTF-8"},
	{"\"description\":null,", "", NULL},
	{"\"description\":{},", "", NULL},
	{"\"description\":\"text\",", "", "description: text, not an object"},
	{"\"description\":{\"raw\":1},", "",
		"description.raw: a number, not text"},
	{"\"description\":{\"raw\":\"\",\"html\":\"\\q\"},", "",
		"description.html: invalid escape"},
	{"\"percentageDone\":\"5\",", "", "percentageDone: text, not a number"},
	{"\"percentageDone\":null,", "", NULL},
	{"\"customField7\":\"\\u0000\",", "",
		"customField7: invalid \\u escape (a NUL character)"},
	{"\"customField7\":[1,{\"a\":\"\\q\"}],", "",
		"customField7: invalid escape"},
	{"\"customField7\":{\"\\q\":1},", "", "customField7: invalid escape"},
	{"\"customField7\":1e400,", "", NULL},
	{"", ",\"status\":5", "status: a number, not a link"},
	{"", ",\"status\":[]", "status: a list, not a link"},
	{"", ",\"status\":null", NULL},
	{"", ",\"status\":{\"href\":5}", "status: a number, not text"},
	{"", ",\"status\":{\"title\":\"\\q\"}", "status: invalid escape"},
	{"", ",\"children\":{}", "children: an object, not a list of links"},
	{"", ",\"children\":[5]", "children: a number, not a link"},
	{"", ",\"children\":null", NULL},
	{"", ",\"customField9\":5", "customField9: a number, not a link"},
	{"", ",\"customField9\":[[]]", "customField9: a list, not a link"},
};

static void test_oddities(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(oddities); i++) {
		struct work_package wp = {.id = 42};
		struct err e = {0};
		char want[200];
		int code = parse_with(
			oddities[i].members, oddities[i].links, &wp, &e);

		if (oddities[i].fault == NULL) {
			assert_int_equal(code, 0);
			continue;
		}
		snprintf(want, sizeof(want), "work package 12: %s",
			oddities[i].fault);
		assert_int_equal(code, ERR_DATA);
		assert_string_equal(e.text, want);
		assert_int_equal(wp.id, 42); /* untouched */
	}
}

static void test_links(void **state)
{
	struct work_package wp;
	struct err e = {0};

	(void)state;
	assert_int_equal(
		parse_with("",
			",\"assignee\":{\"href\":\"urn:openproject-org:api:v3:"
			"undisclosed\",\"title\":\"Undisclosed\"},"
			"\"author\":{\"href\":\"https://evil.org/users/5\"},"
			"\"version\":{\"href\":\"/op/api/v3/versions/7\"}",
			&wp, &e),
		0);
	check_link(wp.assignee, 0, "Undisclosed");
	check_str(wp.assignee.href, "urn:openproject-org:api:v3:undisclosed");
	check_link(wp.author, 0, NULL);
	check_link(wp.version, 7, NULL);
	check_link(wp.status, 0, NULL);
}

static void test_children(void **state)
{
	struct work_package wp;
	struct err e = {0};

	(void)state;
	assert_int_equal(parse_with("",
				 ",\"children\":[{\"href\":\"/api/v3/"
				 "work_packages/30\"},"
				 "{\"href\":\"/api/v3/work_packages/7\"},"
				 "{\"href\":\"/api/v3/work_packages/12\"}]",
				 &wp, &e),
		0);
	assert_int_equal(wp.n_children, 3);
	check_link(wp.children[0], 7, NULL);
	check_link(wp.children[1], 12, NULL);
	check_link(wp.children[2], 30, NULL);
}

static void test_any_value(void **state)
{
	struct work_package wp;
	struct err e = {0};

	(void)state;
	assert_int_equal(
		parse_with(
			"\"customField1\":[1,{\"a\":[null,true],\"b\":\"\\u00e9"
			"\"},[]],\"customField2\":{\"raw\":\"r\",\"html\":"
			"\"h\",\"format\":\"f\"},",
			"", &wp, &e),
		0);
	check_field(&wp, "customField1", "[1 {a:[null true] b:'é'} []]");
	check_field(&wp, "customField2", "{raw:'r' html:'h'}");
}

static void test_damaged_source(void **state)
{
	static const char *const sources[] = {"", "{", "[]", "{}", "{\"id\":1}",
		"{\"id\":1,\"_links\":{\"project\":{\"href\":null}}}", "null"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		struct work_package wp;
		struct err e = {0};

		assert_int_equal(api_work_package_parse(
					 &arena, str_of(sources[i]), &wp, &e),
			ERR_DATA);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A page of 1,000, from its bytes to structs. */
static void test_speed(void **state)
{
	struct buf one = recorded("list_ccm_curated_page1");
	struct buf page = {0};
	struct buf source = {0};
	struct arena a = {0};
	struct api_list l;
	double begin;

	(void)state;
	assert_int_equal(api_list_scan(&arena, buf_str(&one), &l, NULL), 0);
	buf_puts(&page, "{\"total\":1000,\"count\":1000,\"_embedded\":{"
			"\"elements\":[");
	for (size_t i = 0; i < 1000; i++) {
		buf_puts(&page, i > 0 ? "," : "");
		buf_add_str(&page, l.elements[i % l.n]);
	}
	buf_puts(&page, "]}}");
	begin = now();
	assert_int_equal(api_list_scan(&a, buf_str(&page), &l, NULL), 0);
	for (size_t i = 0; i < l.n; i++) {
		struct api_source head;
		struct work_package wp;

		buf_clear(&source);
		arena_reset(&arena);
		assert_int_equal(
			api_source_make(l.elements[i], &source, &head, NULL),
			0);
		assert_int_equal(api_work_package_parse(
					 &arena, buf_str(&source), &wp, NULL),
			0);
	}
	begin = now() - begin;
	print_message("1,000 work packages, %zu kB: %.1f ms\n", page.n / 1000,
		begin * 1e3);
	assert_true(begin < 0.5); /* also under a sanitizer */
	arena_fini(&a);
	buf_fini(&one);
	buf_fini(&page);
	buf_fini(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_format),
		cmocka_unit_test(test_empty_fields),
		cmocka_unit_test(test_false_and_zero),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_parent_child_milestone),
		cmocka_unit_test(test_scripts),
		cmocka_unit_test(test_oddities),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_children),
		cmocka_unit_test(test_any_value),
		cmocka_unit_test(test_damaged_source),
		cmocka_unit_test(test_speed),
	};

	return cmocka_run_group_tests(tests, NULL, stop);
}
