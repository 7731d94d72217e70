/*
 * What strangers write, made harmless, by tables.  With --sanitize or
 * --sanitize-html it cleans texts for tests/scenarios/sanitize.py, with --text
 * or --link it makes bodies of what is cleaned, where references become texts
 * or links: each text of the input and of the output ends with a NUL.
 */
#include "content/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/util.h"
#include "content/program.h"
#include "tests/unit/content/changes.h"
#include "tests/unit/content/fixture.h"

#define ZWSP "\xE2\x80\x8B"

static void test_elements(void **state)
{
	static const char *const rows[][2] = {
		{"plain *text*, a < b, 1 <2, `x`\n",
			"plain *text*, a < b, 1 <2, `x`\n"},
		{"a<script>b</script>c<SCRIPT\nx>d</script y>e", "ace"},
		{"a <script>b\n\nc</script> d\n\ne", "a  d\n\ne"},
		{"a <script>b", "a b"},
		{"<b class=x onclick=y>a</b> <img src=x onerror=y>",
			"<b>a</b> <img src=\"x\">"},
		{"<a href=\"javascript:x\" title=\"a&quot;`[\">b</a>",
			"<a title=\"a&quot;&#96;&#91;\">b</a>"},
		{"<A HREF=HTTPS://x.org/?a&amp;b>c</A>",
			"<a href=\"HTTPS://x.org/?a&amp;b\">c</a>"},
		{"<x>a</x> <mention>b</mention> vector<int>",
			"&lt;x>a&lt;/x> b vector&lt;int>"},
		{"a<!-- b -->c <!-- d", "ac &lt;!-- d"},
		{"a\n\n<!-- b\n\n# c -->\n\nd", "a\n\n\n\nd"},
		{"   <!-- b\n\nc --> d <!-- e\n\nf -->",
			"    d &lt;!-- e\n\nf -->"},
		{"> <!-- b\n\nc -->", "> &lt;!-- b\n\nc -->"},
		{"<!-- b\n\n<!-- c\n\nd", "&lt;!-- b\n\n&lt;!-- c\n\nd"},
		{"<?php ?> <!DOCTYPE x> <![CDATA[",
			"&lt;?php ?> &lt;!DOCTYPE x> "
			"&lt;![CDATA["},
		{"<img src=a width=300 height=50% align=left dir=rtl "
		 "lang=en-US>",
			"<img lang=\"en-US\" dir=\"rtl\" src=\"a\" "
			"width=\"300\" height=\"50%\" align=\"left\">"},
		{"<img src=a width=300px height=px align=x dir=x lang='a!'>",
			"<img src=\"a\" width=\"300px\">"},
		{"<img src=a width=123456 height=1e2 lang='' align=''>",
			"<img src=\"a\">"},
		{"<b lang=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>x</b>",
			"<b>x</b>"},
		{"<noscript>a</noscript <b>c</b>", "<b>c</b>"},
		{"a</script>b", "ab"},
		{"<div><b>a", "<div><b>a</b></div>"},
		{"a</b></div>\n", "a\n"},
		{"<b>a\n\n```\nx\n```\n", "<b>a\n\n```\nx\n```\n\n</b>"},
	};

	(void)state;
	check(markup_sanitize, rows, ARRAY_LEN(rows));
}

