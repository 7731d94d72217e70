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
		{"${ ' 1. *a* [b](c) <d> &amp; ## ' | escape_markdown }",
			"\"1\\\\. \\\\*a\\\\* \\\\[b\\\\](c) &lt;d> &amp;amp; "
			"\\\\##\""},
		{"${ '- a\\n\\n# b | {c} a_b _c_' | escape_markdown }",
			"\"\\\\- a  # b \\\\| &#123;c&#125; a_b \\\\_c\\\\_\""},
		{"${ '' | escape_markdown }", "\"\""},
		{"${ id | escape_markdown }",
			"!escape_markdown needs text, but this is a number"},
		{"${ 'https://www.Example.org:80/a/b?c' | url_host }",
			"\"www.example.org\""},
		{"${ 'https://www.example.org/a/b?c' | url_path }", "\"/a/b\""},
		{"${ 'nothing' | url_host }", "null"},
		{"${ 'www.a.org' | strip_www | strip_tld }", "\"a\""},
		{"${ 'a/b.tar.gz' | basename }", "\"b.tar.gz\""},
		{"${ 'a/b.tar.gz' | ext }", "\"gz\""},
		{"${ 'ccm-2_x' | file_name }", "\"ccm-2_x\""},
		{"${ 'con.txt' | file_name }", "\"_con.txt\""},
		{"${ ' .a/b: c?. ' | file_name }", "\"a_b_ c_\""},
		{"${ '' | file_name }", "\"file\""},
		{"${ id | file_name }",
			"!file_name needs text, but this is a number"},
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
			"?c.yaml:1:11: the pattern has only 1 group"},
		{"${ 'x' | capture('(x)(y)', 3) }",
			"?c.yaml:1:11: the pattern has only 2 groups"},
		{"${ 'x' | capture('(x)', '2' | int) }",
			"!the pattern has only 1 group"},
		{"${ 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaX' | "
		 "match('^(a|aa|aaa|a)+$') }",
			"!the pattern cannot be matched here: match limit "
			"exceeded"});
}

#define WHOLE                                                                  \
	"this filter's argument must be a whole number that is not negative"
#define SEPARATOR                                                              \
	"the first argument of this filter must be text that is not empty"
#define LEVELS "shift_headings needs a whole number from -5 to 5"

/* Arguments that are known when it is compiled, or only when it runs. */
static void test_wrong_arguments(void **state)
{
	CHECK({"${ 'x' | truncate(-1) }", "?c.yaml:1:11: " WHOLE},
		{"${ 'x' | truncate(1.5) }", "?c.yaml:1:11: " WHOLE},
		{"${ 'x' | truncate(subject) }", "!" WHOLE},
		{"${ 'x' | truncate_words(subject) }", "!" WHOLE},
		{"${ 'x' | truncate('a' < 1) }", NO_ORDER},
		{"${ 'x' | replace(id, 'b') }", "!" SEPARATOR},
		{"${ 'x' | replace('x', id) }",
			"!argument 2 of replace must be text, but is a number"},
		{"${ 'x' | split(1) }", "?c.yaml:1:11: " SEPARATOR},
		{"${ 'x' | split(id) }", "!" SEPARATOR},
		{"${ 'x' | slug(id) }", "!slug knows only the language \"de\""},
		{"${ 'x' | sanitize('md') }",
			"?c.yaml:1:11: sanitize takes markdown or, as "
			"sanitize(\"html\"), HTML"},
		{"${ 'x' | sanitize(id) }",
			"!sanitize takes markdown or, as sanitize(\"html\"), "
			"HTML"},
		{"${ 'x' | shift_headings('a') }", "?c.yaml:1:11: " LEVELS},
		{"${ 'x' | shift_headings(1.5) }", "?c.yaml:1:11: " LEVELS},
		{"${ 'x' | shift_headings(-6) }", "?c.yaml:1:11: " LEVELS},
		{"${ 'x' | shift_headings(6) }", "?c.yaml:1:11: " LEVELS},
		{"${ 'x' | shift_headings(subject) }", "!" LEVELS},
		{"${ 'x' | glob(id) }",
			"!argument 1 of glob must be text, but is a number"},
		{"${ 'x' | match(id) }",
			"!a pattern must be text of at most 1024 bytes"},
		{"${ 'x' | capture(1) }",
			"?c.yaml:1:11: a pattern must be text of at most 1024 "
			"bytes"},
		{"${ 'x' | capture('x', 'n') }",
			"?c.yaml:1:11: the pattern has no group 'n'"},
		{"${ ['x'] | map('capture', '(?<x>b)', 'y') }",
			"?c.yaml:1:13: the pattern has no group 'y'"},
		{"${ 'x' | capture('(x)', true) }", "?c.yaml:1:11: " WHOLE},
		{"${ ['a'] | join(1) }",
			"!argument 1 of join must be text, but is a number"},
		{"${ children | pluck(attachments[0]) }",
			"!argument 1 of pluck must be text, but is an "
			"attachment"},
		{"${ ['a'] | map(1) }",
			"?c.yaml:1:13: map needs the name of a filter, as in "
			"map(\"slug\")"},
		{"${ ['a'] | map(id) }",
			"!map needs the name of a filter, as in map(\"slug\")"},
		{"${ ['a'] | map('truncate') }",
			"?c.yaml:1:13: map(\"truncate\") takes 1 more "
			"argument"},
		{"${ ['a'] | map('lower', 1) }",
			"?c.yaml:1:13: map(\"lower\") takes 0 more "
			"arguments"},
		{"${ createdAt | date(1) }",
			"?c.yaml:1:17: date needs a format, as in "
			"date(\"%Y-%m-%d\"), and may have a time zone"},
		{"${ createdAt | date('%Y', id) }",
			"!date needs a format, as in date(\"%Y-%m-%d\"), and "
			"may have a time zone"},
		{"${ 'x' | uuid5(id) }",
			"!argument 1 of uuid5 must be text, but is a number"},
		{"${ 'x' | uuid5(1) }",
			"?c.yaml:1:11: the name space of uuid5 must be text, "
			"but is a number"});
}

