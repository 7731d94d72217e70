/*
 * What is refused when a mapping is compiled, and where it says that is.
 */
#include "tests/unit/content/mapping_rows.h"

static void test_path(void **state)
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

static void test_entries(void **state)
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
		{ENTRY("  continue: yes"),
			"?c.yaml:3:13: continue must be true or false, not "
			"'yes'"},
		{ENTRY("  when_gone: forget"),
			"?c.yaml:3:14: when_gone must be remove or keep, not "
			"'forget'"},
		{"timezone: Mars\n" ENTRY(""),
			"?c.yaml:1:11: unknown time zone 'Mars' (write it as "
			"in Europe/Berlin)"},
		{"fragments: { f: {} }\n" ENTRY(""),
			"?c.yaml:1:14: the fragment 'f' is not used by any "
			"$merge"});
}

static void test_match(void **state)
{
	CHECK({ENTRY("  match: { projct: [a] }"),
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
			"may stand behind its }"});
}

/* As in a text: each operator is another level for whoever evaluates it. */
static void test_long_condition(void **state)
{
	struct buf b = {0};
	char *result;

	(void)state;
	buf_puts(&b, ENTRY("  match: { where: \"${ id == 1"));
	for (int i = 0; i < 100000; i++)
		buf_puts(&b, " or 0");
	buf_puts(&b, " }\" }\n");
	result = outcome_of(b.p);
	assert_string_equal(result,
		"?c.yaml:3:20: an expression of more than 4096 bytes: split "
		"it up with let");
	free(result);
	buf_fini(&b);
}

static void test_emit(void **state)
{
	CHECK({ENTRY("  emit: { order: sorting }"),
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
			"format: json"});
}

static void test_body(void **state)
{
	CHECK({ENTRY("  links: absolute"),
		      "?c.yaml:3:10: links must be keep or relative, not "
		      "'absolute'"},
		{ENTRY("  references: links"),
			"?c.yaml:3:15: references must be keep, text or link, "
			"not 'links'"},
		{ENTRY("  body: '${ comments }'\n"),
			"?c.yaml:3:13: this entry does not ask for comments: "
			"write comments: public"},
		{ENTRY("  comments: all\n"),
			"?c.yaml:3:13: comments must be none or public, not "
			"'all'"},
		{ENTRY("  neighbours: some\n"),
			"?c.yaml:3:15: neighbours must be documents or all, "
			"not 'some'"});
}

static void test_attachments(void **state)
{
	CHECK({ENTRY("  attachments: some"),
		      "?c.yaml:3:16: files must be none, referenced or all, "
		      "not 'some'"},
		{ENTRY("  attachments: { files: none, save_as: x }"),
			"?c.yaml:3:16: save_as and link_as have no effect "
			"beside files: none; picks have their own"},
		{ENTRY("  attachments: [{ as: x }]"),
			"?c.yaml:3:17: this entry of attachments has no pick, "
			"as in pick: \"${ attachments | first }\""});
}

static void test_let(void **state)
{
	CHECK({ENTRY("  let: { subject: 1 }"),
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
			"?c.yaml:3:17: unknown name 'b'"});
}

/* A map of let, with a key that $when leaves out. */
#define LET_MAP                                                                \
	"  let:\n    c: {slug: a, o: {$when: \"${ date }\", $value: b},\n"     \
	"      by: '${ author }', in: [{low: 1}, {of: '${ project }'}]}\n"

