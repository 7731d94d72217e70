#ifndef CONTENT_HTML_SCAN_H
#define CONTENT_HTML_SCAN_H

#include "base/str.h"

/*
 * What a parser takes quadratic time in, never less than it would find: the
 * greatest number of tags that are open at once, and of attributes of one.
 * Only an end tag of the newest open one closes it; so what is badly nested
 * counts as open.
 */
struct html_size {
	size_t depth;
	size_t attributes;
};

/* The scan stops where one of both is greater than max. */
struct html_size html_size(struct str html, size_t max);

#endif
