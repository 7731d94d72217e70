/*
 * Other work packages, as a mapping sees them; and what it says to have read.
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

static struct link link_to(const char *thing, int64_t id, const char *title)
{
	return (struct link){.id = id,
		.href = arena_printf(
			&arena, "/api/v3/%s/%lld", thing, (long long)id),
		.title = str_of(title)};
}

/* Those with an even id have a document. */
static bool find_even(
	void *arg, struct arena *a, int64_t id, struct neighbour *out)
{
	(void)arg;
	if (id % 2 != 0)
		return false;
	out->path = id == 88 ? STR("x: C#.md")
			     : arena_printf(a, "%lld.md", (long long)id);
	out->subject = STR("even");
	return true;
}

/* Others have "a" and what begins with "a-". */
static bool take_a(void *arg, const struct unique_wish *wish, int64_t *by)
{
	(void)arg;
	*by = 3;
	return str_starts(wish->value, STR("a")) && wish->level < 2;
}

static const struct neighbours even = {.find = find_even, .taken = take_a};

static int set_up(void **state)
{
	(void)state;
	wp = fixture_load(&arena, "4");
	wp.parent = link_to("work_packages", 51, "Parent");
	wp.n_children = 3;
	wp.children = ARENA_ARRAY(&arena, struct link, 3);
	wp.children[0] = link_to("work_packages", 60, "Sixty");
	wp.children[1] = link_to("work_packages", 61, "Hidden away");
	wp.children[2] = link_to("work_packages", 62, "Sixty-two");
	wp.version = link_to("versions", 7, "1.0");
	wp.neighbours = &even;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	arena_fini(&scratch);
	return 0;
}

/* The text of the first document, its error, or "none". */
static void check(const char *yaml, const char *wanted)
{
	struct program *p = fixture_compile(&arena, yaml);
	struct rendered r;
	struct str got = STR("none");

	arena_reset(&scratch);
	assert_int_equal(program_render(p, &wp, NULL, &scratch, &r), 0);
	if (r.n > 0 && r.items[0].err.code == 0)
		got = buf_str(&r.items[0].document.text);
	else if (r.n > 0)
		got = str_of(r.items[0].err.text);
	if (!str_is(got, wanted))
		fail_msg("%s\ngave %.*s\nnot  %s", yaml, STR_ARGS(got), wanted);
	rendered_fini(&r);
	program_free(p);
}

#define BODY(keys, text)                                                       \
	"documents: [{path: p.md, " keys " emit: {final_newline: false},"      \
	" body: '" text "'}]"
#define ALL "${ [parent, children] | to_json }"

static void test_seen(void **state)
{
	(void)state;
	check(BODY("", ALL), "[null,[{\"id\":60,\"subject\":\"Sixty\"},"
			     "{\"id\":62,\"subject\":\"Sixty-two\"}]]");
	check(BODY("neighbours: documents,", ALL),
		"[null,[{\"id\":60,\"subject\":\"Sixty\"},"
		"{\"id\":62,\"subject\":\"Sixty-two\"}]]");
	check(BODY("neighbours: all,", ALL),
		"[{\"id\":51,\"subject\":\"Parent\"},"
		"[{\"id\":60,\"subject\":\"Sixty\"},"
		"{\"id\":61,\"subject\":\"Hidden away\"},"
		"{\"id\":62,\"subject\":\"Sixty-two\"}]]");
	wp.parent = link_to("work_packages", 50, "Even");
	check(BODY("", "${ parent.subject }"), "Even");
	wp.parent.href = STR("urn:openproject-org:api:v3:undisclosed");
	wp.parent.id = 0;
	wp.parent.title = STR("Undisclosed");
	check(BODY("neighbours: all,", "${ [parent] | to_json }"), "[null]");
	wp.parent = (struct link){0};
	check(BODY("neighbours: all,", "${ [parent] | to_json }"), "[null]");
}

/* Whether there is a document does not depend on whether another is. */
static void test_in_match(void **state)
{
	(void)state;
	check(BODY("match: {where: '${ parent.id == 51 }'},",
		      "${ [parent, children | length] | to_json }"),
		"[null,2]");
	check(BODY("match: {where: '${ (children | length) == 3 }'},", "fits"),
		"fits");
}

/* From a file nobody is known: then the file tells all. */
static void test_unknown(void **state)
{
	(void)state;
	wp.neighbours = NULL;
	check(BODY("", "${ parent.subject }, ${ children | length }"),
		"Parent, 3");
}

#define UNIQUE(value, more) BODY("let: {v: " value "}," more, "${ v }")
#define ERRORS "unique: ['${ v }'],"
#define SUFFIX "unique: ['${ v }'], on_clash: suffix,"