static void test_addresses(void **state)
{
	static const char *const rows[][2] = {
		{"[a](javascript:b) [a](data:b) [a](HTTP:b) [a](b:c)",
			"[a](javascript%3Ab) [a](data%3Ab) [a](HTTP:b) "
			"[a](b%3Ac)"},
		{"![a](<b.png>) ![a](<b (c).png> \"d\") [a](<https://x.org>)",
			"![a](b.png) ![a](b%20%28c%29.png \"d\") "
			"[a](https://x.org)"},
		{"[a]: <b c>\n[d]: <javascript:e>\n",
			"[a]: b%20c\n[d]: &lt;javascript%3Ae>\n"},
		{"[a](< javascript:b>) [a](<b\\>c>)",
			"[a](< javascript%3Ab>) [a](&lt;b\\>c>)"},
		{"[a](<java&Tab;script&colon;b>) [a](j\\avascript\\:b)",
			"[a](&lt;java&Tab;script%3Ab>) [a](j\\avascript%3Ab)"},
		{"[a]: javascript:b\n[c]: mailto:d\n[1]: Note: e\n",
			"[a]: javascript%3Ab\n[c]: mailto:d\n[1]: Note: e\n"},
		{"[a](b/c:d) [a](?b:c) [a](#b:c) [a](b c:d)",
			"[a](b/c:d) [a](?b:c) [a](#b:c) [a](b c:d)"},
		{"<https://x.org> <a@b.org> <javascript:x>",
			"[https://x.org](https://x.org) "
			"[a@b.org](mailto:a@b.org) &lt;javascript:x>"},
		{"<http://x.org> <mailto:a@b.org> <a@b:c> <a@b/c> <a@b",
			"[http://x.org](http://x.org) "
			"[mailto:a@b.org](mailto:a@b.org) &lt;a@b:c> "
			"&lt;a@b/c> &lt;a@b"},
		{"[a](<>) [a](<b) [a](<b>c) [a](<b&amp;c>)",
			"[a](&lt;>) [a](&lt;b) [a](<b>c) [a](b&amp;c)</b>"},
		{"[a](java\\&Tab;script:b) [a](x&#x3g;:b) [a](x&#58;b)",
			"[a](java\\&Tab;script%3Ab) [a](x&#x3g;%3Ab) "
			"[a](x%3Ab)"},
		{"[a](x&#0000000000000058;b) [a](x\\",
			"[a](x&#0000000000000058;b) [a](x\\"},
		{"<a href=\"java&#127;script:x\">b</a>", "<a>b</a>"},
		{"[1]: Note:\te\n", "[1]: Note:\te\n"},
		{"a!<https://x.org>", "a\\![https://x.org](https://x.org)"},
		{"[a]<script></script>(javascript:b)", "[a]&#40;javascript:b)"},
	};

	(void)state;
	check(markup_sanitize, rows, ARRAY_LEN(rows));
}

static void test_code(void **state)
{
	static const char *const rows[][2] = {
		{"`<script>` and ``<b>``\n", "`<script>` and ``<b>``\n"},
		{"<b>x</b> `<script>`\n", "<b>x</b> `<" ZWSP "script>`\n"},
		{"| `a | <script>` |\n", "| `a | <" ZWSP "script>` |\n"},
		{"```html\n<script>\n```\n", "```html\n<script>\n```\n"},
		{"a:\n```c {onclick=x}\n<b>\n```\n", "a:\n```c\n<b>\n```\n"},
		{"```\n<script>", "```\n<script>\n```\n"},
		{"- ```\n  <script>\n  ```\n\n```\n<script>\n```\n",
			"- ```\n  <" ZWSP "script>\n  ```\n\n```\n<" ZWSP
			"script>\n```\n"},
		{"<div>\n```\n<script>\n```\n",
			"<div>\n```\n<" ZWSP "script>\n```\n\n</div>"},
	};

	(void)state;
	check(markup_sanitize, rows, ARRAY_LEN(rows));
}

static void test_others(void **state)
{
	static const char *const rows[][2] = {
		{"# a {onclick=b}\n{.x}\na {b} c\n",
			"# a &#123;onclick=b}\n&#123;.x}\na {b} c\n"},
		{"\\<b> \\\\<b>", "&lt;b> \\\\<b></b>"},
		{"a\x01\x7F\r\nb\rc\xFF", "a\nb\nc\xEF\xBF\xBD"},
		{"", ""},
	};

	(void)state;
	check(markup_sanitize, rows, ARRAY_LEN(rows));
}

static struct str clean_html(struct arena *a, struct str html)
{
	struct str out = STR("?");

	markup_sanitize_html(a, html, &out, NULL);
	return out;
}

