/*
 * YAML and JSON out: layout, quoting and folding, each with the bytes that
 * PyYAML writes where that is safe, and read back by libyaml.  With --emit
 * it writes values for tests/scenarios/front_matter.py to compare: each line of
 * input is an object of "style" and "map", each document of output ends with a
 * NUL.
 */
#include "content/emit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>
#include <yaml.h>

#include "base/arena.h"
#include "content/emitter.h"

static struct value from_json(struct arena *a, const json_t *json);

static struct value list_from_json(struct arena *a, const json_t *json)
{
	struct value v = {.type = VALUE_LIST, .n = json_array_size(json)};

	v.items = ARENA_ARRAY(a, struct value, v.n);
	for (size_t i = 0; i < v.n; i++)
		v.items[i] = from_json(a, json_array_get(json, i));
	return v;
}

static struct value map_from_json(struct arena *a, const json_t *json)
{
	struct value v = {.type = VALUE_MAP, .n = json_object_size(json)};
	const char *key;
	json_t *member;
	size_t i = 0;

	v.members = ARENA_ARRAY(a, struct member, v.n);
	json_object_foreach((json_t *)json, key, member)
	{
		v.members[i].key = arena_str(a, str_of(key));
		v.members[i++].value = from_json(a, member);
	}
	return v;
}

/* Numbers come as {"$number": "digits"}, so that none is changed on the way. */
static struct value from_json(struct arena *a, const json_t *json)
{
	const char *digits;

	switch (json_typeof(json)) {
	case JSON_OBJECT:
		digits = json_string_value(json_object_get(json, "$number"));
		if (digits != NULL)
			return value_number(arena_str(a, str_of(digits)));
		return map_from_json(a, json);
	case JSON_ARRAY:
		return list_from_json(a, json);
	case JSON_STRING:
		return value_string(
			arena_str(a, (struct str){json_string_value(json),
					     json_string_length(json)}));
	case JSON_TRUE:
	case JSON_FALSE:
		return value_bool(json_is_true(json));
	default:
		return (struct value){0};
	}
}

static struct value parse(struct arena *a, const char *text, size_t n)
{
	json_error_t error;
	json_t *json = json_loadb(text, n, JSON_ALLOW_NUL, &error);
	struct value v;

	if (json == NULL) {
		fprintf(stderr, "%s in: %.80s\n", error.text, text);
		exit(1);
	}
	v = from_json(a, json);
	json_decref(json);
	return v;
}

static bool node_is_value(
	yaml_document_t *doc, int id, const struct value *want);

static bool node_is_map(
	yaml_document_t *doc, const yaml_node_t *node, const struct value *want)
{
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	size_t n = (size_t)(node->data.mapping.pairs.top - pair);

	for (size_t i = 0; i < n; i++) {
		yaml_node_t *key = yaml_document_get_node(doc, pair[i].key);
		struct str text = {(const char *)key->data.scalar.value,
			key->data.scalar.length};
		const struct value *v = value_member(want, text);

		if (v == NULL || !node_is_value(doc, pair[i].value, v))
			return false;
	}
	return n == want->n;
}

static bool node_is_list(
	yaml_document_t *doc, const yaml_node_t *node, const struct value *want)
{
	const yaml_node_item_t *item = node->data.sequence.items.start;
	size_t n = (size_t)(node->data.sequence.items.top - item);

	for (size_t i = 0; i < n && i < want->n; i++)
		if (!node_is_value(doc, item[i], &want->items[i]))
			return false;
	return n == want->n;
}

static bool node_is_scalar(const yaml_node_t *node, const struct value *want)
{
	struct str text = {(const char *)node->data.scalar.value,
		node->data.scalar.length};
	bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	if (plain && scalar_is_ambiguous(text))
		return want->type != VALUE_STRING;
	return want->type == VALUE_STRING && str_eq(text, want->text);
}

