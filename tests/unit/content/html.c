/*
 * Plain text of HTML: what a reader sees, and refusal of what nests too deep
 * or is too big.
 */
#include "content/html.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "content/html_scan.h"
#include "content/words.h"

static const char *const cases[][2] = {
	{"", ""},
	{"plain", "plain"},
	{"<p>a</p><p>b</p>", "a b"},
	{"<p>a<br>b<br/>c</p>", "a b c"},
	{"a<div>b</div>c", "a b c"},
	{"<b>a</b>b <i>c</i>", "ab c"},
	{"a<span> </span>b", "a b"},
	{"  a \n\t b  ", "a b"},
	{"&lt;x&gt; &amp;amp; &quot; &#39; &#x2014; &hellip;",
		"<x> &amp; \" ' \xE2\x80\x94 \xE2\x80\xA6"},
	{"a&nbsp;b\xC2\xA0z", "a\xC2\xA0"
			      "b\xC2\xA0z"},
	{"&nbsp;a&nbsp;", "\xC2\xA0"
			  "a\xC2\xA0"},
	{"a<script>x()</script>b<style>y</style>c<!-- z -->d", "abcd"},
	{"<ul><li>a</li><li>b</li></ul>", "a b"},
	{"<table><tr><td>a</td><td>b</td></tr><tr><th>c</th></tr></table>",
		"a b c"},
	{"<h1>a</h1>b", "a b"},
	{"<figure><img src=x alt=y><figcaption>c</figcaption></figure>", "c"},
	{"<pre>a\n  b</pre>", "a b"},
	{"<p>a<p>b", "a b"},
	{"a<unknown>b</unknown>c", "abc"},
	{"<iframe src=x>no</iframe>a", "a"},
	{"<title>t</title>a", "t a"},
	{"1 < 2 > 0", "1 < 2 > 0"},
	{"a</b></p>c", "a c"},
	{"<svg><text>s</text></svg>t", "s t"},
	{"<svg><![CDATA[a]]></svg>", "a"},
	{"a<noscript>b</noscript>c<noembed>d</noembed>e<noframes>f</noframes>"
	 "g<template>h</template>i",
		"acegi"},
	/* what is not plainly so is left to the parser */
	{"<li>a</li>b", "a b"},
	{"<p><li>a</li></p>", "a"},
	{"<ul>a<p>b</p></ul>", "a b"},
	{"<b>a<b>b</b></b>c", "abc"},
	{"<h1>a<h2>b</h2></h1>", "a b"},
	{"<p>a<img src=x>b<div>c</div></p>", "ab c"},
	{"<b>a<img src=x><br>b<div>c</div></b>", "a b c"},
	{"<p>a</b></p>", "a"},
	{"<b>a</b", "a"},
	{"<b>a</b >c", "ac"},
	{"<b>a", "a"},
	{"<a href='x'>b</a>", "b"},
	{"<a href='x>b</a>", ""},
	{"<a href=x>b</a>", "b"},
	{"<a =x>b</a>", "b"},
	{"<a disabled >b</a ><br / ><br /><br", "b"},
	{"<a ", ""},
	{"<a  ", ""},
	{"<a x", ""},
	{"<br /", ""},
	{"<", "<"},
	{"<{>a", "<{>a"},
	/* what OpenProject has for what one writes */
	{"<p>a <opce-macro-wp-quickinfo data-id=\"14\" data-detailed=\"false\">"
	 "</opce-macro-wp-quickinfo>, <opce-macro-wp-quickinfo data-id=\"7\" "
	 "data-detailed=\"true\"></opce-macro-wp-quickinfo>.</p>",
		"a ##14, ###7."},
	{"<opce-macro-wp-quickinfo data-id=\"x\">a</opce-macro-wp-quickinfo>",
		"a"},
	{"<ul><li><input type=\"checkbox\" disabled> a</li><li><input "
	 "type=\"checkbox\" checked disabled> b<input>c</li></ul>",
		"[ ] a [x] b c"},
	{"a\xEF\xB7\x90\xEF\xB7\xB0", "a\xEF\xBF\xBD\xEF\xB7\xB0"},
};

static void test_text(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str out;
		struct err e = {0};

		assert_int_equal(
			html_text(&a, str_of(cases[i][0]), &out, &e), 0);
		if (!str_is(out, cases[i][1]))
			fail_msg(
				"%s became '%.*s'", cases[i][0], STR_ARGS(out));
	}
	arena_fini(&a);
}

/* What is read without the parser, with piece at that place, as with it. */
static void check_place(struct arena *a, const char *piece, int place)
{
	struct str html = arena_printf(a, "<p>a %.*s%s%.*s</p>", place,
		"bcdefghijklmnopqrstu", piece, place / 2, " vwxyzabcdef");
	struct str quick;
	struct str parsed;

	assert_int_equal(html_text(a, html, &quick, NULL), 0);
	assert_int_equal(html_text_parsed(a, html, &parsed, NULL), 0);
	if (!str_eq(quick, parsed))
		fail_msg("%s became '%s'", html.p, quick.p);
}

/* Eight bytes are looked at at once: whatever stands where in them. */
static void test_any_place(void **state)
{
	static const char *const pieces[] = {" ", "  ", " \n", " <b>x</b>",
		" <br>y", " </p><p> z", " &amp; ", "\t", " ! ", " \x7f",
		"\xC2\xA0 "};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++)
		for (int place = 0; place < 20; place++)
			check_place(&a, pieces[i], place);
	arena_fini(&a);
}

