/*
 * body - references to attachments in a body, found and replaced.
 *
 * body_block gives the pieces of the text that are no code blocks.  In each,
 * one pass from left to right: escapes and code spans are stepped over, and
 * targets of links, definitions and attributes of tags are looked up.  What a
 * reader would not see as a link is left alone; nothing can fail.
 */
#include "content/body.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/util.h"
#include "content/body_link.h"
#include "content/body_scan.h"

#define MAX_TICKS 80 /* longer runs of backticks are text */
#define MAX_TAG 8192 /* longer tags are text */

/* Elements whose content is code, or nothing to see. */
static const char *const raw_names[] = {
	"code", "pre", "script", "style", "textarea"};
#define RAW_CODE 0 /* the only one that a paragraph's end ends, too */

struct scan {
	struct addresses addresses;
	struct str body;
	struct span span;
	size_t resume;                    /* nothing before it is looked at */
	size_t brackets;                  /* "[" open in this span */
	bool ticks_known;                 /* last_ticks is this span's */
	size_t last_ticks[MAX_TICKS + 1]; /* where a run of that length is */
	bool no_comment_end;              /* in the rest of this span */
	bool never_closed[ARRAY_LEN(raw_names)]; /* from here on */
	bool may_refer; /* without a work package: an address was found */
	struct body_reference *refs;
	size_t n;
	size_t cap;
};

static void look_up(struct scan *s, struct address at)
{
	struct str address = {s->body.p + at.start, at.end - at.start};
	const struct attachment *attachment;
	size_t n;

	if (s->addresses.wp == NULL) {
		s->may_refer |= address_may_mean(&s->addresses, address);
		return;
	}
	attachment = address_resolve(&s->addresses, address, &n);
	if (attachment == NULL)
		return;
	s->refs = grow(s->refs, s->n, &s->cap, sizeof(*s->refs));
	s->refs[s->n++] = (struct body_reference){at.start, n, attachment};
}

static size_t run_of(const struct scan *s, size_t at)
{
	size_t n = 0;

	while (at + n < s->span.end && s->body.p[at + n] == s->body.p[at])
		n++;
	return n;
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

/* Behind "</name", from at to the end of the body; 0 if there is none. */
static size_t behind_end_tag(const struct scan *s, size_t at, const char *name)
{
	size_t length = strlen(name);

	while ((at = behind_mark(s, at, s->body.n, STR("</"))) != 0)
		if (s->body.n - at >= length &&
			strncasecmp(s->body.p + at, name, length) == 0)
			return at + length;
	return 0;
}

/* Behind the content of raw element i, whose start tag ends at at. */
static size_t skip_raw(struct scan *s, size_t at, size_t i)
{
	size_t behind = 0;

	if (!s->never_closed[i])
		behind = behind_end_tag(s, at, raw_names[i]);
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

static bool is_address(struct str name)
{
	static const char *const names[] = {"src", "href", "poster"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (name.n == strlen(names[i]) &&
			strncasecmp(name.p, names[i], name.n) == 0)
			return true;
	return false;
}

static bool is_raw(const struct tag *tag, size_t *i)
{
	for (*i = 0; *i < ARRAY_LEN(raw_names); (*i)++)
		if (!tag->closing && tag->name.n == strlen(raw_names[*i]) &&
			strncasecmp(tag->name.p, raw_names[*i], tag->name.n) ==
				0)
			return true;
	return false;
}

/* Behind a tag (and its content, if that is raw), or only its '<'. */
static size_t read_tag(struct scan *s, size_t at)
{
	struct str rest = {s->body.p + at, s->span.end - at};
	size_t end = at + (rest.n < MAX_TAG ? rest.n : MAX_TAG);
	size_t n_before = s->n;
	struct attribute attribute;
	struct tag tag;
	size_t raw;
	int more;

	if (str_starts(rest, STR("<!--")))
		return skip_comment(s, at);
	if (!tag_start(s->body, at, end, &tag))
		return at + 1;
	while ((more = tag_next(s->body, end, &tag, &attribute)) > 0)
		if (!tag.closing && is_address(attribute.name))
			look_up(s, attribute.value);
	if (more < 0) {
		s->n = n_before;
		return at + 1;
	}
	if (is_raw(&tag, &raw)) {
		s->n = n_before;
		return skip_raw(s, tag.at, raw);
	}
	return tag.at;
}

/* Behind a ']', and the target behind that if there is one. */
static size_t read_bracket(struct scan *s, size_t at)
{
	struct address target;
	size_t behind;

	at++;
	if (s->brackets == 0)
		return at;
	s->brackets--;
	if (at >= s->span.end || s->body.p[at] != '(')
		return at;
	behind = link_target(s->body, at + 1, s->span.end, &target);
	if (behind == 0)
		return at;
	look_up(s, target);
	return behind;
}

/* Behind the definitions of links that a paragraph starts with. */
static size_t read_definitions(struct scan *s, size_t at)
{
	struct address target;
	size_t behind;

	while ((behind = link_definition(s->body, at, s->span.end, &target)) >
		0) {
		look_up(s, target);
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
		return at + 1 +
		       (markdown && at + 1 < s->span.end &&
			       (unsigned char)s->body.p[at + 1] > ' ');
	case '`':
		return markdown ? skip_code_span(s, at) : at + 1;
	case '<':
		return read_tag(s, at);
	case '[':
		s->brackets++;
		return at + 1;
	case ']':
		return read_bracket(s, at);
	default:
		return at + 1;
	}
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
	while (at < s->span.end)
		at = step(s, at);
	s->resume = at;
}

bool body_may_refer(struct arena *arena, struct str body, struct str origin)
{
	struct block_reader blocks = {.body = body};
	struct scan s = {
		.addresses = {arena, NULL, origin},
		.body = body,
	};

	while (!s.may_refer && block_next(&blocks, &s.span))
		scan_span(&s);
	return s.may_refer;
}

size_t body_references(struct arena *arena, struct str body,
	const struct work_package *wp, struct str origin,
	struct body_reference **out)
{
	struct block_reader blocks = {.body = body};
	struct scan s = {
		.addresses = {arena, wp, origin},
		.body = body,
	};

	*out = NULL;
	if (wp->n_attachments == 0)
		return 0;
	while (block_next(&blocks, &s.span))
		scan_span(&s);
	if (s.n > 0) {
		*out = ARENA_ARRAY(arena, struct body_reference, s.n);
		memcpy(*out, s.refs, s.n * sizeof(*s.refs));
	}
	free(s.refs);
	return s.n;
}