static bool node_is_value(
	yaml_document_t *doc, int id, const struct value *want)
{
	const yaml_node_t *node = yaml_document_get_node(doc, id);

	switch (node->type) {
	case YAML_MAPPING_NODE:
		return want->type == VALUE_MAP && node_is_map(doc, node, want);
	case YAML_SEQUENCE_NODE:
		return want->type == VALUE_LIST &&
		       node_is_list(doc, node, want);
	default:
		return node_is_scalar(node, want);
	}
}

/* True if libyaml reads the value back from the text. */
static bool read_back(const struct value *v, struct str yaml)
{
	yaml_parser_t parser;
	yaml_document_t doc;
	bool same = false;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(
		&parser, (const unsigned char *)yaml.p, yaml.n);
	if (yaml_parser_load(&parser, &doc)) {
		yaml_node_t *root = yaml_document_get_root_node(&doc);

		same = root != NULL && node_is_value(&doc, 1, v);
		yaml_document_delete(&doc);
	}
	yaml_parser_delete(&parser);
	return same;
}

static size_t number_member(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, str_of(key));

	return v != NULL ? (size_t)strtoul(v->text.p, NULL, 10) : 0;
}

static bool bool_member(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, str_of(key));

	return v != NULL && v->boolean;
}

static bool has_word(const struct value *map, const char *key, const char *word)
{
	const struct value *v = value_member(map, str_of(key));

	return v != NULL && v->type == VALUE_STRING && str_is(v->text, word);
}

/* Write one value as its line says; false if libyaml reads another one. */
static bool emit_line(const struct value *job, struct buf *out)
{
	const struct value *map = value_member(job, STR("map"));
	struct emit_style style = {
		.sorted = bool_member(job, "sorted"),
		.width = number_member(job, "width"),
		.indent_sequences = bool_member(job, "indent"),
		.quotes = has_word(job, "quotes", "double") ? QUOTES_DOUBLE
							    : QUOTES_USUAL,
	};

	if (has_word(job, "format", "toml")) {
		emit_toml(map, &style, out);
		return true;
	}
	if (has_word(job, "format", "json")) {
		emit_json_lines(map, &style, out);
		return true;
	}
	emit_yaml(map, &style, out);
	return read_back(map, buf_str(out));
}

static int emit_lines(void)
{
	struct arena a = {0};
	struct buf out = {0};
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct value job = parse(&a, line, (size_t)n);

		if (!emit_line(&job, &out)) {
			fprintf(stderr, "libyaml reads another value: %s\n",
				out.p);
			return 1;
		}
		fwrite(out.p != NULL ? out.p : "", 1, out.n + 1, stdout);
		buf_clear(&out);
		arena_reset(&a);
	}
	free(line);
	buf_fini(&out);
	arena_fini(&a);
	return 0;
}

#define LONG_KEY                                                               \
	"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"  \
	"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

static const struct {
	const char *json;
	const char *yaml;
	struct emit_style style;
} layouts[] = {
	{"{}", "{}\n", {.width = 80}},
	{"{\"b\":\"x\",\"a\":[]}", "a: []\nb: x\n",
		{.sorted = true, .width = 80}},
	{"{\"b\":\"x\",\"a\":{}}", "b: x\na: {}\n", {.width = 80}},
	{"{\"a\":[\"x\",[\"u\",\"z\"],{\"k\":\"v\",\"l\":[\"w\"]}]}",
		"a:\n- x\n- - u\n  - z\n- k: v\n  l:\n  - w\n", {.width = 80}},
	{"{\"a\":[\"x\",{\"k\":[\"w\"]}]}", "a:\n  - x\n  - k:\n      - w\n",
		{.indent_sequences = true}},
	{"{\"a\":null,\"b\":{\"c\":null},\"d\":[null]}", "b: {}\nd:\n- null\n",
		{.omit_null = true}},
	{"{\"a\":null,\"b\":true,\"c\":false}", "a: null\nb: true\nc: false\n",
		{.width = 80}},
	{"{\"" LONG_KEY "\":\"v\"}", LONG_KEY ": v\n", {.width = 80}},
	{"{\"" LONG_KEY "k\":[\"v\"]}", "? " LONG_KEY "k\n: - v\n",
		{.width = 80}},
	{"{\"\":\"v\",\"1\":2,\"a\\nb\":\"v\"}",
		"? ''\n: v\n'1': null\n? 'a\n\n  b'\n: v\n", {.width = 80}},
};

