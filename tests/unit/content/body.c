/*
 * References in bodies: found where a reader sees a link, never in code.  In
 * the tables, what stands between ‹ and › is a reference; the marks are taken
 * out before the scan.
 */
#include "content/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/util.h"

#define OPEN "\xE2\x80\xB9"  /* ‹ */
#define CLOSE "\xE2\x80\xBA" /* › */

static struct attachment attachments[] = {
	{.id = 4, .file_name = {"inline_pic.png", 14}},
	{.id = 5, .file_name = {"evil.svg", 8}},
	{.id = 6, .file_name = {"same.txt", 8}},
	{.id = 7, .file_name = {"same.txt", 8}},
	{.id = 8, .file_name = {"a+b (1).png", 11}},
	{.id = 9, .file_name = {"\xC3\x9Cn_\xC3\xA4.txt", 10}},
	{.id = 10, .file_name = {"p q", 3}},
	{.id = 11, .file_name = {"p_q", 3}},
	{.id = 12, .file_name = {"p_q", 3}},
};

static const struct work_package wp = {
	.id = 14,
	.n_attachments = ARRAY_LEN(attachments),
	.attachments = attachments,
};

static const struct body_scope own = {
	.wp = &wp,
	.base = {"http://127.0.0.1:60080", 22},
};

