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

/* The body of a work package that shows every way to put a picture. */
static void test_recorded(void **state)
{
	struct str links[8];
	struct arena a = {0};
	struct buf out = {0};
	struct body_reference *refs;
	char text[8192];
	FILE *f = fopen("tests/fixtures/text/14.md", "rb");
	struct str body = {text, 0};
	const char *at;
	size_t n;

	(void)state;
	assert_non_null(f);
	body.n = fread(text, 1, sizeof(text) - 1, f);
	text[body.n] = '\0';
	fclose(f);
	n = body_references(&a, body, &own, &refs);
	assert_int_equal(n, 5);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(refs[i].attachment->id, 4);
		links[i] = STR("pic (1).png");
	}
	body_rewrite(body, refs, n, links, &out);
	assert_non_null(strstr(out.p, "src=\"pic%20%281%29.png\"> and "
				      "markdown ![alt text](pic%20%281%29.png "
				      "\"ttl\")."));
	assert_non_null(strstr(out.p, "By name: ![by name](pic%20%281%29.png) "
				      "and ![](pic%20%281%29.png) and"));
	assert_null(strstr(out.p, "attachments"));
	/* The other bytes are as they were. */
	assert_int_equal(out.n, body.n + n * strlen("pic%20%281%29.png") -
					refs[0].n - refs[1].n - refs[2].n -
					refs[3].n - refs[4].n);
	at = strstr(text, "Mention");
	assert_string_equal(strstr(out.p, "Mention"), at);
	buf_fini(&out);
	arena_fini(&a);
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
		{"[x](http://any.org/attachments/4)", NULL, 4},
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

/* Each reference becomes what is known of it. */
static void show(
	const struct body_reference *ref, struct str *out, struct arena *a)
{
	switch (ref->kind) {
	case REFERENCE_ATTACHMENT:
		*out = STR("FILE");
		break;
	case REFERENCE_UNKNOWN:
		break;
	case REFERENCE_ADDRESS:
		*out = arena_printf(a, "WP%d", (int)ref->work_package);
		break;
	case REFERENCE_BARE:
		*out = arena_printf(a, "{BARE%d}", (int)ref->work_package);
		break;
	case REFERENCE_NUMBER:
		*out = arena_printf(a, "{%d.%d%s%s%s}", (int)ref->work_package,
			ref->detail, ref->html ? " html" : "",
			ref->row ? " row" : "", ref->in_link ? " in" : "");
		break;
	case REFERENCE_NAMED:
		*out = arena_printf(a, "{%.*s%s}", STR_ARGS(ref->path),
			ref->html ? " html" : "");
		break;
	case REFERENCE_TEXT:
		*out = arena_printf(a, "{%.*s}", STR_ARGS(ref->text));
		break;
	}
}

#define HOST "http://127.0.0.1:60080"

