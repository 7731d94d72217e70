#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdint.h>

#include "base/str.h"

/*
 * The code point at *at (which must be < s.n), and *at moved behind it.  -1,
 * and one byte on, for a byte that is no UTF-8 there.
 */
int32_t utf8_next_long(struct str s, size_t *at); /* beyond ASCII */

static inline int32_t utf8_next(struct str s, size_t *at)
{
	unsigned char first = (unsigned char)s.p[*at];

	if (first >= 0x80)
		return utf8_next_long(s, at);
	*at += 1;
	return first;
}

/*
 * Does it direct what shows a text, rather than be shown?  Control characters,
 * those that turn its direction, and what has no width; not the joiners, which
 * words and emoji are written with.
 */
bool utf8_steers(int32_t cp);

/* Append a code point's bytes at p (room for 4); gives their number. */
size_t utf8_put(char *p, int32_t cp);

#endif
