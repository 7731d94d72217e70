#ifndef CONTENT_MARKDOWN_HTML_H
#define CONTENT_MARKDOWN_HTML_H

#include "base/buf.h"
#include "content/html_tree.h"

/*
 * HTML said in markdown, as far as OpenProject's editor writes it: paragraphs,
 * pictures, figures with a caption, tables, mentions, macros and what marks
 * words up.  Each adds to out, or gives false (and out is not to be used)
 * where markdown cannot say it.
 */

/* Blocks, with blank lines between them. */
bool markdown_blocks(const GumboNode *parent, struct buf *out);

/* Words, in a paragraph or in the cell of a row. */
bool markdown_words(const GumboNode *parent, bool row, struct buf *out);

/* "![alt](src "title")"; nothing for a picture without an address. */
void markdown_picture(const GumboNode *img, bool row, struct buf *out);

/* A table; in markdown_table.c. */
bool markdown_table(const GumboNode *table, struct buf *out);

/* What a figure shows, and its caption, if they are all that is in it. */
struct figure {
	const GumboNode *shown;   /* a picture, a link around one, or a table */
	const GumboNode *caption; /* or NULL */
};
bool markdown_figure(const GumboNode *node, struct figure *out);

#endif
