/*
 * Which texts of a mapping may be names of the server's things.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "content/program.h"

static struct program *compile(struct arena *a, const char *mapping)
{
	struct node root;
	struct program *p = NULL;
	struct err e = {0};

	if (tree_parse(a, "test", str_of(mapping), &root, &e) != 0 ||
		program_compile(&root, &p, &e) != 0)
		fail_msg("%s", e.text);
	return p;
}

/* In "constants: …\n" or "", what stands in an entry, and what is asked. */
static const struct {
	const char *constants;
	const char *entry;
	const char *name; /* NULL: any */
	enum read_kind kind;
	bool compared;
} rows[] = {
	{"", "body: \"${ status.name == 'New' }\"", "New", READ_STATUS, true},
	{"", "body: \"${ 'New' != status.name }\"", "New", READ_STATUS, true},
	{"", "body: \"${ status.name == 'New' }\"", NULL, READ_STATUS, true},
	{"", "body: \"${ status.name == 'New' }\"", "Old", READ_STATUS, false},
	{"", "body: \"${ status.name == 'New' }\"", "New", READ_TYPE, false},
	{"", "body: \"${ status.name == 'New' }\"", NULL, READ_TYPE, false},
	{"", "body: \"${ subject == 'New' }\"", NULL, READ_STATUS, false},
	{"", "body: \"${ if(status.isClosed == true, 'New', 'x') }\"", NULL,
		READ_STATUS, false},
	{"", "body: \"${ status.name ?? 'New' }\"", NULL, READ_STATUS, false},
	{"", "body: \"${ project.identifier in ['a', 'b'] }\"", "b",
		READ_PROJECT, true},
	{"", "body: \"${ assignee.name == 'Ada' }\"", "Ada", READ_USER, true},
	{"", "body: \"${ cf.Topic == 'News' }\"", "News", READ_OPTION, true},
	{"", "body: \"${ cf.Topic | match('News') }\"", "News", READ_OPTION,
		true},
	{"", "body: \"${ cf.Topic | slug('de') }\"", NULL, READ_OPTION, false},
	{"", "path: \"${ if(type.name == 'Bug', 'a', 'b') }.md\"", "Bug",
		READ_TYPE, true},
	{"", "unique: [\"${ if(type.name == 'Bug', 1, 2) }\"]", "Bug",
		READ_TYPE, true},
	{"",
		"attachments: { files: all, "
		"save_as: \"${ if(type.name == 'Bug', 'a', id) }\" }",
		"Bug", READ_TYPE, true},
	{"",
		"attachments: { picks: [ { pick: \"${ if(type.name == 'Bug', "
		"attachments, null) }\" } ] }",
		"Bug", READ_TYPE, true},
	{"", "front_matter: { a: { b: [ \"${ type.name == 'Bug' }\" ] } }",
		"Bug", READ_TYPE, true},
	{"",
		"front_matter: { a: { $each: t in cf.Topic, "
		"$when: \"${ t == 'News' }\", $value: \"${ t }\" } }",
		"News", READ_OPTION, true},
	{"",
		"front_matter: { a: { $each: \"t in ['Bug', 'Task']\", "
		"$value: \"${ t == type.name }\" } }",
		"Task", READ_TYPE, true},
	{"",
		"let: { a: { $each: \"t in ['Bug']\", $value: \"${ t }\" }, "
		"b: \"${ type.name in a }\" }",
		"Bug", READ_TYPE, true},
	{"", "let: { a: { Bug: x }, b: \"${ a[type.name] }\" }", "Bug",
		READ_TYPE, true},
	{"", "body: \"${ status['name'] }\"", NULL, READ_STATUS, false},
	{"constants: { p: { c: [Bug] }, q: { c: Task } }\n",
		"body: \"${ type.name in const.c }\"", "Task", READ_TYPE, true},
	{"constants: { p: { c: [Bug] }, q: { c: Task } }\n",
		"body: \"${ const.c }\"", NULL, READ_TYPE, false},
	{"", "match: { where: \"${ type.name == 'Bug' }\" }", NULL, READ_TYPE,
		false},
	{"",
		"front_matter: { a: { $each: \"t in ['Bug']\", $value: { b: { "
		"$each: \"u in ['x']\", $value: \"${ t == type.name }\" } } } "
		"}",
		"Bug", READ_TYPE, true},
	{"", "body: \"${ type.name == 'Bug' or 'Bug' == type.name }\"", "Bug",
		READ_TYPE, true},
	/* one in another; and one name in several */
	{"", "body: \"${ ('Bug' == type.name) == (subject == 'x') }\"", "x",
		READ_TYPE, true},
	{"", "let: { a: Bug, b: \"${ [a] }\", c: \"${ subject in b }\" }", NULL,
		READ_TYPE, false},
	{"",
		"let: { a: Bug, b: \"${ [a] }\", c: \"${ type.name in b }\", "
		"d: \"${ status.name in b }\" }",
		"Bug", READ_STATUS, true},
	{"",
		"let: { t: \"${ type.name }\", a: { $each: \"x in [t]\", "
		"$value: \"${ x }\" }, b: \"${ 'Bug' in a }\" }",
		"Bug", READ_TYPE, true},
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct arena a = {0};
		struct buf text = {0};
		struct program *p;

		buf_printf(&text, "%sdocuments:\n- %s\n%s", rows[i].constants,
			rows[i].entry,
			str_starts(str_of(rows[i].entry), STR("path:"))
				? ""
				: "  path: x.md\n");
		p = compile(&a, text.p);
		if (program_compares(p, rows[i].kind, str_of(rows[i].name)) !=
			rows[i].compared)
			fail_msg("%s: %s", text.p, rows[i].name);
		program_free(p);
		buf_fini(&text);
		arena_fini(&a);
	}
}

/*
 * A chain of let, of which each has the one before twice; and many lines that
 * have its last one behind the type's name and what is between.
 */
static clock_t compile_chain(
	struct arena *a, const char *between, struct program **out)
{
	struct buf text = {0};
	clock_t before;

	buf_puts(&text, "documents:\n- path: x.md\n  let:\n    a0: Bug\n");
	for (int i = 1; i < 8000; i++)
		buf_printf(&text, "    a%d: [\"${ a%d }\", \"${ a%d }\"]\n", i,
			i - 1, i - 1);
	buf_puts(&text, "  body:\n");
	for (int i = 0; i < 20000; i++)
		buf_printf(&text, "  - ${ type.name %s a7999 }\n", between);
	before = clock();
	*out = compile(a, text.p);
	buf_fini(&text);
	return clock() - before;
}

/* A name is looked at once, however many names and comparisons read it. */
static void test_many_lets(void **state)
{
	struct arena a = {0};
	struct program *p;
	clock_t plain = compile_chain(&a, "??", &p);

	(void)state;
	assert_false(program_compares(p, READ_TYPE, STR("Bug")));
	program_free(p);
	assert_true(compile_chain(&a, "in", &p) < 4 * plain + CLOCKS_PER_SEC);
	assert_true(program_compares(p, READ_TYPE, STR("Bug")));
	program_free(p);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_many_lets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
