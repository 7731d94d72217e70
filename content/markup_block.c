/*
 * markup_block - a block of HTML as markdown.
 *
 * It is parsed and said anew as a whole, or it stays byte for byte.  One in a
 * quote or an item of a list gets that one's marks before each line.
 */
#include "content/markup_block.h"

#include <string.h>

#include "base/util.h"
#include "content/ascii.h"
#include "content/markdown_html.h"
#include "content/utf8.h"

/* --- Containers --------------------------------------------------------- */

/* Bytes that new lines get in front, all together. */
#define MAX_IN_FRONT ((size_t)4 * 1024 * 1024)

bool markup_spend(struct converting *c, size_t n)
{
	c->in_front += n;
	return c->in_front <= MAX_IN_FRONT;
}

size_t markup_line_start(struct str body, size_t at)
{
	while (at > 0 && body.p[at - 1] != '\n')
		at--;
	return at;
}

struct str markup_prefix(struct converting *c, size_t start, size_t at)
{
	char *p = arena_alloc(c->arena, at - start + 1);

	for (size_t i = start; i < at; i++) {
		p[i - start] = ' ';
		if (c->body.p[i] == '>' || c->body.p[i] == '\t')
			p[i - start] = c->body.p[i];
	}
	return (struct str){p, at - start};
}

/* The same without white space behind the last mark, for a blank line. */
static struct str blank_prefix(struct str prefix)
{
	while (prefix.n > 0 && ascii_space(prefix.p[prefix.n - 1]))
		prefix.n--;
	return prefix;
}

/* A block's text without the marks of its containers. */
static struct str without_prefix(
	struct converting *c, struct str text, struct str prefix)
{
	struct buf b = {0};

	while (text.n > 0) {
		size_t n = str_find(text, STR("\n"));
		size_t skip = 0;

		buf_add(&b, text.p, n);
		text = str_skip(text, n);
		if (text.n == 0)
			break;
		buf_putc(&b, '\n');
		text = str_skip(text, 1);
		while (skip < prefix.n && skip < text.n &&
			strchr(" \t>", text.p[skip]) != NULL)
			skip++;
		text = str_skip(text, skip);
	}
	return arena_take(c->arena, &b);
}

static struct str with_prefix(
	struct converting *c, struct str text, struct str prefix)
{
	struct buf b = {0};

	for (size_t i = 0; i < text.n; i++) {
		buf_putc(&b, text.p[i]);
		if (text.p[i] == '\n')
			buf_add_str(&b, ascii_at(text, i + 1) == '\n'
						? blank_prefix(prefix)
						: prefix);
	}
	return arena_take(c->arena, &b);
}

/* True if the line above holds text, which would take the block in. */
static bool follows_text(const struct converting *c, size_t at)
{
	size_t start = markup_line_start(c->body, at);
	size_t above;

	if (start == 0)
		return false;
	above = markup_line_start(c->body, start - 1);
	for (size_t i = above; i < start; i++)
		if (!ascii_space(c->body.p[i]) && c->body.p[i] != '>')
			return true;
	return false;
}

/* --- Blocks of HTML ----------------------------------------------------- */

#define MAX_OPEN 64

/* Elements without an end tag. */
static bool is_void(struct str name)
{
	static const char *const names[] = {"area", "base", "br", "col",
		"embed", "hr", "img", "input", "link", "meta", "source",
		"track", "wbr"};

	return ascii_one_of(name, names, ARRAY_LEN(names));
}

/* Parts of a table, which are nothing outside of one. */
static bool is_table_part(struct str name)
{
	static const char *const names[] = {"caption", "col", "colgroup",
		"tbody", "td", "tfoot", "th", "thead", "tr"};

	return ascii_one_of(name, names, ARRAY_LEN(names));
}

/* What stands behind a '<' that is none to us: the parser sees a tag. */
static bool is_tag_to_parser(struct str s)
{
	return ascii_letter(ascii_at(s, ascii_at(s, 0) == '/'));
}

/*
 * True if every element of a block that starts in it ends in it, and the
 * other way round: a blank line parts "<details>" from its end, and a parser
 * would close the one and overlook the other.
 */
static bool is_whole(struct str html)
{
	struct str open[MAX_OPEN];
	struct seen_tag tag;
	size_t n = 0;

	for (size_t at = 0; at < html.n;) {
		at += str_find(str_skip(html, at), STR("<"));
		if (at >= html.n)
			break;
		if (!walk_tag(html, at, html.n, &tag)) {
			if (is_tag_to_parser(str_skip(html, at + 1)))
				return false;
			at++;
			continue;
		}
		at = tag.end;
		if (n == 0 && is_table_part(tag.name))
			return false;
		if (is_void(tag.name))
			continue;
		if (!tag.closing && n == MAX_OPEN)
			return false;
		if (!tag.closing)
			open[n++] = tag.name;
		else if (n == 0 || !ascii_same(open[--n], tag.name))
			return false;
	}
	return n == 0;
}

/* How often a byte is there. */
static size_t count(struct str text, char byte)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == byte;
	return n;
}

/* Where it ends: the end of its last line is no part of it. */
static size_t end_of(const struct converting *c, struct span span)
{
	bool returns = str_starts(str_skip(c->body, span.end), STR("\n")) &&
		       c->body.p[span.end - 1] == '\r';

	return span.end - returns;
}

void markup_block(struct converting *c, struct span span)
{
	size_t end = end_of(c, span);
	struct str prefix = markup_prefix(
		c, markup_line_start(c->body, span.start), span.start);
	struct str html = without_prefix(c,
		(struct str){c->body.p + span.start, end - span.start}, prefix);
	struct html_tree tree = {0};
	struct buf b = {0};
	struct err ignored;

	buf_puts(&b, "");
	if (is_whole(html) && html_tree_parse(&tree, html, &ignored) == 0 &&
		markdown_blocks(tree.body, &b) &&
		markup_spend(c, count(buf_str(&b), '\n') * prefix.n)) {
		struct str text = utf8_mend(
			c->arena, with_prefix(c, buf_str(&b), prefix));

		if (text.n > 0 && follows_text(c, span.start) &&
			prefix.n == blank_prefix(prefix).n)
			edits_add(&c->edits, span.start, 0, STR("\n"));
		edits_add(&c->edits, span.start, end - span.start, text);
	}
	buf_fini(&b);
	html_tree_fini(&tree);
}
