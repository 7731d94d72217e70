#ifndef CONTENT_HTML_H
#define CONTENT_HTML_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

/*
 * The plain text of HTML, by gumbo: entities resolved, runs of white space
 * one space, blocks (and br) separated by one space, no-break spaces kept,
 * script, style and comments left out.  ERR_DATA for more than 4 MiB, more
 * than 512 tags open at once (checked before gumbo sees it), or a tree of more
 * than 192 MiB.
 */
int html_text(struct arena *a, struct str html, struct str *out, struct err *e);

/* The same, always by gumbo: for tests. */
int html_text_parsed(
	struct arena *a, struct str html, struct str *out, struct err *e);

#endif
