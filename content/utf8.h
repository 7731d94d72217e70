#ifndef CONTENT_UTF8_H
#define CONTENT_UTF8_H

#include "base/arena.h"
#include "base/str.h"

/* How many bytes of s to keep so that at most n are left, none cut apart. */
size_t utf8_cut(struct str s, size_t n);

/* Behind much of the ASCII that stands at at, quickly: where to look next. */
size_t utf8_skip_ascii(struct str s, size_t at);

bool utf8_ascii(struct str s); /* nothing but ASCII */
bool utf8_valid(struct str s);

/* With U+FFFD for each bad byte; borrows where there is none. */
struct str utf8_mend(struct arena *a, struct str s);

/* NFC; borrows where s is NFC already.  Bad bytes become U+FFFD. */
struct str utf8_nfc(struct arena *a, struct str s);

#endif
