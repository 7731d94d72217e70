#ifndef CONTENT_BODY_CURSOR_H
#define CONTENT_BODY_CURSOR_H

#include "base/str.h"

#define CODE_INDENT 4 /* columns that make code, and a tab's width */

struct cursor {
	const char *p; /* the whole text */
	size_t at;
	size_t end; /* of the line, without its line feed */
	size_t column;
	size_t spare; /* columns of a tab that was taken in part */
};

bool cursor_is_space(char c);

/* The character n bytes on, or a line feed behind the end. */
char cursor_peek(const struct cursor *c, size_t n);

/* Columns of white space that come next. */
size_t cursor_indent(const struct cursor *c);

/* Go on by columns of white space, of which there are enough. */
void cursor_skip_columns(struct cursor *c, size_t columns);
void cursor_skip_indent(struct cursor *c);
void cursor_skip_chars(struct cursor *c, size_t n);

/* True if only white space comes. */
bool cursor_is_blank(const struct cursor *c);
struct str cursor_rest(const struct cursor *c);

/* How often the character that comes next is there. */
size_t cursor_run(const struct cursor *c);

#endif