/* What each cannot do anything with. */
static void test_wrong_input(void **state)
{
	static const struct {
		const char *filter;
		const char *needs;
	} filters[] = {
		{"lower", "text"},
		{"text", "text"},
		{"truncate(1)", "text"},
		{"truncate_words(1)", "text"},
		{"replace('a', 'b')", "text"},
		{"split(',')", "text"},
		{"shift_headings(1)", "text"},
		{"links", "text"},
		{"markdown", "text"},
		{"sanitize", "text"},
		{"sanitize('html')", "text"},
		{"capture('x')", "text"},
		{"uuid5('url')", "text"},
		{"sha256", "text"},
		{"date('%Y')", "text"},
		{"join(',')", "a list"},
		{"last", "a list"},
		{"compact", "a list"},
		{"unique", "a list"},
		{"sort", "a list"},
		{"pluck('id')", "a list"},
		{"map('lower')", "a list"},
		{"length", "text, a list or a map"},
		{"match('x')", "text or attachments, or a list of them"},
		{"glob('x')", "text or attachments, or a list of them"},
		{"image_size", "an attachment"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		const char *filter = filters[i].filter;
		struct buf scalar = {0};
		struct buf wanted = {0};
		char *result;

		buf_printf(&scalar, "${ cf['CF bool'] | %s }", filter);
		buf_printf(&wanted, "!%.*s needs %s, but this is true or false",
			(int)strcspn(filter, "("), filter, filters[i].needs);
		result = outcome_of(scalar.p);
		assert_string_equal(result, wanted.p);
		free(result);
		buf_fini(&scalar);
		buf_fini(&wanted);
	}
	CHECK({"${ ('a' < 1) | lower }", NO_ORDER},
		{"${ [1, 'a'] | map('lower') }",
			"!lower needs text, but this is a number"},
		{"${ [1] | glob('x') }",
			"!glob needs text or attachments, or a list of them, "
			"but this is a number"},
		{"${ [1] | string }", "!is a list (join it first) and cannot "
				      "be part of a text"});
}

static void test_long_pattern(void **state)
{
	struct buf scalar = {0};
	char *result;

	(void)state;
	buf_puts(&scalar, "${ 'x' | match('");
	for (int i = 0; i < 1025; i++)
		buf_putc(&scalar, 'x');
	buf_puts(&scalar, "') }");
	result = outcome_of(scalar.p);
	assert_string_equal(result, "?c.yaml:1:11: a pattern must be text of "
				    "at most 1024 bytes");
	free(result);
	buf_fini(&scalar);
}

#define TEN "[[[[[[[[[["

static void test_json(void **state)
{
	CHECK({"${ '[true, false , null, [], {}, -1.0e2]' | json }",
		      "[true,false,null,[],{},-1.0e2]"},
		{"${ '{\"a\" : {\"b\":\"\"}, \"c\":1}' | json }",
			"{\"a\":{\"b\":\"\"},\"c\":1}"},
		{"${ '\"\\\\\"\\\\\\\\\\\\/\\\\b\\\\f\\\\n\\\\r\\\\t\"' | json "
		 "}",
			"\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
		{"${ '\"\\\\ud83d\\\\ude00\\\\u20AC\"' | json }", "\"😀€\""},
		{"${ '\"\\\\ud83dx\\\\ude00\"' | json }", "\"�x�\""},
		{"${ '\"\\\\ud83d\\\\u0041\\\\ud83d\\\\ue000\"' | json }",
			"\"�A�\xEE\x80\x80\""},
		{"${ '\"\\\\u12\"' | json }",
			"!not JSON at character 3: 'u12\"'"},
		{"${ '\"\\\\u00fg\"' | json }",
			"!not JSON at character 3: 'u00fg\"'"},
		{"${ '\"\\\\q\"' | json }", "!not JSON at character 3: 'q\"'"},
		{"${ '\"\\\\' | json }",
			"!not JSON: it ends too early, behind character 2"},
		{"${ '\"a' | json }",
			"!not JSON: it ends too early, behind character 2"},
		{"${ '\"a\\\\\"' | json }",
			"!not JSON: it ends too early, behind character 4"},
		{"${ '\"' | json }",
			"!not JSON: it ends too early, behind character 1"},
		{"${ ' ' | json }",
			"!not JSON: it ends too early, behind character 1"},
		{"${ '\"a\\tb\"' | json }",
			"!not JSON at character 3: '\tb\"'"},
		{"${ '{1:2}' | json }", "!not JSON at character 2: '1:2}'"},
		{"${ '{\"a}' | json }",
			"!not JSON: it ends too early, behind character 4"},
		{"${ '{\"a\"}' | json }", "!not JSON at character 5: '}'"},
		{"${ '{\"a\":}' | json }", "!not JSON at character 6: '}'"},
		{"${ '{\"a\":1]' | json }", "!not JSON at character 7: ']'"},
		{"${ '[1,]' | json }", "!not JSON at character 4: ']'"},
		{"${ '[1 2]' | json }", "!not JSON at character 4: '2]'"},
		{"${ '1 2' | json }", "!not JSON at character 3: '2'"},
		{"${ 'tru' | json }", "!not JSON at character 1: 'tru'"},
		{"${ '" TEN TEN TEN TEN TEN TEN "[[[[[[' | json }",
			"!not JSON at character 66: '['"});
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
			"?c.yaml:1:11: 'nope' is no name space of UUIDs (url, "
			"dns, oid, x500 or a UUID)"},
		{"${ uuid5('nope', subject) }",
			"?c.yaml:1:5: 'nope' is no name space of UUIDs (url, "
			"dns, oid, x500 or a UUID)"},
		{"${ uuid5('u' | upper, subject) }",
			"!'U' is no name space of UUIDs (url, dns, oid, x500 "
			"or a UUID)"},
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
		{"${ false | int }", "0"},
		{"${ '' | int }", "!'' is not a number"},
		{"${ '1E5' | float }", "1E5"}, {"${ '1e+3' | int }", "1000"},
		{"${ '0.0' | int }", "0"},
		{"${ '1.' | int }", "!'1.' is not a number"},
		{"${ '1e' | int }", "!'1e' is not a number"},
		{"${ '1e+' | int }", "!'1e+' is not a number"},
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
		{"${ true | string }", "\"true\""},
		{"${ false | string }", "\"false\""}, {"${ 0 | bool }", "true"},
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
		cmocka_unit_test(test_wrong_arguments),
		cmocka_unit_test(test_wrong_input),
		cmocka_unit_test(test_long_pattern),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_value_filters),
		cmocka_unit_test(test_pictures),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
