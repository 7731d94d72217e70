/*
 * emit_scalar - one text in YAML: plain, in single or in double quotes.
 *
 * The rules, and the places where lines are folded, are those of PyYAML's
 * emitter (analyze_scalar, write_plain, write_single_quoted and
 * write_double_quoted), so that the bytes are the same.  It differs where
 * its output is not safe for every reader: ambiguous texts are quoted, and
 * U+0085, U+2028 and U+2029, which YAML 1.2 does not take for line breaks,
 * are escaped.  And it keeps what is beyond U+FFFF in double quotes, too.
 */
#include "content/emitter.h"

#include <stdint.h>

#include "base/utf8.h"
#include "base/word.h"
#include "content/ascii.h"

void emitter_line_feed(struct emitter *e)
{
	buf_putc(e->out, '\n');
	e->whitespace = true;
	e->indention = true;
	e->column = 0;
}

void emitter_indent(struct emitter *e)
{
	if (!e->indention || e->column > e->indent ||
		(e->column == e->indent && !e->whitespace))
		emitter_line_feed(e);
	if (e->column >= e->indent)
		return;
	e->whitespace = true;
	while (e->column < e->indent) {
		buf_putc(e->out, ' ');
		e->column++;
	}
}

/* Add n bytes that are length columns wide. */
static void add(struct emitter *e, const char *p, size_t n, size_t length)
{
	buf_add(e->out, p, n);
	e->column += length;
}

void emitter_indicator(
	struct emitter *e, char indicator, bool need_space, bool indention)
{
	if (need_space && !e->whitespace)
		add(e, " ", 1, 1);
	add(e, &indicator, 1, 1);
	e->whitespace = false;
	e->indention = e->indention && indention;
}

void emitter_word(struct emitter *e, struct str text)
{
	if (!e->whitespace)
		add(e, " ", 1, 1);
	add(e, text.p, text.n, text.n);
	e->whitespace = false;
	e->indention = false;
}

/* Code points in n bytes of valid UTF-8. */
static size_t columns(const char *p, size_t n)
{
	size_t length = n;

	for (; n >= WORD_SIZE; n -= WORD_SIZE, p += WORD_SIZE)
		length -= word_count(word_continues(word_load(p)));
	for (size_t i = 0; i < n; i++)
		length -= ascii_continues(p[i]);
	return length;
}

/* Characters that only an escape can write. */
static bool is_special(int32_t cp)
{
	if (cp < 0x7F)
		return cp < 0x20 && cp != '\n'; /* a bad byte is -1 */
	return cp < 0xA0 || cp == 0x2028 || cp == 0x2029 || cp == 0xFEFF ||
	       cp == 0xFFFE || cp == 0xFFFF || cp == 0x10FFFF;
}

static bool is_blank_at(struct str s, size_t i)
{
	return i >= s.n || s.p[i] == ' ' || s.p[i] == '\n';
}

/* Those that no plain text starts with. */
static bool is_first_indicator(char c)
{
	switch (c) {
	case '#':
	case ',':
	case '[':
	case ']':
	case '{':
	case '}':
	case '&':
	case '*':
	case '!':
	case '|':
	case '>':
	case '\'':
	case '"':
	case '%':
	case '@':
	case '`':
		return true;
	default:
		return false;
	}
}

/* An indicator at i, where a plain text may have none. */
static bool is_indicator(struct str s, size_t i)
{
	char c = s.p[i];

	if (i == 0) {
		if (is_first_indicator(c))
			return true;
		return (c == '-' || c == '?' || c == ':') && is_blank_at(s, 1);
	}
	if (c == ':')
		return is_blank_at(s, i + 1);
	return c == '#' && is_blank_at(s, i - 1);
}

/* Whether line breaks and spaces stand where quotes would lose them. */
struct blanks {
	bool ends;        /* at the start or the end */
	bool space_break; /* a space before a line feed */
	bool break_space; /* or behind one */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\n';
}

static void look_at_break(struct str s, size_t i, struct blanks *b)
{
	if (i > 0 && s.p[i - 1] == ' ')
		b->space_break = true;
	if (i + 1 < s.n && s.p[i + 1] == ' ')
		b->break_space = true;
}

