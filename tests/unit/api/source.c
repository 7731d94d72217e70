/*
 * Sources of work packages: one form, whatever answer they come from.
 */
#include "api/source.h"
#include "api/resources.h"

#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "tests/unit/api/recorded.h"

static int make(struct str element, struct buf *out, struct api_source *head)
{
	struct err e = {0};
	int code = api_source_make(element, out, head, &e);

	assert_int_equal(code, e.code);
	return code;
}

static const char *const singles[] = {"work_package_3", "work_package_4",
	"work_package_5", "work_package_6", "work_package_7", "work_package_8",
	"work_package_11", "work_package_12", "work_package_13",
	"work_package_14", "work_package_15", "work_package_16",
	"work_package_18", "work_package_19", "work_package_20",
	"work_package_21", "work_package_22", "work_package_3397",
	"work_package_4330"};

/* The recorded single answer of a work package, as a source. */
static struct buf single_source(int64_t id)
{
	char name[64];
	struct buf body;
	struct buf out = {0};
	struct api_source head;

	snprintf(name, sizeof(name), "work_package_%lld", (long long)id);
	body = recorded(name);
	assert_int_equal(make(buf_str(&body), &out, &head), 0);
	assert_int_equal(head.id, id);
	buf_fini(&body);
	return out;
}

static bool is_recorded(int64_t id)
{
	char name[64];

	snprintf(name, sizeof(name), "work_package_%lld", (long long)id);
	for (size_t i = 0; i < ARRAY_LEN(singles); i++)
		if (strcmp(singles[i], name) == 0)
			return true;
	return false;
}

/* Compare an element with the single answer; whether there is one. */
static bool compare(struct str element)
{
	struct buf listed = {0};
	struct buf single = {0};
	struct api_source head;
	bool found;

	assert_int_equal(make(element, &listed, &head), 0);
	found = is_recorded(head.id);
	if (found) {
		single = single_source(head.id);
		assert_string_equal(listed.p, single.p);
	}
	buf_fini(&listed);
	buf_fini(&single);
	return found;
}

static void test_list_and_single_agree(void **state)
{
	static const char *const lists[] = {
		"list_ccm_curated_page1", "list_ccm_curated_page2"};
	size_t n_compared = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf body = recorded(lists[i]);
		struct arena a = {0};
		struct api_list l;

		assert_int_equal(
			api_list_scan(&a, buf_str(&body), &l, NULL), 0);
		for (size_t k = 0; k < l.n; k++)
			n_compared += compare(l.elements[k]);
		arena_fini(&a);
		buf_fini(&body);
	}
	assert_true(n_compared >= 12);
}

/* A source is its own source, and says the same of itself. */
static void test_source_of_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(singles); i++) {
		struct buf body = recorded(singles[i]);
		struct buf once = {0};
		struct buf twice = {0};
		struct api_source first;
		struct api_source second;

		assert_int_equal(make(buf_str(&body), &once, &first), 0);
		assert_int_equal(make(buf_str(&once), &twice, &second), 0);
		assert_string_equal(once.p, twice.p);
		assert_memory_equal(&first, &second, sizeof(first));
		buf_fini(&body);
		buf_fini(&once);
		buf_fini(&twice);
	}
}

static void test_head(void **state)
{
	struct buf body = recorded("work_package_4330");
	struct buf out = {0};
	struct api_source head;
	int64_t updated;

	(void)state;
	assert_int_equal(make(buf_str(&body), &out, &head), 0);
	assert_int_equal(head.id, 4330);
	assert_int_equal(head.project_id, 1);
	assert_int_equal(head.type_id, 15);
	assert_int_equal(head.status_id, 15);
	assert_int_equal(head.n_fields, 15);
	assert_true(stamp_parse(STR("2021-01-20T07:01:03.036Z"), &updated));
	assert_int_equal(head.updated_at, updated);
	buf_fini(&body);
	buf_fini(&out);
}

#define LINKS                                                                  \
	"\"_links\":{\"project\":{\"href\":\"/api/v3/projects/2\"},"           \
	"\"type\":{\"href\":\"/api/v3/types/3\",\"title\":\"T\"}}"
