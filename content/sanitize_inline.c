/*
 * sanitize_inline - tags, addresses and code within the lines of markdown.
 *
 * Whatever a reader takes the line for, what is written here does no harm: see
 * markup_sanitize.c.
 */
#include "content/sanitize_inline.h"

#include <string.h>
#include <strings.h>

#include "content/ascii.h"
#include "content/body_walk.h"
#include "content/markdown_text.h"
#include "content/sanitize.h"
#include "content/sanitize_text.h"

#define MAX_SPAN 4096
#define MAX_ATTRIBUTES 1000
#define MAX_ADDRESS 10000 /* bytes that one may begin before */

static const char part[] = "\xE2\x80\x8B"; /* U+200B */

struct str cleaning_line(const struct cleaning *c, size_t at)
{
	struct str line = str_skip(c->text, at);

	line.n = str_find(line, STR("\n"));
	return line;
}

size_t cleaning_behind_line(const struct cleaning *c, size_t at)
{
	size_t end = at + cleaning_line(c, at).n;

	return end < c->text.n ? end + 1 : end;
}

/* --- Tags --------------------------------------------------------------- */

char cleaning_last(const struct cleaning *c)
{
	if (c->out.n == 0)
		return '\n';
	return c->out.p[c->out.n - 1];
}

static const GumboNode *first_element(const GumboNode *parent)
{
	const GumboVector *children = html_children(parent);
	const GumboNode *first =
		children->length > 0 ? children->data[0] : NULL;

	return first != NULL && first->type == GUMBO_NODE_ELEMENT ? first
								  : NULL;
}

/* The attributes of a tag, by gumbo: entities are many. */
static void put_start_tag(struct cleaning *c, const struct seen_tag *tag)
{
	struct html_tree tree = {0};
	struct buf b = {0};
	struct err ignored;
	size_t behind_name = (size_t)(tag->name.p - c->text.p) + tag->name.n;

	buf_puts(&b, "<x");
	buf_add(&b, c->text.p + behind_name, tag->end - behind_name);
	if (tag->end - behind_name > 1 &&
		html_tree_parse(&tree, buf_str(&b), &ignored) == 0) {
		sanitize_start_tag(
			tag->name, first_element(tree.body), &c->out);
	} else {
		sanitize_start_tag(tag->name, NULL, &c->out);
	}
	html_tree_fini(&tree);
	buf_fini(&b);
}

/* End tags without a start go; those that are skipped are as good as ended. */
static void put_end_tag(struct cleaning *c, struct str name)
{
	size_t n = c->n_open;

	while (n > 0 && !ascii_same(c->open[n - 1], name))
		n--;
	if (n == 0)
		return;
	c->n_open = n - 1;
	sanitize_end_tag(name, &c->out);
}

static bool put_allowed(struct cleaning *c, const struct seen_tag *tag)
{
	if (tag->closing) {
		put_end_tag(c, tag->name);
		return true;
	}
	if (!sanitize_is_void(tag->name)) {
		if (c->n_open == MAX_OPEN)
			return false;
		c->open[c->n_open++] = tag->name;
	}
	/* Up to its end there is no markdown, whatever lines are blank. */
	if (tag->name.n == 3 && strncasecmp(tag->name.p, "pre", 3) == 0)
		c->fences_trusted = false;
	put_start_tag(c, tag);
	return true;
}

static bool is_lost(const struct cleaning *c, struct str name)
{
	for (size_t i = 0; i < c->n_lost; i++)
		if (ascii_same(c->lost[i], name))
			return true;
	return false;
}

/* Behind an element that goes as a whole, or only its tag if it never ends. */
static size_t cut(struct cleaning *c, const struct seen_tag *tag)
{
	char name[16] = "";
	size_t end = 0;

	if (tag->closing || tag->name.n >= sizeof(name))
		return tag->end;
	memcpy(name, tag->name.p, tag->name.n);
	if (!is_lost(c, tag->name))
		end = walk_behind_end(c->text, tag->end, c->text.n, name);
	if (end == 0) {
		if (c->n_lost < MAX_CUT && !is_lost(c, tag->name))
			c->lost[c->n_lost++] = tag->name;
		return tag->end;
	}
	while (end < c->text.n && c->text.p[end] != '>' &&
		c->text.p[end] != '<')
		end++;
	if (end < c->text.n && c->text.p[end] == '>')
		end++;
	while (c->end < end)
		c->end = cleaning_behind_line(c, c->end);
	return end;
}

/* Give the place behind a tag that was dealt with; 0 if it is none. */
static size_t clean_tag(struct cleaning *c, size_t at)
{
	struct seen_tag tag;

	if (!walk_tag(c->text, at, c->end, &tag))
		return 0;
	switch (sanitize_element(tag.name)) {
	case ELEMENT_ALLOWED:
		return put_allowed(c, &tag) ? tag.end : 0;
	case ELEMENT_DROPPED:
		return tag.end;
	case ELEMENT_CUT:
		return cut(c, &tag);
	case ELEMENT_UNKNOWN:
		break;
	}
	return 0;
}

