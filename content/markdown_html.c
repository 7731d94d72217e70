/*
 * markdown_html - HTML of OpenProject's editor said in markdown.
 *
 * A walk over gumbo's tree: blocks in the order in which they stand, words in
 * each.  Text is escaped, so that it shows as it did.  What markdown has no
 * words for stays HTML where it is part of a line (<sub>x</sub>), and makes
 * the whole of it stay HTML where it is a block.
 */
#include "content/markdown_html.h"

#include <strings.h>

#include "content/ascii.h"
#include "content/markdown_text.h"

/* Where words are written. */
struct line {
	struct buf *out;
	size_t start; /* of the block, in out */
	bool row;     /* in a row of a table */
	bool gap;     /* white space came last, and is not written yet */
	bool strong;  /* within such an element */
	bool em;
	bool link;
};

static bool put_children(struct line *l, const GumboNode *parent);

bool html_is(const GumboNode *node, GumboTag tag)
{
	return node->type == GUMBO_NODE_ELEMENT && node->v.element.tag == tag;
}

bool html_is_blank(const GumboNode *node)
{
	return node->type == GUMBO_NODE_WHITESPACE ||
	       node->type == GUMBO_NODE_COMMENT;
}

const GumboVector *html_children(const GumboNode *element)
{
	return &element->v.element.children;
}

static bool is_named(const GumboNode *node, const char *name)
{
	struct str s = html_name(node);

	return s.n == strlen(name) && strncasecmp(s.p, name, s.n) == 0;
}

/* --- Words -------------------------------------------------------------- */

static bool at_start(const struct line *l)
{
	return l->out->n == l->start;
}

/* Write the white space that came before. */
static void close_gap(struct line *l)
{
	char last = at_start(l) ? '\n' : l->out->p[l->out->n - 1];

	if (l->gap && last != '\n')
		buf_putc(l->out, ' ');
	l->gap = false;
}

static void put_word(struct line *l, struct str word)
{
	close_gap(l);
	if (at_start(l) || l->out->p[l->out->n - 1] == '\n')
		markdown_escape_line(word, l->row, l->out);
	else
		markdown_escape(word, l->row, l->out);
}

static void put_text(struct line *l, struct str s)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && s.p[n] != '\f' && !ascii_space(s.p[n]))
			n++;
		if (n == 0) {
			l->gap = true;
			n = 1;
		} else {
			put_word(l, (struct str){s.p, n});
		}
		s = str_skip(s, n);
	}
}

void markdown_picture(const GumboNode *img, bool row, struct buf *out)
{
	struct str src = html_attribute(img, "src");
	struct str alt = html_attribute(img, "alt");
	struct str title = html_attribute(img, "title");

	if (src.p == NULL || src.n == 0)
		return;
	buf_puts(out, "![");
	markdown_escape(alt, row, out);
	buf_puts(out, "](");
	markdown_address(src, out);
	if (title.n > 0) {
		buf_puts(out, " \"");
		for (size_t i = 0; i < title.n; i++) {
			struct str c = {title.p + i, 1};

			if (title.p[i] == '"')
				buf_puts(out, "\\\"");
			else
				markdown_escape(c, row, out);
		}
		buf_putc(out, '"');
	}
	buf_putc(out, ')');
}

static bool is_wordlike(char c)
{
	return (unsigned char)c >= 0x80 || (ascii_name(c) && c != '_');
}

/* The first character of what stands behind a node; a space if nothing. */
static char character_behind(const GumboNode *node)
{
	const GumboVector *siblings = html_children(node->parent);
	unsigned next = (unsigned)node->index_within_parent + 1;
	const GumboNode *sibling;

	if (next >= siblings->length)
		return ' ';
	sibling = siblings->data[next];
	if (sibling->type == GUMBO_NODE_TEXT)
		return sibling->v.text.text[0];
	return html_is_blank(sibling) ? ' ' : 'x';
}

/* <name>…</name>, where markdown has no marks for it. */
static bool put_as_html(struct line *l, const GumboNode *node)
{
	const char *name = gumbo_normalized_tagname(node->v.element.tag);

	close_gap(l);
	buf_printf(l->out, "<%s>", name);
	if (!put_children(l, node))
		return false;
	buf_printf(l->out, "</%s>", name);
	return true;
}

