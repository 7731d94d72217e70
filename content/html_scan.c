/*
 * html_scan - how deep the tags of HTML nest, and how many attributes they
 * have, without making a tree.
 *
 * The scan must never find less than a parser does, or hostile HTML gets
 * through: whatever looks doubtful leaves tags open.  Comments and attributes
 * are read as the HTML standard says, because an end tag in them is none.
 */
#include "content/html_scan.h"

#include <stdint.h>

#include "base/util.h"
#include "content/ascii.h"

#define MAX_DEPTH 1024

struct scan {
	const char *p;
	const char *end;
	size_t depth;
	size_t attributes;              /* of the last tag */
	struct str open[MAX_DEPTH + 1]; /* names */
	const char *cdata_end;          /* before it, no end tag counts */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static bool is_void(struct str name)
{
	static const char *const names[] = {"area", "base", "br", "col",
		"embed", "hr", "img", "input", "link", "meta", "param",
		"source", "track", "wbr"};

	return ascii_one_of(name, names, ARRAY_LEN(names));
}

/* Elements that end where another of their kind starts. */
static bool ends_itself(struct str name)
{
	static const char *const names[] = {
		"p", "li", "dt", "dd", "tr", "td", "th", "option"};

	return ascii_one_of(name, names, ARRAY_LEN(names));
}

static struct str rest_of(const struct scan *s)
{
	return (struct str){s->p, (size_t)(s->end - s->p)};
}

/* To behind what, or to the end. */
static void skip_past(struct scan *s, struct str what)
{
	size_t n = str_find(rest_of(s), what);

	s->p = (size_t)(s->end - s->p) - n >= what.n ? s->p + n + what.n
						     : s->end;
}

/* Behind "<!--": the end is "-->", "--!>", or at once ">" or "->". */
static void skip_comment(struct scan *s)
{
	if (str_starts(rest_of(s), STR(">")) ||
		str_starts(rest_of(s), STR("->"))) {
		skip_past(s, STR(">"));
		return;
	}
	while (s->p < s->end) {
		skip_past(s, STR("--"));
		while (s->p < s->end && *s->p == '-')
			s->p++;
		if (str_starts(rest_of(s), STR(">")) ||
			str_starts(rest_of(s), STR("!>"))) {
			skip_past(s, STR(">"));
			return;
		}
	}
}

/* A quoted or unquoted value, behind its '='. */
static void skip_value(struct scan *s)
{
	while (s->p < s->end && is_space(*s->p))
		s->p++;
	if (s->p == s->end || *s->p == '>')
		return;
	if (*s->p == '"' || *s->p == '\'') {
		const char quote = *s->p++;

		skip_past(s, (struct str){&quote, 1});
		return;
	}
	while (s->p < s->end && !is_space(*s->p) && *s->p != '>')
		s->p++;
}

/* To behind the '>' of a tag. */
static void skip_attributes(struct scan *s)
{
	s->attributes = 0;
	while (s->p < s->end) {
		char c = *s->p++;

		if (c == '>')
			return;
		if (is_space(c) || c == '/')
			continue;
		s->attributes++;
		/* A name, which may start with a '='. */
		while (s->p < s->end && !is_space(*s->p) &&
			strchr("/>=", *s->p) == NULL)
			s->p++;
		while (s->p < s->end && is_space(*s->p))
			s->p++;
		if (s->p < s->end && *s->p == '=') {
			s->p++;
			skip_value(s);
		}
	}
}

static struct str tag_name(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && !is_space(*s->p) && *s->p != '/' &&
		*s->p != '>')
		s->p++;
	return (struct str){start, (size_t)(s->p - start)};
}

static void start_tag(struct scan *s)
{
	struct str name = tag_name(s);

	skip_attributes(s);
	if (is_void(name))
		return;
	if (s->depth > 0 && ends_itself(name) &&
		ascii_same(s->open[s->depth - 1], name))
		return;
	if (s->depth <= MAX_DEPTH)
		s->open[s->depth++] = name;
}

static void end_tag(struct scan *s)
{
	struct str name = tag_name(s);

	skip_attributes(s);
	if (s->p > s->cdata_end && s->depth > 0 &&
		ascii_same(s->open[s->depth - 1], name))
		s->depth--;
}

/* Behind "<!", "<?" or "</" and no letter. */
static void skip_markup(struct scan *s)
{
	struct str rest = rest_of(s);

	if (str_starts(rest, STR("!--"))) {
		s->p += 3;
		skip_comment(s);
		return;
	}
	/* Text within SVG, but a comment up to '>' outside: count for both. */
	if (s->p >= s->cdata_end && str_starts(rest, STR("![CDATA[")))
		s->cdata_end = s->p + str_find(rest, STR("]]>"));
	skip_past(s, STR(">"));
}

struct html_size html_size(struct str html, size_t max)
{
	struct scan s = {.p = html.p, .end = html.p + html.n};
	struct html_size size = {0};

	s.cdata_end = s.p;
	while (s.p < s.end && size.depth <= max && size.attributes <= max) {
		const char *at = memchr(s.p, '<', (size_t)(s.end - s.p));

		if (at == NULL)
			break;
		s.p = at + 1;
		if (s.p == s.end)
			break;
		if (ascii_letter(*s.p)) {
			start_tag(&s);
		} else if (*s.p == '/' && s.p + 1 < s.end &&
			   ascii_letter(s.p[1])) {
			s.p++;
			end_tag(&s);
		} else if (strchr("!?/", *s.p) != NULL) {
			skip_markup(&s);
		}
		if (s.depth > size.depth)
			size.depth = s.depth;
		if (s.attributes > size.attributes)
			size.attributes = s.attributes;
	}
	return size;
}
