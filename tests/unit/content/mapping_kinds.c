/*
 * What is of another kind than it must be, or unknown, at every place of a
 * mapping.
 */
#include "tests/unit/content/mapping_rows.h"

static void test_entries(void **state)
{
	CHECK({"5\n", "?c.yaml:1:1: the configuration must be a map of keys"},
		{"documents: 5\n", "?c.yaml:1:12: documents must be a list of "
				   "at least one entry"},
		{"documents: [5]\n", "?c.yaml:1:13: an entry of documents must "
				     "be a map, not a single value"},
		{"fragments: 5\n" ENTRY(""),
			"?c.yaml:1:12: fragments must be a map of maps"},
		{"fragments: {f: 5}\n" FRONT("    $merge: f"),
			"?c.yaml:1:16: a fragment must be a map"},
		{"documents:\n- path: [a]\n",
			"?c.yaml:2:9: path must be text, which may hold ${ }"},
		{"documents:\n- path: {a: b}\n",
			"?c.yaml:2:9: path must be text, which may hold ${ }"},
		{ENTRY("  front_matter: [a]\n"),
			"?c.yaml:3:17: front_matter must be a map"},
		{ENTRY("  body: {a: b}\n"), "?c.yaml:3:9: body must be text or "
					    "a list of texts, not a map"},
		{ENTRY("  match: 5\n"), "?c.yaml:3:10: match must be a map, "
					"not a single value"},
		{ENTRY("  match: {where: [a]}\n"),
			"?c.yaml:3:18: where must be one expression, as in "
			"\"${ cf.field }\""},
		{ENTRY("  match: {type: [[a]]}\n"),
			"?c.yaml:3:18: type must be text, not a list"},
		{ENTRY("  match: {type: {a: b}}\n"),
			"?c.yaml:3:17: type must be text, not a map"},
		{ENTRY("  match: {where: \"${ id\"}\n"),
			"?c.yaml:3:19: ${ is not closed"},
		{ENTRY("  match: {where: \"${ id x }\"}\n"),
			"?c.yaml:3:25: unexpected 'x': } or an operator should "
			"stand here"});
}

static void test_settings(void **state)
{
	CHECK({ENTRY("  emit: 5\n"),
		      "?c.yaml:3:9: emit must be a map, not a single value"},
		{ENTRY("  emit: {format: [a]}\n"),
			"?c.yaml:3:18: emit.format must be text, not a list"},
		{ENTRY("  emit: {quotes: [a]}\n"),
			"?c.yaml:3:18: emit.quotes must be text, not a list"},
		{ENTRY("  emit: {final_newline: 'true'}\n"),
			"?c.yaml:3:25: final_newline must be true or false, "
			"not 'true'"},
		{ENTRY("  emit: {final_newline: [a]}\n"),
			"?c.yaml:3:25: final_newline must be true or false, "
			"not a list"},
		{ENTRY("  emit: {width: '80'}\n"),
			"?c.yaml:3:17: emit.width must be a whole number from "
			"0 to 100000, not '80'"},
		{ENTRY("  emit: {width: 1.5}\n"),
			"?c.yaml:3:17: emit.width must be a whole number from "
			"0 to 100000, not '1.5'"},
		{ENTRY("  emit: {width: [a]}\n"),
			"?c.yaml:3:17: emit.width must be a number, not a "
			"list"},
		{ENTRY("  name: ''\n"), "?c.yaml:3:9: name must not be empty"},
		{ENTRY("  name: [a]\n"),
			"?c.yaml:3:9: name must be text, not a list"},
		{"timezone: [a]\n" ENTRY(""),
			"?c.yaml:1:11: timezone must be text, not a list"},
		{ENTRY("  continue: [a]\n"), "?c.yaml:3:13: continue must be "
					     "true or false, not a list"},
		{ENTRY("  when_gone: [a]\n"),
			"?c.yaml:3:14: when_gone must be text, not a list"},
		{ENTRY("  links: [a]\n"),
			"?c.yaml:3:10: links must be text, not a list"});
}

static void test_attachments(void **state)
{
	CHECK({ENTRY("  attachments: [5]\n"), "?c.yaml:3:17: a pick must be "
					      "a map, not a single value"},
		{ENTRY("  attachments: {files: [a]}\n"),
			"?c.yaml:3:24: files must be text, not a list"},
		{ENTRY("  attachments: {max_size: x}\n"),
			"?c.yaml:3:27: max_size must be a size such as 64KiB, "
			"10MiB or 1GiB, not 'x'"},
		{ENTRY("  attachments: {max_size: [a]}\n"),
			"?c.yaml:3:27: max_size must be a size such as 10MiB, "
			"not a list"},
		{ENTRY("  attachments: {types: 5}\n"),
			"?c.yaml:3:24: types must be text: write \"5\""},
		{ENTRY("  attachments: {types: [image/*, image]}\n"),
			"?c.yaml:3:34: types: no content type is 'image': "
			"write it as in image/* or application/pdf"},
		{ENTRY("  attachments: {types: [[a]]}\n"),
			"?c.yaml:3:25: types must be text, not a list"},
		{ENTRY("  attachments: {picks: 5}\n"),
			"?c.yaml:3:24: picks must be a list"},
		{ENTRY("  attachments: {files: none, link_as: x}\n"),
			"?c.yaml:3:16: save_as and link_as have no effect "
			"beside files: none; picks have their own"},
		{ENTRY("  attachments: {files: all, save_as: '${ x }'}\n"),
			"?c.yaml:3:42: unknown name 'x'"},
		{ENTRY("  attachments: {files: all, link_as: '${ x }'}\n"),
			"?c.yaml:3:42: unknown name 'x'"},
		{ENTRY("  attachments: [{pick: '${ x }', as: a}]\n"),
			"?c.yaml:3:28: unknown name 'x'"},
		{ENTRY("  attachments: [{pick: '${ id }', as: [a]}]\n"),
			"?c.yaml:3:39: as must be text, not a list"});
}

