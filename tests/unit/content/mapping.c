/*
 * What a compiled mapping makes: which entries fit, and what becomes of front
 * matter and body.
 */
#include "tests/unit/content/mapping_rows.h"

static void test_types(void **state)
{
	CHECK({FRONT("    a: 1\n    b: 'x'\n    c: \"1\"\n    d:\n    e: "
		     "2020-01-01\n    f: +1.50\n    g: ~\n    $$h: 1\n    i: "
		     "False\n    j: ${ percentageDone }\n    k: \"${ "
		     "percentageDone }\"\n    l: v${ percentageDone }\n    m: "
		     "'$${ x }'\n"),
		"p.md\n---\na: 1\nb: x\nc: '1'\nd: null\ne: '2020-01-01'\nf: "
		"1.50\ng: null\n$h: 1\ni: false\nj: 68\nk: 68\nl: v68\nm: ${ x "
		"}\n---\n"});
}

static void test_choices(void **state)
{
	CHECK({FRONT("    a: { $when: \"${ cf.nope }\", b: 1 }\n    c: { "
		     "$when: \"${ id }\", b: 1 }\n    d: { $when: \"${ id }\", "
		     "$value: \"${ id }\" }\n    e: [1, { $when: \"${ cf.nope "
		     "}\", $value: 2 }, { $value: [3, 4] }, [5]]\n"),
		      "p.md\n---\nc:\n  b: 1\nd: 4\ne:\n- 1\n- 3\n- 4\n- - "
		      "5\n---\n"},
		{FRONT("    a: { $each: 'u in cf[\"CF multiuser\"]', $value: "
		       "\"${ u.id }\" }\n    b: { $each: 'u in cf[\"CF "
		       "multiuser\"]', $when: \"${ u.id > 6 }\", id: \"${ u.id "
		       "}\" }\n    c: { $each: u in cf.nope, $value: 1 }\n    "
		       "d: { $each: 'u in cf[\"CF multiuser\"]', $when: \"${ "
		       "cf.nope }\", $value: 1 }\n    e: [0, { $each: 'u in "
		       "cf[\"CF multiuser\"]', $value: \"${ u.id }\" }]\n"),
			"p.md\n---\na:\n- 8\n- 6\nb:\n- id: 8\nc: []\ne:\n- "
			"0\n- 8\n- 6\n---\n"},
		{"fragments:\n  f: { x: 1, w: \"${ id }\" }\n  g: { x: 2 "
		 "}\n" FRONT("    z: 0\n    $merge: [f, g]\n    w: 3\n    m: { "
			     "$merge: f, $when: \"${ id }\" }\n"),
			"p.md\n---\nx: 2\nw: 3\nz: 0\nm:\n  x: 1\n  w: "
			"4\n---\n"},
		{FRONT("    a: { $each: u in subject, $value: 1 }\n"),
			"!front_matter.a: $each needs a list, but subject is "
			"text\n"});
}

/* What all entries have in common, wherever they have it. */
static void test_merge(void **state)
{
	CHECK({"fragments:\n  f: { s: \"${ subject | slug }\", n: 1 }\n"
	       "  g: { $merge: f, m: \"${ n }\" }\n" ENTRY(
		       "  let: { o: 0, $merge: g, n: \"${ id }\" }\n"
		       "  body: \"${ s } ${ n } ${ m } ${ o }\"\n"),
		      "p.md\nevery-custom-field-format 4 4 0\n"},
		{"fragments: { f: { s: 1 } }\n" ENTRY(
			 "  let: { c: { $merge: f, t: 2 } }\n"
			 "  body: \"${ c.s } ${ c.t }\"\n"),
			"p.md\n1 2\n"},
		{"fragments: { f: { omit_null: true, order: sorted } }\n" FRONT(
			 "    b: 1\n    a: null\n    c: 1\n") "  emit: { "
							      "$merge: f, "
							      "order: config "
							      "}\n",
			"p.md\n---\nb: 1\nc: 1\n---\n"},
		{"fragments: { f: { files: all, types: [application/pdf] } "
		 "}\n" ENTRY("  attachments: { $merge: f }\n"),
			"p.md\n[9 notes.pdf]\n"},
		{"fragments:\n"
		 "  f: { match: { $merge: g }, path: f.md, body: a }\n"
		 "  g: { where: \"${ id == 4 }\" }\n"
		 "documents:\n- { $merge: f, body: b }\n"
		 "- { $merge: f, match: { type: X } }\n",
			"f.md\nb\n"},
		{"fragments: { f: { a: \"${ id }\" }, g: { a: 2, b: \"${ a "
		 "}\" } }\n" ENTRY("  let: { $merge: [f, g] }\n"
				   "  body: \"${ a } ${ b }\"\n"),
			"p.md\n2 2\n"});
}

