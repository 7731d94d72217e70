/*
 * What the mapping tells of itself: why an entry fits or not, and the steps
 * of a key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "content/program.h"
#include "tests/unit/content/fixture.h"

static struct arena arena;
static struct arena scratch;
static struct program *program;

static int set_up(void **state)
{
	struct node root;
	struct err e = {0};

	(void)state;
	if (tree_load(&arena, "tests/fixtures/mapping/seeds.yaml", &root, &e) !=
			0 ||
		program_compile(&root, &program, &e) != 0)
		return -1;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	program_free(program);
	arena_fini(&arena);
	arena_fini(&scratch);
	return 0;
}

static void check(const struct work_package *wp, const char *key, int code,
	const char *expected)
{
	struct buf out = {0};
	struct err e = {0};

	assert_int_equal(
		program_explain(program, wp, str_of(key), &scratch, &out, &e),
		code);
	if (code != 0)
		assert_string_equal(e.text, expected);
	else
		assert_string_equal(out.p, expected);
	buf_fini(&out);
}

static void test_entries(void **state)
{
	struct work_package wp = fixture_load(&arena, "3");

	(void)state;
	check(&wp, "", 0,
		"curated-content does not fit:\n  match.where: cf.cleanUrl = "
		"null\narticle fits\n");
	wp.type.title = STR("Task");
	check(&wp, "", 0,
		"curated-content does not fit: match.type wants 'Curated "
		"Content', but it is 'Task'\narticle does not fit: match.type "
		"wants 'Curated Content', but it is 'Task'\n");
	wp.type.title = STR_NONE;
	check(&wp, "", ERR_DATA,
		"curated-content: match.type: the server does not show the "
		"type of this work package");
}

static void test_keys(void **state)
{
	struct work_package wp = fixture_load(&arena, "4330");

	(void)state;
	check(&wp, "slug", 0,
		"curated-content:\n"
		"  brand = \"healthtechmagazine.net\"\n"
		"  | strip_tld = \"healthtechmagazine\"\n"
		"  titleSlug = \"how-technology-powers-connections-between-"
		"patients-and-clinicians\"\n"
		"front_matter.slug = \"healthtechmagazine-how-technology-"
		"powers-connections-between-patients-and-clinicians\"\n");
	check(&wp, "let.name", 0,
		"curated-content:\n"
		"  uuid5(\"url\", \"${ id }-${ subject }\") = "
		"\"ae314a10-087e-5172-9ccb-96c60985cfb7\"\n"
		"let.name = \"ae314a10-087e-5172-9ccb-96c60985cfb7\"\n");
	check(&wp, "featuredImage", 0,
		"curated-content:\n"
		"  $when: hero = null\n"
		"front_matter.featuredImage is left out\n");
	check(&wp, "path", 0,
		"curated-content:\n"
		"  base = \"/communities/chronic-care-management/"
		"curated-content\"\n"
		"  name = \"ae314a10-087e-5172-9ccb-96c60985cfb7\"\n"
		"path = content/communities/chronic-care-management/"
		"curated-content/ae314a10-087e-5172-9ccb-96c60985cfb7.md\n");
	check(&wp, "slugg", ERR_USAGE,
		"no entry of documents that fits has the key 'slugg' "
		"(did you mean 'slug'?)");
	check(&wp, "nothing_like_it", ERR_USAGE,
		"no entry of documents that fits has the key "
		"'nothing_like_it'");
}

static void test_missing_contents(void **state)
{
	struct work_package wp = fixture_load(&arena, "3397");

	(void)state;
	check(&wp, "featuredImage.format", 0,
		"curated-content:\n"
		"  hero = {\"id\":9311,\"fileName\":\"Curated_Featured_Image."
		"jpg\",\"file\":\"Curated_Featured_Image.jpg\","
		"\"contentType\":\"image/jpeg\",\"fileSize\":483208,"
		"\"createdAt\":\"2026-11-22T07:45:29.739Z\",\"author\":{"
		"\"id\":6,\"name\":\"Open…\n"
		"  | image_format = null\n"
		"front_matter.featuredImage.format = null\n"
		"note: contents of attachments are not here: what depends on "
		"them shows as null\n");
}

static void test_outline(void **state)
{
	static const char yaml[] =
		"documents:\n- match: { project: [a, b], type: T, where: \"${ "
		"cf.x > 1 }\" }\n  continue: true\n  path: a/${ cf.y }\n  "
		"body: ${ cf.x }\n- name: rest\n  path: \"${ cf['z 1'] }\"\n- "
		"name: fixed\n  path: x.md\n  match: { where: \"${ id }\" }\n";
	struct program *p = fixture_compile(&arena, yaml);
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < program_entries(p); i++)
		program_outline(p, i, &out);
	assert_string_equal(out.p,
		"documents[0]: project 'a' or 'b', type 'T', where cf.x > 1\n"
		"  makes a/${ cf.y }\n"
		"  and later entries are tried too\n"
		"rest: every work package\n"
		"  makes ${ cf['z 1'] }\n"
		"fixed: where id\n"
		"  makes x.md\n");
	buf_fini(&out);
	program_free(p);
}

/* The part of a condition that fails first, and what it looks at. */
static void test_conditions(void **state)
{
	static const struct {
		const char *where, *expected;
	} cases[] = {
		{"id > 1 and subject == 'x' and id",
			"  subject = \"How Technology Powers Connections "
			"Between Patients and Clinicians\"\n"
			"  match.where: subject == 'x' = false\n"},
		{"id and cf.cleanUrl | url_host | glob('*.org')",
			"  cf.cleanUrl = \"https://healthtechmagazine.net/"
			"article/2021/01/how-technology-powers-connections-"
			"between-patients-and-clinicians\"\n"
			"  | url_host = \"healthtechmagazine.net\"\n"
			"  match.where: cf.cleanUrl | url_host | "
			"glob('*.org') = false\n"},
		{"not id", "  id = 4330\n  match.where: not id = false\n"},
		{"category", "  match.where: category = null\n"},
	};
	struct work_package wp = fixture_load(&arena, "4330");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char yaml[300];
		struct program *p;
		struct buf out = {0};

		snprintf(yaml, sizeof(yaml),
			"documents:\n- path: x\n  match: { where: \"${ %s "
			"}\" }\n",
			cases[i].where);
		p = fixture_compile(&arena, yaml);
		assert_int_equal(
			program_explain(p, &wp, STR(""), &scratch, &out, NULL),
			0);
		assert_string_equal(
			out.p + strlen("documents[0] does not fit:\n"),
			cases[i].expected);
		buf_fini(&out);
		program_free(p);
	}
}