static void test_members(void **state)
{
	CHECK({ENTRY(LET_MAP "  body: '${ c.slugg }'\n"),
		      "?c.yaml:6:15: c has no 'slugg' (did you mean 'slug'?)"},
		{ENTRY(LET_MAP "  body: '${ c.by[\"nmae\"] }'\n"),
			"?c.yaml:6:19: c.by has no 'nmae' (did you mean "
			"'name'?)"},
		{ENTRY(LET_MAP "  body: '${ c.by.nmae }'\n"),
			"?c.yaml:6:18: c.by has no 'nmae' (did you mean "
			"'name'?)"},
		{ENTRY(LET_MAP "  body: '${ c.in | pluck(\"name\") }'\n"),
			"?c.yaml:6:27: an item of c.in has no 'name', but low "
			"and of"},
		{ENTRY(LET_MAP "  body: '${ c.in[1].of.nmae }'\n"),
			"?c.yaml:6:24: c.in[1].of has no 'nmae' (did you mean "
			"'name'?)"},
		{ENTRY(LET_MAP "  body: '${ c.slug } ${ c.o ?? 0 } ${ "
			       "c.in[0].of ?? 1 } ${ c[subject].x ?? 2 }'\n"),
			"p.md\na 0 1 2\n"},
		{ENTRY("  let: {l: {$each: r in relations, $when: '${ r.tpye "
		       "}', $value: '${ r }'}}\n"),
			"?c.yaml:3:49: r has no 'tpye' (did you mean 'type'?)"},
		{ENTRY("  let: {l: {$each: r in relations, $value: '${ r "
		       "}'}}\n  body: '${ l | pluck(\"url\") }'\n"),
			"?c.yaml:4:24: an item of l has no 'url', but id, "
			"subject, type and description"},
		{FRONT("    a: {$each: r in relations, y: '${ r.url }'}\n"),
			"?c.yaml:5:41: r has no 'url', but id, subject, type "
			"and description"},
		{ENTRY("  comments: public\n"
		       "  body: '${ comments | pluck(\"x\") }'\n"),
			"?c.yaml:4:31: an item of comments has no 'x', but "
			"id, author, createdAt, raw and html"},
		{ENTRY("  attachments: {save_as: '${ attachment.filename "
		       "}'}\n"),
			"?c.yaml:3:41: attachment has no 'filename' (did you "
			"mean 'fileName'?)"});
}

#define WORDS "  let: {words: {Easy: 1, Hard: {of: 2}}}\n"

/* What no value says is missing is null, as is a key that is looked up. */
static void test_no_members(void **state)
{
	CHECK({ENTRY("  let: {e: []}\n  body: '${ e[0].name ?? 0 }'\n"),
		      "p.md\n0\n"},
		{ENTRY("  let: {e: []}\n") "  front_matter: {a: {$each: x in "
					   "e, $value: '${ x.name }'}}\n",
			"p.md\n---\na: []\n---\n"},
		{ENTRY("  let: {n: null}\n  body: '${ n.name ?? 0 }'\n"),
			"p.md\n0\n"},
		{ENTRY("  let: {m: {a: null}}\n  body: '${ m.a.b ?? 0 }'\n"),
			"p.md\n0\n"},
		{ENTRY("  let: {m: {}}\n  body: '${ m.a ?? 0 }'\n"),
			"p.md\n0\n"},
		{ENTRY("  let: {l: [null, {a: 1}]}\n"
		       "  body: '${ l[1].b }'\n"),
			"?c.yaml:4:18: l[1] has no 'b' (did you mean 'a'?)"},
		{ENTRY(WORDS "  body: '${ words[\"Mid\"] ?? 0 } ${ "
			     "words[\"Mid\"].of ?? 1 } ${ "
			     "words[\"Hard\"][\"by\"] ?? 2 }'\n"),
			"p.md\n0 1 2\n"},
		{ENTRY(WORDS "  body: '${ if(date, words, author)[\"Mid\"] "
			     "?? 0 }'\n"),
			"p.md\n0\n"},
		{ENTRY(WORDS "  body: '${ words.Mid }'\n"),
			"?c.yaml:4:19: words has no 'Mid', but Easy and "
			"Hard"});
}

