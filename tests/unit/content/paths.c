/*
 * Paths and names as an attacker would choose them.  What a mapping makes is
 * refused; what the server names is cleaned, and what comes out passes.
 */
#include "content/paths.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "content/utf8.h"

#define ZWNJ "\xE2\x80\x8C"
#define BOM "\xEF\xBB\xBF"
#define RLO "\xE2\x80\xAE"

/* Parts that no path may have. */
static const char *const bad_parts[] = {"", ".", "..", "...", "a.", "a ", " ",
	"a..", "a. ", ".git", ".GIT", ".Git", ".giT", ".git ", ".git.",
	".git..", ".git . .", ".git::$INDEX_ALLOCATION", ".git:x", ".gitx",
	".gitattributes", ".gitmodules", ".gitignore", ".GITATTRIBUTES",
	".gitkeep", ".github", (".git" ZWNJ), (".g" ZWNJ "it"), (ZWNJ ".git"),
	("." ZWNJ "git"), (BOM ".git"), (".gi" RLO "t"), (".GIT" BOM),
	".g\xC2\xADit", ".g\xC4\xB1t", ".G\xC4\xB0T", "git~1", "GIT~1", "Git~2",
	"git~9", "git~12", "git~1 ", "git~1.", "gitmod~1", "GITMOD~1",
	"gitatt~1", "gitign~1", "gi7eba~1", "GI7EBA~1", "gi7d29~1",
	("gi" ZWNJ "t~1"), "con", "CON", "Con", "con.txt", "con.tar.gz",
	"CON .txt", "con  ", "prn", "aux", "AUX.md", "nul", "NUL.", "com1",
	"COM1.txt", "com9", "com0", "lpt1", "LPT9.x", "com\xC2\xB9",
	"com\xC2\xB2.txt", "lpt\xC2\xB3", "conin$", "CONOUT$", "clock$",
	"con:x", "aux:.md", "a\\b", "..\\x", "\\", "a\nb", "a\tb", "\x01",
	"a\x7F", "a\xC2\x80", "a\xC2\x85", "\xFF", "a\xC3", "\xC0\xAF",
	"\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xC3(",
	"\xE2\x82"};

static const char *const good_paths[] = {"a", "a/b", "a/b/c.md", "index.md",
	"content/communities/chronic-care-management/ae314a10.md", "a b/c d",
	"-rf", "--", ".hidden", ".well-known/x", "..a", "a..b", "...a", "git",
	"git/x", "a.git", "x.gitignore", "gitx~", "gitfoo", "gi~1", "gixxxx~1",
	"console", "conx.txt", "xcon", "com", "com10", "comx", "lpt", "auxx",
	"null", "a:b", "a?b", "a*b", "a\"b", "a<b>", "a|b", "$x", "~", "~x",
	"\xC3\xA4", "\xE6\x9D\xB1\xE4\xBA\xAC.md", "\xF0\x9F\x9A\x80.png",
	("a" ZWNJ "b"), "100%", "#1", "'", "a;b", "&", "(1)", "[1]", "{x}"};

static void expect_refused(struct arena *a, struct str path)
{
	struct str out = STR("untouched");
	struct err e = {0};

	if (paths_check(a, path, &out, &e) != ERR_DATA)
		fail_msg("'%.*s' was let through", STR_ARGS(path));
	assert_int_equal(e.code, ERR_DATA);
	assert_true(str_is(out, "untouched"));
	assert_true(utf8_valid(str_of(e.text)));
}

static void test_refused(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_parts); i++) {
		const char *bad = bad_parts[i];

		expect_refused(&a, str_of(bad));
		expect_refused(&a, arena_printf(&a, "x/%s", bad));
		expect_refused(&a, arena_printf(&a, "%s/x", bad));
		expect_refused(&a, arena_printf(&a, "x/%s/y.md", bad));
	}
	expect_refused(&a, STR("/etc/passwd"));
	expect_refused(&a, STR("//x"));
	expect_refused(&a, STR("a\0b"));
	expect_refused(&a, STR("../../etc/passwd"));
	arena_fini(&a);
}

static void test_good(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good_paths); i++) {
		struct str in = str_of(good_paths[i]);
		struct str out = STR_NONE;
		struct err e = {0};

		if (paths_check(&a, in, &out, &e) != 0)
			fail_msg("%s", e.text);
		assert_true(str_eq(in, out));
	}
	arena_fini(&a);
}