/*
 * "<https://example.org>" as a link in brackets: where a reader sees HTML, it
 * would be an element, with attributes.  Behind it, or 0.
 */
static size_t clean_autolink(struct cleaning *c, size_t at)
{
	struct str rest = {c->text.p + at, c->end - at};
	size_t n = sanitize_autolink(rest);
	struct str address = {rest.p + 1, n - 2};

	if (n == 0)
		return 0;
	markdown_open_link(&c->out);
	markdown_escape(address, true, &c->out);
	buf_puts(&c->out, "](");
	if (memchr(address.p, ':', address.n) == NULL)
		buf_puts(&c->out, "mailto:");
	markdown_address(address, &c->out);
	buf_putc(&c->out, ')');
	return at + n;
}

/* As a block of HTML does, outside of quotes and lists. */
static bool begins_block(const struct cleaning *c, size_t at)
{
	for (int i = 0; i < 3 && at > 0 && c->text.p[at - 1] == ' '; i++)
		at--;
	return at == 0 || c->text.p[at - 1] == '\n';
}

/* Behind a comment, or 0; one that is a block may have blank lines in it. */
static size_t skip_comment(struct cleaning *c, size_t at)
{
	bool block = !c->no_comment_block && begins_block(c, at);
	struct str rest = {c->text.p + at, (block ? c->text.n : c->end) - at};
	size_t n;

	if (!str_starts(rest, STR("<!--")) ||
		(!block && c->no_comment == c->end))
		return 0;
	n = str_find(str_skip(rest, 4), STR("-->"));
	if (4 + n < rest.n) {
		at += 4 + n + 3;
		while (c->end < at)
			c->end = cleaning_behind_line(c, c->end);
		return at;
	}
	if (block)
		c->no_comment_block = true;
	c->no_comment = c->end;
	return 0;
}

/*
 * Where something went, what stood on both sides of it must not come to be an
 * address that was not looked at.
 */
static void part_address(struct cleaning *c)
{
	if (c->address > 0 && c->out.n - c->address < MAX_ADDRESS)
		buf_puts(&c->out, part);
}

static size_t clean_angle(struct cleaning *c, size_t at)
{
	char next = ascii_at(c->text, at + 1);
	size_t before = c->out.n;
	size_t behind;

	c->had_tag = true;
	/* What no reader takes for a tag, and is written as it is. */
	if (next != '\0' && strchr(" =-\n0123456789", next) != NULL) {
		buf_putc(&c->out, '<');
		return at + 1;
	}
	behind = skip_comment(c, at);
	if (behind == 0)
		behind = clean_tag(c, at);
	if (behind == 0)
		behind = clean_autolink(c, at);
	if (behind == 0) {
		buf_puts(&c->out, "&lt;");
		return at + 1;
	}
	if (c->out.n == before)
		part_address(c);
	return behind;
}

/* --- Addresses ---------------------------------------------------------- */

/* Behind "](" or "]:": note a colon that is to go. */
static void look_at_address(struct cleaning *c, size_t at, bool definition)
{
	struct str rest = str_skip(c->text, at);
	size_t length = 0;
	size_t colon = sanitize_colon(rest, definition, &length);

	if (length > 0) {
		c->colon = at + colon;
		c->colon_length = length;
	}
}

/*
 * "<a b.png>" behind "](" or "]:" as an address without angles, which no
 * reader takes for a tag.  Behind it, or 0.
 */
static size_t clean_angled(struct cleaning *c, size_t at)
{
	size_t start;
	size_t end;

	while (at < c->end && c->text.p[at] == ' ')
		at++;
	if (c->colon_length > 0 || ascii_at(c->text, at) != '<')
		return 0;
	start = at + 1;
	for (end = start; end < c->end && c->text.p[end] != '>'; end++)
		if (strchr("<\n\\", c->text.p[end]) != NULL)
			return 0;
	if (end == start || end >= c->end ||
		strchr(" )\n", ascii_at(c->text, end + 1)) == NULL)
		return 0;
	for (; start < end; start++) {
		struct str one = {c->text.p + start, 1};

		if (one.p[0] == '&')
			buf_putc(&c->out, '&'); /* of an entity, perhaps */
		else
			markdown_address(one, &c->out);
	}
	return end + 1;
}

/* A colon that was noted before; 0 if it is another place. */
static size_t clean_colon(struct cleaning *c, size_t at)
{
	if (c->colon_length == 0 || at != c->colon)
		return 0;
	at += c->colon_length;
	c->colon_length = 0;
	buf_puts(&c->out, "%3A");
	return at;
}

static size_t clean_bracket(struct cleaning *c, size_t at)
{
	char next = ascii_at(c->text, at + 1);
	size_t behind;

	buf_putc(&c->out, ']');
	behind = clean_colon(c, at + 1);
	if (behind > 0)
		return behind;
	if (next == '(' || next == ':') {
		look_at_address(c, at + 2, next == ':');
		buf_putc(&c->out, next);
		c->address = c->out.n;
		if (next == ':')
			buf_putc(&c->out, ' ');
		behind = clean_angled(c, at + 2);
		if (behind == 0 && next == ':')
			c->out.n--;
		return behind > 0 ? behind : at + 2;
	}
	return at + 1;
}

