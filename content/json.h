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
 * The code point of the four hexadecimal digits behind a \u, or of eight of
 * them where \u parts a surrogate pair; *used bytes.  U+FFFD for half of a
 * pair, -1 where there are no four digits.
 */
int32_t json_unicode(struct str s, size_t *used);

#endif