static void test_layout(void **state)
{
	struct arena a = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		struct value v =
			parse(&a, layouts[i].json, strlen(layouts[i].json));

		emit_yaml(&v, &layouts[i].style, &out);
		assert_string_equal(out.p, layouts[i].yaml);
		buf_clear(&out);
	}
	buf_fini(&out);
	arena_fini(&a);
}

/* The text behind "k:" that a string is written as. */
static const struct {
	const char *text;
	const char *yaml;
} strings[] = {
	{"plain", " plain"},
	{"", " ''"},
	{"KLAS: Telehealth", " 'KLAS: Telehealth'"},
	{"it's", " it's"},
	{"it's: so", " 'it''s: so'"},
	{"#", " '#'"},
	{"a #b", " 'a #b'"},
	{"a#b", " a#b"},
	{"-rf", " -rf"},
	{"- x", " '- x'"},
	{"]", " ']'"},
	{"} x", " '} x'"},
	{"--- x", " '--- x'"},
	{"?x", " ?x"},
	{"? x", " '? x'"},
	{":x", " ':x'"},
	{"x:", " 'x:'"},
	{"{{< x >}}", " '{{< x >}}'"},
	{"!!python/none", " '!!python/none'"},
	{"&a", " '&a'"},
	{"*a", " '*a'"},
	{"%x", " '%x'"},
	{"@x", " '@x'"},
	{"`x", " '`x'"},
	{" x", " ' x'"},
	{"x ", " 'x '"},
	{"a\tb", " \"a\\tb\""},
	{"a\nb", " 'a\n\n  b'"},
	{"a\n b", " \"a\\n b\""},
	{"a \nb", " \"a \\nb\""},
	{"\n", " '\n\n  '"},
	{"\xC2\x85", " \"\\N\""},
	{"\xE2\x80\xA8x", " \"\\Lx\""},
	{"\xE2\x80\xA9x", " \"\\Px\""},
	{"\xEF\xBB\xBFx", " \"\\uFEFFx\""},
	{"\x01\x7F\x1B\"\\", " \"\\x01\\x7F\\e\\\"\\\\\""},
	{"\xF0\x9F\x9A\x80 go", " \xF0\x9F\x9A\x80 go"},
	{"a\xC2\xA0z", " a\xC2\xA0z"},
	{"bad \xFF byte", " \"bad \xEF\xBF\xBD byte\""},
	{"2020-01-01", " '2020-01-01'"},
	{"2020-1-2", " '2020-1-2'"},
	{"2020-01-01T10:00:00Z", " '2020-01-01T10:00:00Z'"},
	{"2020-01-01 10:00:00 +05:30", " '2020-01-01 10:00:00 +05:30'"},
	{"2020-01-01 is a day", " 2020-01-01 is a day"},
	{"<<", " '<<'"},
	{"<x", " <x"},
};

static void test_strings(void **state)
{
	const struct emit_style style = {.width = 80};
	struct buf out = {0};
	char want[256];

	(void)state;
	for (size_t i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct member m = {
			STR("k"), value_string(str_of(strings[i].text))};
		struct value v = {.type = VALUE_MAP, .n = 1, .members = &m};

		emit_yaml(&v, &style, &out);
		snprintf(want, sizeof(want), "k:%s\n", strings[i].yaml);
		assert_string_equal(out.p, want);
		buf_clear(&out);
	}
	buf_fini(&out);
}