static void test_emit(void **state)
{
	CHECK({FRONT("    b: [1]\n    a: null\n") "  emit: { order: sorted, "
						  "omit_null: true, "
						  "indent_sequences: true }\n",
		      "p.md\n---\nb:\n  - 1\n---\n"},
		{ENTRY("  body: x\n"), "p.md\nx\n"},
		{ENTRY("  body: \"x\\n\"\n"), "p.md\nx\n"},
		{"documents:\n- path: ${ id }\n  body: x\n", "4\nx\n"},
		{"documents:\n- path: ${ cf[\"CF bool\"] }\n",
			"!path must be text, but is true or false\n"},
		{FRONT("    a: 'it''s'\n    b: no\\way\n") "  emit: { quotes: "
							   "double }\n",
			"p.md\n---\na: it's\nb: no\\way\n---\n"},
		{FRONT("    a: 'no'\n") "  emit: { quotes: double }\n",
			"p.md\n---\na: \"no\"\n---\n"},
		{ENTRY("  body: \"x\\n\\n\"\n"), "p.md\nx\n\n"},
		{ENTRY("  body: x\n  emit: { final_newline: false }\n"),
			"p.md\nx"},
		{FRONT("    a: 1\n") "  body: x\n",
			"p.md\n---\na: 1\n---\n\nx\n"},
		{FRONT("    a: 1\n") "  body: ${ cf.nope }\n",
			"p.md\n---\na: 1\n---\n"},
		{ENTRY("  body: [a, \"${ cf.nope }\", '', \"${ id }\", { "
		       "$when: \"${ id }\", $value: b }]\n"),
			"p.md\na\n\n4\n\nb\n"},
		{ENTRY("  body: \"{{< x >}}\"\n"), "p.md\n{{</* x */>}}\n"},
		{ENTRY("  body: \"{{< x >}}\"\n  escape_shortcodes: false\n"),
			"p.md\n{{< x >}}\n"});
}

static void test_errors(void **state)
{
	CHECK({FRONT("    a: { b: [1, \"${ cf.cleanUrl | json }\"] }\n"),
		      "!front_matter.a.b[1]: ${ cf.cleanUrl | json }: not JSON "
		      "at character 1: 'https://ex…'\n"},
		{FRONT("    a: ${ type.name }-${ cf.nope }-x\n"),
			"!front_matter.a: ${ cf.nope }: is empty (null) and "
			"cannot be part of a text: give it another value with "
			"??, or leave the whole out with $when\n"},
		{"documents:\n- path: a/${ cf.nope }\n",
			"!path: ${ cf.nope }: is empty (null) and cannot be "
			"part of a text: give it another value with ??, or "
			"leave the whole out with $when\n"},
		{"documents:\n- path: ${ cf.nope }\n",
			"!path must be text, but is nothing (null)\n"},
		{"documents:\n- path: ${ '..' | lower }/${ id }\n",
			"!path '../4' must not contain '.' or '..'\n"},
		{ENTRY("  let: { a: \"${ 'x' | json }\" }\n"),
			"!let.a: ${ 'x' | json }: not JSON at character 1: "
			"'x'\n"},
		{ENTRY("  body: ${ author }\n"),
			"!body: is a map (pick one of its members) and cannot "
			"be part of a text\n"});
}

static void test_constants(void **state)
{
	CHECK({CONSTANTS(TWO_PROJECTS,
		       "${ const.a } ${ const.b | to_json } "
		       "${ const.c.d } ${ const.c.e ?? \"none\" }"),
		      "p.md\n1 [\"x\"] true none"},
		{CONSTANTS("  ccm: {a: '12', b: null, c: 'x $${y}'}\n",
			 "${ [const.a, const.b, const.c] | to_json }"),
			"p.md\n[\"12\",null,\"x ${y}\"]"},
		{CONSTANTS("  other: {a: 1}\n", "${ [const.a] | to_json }"),
			"p.md\n[null]"});
}

