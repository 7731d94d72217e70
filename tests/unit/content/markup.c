/*
 * Filters of markdown and HTML, by tables; and all of them, that of sanitize.c
 * too, with texts that would take one that is careless hours.
 */
#include "content/markup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"
#include "tests/unit/content/changes.h"

/* With a carriage return before each line feed, or before none. */
static struct str with_returns(struct arena *a, struct str text, bool some)
{
	struct buf b = {0};

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\r' && i + 1 < text.n &&
			text.p[i + 1] == '\n')
			continue;
		buf_puts(&b, some && text.p[i] == '\n' ? "\r" : "");
		buf_putc(&b, text.p[i]);
	}
	return arena_take(a, &b);
}

/* The same of texts from a browser's form, whose lines end in CRLF, all. */
static void check_returns(
	change_fn *change, const char *const (*rows)[2], size_t n)
{
	struct arena a = {0};

	for (size_t i = 0; i < n; i++) {
		struct str text = with_returns(&a, str_of(rows[i][0]), true);
		bool some = str_find(text, STR("\n")) < text.n;
		struct str want = with_returns(&a, str_of(rows[i][1]), some);

		assert_string_equal(change(&a, text).p, want.p);
	}
	arena_fini(&a);
}

static struct str shift_one(struct arena *a, struct str text)
{
	return markup_shift_headings(a, text, 1);
}

static struct str shift_two(struct arena *a, struct str text)
{
	return markup_shift_headings(a, text, 2);
}

static struct str shift_back(struct arena *a, struct str text)
{
	return markup_shift_headings(a, text, -1);
}

static void test_headings(void **state)
{
	static const char *const one[][2] = {
		{"# a\n\n## b ##\n###### c\n####### d\n#e\n",
			"## a\n\n### b ##\n###### c\n####### d\n#e\n"},
		{"a\n===\nb\n---\n", "a\n---\n### b\n"},
		{"```\n# a\n```\n    # b\n\n`# c`\n",
			"```\n# a\n```\n    # b\n\n`# c`\n"},
		{"> # a\n- ## b\n  c\n  ===\n",
			"> ## a\n- ### b\n  c\n  ---\n"},
		{"<h1 id=\"x\">a</h1> <H2>b</H2> <h6>c</h6> <h7> <hr>\n",
			"<h2 id=\"x\">a</h2> <H3>b</H3> <h6>c</h6> <h7> "
			"<hr>\n"},
		{"a\n\n---\n\n- b\n---\n", "a\n\n---\n\n- b\n---\n"},
	};
	static const char *const two[][2] = {
		{"a\nb\n===\nc", "### a b\nc"},
		{"> a #\n> ---", "> #### a \\#"},
		{"- a\n  b\n  ---\n  c\n", "- #### a b\n  c\n"},
		{"[a]: b\nc\n---\n", "[a]: b\nc\n---\n"},
	};
	static const char *const back[][2] = {
		{"# a\n### b\n\nc\n---\n<h2>d</h2>\n",
			"# a\n## b\n\nc\n===\n<h1>d</h1>\n"},
	};

	(void)state;
	check(shift_one, one, ARRAY_LEN(one));
	check(shift_two, two, ARRAY_LEN(two));
	check(shift_back, back, ARRAY_LEN(back));
	check_returns(shift_one, one, ARRAY_LEN(one));
	check_returns(shift_two, two, ARRAY_LEN(two));
	check_returns(shift_back, back, ARRAY_LEN(back));
}

/* Joined by spaces. */
static struct str join_links(struct arena *a, struct str text)
{
	struct str *links;
	size_t n = markup_links(a, text, &links);
	struct buf b = {0};

	for (size_t i = 0; i < n; i++)
		buf_printf(&b, "%s%.*s", i > 0 ? " " : "", STR_ARGS(links[i]));
	return arena_take(a, &b);
}

