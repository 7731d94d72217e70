/*
 * What names give: those of the work package, and those of custom fields.
 */
#include "tests/unit/content/expression_rows.h"

static void test_model(void **state)
{
	CHECK({"${ subject }", "\"Every custom field format\""},
		{"${ description.raw }", "\"all CFs\""},
		{"${ description.html }", "\"<p class=\\\"op-uc-p\\\">all "
					  "CFs</p>\""},
		{"${ type }", "{\"id\":15,\"name\":\"Curated Content\"}"},
		{"${ status.isClosed }", "true"},
		{"${ priority.name }", "\"Normal\""},
		{"${ project.identifier }", "\"ccm\""},
		{"${ project['name'] }", "\"Chronic Care Management (CCM)\""},
		{"${ assignee.id }", "8"},
		{"${ version.name }", "\"v2.0 Ünï\""},
		{"${ children }", "[{\"id\":11,\"subject\":\"Child one\"}]"},
		{"${ children[0].subject }", "\"Child one\""},
		{"${ startDate }", "\"2024-02-01\""}, {"${ date }", "null"},
		{"${ percentageDone }", "68"},
		{"${ estimatedTime }", "\"PT8H\""},
		{"${ url }", "\"https://op.example.org/work_packages/4\""},
		{"${ attachments | pluck('id') }", "[5,6,7,9]"},
		{"${ attachments[0].fileSize }", "500"},
		{"${ subjekt }",
			"?c.yaml:1:5: unknown name 'subjekt' (did you mean "
			"'subject'?)"},
		{"${ author.nmae }",
			"?c.yaml:1:12: author has no 'nmae' (did you mean "
			"'name'?)"},
		{"${ subject.x }", "?c.yaml:1:13: subject has no 'x'"},
		{"${ attachments[0].filename }",
			"!an attachment has no 'filename' (did you mean "
			"'fileName'?)"},
		{"${ children.subject }",
			"?c.yaml:1:14: children has no 'subject'"},
		{"${ [1].subject }",
			"!a list has no 'subject': use | first, or | "
			"pluck(\"subject\")"},
		{"${ ('a').b }", "!text has no 'b'"});
}

static void test_fields(void **state)
{
	CHECK({"${ cf.cleanUrl }", "\"https://example.org/a\""},
		{"${ cf['CF text'] }",
			"\"**bold** <b>html</b> #1 https://x.org\""},
		{"${ cf.medigyTopics.html }",
			"\"<p class=\\\"op-uc-p\\\">[\\\"KLAS: "
			"Telehealth\\\", \\\"Frost &amp; Sullivan: "
			"<em>TeleHealth</em>\\\", \\\"a_b_c \\\"]</p>\""},
		{"${ cf.medigyTopics.raw | json | length }", "3"},
		{"${ cf[\"CF bool\"] }", "true"},
		{"${ cf[\"CF date\"] }", "\"2024-02-29\""},
		{"${ cf[\"CF int\"] }", "-42"},
		{"${ cf[\"CF float\"] }", "3.14159265358979"},
		{"${ cf[\"CF list\"] }", "\"Beta\""},
		{"${ cf[\"CF multilist\"] }", "[\"Foo\",\"Baz, with comma\"]"},
		{"${ cf[\"CF user\"].name }", "\"Vinit Åström-O'Neil\""},
		{"${ cf[\"CF multiuser\"] | pluck('id') }", "[8,6]"},
		{"${ cf[\"CF version\"] }", "{\"id\":1,\"name\":\"v1.0\"}"},
		{"${ cf[\"CF multiversion\"] | map('to_json') | first }",
			"\"{\\\"id\\\":1,\\\"name\\\":\\\"v1.0\\\"}\""},
		{"${ cf.cleanUrl.html }",
			"!the custom field 'cleanUrl' is no long text, so it "
			"has no html"},
		{"${ cf }", "?c.yaml:1:5: cf needs the name of a custom "
			    "field: cf.name or cf[\"Any Name\"]"},
		{"${ cf[subject] }",
			"?c.yaml:1:8: the name of a custom field should stand "
			"here, as in cf.name or cf[\"Any Name\"]"});
}

static void test_empty_fields(void **state)
{
	static const struct row rows[] = {
		{"${ cf.cleanUrl }", "null"},
		{"${ cf.medigyTopics }", "\"\""},
		{"${ cf.medigyTopics ?? 1 }", "1"},
		{"${ cf[\"CF bool\"] }", "null"},
		{"${ cf[\"CF list\"] }", "null"},
		{"${ cf[\"CF user\"] }", "null"},
		{"${ cf[\"CF multiuser\"] }", "[]"},
		{"${ cf[\"CF multilist\"] }", "[]"},
	};
	struct work_package full = wp;

	(void)state;
	wp = fixture_load(&arena, "5");
	check_rows(rows, ARRAY_LEN(rows));
	wp = full;
}

static void test_fields_in_match(void **state)
{
	struct work_package none = wp;
	char *result = result_of("${ cf.nope }", &wp, true, NULL);

	(void)state;
	assert_string_equal(result,
		"!the custom field 'nope' is not active for the work "
		"package's project and type");
	free(result);
	none.schema = NULL;
	result = result_of("${ cf.cleanUrl }", &none, false, NULL);
	assert_string_equal(result,
		"!the custom fields of its project and type are not known");
	free(result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_empty_fields),
		cmocka_unit_test(test_fields_in_match),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