static void test_match(void **state)
{
	CHECK({ENTRY("  match: { project: ccm, type: Curated Content, status: "
		     "[Old, New], where: \"${ cf.cleanUrl }\" }\n  body: x\n"),
		      "p.md\nx\n"},
		{ENTRY("  match: { project: Chronic Care Management (CCM) }\n  "
		       "body: x\n"),
			"p.md\nx\n"},
		{ENTRY("  match: { project: other }\n  body: x\n"), ""},
		{ENTRY("  match: { assignee: x }\n- path: q.md\n  body: q\n"),
			"q.md\nq\n"},
		{ENTRY("  match: { where: \"${ parent }\" }\n  body: x\n"), ""},
		{ENTRY("  continue: true\n  body: x\n- path: q.md\n  body: "
		       "q\n- path: r.md\n"),
			"p.md\nx\nq.md\nq\n"},
		{ENTRY("  continue: true\n  body: x\n- path: q.md\n  match: { "
		       "where: \"${ cf.nope }\" }\n- path: r.md\n"),
			"p.md\nx\nmatch: documents[1]: match.where: ${ cf.nope "
			"}: the custom field 'nope' is not active for the work "
			"package's project and type\n"},
		{ENTRY("  match: { project: other, where: \"${ cf.nope }\" }\n"
		       "- path: q.md\n  body: q\n"),
			"q.md\nq\n"},
		{ENTRY("  match: { where: \"${ subject < 1 }\" }\n- path: "
		       "q.md\n"),
			"match: documents[0]: match.where: ${ subject < 1 }: "
			"text and a number cannot be put in order: only two "
			"numbers or two texts can\n"});
}

/* What cannot be decided is an error, never a document. */
static void test_match_closed(void **state)
{
	static const char by_project[] =
		ENTRY("  match: { project: ccm }\n  attachments: none\n"
		      "  body: x\n");
	struct work_package odd = wp;

	(void)state;
	odd.project_identifier = STR_NONE;
	check_with(&odd, by_project,
		"match: documents[0]: match.project: the server does not show "
		"the project of this work package\n");
	odd.any_project = true;
	check_with(&odd, by_project, "p.md\nx\n");
	odd.version = (struct link){
		.href = STR("urn:openproject-org:api:v3:undisclosed"),
		.title = STR("Undisclosed")};
	check_with(&odd, ENTRY("  match: { version: v1 }\n"),
		"match: documents[0]: match.version: the server does not show "
		"the version of this work package\n");
	check_with(&odd, ENTRY("  match: { version: v1, type: Other }\n"), "");
	odd.status.title = STR_NONE;
	check_with(&odd, ENTRY("  match: { status: New }\n"),
		"match: documents[0]: match.status: the server does not show "
		"the status of this work package\n");
	odd.version = (struct link){0};
	check_with(&odd, ENTRY("  match: { version: v1 }\n"), "");
}

static void test_with_id(void **state)
{
	static const char yaml[] =
		"documents:\n- path: d/index.md\n  continue: true\n  body: "
		"\"![](b.png)\"\n- path: e/x.md\n";
	const struct evasion first = {.entry = 0, .times = 1};
	const struct evasion second = {.entry = 1, .times = 3};
	struct err e = {0};
	struct program *p = compile(yaml, &e);
	struct rendered out;

	(void)state;
	assert_non_null(p);
	assert_int_equal(program_render(p, &wp, &first, &scratch, &out), 0);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.items[0].document.path, "d-4/index.md");
	assert_string_equal(out.items[0].document.natural_path, "d/index.md");
	assert_string_equal(out.items[0].document.files[0].path, "d-4/b.png");
	assert_string_equal(out.items[1].document.path, "e/x.md");
	rendered_fini(&out);
	assert_int_equal(program_render(p, &wp, &second, &scratch, &out), 0);
	assert_string_equal(out.items[0].document.path, "d/index.md");
	assert_string_equal(out.items[1].document.path, "e/x-4-4-4.md");
	rendered_fini(&out);
	program_free(p);
}

static void test_names(void **state)
{
	static const char yaml[] =
		"documents:\n- match: { project: [ccm, x], type: T, status: S, "
		"version: V, where: \"${ cf.a }\" }\n  path: ${ cf.a }/${ "
		"cf['b c'] }\n  when_gone: keep\n";
	struct err e = {0};
	struct program *p = compile(yaml, &e);
	const struct program_name *names;
	size_t n;

	(void)state;
	assert_non_null(p);
	names = program_names(p, &n);
	assert_int_equal(n, 6);
	assert_int_equal(names[1].kind, NAMED_PROJECT);
	assert_true(str_is(names[1].name, "x"));
	assert_int_equal(names[1].at.line, 2);
	assert_int_equal(names[1].at.column, 27);
	assert_int_equal(names[2].kind, NAMED_TYPE);
	assert_int_equal(names[3].kind, NAMED_STATUS);
	assert_int_equal(names[4].kind, NAMED_FIELD);
	assert_true(str_is(names[5].name, "b c"));
	assert_int_equal(names[5].at.line, 3);
	assert_int_equal(names[5].at.column, 25);
	assert_int_equal(program_entry(p, STR("documents[0]")), 0);
	assert_int_equal(program_entry(p, STR("x")), -1);
	program_free(p);
}