static void test_links(void **state)
{
	static const char *const rows[][2] = {
		{"[a](b \"c\") ![d](e) [f][g] <a href='h?i=1&amp;j'>k</a>\n\n"
		 "[g]: /l\n",
			"b h?i=1&j /l"},
		{"See https://x.org/a_(b), http://y.org. <https://z.org/?q#f>",
			"https://x.org/a_(b) http://y.org https://z.org/?q#f"},
		{"[https://x.org](https://x.org) `https://y.org`",
			"https://x.org"},
		{"[a](\\(b\\)) [](#c) [](mailto:d@e.org)",
			"(b) #c mailto:d@e.org"},
		{"https:// xhttps://x.org (https://x.org/)", "https://x.org/"},
		{"![https://x.org](y) <img src=z>", ""},
		{"", ""},
	};

	(void)state;
	check(join_links, rows, ARRAY_LEN(rows));
	check_returns(join_links, rows, ARRAY_LEN(rows));
}

static const char *const markdown_rows[][2] = {
	/* pictures */
	{"a <img class=\"op-uc-image\" src=\"x y.png\" alt=\"[b]\"> c",
		"a ![\\[b\\]](x%20y.png) c"},
	{"<img src=\"a?b=1&amp;c\" title=\"d &quot;e&quot;\">\n",
		"![](a?b=1&c \"d \\\"e\\\"\")\n"},
	{"<img alt=\"x\"> `<img src=x>`", "<img alt=\"x\"> `<img src=x>`"},
	{"| <img src=a alt=\"b|c\"> |\n", "| ![b\\|c](a) |\n"},
	/* figures */
	{"<figure class=\"image\"><img src=\"a\"></figure>\n", "![](a)\n"},
	{"<figure><div class=\"x\"><a href=\"b\"><img "
	 "src=\"a\"></a></div>"
	 "<figcaption>c **d** e</figcaption></figure>\n",
		"[![](a)](b)\\\n*c \\*\\*d\\*\\* e*\n"},
	{"<figure><img src=a><figcaption>c <b>d</b></figcaption>"
	 "</figure>",
		"![](a)\\\nc **d**"},
	{"<figure><img src=a><figcaption><em>c</em></figcaption></figure>",
		"![](a)\\\n*c*"},
	{"<figure><img src=a><figcaption>c&nbsp;</figcaption></figure>",
		"![](a)\\\n*c*"},
	{"<figure><img src=a><figcaption>&nbsp;</figcaption></figure>",
		"![](a)"},
	/* what a figure can show */
	{"<figure><a href=b><img src=a></a><img src=c></figure>",
		"<figure><a href=b><img src=a></a><img src=c></figure>"},
	{"<figure><a href=b>c</a></figure>",
		"<figure><a href=b>c</a></figure>"},
	{"<figure><a href=b>c<img src=a></a></figure>",
		"<figure><a href=b>c<img src=a></a></figure>"},
	{"<figure><figcaption>c</figcaption></figure>",
		"<figure><figcaption>c</figcaption></figure>"},
	{"<figure><img src=a><figcaption>b</figcaption>"
	 "<figcaption>c</figcaption></figure>",
		"<figure><img src=a><figcaption>b</figcaption>"
		"<figcaption>c</figcaption></figure>"},
	{"<figure><img src=a><figcaption>b<hr></figcaption></figure>",
		"<figure><img src=a><figcaption>b<hr></figcaption></figure>"},
	{"<figure><img src=a><figcaption>b<br>c</figcaption></figure>",
		"![](a)\\\nb\\\nc"},
	{"<figure><table><tr><td><hr></td></tr></table>"
	 "<figcaption>b</figcaption></figure>",
		"<figure><table><tr><td><hr></td></tr></table>"
		"<figcaption>b</figcaption></figure>"},
	{"<p>a</p><div><hr></div>", "<p>a</p><div><hr></div>"},
	{"<p>a</p><div> </div><p>b</p>", "a\n\nb"},
	{"a <figure><img src=b><figcaption>c</figcaption></figure> d",
		"a <figure>![](b)<figcaption>c</figcaption></figure> d"},
	{"a <figure><p>b</p></figure> c", "a <figure><p>b</p></figure> c"},
	{"a <figure><img src=b>", "a <figure>![](b)"},
	/* what a blank line parts from its end stays as it is */
	{"<details><summary>s</summary>\n\nb\n\n</details>\n\nc\n",
		"<details><summary>s</summary>\n\nb\n\n</details>\n\nc\n"},
	{"<table>\n<tr>\n<td>\n\n*a*\n\n</td>\n</tr>\n</table>\n",
		"<table>\n<tr>\n<td>\n\n*a*\n\n</td>\n</tr>\n</table>\n"},
	{"<table>\n\n<tr><td>a</td></tr>\n\n</table>\n",
		"<table>\n\n<tr><td>a</td></tr>\n\n</table>\n"},
	{"<table><tr><td>a\n\nb</td></tr></table>\n",
		"<table><tr><td>a\n\nb</td></tr></table>\n"},
	/* a tag to a browser, and to nobody else */
	{"<div title=a\"b>\nc\n", "<div title=a\"b>\nc\n"},
	{"<p><img src=a></p><div title=<b>\nc\n",
		"<p><img src=a></p><div title=<b>\nc\n"},
	/* marks that would show */
	{"<table><tr><td><strong>a:&nbsp;</strong>b</td></tr></table>",
		"|   |\n| --- |\n| <strong>a:\xC2\xA0</strong>b |"},
	{"<table><tr><td>\xE6\x97\xA5<b>\xE3\x80\x8C\xE8\xAA\x9E"
	 "\xE3\x80\x8D</b>\xE3\x81\xA7</td></tr></table>",
		"|   |\n| --- |\n| \xE6\x97\xA5<b>\xE3\x80\x8C"
		"\xE8\xAA\x9E\xE3\x80\x8D</b>\xE3\x81\xA7 |"},
	{"<table><tr><td><b>\xC3\xA4</b>\xC3\xB6</td></tr></table>",
		"|   |\n| --- |\n| **\xC3\xA4**\xC3\xB6 |"},
	{"text\n<figure>\n<img src=a>\n</figure>\nmore\n",
		"text\n\n![](a)\n\nmore\n"},
	{"text\n<figure><img src=a></figure>\n\nmore\n",
		"text\n\n![](a)\n\nmore\n"},
	{"a <figure class=\"image\"><img src=\"b\"></figure> c", "a ![](b) c"},
	{"> <figure><img src=a><figcaption>b</figcaption></figure>\n",
		"> ![](a)\\\n> *b*\n"},
	{"- <figure><img src=a><figcaption>b</figcaption></figure>\n",
		"- ![](a)\\\n  *b*\n"},
	{"<figure><video src=x></video></figure>\n",
		"<figure><video src=x></video></figure>\n"},
	/* mentions, macros, breaks */
	{"<mention class=\"mention\" data-text=\"@x\">@A_b</mention>!",
		"@A_b!"},
	{"<mention data-text=\"@x_\"></mention> </mention> <mention>",
		"@x\\_ </mention> <mention>"},
	{"a <macro class=\"toc\"></macro> b <macro>", "a  b <macro>"},
	{"<macro class=\"toc\">\n</macro>\n", "\n"},
	{"a<br>b<br/>\nc<BR >", "a\\\nb\\\nc"},
	{"> a<br>- b\n", "> a\\\n> \\- b\n"},
	{"- a<br>**b**\n", "- a\\\n  **b**\n"},
	{"a<br>```b<br>1. c<br><div>", "a<br>```b<br>1. c<br><div>"},
	{"a<br><br>\n\nb<br>\n<br>\n\n> c<br> <BR/>\n> <br>\n\nd<br><br>\n"
	 "e\n\nf\n===\n# g <br><br>\n\nh<br>><br>\n",
		"a\n\nb\n\n> c\n\nd\\\n\\\ne\n\nf\n===\n# g \n\nh\\\n\\>\n"},
	{"a<br>1) b<br>2)<br>c<br>3.5 d<br>2 or 3. e<br>4) f",
		"a<br>1) b\\\n2)\\\nc\\\n3.5 d\\\n2 or 3. e<br>4) f"},
	{"# a<br>b\n| <br> | a<br>b |\n", "# a<br>b\n|  | a<br>b |\n"},
	{"| a | <br>\n", "| a | \n"},
	{"a\n\n<br>\n\nb<br>#1", "a\n\n\n\nb\\\n#1"},
	{"a<br>b\n#", "a\\\nb\n#"},
	{"a<br>+ b<br>= c<br>: d<br># e<br>## f<br>#",
		"a\\\n\\+ b\\\n\\= c\\\n"
		"\\: d\\\n\\# e\\\n\\## f\\\n\\#"},
	{"a<br>* b<br>***<br>_ c<br>___<br>_d_<br>_",
		"a\\\n\\* b\\\n\\***\\\n"
		"\\_ c\\\n\\___\\\n_d_\\\n\\_"},
	{"a<br>~b~<br>~~~", "a\\\n~b~<br>~~~"},
	{"a<br><img src=b> <br><mention>@c</mention><br>1.",
		"a\\\n![](b) \\\n@c<br>1."},
	{"| a |\n<br>\n", "| a |\n\n"},
	{"<br>|\n", "|\n"},
	{"a<br></br>b", "a<br></br>b"},
	/* tables */
	{"<table class=\"op-uc-table\"><thead><tr><th><p>A</p></th>"
	 "<th align=\"right\">B</th></tr></thead><tbody><tr><td>a|b"
	 "<br></td><td><p>c</p><p>d</p></td></tr><tr><th>e</th></tr>"
	 "</tbody></table>\n",
		"| A | B |\n| --- | ---: |\n| a\\|b | c<br>d |\n"
		"| **e** | |\n"},
	{"<table><tr><td>a</td><td style=\"text-align:center\">"
	 "<code>b|c</code></td></tr></table>",
		"|   |   |\n| --- | :--: |\n| a | `b\\|c` |"},
	{"<table><tr><td>a</td></tr><tr><th>&nbsp;</th></tr><tr>"
	 "<th>b&nbsp;</th></tr><tr><th></th></tr></table>",
		"|   |\n| --- |\n| a |\n| \xC2\xA0 |\n| **b** |\n| |"},
	{"<figure class=\"table\"><table><tr><th>a</th></tr></table>"
	 "<figcaption>b</figcaption></figure>",
		"| a |\n| --- |\n\n*b*"},
	{"<table><tr><td colspan=\"2\">a</td></tr></table>\n",
		"<table><tr><td colspan=\"2\">a</td></tr></table>\n"},
	{"<table><tr><td><ul><li>a</li></ul></td></tr></table>\n",
		"<table><tr><td><ul><li>a</li></ul></td></tr></"
		"table>\n"},
	{"<table><tr><td><table><tr><td>a</td></tr></table></td></tr>"
	 "</table>",
		"<table><tr><td><table><tr><td>a</td></tr></table></td>"
		"</tr></table>"},
	{"- <table><tr><th>a</th></tr><tr><td>b</td></tr></table>\n",
		"- | a |\n  | --- |\n  | b |\n"},
	{"<table><colgroup><col></colgroup>\n<!-- x --><tr> <td>a</td> </tr>"
	 "<tfoot><tr><td rowspan=\"1\">b</td></tr></tfoot></table>",
		"|   |\n| --- |\n| a |\n| b |"},
	{"<table><caption>c</caption><tr><td>a</td></tr></table>\n",
		"<table><caption>c</caption><tr><td>a</td></tr></table>\n"},
	{"<table><tr><td>a</td><td rowspan=\"2\">b</td><td>c</td></tr>"
	 "</table>\n",
		"<table><tr><td>a</td><td rowspan=\"2\">b</td><td>c</td></tr>"
		"</table>\n"},
	{"<table><thead><tr><th>a</th></tr><tr><th>b</th></tr></thead>"
	 "</table>\n",
		"<table><thead><tr><th>a</th></tr><tr><th>b</th></tr></thead>"
		"</table>\n"},
	{"<table></table>\n", "<table></table>\n"},
	{"<table><tr><th align=\"CENTER\">a</th><th align=\"left\">b</th>"
	 "<th style=\"text-align: center\">c</th>"
	 "<th style=\"text-align:right\">d</th>"
	 "<th style=\"text-align: right\">e</th></tr></table>",
		"| a | b | c | d | e |\n"
		"| :--: | :-- | :--: | ---: | ---: |"},
	{"<table><tr><th>a</th> <td>b</td></tr><tr><td>c</td>"
	 "<td>d</td><td>e</td></tr></table>",
		"|   |   |   |\n| --- | --- | --- |\n| **a** | b | |\n"
		"| c | d | e |"},
	{"<table><tr><td>a</td></tr><tr><th>**</th></tr><tr>"
	 "<th><b>b</b> c</th></tr></table>",
		"|   |\n| --- |\n| a |\n| **\\*\\*** |\n| **b** c |"},
	{"<table><tr><td> <!-- x --><figure><img src=a></figure></td><td>"
	 "<p>b</p><p><br></p><p>c</p></td></tr></table>",
		"|   |   |\n| --- | --- |\n| ![](a) | b<br>c |"},
	{"<table><tr><td><figure><img src=a><figcaption>b</figcaption>"
	 "</figure></td></tr></table>\n",
		"<table><tr><td><figure><img src=a><figcaption>b</figcaption>"
		"</figure></td></tr></table>\n"},
	{"<table><tr><td><figure></figure></td></tr></table>\n",
		"<table><tr><td><figure></figure></td></tr></table>\n"},
	{"<table><tr><td><figure><p>a</p></figure></td></tr></table>\n",
		"<table><tr><td><figure><p>a</p></figure></td></tr></table>\n"},
	{"<table><tr><td><figure><table></table></figure></td></tr>"
	 "</table>\n",
		"<table><tr><td><figure><table></table></figure></td></tr>"
		"</table>\n"},
	/* words */
	{"<p><i>a</i> <s>b</s> <strike>c</strike> <span>d</span> "
	 "<sup>e</sup> <u>f</u> <mark>g</mark> <small>h</small></p>",
		"*a* ~~b~~ ~~c~~ d <sup>e</sup> <u>f</u> <mark>g</mark> "
		"<small>h</small>"},
	{"<p><b>a <strong>b</strong></b> <em>c <i>d</i></em></p>",
		"**a b** *c d*"},
	{"<p>a <mention>@b</mention><macro class=x></macro> <hr></p>",
		"<p>a <mention>@b</mention><macro class=x></macro> "
		"<hr></p>"},
	{"<p>a <mention>@b</mention><macro class=x></macro></p>", "a @b"},
	{"<p><u><blink>a</blink></u></p>", "<p><u><blink>a</blink></u></p>"},
	{"<p><b><blink>a</blink></b></p>", "<p><b><blink>a</blink></b></p>"},
	{"<p><q>a</q></p>", "<p><q>a</q></p>"},
	{"<p>a<b>b</b>c <b><i>d</i></b><br> e</p>", "a**b**c <b>*d*</b>\\\ne"},
	{"<p>a &amp; b &amp;; ._c &amp;#</p>", "a & b &; .\\_c &#"},
	{"<table><tr><script></script><td>a</td></tr></table>",
		"<table><tr><script></script><td>a</td></tr></table>"},
	{"<p>a <u><hr></u></p>", "<p>a <u><hr></u></p>"},
	{"<p>a<b> b</b> <b></b>c<b><hr></b></p>",
		"<p>a<b> b</b> <b></b>c<b><hr></b></p>"},
	{"<p>a<b> b</b> <b></b>c<b>!</b>d <b></b> <b>e</b><i>f</i></p>",
		"a **b** c<b>!</b>d **e***f*"},
	{"<p><a href=b>c <a>d</a></a> <a>e</a> <a href=\"\">f</a> "
	 "<a href=g><u>h</u><mention><a href=i>j</a></mention></a></p>",
		"[c](b) d e f [<u>h</u>](g)[j](i)"},
	{"<p>a <img src=\"\"> <img src=b></p>", "a  ![](b)"},
	{"<p><code></code><code>`a</code> <code>b`</code> <code> c\n</code> "
	 "<code> d </code> <code>e<b>f</b><!-- g -->|</code></p>",
		"`` `a `` `` b` `` ` c ` `  d  ` `ef|`"},
	{"<p>a\fb&#9;c ~d &amp;#38; &amp;x; &amp;y _ e_</p>",
		"a b c \\~d &amp;#38; &amp;x; &y \\_ e\\_"},
	{"<p>a<br>1234567890. b</p><p>123</p><p>#</p>",
		"a\\\n1234567890. b\n\n123\n\n\\#"},
	/* what may refer to a work package, and no heading */
	{"<p>#42</p><p>##42 a<br>###42</p><p>## 42</p><p>####### a</p>",
		"#42\n\n##42 a\\\n###42\n\n\\#\\# 42\n\n\\####### a"},
	{"<table><tr><td>#42</td><td>see #42</td><td><p><mention>##42"
	 "</mention></p></td><td># a</td></tr></table>",
		"|   |   |   |   |\n| --- | --- | --- | --- |\n"
		"| #42 | see #42 | ##42 | \\# a |"},
	{"<figure><img src=a><figcaption>#42 b</figcaption></figure>",
		"![](a)\\\n*#42 b*"},
	{"<p><a href=\"x?a&amp;amp;b&#127;c\">d</a></p>",
		"[d](x?a&amp;amp;b%7Fc)"},
	{"<p><img src=a title=\"b&#10;c&#13;\"></p>", "![](a \"b c \")"},
	{"<p>a <strong>b </strong>c <em>d:</em>e <del>f</del> "
	 "<sub>2</sub> x<b>:y</b></p>\n",
		"a **b** c <em>d:</em>e ~~f~~ <sub>2</sub> "
		"x<b>:y</b>\n"},
	{"<p># a &lt;b&gt; &amp;amp; c_d _e 1. f</p>\n<p>1. g</p>\n"
	 "<p>- h</p>",
		"\\# a &lt;b> &amp;amp; c_d \\_e 1. f\n\n1\\. g\n\n\\- "
		"h"},
	{"<p>a<br>b<br></p>\n", "a\\\nb\n"},
	{"<p><code>a`b</code> <a href=\"x (1)\">c</a></p>",
		"``a`b`` [c](x%20%281%29)"},
	{"<p>a!<a href=b>c</a> \\!<a href=d>e</a></p>",
		"a\\![c](b) \\\\\\![e](d)"},
	{"<p>a<kbd>b</kbd><blink>c</blink></p>",
		"<p>a<kbd>b</kbd><blink>c</blink></p>"},
	{"<div><p>a</p>b</div>\n", "a\n\nb\n"},
	{"<p>a</p><!-- b -->\n", "<p>a</p><!-- b -->\n"},
	{"", ""},
	{"plain **text**\r\n", "plain **text**\r\n"},
};

