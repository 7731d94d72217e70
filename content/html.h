#ifndef CONTENT_HTML_H
#define CONTENT_HTML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * The plain text of HTML, by gumbo: entities resolved, runs of white space
 * one space, blocks (and br) separated by one space, no-break spaces kept,
 * script, style and comments left out.  ERR_DATA beyond html_tree_parse()'s
 * limits.
 */
int html_text(struct arena *a, struct str html, struct str *out, struct err *e);

/* The same, always by gumbo: for tests. */
int html_text_parsed(
	struct arena *a, struct str html, struct str *out, struct err *e);

#endif
