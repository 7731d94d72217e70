#ifndef CONTENT_MARKDOWN_TEXT_H
#define CONTENT_MARKDOWN_TEXT_H

#include "base/buf.h"

/*
 * A plain text as it stands in markdown's paragraphs and labels, shown as it
 * is: what would mark something up gets a backslash, a line feed becomes a
 * space.  In a row of a table '|' is escaped, too.
 */
void markdown_escape(struct str text, bool row, struct buf *out);

/* The same for a text that begins a line, where more marks mean something. */
void markdown_escape_line(struct str text, bool row, struct buf *out);

/* How many digits are those of an item, "1." or "1)", that a text begins with;
 * 0: it begins with none. */
size_t markdown_ordinal(struct str text);

/* One to six '#' and nothing, or white space, behind them; "#42" opens none,
 * and so can stand for a work package wherever it stands. */
bool markdown_opens_heading(struct str text);

/* A link's '[': a '!' before it makes no picture of it. */
void markdown_open_link(struct buf *out);

/* An address as the target of a link. */
void markdown_address(struct str address, struct buf *out);

/* & < > " ' escaped for HTML. */
void html_escape(struct str text, struct buf *out);

#endif