static void test_markdown(void **state)
{
	(void)state;
	check(markup_markdown, markdown_rows, ARRAY_LEN(markdown_rows));
	check_returns(markup_markdown, markdown_rows, ARRAY_LEN(markdown_rows));
}

static struct str read_file(struct arena *a, const char *path)
{
	char bytes[16384];
	FILE *f = fopen(path, "rbe");
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	fclose(f);
	return arena_str(a, (struct str){bytes, n});
}

/* The description that shows all that OpenProject's editor writes. */
static void test_recorded(void **state)
{
	struct arena a = {0};
	struct str text = read_file(&a, "tests/fixtures/text/14.md");
	struct str want = read_file(&a, "tests/fixtures/text/14-markdown.md");

	(void)state;
	assert_string_equal(arena_str(&a, markup_markdown(&a, text)).p, want.p);
	arena_fini(&a);
}

static void test_linear(void **state)
{
	static const char *const units[] = {"`", "` `` ", "<", "<a ", "<b>",
		"<a b=\"", "<!--", "<script>", "</script>", "{", "{ ", "](",
		"[a](", "]:", "[", "```\n", "~~~\n", "    a\n", "> ", "- ",
		"<br>", "<table>\n", "<figure>", "<mention>", "# a\n",
		"a\n===\n", "<h1>", "https://a ", "\\", "&", "<img src=a>",
		"a<br>b ", "<b>\n\n", "<pre>", "](a:", "a<br>\n"};
	struct arena a = {0};
	struct buf text = {0};
	struct str *links;
	struct str out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		clock_t before = clock();

		buf_clear(&text);
		while (text.n < 100000)
			buf_puts(&text, units[i]);
		markup_shift_headings(&a, buf_str(&text), 1);
		markup_links(&a, buf_str(&text), &links);
		markup_markdown(&a, buf_str(&text));
		markup_sanitize(&a, buf_str(&text));
		markup_sanitize_html(&a, buf_str(&text), &out, NULL);
		arena_reset(&a);
		if (clock() - before > 4 * CLOCKS_PER_SEC)
			fail_msg("%s takes %.1f s", units[i],
				(double)(clock() - before) / CLOCKS_PER_SEC);
	}
	buf_fini(&text);
	arena_fini(&a);
}