/* Each of these has the one before twice, down to what two maps differ in. */
static void test_deep_members(void **state)
{
	struct buf b = {0};
	char *result;

	(void)state;
	buf_puts(&b, ENTRY("  let:\n    a0: {p: '${ author }', q: 1}\n"
			   "    b0: {p: '${ project }', q: 2}\n"));
	for (int i = 1; i < 60; i++)
		for (int c = 'a'; c <= 'b'; c++)
			buf_printf(&b,
				"    %c%d: {p: '${ %c%d }', q: '${ %c%d }'}\n",
				c, i, c, i - 1, c, i - 1);
	buf_puts(&b, "  body: '${ if(date, a59, b59).p.q.p.q.r ?? 0 }'\n");
	result = outcome_of(b.p);
	assert_string_equal(result, "p.md\n0\n");
	free(result);
	buf_fini(&b);
}

static void test_unique(void **state)
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
		{ENTRY("  unique: ['${ type }/${ id }']\n"),
			"?c.yaml:3:12: unique must be one expression: give "
			"this text a name in let, and write \"${ NAME }\" "
			"here"},
		{ENTRY("  unique: ['/x/${ id }']\n"),
			"?c.yaml:3:12: unique must be one expression: give "
			"this text a name in let, and write \"${ NAME }\" "
			"here"},
		{ENTRY("  unique: ['${ id }/${ nope }']\n"),
			"?c.yaml:3:20: unique must be one expression: nothing "
			"may stand behind its }"},
		{ENTRY("  on_clash: suffix\n"),
			"?c.yaml:3:13: on_clash has no effect without unique"},
		{ENTRY("  unique: ['${ id }']\n  on_clash: sufix\n"),
			"?c.yaml:4:13: on_clash must be error or suffix, not "
			"'sufix'"},
		{ENTRY("  unique: ['${ id }']\n  on_clash: suffix\n"),
			"?c.yaml:3:12: with on_clash: suffix, unique takes "
			"names of let, as in \"${ slug }\": what the document "
			"says of them gets the -ID too"});
}

static void test_constants(void **state)
{
	CHECK({CONSTANTS(TWO_PROJECTS, "${ const.aa }"),
		      "?c.yaml:4:72: no project has the constant 'aa' (did "
		      "you mean 'a'?)"},
		{ENTRY("  body: '${ const.topic }'\n"),
			"?c.yaml:3:19: no project has the constant 'topic': "
			"constants: in the configuration has them"},
		{CONSTANTS(TWO_PROJECTS, "${ const.a } ${ const.b }"),
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
			"in quotes if it is text, else write true, false or a "
			"plain number"},
		{ENTRY("  let: {const: 1}\n  body: '${ const }'\n"),
			"?c.yaml:3:9: 'const' cannot be a name of your own"},
		{ENTRY("  body: '${ const }'\n"),
			"?c.yaml:3:13: const needs the name of a constant: "
			"const.name"});
}

/* What YAML readers take for different things. */
static void test_ambiguous(void **state)
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
			"plain number"});
}

