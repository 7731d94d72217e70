/*
 * body_rewrite - a body copied with some of its bytes made others.
 */
#include "content/body.h"

#include <string.h>

#include "base/util.h"
#include "content/markdown_text.h"

/* At a '%': is it one of "%2F"? */
static bool is_encoded(struct str s)
{
	return s.n > 2 && hex_value(s.p[1]) >= 0 && hex_value(s.p[2]) >= 0;
}

/* Quoted or not, and in a table's row, too. */
void body_add_address(struct str address, struct buf *out)
{
	for (size_t i = 0; i < address.n; i++) {
		unsigned char c = (unsigned char)address.p[i];

		if (c <= ' ' || c == 0x7F ||
			strchr("\"'()<>\\`{|}", (char)c) != NULL)
			buf_printf(out, "%%%02X", c);
		else if (c == '&')
			buf_puts(out, "&amp;");
		else if (c == '%' && !is_encoded(str_skip(address, i)))
			buf_puts(out, "%25");
		else
			buf_putc(out, (char)c);
	}
}

static void add_text(struct str text, bool html, struct buf *out)
{
	if (!html && text.n > 0 && text.p[0] == '[') {
		markdown_open_link(out);
		text = str_skip(text, 1);
	}
	buf_add_str(out, text);
}

void body_rewrite(struct str body, const struct body_reference *refs, size_t n,
	const struct str *texts, struct buf *out)
{
	size_t at = 0;

	buf_reserve(out, body.n);
	for (size_t i = 0; i < n; i++) {
		if (texts[i].p == NULL)
			continue;
		buf_add(out, body.p + at, refs[i].start - at);
		if (refs[i].kind == REFERENCE_ATTACHMENT ||
			refs[i].kind == REFERENCE_ADDRESS)
			body_add_address(texts[i], out);
		else
			add_text(texts[i], refs[i].html, out);
		at = refs[i].start + refs[i].n;
	}
	buf_add(out, body.p + at, body.n - at);
}

/* A pair of delimiters, and what stands for an open one without its end. */
struct delimiters {
	struct str open;
	struct str close;
	struct str harmless;
};

static const struct delimiters kinds[] = {
	{{"{{<", 3}, {">}}", 3}, {"{{\xE2\x80\x8B<", 6}},
	{{"{{%", 3}, {"%}}", 3}, {"{{\xE2\x80\x8B%", 6}},
};

/*
 * Write a shortcode, or as much of it as there is, and give its length.  Hugo
 * shows what stands in a comment within delimiters, and the delimiters.  One
 * that is never closed is an error to it, comment or not, so it is parted.
 */
static size_t add_shortcode(struct str rest, const struct delimiters *kind,
	bool *never_closed, struct buf *out)
{
	struct str inside = str_skip(rest, kind->open.n);

	if (!*never_closed) {
		size_t n = str_find(inside, kind->close);

		*never_closed = n == inside.n;
		inside.n = n;
	}
	if (*never_closed) {
		buf_add_str(out, kind->harmless);
		return kind->open.n;
	}
	buf_add_str(out, kind->open);
	buf_puts(out, "/*");
	buf_add_str(out, inside);
	buf_puts(out, "*/");
	buf_add_str(out, kind->close);
	return kind->open.n + inside.n + kind->close.n;
}

void body_escape_shortcodes(struct str body, struct buf *out)
{
	bool never_closed[ARRAY_LEN(kinds)] = {false};

	buf_reserve(out, body.n);
	while (body.n > 0) {
		size_t n = str_find(body, STR("{{"));
		size_t i = 0;

		buf_add(out, body.p, n);
		body = str_skip(body, n);
		while (i < ARRAY_LEN(kinds) && !str_starts(body, kinds[i].open))
			i++;
		if (i < ARRAY_LEN(kinds)) {
			n = add_shortcode(
				body, &kinds[i], &never_closed[i], out);
		} else {
			n = body.n > 0;
			buf_add(out, body.p, n);
		}
		body = str_skip(body, n);
	}
}
