/*
 * Filters: what each makes of its value, and what it refuses.
 */
#include "tests/unit/content/expression_rows.h"

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
		{"${ '007' | float }", "7.0"}, {"${ '007' | int }", "7"},
		{"${ '-00.50' | float }", "-0.50"},
		{"${ '00' | float }", "0.0"}, {"${ '00e5' | float }", "0e5"},
		{"${ '0-7' | float }", "!'0-7' is not a number"},
		{"${ '007' | string }", "\"007\""},
		{"${ 007 }", "?c.yaml:1:6: unexpected '0': } or an operator "
			     "should stand here"},
		{"${ id | string }", "\"4\""},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_filters),
		cmocka_unit_test(test_list_filters),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_value_filters),
		cmocka_unit_test(test_pictures),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
