/*
 * Expressions: what their words and signs mean, and what is refused when they
 * are compiled.
 */
#include "tests/unit/content/expression_rows.h"

static void test_scalars(void **state)
{
	CHECK({"", "\"\""}, {"plain", "\"plain\""}, {"${ id }", "4"},
		{"${id}", "4"}, {" ${ id }", "\" 4\""},
		{"${ id }${ id }", "\"44\""}, {"a ${ id } b", "\"a 4 b\""},
		{"$${ id }", "\"${ id }\""}, {"$${ ${ id }", "\"${ 4\""},
		{"$ { } $", "\"$ { } $\""}, {"${ cf[\"CF bool\"] }", "true"},
		{"x${ cf[\"CF bool\"] }", "\"xtrue\""}, {"${ \"}\" }", "\"}\""},
		{"${ \"${ \"${ id }\" }\" }", "\"4\""}, {"${ 1E5 }", "1E5"});
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
		{"${ '\\ud83d\\u0041\\ud83d' }", "\"�A�\""},
		{"${ 'a\\", "?c.yaml:1:8: a string is not closed"},
		{"${ '\\u12' }",
			"?c.yaml:1:6: \\u must have four hexadecimal digits"},
		{"${ '${ idd }' }", "?c.yaml:1:9: unknown name 'idd' (did you "
				    "mean 'id'?)"});
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
		{"${ -2 < -1 }", "true"}, {"${ 1 < 1.5 }", "true"},
		{"${ 15 > 1.5e1 }", "false"},
		{"${ 1e99999999999999999999 > 9 }", "true"},
		{"${ 1e-99999999999999999999 > 0 }", "true"},
		{"${ 0.0 == 0e5 }", "true"}, {"${ 'Z' < 'a' }", "true"},
		{"${ 1 < 'a' }", "!a number and text cannot be put in order: "
				 "only two numbers or two texts can"},
		{"${ null < 1 }",
			"!nothing (null) and a number cannot be put in order: "
			"only two numbers or two texts can"},
		{"${ true == true }", "true"}, {"${ true == false }", "false"},
		{"${ [1, 2] == [3, 2] }", "false"},
		{"${ '{\"a\": 1, \"b\": 2}' | json == ('{\"b\": 2, \"a\": "
		 "1}' | json) }",
			"true"},
		{"${ '{\"a\": 1, \"b\": 2}' | json == ('{\"a\": 3, \"b\": "
		 "2}' | json) }",
			"false"},
		{"${ '{\"a\": 1, \"b\": 2}' | json == ('{\"c\": 1, \"b\": "
		 "2}' | json) }",
			"false"},
		{"${ 2 in [1, 2.0] }", "true"}, {"${ 2 in [] }", "false"},
		{"${ 'ell' in 'hello' }", "true"},
		{"${ 'x' in 'hello' }", "false"},
		{"${ '' in 'hello' }", "true"}, {"${ '' in '' }", "true"},
		{"${ 1 in null }", "false"},
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
		{"${ [1][-1] }", "null"}, {"${ [1][0.5] }", "null"},
		{"${ [1][null] }", "null"}, {"${ cf.nope[0] }", "null"},
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

/* An error within is that of the whole. */
static void test_errors_within(void **state)
{
	CHECK({"${ not ('a' < 1) }", NO_ORDER},
		{"${ ('a' < 1) == true }", NO_ORDER},
		{"${ true == ('a' < 1) }", NO_ORDER},
		{"${ true and ('a' < 1) }", NO_ORDER},
		{"${ [1, 'a' < 1] }", NO_ORDER},
		{"${ ('a' < 1)[0] }", NO_ORDER},
		{"${ [1]['a' < 1] }", NO_ORDER},
		{"${ cf['CF multilist']['name'] }",
			"!text cannot be an index of a list"},
		{"${ author[1] }", "!a number cannot be an index of a map"},
		{"${ 'abc'[1] }", "!a number cannot be an index of text"});
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
	static const struct {
		const char *opening;
		const char *result;
	} openings[] = {
		{"(", "?c.yaml:1:37: nested too deeply"},
		{"[", "?c.yaml:1:37: nested too deeply"},
		{"not ", "?c.yaml:1:128: nested too deeply"},
	};
	struct buf b = {0};
	char *result;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(openings); i++) {
		buf_clear(&b);
		buf_puts(&b, "${ ");
		for (int k = 0; k < 40; k++)
			buf_puts(&b, openings[i].opening);
		result = result_of(b.p, &wp, false, NULL);
		assert_string_equal(result, openings[i].result);
		free(result);
	}

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