/* Steps of all kinds, in entries of which more than one fits. */
static const char steps[] =
	"documents:\n"
	"- {name: none, match: {version: [a, b]}, path: x}\n"
	"- {name: there, match: {project: [a]}, path: x}\n"
	"- {name: never, match: {where: '${ [id][1] }'}, path: x}\n"
	"- name: first\n"
	"  continue: true\n"
	"  path: x.md\n"
	"  front_matter:\n"
	"    fixed: a\n"
	"    each: {$each: 'c in [id]', $value: '${ c }'}\n"
	"    else: '${ category ?? type.name }'\n"
	"    date: '${ createdAt | date(\"%Y\") }'\n"
	"    bad: '${ id | slug }'\n"
	"    when: {$when: '${ id }', $value: b}\n"
	"    each_when: {$each: 'c in [id]', $when: '${ c > 5 }', "
	"$value: "
	"'${ c }'}\n"
	"    in_each: {$each: 'c in [id, 1]', $when: '${ c > 5 }', "
	"m: {v: 'v${ c }'}}\n"
	"    many: {$each: 'c in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]', "
	"v: '${ c }'}\n"
	"    left: {$when: '${ category }', deep: {v: '${ id }'}}\n"
	"    kept: {$when: '${ id }', v: '${ id }'}\n"
	"- {name: second, path: '${ category }', front_matter: {fixed: "
	"b}}\n"
	"- {name: third, path: z, front_matter: {fixed: b}}\n";