/* Expressions that YAML ends before their end. */
static void test_cut(void **state)
{
	CHECK({FRONT("    a: ${ subject | replace(\"x #y\", \"\") }"),
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
		{FRONT("    a: { $each: x in [\"1\"], $value: \"${ x }\" }"),
			"?c.yaml:5:22: YAML cuts this value (did not find "
			"expected ',' or '}'): quote the whole value, as in "
			"$each: \"NAME in LIST\""},
		{FRONT("    a: { $each: x in [\"1\"] }"),
			"?c.yaml:5:22: YAML cuts this value (did not find "
			"expected ',' or '}'): quote the whole value, as in "
			"$each: \"NAME in LIST\""},
		{FRONT("    a: { $each: x in y, $value: ${ x } }"),
			"?c.yaml:5:34: YAML cuts this value (did not find "
			"expected ',' or '}'): quote the whole value, as in "
			"\"${ ... }\""});
}

/* A mistake has its line and column in each style of scalar. */
static void test_places(void **state)
{
	CHECK({FRONT("    a: |\n      one\n      two ${ idd }"),
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
			"'id'?)"});
}

static void test_keys(void **state)
{
	CHECK({FRONT("    \"a${ id }\": 1"),
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
		{"fragments: { f: { $when: \"${ id }\", x: 1 } }\n" FRONT(
			 "    $merge: f"),
			"?c.yaml:1:19: a fragment itself cannot have $when, "
			"$each or $value; its keys can"},
		{"fragments: { f: { $merge: g }, g: { $value: 1 } }\n" FRONT(
			 "    $merge: f"),
			"?c.yaml:1:37: a fragment itself cannot have $when, "
			"$each or $value; its keys can"},
		{"fragments: { f: { $wen: 1, x: 1 } }\n" FRONT("    $merge: f"),
			"?c.yaml:1:19: unknown key '$wen' (did you mean $when; "
			"a key that really begins with $ is written $$)"},
		{FRONT("    a: { $merge: nope }"),
			"?c.yaml:5:18: there is no fragment 'nope'"},
		{FRONT("    $when: \"${ id }\""),
			"?c.yaml:5:5: front_matter itself cannot have $when, "
			"$each or $value; its keys can"},
		{"fragments: { f: { x: { $merge: f } } }\n" FRONT(
			 "    $merge: f"),
			"?c.yaml:1:32: nested too deeply (does a fragment "
			"merge itself?)"},
		{FRONT("    a: &x 1"),
			"?c.yaml:5:8: anchors (&x) are not read here: use "
			"fragments and $merge"},
		{FRONT("    a: 1\n    a: 2"),
			"?c.yaml:6:5: the key 'a' is here twice (first in "
			"line 5)"});
}

/* Each error stands where it was written, be it in a fragment. */
static void test_merged(void **state)
{
	CHECK({"fragments: { f: { s: 1 } }\n" ENTRY("  let: { $merge: g }\n"),
		      "?c.yaml:4:18: there is no fragment 'g' (did you mean "
		      "'f'?)"},
		{"fragments: { f: { $merge: g }, g: { $merge: f } }\n" ENTRY(
			 "  let: { $merge: f }\n"),
			"?c.yaml:1:45: nested too deeply (does a fragment "
			"merge itself?)"},
		{"fragments: { f: { $when: \"${ id }\" } }\n" ENTRY(
			 "  let: { $merge: f }\n"),
			"?c.yaml:1:19: a fragment itself cannot have $when, "
			"$each or $value; its keys can"},
		{ENTRY("  let: { $merge: { s: 1 } }\n"),
			"?c.yaml:3:18: $merge must be the name of a fragment, "
			"or a list of names"},
		{"fragments: { f: { subject: 1 } }\n" ENTRY(
			 "  let: { $merge: f }\n"),
			"?c.yaml:1:19: 'subject' already is what the work "
			"package has under that name: choose another"},
		{"fragments: { f: { indent: 1 } }\n" ENTRY(
			 "  emit: { $merge: f }\n"),
			"?c.yaml:1:19: unknown key 'indent' in emit"},
		{"fragments: { f: { file: all } }\n" ENTRY(
			 "  attachments: { $merge: [f] }\n"),
			"?c.yaml:1:19: unknown key 'file' in attachments (did "
			"you mean 'files'?)"},
		{"fragments: { f: { boddy: a } }\n" ENTRY("  $merge: f\n"),
			"?c.yaml:1:19: unknown key 'boddy' in an entry of "
			"documents (did you mean 'body'?)"},
		{ENTRY("  $merge: f\n"),
			"?c.yaml:3:11: there is no fragment 'f'"},
		{"fragments: { f: { wher: a } }\n" ENTRY(
			 "  match: { $merge: f }\n"),
			"?c.yaml:1:19: unknown key 'wher' in match (did you "
			"mean 'where'?)"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_long_condition),
		cmocka_unit_test(test_emit),
		cmocka_unit_test(test_body),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_let),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_no_members),
		cmocka_unit_test(test_deep_members),
		cmocka_unit_test(test_unique),
		cmocka_unit_test(test_constants),
		cmocka_unit_test(test_ambiguous),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_merged),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