static void test_unique(void **state)
{
	(void)state;
	check(UNIQUE("'b'", ERRORS), "b");
	check(UNIQUE("'a'", ERRORS),
		"unique[0]: 'a' belongs to the document of work package 3");
	check(UNIQUE("12", ERRORS), "12");
	check(UNIQUE("true", ERRORS),
		"unique[0]: true or false cannot be unique");
	check(UNIQUE("[b, a]", ERRORS),
		"unique[0]: 'a' belongs to the document of work package 3");
	check(UNIQUE("'${ null }'", ERRORS), "");
	check(UNIQUE("'b'", SUFFIX), "b");
	check(UNIQUE("'a'", SUFFIX), "a-4-4");
	check(UNIQUE("[a]", SUFFIX), "let.v: a list cannot be unique");
	wp.neighbours = NULL;
	check(UNIQUE("'a'", SUFFIX), "a");
}

/* The earlier entry has it. */
static void test_unique_own(void **state)
{
	struct program *p = fixture_compile(&arena,
		"documents: [{path: a.md, continue: true, "
		"unique: [\"${ 'b' }\"]},"
		" {path: b.md, unique: [\"${ 'b' }\"]}]");
	struct rendered r;

	(void)state;
	assert_int_equal(program_render(p, &wp, NULL, &scratch, &r), 0);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.items[0].err.code, 0);
	assert_int_equal(r.items[1].err.code, ERR_DATA);
	assert_non_null(strstr(r.items[1].err.text,
		"unique[0]: 'b' belongs to another document of this work "
		"package"));
	rendered_fini(&r);
	program_free(p);
}

/* A key is explained with the value that it gets. */
static void test_unique_explained(void **state)
{
	struct program *p = fixture_compile(&arena, UNIQUE("'a'", SUFFIX));
	struct buf out = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(
		program_explain(p, &wp, STR("body"), &scratch, &out, &e), 0);
	assert_string_equal(out.p, "documents[0]:\n  v = \"a-4-4\"\n"
				   "body = \"a-4-4\"\n"
				   "in the document = \"a-4-4\"\n");
	buf_fini(&out);
	program_free(p);
}

static void test_comments(void **state)
{
	struct comment said[] = {
		{1, {0}, STR("2026-01-01T00:00:00Z"), STR("a"), STR("<p>a")},
		{2, {0}, STR("2026-01-02T00:00:00Z"), STR("b"), STR("<p>b")},
	};
	struct program *p = fixture_compile(
		&arena, BODY("comments: public,", "${ comments | length }"));
	struct rendered r;

	(void)state;
	assert_int_equal(program_render(p, &wp, NULL, &scratch, &r), ERR_NEED);
	assert_true(r.needs_comments);
	assert_int_equal(r.n, 0);
	rendered_fini(&r);
	program_free(p);
	wp.comments_known = true;
	check(BODY("comments: public,", "${ comments | to_json }"), "[]");
	wp.comments = said;
	wp.n_comments = 2;
	said[1].author = link_to("users", 5, "Ada");
	check(BODY("comments: public,",
		      "${ comments | pluck(\"raw\") | join(\" \") } "
		      "${ comments[1].author.name } "
		      "${ comments[0].author.name ?? \"?\" }"),
		"a b Ada ?");
}

static void check_reads(const char *yaml, const char *wanted)
{
	static const char *const kinds[] = {"", "wp", "children", "project",
		"type", "status", "priority", "category", "version", "user",
		"option", "item", "schema", "value"};
	struct program *p = fixture_compile(&arena, yaml);
	struct rendered r;
	struct buf got = {0};

	arena_reset(&scratch);
	assert_int_equal(program_render(p, &wp, NULL, &scratch, &r), 0);
	for (size_t i = 0; i < r.reads.n; i++) {
		const struct read *read = &r.reads.items[i];

		buf_printf(&got, "%s %lld %.*s\n", kinds[read->kind],
			read->kind == READ_SCHEMA ? 0LL : (long long)read->id,
			STR_ARGS(read->name));
	}
	buf_putc(&got, '\0');
	assert_string_equal(got.p, wanted);
	buf_fini(&got);
	rendered_fini(&r);
	program_free(p);
}

static void test_reads(void **state)
{
	(void)state;
	check_reads(BODY("", "${ subject } ${ id } ${ createdAt }"), "");
	check_reads(BODY("", "${ version.name } ${ version.id }"),
		"version 7 1.0\n");
	check_reads(
		BODY("match: {version: [\"1.0\"]},", "x"), "version 7 1.0\n");
	check_reads(
		BODY("match: {version: [\"2.0\"]},", "x"), "version 7 1.0\n");
	check_reads(BODY("", "${ parent | to_json }"), "wp 51 Parent\n");
	check_reads(BODY("let: {c: \"${ children | length }\"},",
			    "${ c }${ children | length }"),
		"wp 60 Sixty\nwp 61 Hidden away\nwp 62 Sixty-two\n"
		"children 4 \n");
	check_reads(BODY("", "${ if(false, version.name, \"no\") }"), "");
	check_reads(BODY("", "${ cf.cleanUrl | to_json }"), "schema 0 \n");
}

