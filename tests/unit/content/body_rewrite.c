/*
 * Bodies rewritten so that all but the references in them, or shortcodes,
 * stays as it is.
 */
#include "content/body.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/util.h"

#define HOST "http://127.0.0.1:60080"

static struct attachment attachments[] = {
	{.id = 4, .file_name = {"inline_pic.png", 14}},
};

static const struct work_package wp = {
	.id = 14,
	.n_attachments = ARRAY_LEN(attachments),
	.attachments = attachments,
};

/* The body of a work package that shows every way to put a picture. */
static void test_recorded(void **state)
{
	const struct body_scope own = {.wp = &wp, .base = STR(HOST)};
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

/* Each reference becomes what is known of it. */
static void show(
	const struct body_reference *ref, struct str *out, struct arena *a)
{
	switch (ref->kind) {
	case REFERENCE_ATTACHMENT:
		*out = STR("FILE");
		break;
	case REFERENCE_FILE:
		*out = arena_printf(a, "{FILE%d%s}", (int)ref->attachment->id,
			ref->in_link ? " in" : "");
		break;
	case REFERENCE_UNKNOWN:
		break;
	case REFERENCE_ADDRESS:
		*out = arena_printf(a, "WP%d", (int)ref->work_package);
		break;
	case REFERENCE_BARE:
		*out = arena_printf(a, "{BARE%d}", (int)ref->work_package);
		break;
	case REFERENCE_LABEL:
		*out = arena_printf(a, "[LABEL%d](", (int)ref->work_package);
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
	/* as the filter markdown writes them */
	{"\\[\\[x\\]\\] \\[\\[a|\\*b\\* c\\]\\] !\\[\\[x\\]\\] "
	 "\\[\\[x\\]\\](y) \\\\[\\[x\\]\\]",
		"{x} {\\*b\\* c} !\\[\\[x\\]\\] "
		"\\[\\[x\\]\\](y) \\\\[\\[x\\]\\]"},
	{"\\[\\[x]] [[x\\]\\] \\[\\[x\\] y\\]\\] \\[[x\\]] \\[\\[x",
		"\\[\\[x]] [[x\\]\\] {x\\] y} \\[[x\\]] \\[\\[x"},
	{"| [[a\\|b]] | \\[\\[a\\|b\\]\\] | [[a\\\\|b]] | [[\\|b]] |\n",
		"| {b} | {b} | [[a\\\\|b]] | [[\\|b]] |\n"},
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
	{"[](/wp/12) \\![](/wp/12 \"t\") [](/wp/12 \"t\") ![](/wp/12) "
	 "[](/wp/x) [\\[](/wp/1) "
	 "<a href=\"/wp/12\"></a> [](</wp/12>) [a [](/wp/1)](x)",
		"[LABEL12](WP12) \\![](WP12 \"t\") [LABEL12](WP12 \"t\") "
		"![](WP12) [](/wp/x) "
		"[\\[](WP1) <a href=\"WP12\"></a> [](<WP12>) "
		"[a [LABEL1](WP1)](x)"},
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
	{"[x](/projects/ccm/boards/1/details/12/overview) "
	 "[x](/boards/1/details/12) [x](/projects/ccm/gantt/details/12) "
	 "[x](/calendars/3/details/12) [x](/team_planners/new/details/12) "
	 "[x](/notifications/details/12/activity) "
	 "<" HOST "/projects/ccm/gantt/details/12/overview?query_id=3>",
		"[x](WP12) [x](WP12) [x](WP12) [x](WP12) [x](WP12) [x](WP12) "
		"{BARE12}"},
	{"[x](/boards/12) [x](/boards/1/2/details/12) [x](/gantt/details/x) "
	 "[x](/wiki/details/12) [x](/boards/1/detail/12) [x](/boards)",
		"[x](/boards/12) [x](/boards/1/2/details/12) "
		"[x](/gantt/details/x) [x](/wiki/details/12) "
		"[x](/boards/1/detail/12) [x](/boards)"},
	{"![](/attachments/4) " HOST "/api/v3/attachments/4/content. "
	 "<" HOST "/attachments/4/a.png> [" HOST "/attachments/4](x)",
		"![](FILE) {FILE4}. {FILE4} [" HOST "/attachments/4](x)"},
	{HOST "/attachments/5 " HOST "/attachments/4#page=2 /attachments/4 "
	      "`" HOST "/attachments/4` https://x.org/attachments/4",
		HOST "/attachments/5 " HOST
		     "/attachments/4#page=2 /attachments/4 "
		     "`" HOST "/attachments/4` https://x.org/attachments/4"},
	{"<a href=\"/attachments/4\">" HOST "/attachments/4</a> " HOST
	 "/attachments/4",
		"<a href=\"FILE\">{FILE4 in}</a> {FILE4}"},
	/* what the editor makes */
	{"<mention class=\"mention\" data-id=\"8\" data-type=\"user\" "
	 "data-text=\"@A O'N\">@A O'N</mention>!",
		"{@A O'N}!"},
	{"<mention data-type='user' data-text='@B'></mention>", "{@B}"},
	{"<mention data-type='work_package'>##12</mention>", "{12.2}"},
	{"<mention data-type='work_package' data-id='12'>##AB-7</mention> "
	 "<mention data-type='work_package'>##AB-7</mention>",
		"{12.2} {##AB-7}"},
	{"<mention data-type='work_package'>AB-7</mention> "
	 "<mention data-type='work_package'>####AB-7</mention> "
	 "<mention data-type='work_package'>#AB-0</mention> "
	 "<mention data-type='work_package'>#AB-7x</mention> "
	 "<mention data-type='work_package'>###</mention>",
		"{AB-7} {####AB-7} {#AB-0} {#AB-7x} {###}"},
	{"<mention></mention> <mention>x</b> <mention>x<1 <mention>x</mention",
		"<mention></mention> <mention>x</b> <mention>x<1 "
		"<mention>x</mention"},
	{"<opce-macro-wp-quickinfo data-id=\"2\"></opce-macro-wp-quickinfo> "
	 "<opce-macro-wp-quickinfo></opce-macro-wp-quickinfo> "
	 "<opce-macro-wp-quickinfo data-id=\"0\"></opce-macro-wp-quickinfo> "
	 "<opce-macro-wp-quickinfo data-id=\"2\"><b></b>",
		"{2.2} <opce-macro-wp-quickinfo></opce-macro-wp-quickinfo> "
		"<opce-macro-wp-quickinfo data-id=\"0\">"
		"</opce-macro-wp-quickinfo> "
		"<opce-macro-wp-quickinfo data-id=\"2\"><b></b>"},
	{"[[a\\\\b]] [[\xC3\xA9]] [x](/wp/1 \"#2\") ![x [y](/wp/1)](z) "
	 "![![](/attachments/4)](z)",
		"{a\\\\b} {\xC3\xA9} [x](WP1 \"#2\") ![x [y](WP1)](z) "
		"![![](FILE)](z)"},
	{"<" HOST "/wp/1 <" HOST "/wp/2", "<{BARE1} <{BARE2}"},
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
	/* and what sanitizing leaves of it */
	{"<p><a href=\"/work_packages/1\">#1</a> "
	 "<a href=\"/work_packages/1\">#2</a> <a href=\"" HOST
	 "/work_packages/1\">#1</a> <a>#1</a></p>",
		"<p>{1.1 html} <a href=\"WP1\">{2.1 html in}</a> "
		"<a href=\"WP1\">{1.1 html in}</a> "
		"<a>{1.1 html in}</a></p>"},
	/* wiki pages in a block of HTML */
	{"<figure class=\"table\"><table><tbody><tr><td colspan=\"2\"><p>#14 "
	 "user#6 [[W]] [[W|L]] [[W]](x) [[]] [a[[W]]</p></td></tr></tbody>"
	 "</table></figure>",
		"<figure class=\"table\"><table><tbody><tr><td "
		"colspan=\"2\"><p>{14.1 html} {/users/6 html} {W} {L} [[W]](x) "
		"[[]] "
		"[a{W}</p></td></tr></tbody></table></figure>"},
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
		{"%2/%2z%:0%Ga", "%252/%252z%25:0%25Ga"},
		{"a\x7F", "a%7F"},
		{"", ""},
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_work_packages),
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_shortcodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
