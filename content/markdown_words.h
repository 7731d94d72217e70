#ifndef CONTENT_MARKDOWN_WORDS_H
#define CONTENT_MARKDOWN_WORDS_H

#include "content/markdown_html.h"

/* Where words are written. */
struct line {
	struct buf *out;
	size_t start; /* of the block, in out */
	bool inside;  /* of marks: its start is not that of a line */
	bool row;     /* in a row of a table */
	bool gap;     /* white space came last, and is not written yet */
	bool strong;  /* within such an element */
	bool em;
	bool link;
};

/* One node, or an element; false where markdown cannot say it in a line. */
bool markdown_node(struct line *l, const GumboNode *node);
bool markdown_element(struct line *l, const GumboNode *node);

/* Off with breaks that have nothing behind them, down to start. */
void markdown_trim_breaks(struct buf *out, size_t start);

#endif
