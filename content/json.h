#ifndef CONTENT_JSON_H
#define CONTENT_JSON_H

#include "base/arena.h"
#include "base/err.h"
#include "base/value.h"

/*
 * Read JSON that a person typed into a field.  Numbers keep their digits; of
 * a key that stands twice the last counts.  ERR_DATA names the character
 * where it ends being JSON.  At most 64 levels.  *out lives in the arena.
 */
int json_parse(
	struct arena *a, struct str text, struct value *out, struct err *e);

/*
 * The code unit of four hexadecimal digits at s.p, or -1; and a code point as
 * UTF-8 (a lone surrogate as U+FFFD): gives the number of bytes.
 */
int json_hex4(struct str s);
size_t json_utf8(unsigned long code, char out[4]);

#endif
