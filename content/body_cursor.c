/*
 * body_cursor - a place in a line of markdown, which knows its column.
 *
 * Tabs go to every fourth column, and one may be taken in part: what is left
 * of it counts as white space that is still to come.
 */
#include "content/body_cursor.h"

#include "content/ascii.h"

bool cursor_is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

char cursor_peek(const struct cursor *c, size_t n)
{
	if (c->at + n >= c->end)
		return '\n';
	return c->p[c->at + n];
}

static size_t tab_width(size_t column)
{
	return CODE_INDENT - column % CODE_INDENT;
}

size_t cursor_indent(const struct cursor *c)
{
	size_t column = c->column;

	for (size_t i = c->at; i < c->end; i++) {
		if (c->p[i] == ' ')
			column++;
		else if (c->p[i] == '\t')
			column += tab_width(column);
		else
			break;
	}
	return c->spare + column - c->column;
}

void cursor_skip_columns(struct cursor *c, size_t columns)
{
	while (columns > 0) {
		size_t width;

		if (c->spare > 0) {
			c->spare--;
			columns--;
			continue;
		}
		width = c->p[c->at] == '\t' ? tab_width(c->column) : 1;
		c->at++;
		c->column += width;
		c->spare = width;
	}
}

void cursor_skip_indent(struct cursor *c)
{
	cursor_skip_columns(c, cursor_indent(c));
}

void cursor_skip_chars(struct cursor *c, size_t n)
{
	c->at += n;
	c->column += n;
}

bool cursor_is_blank(const struct cursor *c)
{
	size_t i = c->at;

	while (i < c->end && cursor_is_space(c->p[i]))
		i++;
	return i == c->end;
}

struct str cursor_rest(const struct cursor *c)
{
	return (struct str){c->p + c->at, c->end - c->at};
}

size_t cursor_run(const struct cursor *c)
{
	return ascii_run(cursor_rest(c), 0);
}