/* --- Code --------------------------------------------------------------- */

static bool may_be_tag(struct str s, size_t at)
{
	char next = ascii_at(s, at + 1);

	return s.p[at] == '<' &&
	       ((ascii_name(next) && !ascii_digit(next)) ||
		       strchr("/!?", next) != NULL) &&
	       next != '\0';
}

/*
 * A list of attributes, "{.class onclick=…}", where readers look for one: at
 * a line's end, or at its start behind nothing but marks, by what
 * was written so far.  A long rest of a line may be one.
 */
static bool is_attributes(const struct cleaning *c, size_t at)
{
	struct str rest = {c->text.p + at, c->line_end - at};
	size_t marks = c->out.n;

	if (rest.n > MAX_ATTRIBUTES)
		return true;
	if (rest.n < 3 || rest.p[1] == '{' ||
		memchr(rest.p, '}', rest.n) == NULL)
		return false;
	while (ascii_space(rest.p[rest.n - 1]))
		rest.n--;
	while (marks > 0 &&
		strchr(" \t>*+-.)|0123456789", c->out.p[marks - 1]) != NULL)
		marks--;
	return marks == 0 || c->out.p[marks - 1] == '\n' ||
	       rest.p[rest.n - 1] == '}';
}

void clean_code(struct cleaning *c, size_t end)
{
	while (c->at < end) {
		size_t behind = clean_colon(c, c->at);
		char ch = c->text.p[c->at];
		bool apart = may_be_tag(c->text, c->at) ||
			     (ch == '{' && is_attributes(c, c->at));

		if (behind > 0) {
			c->at = behind;
		} else if (ch == ']') {
			c->at = clean_bracket(c, c->at);
		} else {
			buf_putc(&c->out, ch);
			buf_puts(&c->out, apart ? part : "");
			c->at++;
		}
	}
}

/* Behind the code span that starts at at, up to end; or 0 if it is none. */
static size_t span_end(struct str text, size_t at, size_t end)
{
	struct str s = {text.p, end};
	size_t n = ascii_run(s, at);

	for (size_t i = at + n; i < end; i++) {
		size_t m;

		if (s.p[i] != '`')
			continue;
		m = ascii_run(s, i);
		if (m == n)
			return i + n;
		i += m - 1;
	}
	return 0;
}

/* At backticks: a span, or the run itself. */
static void clean_ticks(struct cleaning *c)
{
	size_t limit = c->line_end;
	size_t end;

	/* In doubt it matters little, and no search shall be in vain twice. */
	if (!c->spans_trusted && limit - c->at > MAX_SPAN)
		limit = c->at + MAX_SPAN;
	end = span_end(c->text, c->at, limit);
	if (end > 0 && c->spans_trusted) {
		buf_add(&c->out, c->text.p + c->at, end - c->at);
		c->at = end;
		return;
	}
	clean_code(c, end > 0 ? end : c->at + ascii_run(c->text, c->at));
}

bool cleaning_trusts_spans(const struct cleaning *c, size_t at, size_t end)
{
	while (at < end) {
		size_t line_end = at + cleaning_line(c, at).n;

		for (; at < line_end; at++) {
			size_t behind;

			if (may_be_tag(c->text, at) ||
				(c->text.p[at] == '\\' &&
					ascii_at(c->text, at + 1) == '`'))
				return false;
			if (c->text.p[at] != '`')
				continue;
			behind = span_end(c->text, at, line_end);
			if (behind == 0 || memchr(c->text.p + at, '|',
						   behind - at) != NULL)
				return false;
			at = behind - 1;
		}
		at++;
	}
	return true;
}

/* --- Text -------------------------------------------------------------- */

void clean_one(struct cleaning *c)
{
	size_t behind = clean_colon(c, c->at);
	char ch = c->text.p[c->at];

	if (behind > 0) {
		c->at = behind;
		return;
	}
	switch (ch) {
	case '<':
		c->at = clean_angle(c, c->at);
		return;
	case ']':
		c->at = clean_bracket(c, c->at);
		return;
	case '`':
		clean_ticks(c);
		return;
	case '\\':
		c->at++;
		/* In HTML a backslash takes no meaning away. */
		if (ascii_at(c->text, c->at) == '<') {
			buf_puts(&c->out, "&lt;");
			c->at++;
			return;
		}
		buf_putc(&c->out, ch);
		if (c->at < c->end && strchr("\\`[]", c->text.p[c->at]) != NULL)
			buf_putc(&c->out, c->text.p[c->at++]);
		return;
	case '{':
		buf_puts(&c->out, is_attributes(c, c->at) ? "&#123;" : "{");
		break;
	case '(':
	case ':':
		/* What stood between has gone. */
		if (cleaning_last(c) == ']' && c->at > 0 &&
			c->text.p[c->at - 1] != ']') {
			buf_printf(&c->out, "&#%d;", ch);
			break;
		}
		buf_putc(&c->out, ch);
		break;
	default:
		buf_putc(&c->out, ch);
	}
	c->at++;
}