static const char *const ambiguous[] = {"~", "null", "Null", "NULL", "true",
	"TRUE", "False", "yes", "No", "ON", "off", "y", "Y", "n", "N", "=",
	"<<", ".nan", ".NaN", ".inf", "-.inf", "+.INF", "0", "-0", "+1", "12",
	"007", "0777", "0o7", "0O17", "0x1F", "0XfF", "0b101", "-0b1", "1_000",
	"-_1", "0_x1F", "1.", "1.5", ".5", "-.5", "1e3", "1E3", "1e-3",
	"1.5e+3", "1_0.5", "1e1_0", "18:30", "1:2:3", "190:20:30.15", "0:30.5",
	"18:30.", "2020-01-01", "2020-1-1", "2020-01-01t1:02:03",
	"2020-01-01 01:02:03.5 -5", "2020-01-01T01:02:03.5+05:30",
	"2020-1-1 1:2:3", "99999999999999999999999",
	/* In Ruby. */
	":a", ":a:b", ": a", "1,000", "-1,0.5", "0x1,F", "08:30", "00:00:30",
	"NuLL", "tRUE", "oN", ".nAn", "-.iNf", "-2020-01-01 10:00:00",
	"2020-01-01 10:00:00 +0530"};

static const char *const clear[] = {"x", "yess", "nul", "nULLl", "==", ":",
	"<<<", "..", ".", "-", "+", ".x", ".inff", "0x", "0xg", "0b2", "0o8",
	"1.2.3", "1e", "e3", "1e3x", ",1", "a:8", "18:60", "18:300",
	"18:30:", "a:30", "2020-01", "2020-001-01", "2020-01-01-",
	"2020-01-01T", "2020-01-01 10", "2020-01-01T10:00:00x", "_1", "_",
	"1 2", "+-1", "12a", "-.", "v1", "2020-x-01", "2020-01-x",
	"2020-01-01 x:00:00", "2020-01-01 10:x:00", "2020-01-01 10:00 00",
	"2020-01-01 10:00:x", "2020-01-01 10:00:00 +x",
	"2020-01-01 10:00:00Z x"};

static void test_ambiguous(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(ambiguous) / sizeof(ambiguous[0]); i++)
		if (!scalar_is_ambiguous(str_of(ambiguous[i])))
			fail_msg("'%s' must be quoted", ambiguous[i]);
	for (size_t i = 0; i < sizeof(clear) / sizeof(clear[0]); i++)
		if (scalar_is_ambiguous(str_of(clear[i])))
			fail_msg("'%s' needs no quotes", clear[i]);
}

static void test_numbers(void **state)
{
	static const char *const numbers[][2] = {{"1", "1"}, {"-5", "-5"},
		{"123456789012345678901", "123456789012345678901"},
		{"0.1", "0.1"}, {"1e-07", "1.0e-07"}, {"1.0e-07", "1.0e-07"},
		{"1e5", "1.0e+5"}, {"2.5E10", "2.5e+10"}, {"1E+2", "1.0e+2"}};
	const struct emit_style style = {.width = 80};
	struct buf out = {0};
	char want[64];

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct member m = {
			STR("k"), value_number(str_of(numbers[i][0]))};
		struct value v = {.type = VALUE_MAP, .n = 1, .members = &m};

		emit_yaml(&v, &style, &out);
		snprintf(want, sizeof(want), "k: %s\n", numbers[i][1]);
		assert_string_equal(out.p, want);
		buf_clear(&out);
	}
	buf_fini(&out);
}

/* Other formats, by what writes them. */
typedef void emit_fn(const struct value *map, const struct emit_style *style,
	struct buf *out);

