/*
 * html - the plain text of HTML.
 *
 * What is simple is read as it stands (html_simple.c).  Of the rest gumbo
 * makes the tree, and a walk through it collects the text.
 */
#include "content/html.h"

#include "base/buf.h"
#include "base/util.h"
#include "content/html_simple.h"
#include "content/html_tree.h"
#include "content/own_html.h"
#include "content/utf8.h"

static bool is_silent(GumboTag tag)
{
	switch (tag) {
	case GUMBO_TAG_SCRIPT:
	case GUMBO_TAG_STYLE:
	case GUMBO_TAG_TEMPLATE:
	case GUMBO_TAG_IFRAME:
	case GUMBO_TAG_NOEMBED:
	case GUMBO_TAG_NOFRAMES:
	case GUMBO_TAG_NOSCRIPT:
		return true;
	default:
		return false;
	}
}

/* True but for elements that stand in the flow of a line. */
static bool parts_words(GumboTag tag)
{
	static const GumboTag tags[] = {GUMBO_TAG_A, GUMBO_TAG_ABBR,
		GUMBO_TAG_ACRONYM, GUMBO_TAG_B, GUMBO_TAG_BDI, GUMBO_TAG_BDO,
		GUMBO_TAG_BIG, GUMBO_TAG_CITE, GUMBO_TAG_CODE, GUMBO_TAG_DATA,
		GUMBO_TAG_DEL, GUMBO_TAG_DFN, GUMBO_TAG_EM, GUMBO_TAG_FONT,
		GUMBO_TAG_I, GUMBO_TAG_IMG, GUMBO_TAG_INS, GUMBO_TAG_KBD,
		GUMBO_TAG_LABEL, GUMBO_TAG_MARK, GUMBO_TAG_NOBR, GUMBO_TAG_Q,
		GUMBO_TAG_RB, GUMBO_TAG_RP, GUMBO_TAG_RT, GUMBO_TAG_RUBY,
		GUMBO_TAG_S, GUMBO_TAG_SAMP, GUMBO_TAG_SMALL, GUMBO_TAG_SPAN,
		GUMBO_TAG_STRIKE, GUMBO_TAG_STRONG, GUMBO_TAG_SUB,
		GUMBO_TAG_SUP, GUMBO_TAG_TIME, GUMBO_TAG_TT, GUMBO_TAG_U,
		GUMBO_TAG_UNKNOWN, GUMBO_TAG_VAR, GUMBO_TAG_WBR};

	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (tags[i] == tag)
			return false;
	return true;
}

/* What OpenProject has for things of its own shows something, too. */
static bool collect_own(struct html_words *t, const GumboNode *element)
{
	struct buf written = {0};
	bool own = own_html_write(element, &written);

	if (own)
		html_words_add(t, buf_str(&written));
	buf_fini(&written);
	return own;
}

/* As deep as the tree, whose depth has a limit. */
static void collect(struct html_words *t, const GumboNode *node)
{
	const GumboVector *children;
	bool edge;
	bool own;

	if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_CDATA ||
		node->type == GUMBO_NODE_WHITESPACE)
		html_words_add(t, str_of(node->v.text.text));
	if (node->type != GUMBO_NODE_ELEMENT || is_silent(node->v.element.tag))
		return;
	children = html_children(node);
	edge = parts_words(node->v.element.tag);
	t->gap = t->gap || edge;
	own = collect_own(t, node);
	for (unsigned i = 0; !own && i < children->length; i++)
		collect(t, children->data[i]);
	t->gap = t->gap || edge;
}

int html_text_parsed(
	struct arena *a, struct str html, struct str *out, struct err *e)
{
	struct html_tree tree = {0};
	struct html_words text = {0};
	int rc = html_tree_parse(&tree, html, e);

	if (rc == 0) {
		collect(&text, tree.root);
		/* gumbo makes bad bytes of references that are too large. */
		*out = utf8_mend(a, arena_take(a, &text.buf));
	}
	html_tree_fini(&tree);
	return rc;
}

int html_text(struct arena *a, struct str html, struct str *out, struct err *e)
{
	struct html_words text = {0};

	if (html.n <= HTML_MOST && html_simple(html, &text)) {
		*out = arena_take(a, &text.buf);
		return 0;
	}
	buf_fini(&text.buf);
	return html_text_parsed(a, html, out, e);
}
