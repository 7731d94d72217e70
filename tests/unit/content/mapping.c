/*
 * The mapping as a whole: what its configuration refuses, and where; which
 * entries fit; what becomes of front matter, body and attachments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "content/program.h"
#include "tests/unit/content/fixture.h"

static struct arena arena;
static struct arena scratch;
static struct work_package wp;

static int set_up(void **state)
{
	static const struct {
		int64_t id;
		const char *name;
		const char *type;
	} files[] = {
		{7, "b.png", "image/png"},
		{5, "Hero 1.jpg", "image/jpeg"},
		{6, "B.png", "image/png"},
		{9, "notes.pdf", "application/pdf"},
	};

	(void)state;
	wp = fixture_load(&arena, "4");
	wp.n_attachments = ARRAY_LEN(files);
	wp.attachments =
		ARENA_ARRAY(&arena, struct attachment, wp.n_attachments);
	for (size_t i = 0; i < wp.n_attachments; i++) {
		struct attachment *a = &wp.attachments[i];

		a->id = files[i].id;
		a->file_name = str_of(files[i].name);
		a->content_type = str_of(files[i].type);
		a->href = arena_printf(&arena, "/api/v3/attachments/%d/content",
			(int)files[i].id);
		a->size = 100 * files[i].id;
		fixture_fetch(a, i == 1 ? "JPEG" : "PNG", 20, 10);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	arena_fini(&scratch);
	return 0;
}

/* A mapping and what compiling it, or rendering with it, says. */
struct row {
	const char *yaml;
	const char *result;
};

static struct program *compile(const char *yaml, struct err *e)
{
	struct program *p = NULL;
	struct node root;

	if (tree_parse(&arena, "c.yaml", str_of(yaml), &root, e) == 0)
		program_compile(&root, &p, e);
	return p;
}

/* The paths, texts, files and errors that a mapping makes. */
static char *describe(const char *yaml, const struct work_package *of)
{
	struct err e = {0};
	struct program *p = compile(yaml, &e);
	struct rendered out = {0};
	struct buf b = {0};

	if (p == NULL)
		buf_printf(&b, "?%s", e.text);
	else
		program_render(p, of, 0, &scratch, &out);
	for (size_t i = 0; i < out.n; i++) {
		const struct rendering *r = &out.items[i];

		if (r->err.code != 0) {
			buf_printf(&b, "!%s\n", r->err.text);
			continue;
		}
		buf_printf(&b, "%s\n%s", r->document.path,
			buf_str(&r->document.text).p);
		for (size_t j = 0; j < r->document.n_files; j++)
			buf_printf(&b, "[%d %s]\n",
				(int)r->document.files[j].attachment_id,
				r->document.files[j].path);
	}
	if (out.match_err.code != 0)
		buf_printf(&b, "match: %s\n", out.match_err.text);
	if (out.needs_list)
		buf_puts(&b, "need the list\n");
	for (size_t i = 0; i < out.n_needs; i++)
		buf_printf(&b, "need %d\n", (int)out.needs[i]);
	rendered_fini(&out);
	program_free(p);
	arena_reset(&scratch);
	return buf_take(&b);
}