/* What refers to work packages and people, and what becomes of it. */
static const char *const references[][2] = {
	{"See #12, ##13 and ###14.", "See {12.1}, {13.2} and {14.3}."},
	{"#1 (#2) [#3] \xE2\x80\x9C#4\xE2\x80\x9D",
		"{1.1} ({2.1}) [{3.1}] \xE2\x80\x9C{4.1}\xE2\x80\x9D"},
	{"a#1 #1a #1_ ####1 # 1 #x &#39; user#8 \xC3\xA4#1 x/#1",
		"a#1 #1a {1.1}_ ####1 # 1 #x &#39; {/users/8} \xC3\xA4#1 "
		"x/#1"},
	/* in emphasis, as the editor writes it */
	{"_see ##12_ _#12_ __##12__ _by user#8_ *#12* a_#12 #12_a user#8_a",
		"_see {12.2}_ _{12.1}_ __{12.2}__ _by {/users/8}_ *{12.1}* "
		"a_#12 #12_a user#8_a"},
	{"_" HOST "/work_packages/12_", "_{BARE12}_"},
	/* other things by number, and wiki pages */
	{"user#8, (group#9) version#1. project#2 <p>user#8</p>",
		"{/users/8}, ({/groups/9}) {/versions/1}. {/projects/2} "
		"<p>{/users/8}</p>"},
	{"superuser#8 x/user#8 !user#8 user##8 user#8a user# user#0 news#3 "
	 "User#8 `user#8` \\user#8",
		"superuser#8 x/user#8 !user#8 user##8 user#8a user# user#0 "
		"news#3 User#8 `user#8` \\user#8"},
	{"[[Wiki page]] [[Page|a *label*]] [[ccm:Page|there]] [see [[x]]](y)",
		"{Wiki page} {a *label*} {there} [see {x}](y)"},
	{"[[ccm:Page]] ![[x]] [[]] [[|x]] [[x|]] [[x|y|z]] [[a]](b) [[a][b] "
	 "[[a\nb]] `[[x]]` \\[[x]]",
		"[[ccm:Page]] ![[x]] [[]] [[|x]] [[x|]] [[x|y|z]] [[a]](b) "
		"[[a][b] [[a\nb]] `[[x]]` \\[[x]]"},
	{"| [[x]] | [[a|b]] |\n", "| {x} | [[a|b]] |\n"},
	{"[y][[a|(x)]] [y][[a|: x]] [y][[a|x]] [[a|(x)]]",
		"[y][[a|(x)]] [y][[a|: x]] [y]{x} {(x)}"},
	{"[[a|`]] [[~|x]] [[a|{b}]] [[a|<b>x</b>]] [[a| ]] [[a|12]] [[a|b\\]] "
	 "[[a\\_b]]",
		"[[a|`]] [[~|x]] [[a|{b}]] [[a|<b>x</b>]] [[a| ]] [[a|12]] "
		"[[a|b\\]] {a\\_b}"},
	/* where another reader may see an address */
	{"[y](user#8 [[b|x]]) [y](a-[[b|x]] c) [y](<#1 c)\n[x]: #1 "
	 "[y](\n#1 c)",
		"[y](user#8 {x}) [y](a-[[b|x]] c) [y](<#1 c)\n[x]: #1 "
		"[y](\n#1 c)"},
	{"[x]: #1 c\n> [x]:\n> #1 c\n\n- 1. [x]: " HOST "/wp/1 c",
		"[x]: #1 c\n> [x]:\n> #1 c\n\n- 1. [x]: " HOST "/wp/1 c"},
	/* and where none does */
	{"Fixed [today]: #1 [x]: " HOST "/wp/2, \\[y\\]: #3",
		"Fixed [today]: {1.1} [x]: {BARE2}, \\[y\\]: {3.1}"},
	{"[^1]: #1 says so\n[^2]: " HOST "/wp/2",
		"[^1]: {1.1} says so\n[^2]: {BARE2}"},
	{"The [list]:\n\n#1 first\n\n[list]:\n\nuser#8\n> [x](\n>\n> #2",
		"The [list]:\n\n{1.1} first\n\n[list]:\n\n{/users/8}\n> "
		"[x](\n>\n> {2.1}"},
	/* nor would a number be one to anybody, unlike a name */
	{"Fixed [today]: user#8 [^1]: [[a|b]] c\n[^1]: user#8 "
	 "<a>\n[^2]: " HOST "/wp/2</a>",
		"Fixed [today]: user#8 [^1]: [[a|b]] c\n[^1]: user#8 "
		"<a>\n[^2]: " HOST "/wp/2</a>"},
	{"[y](" HOST "/work_packages/1-#2 c) [y](a #1) [y](a) #1 [y](/#1-#2 c)",
		"[y](" HOST "/work_packages/1-#2 c) [y](a {1.1}) [y](a) {1.1} "
		"[y](/#1-{2.1} c)"},
	{"<a class=\"version op-uc-link\" href=\"/versions/1\">v1</a> "
	 "<a class=\"wiki-page new op-uc-link\" href=\"/projects/ccm/wiki/w\">"
	 "W</a> <a class=\"versions\" href=\"/versions/1\">v</a>",
		"{v1} {W} <a class=\"versions\" href=\"/versions/1\">v</a>"},
	{"\\#1 `#1` <code>#1</code>\n\n    #1\n",
		"\\#1 `#1` <code>#1</code>\n\n    #1\n"},
	{"[see #1](x) [#2][r] ![#3](y) <a href=z>#4</a> #5",
		"[see {1.1 in}](x) [{2.1 in}][r] ![#3](y) "
		"<a href=z>{4.1 in}</a> {5.1}"},
	{"| #1 |\n\n<p>#2</p>\n", "| {1.1 row} |\n\n<p>{2.1 html}</p>\n"},
	{"#99999999999999999999 #0", "#99999999999999999999 #0"},
	{"!#1 !##1 (!###1) !!#1 ! #1", "!#1 !##1 (!###1) !!#1 ! {1.1}"},
	{"#01 ##007 #10 #0", "#01 ##007 {10.1} #0"},
	/* addresses */
	{"[x](/work_packages/12) [x](" HOST "/work_packages/12/activity?a#b)",
		"[x](WP12) [x](WP12)"},
	{"[x](/projects/ccm/work_packages/12) [x](/wp/12)",
		"[x](WP12) [x](WP12)"},
	{"[x](/projects/ccm/work_packages/details/12/overview)", "[x](WP12)"},
	{"[x](/api/v3/work_packages/12) [r]\n\n[r]: /work_packages/3\n",
		"[x](WP12) [r]\n\n[r]: WP3\n"},
	{"<a href=\"/work_packages/12\">t</a>", "<a href=\"WP12\">t</a>"},
	{"[x](/work_packages/12x) [x](/work_packages) "
	 "[x](work_packages/1)",
		"[x](/work_packages/12x) [x](/work_packages) "
		"[x](work_packages/1)"},
	{"[x](https://other.org/work_packages/12)",
		"[x](https://other.org/work_packages/12)"},
	{"At " HOST "/work_packages/12. <" HOST "/work_packages/3>",
		"At {BARE12}. {BARE3}"},
	{"(" HOST "/work_packages/12) [" HOST "/wp/1](/wp/2)",
		"({BARE12}) [" HOST "/wp/1](WP2)"},
	{"![](/attachments/4) " HOST "/attachments/4",
		"![](FILE) " HOST "/attachments/4"},
	/* what the editor makes */
	{"<mention class=\"mention\" data-id=\"8\" data-type=\"user\" "
	 "data-text=\"@A O'N\">@A O'N</mention>!",
		"{@A O'N}!"},
	{"<mention data-type='user' data-text='@B'></mention>", "{@B}"},
	{"<mention data-type='work_package'>##12</mention>", "{12.2}"},
	{"<mention data-type='user'>@<b>x</b></mention> <mention>",
		"<mention data-type='user'>@<b>x</b></mention> "
		"<mention>"},
	/* the server's HTML */
	{"<p><a class=\"issue work_package preview-trigger\" "
	 "href=\"/work_packages/1\">#1</a> <opce-macro-wp-quickinfo "
	 "data-id=\"2\" data-detailed=\"true\">"
	 "</opce-macro-wp-quickinfo> <a class=\"user-mention "
	 "op-uc-link\" href=\"/users/8\">A</a> #3 "
	 "<a href=\"/work_packages/4\">x</a></p>",
		"<p>{1.1 html} {2.3 html} {A} {3.1 html} "
		"<a href=\"WP4\">x</a></p>"},
};

