/*
 * html - the plain text of HTML.
 *
 * What is simple is read as it stands (html_simple.c).  Of the rest gumbo
 * makes the tree, and a walk without recursion collects the text.  gumbo
 * takes quadratic time in depth and can be made to build a tree that is much
 * larger than its input, so a scan of the tags refuses what nests too deep,
 * and gumbo's memory comes from an arena that ends.
 */
#include "content/html.h"

#include <setjmp.h>
#include <stdint.h>

#include <gumbo.h>

#include "base/buf.h"
#include "base/util.h"
#include "content/html_scan.h"
#include "content/html_simple.h"

#define MAX_HTML ((size_t)4 * 1024 * 1024)
#define MAX_OPEN 512
#define MAX_MEMORY ((size_t)192 * 1024 * 1024) /* 48 for each byte of HTML */

/* gumbo's memory, and the way out when there is no more. */
struct pool {
	struct arena arena;
	jmp_buf full;
};

/* gumbo does not look for NULL, so it is left by a jump. */
static void *pool_alloc(void *data, size_t size)
{
	struct pool *pool = data;

	if (size > MAX_MEMORY || pool->arena.total + size > MAX_MEMORY)
		longjmp(pool->full, 1);
	return arena_alloc(&pool->arena, size);
}

static void pool_free(void *data, void *p)
{
	(void)data; /* all of it goes with the arena */
	(void)p;
}

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
	return !is_silent(tag);
}

static const GumboVector *children_of(const GumboNode *node)
{
	static const GumboVector none;

	if (node->type == GUMBO_NODE_ELEMENT)
		return is_silent(node->v.element.tag)
			       ? &none
			       : &node->v.element.children;
	return &none;
}

/* Text of a leaf, or the edge of an element. */
static void visit(struct html_words *t, const GumboNode *node)
{
	if (node->type == GUMBO_NODE_ELEMENT)
		t->gap = t->gap || parts_words(node->v.element.tag);
	else if (node->type == GUMBO_NODE_TEXT ||
		 node->type == GUMBO_NODE_CDATA ||
		 node->type == GUMBO_NODE_WHITESPACE)
		html_words_add(t, str_of(node->v.text.text));
}

/* The next node in the document's order, or NULL behind root. */
static const GumboNode *next_node(
	struct html_words *t, const GumboNode *root, const GumboNode *node)
{
	const GumboVector *children = children_of(node);

	if (children->length > 0)
		return children->data[0];
	while (node != root) {
		const GumboNode *parent = node->parent;

		children = &parent->v.element.children;
		if (node->type == GUMBO_NODE_ELEMENT)
			visit(t, node); /* its end is an edge as well */
		if (node->index_within_parent + 1 < children->length)
			return children->data[node->index_within_parent + 1];
		node = parent;
	}
	return NULL;
}

static void collect(struct html_words *t, const GumboNode *root)
{
	for (const GumboNode *node = root; node != NULL;
		node = next_node(t, root, node))
		visit(t, node);
}

static int parse(
	struct pool *pool, struct str html, struct html_words *t, struct err *e)
{
	GumboOptions options = kGumboDefaultOptions;
	GumboOutput *output;

	options.allocator = pool_alloc;
	options.deallocator = pool_free;
	options.userdata = pool;
	options.max_errors = 0;
	if (setjmp(pool->full) != 0)
		return err_set(e, ERR_DATA,
			"the HTML of %zu bytes needs more than %zu MiB of "
			"memory",
			html.n, MAX_MEMORY >> 20);
	output = gumbo_parse_with_options(&options, html.p, html.n);
	collect(t, output->root);
	return 0;
}

static int parse_any(struct str html, struct html_words *t, struct err *e)
{
	struct pool pool = {0};
	int rc;

	if (html_depth(html, MAX_OPEN) > MAX_OPEN)
		return err_set(e, ERR_DATA,
			"the HTML has more than %d tags open at once",
			MAX_OPEN);
	rc = parse(&pool, html, t, e);
	arena_fini(&pool.arena);
	return rc;
}

int html_text_parsed(
	struct arena *a, struct str html, struct str *out, struct err *e)
{
	struct html_words text = {0};
	int rc = parse_any(html, &text, e);

	if (rc == 0)
		*out = arena_str(a, buf_str(&text.buf));
	buf_fini(&text.buf);
	return rc;
}

int html_text(struct arena *a, struct str html, struct str *out, struct err *e)
{
	struct html_words text = {0};
	int rc = 0;

	if (html.n > MAX_HTML)
		return err_set(e, ERR_DATA,
			"%zu bytes of HTML are more than 4 MiB", html.n);
	if (html_simple(html, &text))
		*out = arena_str(a, buf_str(&text.buf));
	else
		rc = html_text_parsed(a, html, out, e);
	buf_fini(&text.buf);
	return rc;
}
