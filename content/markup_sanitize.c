/*
 * markup_sanitize - markdown from strangers, made harmless.
 *
 * What is code and what is HTML depends on the reader's idea of markdown, and
 * an attacker looks for the place where it differs from ours.  So nothing
 * rests on ours but what no reader can see otherwise: a fence that starts at
 * the margin and ends, before which no other fence was in doubt, and a code
 * span that ends in its line, in a paragraph without HTML.  These stay byte
 * for byte.  Everywhere else
 *
 *   - a tag is written anew with what the list allows, or it goes; any other
 *     '<' is escaped.  In what we take for code it is parted from the letter
 *     behind it by a zero-width space, which harms neither reading;
 *   - an address whose scheme is not on the list loses its colon, wherever
 *     one could stand: behind "](" and "]:";
 *   - the '{' of a list of attributes is escaped.
 *
 * Tags that are open at the end are closed, as is a fence, so that what
 * follows in the document is not taken in.
 */
#include <string.h>

#include "content/ascii.h"
#include "content/body_walk.h"
#include "content/markup.h"
#include "content/sanitize.h"
#include "content/sanitize_inline.h"
#include "content/sanitize_text.h"
#include "content/utf8.h"

static bool is_blank(struct str line)
{
	for (size_t i = 0; i < line.n; i++)
		if (line.p[i] != ' ' && line.p[i] != '\t')
			return false;
	return true;
}

/* --- Lines -------------------------------------------------------------- */

/* Could a line open or end a fence, whatever marks stand before it? */
static bool is_like_fence(struct str line)
{
	for (size_t i = 0; i < line.n; i++) {
		size_t n = ascii_run(line, i);

		if (n >= 3 && line.p[i] == '~')
			return true;
		if (n >= 3 && line.p[i] == '`' &&
			memchr(line.p + i + n, '`', line.n - i - n) == NULL)
			return true;
		i += n - 1;
	}
	return false;
}

/* A line within a fence, as we see it, or the one that opens or ends it. */
static bool clean_fence_line(struct cleaning *c, struct str line)
{
	size_t mark = 0;
	size_t n;

	while (mark < line.n && line.p[mark] != '`' && line.p[mark] != '~')
		mark++;
	n = mark < line.n ? ascii_run(line, mark) : 0;
	if (c->fence == '\0' && !is_like_fence(line))
		return false;
	if (c->fence == '\0') {
		if (n >= 3)
			c->fence = line.p[mark];
		c->fence_length = n;
	} else if (n >= c->fence_length && line.p[mark] == c->fence &&
		   is_blank(str_skip(line, mark + n))) {
		c->fence = '\0';
	}
	clean_code(c, c->at + line.n);
	return true;
}

static void clean_line(struct cleaning *c)
{
	struct str line = cleaning_line(c, c->at);
	size_t end = c->at + line.n;

	c->line_end = end;
	c->ends_in_code = clean_fence_line(c, line);
	if (c->ends_in_code)
		return;
	if (str_starts(line, STR("    ")) || str_starts(line, STR("\t"))) {
		/* Perhaps code; then no tag works, nor does an escape show. */
		struct seen_tag tag;
		size_t angle = c->at;

		while (angle < end && c->text.p[angle] != '<')
			angle++;
		if (angle < end && !walk_tag(c->text, angle, c->end, &tag)) {
			clean_code(c, end);
			return;
		}
	}
	while (c->at < end)
		clean_one(c);
}

/* After what was written last: has a fence come of it? */
static void doubt_fences(struct cleaning *c, size_t start)
{
	struct str written = str_skip(buf_str(&c->out), start);

	while (c->fences_trusted && written.n > 0) {
		struct str line = {written.p, str_find(written, STR("\n"))};

		if (is_like_fence(line))
			c->fences_trusted = false;
		written = str_skip(
			written, line.n < written.n ? line.n + 1 : line.n);
	}
}

/* --- Fences beyond doubt ------------------------------------------------ */

/* The length of the marks that open a fence at the margin; 0 if none do. */
static size_t opens_fence(struct str line)
{
	size_t n = line.n > 0 ? ascii_run(line, 0) : 0;

	if (n < 3 || (line.p[0] != '`' && line.p[0] != '~'))
		return 0;
	if (line.p[0] == '`' && memchr(line.p + n, '`', line.n - n) != NULL)
		return 0;
	return n;
}