static const char *const bodies[] = {
	/* markdown */
	"![x](‹/api/v3/attachments/4/content› \"ttl\")",
	"[x](‹/api/v3/attachments/5/content›)",
	"![](<‹/attachments/4/inline pic.png›>)",
	"![by name](‹inline%20pic.png›)",
	"![by name](‹inline_pic.png›)",
	"![by name](‹inline\\_pic.png›)",
	"[x](inline%2gpic.png) [x](inline%20pic.pngx) [x](inline%20pic.pn)",
	("[x](inlineapic.png) [x](inline.pic.png) [x](inline-pic.png) "
	 "[x](inline+pic.png) [x](inline\xCC\xB4pic.png) "
	 "[x](inline\xE0\xA4\x83pic.png) [x](inline\xE2\x83\x9Dpic.png)"),
	("[x](a://) [x](http:///attachments/4) "
	 "[x](http://127.0.0.1:60080\\inline_pic.png)"),
	"![by name](other.png) ![ext](https://example.org/pic.jpg?x=1&y=2)",
	"[![](‹evil.svg›)](‹/attachments/5›)",
	"![a](‹/attachments/4› 'x') b ![](‹/attachments/5›\n\"t\")",
	"[x](‹/attachments/4/doc.pdf›#page=3)",
	"[x](‹/attachments/4?inline=true›)",
	"[x](‹http://127.0.0.1:60080/api/v3/attachments/4/content›)",
	"[x](http://127.0.0.1:60081/api/v3/attachments/4/content)",
	"[x](http://example.org/api/v3/attachments/4/content)",
	"[x](‹//127.0.0.1:60080/attachments/4›)",
	"[x](ftp://127.0.0.1:60080/attachments/4)",
	"[x](/attachment/99) [x](/attachments/4x) [x](/attachments/)",
	"[x](/api/v3/attachment/44/content) [x](/x/attachments/4)",
	"[x](/attachments/4",
	"[x](/attachments/4 no title)",
	"x](/attachments/4) \\[x](/attachments/4)",
	"[x\\](/attachments/4)",
	"[a]: ‹/attachments/4›\n[b]: <‹inline_pic.png›> \"t\"\n\ntext [a]",
	"> [a]: ‹evil.svg›\n> [b]: ‹evil.svg›\n",
	"text\n[a]: evil.svg",
	"[a]: evil.svg is no definition",
	"[^1]: evil.svg",
	"[t](‹same.txt›)", /* the newer one: see test_newest() */
	"[t](‹a+b%20(1).png›) [t](‹a%2Bb%20%281%29.png›)",
	"[t](‹%C3%9Cn%20%C3%A4.txt›)",
	"# Heading ![](‹evil.svg›)\ntext `a\n# b` [x](‹evil.svg›)",
	"| a | ![](‹evil.svg›) |\n|---|---|\n| ` | b |\n| [x](‹evil.svg›) ` |",
	"- ![](‹evil.svg›)\n  - ![](‹evil.svg›)\n\n    ![](‹evil.svg›)\n",
	"1. a\n\n   ![](‹evil.svg›)\n",
	/* HTML */
	("<img class=\"op-uc-image op-uc-image_inline\" "
	 "src=\"‹/api/v3/attachments/4/content›\">"),
	("<figure class=\"image\"><img "
	 "src=\"‹/attachments/4/inline%20pic.png›\" "
	 "width=\"300\"><figcaption>C **x**</figcaption></figure>"),
	("a <img src='‹evil.svg›'> <IMG SRC=‹evil.svg›> <img src = "
	 "\"‹evil.svg›\">"),
	("<a href=\"‹/attachments/5›\">x</a> <video poster=\"‹evil.svg›\" "
	 "src=\"‹/attachments/4›\"/>"),
	"<video><source src=\"‹/attachments/4›\"></video>",
	"<img alt=\"src='evil.svg'\" data-src=\"evil.svg\">",
	"<div>\n\n![](‹evil.svg›)\n\n<img src=\"‹evil.svg›\">\n</div>",
	"<div>\n` <img src=\"‹evil.svg›\"> `\n</div>",
	"a <b and ![x](‹evil.svg›) c> d",
	"<https://x.org/[> ![](‹evil.svg›)",
	"<img src=\"evil.svg\"",
	"<p>x</p><pre><img src=\"evil.svg\"></pre><img src=\"‹evil.svg›\">",
	/* code */
	"`![](evil.svg)` ![](‹evil.svg›)",
	"``![](evil.svg) ` ![](evil.svg)`` ![](‹evil.svg›)",
	"` ![](‹evil.svg›) ``",
	"\\`![](‹evil.svg›)`",
	"`\\` ![](‹evil.svg›)",
	"a `b\nc ![](evil.svg) d` ![](‹evil.svg›)",
	"a `b\n\n![](‹evil.svg›) `",
	"```\n![](evil.svg)\n```\n![](‹evil.svg›)",
	"```ruby x\n![](evil.svg)\n````\n![](‹evil.svg›)",
	"````\n```\n![](evil.svg)\n````\n![](‹evil.svg›)",
	"~~~ a`b\n![](evil.svg)\n```\n![](evil.svg)\n~~~\n![](‹evil.svg›)",
	"``` a`b ![](‹evil.svg›)\n![](‹evil.svg›)",
	"```\n![](evil.svg)\n",
	"   ```\n![](evil.svg)\n   ```\n![](‹evil.svg›)",
	"text\n```\n![](evil.svg)\n```\n",
	"> ```\n> ![](evil.svg)\n![](‹evil.svg›)",
	"> ```\n> ![](evil.svg)\n> ```\n> ![](‹evil.svg›)",
	"- ```\n  ![](evil.svg)\n\n  ![](evil.svg)\n  ```\n  ![](‹evil.svg›)",
	"- ```\n  ![](evil.svg)\n![](‹evil.svg›)",
	"    ![](evil.svg)\n",
	"\t![](evil.svg)\n",
	"text\n    ![](‹evil.svg›)\n",
	"text\n\n    ![](evil.svg)\n\n    ![](evil.svg)\n\n![](‹evil.svg›)",
	"- a\n\n    ![](‹evil.svg›)\n",
	"- a\n\n      ![](evil.svg)\n",
	"-     ![](evil.svg)\n",
	"10. a\n\n        ![](evil.svg)\n\n    ![](‹evil.svg›)\n",
	"> a\n\n    ![](evil.svg)\n",
	"# h\n    ![](evil.svg)\n",
	"<code>![](evil.svg)</code> ![](‹evil.svg›)",
	"<code class=x>\n![](evil.svg)\n\n![](evil.svg)</CODE> ![](‹evil.svg›)",
	"<code>![](evil.svg)\n\n![](‹evil.svg›)",
	"<pre>\n![](evil.svg)\n\n![](evil.svg)\n</pre>\n![](‹evil.svg›)",
	"<pre>\n![](evil.svg)\n\n![](evil.svg)\n",
	"<!-- ![](evil.svg)\n\n![](evil.svg) -->\n![](‹evil.svg›)",
	"a <!-- ![](evil.svg) --> ![](‹evil.svg›)",
	"a <!--> ![](‹evil.svg›) -->",
	"a <!-- ![](‹evil.svg›)",
	"<script>\nvar x = '<img src=\"evil.svg\">';\n\n</script>\n",
	"",
};