static void test_sizes(void **state)
{
	struct arena a = {0};
	struct buf path = {0};
	struct str out;
	struct err e = {0};

	(void)state;
	for (int i = 0; i < 255; i++)
		buf_putc(&path, 'x');
	assert_int_equal(paths_check(&a, buf_str(&path), &out, &e), 0);
	buf_putc(&path, 'x');
	assert_int_equal(paths_check(&a, buf_str(&path), &out, &e), ERR_DATA);
	assert_non_null(strstr(e.text,
		"has a part of more than 255 bytes: cut it, as with "
		"truncate(60)"));
	buf_clear(&path);
	for (int i = 0; i < 2048; i++)
		buf_puts(&path, i > 0 ? "/x" : "x");
	assert_int_equal(paths_check(&a, buf_str(&path), &out, &e), 0);
	buf_puts(&path, "/x");
	expect_refused(&a, buf_str(&path));
	buf_fini(&path);
	arena_fini(&a);
}

static void test_normal_form(void **state)
{
	struct arena a = {0};
	struct str out;
	struct err e = {0};

	(void)state;
	assert_int_equal(paths_check(&a, STR("x/a\xCC\x88.md"), &out, &e), 0);
	assert_true(str_is(out, "x/\xC3\xA4.md"));
	assert_true(str_is(
		paths_clean_name(&a, STR("a\xCC\x88.md")), "\xC3\xA4.md"));
	arena_fini(&a);
}

static void test_clean(void **state)
{
	static const char *const cases[][2] = {
		{"photo.jpg", "photo.jpg"},
		{"../../etc/passwd", "_.._etc_passwd"},
		{"a/b\\c", "a_b_c"},
		{"a\nb\x01.txt", "a_b_.txt"},
		{"..", "file"},
		{"", "file"},
		{". .", "file"},
		{"---", "file"},
		{"-rf", "rf"},
		{".png", "png"},
		{".htaccess", "htaccess"},
		{"x. . ", "x"},
		{"con", "_con"},
		{"CON.txt", "_CON.txt"},
		{"git~1", "_git~1"},
		{"gi7eba~1", "_gi7eba~1"},
		{"gi7ebz~1", "gi7ebz~1"},
		{"g17eba~1", "g17eba~1"},
		{"git~x", "git~x"},
		{"git~!", "git~!"},
		{"git~", "git~"},
		{"g\xE2\x81\xA3it~1", "_g\xE2\x81\xA3it~1"},
		{"g\xE2\x81\xA5it~1", "g\xE2\x81\xA5it~1"},
		{"g\xE2\x81\xB0it~1", "g\xE2\x81\xB0it~1"},
		{".git", "git"},
		{ZWNJ ".git", "_" ZWNJ ".git"},
		{"aux .c", "_aux .c"},
		{"a:b*c?d\"e<f>g|h%i#j", "a_b_c_d_e_f_g_h_i_j"},
		{"bad\xFF.txt", "bad_.txt"},
		{"\xC3\x9Cn\xC3\xAF \xE6\x97\xA5.txt",
			"\xC3\x9Cn\xC3\xAF \xE6\x97\xA5.txt"},
		{"a b (1).png", "a b (1).png"},
		{"fdp.\xE2\x80\xAEtxt.exe", "fdp._txt.exe"},
		{"a\xE2\x81\xA6"
		 "b\xE2\x80\x8B"
		 "c\xE2\x80\x8F.png",
			"a_b_c_.png"},
		{"a" ZWNJ "b\xE2\x80\x8D"
		 "c.png",
			"a" ZWNJ "b\xE2\x80\x8D"
			"c.png"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str out = paths_clean_name(&a, str_of(cases[i][0]));

		if (!str_is(out, cases[i][1]))
			fail_msg("'%s' became '%.*s'", cases[i][0],
				STR_ARGS(out));
	}
	arena_fini(&a);
}

static void expect_clean(struct arena *a, struct str name)
{
	struct str clean = paths_clean_name(a, name);
	struct str out;
	struct err e = {0};

	if (paths_check(a, clean, &out, &e) != 0)
		fail_msg("%s", e.text);
	assert_true(str_eq(clean, out));
	assert_true(memchr(clean.p, '/', clean.n) == NULL);
	assert_true(clean.n > 0 && clean.n <= 200);
	assert_true(clean.p[0] != '.' && clean.p[0] != '-');
	assert_true(str_eq(paths_clean_name(a, clean), clean));
}

/* Every bad part, in many disguises, and names cut at every place. */
static void test_clean_passes(void **state)
{
	static const char *const around[][2] = {{"", ""}, {"", ".txt"},
		{"", " .txt"}, {".", ""}, {" ", " "}, {"-", "."}, {"../", ""},
		{"", "/x"}, {ZWNJ, ""}, {"", ZWNJ}, {"\xC3\xA4", "\xCC\x88"},
		{"%2e%2e%2f", ""}};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad_parts); i++)
		for (size_t k = 0; k < ARRAY_LEN(around); k++)
			expect_clean(
				&a, arena_printf(&a, "%s%s%s", around[k][0],
					    bad_parts[i], around[k][1]));
	for (size_t i = 0; i < ARRAY_LEN(good_paths); i++)
		expect_clean(&a, str_of(good_paths[i]));
	expect_clean(&a, STR("a\0b"));
	for (int n = 150; n < 300; n++) {
		expect_clean(&a, arena_printf(&a, "%0*d.tar.gz", n, 0));
		expect_clean(&a, arena_printf(&a, "con%*s.txt", n, "x"));
		expect_clean(&a, arena_printf(&a, "git~1%0*d", n, 0));
		expect_clean(
			&a, arena_printf(&a, "%0*d\xE6\x97\xA5.jpg", n, 0));
		expect_clean(&a, arena_printf(&a, "x.%0*d", n, 0));
		expect_clean(&a, arena_printf(&a, "%0*d. .", n, 0));
	}
	arena_fini(&a);
}