static bool closes_fence(struct str line, char mark, size_t length)
{
	size_t indent = 0;
	size_t n;

	while (indent < line.n && indent < 3 && line.p[indent] == ' ')
		indent++;
	line = str_skip(line, indent);
	n = line.n > 0 && line.p[0] == mark ? ascii_run(line, 0) : 0;
	return n >= length && is_blank(str_skip(line, n));
}

/* "```ruby": the marks and one word, without attributes. */
static void put_opening(struct cleaning *c, struct str line, size_t marks)
{
	size_t at = marks;

	buf_add(&c->out, line.p, marks);
	while (at < line.n && ascii_space(line.p[at]))
		at++;
	while (at < line.n &&
		(ascii_name(line.p[at]) || strchr("+-.#", line.p[at]) != NULL))
		buf_putc(&c->out, line.p[at++]);
	buf_putc(&c->out, '\n');
}

/* Copy a fence with all that is in it; false if there is none. */
static bool copy_fence(struct cleaning *c)
{
	struct str line = cleaning_line(c, c->at);
	size_t length = opens_fence(line);
	char mark = ascii_at(line, 0);
	bool closed = false;

	if (length == 0 || !c->fences_trusted || c->had_tag || c->after_label)
		return false;
	put_opening(c, line, length);
	c->at = cleaning_behind_line(c, c->at);
	while (c->at < c->text.n && !closed) {
		size_t behind = cleaning_behind_line(c, c->at);

		closed = closes_fence(cleaning_line(c, c->at), mark, length);
		buf_add(&c->out, c->text.p + c->at, behind - c->at);
		c->at = behind;
	}
	if (!closed) {
		if (cleaning_last(c) != '\n')
			buf_putc(&c->out, '\n');
		while (length-- > 0)
			buf_putc(&c->out, mark);
		buf_putc(&c->out, '\n');
	}
	c->ends_in_code = true;
	return true;
}

/* --- All ---------------------------------------------------------------- */

/* Lines up to a blank one, or to a fence at the margin. */
static size_t chunk_end(const struct cleaning *c)
{
	size_t at = cleaning_behind_line(c, c->at);

	while (at < c->text.n) {
		struct str line = cleaning_line(c, at);

		if (is_blank(line) ||
			(c->fences_trusted && opens_fence(line) > 0))
			break;
		at = cleaning_behind_line(c, at);
	}
	return at;
}

static bool ends_with_label(struct str s)
{
	while (s.n > 0 && ascii_space(s.p[s.n - 1]))
		s.n--;
	return str_ends(s, STR("]:"));
}

static void clean_chunk(struct cleaning *c)
{
	size_t start = c->out.n;

	c->end = chunk_end(c);
	c->spans_trusted = !c->had_tag && c->fence == '\0' &&
			   cleaning_trusts_spans(c, c->at, c->end);
	while (c->at < c->end) {
		clean_line(c);
		if (c->at < c->end && c->text.p[c->at] == '\n') {
			buf_putc(&c->out, '\n');
			c->at++;
		}
	}
	/* Some readers take even a fence for the address that is to come. */
	c->after_label = ends_with_label(buf_str(&c->out));
	doubt_fences(c, start);
}

static void close_tags(struct cleaning *c)
{
	size_t feeds = 0;

	if (c->n_open == 0)
		return;
	if (c->ends_in_code)
		buf_puts(&c->out, cleaning_last(c) == '\n' ? "\n" : "\n\n");
	while (!c->ends_in_code && feeds < c->out.n &&
		c->out.p[c->out.n - 1 - feeds] == '\n')
		feeds++;
	c->out.n -= feeds;
	while (c->n_open > 0)
		sanitize_end_tag(c->open[--c->n_open], &c->out);
	for (size_t i = 0; i < feeds; i++)
		buf_putc(&c->out, '\n');
}

struct str markup_sanitize(struct arena *a, struct str text)
{
	struct cleaning *c = ARENA_NEW(a, struct cleaning);

	c->text = sanitize_characters(a, text);
	c->fences_trusted = true;
	while (c->at < c->text.n) {
		struct str line = cleaning_line(c, c->at);

		if (is_blank(line)) {
			size_t behind = cleaning_behind_line(c, c->at);

			buf_add(&c->out, line.p, behind - c->at);
			c->at = behind;
			c->had_tag = false;
			c->after_label = false;
			c->address = 0;
		} else if (!copy_fence(c)) {
			clean_chunk(c);
		}
	}
	close_tags(c);
	return utf8_mend(a, arena_take(a, &c->out));
}
