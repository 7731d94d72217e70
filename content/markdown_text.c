/*
 * markdown_text - plain text written so that markdown shows it as it is.
 */
#include "content/markdown_text.h"

#include "content/ascii.h"

static bool is_word(struct str s, size_t i)
{
	return i < s.n &&
	       ((unsigned char)s.p[i] >= 0x80 || ascii_alnum(s.p[i]));
}

/* "&amp;", "&#38;": what a reader would make one character of. */
static bool is_entity(struct str s)
{
	size_t n = 1;

	if (n < s.n && s.p[n] == '#')
		n++;
	while (n < s.n && n < 40 && ascii_alnum(s.p[n]))
		n++;
	return n > 1 && n < s.n && s.p[n] == ';';
}

/* What a reader takes off the end of a heading. */
static bool closes_heading(struct str text, size_t i)
{
	if (i > 0 && text.p[i - 1] != ' ')
		return false;
	while (i < text.n && text.p[i] == '#')
		i++;
	return i == text.n;
}

static bool needs_backslash(struct str text, size_t i, bool row)
{
	switch (text.p[i]) {
	case '\\':
	case '`':
	case '*':
	case '[':
	case ']':
	case '~':
		return true;
	case '_':
		return i == 0 || !is_word(text, i - 1) || !is_word(text, i + 1);
	case '#':
		return closes_heading(text, i);
	case '|':
		return row;
	default:
		return false;
	}
}

void markdown_escape(struct str text, bool row, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		/* Entities, as they hold where a reader sees HTML, too. */
		if (c == '<') {
			buf_puts(out, "&lt;");
			continue;
		}
		/* Of a list of attributes. */
		if (c == '{' || c == '}') {
			buf_printf(out, "&#%d;", c);
			continue;
		}
		if (needs_backslash(text, i, row))
			buf_putc(out, '\\');
		if (c == '\n' || c == '\r')
			c = ' ';
		buf_putc(out, c);
		if (c == '&' && is_entity(str_skip(text, i)))
			buf_puts(out, "amp;");
	}
}

size_t markdown_ordinal(struct str text)
{
	size_t digits = 0;

	while (digits < text.n && digits < 9 && ascii_digit(text.p[digits]))
		digits++;
	return digits < text.n &&
			       (text.p[digits] == '.' || text.p[digits] == ')')
		       ? digits
		       : 0;
}

bool markdown_opens_heading(struct str text)
{
	size_t run = ascii_at(text, 0) == '#' ? ascii_run(text, 0) : 0;

	return run > 0 && run <= 6 &&
	       (run == text.n || ascii_space(text.p[run]));
}

void markdown_escape_line(struct str text, bool row, struct buf *out)
{
	size_t digits = markdown_ordinal(text);

	if (digits > 0) {
		buf_add(out, text.p, digits);
		buf_putc(out, '\\');
		buf_putc(out, text.p[digits]);
		text = str_skip(text, digits + 1);
	} else if (markdown_opens_heading(text) ||
		   (text.n > 0 && text.p[0] != '\0' &&
			   strchr("+-=>:|", text.p[0]) != NULL)) {
		buf_putc(out, '\\');
		buf_putc(out, text.p[0]);
		text = str_skip(text, 1);
	}
	markdown_escape(text, row, out);
}

void markdown_open_link(struct buf *out)
{
	size_t mark = out->n;
	size_t at = out->n;

	if (at > 0 && out->p[at - 1] == '!')
		mark = --at;
	while (at > 0 && out->p[at - 1] == '\\')
		at--;
	if (mark < out->n && (mark - at) % 2 == 0) {
		out->p[mark] = '\\';
		buf_putc(out, '!');
	}
	buf_putc(out, '[');
}

void markdown_address(struct str address, struct buf *out)
{
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c <= ' ' || c == 0x7F ||
			strchr("\"'()<>\\`{|}", (char)c) != NULL)
			buf_printf(out, "%%%02X", c);
		else if (c == '&' && is_entity(str_skip(address, i)))
			buf_puts(out, "&amp;");
		else
			buf_putc(out, (char)c);
	}
}

void html_escape(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		switch (text.p[i]) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		case '\'':
			buf_puts(out, "&#39;");
			break;
		default:
			buf_putc(out, text.p[i]);
		}
	}
}
