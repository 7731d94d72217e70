/*
 * References in bodies: found where a reader sees a link, never in code; and
 * rewritten so that all else stays.  In the tables, what stands between ‹ and
 * › is a reference; the marks are taken out before the scan.
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
};

static const struct work_package wp = {
	.id = 14,
	.n_attachments = ARRAY_LEN(attachments),
	.attachments = attachments,
};

static const char *const bodies[] = {
	/* markdown */
	"![x](‹/api/v3/attachments/4/content› \"ttl\")",
	"[x](‹/api/v3/attachments/5/content›)",
	"![](<‹/attachments/4/inline pic.png›>)",
	"![by name](‹inline%20pic.png›)",
	"![by name](‹inline_pic.png›)",
	"![by name](‹inline\\_pic.png›)",
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
	"[x](/attachments/99) [x](/attachments/4x) [x](/attachments/)",
	"[x](/api/v3/attachments/44/content) [x](/x/attachments/4)",
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
	"<img class=\"op-uc-image op-uc-image_inline\" "
	"src=\"‹/api/v3/attachments/4/content›\">",
	"<figure class=\"image\"><img "
	"src=\"‹/attachments/4/inline%20pic.png›\" "
	"width=\"300\"><figcaption>C **x**</figcaption></figure>",
	"a <img src='‹evil.svg›'> <IMG SRC=‹evil.svg›> <img src = "
	"\"‹evil.svg›\">",
	"<a href=\"‹/attachments/5›\">x</a> <video poster=\"‹evil.svg›\" "
	"src=\"‹/attachments/4›\"/>",
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
		size_t n = body_references(&a, buf_str(&plain), &wp,
			STR("http://127.0.0.1:60080"), &refs);

		if (n != n_want)
			fail_msg("%zu references in: %s", n, bodies[i]);
		for (size_t k = 0; k < n; k++)
			if (refs[k].start != want[2 * k] ||
				refs[k].n != want[2 * k + 1] - want[2 * k])
				fail_msg("'%.*s' found in: %s", (int)refs[k].n,
					plain.p + refs[k].start, bodies[i]);
		buf_fini(&plain);
		arena_fini(&a);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_references),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
