/*
 * html_tree - HTML parsed by gumbo, within limits.
 *
 * gumbo takes quadratic time in depth and in a tag's attributes, and can be
 * made to build a tree that is much larger than its input, so a scan of the
 * tags refuses what has too many of these, and gumbo's memory comes from an
 * arena that ends.
 */
#include "content/html_tree.h"

#include "content/html_scan.h"

#define MAX_OPEN 512                           /* tags, and attributes of one */
#define MAX_MEMORY ((size_t)192 * 1024 * 1024) /* 48 for each byte of HTML */

/* gumbo does not look for NULL, so it is left by a jump. */
static void *pool_alloc(void *data, size_t size)
{
	struct html_tree *t = data;

	if (size > MAX_MEMORY || t->arena.total + size > MAX_MEMORY)
		longjmp(t->full, 1);
	return arena_alloc(&t->arena, size);
}

static void pool_free(void *data, void *p)
{
	(void)data; /* all of it goes with the arena */
	(void)p;
}

/* The <body> of a tree; gumbo makes one whatever the text. */
static const GumboNode *find_body(const GumboNode *root)
{
	const GumboVector *children = html_children(root);

	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (html_is(child, GUMBO_TAG_BODY))
			return child;
	}
	return root;
}

static int parse(struct html_tree *t, struct str html, struct err *e)
{
	GumboOptions options = kGumboDefaultOptions;
	GumboOutput *output;

	options.allocator = pool_alloc;
	options.deallocator = pool_free;
	options.userdata = t;
	options.max_errors = 0;
	if (setjmp(t->full) != 0)
		return err_set(e, ERR_DATA,
			"the HTML of %zu bytes needs more than %zu MiB of "
			"memory",
			html.n, MAX_MEMORY >> 20);
	output = gumbo_parse_with_options(&options, html.p, html.n);
	t->root = output->root;
	t->body = find_body(output->root);
	return 0;
}

int html_tree_parse(struct html_tree *t, struct str html, struct err *e)
{
	struct html_size size;

	if (html.n > HTML_MOST)
		return err_set(e, ERR_DATA,
			"%zu bytes of HTML are more than 4 MiB", html.n);
	size = html_size(html, MAX_OPEN);
	if (size.depth > MAX_OPEN)
		return err_set(e, ERR_DATA,
			"the HTML has more than %d tags open at once",
			MAX_OPEN);
	if (size.attributes > MAX_OPEN)
		return err_set(e, ERR_DATA,
			"the HTML has a tag with more than %d attributes",
			MAX_OPEN);
	return parse(t, html, e);
}

void html_tree_fini(struct html_tree *t)
{
	arena_fini(&t->arena);
	*t = (struct html_tree){0};
}

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

struct str html_name(const GumboNode *element)
{
	GumboTag tag = element->v.element.tag;
	GumboStringPiece piece = element->v.element.original_tag;

	if (tag != GUMBO_TAG_UNKNOWN)
		return str_of(gumbo_normalized_tagname(tag));
	gumbo_tag_from_original_text(&piece);
	return (struct str){piece.data, piece.length};
}

struct str html_attribute(const GumboNode *element, const char *name)
{
	const GumboAttribute *attribute =
		gumbo_get_attribute(&element->v.element.attributes, name);

	return attribute != NULL ? str_of(attribute->value) : STR_NONE;
}