static const struct {
	emit_fn *emit;
	const char *json;
	const char *text;
	struct emit_style style;
} formats[] = {
	{emit_yaml, "{\"a\":\"no\",\"b\":\"it's: \\\"so\\\"\",\"c\":\"x\"}",
		"a: \"no\"\nb: \"it's: \\\"so\\\"\"\nc: x\n",
		{.quotes = QUOTES_DOUBLE}},
	{emit_yaml, "{\"a\":\"\\t\xF0\x9F\x9A\x80\"}",
		"a: \"\\t\xF0\x9F\x9A\x80\"\n", {.width = 80}},
	{emit_toml, "{}", "", {.width = 0}},
	{emit_toml,
		"{\"b\":{\"c\":{}},\"a\":true,\"d\":null,\"\":[null,\"x\"]}",
		"a = true\n\"\" = [\"x\"]\n\n[b]\n\n[b.c]\n", {.width = 0}},
	{emit_toml, "{\"b\":true,\"a\":{\"y\":\"1\",\"x\":\"2\"}}",
		"b = true\n\n[a]\nx = \"2\"\ny = \"1\"\n", {.sorted = true}},
	{emit_toml, "{\"a b\":[{\"k\":[{\"m\":false}]},null,{}]}",
		"[[\"a b\"]]\n\n[[\"a b\".k]]\nm = false\n\n[[\"a b\"]]\n",
		{.width = 0}},
	{emit_toml, "{\"a\":[{\"k\":\"1\",\"n\":null},[{}],\"x\"]}",
		"a = [{ k = \"1\" }, [{}], \"x\"]\n", {.width = 0}},
	{emit_toml, "{\"a\":\"\\n\\\"\\\\\\u007f\\u2028\\u0000\xC3\xA9\"}",
		"a = \"\\n\\\"\\\\\\u007F\\u2028\\u0000\xC3\xA9\"\n",
		{.width = 0}},
	{emit_toml, "{\"a\":\"C:\\\\x\",\"b\":\"it's\",\"c d\":\"\\t\"}",
		"a = 'C:\\x'\nb = \"it's\"\n'c d' = \"\\t\"\n",
		{.quotes = QUOTES_SINGLE}},
	{emit_toml,
		"{\"a\":[{\"$number\":\"9223372036854775807\"},"
		"{\"$number\":\"9223372036854775808\"},{\"$number\":\"1e-7\"},"
		"{\"$number\":\"1.5E400\"}]}",
		"a = [9223372036854775807, \"9223372036854775808\", 1e-7, "
		"\"1.5E400\"]\n",
		{.width = 0}},
	{emit_json_lines, "{}", "{}\n", {.width = 0}},
	{emit_json_lines,
		"{\"b\":[],\"a\":{\"x\":null,\"y\":[{\"$number\":\"1e400\"}]}}",
		"{\n  \"a\": {\n    \"y\": [\n      \"1e400\"\n    ]\n  },\n"
		"  \"b\": []\n}\n",
		{.sorted = true, .omit_null = true}},
};

static void test_formats(void **state)
{
	struct arena a = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		struct value v =
			parse(&a, formats[i].json, strlen(formats[i].json));

		buf_puts(&out, "");
		formats[i].emit(&v, &formats[i].style, &out);
		assert_string_equal(out.p, formats[i].text);
		buf_clear(&out);
	}
	buf_fini(&out);
	arena_fini(&a);
}

static void test_json(void **state)
{
	static const char text[] =
		"{\"a\":[1,-2.50,\"x\\n\\\"\\\\\\u0001\xC3\xA4\",true,false],"
		"\"b\":{},\"c\":null,\"d\":[]}";
	struct member in_map[4] = {
		{.key = STR("a")},
		{.key = STR("b"), .value = {.type = VALUE_MAP}},
		{.key = STR("c")},
		{.key = STR("d"), .value = {.type = VALUE_LIST}},
	};
	struct value items[5] = {
		value_number(STR("1")),
		value_number(STR("-2.50")),
		value_string(STR("x\n\"\\\x01\xC3\xA4")),
		value_bool(true),
		value_bool(false),
	};
	struct value v = {.type = VALUE_MAP, .n = 4, .members = in_map};
	struct buf out = {0};

	(void)state;
	in_map[0].value =
		(struct value){.type = VALUE_LIST, .n = 5, .items = items};
	emit_json(&v, &out);
	assert_string_equal(out.p, text);
	buf_fini(&out);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_json),
	};

	if (argc > 1 && strcmp(argv[1], "--emit") == 0)
		return emit_lines();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
