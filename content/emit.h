#ifndef CONTENT_EMIT_H
#define CONTENT_EMIT_H

#include "base/buf.h"
#include "base/value.h"

/* How front matter is written. */
struct emit_style {
	bool sorted;           /* keys of maps by byte order, else as given */
	size_t width;          /* fold plain and quoted text there; 0: never */
	bool indent_sequences; /* "- " two columns in from the key */
	bool omit_null;        /* leave out members whose value is null */
};

/*
 * Write a map as YAML in PyYAML's block style (safe_dump, allow_unicode,
 * default_flow_style=False): the same bytes wherever a string is one that
 * PyYAML and YAML 1.2 readers agree about, quoted where any YAML 1.1 or 1.2
 * reader would take it for something else.  Numbers as their digits, but
 * floats with a point (1e-07 becomes 1.0e-07).  All Unicode is kept, but
 * control characters, U+0085, U+2028, U+2029 and U+FEFF are escaped (and with
 * them, as PyYAML does, what is beyond U+FFFF in the same text).  Adds to out,
 * with a line feed at the end; no "---".
 */
void emit_yaml(const struct value *map, const struct emit_style *style,
	struct buf *out);

/* Compact JSON of a value, UTF-8 kept. */
void emit_json(const struct value *v, struct buf *out);

#endif