/* Tags that never end, or only where none of them is one any more. */
static void test_no_end(void **state)
{
	static const char *const units[] = {"<a b=", "<p x=", "<a b=x",
		"<a y=z\" c=\"", "<p y=z' c='", "a\n    <a b="};
	struct arena a = {0};
	struct buf text = {0};
	struct str *links;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		clock_t before = clock();

		buf_clear(&text);
		while (text.n < 1000000)
			buf_puts(&text, units[i]);
		buf_puts(&text, ">\"<");
		markup_shift_headings(&a, buf_str(&text), 1);
		markup_links(&a, buf_str(&text), &links);
		markup_markdown(&a, buf_str(&text));
		markup_sanitize(&a, buf_str(&text));
		arena_reset(&a);
		if (clock() - before > 8 * CLOCKS_PER_SEC)
			fail_msg("%s takes %.1f s", units[i],
				(double)(clock() - before) / CLOCKS_PER_SEC);
	}
	buf_fini(&text);
	arena_fini(&a);
}

/* One end, which all elements before it find. */
static void test_far_end(void **state)
{
	static const char *const elements[][2] = {{"<figure>", "</figure>"},
		{"<mention>", "</mention>"}, {"<macro>", "</macro>"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
		clock_t before = clock();
		struct arena a = {0};
		struct buf text = {0};

		buf_puts(&text, "a ");
		put_times(&text, elements[i][0], 60000);
		buf_puts(&text, elements[i][1]);
		markup_markdown(&a, buf_str(&text));
		assert_true(clock() - before < 2 * CLOCKS_PER_SEC);
		buf_fini(&text);
		arena_fini(&a);
	}
}

/* What would grow a thousandfold stays as it is. */
static void test_bounded(void **state)
{
	struct arena a = {0};
	struct buf text = {0};

	(void)state;
	buf_puts(&text, "x\n");
	put_times(&text, " ", 64000);
	buf_puts(&text, "a");
	put_times(&text, "<br>b", 10000);
	markup_markdown(&a, buf_str(&text));
	assert_true(a.total < (64 << 20));
	arena_reset(&a);

	buf_clear(&text);
	put_times(&text, "123456789.    ", 60);
	buf_puts(&text, "<table>");
	put_times(&text, "<tr><td>a</td></tr>", 90000);
	buf_puts(&text, "</table>");
	markup_markdown(&a, buf_str(&text));
	assert_true(a.total < (64 << 20));
	arena_reset(&a);

	buf_clear(&text);
	buf_puts(&text, "<table><tr>");
	put_times(&text, "<td></td>", 12000);
	buf_puts(&text, "</tr>");
	put_times(&text, "<tr></tr>", 12000);
	buf_puts(&text, "</table>");
	assert_true(
		str_eq(markup_markdown(&a, buf_str(&text)), buf_str(&text)));
	buf_fini(&text);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_headings),
		cmocka_unit_test(test_links),
		cmocka_unit_test(test_markdown),
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_no_end),
		cmocka_unit_test(test_far_end),
		cmocka_unit_test(test_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