static void check_rows(const struct row *rows, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		char *result = describe(rows[i].yaml, &wp);

		if (strcmp(result, rows[i].result) != 0) {
			print_error("%s\n--- gives\n%s\n--- expected\n%s\n",
				rows[i].yaml, result, rows[i].result);
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

/* An entry with this front matter, and none of the attachments. */
#define FRONT(lines)                                                           \
	"documents:\n- path: p.md\n  attachments: none\n  "                    \
	"front_matter:\n" lines
#define ENTRY(lines) "documents:\n- path: p.md\n" lines

static void test_refused_path(void **state)
{
	CHECK({"documents:\n- path: /x/${ id }",
		      "?c.yaml:2:9: path '/x/…' must be relative"},
		{"documents:\n- path: ${ id }/../x",
			"?c.yaml:2:9: path '…/../x' must not contain '.' or "
			"'..'"},
		{"documents:\n- path: .git/x",
			"?c.yaml:2:9: path '.git/x' contains a name that "
			"belongs to git"},
		{"documents:\n- path: ''", "?c.yaml:2:9: the path is empty"});
}

static void test_refused(void **state)
{
	CHECK({"documents: []", "?c.yaml:1:12: documents must be a list of at "
				"least one entry"},
		{"documents:\n- name: x",
			"?c.yaml:2:3: this entry of documents has no path, as "
			"in path: content/${ id }.md"},
		{ENTRY("  front_mater: {}"),
			"?c.yaml:3:3: unknown key 'front_mater' in an entry of "
			"documents (did you mean 'front_matter'?)"},
		{ENTRY("  uniques: [a]"),
			"?c.yaml:3:3: unknown key 'uniques' in an entry of "
			"documents (did you mean 'unique'?)"},
		{ENTRY("- path: b\n  name: documents[0]"),
			"?c.yaml:4:9: two entries of documents are named "
			"'documents[0]'"},
		{ENTRY("  match: { projct: [a] }"),
			"?c.yaml:3:12: unknown key 'projct' in match (did you "
			"mean 'project'?)"},
		{ENTRY("  match: { type: [] }"),
			"?c.yaml:3:18: type is an empty list, which nothing "
			"fits"},
		{ENTRY("  match: { type: [No] }"),
			"?c.yaml:3:19: type must be text: write \"No\""},
		{ENTRY("  match: { where: yes }"),
			"?c.yaml:3:19: where must be one expression, as in "
			"\"${ cf.field }\""},
		{ENTRY("  match: { where: \"${ id }x\" }"),
			"?c.yaml:3:27: where must be one expression: nothing "
			"may stand behind its }"},
		{ENTRY("  emit: { order: sorting }"),
			"?c.yaml:3:18: emit.order must be config or sorted, "
			"not 'sorting'"},
		{ENTRY("  emit: { width: -1 }"),
			"?c.yaml:3:18: emit.width must be a whole number from "
			"0 to 100000, not '-1'"},
		{ENTRY("  emit: { format: ini }"),
			"?c.yaml:3:19: emit.format must be yaml, toml or json, "
			"not 'ini'"},
		{ENTRY("  emit: { format: json, quotes: single }"),
			"?c.yaml:3:33: emit.quotes has no effect beside "
			"format: json"},
		{ENTRY("  links: absolute"),
			"?c.yaml:3:10: links must be keep or relative, not "
			"'absolute'"},
		{ENTRY("  references: links"),
			"?c.yaml:3:15: references must be keep, text or link, "
			"not 'links'"},
		{ENTRY("  continue: yes"),
			"?c.yaml:3:13: continue must be true or false, not "
			"'yes'"},
		{ENTRY("  when_gone: forget"),
			"?c.yaml:3:14: when_gone must be remove or keep, not "
			"'forget'"},
		{ENTRY("  attachments: some"),
			"?c.yaml:3:16: files must be none, referenced or all, "
			"not 'some'"},
		{ENTRY("  attachments: { files: none, save_as: x }"),
			"?c.yaml:3:16: save_as and link_as have no effect "
			"beside files: none; picks have their own"},
		{ENTRY("  attachments: [{ as: x }]"),
			"?c.yaml:3:17: this entry of attachments has no pick, "
			"as in pick: \"${ attachments | first }\""},
		{ENTRY("  let: { subject: 1 }"),
			"?c.yaml:3:10: 'subject' already is what the work "
			"package has under that name: choose another"},
		{ENTRY("  let: { a-b: 1 }"),
			"?c.yaml:3:10: 'a-b' is no name: use letters, digits "
			"and _"},
		{ENTRY("  let: { a: 1 }\n  attachments: [{ pick: \"${ "
		       "attachments | first }\", as: a }]"),
			"?c.yaml:4:57: 'a' is already defined: choose another "
			"name"},
		{ENTRY("  let: { a: \"${ b }\", b: 1 }"),
			"?c.yaml:3:17: unknown name 'b'"},
		{"timezone: Mars\n" ENTRY(""),
			"?c.yaml:1:11: unknown time zone 'Mars' (write it as "
			"in Europe/Berlin)"},
		{"fragments: { f: {} }\n" ENTRY(""),
			"?c.yaml:1:14: the fragment 'f' is not used by any "
			"$merge"});
}

#define CONSTANTS(lines, body)                                                 \
	"constants:\n" lines                                                   \
	"documents: [{path: p.md, emit: {final_newline: false}, body: '" body  \
	"'}]\n"
#define TWO "  ccm: {a: 1, b: [x]}\n  '*': {a: other, c: {d: true}}\n"

static void test_constants(void **state)
{
	CHECK({CONSTANTS(TWO, "${ const.a } ${ const.b | to_json } "
			      "${ const.c.d } ${ const.c.e ?? \"none\" }"),
		      "p.md\n1 [\"x\"] true none"},
		{CONSTANTS("  ccm: {a: '12', b: null, c: 'x $${y}'}\n",
			 "${ [const.a, const.b, const.c] | to_json }"),
			"p.md\n[\"12\",null,\"x ${y}\"]"},
		{CONSTANTS("  other: {a: 1}\n", "${ [const.a] | to_json }"),
			"p.md\n[null]"},
		{CONSTANTS(TWO, "${ const.aa }"),
			"?c.yaml:4:72: no project has the constant 'aa' (did "
			"you mean 'a'?)"},
		{ENTRY("  body: '${ const.topic }'\n"),
			"?c.yaml:3:19: no project has the constant 'topic': "
			"constants: in the configuration has them"},
		{CONSTANTS(TWO, "${ const.a } ${ const.b }"),
			"?c.yaml:3:19: the constant 'c' is not used by any "
			"expression"},
		{CONSTANTS("  ccm: {a: '${ id }'}\n", "${ const.a }"),
			"?c.yaml:2:12: a constant is a plain value, without "
			"${ }"},
		{CONSTANTS("  ccm: {a b: 1}\n", "${ id }"),
			"?c.yaml:2:9: 'a b' is no name: use letters, digits "
			"and _"},
		{CONSTANTS("  ccm: 1\n", "${ id }"),
			"?c.yaml:2:8: the constants of a project must be a "
			"map of names"},
		{"constants: [a]\ndocuments: [{path: p}]\n",
			"?c.yaml:1:12: constants must be a map of projects, "
			"as in ccm: { topic: care }"},
		{CONSTANTS("  ccm: {a: yes}\n", "${ const.a }"),
			"?c.yaml:2:12: YAML readers differ about yes: put it "
			"in "
			"quotes if it is text, else write true, false or a "
			"plain number"},
		{ENTRY("  let: {const: 1}\n  body: '${ const }'\n"),
			"?c.yaml:3:9: 'const' cannot be a name of your own"},
		{ENTRY("  body: '${ const }'\n"),
			"?c.yaml:3:13: const needs the name of a constant: "
			"const.name"}, );
}

static void test_refused_unique(void **state)
{
	CHECK({ENTRY("  unique: []\n"),
		      "?c.yaml:3:11: unique must be a list of values, as in "
		      "[\"${ slug }\"]"},
		{ENTRY("  unique: {a: b}\n"),
			"?c.yaml:3:11: unique must be a list of values, as in "
			"[\"${ slug }\"]"},
		{ENTRY("  unique: [slug]\n"),
			"?c.yaml:3:12: unique must be one expression, as in "
			"\"${ cf.field }\""},
		{ENTRY("  on_clash: suffix\n"),
			"?c.yaml:3:13: on_clash has no effect without unique"},
		{ENTRY("  unique: ['${ id }']\n  on_clash: sufix\n"),
			"?c.yaml:4:13: on_clash must be error or suffix, not "
			"'sufix'"},
		{ENTRY("  unique: ['${ id }']\n  on_clash: suffix\n"),
			"?c.yaml:3:12: with on_clash: suffix, unique takes "
			"names of let, as in \"${ slug }\": what the document "
			"says of them gets the -ID too"},
		{ENTRY("  body: '${ comments }'\n"),
			"?c.yaml:3:13: this entry does not ask for comments: "
			"write comments: public"},
		{ENTRY("  comments: all\n"),
			"?c.yaml:3:13: comments must be none or public, not "
			"'all'"},
		{ENTRY("  neighbours: some\n"),
			"?c.yaml:3:15: neighbours must be documents or all, "
			"not 'some'"}, );
}

static void test_refused_values(void **state)
{
	CHECK({FRONT("    a: yes"),
		      "?c.yaml:5:8: YAML readers differ about yes: put it in "
		      "quotes if it is text, else write true, false or a plain "
		      "number"},
		{FRONT("    a: [010]"),
			"?c.yaml:5:9: YAML readers differ about 010: put it in "
			"quotes if it is text, else write true, false or a "
			"plain number"},
		{FRONT("    a: 12:30"),
			"?c.yaml:5:8: YAML readers differ about 12:30: put it "
			"in quotes if it is text, else write true, false or a "
			"plain number"},
		{FRONT("    a: 1e3"),
			"?c.yaml:5:8: YAML readers differ about 1e3: put it in "
			"quotes if it is text, else write true, false or a "
			"plain number"},
		{FRONT("    a: ${ subject | replace(\"x #y\", \"\") }"),
			"?c.yaml:5:29: a string is not closed (YAML cuts a "
			"value at ' #' and ': '): quote the whole value"},
		{FRONT("    a: ${ id #}"),
			"?c.yaml:5:8: ${ is not closed (YAML cuts a value at ' "
			"#' and ': '): quote the whole value"},
		{FRONT("    a: ${ \"x: \" }"),
			"?c.yaml:5:13: YAML cuts this value (mapping values "
			"are not allowed in this context): quote the whole "
			"value, as in \"${ ... }\""},
		{FRONT("    a: { b: ${ id } }"),
			"?c.yaml:5:14: YAML cuts this value (did not find "
			"expected ',' or '}'): quote the whole value, as in "
			"\"${ ... }\""},
		{FRONT("    a: |\n      one\n      two ${ idd }"),
			"?c.yaml:7:14: unknown name 'idd' (did you mean "
			"'id'?)"},
		{FRONT("    a: \"\\u00e4 \\\" ${ idd }\""),
			"?c.yaml:5:22: unknown name 'idd' (did you mean "
			"'id'?)"},
		{FRONT("    a: 'it''s ${ idd }'"),
			"?c.yaml:5:18: unknown name 'idd' (did you mean "
			"'id'?)"},
		{FRONT("    a: one\n      two ${ idd }"),
			"?c.yaml:6:14: unknown name 'idd' (did you mean "
			"'id'?)"},
		{FRONT("    \"a${ id }\": 1"),
			"?c.yaml:5:5: a key cannot be an expression"},
		{FRONT("    a: { $wen: x }"),
			"?c.yaml:5:10: unknown key '$wen' (did you mean $when; "
			"a key that really begins with $ is written $$)"},
		{FRONT("    a: { $value: 1, b: 2 }"),
			"?c.yaml:5:21: 'b' stands beside $value: where there "
			"is a $value, it is the whole value"},
		{FRONT("    a: { $each: \"${ x in children }\" }"),
			"?c.yaml:5:18: $each must be \"NAME in LIST\", as in "
			"\"user in cf.Reviewers\", without ${ }"},
		{FRONT("    a: { $when: true, b: 1 }"),
			"?c.yaml:5:17: $when must be one expression, as in "
			"\"${ cf.field }\""},
		{FRONT("    a: { $merge: nope }"),
			"?c.yaml:5:18: there is no fragment 'nope'"},
		{FRONT("    $when: \"${ id }\""),
			"?c.yaml:5:5: front_matter itself cannot have $when, "
			"$each or $value; its keys can"},
		{"fragments: { f: { x: { $merge: f } } }\n" FRONT(
			 "    $merge: f"),
			"?c.yaml:1:22: nested too deeply (does a fragment "
			"merge itself?)"},
		{FRONT("    a: &x 1"),
			"?c.yaml:5:8: anchors (&x) are not read here: use "
			"$merge"},
		{FRONT("    a: 1\n    a: 2"),
			"?c.yaml:6:5: the key 'a' is here twice (first in "
			"line 5)"});
}

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

static void test_emit(void **state)
{
	CHECK({FRONT("    b: [1]\n    a: null\n") "  emit: { order: sorted, "
						  "omit_null: true, "
						  "indent_sequences: true }\n",
		      "p.md\n---\nb:\n  - 1\n---\n"},
		{ENTRY("  body: x\n"), "p.md\nx\n"},
		{ENTRY("  body: \"x\\n\"\n"), "p.md\nx\n"},
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

static void check_with(
	const struct work_package *of, const char *yaml, const char *expected)
{
	char *result = describe(yaml, of);

	assert_string_equal(result, expected);
	free(result);
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
	odd.project_identifier = STR("*");
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

static void test_picks(void **state)
{
	CHECK({ENTRY("  attachments:\n  - { pick: \"${ attachments | "
		     "glob('Hero*') | first }\", as: hero }\n  - { pick: \"${ "
		     "attachments | glob('*.gif') | first }\", as: none_ }\n  "
		     "- { pick: \"${ attachments | glob('*.png') }\", as: "
		     "pngs, save_as: \"/static/${ attachment.file | lower }\", "
		     "link_as: \"/${ attachment.file | basename }\" }\n  "
		     "front_matter: { a: \"${ hero }\", b: \"${ none_ }\", c: "
		     "\"${ pngs }\", d: \"${ attachments[1].file }\" }\n"),
		      "p.md\n---\na: Hero 1.jpg\nb: null\nc:\n- /b.png\n- "
		      "/b-7.png\nd: Hero 1.jpg\n---\n[5 Hero 1.jpg]\n[7 "
		      "static/b-7.png]\n[6 static/b.png]\n"},
		{"documents:\n- path: a/index.md\n  attachments:\n  - { pick: "
		 "\"${ attachments | last }\", save_as: index.md }\n",
			"a/index.md\n[9 a/index-9.md]\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments | last }\", "
		       "save_as: ../x }]\n"),
			"!attachments.picks[0].save_as: path '../x' must not "
			"contain '.' or '..'\n"},
		{ENTRY("  attachments: [{ pick: \"${ subject }\" }]\n"),
			"!attachments.picks[0].pick: a pick must be an "
			"attachment or a list of them, but this is text\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments | last }\", "
		       "save_as: \"x/${ cf.nope }\" }]\n"),
			"!attachments.picks[0].save_as: ${ cf.nope }: is empty "
			"(null) and cannot be part of a text: give it another "
			"value with ??, or leave the whole out with $when\n"});
}

static void test_files(void **state)
{
	CHECK({ENTRY("  attachments: all\n"),
		      "p.md\n[6 B.png]\n[5 Hero 1.jpg]\n[7 b-7.png]\n[9 "
		      "notes.pdf]\n"},
		{ENTRY("  attachments: { files: all, max_size: 600B, types: "
		       "[image/*] }\n"),
			"p.md\n[6 B.png]\n[5 Hero 1.jpg]\n"},
		{"documents:\n- path: d/index.md\n  body: \"![x](b.png) "
		 "[y](/api/v3/attachments/9/content)\"\n  attachments: { "
		 "save_as: \"img/${ attachment.id }.${ attachment.file | ext "
		 "}\" }\n",
			"d/index.md\n![x](img/7.png) [y](img/9.pdf)\n[7 "
			"d/img/7.png]\n[9 d/img/9.pdf]\n"},
		{ENTRY("  body: \"![x](b.png)\"\n  attachments: none\n"),
			"p.md\n![x](b.png)\n"},
		{ENTRY("  body: \"![x](https://op.example.org/attachments/7) "
		       "![x](https://other.example.org/attachments/7)\"\n  "
		       "attachments: [{ pick: \"${ attachments | "
		       "glob('b.png') | first }\", save_as: p/hero.png }]\n"),
			"p.md\n![x](p/hero.png) "
			"![x](https://other.example.org/attachments/7)\n[7 "
			"p/hero.png]\n"},
		{ENTRY("  body: \"${ attachments | pluck('file') | "
		       "join(' ') }\"\n  attachments: { files: all, link_as: "
		       "\"/x/${ attachment.file }\" }\n"),
			"p.md\n/x/B.png /x/Hero 1.jpg /x/b-7.png "
			"/x/notes.pdf\n[6 B.png]\n[5 Hero 1.jpg]\n[7 "
			"b-7.png]\n[9 notes.pdf]\n"});
}

/* One evaluation finds all contents that are wanting. */
static void test_needs(void **state)
{
	struct work_package odd = wp;

	(void)state;
	odd.attachments =
		ARENA_ARRAY(&arena, struct attachment, odd.n_attachments);
	for (size_t i = 0; i < odd.n_attachments; i++) {
		odd.attachments[i] = wp.attachments[i];
		odd.attachments[i].fetched = false;
	}
	check_with(&odd,
		ENTRY("  let: { f: \"x${ attachments | first | image_format "
		      "}\" }\n  attachments: [{ pick: \"${ attachments | "
		      "glob('Hero*') | first }\", save_as: \"h.${ attachment "
		      "| image_format | lower }\" }]\n  front_matter: { size: "
		      "\"${ attachments[2] | image_size }\" }\n  body: "
		      "\"![](notes.pdf)\"\n"),
		"need 6\nneed 5\nneed 9\nneed 7\n");
	check_with(
		&odd, ENTRY("  attachments: none\n  body: x\n"), "p.md\nx\n");
}

static void test_with_id(void **state)
{
	static const char yaml[] =
		"documents:\n- path: d/index.md\n  continue: true\n  body: "
		"\"![](b.png)\"\n- path: e/x.md\n";
	struct err e = {0};
	struct program *p = compile(yaml, &e);
	struct rendered out;

	(void)state;
	assert_non_null(p);
	assert_int_equal(program_render(p, &wp, 1, &scratch, &out), 0);
	assert_int_equal(out.n, 2);
	assert_string_equal(out.items[0].document.path, "d-4/index.md");
	assert_string_equal(out.items[0].document.natural_path, "d/index.md");
	assert_string_equal(out.items[0].document.files[0].path, "d-4/b.png");
	assert_string_equal(out.items[1].document.path, "e/x.md");
	rendered_fini(&out);
	assert_int_equal(program_render(p, &wp, 2, &scratch, &out), 0);
	assert_string_equal(out.items[0].document.path, "d/index.md");
	assert_string_equal(out.items[1].document.path, "e/x-4.md");
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

/*
 * The list of attachments is asked for only where it is read: not for entries
 * that do not fit, nor for bodies without a reference.
 */
static void test_needs_list(void **state)
{
	static const struct row rows[] = {
		{ENTRY("  body: x\n"), "p.md\nx\n"},
		{ENTRY("  attachments: none\n  body: \"[](b.png)\"\n"),
			"p.md\n[](b.png)\n"},
		{ENTRY("  body: \"[](https://x.org/b.png) `![](b.png)`\"\n"),
			"p.md\n[](https://x.org/b.png) `![](b.png)`\n"},
		{ENTRY("  body: \"[](b.png)\"\n"), "need the list\n"},
		{ENTRY("  body: \"<img src=b.png>\"\n"), "need the list\n"},
		{ENTRY("  body: \"[x]: /attachments/7\"\n"), "need the list\n"},
		{ENTRY("  attachments: all\n  body: x\n"), "need the list\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments | first }\" "
		       "}]\n"),
			"need the list\n"},
		{ENTRY("  front_matter: { a: \"${ cf.no ?? id }\", b: { $when: "
		       "\"${ attachments }\", $value: 1 } }\n"),
			"need the list\n"},
		/* An expression that is not reached reads nothing. */
		{ENTRY("  body: \"${ id ?? attachments }\"\n"), "p.md\n4\n"},
		/* Entries in order, as far as rendering goes. */
		{"documents:\n- match: { where: \"${ id == 5 }\" }\n  path: "
		 "a\n  attachments: all\n- path: b\n  body: x\n- path: c\n  "
		 "attachments: all\n",
			"b\nx\n"},
		{"documents:\n- path: b\n  continue: true\n  body: x\n- path: "
		 "c\n  attachments: all\n",
			"need the list\n"},
		{"documents:\n- match: { where: \"${ cf.No }\" }\n  path: a\n"
		 "- path: c\n  attachments: all\n",
			"match: documents[0]: match.where: ${ cf.No }: the "
			"custom field 'No' is not active for the work "
			"package's project and type\n"},
		{"documents:\n- match: { where: \"${ attachments }\" }\n  "
		 "path: a\n",
			"need the list\n"},
		{"documents:\n- match: { where: \"${ id == 5 and attachments "
		 "}\" }\n  path: a\n- path: b\n  body: x\n",
			"b\nx\n"},
	};
	struct work_package unlisted = wp;

	(void)state;
	unlisted.attachments_known = false;
	unlisted.n_attachments = 0;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		check_with(&unlisted, rows[i].yaml, rows[i].result);
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

/* Small mappings that would make very large documents are stopped. */
static void test_caps(void **state)
{
	struct buf b = {0};
	char *result;

	(void)state;
	buf_puts(&b, "documents:\n- path: p.md\n  let:\n    a0: [x, x]\n");
	for (int i = 1; i < 40; i++)
		buf_printf(&b, "    a%d: [\"${ a%d }\", \"${ a%d }\"]\n", i,
			i - 1, i - 1);
	buf_puts(&b, "  front_matter: { a: \"${ a39 }\" }\n");
	result = describe(b.p, &wp);
	assert_string_equal(result,
		"!front_matter: too large or too deep for a document (16 MiB, "
		"100 levels)\n");
	free(result);

	buf_clear(&b);
	buf_puts(&b, "documents:\n- path: p.md\n  let:\n    a0: x\n");
	for (int i = 1; i < 40; i++)
		buf_printf(
			&b, "    a%d: \"${ a%d }${ a%d }\"\n", i, i - 1, i - 1);
	result = describe(b.p, &wp);
	assert_non_null(strstr(result, "this text gets larger than 16 MiB"));
	free(result);

	buf_clear(&b);
	buf_puts(&b, "documents:\n- path: p.md\n  let:\n    a0: x\n");
	for (int i = 1; i <= 20; i++)
		buf_printf(
			&b, "    a%d: \"${ a%d }${ a%d }\"\n", i, i - 1, i - 1);
	buf_puts(&b, "    b: ${ [1");
	for (int i = 0; i < 130; i++)
		buf_puts(&b, ", 'y' in a20");
	buf_puts(&b, "] }\n");
	result = describe(b.p, &wp);
	assert_non_null(strstr(result, "this takes too long"));
	free(result);

	buf_clear(&b);
	buf_puts(&b, "fragments:\n  f0: { x: 1 }\n");
	for (int i = 1; i < 30; i++)
		buf_printf(&b,
			"  f%d: { a: { $merge: f%d }, b: { $merge: f%d } }\n",
			i, i - 1, i - 1);
	buf_puts(&b, "documents:\n- path: p.md\n  front_matter: { $merge: f29 "
		     "}\n");
	result = describe(b.p, &wp);
	assert_non_null(strstr(result, "the mapping is too large"));
	free(result);
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_path),
		cmocka_unit_test(test_refused_unique),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_refused_values),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_match_closed),
		cmocka_unit_test(test_picks),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_with_id),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_needs_list),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_default),
		cmocka_unit_test(test_caps),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