static void test_hash(void **state)
{
	struct err e = {0};
	struct program *a = compile(ENTRY("  body: x\n"), &e);
	struct program *b = compile(ENTRY("  # words\n  body:   x\n"), &e);
	struct program *c = compile(ENTRY("  body: 'x'\n"), &e);
	struct program *d = compile("{ store: x }", &e);
	struct program *f = compile("{}", &e);

	(void)state;
	assert_string_equal(program_hash(a), program_hash(b));
	assert_string_not_equal(program_hash(a), program_hash(c));
	assert_string_not_equal(program_hash(a), program_hash(d));
	assert_string_equal(program_hash(d), program_hash(f));
	program_free(a);
	program_free(b);
	program_free(c);
	program_free(d);
	program_free(f);
}

static void test_default(void **state)
{
	CHECK({"{}",
		"ccm/4-every-custom-field-format/index.md\n---\ntitle: Every "
		"custom field format\ndate: '2026-11-22T07:45:39.246Z'\n"
		"lastmod: '2026-11-22T07:45:39.410Z'\nstartDate: "
		"'2024-02-01'\ndueDate: '2024-03-01'\ntype: Curated "
		"Content\nstatus: New\ntags:\n- Telehealth\n---\n\nall CFs\n"});
}

/* A project that is called what no folder may be called on Windows. */
static void test_default_folder(void **state)
{
	struct work_package odd = wp;
	char *result;

	(void)state;
	odd.project_identifier = STR("aux");
	result = describe("{}", &odd);
	assert_non_null(
		strstr(result, "_aux/4-every-custom-field-format/index.md\n"));
	free(result);
}

/* Small mappings that would make very large documents are stopped. */
static void check_stops(struct buf *mapping, const char *words)
{
	char *result = describe(mapping->p, &wp);

	if (strstr(result, words) == NULL)
		fail_msg("'%s' does not say '%s'", result, words);
	free(result);
	buf_fini(mapping);
}

/* Each list holds the one before. */
static void test_deep(void **state)
{
	struct buf yaml = {0};
	char *result;

	(void)state;
	buf_puts(&yaml, ENTRY("  let:\n    a0: [1]\n"));
	for (int i = 1; i <= 110; i++)
		buf_printf(&yaml, "    a%d: [\"${ a%d }\"]\n", i, i - 1);
	buf_puts(&yaml, "  front_matter: { x: \"${ a110 }\" }\n");
	result = outcome_of(yaml.p);
	assert_string_equal(result,
		"!front_matter: too large or too deep for a document (16 MiB, "
		"100 levels)\n");
	free(result);
	buf_fini(&yaml);
}

static void test_large_list(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "documents:\n- path: p.md\n  let:\n    a0: [x, x]\n");
	for (int i = 1; i < 40; i++)
		buf_printf(&b, "    a%d: [\"${ a%d }\", \"${ a%d }\"]\n", i,
			i - 1, i - 1);
	buf_puts(&b, "  front_matter: { a: \"${ a39 }\" }\n");
	check_with(&wp, b.p,
		"!front_matter: too large or too deep for a document (16 MiB, "
		"100 levels)\n");
	buf_fini(&b);
}

/* An entry with a0, and then n texts that are twice the one before. */
static void put_doubled(struct buf *b, int n)
{
	buf_puts(b, "documents:\n- path: p.md\n  let:\n    a0: x\n");
	for (int i = 1; i <= n; i++)
		buf_printf(
			b, "    a%d: \"${ a%d }${ a%d }\"\n", i, i - 1, i - 1);
}

static void test_large_text(void **state)
{
	struct buf b = {0};

	(void)state;
	put_doubled(&b, 39);
	check_stops(&b, "this text gets larger than 16 MiB");
}

static void test_long_search(void **state)
{
	struct buf b = {0};

	(void)state;
	put_doubled(&b, 20);
	buf_puts(&b, "    b: ${ [1");
	for (int i = 0; i < 130; i++)
		buf_puts(&b, ", 'y' in a20");
	buf_puts(&b, "] }\n");
	check_stops(&b, "this takes too long");
}

