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
			"?c.yaml:1:20: attachments[0] has no 'filename' (did "
			"you mean 'fileName'?)"},
		{"${ children.subject }",
			"?c.yaml:1:14: children is a list: use | first, or | "
			"pluck(\"subject\")"},
		{"${ cf[\"CF multiuser\"].name }",
			"!a list has no 'name': use | first, or | "
			"pluck(\"name\")"},
		{"${ cf.cleanUrl.id }", "!text has no 'id'"});
}

#define OF_ATTACHMENT                                                          \
	"has no 'x', but id, fileName, file, contentType, fileSize, "          \
	"createdAt, author and link"

/* Whatever the work package has there, and however it is come by. */
static void test_misspelt_members(void **state)
{
	CHECK({"${ attachments[0].x }",
		      "?c.yaml:1:20: attachments[0] " OF_ATTACHMENT},
		{"${ attachments | pluck('x') }",
			"?c.yaml:1:26: an item of attachments " OF_ATTACHMENT},
		{"${ (attachments | glob('*') | sort | last).author.nam }",
			"?c.yaml:1:52: (attachments | glob('*') | sort | "
			"last).author has no 'nam' (did you mean 'name'?)"},
		{"${ attachments | pluck('author') | pluck('nam') }",
			"?c.yaml:1:44: an item of attachments | "
			"pluck('author') has no 'nam' (did you mean 'name'?)"},
		{"${ children | pluck(\"path\") }",
			"?c.yaml:1:23: an item of children has no 'path', but "
			"id and subject"},
		{"${ relations[0]['url'] }",
			"?c.yaml:1:19: relations[0] has no 'url', but id, "
			"subject, type and description"},
		{"${ cf.Editor.nmae ?? 'nobody' }",
			"?c.yaml:1:15: cf.Editor has no 'nmae' (did you mean "
			"'name'?)"},
		{"${ cf.Teaser.htm }",
			"?c.yaml:1:15: cf.Teaser has no 'htm' (did you mean "
			"'html'?)"},
		{"${ (assignee ?? author).nmae }",
			"?c.yaml:1:26: assignee ?? author has no 'nmae' (did "
			"you mean 'name'?)"},
		{"${ if(id, parent, project).subjekt }",
			"?c.yaml:1:29: if(id, parent, project) has no "
			"'subjekt' (did you mean 'subject'?)"},
		{"${ [parent, project] | pluck('nam') }",
			"?c.yaml:1:32: an item of [parent, project] has no "
			"'nam' (did you mean 'name'?)"},
		{"${ (null ?? author).nmae }",
			"?c.yaml:1:22: null ?? author has no 'nmae' (did you "
			"mean 'name'?)"},
		{"${ if(date, [author], []) | pluck('nam') }",
			"?c.yaml:1:37: an item of if(date, [author], []) has "
			"no 'nam' (did you mean 'name'?)"},
		{"${ (subject | split(',')).x }",
			"?c.yaml:1:28: subject | split(',') has no 'x'"});
}

/* Null is what may be missing, and what is not known while it is read. */
static void test_missing_members(void **state)
{
	CHECK({"${ if(id, project, parent).subject }", "null"},
		{"${ [project, author] | pluck('identifier') }",
			"[\"ccm\",null]"},
		{"${ (date ?? author).name }", "\"OpenProject Admin\""},
		{"${ ('{\"a\": 1}' | json).b }", "null"},
		{"${ ('{\"a\": 1}' | json ?? author).b }", "null"},
		{"${ [author] | map('to_json') | map('json') | pluck('b') }",
			"[null]"},
		{"${ author[subject] }", "null"}, {"${ null.name }", "null"},
		{"${ [][0].name }", "null"}, {"${ [] | pluck('name') }", "[]"},
		{"${ if(date, author, null).name }", "null"},
		{"${ if(date, [author], []) | pluck('name') }", "[]"},
		{"${ attachments | pluck(subject) | compact }", "[]"},
		{"${ parent.subject ?? 'none' }", "\"none\""});
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
		cmocka_unit_test(test_misspelt_members),
		cmocka_unit_test(test_missing_members),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_empty_fields),
		cmocka_unit_test(test_fields_in_match),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
