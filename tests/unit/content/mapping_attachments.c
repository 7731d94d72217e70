/*
 * Which attachments a mapping takes, where they go, and when their list and
 * their contents are asked for.
 */
#include <time.h>

#include "tests/unit/content/mapping_rows.h"

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
		{ENTRY("  body: \"![x](b.png) [y](notes.pdf)\"\n  "
		       "attachments:\n    save_as: \"C#: ${ attachment.file "
		       "}\"\n    picks: [{ pick: \"${ attachments | last }\", "
		       "link_as: \"/n?a#b\" }]\n"),
			"p.md\n![x](./C%23:%20b.png) [y](/n?a#b)\n[7 "
			"C#: b.png]\n[9 notes.pdf]\n"},
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

#define BARE "https://op.example.org/api/v3/attachments/"

/* Alone in a text: a link with the name of the file, if that is saved. */
static void test_bare(void **state)
{
	CHECK({ENTRY("  body: \"" BARE "7/content, <" BARE "9/content> " BARE
		     "99/content\"\n  attachments: { save_as: \"f/${ "
		     "attachment.file }\" }\n"),
		      "p.md\n[b.png](f/b.png), [notes.pdf](f/notes.pdf) " BARE
		      "99/content\n[7 f/b.png]\n[9 f/notes.pdf]\n"},
		{ENTRY("  body: \"" BARE "9/content\"\n  attachments: { types: "
		       "[image/*] }\n"),
			"p.md\n" BARE "9/content\n"},
		{ENTRY("  body: \"" BARE "9/content\"\n  attachments: none\n"),
			"p.md\n" BARE "9/content\n"},
		{ENTRY("  body: \"<a href='/attachments/9'>" BARE
		       "9/content</a>\"\n"),
			"p.md\n<a href='notes.pdf'>notes.pdf</a>\n"
			"[9 notes.pdf]\n"});
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
		{ENTRY("  body: " BARE "7/content\n"), "need the list\n"},
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
		check_with(&unlisted, rows[i].given, rows[i].result);
}

/* Paths that two want, or of which one is in the other. */
static void test_clashes(void **state)
{
	CHECK({ENTRY("  attachments:\n    files: all\n    save_as: /x\n    "
		     "picks: "
		     "[{ pick: \"${ attachments | last }\", save_as: /x }]\n"),
		      "p.md\n[9 x]\n[5 x-5]\n[6 x-6]\n[7 x-7]\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments[0] }\", "
		       "save_as: "
		       "x/y }, { pick: \"${ attachments[1] }\", save_as: x "
		       "}]\n"),
			"!attachment 6 (B.png) finds no free path: "
			"x/y-6-6-6-6-6-6-6-6 is taken\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments[0] }\", "
		       "save_as: "
		       "x }, { pick: \"${ attachments[1] }\", save_as: x/y "
		       "}]\n"),
			"p.md\n[6 x-6]\n[5 x/y]\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments[0] }\", "
		       "save_as: "
		       "x }, { pick: \"${ attachments[0] }\", save_as: x }, { "
		       "pick: "
		       "\"${ attachments[0] }\", save_as: z }]\n"),
			"p.md\n[6 x]\n[6 z]\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments[0] }\", "
		       "save_as: "
		       "p.md/x }]\n"),
			"!attachment 6 (B.png) finds no free path: "
			"p.md/x-6-6-6-6-6-6-6-6 is taken\n"});
}

/* Two may be beside each other, or not, whatever else is between them. */
static void test_between(void **state)
{
	CHECK({ENTRY("  attachments: [{ pick: \"${ attachments[0] }\", "
		     "save_as: x-y }, { pick: \"${ attachments[1] }\", "
		     "save_as: x.y/z }, { pick: \"${ attachments[2] }\", "
		     "save_as: x/y }, { pick: \"${ attachments[3] }\", "
		     "save_as: x }]\n"),
		      "p.md\n[9 x-9]\n[6 x-y]\n[5 x.y/z]\n[7 x/y]\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments[1] }\", "
		       "save_as: X/y }, { pick: \"${ attachments[0] }\", "
		       "save_as: x }, { pick: \"${ attachments[2] }\", "
		       "save_as: x- }, { pick: \"${ attachments[3] }\", "
		       "save_as: xy }]\n"),
			"p.md\n[5 X/y]\n[7 x-]\n[6 x-6]\n[9 xy]\n"},
		{ENTRY("  attachments: [{ pick: \"${ attachments[1] }\", "
		       "save_as: x }, { pick: \"${ attachments[0] }\", "
		       "save_as: x.a }, { pick: \"${ attachments[2] }\", "
		       "save_as: x/y/z }]\n"),
			"!attachment 7 (b.png) finds no free path: "
			"x/y/z-7-7-7-7-7-7-7-7 is taken\n"});
}