/* Behind the characters that are plain wherever they stand. */
static size_t skip_plain(struct str text, size_t at)
{
	for (; text.n - at >= WORD_SIZE; at += WORD_SIZE) {
		uint64_t w = word_load(text.p + at);
		uint64_t other = word_unprintable(w) | word_equal(w, 0x7F) |
				 word_equal(w, ':') | word_equal(w, '#');

		if (other != 0)
			return at + word_first(other);
	}
	while (at < text.n && (unsigned char)(text.p[at] - ' ') <= '~' - ' ' &&
		text.p[at] != ':' && text.p[at] != '#')
		at++;
	return at;
}

struct scalar scalar_of(struct str text)
{
	struct scalar s = {.text = text};
	struct blanks blanks = {0};
	bool special = false;
	bool indicator =
		str_starts(text, STR("---")) || str_starts(text, STR("..."));
	size_t from = 0;

	if (text.n > 0) {
		indicator = indicator || is_indicator(text, 0);
		blanks.ends =
			is_blank(text.p[0]) || is_blank(text.p[text.n - 1]);
	}
	for (size_t at; (at = skip_plain(text, from)) < text.n; s.length++) {
		char c = text.p[at];

		s.length += at - from;
		from = at + 1;
		if (c == ':' || c == '#') {
			indicator = indicator || is_indicator(text, at);
		} else if (c == '\n') {
			s.multiline = true;
			look_at_break(text, at, &blanks);
		} else {
			special = is_special(utf8_next(text, &at)) || special;
			from = at;
		}
	}
	s.length += text.n - from;
	s.single = !special && !blanks.space_break && !blanks.break_space;
	s.plain = s.single && !s.multiline && !indicator && !blanks.ends &&
		  !scalar_is_ambiguous(text);
	return s;
}

/* Write a run of spaces, or fold the line at a single one. */
static void write_spaces(struct emitter *e, struct str run, bool may_fold)
{
	if (run.n == 1 && may_fold && e->column > e->width)
		emitter_indent(e);
	else
		add(e, run.p, run.n, run.n);
}

/* Behind n code points from at on, or at the end. */
static size_t skip_columns(const struct scalar *s, size_t at, size_t n)
{
	size_t left = s->text.n - at;

	if (n >= left)
		return s->text.n;
	if (s->length == s->text.n)
		return at + n; /* all ASCII */
	for (; n > 0 && at < s->text.n; n--)
		utf8_next(s->text, &at);
	return at;
}

/* The single space where a line that goes on at at is folded, or the end. */
static size_t fold_place(
	const struct emitter *e, const struct scalar *s, size_t at)
{
	struct str text = s->text;
	const char *space;

	if (e->column <= e->width)
		at = skip_columns(s, at, e->width + 1 - e->column);
	for (; at < text.n; at++) {
		space = memchr(text.p + at, ' ', text.n - at);
		if (space == NULL)
			return text.n;
		at = (size_t)(space - text.p);
		if (at > 0 && space[-1] != ' ' && !is_blank_at(text, at + 1))
			return at;
	}
	return text.n;
}

static void write_plain(
	struct emitter *e, const struct scalar *s, bool may_fold)
{
	struct str text = s->text;
	size_t at;

	if (!e->whitespace)
		add(e, " ", 1, 1);
	e->whitespace = false;
	e->indention = false;
	if (!may_fold || e->column + s->length <= e->width) {
		add(e, text.p, text.n, s->length);
		return;
	}
	for (size_t from = 0; from < text.n; from = at + 1) {
		at = fold_place(e, s, from);
		add(e, text.p + from, at - from,
			columns(text.p + from, at - from));
		if (at < text.n)
			emitter_indent(e);
	}
}

/* A run of line feeds: one more than they are, and the next line's indent. */
static void write_breaks(struct emitter *e, size_t n)
{
	for (size_t i = 0; i <= n; i++)
		emitter_line_feed(e);
	emitter_indent(e);
}

static size_t word_at(struct str text, size_t at)
{
	size_t n = 0;

	while (at + n < text.n && text.p[at + n] != ' ' &&
		text.p[at + n] != '\n' && text.p[at + n] != '\'')
		n++;
	return n;
}

