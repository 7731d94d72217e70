#ifndef CONTENT_HTML_SIMPLE_H
#define CONTENT_HTML_SIMPLE_H

#include <stdbool.h>

#include "base/buf.h"

/* Text with runs of white space made one space.  Zeroed, it is empty. */
struct html_words {
	struct buf buf;
	bool gap; /* white space or a block's edge came last */
};

void html_words_add(struct html_words *t, struct str s);

/*
 * The plain text of HTML that is written as its tree is: known tags, each
 * closed where it was opened, nothing that a parser would have to mend.  So
 * is what OpenProject itself makes of markdown; tables, lists of tasks and
 * macros left aside.
 * False for anything else, and out is then of no use.
 */
bool html_simple(struct str html, struct html_words *out);

#endif