static void test_work_packages(void **state)
{
	const struct body_scope scope = {.wp = &wp,
		.base = STR(HOST),
		.addresses = true,
		.numbers = true};
	struct arena a = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(references); i++) {
		struct str body = str_of(references[i][0]);
		struct body_reference *refs;
		size_t n = body_references(&a, body, &scope, &refs);
		struct str *texts = ARENA_ARRAY(&a, struct str, n);

		for (size_t k = 0; k < n; k++)
			show(&refs[k], &texts[k], &a);
		buf_puts(&out, "");
		body_rewrite(body, refs, n, texts, &out);
		assert_string_equal(out.p, references[i][1]);
		buf_clear(&out);
	}
	/* A document that is HTML has no markdown in it. */
	{
		const struct body_scope html = {.wp = &wp, .html = true};
		struct body_reference *refs;

		assert_int_equal(
			body_references(&a,
				STR("<p>\n\n    <img src=\"/attachments/4\">"
				    "\n```\n[](/attachments/4)"),
				&html, &refs),
			1);
	}
	buf_fini(&out);
	arena_fini(&a);
}

static void test_escaping(void **state)
{
	static const char *const cases[][2] = {
		{"a b.png", "a%20b.png"},
		{"a(1).png", "a%281%29.png"},
		{"\"'<>\\`{|}", "%22%27%3C%3E%5C%60%7B%7C%7D"},
		{"/x?a=1&b=2#c", "/x?a=1&amp;b=2#c"},
		{"100%", "100%25"},
		{"a%20b%zz", "a%20b%25zz"},
		{"\xC3\xA4_*~.png", "\xC3\xA4_*~.png"},
		{"a\nb", "a%0Ab"},
	};
	const struct str body = STR("![](/attachments/4) x");
	const struct body_scope any = {.wp = &wp};
	struct arena a = {0};
	struct body_reference *refs;
	struct buf out = {0};
	char want[128];

	(void)state;
	assert_int_equal(body_references(&a, body, &any, &refs), 1);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str link = str_of(cases[i][0]);

		body_rewrite(body, refs, 1, &link, &out);
		snprintf(want, sizeof(want), "![](%s) x", cases[i][1]);
		assert_string_equal(out.p, want);
		buf_clear(&out);
	}
	buf_fini(&out);
	arena_fini(&a);
}