static void test_lets(void **state)
{
	CHECK({ENTRY("  let: 5\n"), "?c.yaml:3:8: let must be a map of names"},
		{ENTRY("  let: {1a: 1}\n"), "?c.yaml:3:9: '1a' is no name: use "
					    "letters, digits and _"},
		{ENTRY("  let: {a: '${ x }'}\n"),
			"?c.yaml:3:16: unknown name 'x'"},
		{ENTRY("  unique: ['${ id }']\n  on_clash: [a]\n"),
			"?c.yaml:4:13: on_clash must be text, not a list"},
		{ENTRY("  unique: ['${ x }']\n"),
			"?c.yaml:3:16: unknown name 'x'"});
}

static void test_templates(void **state)
{
	CHECK({FRONT("    a: {$each: [x]}\n"),
		      "?c.yaml:5:16: $each must be \"NAME in LIST\""},
		{FRONT("    a: {$each: x in}\n"),
			"?c.yaml:5:20: a name or a value is missing"},
		{FRONT("    a: {$each: x children}\n"),
			"?c.yaml:5:16: $each must be \"NAME in LIST\", as in "
			"\"user in cf.Reviewers\", without ${ }"},
		{FRONT("    a: {$each: x in children y}\n"),
			"?c.yaml:5:30: unexpected 'y': the end or an operator "
			"should stand here"},
		{FRONT("    a: {$each: and in children}\n"),
			"?c.yaml:5:16: 'and' cannot be a name of your own"},
		{FRONT("    a: {$when: \"${ idd }\"}\n"),
			"?c.yaml:5:20: unknown name 'idd' (did you mean "
			"'id'?)"},
		{FRONT("    a: {$when: [a]}\n"),
			"?c.yaml:5:16: $when must be one expression, as in "
			"\"${ cf.field }\""},
		{FRONT("    a: {$merge: {a: b}}\n"),
			"?c.yaml:5:17: $merge must be the name of a fragment, "
			"or a list of names"},
		{FRONT("    a: {$merge: [[a]]}\n"),
			"?c.yaml:5:18: $merge must be text, not a list"},
		{"fragments: {title: {a: b}}\n" FRONT(
			 "    $merge: [titel, title]"),
			"?c.yaml:6:14: there is no fragment 'titel' (did you "
			"mean 'title'?)"},
		{FRONT("    a: {$value: {$value: 1}}\n"),
			"?c.yaml:5:17: $value cannot have $when or $each of "
			"its own"},
		{FRONT("    a: {$zzzzzzzz: 1}\n"),
			"?c.yaml:5:9: unknown key '$zzzzzzzz' (there are "
			"$when, $each, $value, $merge; a key that really "
			"begins with $ is written $$)"},
		{FRONT("    a: {$value: 1, $merge: x}\n"),
			"?c.yaml:5:20: '$merge' stands beside $value: where "
			"there is a $value, it is the whole value"},
		{FRONT("    a: [1, \"${ idd }\", 2]\n"),
			"?c.yaml:5:16: unknown name 'idd' (did you mean "
			"'id'?)"});
}

static void test_files(void **state)
{
	CHECK({CONSTANTS("  ccm: {a: [yes, 1]}\n", "${ const.a }"),
		      "?c.yaml:2:13: YAML readers differ about yes: put it "
		      "in quotes if it is text, else write true, false or a "
		      "plain number"},
		{CONSTANTS("  ccm: {a: {b: yes, c: 1}}\n", "${ const.a }"),
			"?c.yaml:2:16: YAML readers differ about yes: put it "
			"in quotes if it is text, else write true, false or a "
			"plain number"},
		{FRONT("    a: \"\\x41\\U0001F600\\t${ idd }\"\n"),
			"?c.yaml:5:28: unknown name 'idd' (did you mean "
			"'id'?)"},
		{FRONT("    a: \"one \\\n      two\\r ${ idd }\"\n"),
			"?c.yaml:6:16: unknown name 'idd' (did you mean "
			"'id'?)"},
		{"documents: [", "?c.yaml:2:1: not YAML: did not find expected "
				 "node content"},
		{"documents: \t[x]\n", "?c.yaml:1:14: an entry of documents "
				       "must be a map, not a single value"},
		{"a: b: c\n", "?c.yaml:1:5: not YAML: mapping values are not "
			      "allowed in this context"},
		{"documents: [{path: p}]\n---\na: b\n",
			"?c.yaml:2:1: a second document in one file"},
		{"documents: *x\n", "?c.yaml:1:12: aliases (*name) are not "
				    "read here: use fragments and $merge"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_lets),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