/* Take the marks out of marked; where they stood goes to want. */
static size_t unmark(const char *marked, struct buf *plain, size_t *want)
{
	size_t n = 0;

	for (const char *p = marked; *p != '\0';) {
		if (strncmp(p, OPEN, 3) == 0 || strncmp(p, CLOSE, 3) == 0) {
			want[n++] = plain->n;
			p += 3;
			continue;
		}
		buf_putc(plain, *p++);
	}
	return n / 2;
}

static void test_references(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++) {
		struct arena a = {0};
		struct buf plain = {0};
		struct body_reference *refs;
		size_t want[16];
		size_t n_want = unmark(bodies[i], &plain, want);
		size_t n = body_references(&a, buf_str(&plain), &own, &refs);

		if (n != n_want)
			fail_msg("%zu references in: %s", n, bodies[i]);
		if (n > 0 && !body_may_refer(&a, buf_str(&plain), &own))
			fail_msg("no reference expected in: %s", bodies[i]);
		for (size_t k = 0; k < n; k++)
			if (refs[k].start != want[2 * k] ||
				refs[k].n != want[2 * k + 1] - want[2 * k])
				fail_msg("'%.*s' found in: %s", (int)refs[k].n,
					plain.p + refs[k].start, bodies[i]);
		buf_fini(&plain);
		arena_fini(&a);
	}
}

static void test_which(void **state)
{
	static const struct {
		const char *body;
		const char *origin;
		int64_t id;
	} cases[] = {
		{"[x](same.txt)", NULL, 7}, /* the newest of that name */
		{"[x](same%2etxt)", NULL, 7},
		{"[x](a+b%20(1).png)", NULL, 8},
		{"[x](\xC3\x9Cn%20a\xCC\x88.txt)", NULL, 9},
		{"[x](p%20q)", NULL, 10},
		{"[x](p!q)", NULL, 12},
		{"[x](http://any.org/attachments/4)", NULL, 4},
		{"[x](http://any.org/attachments/4)", "", 4},
		{"[x](/attachments/4)", "nonsense", 4},
		{"[x](https://x.org/attachments/4)", "https://x.org", 4},
		{"[x](https://X.ORG:443/attachments/4)", "https://x.org", 4},
		{"[x](http://x.org/attachments/4)", "https://x.org", 4},
		{"[x](http://x.org:81/attachments/4)", "http://x.org:81", 4},
		{"[x](https://x.org:81/attachments/4)", "https://x.org", 0},
		{"[x](https://x.org.evil/attachments/4)", "https://x.org", 0},
		{"[x](https://x.org@evil/attachments/4)", "https://x.org", 0},
		{"[x](https://[::1]:8/attachments/4)", "https://[::1]:8", 4},
		{"[x](https://[::1]:8/attachments/4)", "https://[::2]:8", 0},
		{"[x](/attachments/999999999999999999999)", NULL, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct arena a = {0};
		struct body_reference *refs;
		const struct body_scope scope = {
			.wp = &wp, .base = str_of(cases[i].origin)};
		size_t n = body_references(
			&a, str_of(cases[i].body), &scope, &refs);

		if (n != (cases[i].id != 0) ||
			(n > 0 && refs[0].attachment->id != cases[i].id))
			fail_msg("%s", cases[i].body);
		arena_fini(&a);
	}
}

/* Of another work package, or of none. */
static void test_unknown(void **state)
{
	const struct body_scope scope = {
		.wp = &wp, .base = STR("https://x.org")};
	const struct str body = STR(
		"![x](/api/v3/attachments/99/content) <img src=\"/attachments"
		"/98/a.png\"> [y](https://x.org/attachments/97) "
		"[z](https://y.org/attachments/96) [w](99.png)");
	struct arena a = {0};
	struct body_reference *refs;
	size_t n = body_references(&a, body, &scope, &refs);

	(void)state;
	assert_int_equal(n, 3);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(refs[i].kind, REFERENCE_UNKNOWN);
		assert_int_equal(refs[i].unknown, 99 - i);
	}
	arena_fini(&a);
}

/* Where there are none at all, too: a picture in a comment. */
static void test_unknown_alone(void **state)
{
	const struct work_package bare = {.id = 14};
	const struct body_scope scope = {.wp = &bare};
	struct arena a = {0};
	struct body_reference *refs;

	(void)state;
	assert_int_equal(
		body_references(&a, STR("![](/api/v3/attachments/99/content)"),
			&scope, &refs),
		1);
	assert_int_equal(refs[0].unknown, 99);
	assert_int_equal(
		body_references(&a, STR("![](a.png)"), &scope, &refs), 0);
	arena_fini(&a);
}

