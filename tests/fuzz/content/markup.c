/*
 * Filters of markdown and HTML: what they make is valid UTF-8 where the text
 * was; links are found in what was shifted as before; and where no backtick
 * or tilde makes code of anything, a browser that takes all of the sanitized
 * text for HTML finds nothing in it that the list does not allow.
 */
#include "content/markup.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/util.h"
#include "content/html_tree.h"
#include "content/sanitize.h"
#include "content/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool good)
{
	if (!good)
		abort();
}

static bool is_known(const char *name)
{
	static const char *const names[] = {"title", "lang", "dir", "href",
		"src", "alt", "width", "height", "align", "colspan", "rowspan",
		"span", "start", "value", "datetime", "open"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void check_element(const GumboNode *node)
{
	const GumboVector *attributes = &node->v.element.attributes;

	/* gumbo adds what a tree must have: those are on the list. */
	expect(sanitize_element(html_name(node)) == ELEMENT_ALLOWED);
	for (unsigned i = 0; i < attributes->length; i++) {
		const GumboAttribute *a = attributes->data[i];

		expect(is_known(a->name));
		if (strcmp(a->name, "href") == 0 || strcmp(a->name, "src") == 0)
			expect(sanitize_is_address(str_of(a->value)));
	}
}

static void check_tree(const GumboNode *node)
{
	const GumboVector *children = &node->v.element.children;

	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *child = children->data[i];

		expect(child->type != GUMBO_NODE_COMMENT &&
			child->type != GUMBO_NODE_CDATA &&
			child->type != GUMBO_NODE_TEMPLATE);
		if (child->type != GUMBO_NODE_ELEMENT)
			continue;
		check_element(child);
		check_tree(child);
	}
}

static void check_clean(struct str text)
{
	struct html_tree tree = {0};

	expect(utf8_valid(text));
	if (html_tree_parse(&tree, text, NULL) == 0)
		check_tree(tree.body);
	html_tree_fini(&tree);
}

static void check_links(struct arena *a, struct str text, struct str shifted)
{
	struct str *links;
	size_t n = markup_links(a, text, &links);

	/* A heading made of many lines may part or join what was a link. */
	if (memchr(text.p, '=', text.n) == NULL &&
		memchr(text.p, '-', text.n) == NULL)
		expect(markup_links(a, shifted, &links) == n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	struct arena a = {0};
	struct str out = STR_NONE;

	if (size == 0)
		text = STR("");
	out = markup_shift_headings(&a, text, 1);
	check_links(&a, text, out);
	expect(!utf8_valid(text) || utf8_valid(out));
	markup_shift_headings(&a, text, -2);
	out = markup_markdown(&a, text);
	expect(!utf8_valid(text) || utf8_valid(out));
	out = markup_sanitize(&a, text);
	expect(utf8_valid(out));
	if (memchr(text.p, '`', text.n) == NULL &&
		memchr(text.p, '~', text.n) == NULL)
		check_clean(out);
	if (markup_sanitize_html(&a, text, &out, NULL) == 0)
		check_clean(out);
	arena_fini(&a);
	return 0;
}