static void test_sanitize_html(void **state)
{
	static const char *const rows[][2] = {
		{"<p class=\"x\">a &amp; b<br/>c", "<p>a &amp; b<br>c</p>"},
		{"<script>a</script>b<style>c</style><svg><a>d</a></svg>", "b"},
		{"<section><custom-x>a</custom-x></section>", "a"},
		{"<img src=x onerror=y><a href=' javascript:z'>b</a>",
			"<img src=\"x\"><a>b</a>"},
		{"[a](javascript:b) ]<!-- -->( {{< c >}}",
			"[a]&#40;javascript:b) ]&#40; &#123;&#123;&lt; c "
			"&gt;}}"},
		{"<td>a", "a"},
		{"<table><tr><td colspan=2 onclick=x>a",
			"<table><tbody><tr><td "
			"colspan=\"2\">a</td></tr></tbody>"
			"</table>"},
		/* what OpenProject has for things of its own */
		{"a <opce-macro-wp-quickinfo data-id=\"14\">x"
		 "</opce-macro-wp-quickinfo> <OPCE-macro-wp-quickinfo "
		 "data-id=7 "
		 "data-detailed=true></OPCE-macro-wp-quickinfo>",
			"a ##14 ###7"},
		{"<opce-macro-wp-quickinfo>a</opce-macro-wp-quickinfo>"
		 "<opce-macro-wp-quickinfo data-id=0>b"
		 "</opce-macro-wp-quickinfo><opce-macro-wp-quickinfo "
		 "data-id=\"1x\">c</opce-macro-wp-quickinfo>",
			"abc"},
		{"<a class=\"user-mention op-uc-link\" title=\"User A\" "
		 "href=\"/users/8\">A <b>B</b></a> <a class=\"version "
		 "op-uc-link\" href=\"/versions/1\">v1</a> <a "
		 "class=\"wiki-page new op-uc-link\" "
		 "href=\"/projects/ccm/wiki/w\">W</a>",
			"A <b>B</b> v1 W"},
		{"<a class=\"op-uc-link\" href=\"/users/8\">A</a>",
			"<a href=\"/users/8\">A</a>"},
		{"<ul><li>\n<input type=\"checkbox\" disabled> a</li><li>"
		 "<input type=checkbox checked>(b)</li><li><input "
		 "value=c>d</li></ul>",
			"<ul><li>\n[ ] a</li><li>[x]&#40;b)</li>"
			"<li>d</li></ul>"},
	};

	(void)state;
	check(clean_html, rows, ARRAY_LEN(rows));
}

static clock_t sanitizing(struct str text)
{
	struct arena a = {0};
	clock_t before = clock();

	markup_sanitize(&a, text);
	arena_fini(&a);
	return clock() - before;
}

/* White space that many addresses stand before. */
static void test_far_words(void **state)
{
	struct buf text = {0};
	clock_t alone;

	(void)state;
	put_times(&text, "]:x", 1300);
	put_times(&text, "        ", 1500000);
	alone = sanitizing(str_skip(buf_str(&text), 3L * 1300));
	assert_true(sanitizing(buf_str(&text)) < 5 * alone + CLOCKS_PER_SEC);
	buf_fini(&text);
}

static bool find_every(
	void *arg, struct arena *a, int64_t id, struct neighbour *out)
{
	(void)arg;
	out->path = arena_printf(a, "%lld.md", (long long)id);
	out->subject = STR("B & C");
	return true;
}

/* What refers to others does so behind the filter, too. */
static void test_references(void **state)
{
	static const struct neighbours all = {.find = find_every};
	struct arena a = {0};
	struct arena scratch = {0};
	struct work_package wp = fixture_load(&a, "4");
	struct rendered r;
	struct program *p = fixture_compile(&a,
		"documents: [{path: p.md, references: link, body: "
		"'${ description.html | sanitize(\"html\") }'}]");

	(void)state;
	wp.neighbours = &all;
	wp.description_html =
		STR("<p class=\"op-uc-p\">A <opce-macro-wp-quickinfo "
		    "data-id=\"14\" "
		    "data-detailed=\"false\"></opce-macro-wp-quickinfo>, <a "
		    "class=\"issue work_package preview-trigger op-uc-link\" "
		    "href=\"/work_packages/15\" target=\"_top\">#15</a> and "
		    "<a class=\"user-mention op-uc-link\" title=\"User D\" "
		    "href=\"/users/8\" target=\"_top\">D</a></p>");
	assert_int_equal(program_render(p, &wp, NULL, &scratch, &r), 0);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.items[0].document.text.p,
		"<p>A <a href=\"14.md\">#14: B &amp; C</a>, "
		"<a href=\"15.md\">#15</a> and D</p>\n");
	rendered_fini(&r);
	program_free(p);
	arena_fini(&scratch);
	arena_fini(&a);
}

