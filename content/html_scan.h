#ifndef CONTENT_HTML_SCAN_H
#define CONTENT_HTML_SCAN_H

#include "base/str.h"

/*
 * The greatest number of tags that are open at once in HTML, never less than
 * a parser would find.  Stops counting beyond max.  Only an end tag of the
 * newest open one closes it; so what is badly nested counts as open.
 */
size_t html_depth(struct str html, size_t max);

#endif