/* Signs in a path that would mean something else in an address. */
static void test_addresses(void **state)
{
	(void)state;
	check(BODY("links: relative, references: link,",
		      "#88 [x](/work_packages/88)"),
		"[#88](./x:%20C%23.md) [x](./x:%20C%23.md)");
	check(BODY("links: relative, references: link,",
		      "Wow!<mention data-type=work_package>#60</mention> "
		      "\\!<mention data-type=work_package>#60</mention>"),
		"Wow\\![#60](60.md) \\![#60](60.md)");
	check(BODY("references: link,",
		      "<mention data-type=work_package data-id=60>#PROJ-42"
		      "</mention> <mention data-type=work_package data-id=60>"
		      "##A_1-7</mention> <mention data-id=60>#PROJ-42</mention>"
		      " <mention data-type=work_package>#PROJ-42</mention>"
		      " <mention data-type=work_package data-id=60>#x](y)-1"
		      "</mention> <mention data-type=work_package data-id=7>"
		      "#PROJ-1</mention>"),
		"[#PROJ-42](60.md) [#A_1-7: even](60.md) #PROJ-42 #PROJ-42 "
		"#x](y)-1 #PROJ-1");
}

/* The subject is the text of a link that has none. */
static void test_labels(void **state)
{
	(void)state;
	check(BODY("links: relative,", "[](/work_packages/60) [](/wp/61)"),
		"[even](60.md) [](/wp/61)");
	check(BODY("", "[](/work_packages/60)"), "[](/work_packages/60)");
	check("documents: [{path: p.md, references: link, body: [{$each: c in "
	      "children, $value: \"- ##${ c.id }\"}]}]",
		"- [#60: even](60.md)\n\n- [#62: even](62.md)\n");
}

/* Those in OpenProject's HTML are none the less for becoming markdown. */
static void test_from_html(void **state)
{
	(void)state;
	check(BODY("links: relative, references: link,",
		      "${ \"<p>#60 a<br>##60</p><p>[[Wiki|The *page*]] "
		      "[[x]]</p>\" | markdown }"),
		"[#60](60.md) a\\\n[#60: even](60.md)\n\n"
		"The \\*page\\* x");
	check(BODY("links: relative, references: link,",
		      "${ \"<table><tr><th>#60</th><th>a #60</th></tr><tr><td>"
		      "<mention>##60</mention></td><td>[[Wiki|b]]</td></tr>"
		      "</table>\" | markdown }"),
		"| [#60](60.md) | a [#60](60.md) |\n| --- | --- |\n"
		"| [#60: even](60.md) | b |");
	check(BODY("", "${ \"<p>[[a]] #60</p>\" | markdown }"),
		"\\[\\[a\\]\\] #60");
}

/* What its own links and fields tell of others than work packages. */
static void test_named(void **state)
{
	(void)state;
	wp.author = link_to("users", 6, "Grace [1]");
	wp.assignee = link_to("users", 77, "ada@example.org");
	wp.responsible = link_to("groups", 9, "Team");
	wp.version = link_to("versions", 3, "3 not found");
	check(BODY("references: text,", "user#6, version#2 & project#1."),
		"Grace \\[1\\], v2.0 \xC3\x9Cn\xC3\xAF & Chronic Care "
		"Management (CCM).");
	check(BODY("references: link,",
		      "user#77 user#9 group#9 user#4711 version#3 group#6"),
		"user#77 user#9 Team user#4711 version#3 group#6");
	wp.version = link_to("versions", 3, "1. Quarter");
	check(BODY("references: text,", "version#3, version#3"),
		"1\\. Quarter, 1. Quarter");
	check(BODY("references: text,", "- version#3"), "- 1\\. Quarter");
	wp.version = link_to("versions", 3, "C #");
	check(BODY("references: text,", "# version#3"), "# C \\#");
	wp.version = link_to("versions", 3, "C# a#b");
	check(BODY("references: text,", "# version#3"), "# C# a#b");
	wp.version = link_to("versions", 3, "3 not found");
	check(BODY("references: text,", "[[Page|a *page*]] `[[Page]]`"),
		"a *page* `[[Page]]`");
	wp.project = link_to("programs", 1, "All of it");
	check(BODY("references: text,", "project#1 project#2 version#1"),
		"All of it project#2 v1.0");
	check(BODY("", "user#6 [[Page]]"), "user#6 [[Page]]");
	check_reads(BODY("references: text,", "user#6 version#1 user#4711"),
		"version 1 v1.0\nuser 6 Grace [1]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_seen, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_addresses, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_in_match, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_unknown, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_unique, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_unique_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_unique_explained, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_comments, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_reads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_labels, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_from_html, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_named, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
