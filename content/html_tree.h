#ifndef CONTENT_HTML_TREE_H
#define CONTENT_HTML_TREE_H

#include <gumbo.h>
#include <setjmp.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#define HTML_MOST ((size_t)4 * 1024 * 1024) /* bytes that are parsed */

/*
 * HTML parsed by gumbo, whose tree borrows from the text.  Zeroed, it is none.
 */
struct html_tree {
	const GumboNode *root; /* <html> */
	const GumboNode *body;

	/* Private: gumbo's memory, and the way out when there is no more. */
	struct arena arena;
	jmp_buf full;
};

/*
 * ERR_DATA for more than 4 MiB, more than 512 tags open at once or attributes
 * of one (checked before gumbo sees it), or a tree of more than 192 MiB.
 */
int html_tree_parse(struct html_tree *t, struct str html, struct err *e);
void html_tree_fini(struct html_tree *t);

/* For walks through a tree. */
bool html_is(const GumboNode *node, GumboTag tag);
bool html_is_blank(const GumboNode *node); /* white space, or a comment */
const GumboVector *html_children(const GumboNode *element);

/* An element's name, lower case; of an unknown one as it is written. */
struct str html_name(const GumboNode *element);

/* An attribute's value, entities resolved; STR_NONE if it is not there. */
struct str html_attribute(const GumboNode *element, const char *name);

#endif