static void write_single_quoted(struct emitter *e, struct str text, bool split)
{
	emitter_indicator(e, '\'', true, false);
	for (size_t at = 0; at < text.n;) {
		char c = text.p[at];
		size_t n = ascii_run(text, at);

		switch (c) {
		case ' ':
			write_spaces(e, (struct str){text.p + at, n},
				split && at != 0 && at + n != text.n);
			break;
		case '\n':
			write_breaks(e, n);
			break;
		case '\'':
			n = 1;
			add(e, "''", 2, 2);
			break;
		default:
			n = word_at(text, at);
			add(e, text.p + at, n, columns(text.p + at, n));
		}
		at += n;
	}
	emitter_indicator(e, '\'', false, false);
}

/* True if double quotes hold cp as it is. */
static bool is_kept(int32_t cp)
{
	if (cp < 0x7F)
		return cp >= ' ' && cp != '"' && cp != '\\';
	return !is_special(cp);
}

static void write_escape(struct emitter *e, int32_t cp)
{
	static const char names[] = "0\0a\ab\bt\tn\nv\vf\fr\re\033\"\"\\\\";
	size_t before = e->out->n;

	buf_putc(e->out, '\\');
	for (size_t i = 0; i + 1 < sizeof(names) - 1; i += 2)
		if (names[i + 1] == cp) {
			buf_putc(e->out, names[i]);
			e->column += 2;
			return;
		}
	if (cp == 0x85)
		buf_putc(e->out, 'N');
	else if (cp == 0x2028 || cp == 0x2029)
		buf_puts(e->out, cp == 0x2028 ? "L" : "P");
	else if (cp <= 0xFF)
		buf_printf(e->out, "x%02X", (unsigned)cp);
	else if (cp <= 0xFFFF)
		buf_printf(e->out, "u%04X", (unsigned)cp);
	else
		buf_printf(e->out, "U%08X", (unsigned)cp);
	e->column += e->out->n - before;
}

/* A piece of kept text that is not written yet. */
struct pending {
	size_t start;
	size_t length; /* code points */
};

static void flush(
	struct emitter *e, struct str text, struct pending *p, size_t end)
{
	add(e, text.p + p->start, end - p->start, p->length);
	*p = (struct pending){end, 0};
}

/* End the line with a backslash; the next one starts with next. */
static void fold_double(struct emitter *e, char next)
{
	add(e, "\\", 1, 1);
	emitter_indent(e);
	e->whitespace = false;
	e->indention = false;
	if (next == ' ')
		add(e, "\\", 1, 1);
}

/* An escape or U+FFFD for what double quotes do not hold. */
static void write_special(struct emitter *e, int32_t cp)
{
	if (cp < 0)
		add(e, "\xEF\xBF\xBD", 3, 1);
	else
		write_escape(e, cp);
}

/*
 * PyYAML looks whether to fold before it takes a space into the line, behind
 * every escape (which it then counts as one column less), and before what
 * comes next there; but a line that was just begun is never folded.
 */
static void write_double_quoted(struct emitter *e, struct str text, bool split)
{
	struct pending p = {0};
	bool fresh = false; /* folded behind the last escape */

	emitter_indicator(e, '"', true, false);
	for (size_t at = 0; at < text.n;) {
		size_t here = at;
		int32_t cp = utf8_next(text, &at);
		bool kept = is_kept(cp);
		bool may_fold = !kept || cp == ' ' || p.start == here;

		if (!kept) {
			flush(e, text, &p, here);
			write_special(e, cp);
			p.start = at;
		}
		if (kept && fresh)
			may_fold = false;
		fresh = split && may_fold && here > 0 && at < text.n &&
			e->column + p.length > e->width + !kept;
		if (fresh) {
			flush(e, text, &p, kept ? here : at);
			fold_double(e, text.p[p.start]);
		}
		p.length += kept;
	}
	flush(e, text, &p, text.n);
	emitter_indicator(e, '"', false, false);
}

void emitter_scalar(struct emitter *e, const struct scalar *s, bool key)
{
	if (s->plain)
		write_plain(e, s, !key);
	else if (s->single && !e->double_quotes && !(key && s->multiline))
		write_single_quoted(e, s->text, !key);
	else
		write_double_quoted(e, s->text, !key);
}