#define LINKS_OUT                                                              \
	"\"_links\":{\"type\":{\"href\":\"/api/v3/types/3\",\"title\":\"T\"}," \
	"\"project\":{\"href\":\"/api/v3/projects/2\"}}"

static const struct {
	const char *element;
	const char *source; /* or NULL */
	int code;
} forms[] = {
	{"{\"id\":1," LINKS "}", "{\"id\":1," LINKS_OUT "}", 0},
	{"{" LINKS ",\"id\":1}", "{\"id\":1," LINKS_OUT "}", 0},
	/* What does not count: locks, costs, what is derived or embedded. */
	{"{\"_embedded\":{\"id\":7},\"derivedDueDate\":1,\"lockVersion\":9,"
	 "\"spentTime\":\"PT1H\",\"laborCosts\":\"1\",\"_type\":\"X\"," LINKS
	 ",\"id\":1}",
		"{\"id\":1," LINKS_OUT "}", 0},
	/* White space goes, but not from strings. */
	{" { \"id\" : 1 , \"subject\" : \" a  b\\\\\" ,\n" LINKS
	 ",\"customField2\":{ \"x\" : [ 1 , \"a \\\" b\" ] } } ",
		"{\"id\":1,\"subject\":\" a  b\\\\\",\"customField2\":"
		"{\"x\":[1,\"a \\\" b\"]}," LINKS_OUT "}",
		0},
	/* Escapes and digits stay as they are. */
	{"{\"id\":1,\"subject\":\"\\u00e9\\/"
	 "\xc3\xa9\",\"customField1\":1.0e-07,"
	 "\"customField2\":-0," LINKS "}",
		"{\"id\":1,\"subject\":\"\\u00e9\\/\xc3\xa9\",\"customField1\":"
		"1.0e-07,\"customField2\":-0," LINKS_OUT "}",
		0},
	/* Custom fields in the order of their numbers. */
	{"{\"customField10\":1,\"customField9\":2,\"id\":1," LINKS
	 ",\"customField1\":3}",
		"{\"id\":1,\"customField1\":3,\"customField9\":2,"
		"\"customField10\":1," LINKS_OUT "}",
		0},
	/* Other things that begin like one. */
	{"{\"id\":1,\"customFields\":1,\"customField\":1,\"customField0\":1,"
	 "\"customField-1\":1,\"customField1x\":1,"
	 "\"customField99999999999999999999\":1," LINKS "}",
		"{\"id\":1," LINKS_OUT "}", 0},
	/* Twice: the last counts. */
	{"{\"id\":2,\"subject\":\"a\",\"customField1\":1,\"subject\":\"b\","
	 "\"customField1\":2,\"id\":1,\"_links\":{\"customField7\":{}}," LINKS
	 "}",
		"{\"id\":1,\"subject\":\"b\",\"customField1\":2," LINKS_OUT "}",
		0},
	/* A long text without its format; what only looks like one. */
	{"{\"id\":1,\"description\":{\"format\":\"markdown\",\"raw\":\"a\","
	 "\"html\":\"b\"},\"customField1\":{\"raw\":\"\"}," LINKS "}",
		"{\"id\":1,\"description\":{\"raw\":\"a\",\"html\":\"b\"},"
		"\"customField1\":{\"raw\":\"\"}," LINKS_OUT "}",
		0},
	/* Not a work package, or nothing that can be placed. */
	{"{" LINKS "}", NULL, ERR_UNAVAILABLE},
	{"{\"id\":0," LINKS "}", NULL, ERR_UNAVAILABLE},
	{"{\"id\":\"1\"," LINKS "}", NULL, ERR_UNAVAILABLE},
	{"{\"id\":1.0," LINKS "}", NULL, ERR_UNAVAILABLE},
	{"{\"id\":9223372036854775808," LINKS "}", NULL, ERR_UNAVAILABLE},
	{"[]", NULL, ERR_UNAVAILABLE},
	{"", NULL, ERR_UNAVAILABLE},
	{"{\"id\":1}", NULL, ERR_DATA},
	{"{\"id\":1,\"_links\":{}}", NULL, ERR_DATA},
	{"{\"id\":1,\"_links\":{\"project\":{\"href\":null},\"type\":"
	 "{\"href\":\"/api/v3/types/3\"}}}",
		NULL, ERR_DATA},
	{"{\"id\":1,\"_links\":{\"project\":{\"href\":\"urn:openproject-org:"
	 "api:v3:undisclosed\"},\"type\":{\"href\":\"/api/v3/types/3\"}}}",
		NULL, ERR_DATA},
	{"{\"id\":1,\"_links\":{\"project\":5,\"type\":[]}}", NULL, ERR_DATA},
	{"{\"id\":1," LINKS "} {}", NULL, ERR_UNAVAILABLE},
	{"{\"id\":1," LINKS, NULL, ERR_UNAVAILABLE},
};

