/*
 * body_walk - what stands in a text where a reader would see it.
 *
 * body_block gives the pieces of the text that are no code blocks.  In each,
 * one pass from left to right: escapes and code spans are stepped over, and
 * tags, targets of links and definitions are told of.  What a reader would not
 * see as a link is left alone; nothing can fail.
 */
#include "content/body_walk.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

#include <unicode/uchar.h>

#include "base/utf8.h"
#include "base/util.h"
#include "base/word.h"
#include "content/ascii.h"

#define MAX_TICKS 80    /* longer runs of backticks are text */
#define MAX_BRACKETS 64 /* open ones whose place is remembered */

/* Elements whose content is code, or nothing to see. */
static const char *const raw_names[] = {
	"code", "pre", "script", "style", "textarea"};
#define RAW_CODE 0 /* the only one that a paragraph's end ends, too */

struct scan {
	const struct walker *w;
	struct str body;
	struct span span;
	size_t resume;                    /* nothing before it is looked at */
	size_t brackets;                  /* "[" open in this span */
	size_t opened[MAX_BRACKETS];      /* where the first of them are */
	bool ticks_known;                 /* last_ticks is this span's */
	size_t last_ticks[MAX_TICKS + 1]; /* where a run of that length is */
	bool no_comment_end;              /* in the rest of this span */
	bool never_closed[ARRAY_LEN(raw_names)]; /* from here on */
};

static void tell_address(
	const struct scan *s, enum place place, struct address at)
{
	if (s->w->on_address != NULL)
		s->w->on_address(s->w->arg, place, at);
}

static size_t run_of(const struct scan *s, size_t at)
{
	return ascii_run((struct str){s->body.p, s->span.end}, at);
}

/* The next run of backticks; the span's end if there is none. */
static size_t next_ticks(const struct scan *s, size_t at)
{
	const char *p = memchr(s->body.p + at, '`', s->span.end - at);

	return p != NULL ? (size_t)(p - s->body.p) : s->span.end;
}

/* Note the last run of each length, so that no search is in vain. */
static void survey_ticks(struct scan *s, size_t at)
{
	memset(s->last_ticks, 0, sizeof(s->last_ticks));
	s->ticks_known = true;
	while ((at = next_ticks(s, at)) < s->span.end) {
		size_t n = run_of(s, at);

		if (n <= MAX_TICKS)
			s->last_ticks[n] = at;
		at += n;
	}
}

/* Behind the code span that starts at at, or behind its backticks. */
static size_t skip_code_span(struct scan *s, size_t at)
{
	size_t n = run_of(s, at);
	size_t behind = at + n;

	if (!s->ticks_known)
		survey_ticks(s, at);
	if (n > MAX_TICKS || s->last_ticks[n] < behind)
		return behind;
	for (at = next_ticks(s, behind); run_of(s, at) != n;)
		at = next_ticks(s, at + run_of(s, at));
	return at + n;
}

/* Behind mark, searched from at up to end; 0 if it is not there. */
static size_t behind_mark(
	const struct scan *s, size_t at, size_t end, struct str mark)
{
	struct str rest = {s->body.p + at, end - at};
	size_t n = str_find(rest, mark);

	return n < rest.n ? at + n + mark.n : 0;
}

size_t walk_behind_end(struct str body, size_t at, size_t end, const char *name)
{
	size_t length = strlen(name);

	while (at < end) {
		struct str rest = {body.p + at, end - at};
		size_t n = str_find(rest, STR("</"));

		at += n + 2;
		if (n == rest.n || end - at < length)
			return 0;
		if (strncasecmp(body.p + at, name, length) == 0)
			return at + length;
	}
	return 0;
}

/* Behind the content of raw element i, whose start tag ends at at. */
static size_t skip_raw(struct scan *s, size_t at, size_t i)
{
	size_t behind = 0;

	if (!s->never_closed[i])
		behind = walk_behind_end(s->body, at, s->body.n, raw_names[i]);
	if (behind > 0)
		return behind;
	s->never_closed[i] = true;
	return i == RAW_CODE ? s->span.end : s->body.n;
}

/* Behind the comment that starts at at, or behind its "<!--". */
static size_t skip_comment(struct scan *s, size_t at)
{
	size_t limit = s->span.html ? s->body.n : s->span.end;
	size_t behind = 0;

	/* "<!-->" and "<!--->" are whole ones, hence the overlap. */
	if (!s->no_comment_end)
		behind = behind_mark(s, at + 2, limit, STR("-->"));
	if (behind > 0)
		return behind;
	s->no_comment_end = true;
	return s->span.html ? s->body.n : at + 4;
}

static bool is_name(struct str name, const char *other)
{
	return ascii_same(name, str_of(other));
}

static bool is_raw(const struct seen_tag *tag, size_t *i)
{
	for (*i = 0; *i < ARRAY_LEN(raw_names); (*i)++)
		if (!tag->closing && is_name(tag->name, raw_names[*i]))
			return true;
	return false;
}

