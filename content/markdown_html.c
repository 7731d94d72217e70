/*
 * markdown_html - blocks of OpenProject's editor's HTML said in markdown.
 *
 * A walk over gumbo's tree: blocks in the order in which they stand, words in
 * each.  One that markdown cannot say makes all of it stay HTML.
 */
#include "content/markdown_html.h"

#include "content/ascii.h"
#include "content/markdown_words.h"
#include "content/words.h"

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

/* Emphasis, or a break, which no other can be around. */
static bool has_marks(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '*')
			return true;
		if (text.p[i] == '\\' && ascii_at(text, ++i) == '\n')
			return true;
	}
	return false;
}

/* In emphasis, if there is no other in it; a no-break space is space. */
static bool put_caption(const GumboNode *caption, struct buf *out)
{
	struct buf b = {0};
	struct str text;
	bool ok;

	buf_puts(&b, "");
	ok = markdown_words(caption, false, &b);
	text = words_trim(buf_str(&b));
	if (ok && text.n > 0)
		buf_printf(out, has_marks(text) ? "%.*s" : "*%.*s*",
			STR_ARGS(text));
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
		ok = markdown_element(&l, figure.shown);
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
	return markdown_node(&loose->line, node);
}

static void end_loose(struct loose *loose, struct buf *out)
{
	if (!loose->open)
		return;
	markdown_trim_breaks(out, loose->line.start);
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