/* Wherever an expression breaks off, or goes on as it may not. */
static void test_unfinished(void **state)
{
	CHECK({"${ if(1 2, 3) }",
		      "?c.yaml:1:10: unexpected '2': ) should stand here"},
		{"${ subject | slug(1 }",
			"?c.yaml:1:22: unexpected '}': ) should stand here"},
		{"${ [1 }", "?c.yaml:1:8: unexpected '}': ] should stand here"},
		{"${ [1 2] }",
			"?c.yaml:1:8: unexpected '2': ] should stand here"},
		{"${ cf['x' }",
			"?c.yaml:1:12: unexpected '}': ] should stand here"},
		{"${ cf. }", "?c.yaml:1:9: the name of a custom field should "
			     "stand here, as in cf.name or cf[\"Any Name\"]"},
		{"${ author. }", "?c.yaml:1:13: unexpected '}': the name of a "
				 "member should stand here"},
		{"${ attachments[1 }",
			"?c.yaml:1:19: unexpected '}': ] should stand here"},
		{"${ author[ }", "?c.yaml:1:13: unexpected '}': a name or a "
				 "value should stand here"},
		{"${ cf }", "?c.yaml:1:5: cf needs the name of a custom field: "
			    "cf.name or cf[\"Any Name\"]"},
		{"${ subject | map( }", "?c.yaml:1:20: unexpected '}': a name "
					"or a value should stand here"},
		{"${ const. }", "?c.yaml:1:5: const needs the name of a "
				"constant: const.name"},
		{"${ (1 }", "?c.yaml:1:8: unexpected '}': ) should stand here"},
		{"${ not }", "?c.yaml:1:9: unexpected '}': a name or a value "
			     "should stand here"},
		{"${ 1 < }", "?c.yaml:1:9: unexpected '}': a name or a value "
			     "should stand here"},
		{"${ 1 in }", "?c.yaml:1:10: unexpected '}': a name or a value "
			      "should stand here"},
		{"${ 1 and }", "?c.yaml:1:11: unexpected '}': a name or a "
			       "value should stand here"},
		{"${ 1 or }", "?c.yaml:1:10: unexpected '}': a name or a value "
			      "should stand here"},
		{"${ 1 ?? }", "?c.yaml:1:10: unexpected '}': a name or a value "
			      "should stand here"},
		{"${ subject | }", "?c.yaml:1:15: unexpected '}': the name of "
				   "a filter should stand here"},
		{"${ [1, 2 }",
			"?c.yaml:1:11: unexpected '}': ] should stand here"},
		{"${ 1.5e }", "?c.yaml:1:8: unexpected 'e': } or an operator "
			      "should stand here"},
		{"${ cf[subject] }",
			"?c.yaml:1:8: the name of a custom field should stand "
			"here, as in cf.name or cf[\"Any Name\"]"});
}

static void test_arguments(void **state)
{
	CHECK({"${ if(1, 2, 3, 4) }", "?c.yaml:1:5: if takes 3 arguments"},
		{"${ uuid5('url') }", "?c.yaml:1:5: uuid5 takes 2 arguments"},
		{"${ subject | truncate }",
			"?c.yaml:1:15: truncate takes 1 argument"},
		{"${ subject | map }",
			"?c.yaml:1:15: map takes 1 to 4 arguments"},
		{"${ subject | replace('a', 'b', 'c') }",
			"?c.yaml:1:15: replace takes 2 arguments"},
		{"${ subject | slug() }", "\"every-custom-field-format\""},
		{"${ if() }", "?c.yaml:1:5: if takes 3 arguments"});
}

static void test_members(void **state)
{
	CHECK({"${ subject.x }", "?c.yaml:1:13: subject has no 'x'"},
		{"${ id.x }", "?c.yaml:1:8: id has no 'x'"},
		{"${ attachments.x }",
			"?c.yaml:1:17: attachments is a list: use | first, or "
			"| pluck(\"x\")"},
		{"${ author.titl }",
			"?c.yaml:1:12: author has no 'titl', but id and name"},
		{"${ parent.x }",
			"?c.yaml:1:12: parent has no 'x', but id and subject"},
		{"${ 'a'.x }", "?c.yaml:1:9: a has no 'x'"},
		{"${ author['name'] }", "\"OpenProject Admin\""});
}

/* Whichever step is one too many, that is said, and nothing else. */
static void check_every_step(const char *scalar)
{
	char *whole = result_of(scalar, &wp, false, NULL);
	char *result;

	steps_before = 2000000;
	result = result_of(scalar, &wp, false, NULL);
	while (strcmp(result, whole) != 0) {
		if (strstr(result, "this takes too long (more than 2000000 "
				   "steps for one work package)") == NULL)
			fail_msg("%s: %s", scalar, result);
		free(result);
		steps_before--;
		result = result_of(scalar, &wp, false, NULL);
	}
	assert_true(steps_before < 2000000);
	steps_before = 0;
	free(result);
	free(whole);
}

static void test_every_step(void **state)
{
	static const char *const scalars[] = {
		"a ${ id } b",
		"${ ['a', id, true] | join(', ') }",
		"${ [1, [2, 'b'], 1.0] | unique }",
		"${ [2, 1, 3] | sort | last }",
		"${ children | pluck('subject') | compact }",
		"${ ['Ä b', 'c'] | map('slug') }",
		"${ '[a](b) <b>c</b> d' | links }",
		"${ '<figure><img src=a></figure>' | markdown }",
		"${ '<b>a</b> [b](c)' | sanitize }",
		"${ '<b>a</b> [b](c)' | sanitize('html') }",
		"${ '# a' | shift_headings(1) }",
		"${ ['ab', 'b'] | glob('a*') }",
		"${ ['ab', 'b'] | match('a') }",
		"${ 'v1.2' | capture('(.)(.)', 2) }",
		"${ 'a-b-c' | replace('-', '+') | upper }",
		"${ 'a,b,c' | split(',') | length }",
		"${ '<p>a</p>' | text | truncate(1) | truncate_words(1) }",
		"${ [1, 'ä', null] | to_json | json }",
		"${ ' 12 ' | trim | int | float | string | bool }",
		"${ createdAt | date('%Y') | sha256 }",
		"${ uuid5('url', type.name) }",
		"${ attachments[1] | image_size }",
		"${ 1 in [3, 2, 1] and 'ell' in 'hello' }",
		"${ [1, [2]] == [1, [2]] or not (1 < 2) }",
		"${ if(cf.nope ?? true, author['name'], [1][0]) }",
		"${ '{\"a\": {\"b\": 1}}' | json == null }",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(scalars); i++)
		check_every_step(scalars[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_literals),
		cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_operators),
		cmocka_unit_test(test_null),
		cmocka_unit_test(test_errors_within),
		cmocka_unit_test(test_syntax_errors),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_arguments),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_every_step),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