bool walk_tag(struct str body, size_t at, size_t end, struct seen_tag *out)
{
	struct attribute attribute;
	struct tag tag;
	int more;

	if (end - at > WALK_MAX_TAG)
		end = at + WALK_MAX_TAG;
	if (!tag_start(body, at, end, &tag))
		return false;
	do {
		more = tag_next(body, end, &tag, &attribute);
	} while (more > 0);
	*out = (struct seen_tag){tag.name, tag.closing, at, tag.at};
	return more == 0;
}

/* The addresses in a tag that is whole. */
static void tell_attributes(const struct scan *s, const struct seen_tag *seen)
{
	struct attribute attribute;
	struct tag tag;

	if (seen->closing || s->w->on_address == NULL)
		return;
	tag_start(s->body, seen->start, seen->end, &tag);
	while (tag_next(s->body, seen->end, &tag, &attribute) > 0) {
		if (is_name(attribute.name, "href"))
			tell_address(s, PLACE_HREF, attribute.value);
		else if (is_name(attribute.name, "src") ||
			 is_name(attribute.name, "poster"))
			tell_address(s, PLACE_SRC, attribute.value);
	}
}

/* Behind a tag (and its content, if that is raw), or only its '<'. */
static size_t read_tag(struct scan *s, size_t at)
{
	struct str rest = {s->body.p + at, s->span.end - at};
	struct seen_tag tag;
	size_t raw;

	if (str_starts(rest, STR("<!--")))
		return skip_comment(s, at);
	if (!walk_tag(s->body, at, s->span.end, &tag))
		return at + 1;
	if (is_raw(&tag, &raw))
		return skip_raw(s, tag.end, raw);
	tell_attributes(s, &tag);
	if (s->w->on_tag != NULL)
		return s->w->on_tag(s->w->arg, &tag);
	return tag.end;
}

static void open_bracket(struct scan *s, size_t at)
{
	if (s->brackets < MAX_BRACKETS)
		s->opened[s->brackets] = at;
	s->brackets++;
}

/* What a ']' ends is a link's label, since a target or name comes. */
static bool tell_label(struct scan *s, size_t end)
{
	size_t start;
	bool picture;

	if (s->brackets >= MAX_BRACKETS)
		return false;
	start = s->opened[s->brackets];
	picture = start > s->span.start && s->body.p[start - 1] == '!';
	if (s->w->on_label != NULL)
		s->w->on_label(s->w->arg, start + 1, end, picture);
	return picture;
}

/* Behind a ']', and the target behind that if there is one. */
static size_t read_bracket(struct scan *s, size_t at)
{
	struct address target;
	size_t behind;
	bool picture;

	at++;
	if (s->brackets == 0)
		return at;
	s->brackets--;
	if (at < s->span.end && s->body.p[at] == '[')
		tell_label(s, at - 1);
	if (at >= s->span.end || s->body.p[at] != '(')
		return at;
	behind = link_target(s->body, at + 1, s->span.end, &target);
	if (behind == 0)
		return at;
	picture = tell_label(s, at - 1);
	tell_address(s, picture ? PLACE_PICTURE : PLACE_LINK, target);
	return behind;
}

/* True if what starts at at goes on a word or an address. */
static bool is_word_before(const struct scan *s, size_t at)
{
	size_t start;

	/* "_#12_": the marks of emphasis are no part of a word. */
	while (at > s->span.start && s->body.p[at - 1] == '_')
		at--;
	if (at == s->span.start)
		return false;
	start = at;
	do {
		start--;
	} while (start > s->span.start && ascii_continues(s->body.p[start]));
	if (ascii_name(s->body.p[start]) ||
		strchr("/=&#", s->body.p[start]) != NULL)
		return true;
	return u_isalnum(utf8_next(s->body, &start));
}

/* How much of an address that stands in a text belongs to it. */
static size_t bare_length(struct str s)
{
	size_t n = 0;
	int open = 0;

	for (; n < s.n && (unsigned char)s.p[n] > ' ' &&
		strchr("<>\"`\\|[]", s.p[n]) == NULL;
		n++)
		open += s.p[n] == '(' ? 1 : (s.p[n] == ')' ? -1 : 0);
	while (n > 0 && strchr("?!.,:;*_~')", s.p[n - 1]) != NULL) {
		if (s.p[n - 1] == ')' && open++ >= 0)
			break;
		n--;
	}
	return n;
}

/* Where the "http" or "https" before a ':' starts; the ':' if none does. */
static size_t scheme_before(const struct scan *s, size_t colon)
{
	static const struct str schemes[] = {
		STR_INIT("https"), STR_INIT("http")};
	struct str before = {s->body.p + s->resume, colon - s->resume};

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (str_ends(before, schemes[i]))
			return colon - schemes[i].n;
	return colon;
}

/* "https://…" in a text, which readers make a link of; at is its ':'. */
static size_t read_bare(const struct scan *s, size_t at)
{
	struct str rest = {s->body.p + at, s->span.end - at};
	struct address found = {at, at};

	if (!str_starts(rest, STR("://")))
		return at + 1;
	found.start = scheme_before(s, at);
	if (found.start == at || is_word_before(s, found.start))
		return at + 1;
	rest = (struct str){s->body.p + found.start, s->span.end - found.start};
	found.end = found.start + bare_length(rest);
	if (found.end <= at + 3)
		return at + 1;
	tell_address(s, PLACE_BARE, found);
	return found.end;
}