static void test_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		struct buf out = {0};
		struct api_source head;
		int code = make(str_of(forms[i].element), &out, &head);

		if (code != forms[i].code)
			fail_msg("%s: %d", forms[i].element, code);
		if (code == 0)
			assert_string_equal(out.p, forms[i].source);
		else
			assert_int_equal(out.n, 0);
		buf_fini(&out);
	}
}

/* Escaped slashes are the same address. */
static void test_escaped_address(void **state)
{
	struct buf out = {0};
	struct api_source head;

	(void)state;
	assert_int_equal(
		make(STR("{\"id\":1,\"_links\":{\"project\":{\"href\":"
			 "\"\\/api\\/v3\\/projects\\/2\"},\"type\":{\"href\":"
			 "\"/api/v3/types/3\"}}}"),
			&out, &head),
		0);
	assert_int_equal(head.project_id, 2);
	buf_fini(&out);
}

/* The id of a work package that cannot be placed is known all the same. */
static void test_bad_head(void **state)
{
	struct buf out = {0};
	struct api_source head = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(
		api_source_make(STR("{\"id\":12}"), &out, &head, &e), ERR_DATA);
	assert_int_equal(head.id, 12);
	assert_string_equal(e.text,
		"work package 12: _links.project: no link to a project");
	buf_fini(&out);
}

static void test_cut_short(void **state)
{
	struct buf source = single_source(4);
	struct buf out = {0};
	struct api_source head;

	(void)state;
	for (size_t cut = 0; cut < source.n; cut++)
		assert_int_equal(make((struct str){source.p, cut}, &out, &head),
			ERR_UNAVAILABLE);
	assert_int_equal(out.n, 0);
	buf_fini(&source);
	buf_fini(&out);
}

/* A byte changed anywhere: another work package or an error, no crash. */
static void test_mutations(void **state)
{
	static const char bytes[] = "\"\\{}[]:,0x\n\xff";
	struct buf source = single_source(4);
	struct arena a = {0};
	size_t n_good = 0;

	(void)state;
	for (size_t at = 0; at < source.n; at++) {
		for (size_t k = 0; k < sizeof(bytes); k++) {
			char old = source.p[at];
			struct buf out = {0};
			struct api_source head;
			struct work_package wp;

			source.p[at] = bytes[k];
			if (make(buf_str(&source), &out, &head) == 0)
				n_good +=
					api_work_package_parse(&a,
						buf_str(&out), &wp, NULL) == 0;
			source.p[at] = old;
			buf_fini(&out);
			arena_reset(&a);
		}
	}
	assert_true(n_good > 0);
	arena_fini(&a);
	buf_fini(&source);
}

static void test_compact(void **state)
{
	struct buf b = {0};

	(void)state;
	source_put_value(&b, STR("{\"a\" :\t[1,\r\n\"b \\\" c\" ] }"));
	assert_string_equal(b.p, "{\"a\":[1,\"b \\\" c\"]}");
	buf_clear(&b);
	source_put_value(&b, STR("\"b  c\""));
	assert_string_equal(b.p, "\"b  c\"");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_and_single_agree),
		cmocka_unit_test(test_source_of_source),
		cmocka_unit_test(test_head),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_escaped_address),
		cmocka_unit_test(test_bad_head),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_mutations),
		cmocka_unit_test(test_compact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
