/*
 * sanitize_html - HTML from strangers, made harmless.
 *
 * It is parsed as a browser does, and what the list allows is written anew;
 * comments, other elements' tags and what runs are left out.  What OpenProject
 * has for things of its own becomes the text that stands for it: behind us,
 * nobody could tell.  Within markdown the text could still begin a link of its
 * own, so "](" and "]:" are parted.
 */
#include "content/markup.h"
#include "content/own_html.h"
#include "content/sanitize.h"
#include "content/utf8.h"

static void put_text(struct str s, struct buf *out)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool behind_bracket = out->n > 0 && out->p[out->n - 1] == ']';

		if (c == '&')
			buf_puts(out, "&amp;");
		else if (c == '<')
			buf_puts(out, "&lt;");
		else if (c == '>')
			buf_puts(out, "&gt;");
		else if (c == '{' || ((c == '(' || c == ':') && behind_bracket))
			buf_printf(out, "&#%d;", c);
		else if (((unsigned char)c >= ' ' && c != 0x7F) || c == '\n' ||
			 c == '\t')
			buf_putc(out, c);
	}
}

static void put_node(const GumboNode *node, struct buf *out);

static void put_children(const GumboNode *element, struct buf *out)
{
	const GumboVector *children = html_children(element);

	for (unsigned i = 0; i < children->length; i++)
		put_node(children->data[i], out);
}

static bool leads_nowhere(const GumboNode *node)
{
	return html_is(node, GUMBO_TAG_A) &&
	       own_html_leads_nowhere(html_attribute(node, "class"));
}

static void put_element(const GumboNode *node, struct buf *out)
{
	struct str name = html_name(node);
	bool html = node->v.element.tag_namespace == GUMBO_NAMESPACE_HTML;
	enum sanitize_element what = sanitize_element(name);

	if (!html || what == ELEMENT_CUT || own_html_write(node, out))
		return;
	if (what != ELEMENT_ALLOWED || leads_nowhere(node)) {
		put_children(node, out);
		return;
	}
	sanitize_start_tag(name, node, out);
	if (sanitize_is_void(name))
		return;
	put_children(node, out);
	sanitize_end_tag(name, out);
}

/* As deep as the tree, whose depth has a limit. */
static void put_node(const GumboNode *node, struct buf *out)
{
	switch (node->type) {
	case GUMBO_NODE_TEXT:
	case GUMBO_NODE_WHITESPACE:
	case GUMBO_NODE_CDATA:
		put_text(str_of(node->v.text.text), out);
		break;
	case GUMBO_NODE_ELEMENT:
		put_element(node, out);
		break;
	default:
		break; /* comments, templates */
	}
}

int markup_sanitize_html(
	struct arena *a, struct str html, struct str *out, struct err *e)
{
	struct html_tree tree = {0};
	struct buf b = {0};
	int rc = html_tree_parse(&tree, html, e);

	if (rc == 0) {
		put_children(tree.body, &b);
		*out = utf8_mend(a, arena_take(a, &b));
	}
	html_tree_fini(&tree);
	return rc;
}