static void expect_description(const char *file, const char *want)
{
	struct arena a = {0};
	struct str out;
	struct err e = {0};
	char html[8192];
	FILE *f = fopen(file, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(html, 1, sizeof(html), f);
	fclose(f);
	assert_int_equal(html_text(&a, (struct str){html, n}, &out, &e), 0);
	assert_true(str_is(words_truncate_words(out, 200), want));
	arena_fini(&a);
}

/* Recorded descriptions, as published documents have them. */
static void test_descriptions(void **state)
{
	(void)state;
	expect_description("tests/fixtures/text/4330.html",
		"Patients need to connect with their care providers to build "
		"trust and communication. But the COVID-19 pandemic has "
		"placed barriers in the way of that connection. Due to the "
		"pandemic, clinicians must");
	expect_description("tests/fixtures/text/3397.html",
		"The\xC2\xA0telehealth surge\xC2\xA0in the wake of COVID-19 "
		"is only the latest development in the ongoing digital "
		"revolution in healthcare. Another key piece of that "
		"revolution \xE2\x80\x94 and one that has also become more");
}

static const struct {
	const char *html;
	size_t depth;
} depths[] = {
	{"", 0},
	{"<p>a</p><p>b</p>", 1},
	{"<div><p>a</p></div>", 2},
	{"<p>a<p>b<p>c", 1},
	{"<ul><li>a<li>b</ul>", 2},
	{"<br><img><hr>", 0},
	{"<div/><div/>", 2},
	{"<div></x><div></x>", 2},
	{"<b><i></b></i>", 2},
	{"<b a='</b>'><b a=\"</b>\"><b a=</b>>", 3},
	{"<div><!-- </div> --><div>", 2},
	{"<div><!--></div><div>", 1},
	{"<div><!---></div><div>", 1},
	{"<div><!-- --!></div><div>", 1},
	{"<div><!-- --></div><div>", 1},
	{"<div><!-- - -- ></div> ---><div>", 2},
	{"<div><![CDATA[></div>]]></div><div>", 1},
	{"<div><![CDATA[></div><div>", 2},
	{"<div><!x></div><div>", 1},
	{"<div><?x ></div><div>", 1},
	{"<DIV></div\n x='>'><div>", 1},
	{"<a =b></a><a>", 1},
	{"< div><1>", 0},
	{"<div", 1},
	{"<", 0},
	{"</", 0},
};

static void test_depth(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(depths); i++) {
		struct str html = str_of(depths[i].html);
		struct html_size size = html_size(html, 512);

		if (size.depth != depths[i].depth)
			fail_msg("%s is %zu deep", depths[i].html, size.depth);
	}
}

/* n bytes of start and then of unit, again and again. */
static void repeat(struct buf *b, const char *start, const char *unit, size_t n)
{
	buf_clear(b);
	buf_puts(b, start);
	while (b->n + strlen(unit) <= n)
		buf_puts(b, unit);
}

static void test_refused(void **state)
{
	const size_t full = (size_t)4 * 1024 * 1024;
	struct arena a = {0};
	struct buf start = {0};
	struct buf html = {0};
	struct str out = STR("untouched");
	struct err e = {0};

	(void)state;
	repeat(&html, "", "<div>", (size_t)5 * 512);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), 0);
	repeat(&html, "", "<div>", (size_t)5 * 513);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), ERR_DATA);
	repeat(&html, "", "a", full);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), 0);
	assert_int_equal(out.n, full);
	buf_putc(&html, 'a');
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), ERR_DATA);
	/* A small text that makes gumbo build millions of elements. */
	buf_puts(&start, "<div>");
	for (int i = 0; i < 400; i++)
		buf_printf(&start, "<b a=%d>", i);
	buf_puts(&start, "</div>");
	repeat(&html, start.p, "<br>x", full);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), ERR_DATA);
	assert_int_equal(e.code, ERR_DATA);
	buf_fini(&start);
	buf_fini(&html);
	arena_fini(&a);
}

/* <br a0 a1 …><x></x>, as often as there is room for it. */
static void many_attributes(struct buf *b, int n, size_t size)
{
	struct buf tag = {0};

	buf_puts(&tag, "<br");
	for (int i = 0; i < n; i++)
		buf_printf(&tag, " a%d", i);
	buf_puts(&tag, "><x></x>");
	repeat(b, "", tag.p, size);
	buf_fini(&tag);
}

/* The parser compares each with all others of its tag. */
static void test_attributes(void **state)
{
	const size_t full = (size_t)4 * 1024 * 1024;
	struct arena a = {0};
	struct buf html = {0};
	struct str out = STR("untouched");
	struct err e = {0};
	clock_t before = clock();

	(void)state;
	many_attributes(&html, 512, full);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), 0);
	many_attributes(&html, 513, 8192);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), ERR_DATA);
	assert_string_equal(
		e.text, "the HTML has a tag with more than 512 attributes");
	repeat(&html, "x</p", "/a", 4096);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), ERR_DATA);
	many_attributes(&html, 400000, full);
	assert_int_equal(html_text(&a, buf_str(&html), &out, &e), ERR_DATA);
	assert_true(clock() - before < 8 * CLOCKS_PER_SEC);
	buf_fini(&html);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_any_place),
		cmocka_unit_test(test_descriptions),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
