#ifndef CONTENT_EMITTER_H
#define CONTENT_EMITTER_H

#include "content/emit.h"

/*
 * A map's members as the style wants them; the caller frees the array.
 */
const struct member **emitter_members(
	const struct value *map, const struct emit_style *style, size_t *n);

/* True if a number is within the range of a double, as readers ask. */
bool number_is_finite(struct str digits);

/* What JSON and TOML escape, though they would take some of it as it is. */
bool emitter_is_special(int32_t cp);

/*
 * Text between double quotes.  Code is a format, as in "\\u%04x", for what has
 * no escape of its own; bad bytes become U+FFFD.
 */
void emitter_quoted(struct buf *out, struct str s, const char *code);

/*
 * What the YAML emitter's two halves share: where it stands in the output,
 * as PyYAML's emitter keeps it, so that it breaks lines where that does.
 */
struct emitter {
	struct buf *out;
	bool double_quotes; /* where single ones would do */
	size_t width;       /* fold beyond that column */
	size_t column;      /* code points since the last line feed */
	size_t indent;      /* of the innermost node */
	bool whitespace;    /* a space or a line's start was written last */
	bool indention;     /* nothing but indicators in this line */
};

/* What a text needs of the style that it is written in. */
struct scalar {
	struct str text;
	size_t length; /* code points */
	bool plain;
	bool single; /* quotes will do; else double ones are needed */
	bool multiline;
};

struct scalar scalar_of(struct str text);

/* Write it in the lightest style that keeps it; keys are never folded. */
void emitter_scalar(struct emitter *e, const struct scalar *s, bool key);

/* Write text that has no spaces as it is. */
void emitter_word(struct emitter *e, struct str text);

/* Write "-", "?", ":" or the like, behind a space where one is needed. */
void emitter_indicator(
	struct emitter *e, char indicator, bool need_space, bool indention);

/* To the next line, unless this one holds nothing yet, and indent it. */
void emitter_indent(struct emitter *e);

void emitter_line_feed(struct emitter *e);

/* True if a YAML 1.1 or 1.2 reader takes the plain text for no string. */
bool scalar_is_ambiguous(struct str text);

#endif
