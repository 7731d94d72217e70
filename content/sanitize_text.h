#ifndef CONTENT_SANITIZE_TEXT_H
#define CONTENT_SANITIZE_TEXT_H

#include "base/arena.h"

/*
 * Valid UTF-8, with line feeds alone as line ends, and without control
 * characters; bad bytes become U+FFFD.
 */
struct str sanitize_characters(struct arena *a, struct str text);

/* The length of "<https://…>" or "<a@b.org>" at the start of s, or 0. */
size_t sanitize_autolink(struct str s);

/*
 * s starts behind "](", or behind "]:" of what may be a definition.  If an
 * address follows whose scheme is not to be let through: where its colon is,
 * and in *length how many bytes stand for that; else *length stays 0.
 */
size_t sanitize_colon(struct str s, bool definition, size_t *length);

#endif
