#ifndef CONTENT_EMIT_H
#define CONTENT_EMIT_H

#include "base/buf.h"
#include "base/value.h"

enum emit_format { EMIT_YAML, EMIT_TOML, EMIT_JSON };

/* Which quotes a text gets where it needs some and both would do. */
enum emit_quotes { QUOTES_USUAL, QUOTES_SINGLE, QUOTES_DOUBLE };

/* How front matter is written. */
struct emit_style {
	bool sorted;           /* keys of maps by byte order, else as given */
	size_t width;          /* fold plain and quoted text there; 0: never */
	bool indent_sequences; /* "- " two columns in from the key */
	bool omit_null;        /* leave out members whose value is null */
	enum emit_quotes quotes; /* usual: single in YAML, double in TOML */
	enum emit_format format;
};

/* A map in the style's format, as all that a file holds. */
void emit_data(const struct value *map, const struct emit_style *style,
	struct buf *out);

/* A map as front matter, between the lines that mark its format. */
void emit_front_matter(const struct value *map, const struct emit_style *style,
	struct buf *out);

/*
 * Write a map as YAML in PyYAML's block style (safe_dump, allow_unicode,
 * default_flow_style=False): the same bytes wherever a string is one that
 * PyYAML and YAML 1.2 readers agree about, quoted where any YAML 1.1 or 1.2
 * reader would take it for something else.  Numbers as their digits, but
 * floats with a point (1e-07 becomes 1.0e-07).  All Unicode is kept (also in
 * double quotes, where PyYAML escapes what is beyond U+FFFF), but control
 * characters, U+0085, U+2028, U+2029, U+FEFF and non-characters are escaped.
 * Adds to out, with a line feed at the end; no "---".
 */
void emit_yaml(const struct value *map, const struct emit_style *style,
	struct buf *out);

/*
 * Write a map as TOML 1.0: values first, then a table for each map and one
 * for each item of a list of maps.  What TOML cannot say is left out (null)
 * or becomes a string (numbers that no reader can hold).
 */
void emit_toml(const struct value *map, const struct emit_style *style,
	struct buf *out);

/* Write a map as JSON, a line for each value, a line feed at the end. */
void emit_json_lines(const struct value *map, const struct emit_style *style,
	struct buf *out);

/* Compact JSON of a value, UTF-8 kept. */
void emit_json(const struct value *v, struct buf *out);

#endif