/* What is not ASCII takes microseconds a byte to be spelt. */
static void test_long_slug(void **state)
{
	struct buf b = {0};
	char *result;

	(void)state;
	put_doubled(&b, 18);
	buf_puts(&b, "    b: ${ \"\xE6\x9D\xB1${ a18 }\" | slug }\n");
	check_stops(&b, "this takes too long");

	put_doubled(&b, 17);
	buf_puts(&b, "    b: ${ \"\xE6\x9D\xB1${ a17 }\" | slug }\n");
	result = describe(b.p, &wp);
	assert_null(strstr(result, "too long"));
	free(result);
	buf_fini(&b);
}

/* An entry whose body is n times the same words. */
static void put_body(struct buf *b, const char *keys, const char *words, int n)
{
	buf_printf(b, "documents:\n- path: p.md\n%s  body: '", keys);
	while (n-- > 0)
		buf_puts(b, words);
	buf_puts(b, "'\n");
}

static void test_references(void **state)
{
	struct buf b = {0};
	struct buf keys = {0};

	(void)state;
	put_body(&b, "  references: text\n", "user#1 ", 100001);
	check_stops(&b, "body: more than 100000 references");

	buf_printf(&keys, "  attachments: { link_as: '%4000s' }\n", "x");
	put_body(&b, keys.p, "![](b.png)", 5000);
	check_stops(&b, "body: this text gets larger than 16 MiB");
	buf_fini(&keys);
}

static void test_large_mapping(void **state)
{
	struct buf b = {0};

	(void)state;
	buf_puts(&b, "fragments:\n  f0: { x: 1 }\n");
	for (int i = 1; i < 30; i++)
		buf_printf(&b,
			"  f%d: { a: { $merge: f%d }, b: { $merge: f%d } }\n",
			i, i - 1, i - 1);
	buf_puts(&b, "documents:\n- path: p.md\n  front_matter: { $merge: f29 "
		     "}\n");
	check_stops(&b, "the mapping is too large");
	/* Few in the end, but each was mixed in a thousand times. */
	buf_puts(&b, "fragments:\n  f0:\n");
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "    x%d: 1\n", i);
	for (int i = 1; i < 11; i++)
		buf_printf(
			&b, "  f%d: { $merge: [f%d, f%d] }\n", i, i - 1, i - 1);
	buf_puts(&b, "documents:\n- path: p.md\n  let: { $merge: f10 }\n");
	check_stops(&b, "the mapping is too large");
}

#define GUARDED "---\n{}\n---\n\n"

/* What people write is not front matter: only what the mapping says is. */
static void test_no_front_matter(void **state)
{
	static const struct {
		const char *written;
		const char *before; /* it in the document */
	} rows[] = {
		{"---\nurl: /x/\n---\nhi", GUARDED},
		{"+++\nx = [\n", GUARDED},
		{"{\"url\": \"/x/\"}", GUARDED},
		{"#+URL: /x/", GUARDED},
		{"- an item, a bad fence for Hugo", GUARDED},
		{"\xef\xbb\xbf \n---\n", GUARDED},
		{"<!-- c -->\n---\n", GUARDED},
		{"# Title\n---\n", ""},
		{"*a*", ""},
	};
	struct work_package odd = wp;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *expected = NULL;

		odd.subject = str_of(rows[i].written);
		expected = xasprintf("p.md\n%s%s%s", rows[i].before,
			rows[i].written,
			str_ends(odd.subject, STR("\n")) ? "" : "\n");
		check_with(&odd, ENTRY("  body: \"${ subject }\"\n"), expected);
		check_with(&odd,
			ENTRY("  body: [{ $when: \"${ id < 0 }\", $value: a }, "
			      "\"${ subject }\"]\n"),
			expected);
		free(expected);
	}
	odd.subject = STR("- item");
	check_with(&odd, ENTRY("  body: \"\\n ${ subject }\"\n"),
		"p.md\n" GUARDED "\n - item\n");
	check_with(&odd, ENTRY("  body: \"---\\na: 1\\n---\\n${ subject }\"\n"),
		"p.md\n---\na: 1\n---\n- item\n");
	check_with(&odd, "documents:\n- path: p.txt\n  body: ${ subject }\n",
		"p.txt\n- item\n");
	check_with(&odd,
		ENTRY("  emit: { format: toml }\n  body: ${ subject }\n"),
		"p.md\n+++\n+++\n\n- item\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_front_matter),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_merge),
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_closed),
		cmocka_unit_test(test_with_id),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_default_folder),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_large_list),
		cmocka_unit_test(test_large_text),
		cmocka_unit_test(test_long_search),
		cmocka_unit_test(test_long_slug),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_large_mapping),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
