/*
 * Expressions: what they give for one work package, and the words of their
 * errors, when they are compiled and when they are evaluated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "content/constants.h"
#include "content/emit.h"
#include "content/evaluate.h"
#include "tests/unit/content/fixture.h"

/* Columns count the quote before the scalar.  In results, a leading '!' is an
 * error when evaluated, '?' when compiled. */
struct row {
	const char *scalar; /* as it stands in quotes, without escapes */
	const char *result; /* JSON */
};

static struct arena arena;
static struct work_package wp;

static int set_up(void **state)
{
	static const struct {
		int64_t id;
		const char *name;
		const char *type;
		const char *format;
	} files[] = {
		{7, "b.png", "image/png", "PNG"},
		{5, "Hero.jpg", "image/jpeg", "JPEG"},
		{6, "b.png", "image/png", NULL},
		{9, "notes.pdf", "application/pdf", ""},
	};

	(void)state;
	wp = fixture_load(&arena, "4");
	wp.status_is_closed = true;
	wp.children = ARENA_ARRAY(&arena, struct link, 2);
	wp.n_children = 2;
	wp.children[0] = (struct link){
		11, STR("/api/v3/work_packages/11"), STR("Child one")};
	wp.children[1] =
		(struct link){0, STR("urn:openproject-org:api:v3:undisclosed"),
			STR("Undisclosed")};
	wp.n_attachments = ARRAY_LEN(files);
	wp.attachments =
		ARENA_ARRAY(&arena, struct attachment, wp.n_attachments);
	for (size_t i = 0; i < wp.n_attachments; i++) {
		struct attachment *a = &wp.attachments[i];

		a->id = files[i].id;
		a->file_name = str_of(files[i].name);
		a->content_type = str_of(files[i].type);
		a->size = 100 * files[i].id;
		if (files[i].format != NULL)
			fixture_fetch(a, files[i].format, 20, 10);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

/* The result in the notation of the tables; the caller frees it. */
static char *result_of(const char *scalar, const struct work_package *of,
	bool in_match, size_t *needs)
{
	struct scope scope = {0};
	struct uses uses = {0};
	struct err e = {0};
	struct buf b = {0};
	struct constants none = {0};
	struct parsing parsing = {&arena, &scope, &uses, &e, &none};
	struct evaluation with = {.arena = &arena,
		.wp = of,
		.zone = "UTC",
		.in_match = in_match,
		.start = arena.total};
	struct node node = {.type = NODE_SCALAR,
		.file = "c.yaml",
		.line = 1,
		.column = 2,
		.text = str_of(scalar),
		.raw = str_of(scalar)};
	struct expression x;
	struct value v;

	if (expression_scalar(&parsing, &node, &x) != 0)
		buf_printf(&b, "?%s", e.text);
	else if (evaluate(&with, &x, &v, &e) != 0)
		buf_printf(&b, "!%s", e.text);
	else
		emit_json(&v, &b);
	if (needs != NULL)
		*needs = with.n_needs;
	free(with.needs);
	reads_fini(&with.reads);
	free(scope.items);
	free(uses.fields);
	return buf_take(&b);
}

static void check_rows(const struct row *rows, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		char *result = result_of(rows[i].scalar, &wp, false, NULL);

		if (strcmp(result, rows[i].result) != 0) {
			print_error("%s\n  gives    %s\n  expected %s\n",
				rows[i].scalar, result, rows[i].result);
			wrong++;
		}
		free(result);
	}
	assert_int_equal(wrong, 0);
}

#define CHECK(...)                                                             \
	do {                                                                   \
		static const struct row rows[] = {__VA_ARGS__};                \
		(void)state;                                                   \
		check_rows(rows, ARRAY_LEN(rows));                             \
	} while (0)

static void test_scalars(void **state)
{
	CHECK({"", "\"\""}, {"plain", "\"plain\""}, {"${ id }", "4"},
		{"${id}", "4"}, {" ${ id }", "\" 4\""},
		{"${ id }${ id }", "\"44\""}, {"a ${ id } b", "\"a 4 b\""},
		{"$${ id }", "\"${ id }\""}, {"$${ ${ id }", "\"${ 4\""},
		{"$ { } $", "\"$ { } $\""}, {"${ cf[\"CF bool\"] }", "true"},
		{"x${ cf[\"CF bool\"] }", "\"xtrue\""}, {"${ \"}\" }", "\"}\""},
		{"${ \"${ \"${ id }\" }\" }", "\"4\""});
}

static void test_literals(void **state)
{
	CHECK({"${ \"a\\\"\\\\\\n\\t\\u00e9\" }", "\"a\\\"\\\\\\n\\té\""},
		{"${ '\\ud83d\\ude00' }", "\"😀\""},
		{"${ '\\'\"' }", "\"'\\\"\""},
		{"${ '${ id }-${ type.name }' }", "\"4-Curated Content\""},
		{"${ '$${ x }' }", "\"${ x }\""}, {"${ 1 }", "1"},
		{"${ -1.50e+3 }", "-1.50e+3"}, {"${ true }", "true"},
		{"${ false }", "false"}, {"${ null }", "null"},
		{"${ [] }", "[]"},
		{"${ [1, 'a', [null]] }", "[1,\"a\",[null]]"},
		{"${ '\\x' }",
			"?c.yaml:1:6: unknown escape '\\x': strings have \\\\ "
			"\\\" \\' \\n \\t and \\uXXXX"},
		{"${ '\\u12' }",
			"?c.yaml:1:6: \\u must have four hexadecimal digits"});
}

static void test_precedence(void **state)
{
	CHECK({"${ true or false and false }", "true"},
		{"${ (true or false) and false }", "false"},
		{"${ not true or true }", "true"},
		{"${ not (true or true) }", "false"},
		{"${ not 1 == 2 }", "true"},
		{"${ not 3 in [1, 2] and true }", "true"},
		{"${ id == 4 and subject | length > 3 }", "true"},
		{"${ 'B' | lower == 'b' }", "true"},
		{"${ null ?? false or true }", "true"},
		{"${ subject | upper ?? 'x' }",
			"\"EVERY CUSTOM FIELD FORMAT\""},
		{"${ cf.nope ?? subject | upper }",
			"?c.yaml:1:24: right of ?? a filter needs brackets: a "
			"?? (b | filter), or (a ?? b) | filter"},
		{"${ cf.nope ?? 1 == id | int }",
			"?c.yaml:1:24: right of ?? a filter needs brackets: a "
			"?? (b | filter), or (a ?? b) | filter"},
		{"${ cf.nope ?? (subject | upper) }",
			"\"EVERY CUSTOM FIELD FORMAT\""},
		{"${ cf.nope ?? '${ type.name | upper }' }",
			"\"CURATED CONTENT\""},
		{"${ if(cf.nope ?? id, 'a' | upper, 2) }", "\"A\""},
		{"${ 1 < 2 < 3 }",
			"?c.yaml:1:11: comparisons cannot be chained: put "
			"brackets around one, or join them with 'and'"});
}

static void test_operators(void **state)
{
	CHECK({"${ 1 == 1.0 }", "true"}, {"${ 10 == 1e1 }", "true"},
		{"${ 0 == -0.0 }", "true"}, {"${ 1 == '1' }", "false"},
		{"${ 1 != '1' }", "true"}, {"${ null == null }", "true"},
		{"${ null == false }", "false"},
		{"${ [1, {}] == 1 }",
			"?c.yaml:1:9: unexpected '{': a name or a "
			"value should stand here"},
		{"${ [1, 'a'] == [1.0, 'a'] }", "true"},
		{"${ author == author }", "true"},
		{"${ author == assignee }", "false"}, {"${ 9 < 10 }", "true"},
		{"${ '9' < '10' }", "false"},
		{"${ 123456789012345678901 > 123456789012345678900 }", "true"},
		{"${ 0.1 >= 0.10 }", "true"}, {"${ 1e-7 <= 1.0e-07 }", "true"},
		{"${ -2 < -1 }", "true"}, {"${ 'Z' < 'a' }", "true"},
		{"${ 1 < 'a' }", "!a number and text cannot be put in order: "
				 "only two numbers or two texts can"},
		{"${ null < 1 }",
			"!nothing (null) and a number cannot be put in order: "
			"only two numbers or two texts can"},
		{"${ 2 in [1, 2.0] }", "true"}, {"${ 2 in [] }", "false"},
		{"${ 'ell' in 'hello' }", "true"},
		{"${ 'x' in 'hello' }", "false"},
		{"${ '' in 'hello' }", "true"}, {"${ 1 in null }", "false"},
		{"${ 1 in 'a' }", "!a number cannot be in text"},
		{"${ true and 1 }", "true"}, {"${ '' or [] }", "false"},
		{"${ 0 and '0' }", "true"},
		{"${ false and ('a' < 1) }", "false"},
		{"${ true or ('a' < 1) }", "true"}, {"${ if('', 1, 2) }", "2"},
		{"${ if(0, 1, ('a' < 1)) }", "1"});
}

static void test_null(void **state)
{
	CHECK({"${ cf.nope }", "null"}, {"${ cf.nope.html }", "null"},
		{"${ parent.subject }", "null"}, {"${ [1][3] }", "null"},
		{"${ null | slug }", "null"}, {"${ null | first }", "null"},
		{"${ null | json }", "null"}, {"${ '' | json }", "null"},
		{"${ null | length }", "0"}, {"${ null | bool }", "false"},
		{"${ null | string }", "\"\""}, {"${ null ?? 1 }", "1"},
		{"${ '' ?? 1 }", "1"}, {"${ [] ?? 1 }", "1"},
		{"${ 0 ?? 1 }", "0"}, {"${ false ?? 1 }", "false"},
		{"${ null ?? '' ?? 3 }", "3"}, {"${ '{}' | json ?? 1 }", "{}"},
		{"a ${ cf.nope }",
			"!cf.nope: is empty (null) and cannot be part of a "
			"text: give it another value with ??, or leave the "
			"whole out with $when"},
		{"${ ['a', null] | join(',') }",
			"!join: item 2 of the list: is empty (null) and "
			"cannot be part of a text: give it another value with "
			"??, or leave the whole out with $when"},
		{"a ${ [1] }", "![1]: is a list (join it first) and cannot be "
			       "part of a text"});
}

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

static void test_text_filters(void **state)
{
	CHECK({"${ 'Ab É' | lower }", "\"ab é\""},
		{"${ 'Ab é' | upper }", "\"AB É\""},
		{"${ '  a ' | trim }", "\"a\""},
		{"${ 'Über Straße' | slug }", "\"uber-strasse\""},
		{"${ 'Über' | slug(\"de\") }", "\"ueber\""},
		{"${ 'Über' | slug(\"fr\") }",
			"?c.yaml:1:14: slug knows only the language \"de\""},
		{"${ 'äbcd' | truncate(2) }", "\"äb\""},
		{"${ 'one two three' | truncate_words(9) }", "\"one two\""},
		{"${ 'x' | truncate('a') }",
			"?c.yaml:1:11: this filter's argument must be a whole "
			"number that is not negative"},
		{"${ 'a-b-c' | replace('-', '+') }", "\"a+b+c\""},
		{"${ 'aaa' | replace('aa', '') }", "\"a\""},
		{"${ 'a' | replace('', 'b') }",
			"?c.yaml:1:11: the first argument of this filter must "
			"be text that is not empty"},
		{"${ 'a,b,,c' | split(',') }", "[\"a\",\"b\",\"\",\"c\"]"},
		{"${ '' | split(',') }", "[\"\"]"},
		{"${ '<p>a&amp;b</p><p>c</p>' | text }", "\"a&b c\""},
		{"${ '<a \"b\">&' | html }",
			"\"&lt;a &quot;b&quot;&gt;&amp;\""},
		{"${ 'https://www.Example.org:80/a/b?c' | url_host }",
			"\"www.example.org\""},
		{"${ 'https://www.example.org/a/b?c' | url_path }", "\"/a/b\""},
		{"${ 'nothing' | url_host }", "null"},
		{"${ 'www.a.org' | strip_www | strip_tld }", "\"a\""},
		{"${ 'a/b.tar.gz' | basename }", "\"b.tar.gz\""},
		{"${ 'a/b.tar.gz' | ext }", "\"gz\""},
		{"${ id | slug }", "!slug needs text, but this is a number"},
		{"${ ['a'] | slug }",
			"!slug needs text, but this is a list: use "
			"map(\"slug\") for each of its items"});
}

static void test_list_filters(void **state)
{
	CHECK({"${ ['a', 1, true] | join(', ') }", "\"a, 1, true\""},
		{"${ [] | join(',') }", "\"\""}, {"${ [1, 2] | first }", "1"},
		{"${ [1, 2] | last }", "2"}, {"${ [] | first }", "null"},
		{"${ [] | last }", "null"},
		{"${ [10, 9, 1e1] | sort }", "[9,10,1e1]"},
		{"${ ['b', 'a', 'B'] | sort }", "[\"B\",\"a\",\"b\"]"},
		{"${ ['b', 1] | sort }",
			"!text and a number cannot be put in order: only two "
			"numbers or two texts can"},
		{"${ [1, 1.0, 'a', 'a'] | unique }", "[1,\"a\"]"},
		{"${ [null, '', [], 0, false, 'a'] | compact }",
			"[0,false,\"a\"]"},
		{"${ children | pluck('subject') }", "[\"Child one\"]"},
		{"${ ['Ä b', null] | map('slug') }", "[\"a-b\",null]"},
		{"${ ['abc'] | map('truncate', 2) }", "[\"ab\"]"},
		{"${ ['a'] | map('slog') }",
			"?c.yaml:1:13: unknown filter 'slog' (did you mean "
			"'slug'?)"},
		{"${ ['a'] | map('map', 'slug') }",
			"?c.yaml:1:13: map cannot be mapped"},
		{"${ 'äö' | length }", "2"}, {"${ [1] | length }", "1"},
		{"${ 3 | length }", "!length needs text, a list or a map, but "
				    "this is a number"},
		{"${ 'a' | first }", "!first needs a list, but this is text"});
}

static void test_patterns(void **state)
{
	CHECK({"${ attachments | glob('*.png') | pluck('id') }", "[6,7]"},
		{"${ ['ab', 'b'] | glob('a*') }", "[\"ab\"]"},
		{"${ 'abc' | glob('a?c') }", "true"},
		{"${ 'abc' | match('^b') }", "false"},
		{"${ 'Äbc' | match('(?i)^ä') }", "true"},
		{"${ ['a1', 'b'] | match('[0-9]') }", "[\"a1\"]"},
		{"${ 'v1.2' | capture('v([0-9]+)') }", "\"1\""},
		{"${ 'v1.2' | capture('v[0-9]+') }", "\"v1\""},
		{"${ 'v1.2' | capture('(.)(.)', 2) }", "\"1\""},
		{"${ 'v1.2' | capture('(?<n>[0-9])', 'n') }", "\"1\""},
		{"${ 'x' | capture('([0-9])') }", "null"},
		{"${ 'x' | capture('x(y)?') }", "null"},
		{"${ 'a' | match('(') }",
			"?c.yaml:1:11: the pattern '(' is wrong at byte 2: "
			"missing closing parenthesis"},
		{"${ 'x' | capture('(x)', 2) }",
			"!the pattern has only 1 groups"},
		{"${ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX' | "
		 "match('^(a|aa|aaa|a)+$') }",
			"!the pattern cannot be matched here: match limit "
			"exceeded"});
}

static void test_value_filters(void **state)
{
	CHECK({"${ '{\"a\": [1.50, \"x\\\\u00e9\"]}' | json }",
		      "{\"a\":[1.50,\"xé\"]}"},
		{"${ 'KLAS: Telehealth' | json }",
			"!not JSON at character 1: 'KLAS: Tele…'"},
		{"${ '[ KLAS]' | json }", "!not JSON at character 3: 'KLAS]'"},
		{"${ '[1' | json }", "!not JSON: it ends too early, behind "
				     "character 2"},
		{"${ '01' | json }", "!not JSON at character 1: '01'"},
		{"${ '{\"a\":1,\"a\":2}' | json }", "{\"a\":2}"},
		{"${ 4 | json }", "!json needs text, but this is a number"},
		{"${ [1, 'ä', null] | to_json }", "\"[1,\\\"ä\\\",null]\""},
		{"${ 'a' | sha256 }",
			"\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72"
			"b9807785afee48bb\""},
		{"${ uuid5('url', '4330-How Technology Powers Connections "
		 "Between Patients and Clinicians') }",
			"\"ae314a10-087e-5172-9ccb-96c60985cfb7\""},
		{"${ 'x' | uuid5('nope') }",
			"!'nope' is no name space of UUIDs (url, dns, oid, "
			"x500 or a UUID)"},
		{"${ startDate | date('%d.%m.%Y') }", "\"01.02.2024\""},
		{"${ createdAt | date('%H:%M', 'Europe/Berlin') }",
			"\"08:45\""},
		{"${ 'soon' | date('%Y') }",
			"!'soon' is neither a date nor a moment"},
		{"${ createdAt | date('%Q') }",
			"?c.yaml:1:17: unknown conversion '%Q' in a date's "
			"format"},
		{"${ ' 12 ' | int }", "12"}, {"${ -1.9 | int }", "-1"},
		{"${ '1.5e3' | int }", "1500"}, {"${ true | int }", "1"},
		{"${ '0.05' | int }", "0"},
		{"${ 1e999999999 | int }",
			"!'1e999999999' is too large a number"},
		{"${ '12a' | int }", "!'12a' is not a number"},
		{"${ [] | int }",
			"!int needs a number or text, but this is a list"},
		{"${ '3' | float }", "3.0"}, {"${ '2.50' | float }", "2.50"},
		{"${ 007 | string }", "\"007\""}, {"${ id | string }", "\"4\""},
		{"${ true | string }", "\"true\""}, {"${ 0 | bool }", "true"},
		{"${ '' | bool }", "false"}, {"${ 'false' | bool }", "true"});
}

static void test_pictures(void **state)
{
	size_t needs;
	char *result = result_of("${ attachments[1] | image_format ?? 'x' }",
		&wp, false, &needs);

	assert_string_equal(result, "\"x\"");
	assert_int_equal(needs, 1);
	free(result);
	CHECK({"${ attachments[0] | image_format }", "\"JPEG\""},
		{"${ attachments[0] | image_size }", "[20,10]"},
		{"${ attachments[3] | image_format }", "null"},
		{"${ attachments[3] | image_size }", "null"},
		{"${ 'a.png' | image_format }",
			"!image_format needs an attachment, but this is text"});
}

static void test_syntax_errors(void **state)
{
	CHECK({"${ }", "?c.yaml:1:5: unexpected '}': a name or a value should "
		       "stand here"},
		{"${ id", "?c.yaml:1:2: ${ is not closed"},
		{"a ${ 'x }", "?c.yaml:1:7: a string is not closed"},
		{"${ id | }", "?c.yaml:1:10: unexpected '}': the name of a "
			      "filter should stand here"},
		{"${ subject | slugg }",
			"?c.yaml:1:15: unknown filter 'slugg' (did you mean "
			"'slug'?)"},
		{"${ subject | typography }",
			"?c.yaml:1:15: unknown filter 'typography'"},
		{"${ subject | slug(1, 2) }",
			"?c.yaml:1:15: slug takes 0 to 1 arguments"},
		{"${ subject | replace('a') }",
			"?c.yaml:1:15: replace takes 2 arguments"},
		{"${ slug(subject) }",
			"?c.yaml:1:5: 'slug' is a filter: write value | slug"},
		{"${ foo(subject) }",
			"?c.yaml:1:5: unknown function 'foo': there are if and "
			"uuid5"},
		{"${ if(1, 2) }", "?c.yaml:1:5: if takes 3 arguments"},
		{"${ id || 1 }", "?c.yaml:1:8: unexpected '|': write 'or'"},
		{"${ id && 1 }", "?c.yaml:1:8: unexpected '&': write 'and'"},
		{"${ id = 1 }", "?c.yaml:1:8: unexpected '=': write '=='"},
		{"${ !id }", "?c.yaml:1:5: unexpected '!': write 'not'"},
		{"${ id + 1 }", "?c.yaml:1:8: unexpected '+': write \"${ a "
				"}${ b }\" to join texts"},
		{"${ id ? 1 : 2 }",
			"?c.yaml:1:8: unexpected '?': write if(condition, "
			"then, else) or a ?? b"},
		{"${ (id }", "?c.yaml:1:9: unexpected '}': ) should stand "
			     "here"},
		{"${ [1, }", "?c.yaml:1:9: unexpected '}': a name or a value "
			     "should stand here"},
		{"ä ${ ö }", "?c.yaml:1:7: unexpected 'ö': a name or a value "
			     "should stand here"},
		{"${ in }", "?c.yaml:1:5: unknown name 'in' (did you mean "
			    "'id'?)"});
}

static void test_caps(void **state)
{
	struct buf b = {0};
	char *result;

	(void)state;
	buf_puts(&b, "${ ");
	for (int i = 0; i < 40; i++)
		buf_putc(&b, '(');
	result = result_of(b.p, &wp, false, NULL);
	assert_string_equal(result, "?c.yaml:1:37: nested too deeply");
	free(result);

	buf_clear(&b);
	buf_puts(&b, "${ id");
	for (int i = 0; i < 2500; i++)
		buf_puts(&b, " ?? 1");
	buf_puts(&b, " }");
	result = result_of(b.p, &wp, false, NULL);
	assert_string_equal(result,
		"?c.yaml:1:2: an expression of more than 4096 bytes: split it "
		"up with let");
	free(result);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_empty_fields),
		cmocka_unit_test(test_fields_in_match),
		cmocka_unit_test(test_text_filters),
		cmocka_unit_test(test_list_filters),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_value_filters),
		cmocka_unit_test(test_pictures),
		cmocka_unit_test(test_syntax_errors),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
