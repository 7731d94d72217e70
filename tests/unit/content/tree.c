/*
 * The tree of a configuration: what is read, what is refused and where.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "content/core_scalar.h"
#include "content/tree.h"

static struct arena arena;

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static struct node parse(const char *text)
{
	struct node root = {0};
	struct err e = {0};

	if (tree_parse(&arena, "c.yaml", str_of(text), &root, &e) != 0)
		fail_msg("%s", e.text);
	return root;
}

static void test_shapes(void **state)
{
	struct node root =
		parse("\xef\xbb\xbf"
		      "# words\na: 1\nb: 'it''s'\nc:\n- x\n- {d: \"\\u00e4\"}"
		      "\ne: |\n  one\n  two\nf:\n");
	const struct node *c = node_get(&root, "c");
	const struct node *e = node_get(&root, "e");

	(void)state;
	assert_int_equal(root.type, NODE_MAP);
	assert_int_equal(root.n, 5);
	assert_true(node_get(&root, "a")->plain);
	assert_true(str_is(node_get(&root, "b")->text, "it's"));
	assert_false(node_get(&root, "b")->plain);
	assert_true(str_is(node_get(&root, "b")->raw, "'it''s'"));
	assert_int_equal(c->type, NODE_LIST);
	assert_int_equal(c->n, 2);
	assert_int_equal(c->items[1].line, 6);
	assert_int_equal(c->items[1].column, 3);
	assert_true(str_is(node_get(&c->items[1], "d")->text, "ä"));
	assert_true(str_is(e->text, "one\ntwo\n"));
	assert_true(node_is_null(node_get(&root, "f")));
	assert_null(node_get(&root, "g"));
	assert_null(node_get(c, "g"));
	root = parse("");
	assert_int_equal(root.type, NODE_MAP);
	assert_int_equal(root.n, 0);
	root = parse("# nothing\n---\n");
	assert_int_equal(root.type, NODE_MAP);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{"a: [1", "c.yaml:2:1: not YAML: did not find expected ',' or "
			  "']'"},
		{"a: 1\n b: 2", "c.yaml:2:3: not YAML: mapping values are not "
				"allowed in this context"},
		{"a: &x 1", "c.yaml:1:4: anchors (&x) are not read here: use "
			    "fragments and $merge"},
		{"a: *x", "c.yaml:1:4: aliases (*name) are not read here: use "
			  "fragments and $merge"},
		{"a: !!str 1", "c.yaml:1:4: tags (tag:yaml.org,2002:str) are "
			       "not read here"},
		{"a: 1\n---\nb: 1", "c.yaml:2:1: a second document in one "
				    "file"},
		{"a: 1\nb: 2\na: 3", "c.yaml:3:1: the key 'a' is here twice "
				     "(first in line 1)"},
		{"? [a]\n: 1", "c.yaml:1:3: a key must be text"},
		{"a: \xff", "c.yaml:1:4: not YAML: invalid leading UTF-8 "
			    "octet (files are UTF-8)"},
		{"a: 1\nb: \xC3\xA9\xE9 #",
			"c.yaml:2:6: not YAML: invalid "
			"trailing UTF-8 octet (files are UTF-8)"},
		{"a: 1\n\n# \x01", "c.yaml:3:3: not YAML: control characters "
				   "are not allowed (files are UTF-8)"},
	};
	struct buf deep = {0};
	struct node root;
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(tree_parse(&arena, "c.yaml",
					 str_of(rows[i].text), &root, &e),
			ERR_CONFIG);
		assert_string_equal(e.text, rows[i].error);
	}
	for (int i = 0; i < 70; i++)
		buf_putc(&deep, '[');
	assert_int_equal(
		tree_parse(&arena, "c.yaml", buf_str(&deep), &root, &e),
		ERR_CONFIG);
	assert_string_equal(e.text, "c.yaml:1:66: nested more than 64 deep");
	buf_fini(&deep);
	assert_int_equal(tree_parse(&arena, "c.yaml", (struct str){"a: \0b", 5},
				 &root, &e),
		ERR_CONFIG);
	assert_string_equal(e.text, "c.yaml:1:4: holds a NUL byte");
	assert_int_equal(
		tree_load(&arena, "tests/nowhere.yaml", &root, &e), ERR_CONFIG);
	assert_string_equal(
		e.text, "tests/nowhere.yaml: No such file or directory");
}

static void test_core_types(void **state)
{
	static const struct {
		const char *text;
		enum core_type type;
	} rows[] = {
		{"", CORE_NULL},
		{"~", CORE_NULL},
		{"NULL", CORE_NULL},
		{"nULL", CORE_STRING},
		{"true", CORE_BOOL},
		{"False", CORE_BOOL},
		{"yes", CORE_AMBIGUOUS},
		{"Off", CORE_AMBIGUOUS},
		{"n", CORE_AMBIGUOUS},
		{"0", CORE_NUMBER},
		{"-12", CORE_NUMBER},
		{"+12", CORE_NUMBER},
		{"010", CORE_AMBIGUOUS},
		{"00", CORE_AMBIGUOUS},
		{"0x1F", CORE_AMBIGUOUS},
		{"0o17", CORE_AMBIGUOUS},
		{"0b1", CORE_AMBIGUOUS},
		{"0xyz", CORE_STRING},
		{"1_000", CORE_AMBIGUOUS},
		{"12:30", CORE_AMBIGUOUS},
		{"-12:30:45.5", CORE_AMBIGUOUS},
		{"1.2.3", CORE_STRING},
		{"1.5", CORE_NUMBER},
		{".5", CORE_NUMBER},
		{"5.", CORE_NUMBER},
		{".", CORE_STRING},
		{"1e3", CORE_AMBIGUOUS},
		{"1.5e3", CORE_AMBIGUOUS},
		{"1.5e+3", CORE_NUMBER},
		{"1.5E-3", CORE_NUMBER},
		{"1.5e", CORE_STRING},
		{"1.5e+3x", CORE_STRING},
		{".nan", CORE_AMBIGUOUS},
		{"-.inf", CORE_AMBIGUOUS},
		{"=", CORE_AMBIGUOUS},
		{"2020-01-01", CORE_STRING},
		{"word", CORE_STRING},
		{"12 30", CORE_STRING},
		{"-", CORE_STRING},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (core_type(str_of(rows[i].text)) != rows[i].type)
			fail_msg("%s has type %d", rows[i].text,
				(int)core_type(str_of(rows[i].text)));
	assert_true(str_is(core_number(&arena, STR("+.5")), "0.5"));
	assert_true(str_is(core_number(&arena, STR("-5.")), "-5.0"));
	assert_true(str_is(core_number(&arena, STR("5.e+3")), "5.0e+3"));
	assert_true(str_is(core_number(&arena, STR("12")), "12"));
}

static void test_readings(void **state)
{
	struct node root = parse("s: x\nb: TRUE\ni: 12\nd: 5m\nz: 10MiB\n"
				 "k: 500kB\nms: 500ms\nq: \"12\"\nl: [1]\n");
	struct str s;
	bool b = false;
	int64_t v;
	struct err e = {0};

	(void)state;
	assert_int_equal(node_string(node_get(&root, "s"), "s", &s, &e), 0);
	assert_true(str_is(s, "x"));
	assert_int_equal(node_string(node_get(&root, "q"), "q", &s, &e), 0);
	assert_int_equal(node_bool(node_get(&root, "b"), "b", &b, &e), 0);
	assert_true(b);
	assert_int_equal(
		node_int(node_get(&root, "i"), "i", 12, 12, &v, &e), 0);
	assert_int_equal(v, 12);
	assert_int_equal(node_duration(node_get(&root, "d"), "d", &v, &e), 0);
	assert_int_equal(v, 300000000);
	assert_int_equal(node_duration(node_get(&root, "ms"), "d", &v, &e), 0);
	assert_int_equal(v, 500000);
	assert_int_equal(node_size(node_get(&root, "z"), "z", &v, &e), 0);
	assert_int_equal(v, 10485760);
	assert_int_equal(node_size(node_get(&root, "k"), "k", &v, &e), 0);
	assert_int_equal(v, 500000);
	assert_int_equal(node_size(node_get(&root, "i"), "i", &v, &e), 0);
	assert_int_equal(v, 12);
}

static void test_wrong_readings(void **state)
{
	struct node root = parse("s: no\nb: yes\ni: 13\nd: 5\nz: "
				 "9999999TiB\nn:\nl: [1]\n");
	struct str s;
	bool b;
	int64_t v;
	struct err e = {0};

	(void)state;
	node_string(node_get(&root, "s"), "s", &s, &e);
	assert_string_equal(e.text, "c.yaml:1:4: s must be text: write \"no\"");
	node_string(node_get(&root, "n"), "n", &s, &e);
	assert_string_equal(e.text, "c.yaml:6:3: n must be text, not nothing");
	node_string(node_get(&root, "l"), "l", &s, &e);
	assert_string_equal(e.text, "c.yaml:7:4: l must be text, not a list");
	node_bool(node_get(&root, "b"), "b", &b, &e);
	assert_string_equal(
		e.text, "c.yaml:2:4: b must be true or false, not 'yes'");
	node_int(node_get(&root, "i"), "i", 0, 12, &v, &e);
	assert_string_equal(e.text, "c.yaml:3:4: i must be a whole number from "
				    "0 to 12, not '13'");
	node_duration(node_get(&root, "d"), "d", &v, &e);
	assert_string_equal(e.text, "c.yaml:4:4: d must be a time such as "
				    "500ms, 30s, 5m, 1h or 1d, not '5'");
	node_size(node_get(&root, "z"), "z", &v, &e);
	assert_string_equal(e.text, "c.yaml:5:4: z must be a size such as "
				    "64KiB, 10MiB or 1GiB, not '9999999TiB'");
	node_keys(&root, "it", (const char *const[]){"strict", "bold"}, 2, &e);
	assert_string_equal(e.text, "c.yaml:1:1: unknown key 's' in it");
	node_keys(node_get(&root, "l"), "it", NULL, 0, &e);
	assert_string_equal(e.text, "c.yaml:7:4: it must be a map, not a list");
}

/* Every visible character of these texts is found at its place. */
static void test_places(void **state)
{
	struct node root = parse("p: äx y\n   z\nq: 'a''b'\nd: \"\\u00e4\\\"\\n"
				 "c\\\n  e\"\nl: |\n    one\n\n    two\nf: >-\n"
				 "  one\n  two\n");
	static const struct {
		const char *key;
		char letter;
		int line;
		int column;
	} rows[] = {
		{"p", 'x', 1, 5},
		{"p", 'y', 1, 7},
		{"p", 'z', 2, 4},
		{"q", 'a', 3, 5},
		{"q", '\'', 3, 6},
		{"q", 'b', 3, 8},
		{"d", '"', 4, 11},
		{"d", 'c', 4, 15},
		{"d", 'e', 5, 3},
		{"l", 'o', 7, 5},
		{"l", 't', 9, 5},
		{"f", 'o', 11, 3},
		{"f", 't', 12, 3},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct node *at = node_get(&root, rows[i].key);
		const char *letter =
			memchr(at->text.p, rows[i].letter, at->text.n);
		struct node found;

		assert_non_null(letter);
		found = node_within(at, (size_t)(letter - at->text.p));
		if (found.line != rows[i].line ||
			found.column != rows[i].column)
			fail_msg("%s %c is at %d:%d", rows[i].key,
				rows[i].letter, found.line, found.column);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_core_types),
		cmocka_unit_test(test_readings),
		cmocka_unit_test(test_wrong_readings),
		cmocka_unit_test(test_places),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