/* What is within an element, by itself. */
static bool inner(
	struct line *l, const GumboNode *node, struct buf *out, struct line *in)
{
	*in = *l;
	in->out = out;
	in->start = 0;
	in->gap = false;
	buf_puts(out, "");
	return put_children(in, node);
}

/*
 * Marks around words.  They work where a word touches them from inside, or
 * no word from outside; else the element stays HTML.
 */
static bool put_marked(struct line *l, const GumboNode *node, const char *mark)
{
	struct buf b = {0};
	struct line in;
	bool gap_first = false;
	bool ok = inner(l, node, &b, &in);
	char before;
	char behind = character_behind(node);
	const GumboVector *children = html_children(node);

	if (children->length > 0 &&
		((GumboNode *)children->data[0])->type == GUMBO_NODE_TEXT)
		gap_first = ascii_space(
			((GumboNode *)children->data[0])->v.text.text[0]);
	l->gap = l->gap || gap_first;
	if (ok && b.n > 0) {
		before = at_start(l) || l->gap ? ' ' : l->out->p[l->out->n - 1];
		if (in.gap)
			behind = ' ';
		if ((is_wordlike(before) && !is_wordlike(b.p[0])) ||
			(is_wordlike(behind) && !is_wordlike(b.p[b.n - 1]))) {
			buf_fini(&b);
			return put_as_html(l, node);
		}
		close_gap(l);
		buf_printf(l->out, "%s%s%s", mark, b.p, mark);
	}
	l->gap = l->gap || in.gap;
	buf_fini(&b);
	return ok;
}

/* A code span: the text of all that is in it. */
static void add_code(const GumboNode *node, struct buf *out)
{
	const GumboVector *children = html_children(node);

	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (child->type == GUMBO_NODE_ELEMENT)
			add_code(child, out);
		else if (child->type != GUMBO_NODE_COMMENT)
			buf_puts(out, child->v.text.text);
	}
}