/* A word of small letters before the '#' at at: 0, or behind it all. */
static size_t read_named(const struct scan *s, size_t at)
{
	size_t start = at;

	while (start > s->resume && s->body.p[start - 1] >= 'a' &&
		s->body.p[start - 1] <= 'z')
		start--;
	if (start == at || s->w->on_named == NULL || is_word_before(s, start))
		return 0;
	return s->w->on_named(s->w->arg, start, at);
}

static size_t read_number(const struct scan *s, size_t at)
{
	size_t behind = read_named(s, at);

	if (behind == 0 && s->w->on_number != NULL && !is_word_before(s, at))
		behind = s->w->on_number(s->w->arg, at);
	while (behind == 0 && at < s->span.end && s->body.p[at] == '#')
		at++;
	return behind > 0 ? behind : at;
}

/* Behind all that two brackets begin; 0 if they begin nothing. */
static size_t read_wiki(const struct scan *s, size_t at, struct str brackets)
{
	struct str rest = {s->body.p + at, s->span.end - at};

	if (s->w->on_wiki == NULL || !str_starts(rest, brackets))
		return 0;
	return s->w->on_wiki(s->w->arg, at);
}

static size_t read_opening(struct scan *s, size_t at)
{
	size_t behind = read_wiki(s, at, STR("[["));

	if (behind > 0)
		return behind;
	if (!s->span.html)
		open_bracket(s, at);
	return at + 1;
}

/* Behind a backslash, and what it takes the meaning from. */
static size_t read_backslash(const struct scan *s, size_t at)
{
	size_t behind = read_wiki(s, at, STR("\\[\\["));

	if (behind > 0)
		return behind;
	return at + 1 +
	       (at + 1 < s->span.end && (unsigned char)s->body.p[at + 1] > ' ');
}

/* Behind the definitions of links that a paragraph starts with. */
static size_t read_definitions(struct scan *s, size_t at)
{
	struct address target;
	size_t behind;

	while ((behind = link_definition(s->body, at, s->span.end, &target)) >
		0) {
		tell_address(s, PLACE_DEFINITION, target);
		at = behind_mark(s, behind, s->span.end, STR("\n"));
		if (at == 0)
			return s->span.end;
		/* The next line's indentation, and a quote's marks. */
		while (at < s->span.end && strchr(" >", s->body.p[at]) != NULL)
			at++;
	}
	return at;
}

/* Step over, or look into, what starts at at; gives the place behind it. */
static size_t step(struct scan *s, size_t at)
{
	bool markdown = !s->span.html;

	switch (s->body.p[at]) {
	case '\\':
		return markdown ? read_backslash(s, at) : at + 1;
	case '`':
		return markdown ? skip_code_span(s, at) : at + 1;
	case '<':
		return read_tag(s, at);
	case '[':
		return read_opening(s, at);
	case ']':
		return read_bracket(s, at);
	case '#':
		return read_number(s, at);
	case ':':
		return markdown ? read_bare(s, at) : at + 1;
	default:
		return at + 1;
	}
}

/* Does step() look at it? */
static bool begins_something(char c)
{
	static const bool begins[UCHAR_MAX + 1] = {['\\'] = true,
		['`'] = true,
		['<'] = true,
		['['] = true,
		[']'] = true,
		['#'] = true,
		[':'] = true};

	return begins[(unsigned char)c];
}

/* Where the next of them is, or one of XYZ^_8>; most bytes are passed by. */
static size_t next_beginning(const struct scan *s, size_t at)
{
	const char *p = s->body.p;

	for (; s->span.end - at >= WORD_SIZE; at += WORD_SIZE) {
		uint64_t w = word_load(p + at);
		uint64_t some = word_equal(w, '#') | word_equal(w, '`') |
				word_equal(w & ~WORD_EACH(7), 'X') |
				word_equal(w & ~WORD_EACH(6), '8');

		if (some != 0)
			return at + word_first(some);
	}
	while (at < s->span.end && !begins_something(p[at]))
		at++;
	return at;
}

static void scan_span(struct scan *s)
{
	size_t at = s->span.start;

	s->brackets = 0;
	s->ticks_known = false;
	s->no_comment_end = false;
	if (at < s->resume)
		at = s->resume;
	else if (!s->span.html)
		at = read_definitions(s, at);
	s->resume = at;
	while (at < s->span.end) {
		at = next_beginning(s, at);
		if (at < s->span.end)
			at = step(s, at);
		s->resume = at;
	}
}

void body_walk(const struct walker *w)
{
	struct block_reader blocks = {.body = w->body};
	struct scan s = {.w = w, .body = w->body};

	if (w->html) {
		s.span = (struct span){.end = w->body.n, .html = true};
		if (w->on_span == NULL || w->on_span(w->arg, &s.span))
			scan_span(&s);
		return;
	}
	while (block_next(&blocks, &s.span))
		if (w->on_span == NULL || w->on_span(w->arg, &s.span))
			scan_span(&s);
}