static const struct {
	const char *key;
	int code;
	const char *expected;
} step_rows[] = {
	{"", 0,
		"none does not fit: match.version wants 'a' or 'b', "
		"but there is none\nthere does not fit: match.project "
		"wants 'a', but it is 'ccm'\nnever does not fit:\n  "
		"match.where: [id][1] = null\nfirst fits\nsecond "
		"fits\n"},
	{"fixed", ERR_DATA, "first:\nfront_matter.fixed = \"a\"\nsecond:\n"},
	{"each", 0,
		"first:\n  $each in [id] = [4330]\nfront_matter.each = "
		"[4330]\n"},
	{"else", 0,
		"first:\n  category = null\n  category ?? type.name = "
		"\"Curated Content\"\nfront_matter.else = \"Curated "
		"Content\"\n"},
	{"date", 0,
		"first:\n  createdAt = "
		"\"2021-01-20T04:33:56.131212Z\"\n  | date(\"%Y\") = "
		"\"2021\"\nfront_matter.date = \"2021\"\n"},
	{"bad", 0,
		"first:\n  id = 4330\n  | slug: slug needs text, but "
		"this is a number\nfront_matter.bad: ${ id | slug }: "
		"slug needs text, but this is a number\n"},
	{"when", 0,
		"first:\n  $when: id = 4330\nfront_matter.when = "
		"\"b\"\n"},
	{"each_when", 0,
		"first:\n  $each in [id] = "
		"[4330]\nfront_matter.each_when = [4330]\n"},
	{"in_each.m.v", 0,
		"first:\n  $each in [id, 1] = [4330,1]\n"
		"  item 1 = 4330\n  c = 4330\n"
		"front_matter.in_each.m.v = \"v4330\"\n"
		"  item 2 = 1\n  $when: c > 5 = false\n"
		"front_matter.in_each.m.v is left out with "
		"front_matter.in_each\n"},
	{"left.deep.v", 0,
		"first:\n  $when: category = null\nfront_matter.left.deep.v "
		"is left out with front_matter.left\n"},
	{"kept.v", 0,
		"first:\n  id = 4330\n"
		"front_matter.kept.v = 4330\n"},
	{"path", ERR_DATA,
		"first:\n  x.md = \"x.md\"\npath = x.md\nsecond:\n  "
		"category = null\n"},
};

static void test_steps(void **state)
{
	struct work_package of = fixture_load(&arena, "4330");
	struct program *p = fixture_compile(&arena, steps);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(step_rows); i++) {
		struct buf out = {0};
		struct err e = {0};

		assert_int_equal(
			program_explain(p, &of, str_of(step_rows[i].key),
				&scratch, &out, &e),
			step_rows[i].code);
		assert_string_equal(out.p, step_rows[i].expected);
		buf_fini(&out);
	}
	program_free(p);
}

/* Of a long list, the first items are enough. */
static void test_many_items(void **state)
{
	struct work_package of = fixture_load(&arena, "4330");
	struct program *p = fixture_compile(&arena, steps);
	struct buf out = {0};
	struct buf expected = {0};

	(void)state;
	buf_puts(&expected,
		"first:\n  $each in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, "
		"11, 12] = [1,2,3,4,5,6,7,8,9,10,11,12]\n");
	for (int i = 1; i <= 10; i++)
		buf_printf(&expected,
			"  item %d = %d\n  c = %d\nfront_matter.many.v = %d\n",
			i, i, i, i);
	buf_puts(&expected, "  and 2 more\n");
	assert_int_equal(
		program_explain(p, &of, STR("many.v"), &scratch, &out, NULL),
		0);
	assert_string_equal(out.p, expected.p);
	buf_fini(&expected);
	buf_fini(&out);
	program_free(p);
}

static void note_address(
	void *arg, size_t entry, struct str key, struct str text)
{
	buf_printf(
		arg, "%zu %.*s: %.*s\n", entry, STR_ARGS(key), STR_ARGS(text));
}

static void test_poor_addresses(void **state)
{
	static const char yaml[] =
		"documents:\n"
		"- let: { a: '${ subject | slug }', b: 'x-${ a }-${ type.name "
		"}', c: ['${ id }', '${ b }'], d: { $each: x in c, $value: '${ "
		"x }' } }\n"
		"  path: p/${ b }.md\n"
		"  front_matter: { title: '${ subject }', slug: '${ a }', "
		"aliases: ['/${ a }/', '/${ subject }/'], url: '${ c | "
		"join(\"-\") }', permalink: '${ cf.Slug ?? a }' }\n"
		"- path: '${ id }-${ subject | slug }.md'\n"
		"  front_matter: { aliases: ['/${ id }/', '/${ subject }/'] }\n"
		"- let: { s: '${ subject | slug }' }\n"
		"  unique: ['${ s }']\n"
		"  on_clash: suffix\n"
		"  path: q/${ s }.md\n"
		"  front_matter: { slug: '${ s }' }\n"
		"- path: fixed.md\n";
	struct program *p = fixture_compile(&arena, yaml);
	struct buf out = {0};

	(void)state;
	program_poor_addresses(p, note_address, &out);
	assert_string_equal(out.p, "0 path: p/${ b }.md\n"
				   "0 front_matter.slug: a\n"
				   "0 front_matter.aliases: /${ a }/\n");
	buf_fini(&out);
	program_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_missing_contents),
		cmocka_unit_test(test_outline),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_many_items),
		cmocka_unit_test(test_poor_addresses),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