/* A server whose paths do not start at the root. */
static void test_prefix(void **state)
{
	struct attachment at_op[] = {{.id = 3, .file_name = {"x", 1}}};
	const struct work_package there = {
		.n_attachments = 1, .attachments = at_op};
	const struct body_scope scope = {
		.wp = &there, .base = STR("http://x/op")};
	struct arena a = {0};
	struct body_reference *refs;

	(void)state;
	assert_int_equal(body_references(&a,
				 STR("![](/op/api/v3/attachments/3/content) "
				     "[](http://x/op/attachments/3) [](/oq/"
				     "attachments/3)"),
				 &scope, &refs),
		2);
	assert_true(body_may_refer(
		&a, STR("![](/op/api/v3/attachments/3/content)"), &scope));
	assert_true(body_may_refer(&a, STR("[](x)"), &scope));
	assert_false(body_may_refer(&a,
		STR("[](http://y/attachments/3) ![](/x.png) [](y/x) [](#x)"),
		&scope));
	arena_fini(&a);
}

/* A document that is HTML has no markdown in it. */
static void test_html(void **state)
{
	const struct body_scope html = {.wp = &wp, .html = true};
	struct arena a = {0};
	struct body_reference *refs;

	(void)state;
	assert_int_equal(body_references(&a,
				 STR("<p>\n\n    <img src=\"/attachments/4\">"
				     "\n```\n[](/attachments/4)"),
				 &html, &refs),
		1);
	arena_fini(&a);
}

/* Texts that would take a careless scan hours: a megabyte of each. */
static void test_linear(void **state)
{
	static const char *const units[] = {"`", "``` ``", "` `` ", "[", "](",
		"[](", "[x](a", "[x](<a", "[x](a \"", "[x](a '", "[x](a (",
		"[x](((", "[a]:", "[a]: a\n", "<", "<a ", "<a b=\"",
		"<a b='x\" c='", "<!--", "<!-- x", "<!", "<?", "<code>",
		"<code></", "</", "<pre>", "<b>", "> ", ">", "- ", "1. ",
		"* a\n", "\t", "    a\n", "~~~\n", "|\n", "\\", "\n", "{{<",
		"{{%{{<", "<a b='><a b=\">", "<div>\n", "<!--\n",
		"![](same.txt) ", "<pre>\n\n", "</pre ", "<code>`", "#1 ",
		"<mention>", "<a href=x>", "http://h/wp/1 ", "https://",
		"![#1](x) ", "[[#1](", "[[a", "[[a|b]] ", "\\[\\[a", "user#8 ",
		"user#", "-#1", "](#1-", "](    ", "]: #1 ", "x]: #1 ",
		"[x\\]: #1 ", "http:", "<a class=\"user-mention\">",
		"<a b=", "<a b=x",
		"<img src=", "<p x=", "<a\nb=", "<a/b=", "<a y=z\" c=\"",
		"<a y=z' c='", "<a y=\"' x=z\" c='", "a\n\n<p x="};
	const struct body_scope any = {
		.wp = &wp, .addresses = true, .numbers = true};
	struct arena a = {0};
	struct buf body = {0};
	struct buf out = {0};
	clock_t start = clock();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		struct body_reference *refs;
		clock_t before = clock();

		buf_clear(&body);
		buf_clear(&out);
		while (body.n < 1000000)
			buf_puts(&body, units[i]);
		body_references(&a, buf_str(&body), &any, &refs);
		body_escape_shortcodes(buf_str(&body), &out);
		arena_reset(&a);
		if (clock() - before > 4 * CLOCKS_PER_SEC)
			fail_msg("%s takes too long", units[i]);
	}
	printf("%zu MB in %.2f s\n", ARRAY_LEN(units),
		(double)(clock() - start) / CLOCKS_PER_SEC);
	buf_fini(&out);
	buf_fini(&body);
	arena_fini(&a);
}

/* Many addresses, and names that are looked at for each: in little memory. */
static void test_many_names(void **state)
{
	struct arena a = {0};
	struct buf body = {0};
	struct body_reference *refs;

	(void)state;
	for (int i = 0; i < 100000; i++)
		buf_puts(&body, "[](b) ");
	body_references(&a, buf_str(&body), &own, &refs);
	assert_true(a.total < 65536);
	buf_fini(&body);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_unknown_alone),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_html),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