/* More than would be compared each with each other. */
/* Of each name there are two, but for its case. */
static struct work_package with_many(int n)
{
	struct work_package many = wp;

	many.n_attachments = (size_t)n;
	many.attachments =
		ARENA_ARRAY(&arena, struct attachment, many.n_attachments);
	for (int i = 0; i < n; i++) {
		struct attachment *a = &many.attachments[i];

		*a = wp.attachments[0];
		a->id = i + 1;
		a->file_name = arena_printf(
			&arena, i % 2 == 0 ? "f%d.png" : "F%d.png", i / 2);
	}
	return many;
}

static void test_many(void **state)
{
	struct work_package many = with_many(20000);
	char *got;

	(void)state;
	got = describe(ENTRY("  attachments: all\n  body: x\n"), &many);
	assert_int_equal(strncmp(got, "p.md\nx\n[2 F0-2.png]\n", 20), 0);
	assert_non_null(strstr(got, "[20000 F9999-20000.png]\n"));
	assert_non_null(strstr(got, "\n[1 f0.png]\n"));
	assert_non_null(strstr(got, "\n[19999 f9999.png]\n"));
	free(got);
}

/* What refers to very many takes no more than a few times the time of few. */
static void test_many_references(void **state)
{
	enum { N = 45000 };
	struct work_package many = with_many(N);
	static const char *const ends[] = {
		"\nneed 45000\n", "[45000 F22499-45000.png]\n"};
	struct buf body = {0};

	(void)state;
	for (int i = 0; i < N; i++)
		buf_printf(&body, "![](%s%d.png)\n![](/attachments/%d)\n",
			i % 2 == 0 ? "f" : "F", i / 2, i + 1);
	many.description_raw = buf_str(&body);
	for (int fetched = 0; fetched < 2; fetched++) {
		clock_t start = clock();
		char *got;

		for (int i = 0; i < N; i++)
			many.attachments[i].fetched = fetched;
		got = describe(ENTRY("  body: ${ description.raw }\n"), &many);
		assert_non_null(strstr(got, ends[fetched]));
		assert_true(clock() - start < 2 * CLOCKS_PER_SEC);
		free(got);
	}
	buf_fini(&body);
}

static void test_forms(void **state)
{
	CHECK({ENTRY("  attachments: { files: all, types: [text/*, "
		     "application/*], save_as: '${ attachment.id }' }\n"),
		      "p.md\n[9 9]\n"},
		{ENTRY("  attachments: { max_size: 600B, picks: [{ pick: \"${ "
		       "attachments }\" }] }\n"),
			"p.md\n[6 B.png]\n[5 Hero 1.jpg]\n"},
		{ENTRY("  attachments: { files: all, save_as: '${ [1] }' }\n"),
			"!attachments.save_as must be text, but is a list\n"},
		{ENTRY("  attachments: { files: all, save_as: '${ null }' }\n"),
			"!attachments.save_as must be text, but is nothing "
			"(null)\n"},
		{ENTRY("  attachments: { files: all, save_as: \"${ '' }\" }\n"),
			"!attachments.save_as: the path is empty\n"},
		{ENTRY("  attachments: { files: all, save_as: \"${ 'a' < 1 }\" "
		       "}\n"),
			"!attachments.save_as: ${ 'a' < 1 }: text and a number "
			"cannot be put in order: only two numbers or two texts "
			"can\n"},
		{ENTRY("  attachments: { files: all, link_as: \"${ 'a' < 1 }\" "
		       "}\n"),
			"!attachments.link_as: ${ 'a' < 1 }: text and a number "
			"cannot be put in order: only two numbers or two texts "
			"can\n"},
		{ENTRY("  attachments: [{ pick: \"${ 'a' < 1 }\" }]\n"),
			"!attachments.picks[0].pick: ${ 'a' < 1 }: text and a "
			"number cannot be put in order: only two numbers or "
			"two texts can\n"});
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_picks),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_bare),
		cmocka_unit_test(test_clashes),
		cmocka_unit_test(test_between),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_many_references),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_needs_list),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
