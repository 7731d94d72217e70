/*
 * Plain text of HTML: no tree deeper than the scan of its tags says gets to
 * the walk, the text is valid UTF-8 without runs of white space, and what is
 * read without a parser reads as with one.
 */
#include "content/html.h"

#include <stdint.h>
#include <stdlib.h>

#include <gumbo.h>

#include "base/util.h"
#include "content/html_scan.h"
#include "content/html_simple.h"
#include "content/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_DEPTH 512
#define IMPLIED 3 /* elements that one tag may open: table, tbody, tr */

static size_t depth_of(const GumboNode *node)
{
	size_t deepest = 0;

	if (node->type != GUMBO_NODE_ELEMENT &&
		node->type != GUMBO_NODE_TEMPLATE)
		return 0;
	for (unsigned i = 0; i < node->v.element.children.length; i++) {
		size_t depth = depth_of(node->v.element.children.data[i]);

		deepest = depth > deepest ? depth : deepest;
	}
	return deepest + 1;
}

static void check_depth(struct str html, size_t scanned)
{
	GumboOptions options = kGumboDefaultOptions;
	GumboOutput *output;

	options.max_errors = 0;
	output = gumbo_parse_with_options(&options, html.p, html.n);
	if (depth_of(output->root) > (scanned + 2) * IMPLIED)
		abort();
	gumbo_destroy_output(&options, output);
}

/* What is read without the parser is what the parser makes of it. */
static void check_simple(struct str html)
{
	struct html_words simple = {0};
	struct arena a = {0};
	struct str parsed;

	if (html_simple(html, &simple) &&
		(html_text_parsed(&a, html, &parsed, NULL) != 0 ||
			!str_eq(parsed, buf_str(&simple.buf))))
		abort();
	buf_fini(&simple.buf);
	arena_fini(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str html = {(const char *)data, size};
	struct html_size scanned = html_size(html, MAX_DEPTH);
	struct arena a = {0};
	struct str out;
	struct err e = {0};

	if (scanned.depth <= MAX_DEPTH && scanned.attributes <= MAX_DEPTH) {
		if (size < 4096)
			check_depth(html, scanned.depth);
		check_simple(html);
	}
	if (html_text(&a, html, &out, &e) == 0 &&
		(!utf8_valid(out) || (out.n > 0 && out.p[0] == ' ') ||
			str_find(out, STR("  ")) < out.n))
		abort();
	arena_fini(&a);
	return 0;
}