/* --- For the scenario ---------------------------------------------------- */

static void read_all(struct buf *in)
{
	char bytes[65536];
	size_t n;

	while ((n = fread(bytes, 1, sizeof(bytes), stdin)) > 0)
		buf_add(in, bytes, n);
}

static int clean_all(bool html)
{
	struct arena a = {0};
	struct buf in = {0};
	struct err e = {0};
	int rc = 0;

	read_all(&in);
	for (size_t at = 0; at < in.n && rc == 0;) {
		struct str text = str_of(in.p + at);
		struct str out = STR("");

		if (html)
			rc = markup_sanitize_html(&a, text, &out, &e);
		else
			out = markup_sanitize(&a, text);
		fwrite(out.p, 1, out.n, stdout);
		putchar('\0');
		at += text.n + 1;
		arena_reset(&a);
	}
	buf_fini(&in);
	arena_fini(&a);
	return rc != 0;
}

/* What strangers call their work packages, and themselves. */
static bool find_odd(
	void *arg, struct arena *a, int64_t id, struct neighbour *out)
{
	static const char *const subjects[] = {"javascript:alert(1)",
		"(javascript:alert(1))", ": javascript:alert(1)", "`", "``",
		"~~~", "<script>alert(1)</script>", "{style=\"x\"}", "}",
		"x \\", "\" onclick=alert(1) x=\"", "[y](javascript:alert(1))",
		"&colon;", "![", "# x {style=\"x\"}", "javascript"};

	(void)arg;
	out->path = arena_printf(a, "%lld.md", (long long)id);
	out->subject = str_of(subjects[(size_t)id % ARRAY_LEN(subjects)]);
	return id < 90;
}

static struct link odd_link(struct arena *a, const char *things, int64_t id)
{
	struct neighbour n;

	find_odd(NULL, a, id, &n);
	return (struct link){.id = id,
		.href = arena_printf(
			a, "/api/v3/%s/%lld", things, (long long)id),
		.title = n.subject};
}

static int render_text(const struct program *p, struct work_package *wp,
	struct str text, struct arena *scratch)
{
	struct rendered r;
	int rc;

	wp->description_raw = text;
	rc = program_render(p, wp, NULL, scratch, &r);
	if (rc == 0 && (r.n == 0 || r.items[0].err.code != 0))
		rc = -1;
	if (rc == 0 && r.items[0].document.text.n > 0)
		fwrite(r.items[0].document.text.p, 1,
			r.items[0].document.text.n, stdout);
	putchar('\0');
	rendered_fini(&r);
	arena_reset(scratch);
	return rc;
}

static int render_all(const char *references)
{
	static const struct neighbours odd = {.find = find_odd};
	struct arena a = {0};
	struct arena scratch = {0};
	struct buf in = {0};
	struct err e = {0};
	struct node root;
	struct program *p = NULL;
	struct work_package wp = fixture_load(&a, "4");
	struct str yaml = arena_printf(&a,
		"documents: [{path: p.md, attachments: none, links: relative, "
		"references: %s, body: '${ description.raw | sanitize }', "
		"emit: {final_newline: false}}]",
		references);
	int rc = tree_parse(&a, "c.yaml", yaml, &root, &e);

	wp.neighbours = &odd;
	wp.author = odd_link(&a, "users", 1);
	wp.assignee = odd_link(&a, "users", 0);
	wp.responsible = odd_link(&a, "groups", 3);
	wp.version = odd_link(&a, "versions", 8);
	wp.project = odd_link(&a, "projects", 15);
	if (rc == 0)
		rc = program_compile(&root, &p, &e);
	read_all(&in);
	for (size_t at = 0; at < in.n && rc == 0;) {
		struct str text = str_of(in.p + at);

		rc = render_text(p, &wp, text, &scratch);
		at += text.n + 1;
	}
	program_free(p);
	buf_fini(&in);
	arena_fini(&a);
	arena_fini(&scratch);
	return rc != 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_code),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_sanitize_html),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_far_words),
	};

	if (argc > 1 && strncmp(argv[1], "--sanitize", 10) != 0)
		return render_all(argv[1] + strlen("--"));
	if (argc > 1)
		return clean_all(strcmp(argv[1], "--sanitize-html") == 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