static void test_long_names(void **state)
{
	struct arena a = {0};
	struct str out;

	(void)state;
	out = paths_clean_name(&a, arena_printf(&a, "%0250d.jpeg", 0));
	assert_int_equal(out.n, 200);
	assert_true(str_ends(out, STR("0.jpeg")));
	out = paths_clean_name(
		&a, arena_printf(&a, "%0194d\xE6\x97\xA5.jpg", 0));
	assert_int_equal(out.n, 198);
	assert_true(str_ends(out, STR("0.jpg")));
	out = paths_clean_name(&a, arena_printf(&a, "x.%0250d", 0));
	assert_int_equal(out.n, 200);
	arena_fini(&a);
}

static void test_ids(void **state)
{
	static const struct {
		const char *path;
		const char *file;
		const char *document;
	} cases[] = {
		{"a/b/name.tar.gz", "a/b/name-7.tar.gz", "a/b/name-7.tar.gz"},
		{"name", "name-7", "name-7"},
		{"a.b/name", "a.b/name-7", "a.b/name-7"},
		{".hidden", ".hidden-7", ".hidden-7"},
		{"a/.x.md", "a/.x-7.md", "a/.x-7.md"},
		{"a/v1.2/index.md", "a/v1.2/index-7.md", "a/v1.2-7/index.md"},
		{"a/_index.en.md", "a/_index-7.en.md", "a-7/_index.en.md"},
		{"index.md", "index-7.md", "index-7.md"},
		{"a/indexes.md", "a/indexes-7.md", "a/indexes-7.md"},
	};
	struct arena a = {0};
	struct str path;
	struct str out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		path = str_of(cases[i].path);
		assert_true(str_is(paths_with_id(&a, path, 7), cases[i].file));
		assert_true(str_is(paths_document_with_id(&a, path, 7),
			cases[i].document));
	}
	path = arena_printf(&a, "x/%0250d.md", 0);
	out = paths_with_id(&a, path, 123456);
	assert_int_equal(out.n, 2 + 255);
	assert_true(str_ends(out, STR("0-123456.md")));
	path = arena_printf(&a, "x/a.%0250d", 0);
	out = paths_with_id(&a, path, 123456);
	assert_int_equal(out.n, 2 + 255);
	assert_true(str_starts(out, STR("x/a-123456.0")) ||
		    str_starts(out, STR("x/-123456.0")));
	arena_fini(&a);
}

static void test_relative(void **state)
{
	static const char *const cases[][3] = {
		{"a/b/index.md", "a/b/img.png", "img.png"},
		{"a/b/index.md", "a/img.png", "../img.png"},
		{"a/b/index.md", "a/c/img.png", "../c/img.png"},
		{"a/b/index.md", "x/y.png", "../../x/y.png"},
		{"index.md", "x/y.png", "x/y.png"},
		{"ab/x.md", "ac/y.png", "../ac/y.png"},
		{"a/x.md", "a/x.md.png", "x.md.png"},
		{"a/b/x.md", "a/b/c/d.png", "c/d.png"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_true(str_is(paths_relative(&a, str_of(cases[i][0]),
					   str_of(cases[i][1])),
			cases[i][2]));
	arena_fini(&a);
}

static void test_address(void **state)
{
	static const char *const cases[][2] = {
		{"a/b c.md", "a/b c.md"},
		{"C# tips.md", "C%23 tips.md"},
		{"../How?.md", "../How%3F.md"},
		{"100%25.md", "100%2525.md"},
		{"Recipe: x/y.md", "./Recipe: x/y.md"},
		{"../Recipe: x.md", "../Recipe: x.md"},
		{"x/y:z", "x/y:z"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		assert_string_equal(
			paths_address(&a, str_of(cases[i][0])).p, cases[i][1]);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_normal_form),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_clean_passes),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_relative),
		cmocka_unit_test(test_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