static size_t longest_run(struct str s, char c)
{
	size_t longest = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		n = s.p[i] == c ? n + 1 : 0;
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void put_code(struct line *l, const GumboNode *node)
{
	struct buf code = {0};
	size_t ticks;
	bool pad;

	add_code(node, &code);
	ticks = longest_run(buf_str(&code), '`') + 1;
	if (code.n > 0) {
		pad = code.p[0] == '`' || code.p[code.n - 1] == '`' ||
		      (code.p[0] == ' ' && code.p[code.n - 1] == ' ');
		close_gap(l);
		for (size_t i = 0; i < ticks; i++)
			buf_putc(l->out, '`');
		buf_puts(l->out, pad ? " " : "");
		for (size_t i = 0; i < code.n; i++) {
			if (code.p[i] == '|' && l->row)
				buf_putc(l->out, '\\');
			buf_putc(l->out,
				ascii_space(code.p[i]) ? ' ' : code.p[i]);
		}
		buf_puts(l->out, pad ? " " : "");
		for (size_t i = 0; i < ticks; i++)
			buf_putc(l->out, '`');
	}
	buf_fini(&code);
}

static bool put_link(struct line *l, const GumboNode *node)
{
	struct str href = html_attribute(node, "href");
	bool linked = href.n > 0 && !l->link;
	bool ok;

	close_gap(l);
	if (linked)
		buf_putc(l->out, '[');
	l->link = l->link || linked;
	ok = put_children(l, node);
	if (!linked)
		return ok;
	l->link = false;
	buf_puts(l->out, "](");
	markdown_address(href, l->out);
	buf_putc(l->out, ')');
	return ok;
}

/* A line's end; within a row only HTML has one, and at its end none. */
static void put_break(struct line *l)
{
	l->gap = false;
	if (!at_start(l))
		buf_puts(l->out, l->row ? "<br>" : "\\\n");
}

static bool put_strong(struct line *l, const GumboNode *node)
{
	bool outer = l->strong;
	bool ok;

	l->strong = true;
	ok = outer ? put_children(l, node) : put_marked(l, node, "**");
	l->strong = outer;
	return ok;
}

static bool put_em(struct line *l, const GumboNode *node)
{
	bool outer = l->em;
	bool ok;

	l->em = true;
	ok = outer ? put_children(l, node) : put_marked(l, node, "*");
	l->em = outer;
	return ok;
}

static bool put_element(struct line *l, const GumboNode *node)
{
	switch (node->v.element.tag) {
	case GUMBO_TAG_B:
	case GUMBO_TAG_STRONG:
		return put_strong(l, node);
	case GUMBO_TAG_I:
	case GUMBO_TAG_EM:
		return put_em(l, node);
	case GUMBO_TAG_S:
	case GUMBO_TAG_DEL:
	case GUMBO_TAG_STRIKE:
		return put_marked(l, node, "~~");
	case GUMBO_TAG_CODE:
		put_code(l, node);
		return true;
	case GUMBO_TAG_A:
		return put_link(l, node);
	case GUMBO_TAG_BR:
		put_break(l);
		return true;
	case GUMBO_TAG_IMG:
		close_gap(l);
		markdown_picture(node, l->row, l->out);
		return true;
	case GUMBO_TAG_SPAN:
		return put_children(l, node);
	case GUMBO_TAG_SUB:
	case GUMBO_TAG_SUP:
	case GUMBO_TAG_U:
	case GUMBO_TAG_KBD:
	case GUMBO_TAG_MARK:
	case GUMBO_TAG_SMALL:
		return put_as_html(l, node);
	case GUMBO_TAG_UNKNOWN:
		if (is_named(node, "macro"))
			return true; /* only OpenProject can fill it */
		if (is_named(node, "mention"))
			return put_children(l, node);
		return false;
	default:
		return false;
	}
}

static bool put_node(struct line *l, const GumboNode *node)
{
	switch (node->type) {
	case GUMBO_NODE_TEXT:
	case GUMBO_NODE_WHITESPACE:
		put_text(l, str_of(node->v.text.text));
		return true;
	case GUMBO_NODE_ELEMENT:
		return put_element(l, node);
	default:
		return false; /* a comment is no accident */
	}
}

static bool put_children(struct line *l, const GumboNode *parent)
{
	const GumboVector *children = html_children(parent);

	for (unsigned i = 0; i < children->length; i++)
		if (!put_node(l, children->data[i]))
			return false;
	return true;
}

/* Without a break that has nothing behind it. */
static void trim_breaks(struct buf *out, size_t start)
{
	for (;;) {
		struct str s = {out->p + start, out->n - start};

		if (s.n > 0 && str_ends(s, STR("\\\n")))
			out->n -= 2;
		else if (s.n > 0 && str_ends(s, STR("<br>")))
			out->n -= 4;
		else
			return;
	}
}

bool markdown_words(const GumboNode *parent, bool row, struct buf *out)
{
	struct line l = {.out = out, .start = out->n, .row = row};
	bool ok = put_children(&l, parent);

	trim_breaks(out, l.start);
	return ok;
}

/* --- Blocks ------------------------------------------------------------- */

static bool is_block(const GumboNode *node)
{
	static const GumboTag tags[] = {
		GUMBO_TAG_P, GUMBO_TAG_DIV, GUMBO_TAG_FIGURE, GUMBO_TAG_TABLE};

	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (html_is(node, tags[i]))
			return true;
	return false;
}

/* A blank line before a block that is not the first. */
static void part(struct buf *out, size_t start)
{
	if (out->n > start)
		buf_puts(out, "\n\n");
}

static bool put_paragraph(const GumboNode *p, struct buf *out, size_t start)
{
	size_t before = out->n;
	size_t text;
	bool ok;

	part(out, start);
	text = out->n;
	ok = markdown_words(p, false, out);
	if (out->n == text)
		out->n = before;
	return ok;
}

static bool take_shown(const GumboNode *node, struct figure *out)
{
	if (out->shown != NULL)
		return false;
	out->shown = node;
	return true;
}

/* A link with nothing but a picture in it. */
static bool is_linked_picture(const GumboNode *a)
{
	const GumboVector *children = html_children(a);

	return html_is(a, GUMBO_TAG_A) && children->length == 1 &&
	       html_is(children->data[0], GUMBO_TAG_IMG);
}

bool markdown_figure(const GumboNode *node, struct figure *out)
{
	const GumboVector *children = html_children(node);
	bool ok = true;

	for (unsigned i = 0; ok && i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (html_is_blank(child))
			continue;
		if (html_is(child, GUMBO_TAG_FIGCAPTION) &&
			out->caption == NULL)
			out->caption = child;
		else if (html_is(child, GUMBO_TAG_DIV))
			ok = markdown_figure(child, out);
		else
			ok = (html_is(child, GUMBO_TAG_IMG) ||
				     html_is(child, GUMBO_TAG_TABLE) ||
				     is_linked_picture(child)) &&
			     take_shown(child, out);
	}
	return ok;
}

/* In emphasis, if there is no other in it. */
static bool put_caption(const GumboNode *caption, struct buf *out)
{
	struct buf b = {0};
	bool ok;

	buf_puts(&b, "");
	ok = markdown_words(caption, false, &b);
	if (ok && b.n > 0) {
		bool marked = strstr(b.p, "**") != NULL ||
			      strstr(b.p, "\\\n") != NULL;

		buf_printf(out, marked ? "%s" : "*%s*", b.p);
	}
	buf_fini(&b);
	return ok;
}

static bool put_figure(const GumboNode *node, struct buf *out, size_t start)
{
	struct line l = {.out = out};
	struct figure figure = {0};
	size_t before;
	bool ok;

	if (!markdown_figure(node, &figure) || figure.shown == NULL)
		return false;
	part(out, start);
	l.start = out->n;
	if (html_is(figure.shown, GUMBO_TAG_TABLE))
		ok = markdown_table(figure.shown, out);
	else
		ok = put_element(&l, figure.shown);
	if (!ok || figure.caption == NULL)
		return ok;
	before = out->n;
	buf_puts(out, html_is(figure.shown, GUMBO_TAG_TABLE) ? "\n\n" : "\\\n");
	l.start = out->n;
	ok = put_caption(figure.caption, out);
	if (out->n == l.start)
		out->n = before;
	return ok;
}

/* Words that stand among blocks make a paragraph of their own. */
struct loose {
	struct line line;
	size_t before;
	bool open;
};

static bool put_loose(struct loose *loose, const GumboNode *node,
	struct buf *out, size_t start)
{
	if (!loose->open && html_is_blank(node))
		return node->type == GUMBO_NODE_WHITESPACE;
	if (!loose->open) {
		loose->before = out->n;
		part(out, start);
		loose->line = (struct line){.out = out, .start = out->n};
		loose->open = true;
	}
	return put_node(&loose->line, node);
}

static void end_loose(struct loose *loose, struct buf *out)
{
	if (!loose->open)
		return;
	trim_breaks(out, loose->line.start);
	if (out->n == loose->line.start)
		out->n = loose->before;
	loose->open = false;
}

static bool put_block(const GumboNode *node, struct buf *out, size_t start)
{
	size_t before = out->n;

	switch (node->v.element.tag) {
	case GUMBO_TAG_P:
		return put_paragraph(node, out, start);
	case GUMBO_TAG_FIGURE:
		return put_figure(node, out, start);
	case GUMBO_TAG_TABLE:
		part(out, start);
		return markdown_table(node, out);
	default:
		part(out, start);
		if (!markdown_blocks(node, out))
			return false;
		if (out->n == before + 2)
			out->n = before;
		return true;
	}
}

bool markdown_blocks(const GumboNode *parent, struct buf *out)
{
	const GumboVector *children = html_children(parent);
	struct loose loose = {0};
	size_t start = out->n;
	bool ok = true;

	for (unsigned i = 0; ok && i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (is_block(child)) {
			end_loose(&loose, out);
			ok = put_block(child, out, start);
		} else {
			ok = put_loose(&loose, child, out, start);
		}
	}
	end_loose(&loose, out);
	return ok;
}