#define ZWSP "\xE2\x80\x8B"

static void test_shortcodes(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"a {{ b }} {", "a {{ b }} {"},
		{"{{< x >}}", "{{</* x */>}}"},
		{"{{% x %}}.", "{{%/* x */%}}."},
		{"{{</* x */>}}", "{{</*/* x */*/>}}"},
		{"{{<>}}{{%%}}", "{{</**/>}}{{%/**/%}}"},
		{"{{{< x >}}}", "{{{</* x */>}}}"},
		{"{{< a {{< b >}} >}}", "{{</* a {{< b */>}} >}}"},
		{"{{< a {{% b %}} >}}", "{{</* a {{% b %}} */>}}"},
		{"`{{< x\n>}}`", "`{{</* x\n*/>}}`"},
		{"{{< x %}}", "{{" ZWSP "< x %}}"},
		{"{{% {{<", "{{" ZWSP "% {{" ZWSP "<"},
		{"{{< x >}} {{< y", "{{</* x */>}} {{" ZWSP "< y"},
		{">}} %}} }}", ">}} %}} }}"},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		body_escape_shortcodes(str_of(cases[i][0]), &out);
		assert_string_equal(buf_str(&out).p, cases[i][1]);
		buf_clear(&out);
	}
	buf_fini(&out);
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
		"![#1](x) ", "[[#1](", "[[a", "[[a|b]] ", "user#8 ", "user#",
		"-#1", "](#1-", "](    ", "]: #1 ", "x]: #1 ", "[x\\]: #1 ",
		"http:", "<a class=\"user-mention\">", "<a b=", "<a b=x",
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
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_prefix),
		cmocka_unit_test(test_work_packages),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_shortcodes),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
