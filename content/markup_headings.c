/*
 * markup_headings - the levels of headings shifted.
 *
 * "# x" gets another number of marks, and <h1> another digit.  A heading that
 * is underlined has two levels only: beyond, it becomes one line with marks.
 */
#include <string.h>

#include "content/body_walk.h"
#include "content/edits.h"
#include "content/markup.h"

#define LOWEST 6

struct shifting {
	struct str body;
	int levels;
	struct edits edits;
};

static int shifted(const struct shifting *s, int level)
{
	int to = level + s->levels;

	return to < 1 ? 1 : (to > LOWEST ? LOWEST : to);
}

static struct str marks(int n)
{
	return (struct str){"######", (size_t)n};
}

/* "===" made "---", or the other way round, as long as it was. */
static void change_underline(
	struct shifting *s, const struct span *span, int to)
{
	for (size_t at = span->underline; at < span->underline_end; at++)
		if (s->body.p[at] == '=' || s->body.p[at] == '-')
			edits_add(&s->edits, at, 1,
				to == 1 ? STR("=") : STR("-"));
}

/* Where the text of a line ends, before the carriage return at its end. */
static size_t text_end(
	const struct shifting *s, const struct span *span, size_t end)
{
	return end > span->start && s->body.p[end - 1] == '\r' ? end - 1 : end;
}

/* The marks at a title's end would be taken for the heading's own. */
static void escape_last_marks(struct shifting *s, const struct span *span)
{
	size_t end = text_end(s, span, span->end);
	size_t at = end;

	while (at > span->start && s->body.p[at - 1] == '#')
		at--;
	if (at < end && at > span->start && s->body.p[at - 1] == ' ')
		edits_add(&s->edits, at, 0, STR("\\"));
}

/* An underlined heading, perhaps of many lines, made one line with marks. */
static void drop_underline(struct shifting *s, const struct span *span, int to)
{
	size_t end;

	edits_add(&s->edits, span->start, 0, marks(to));
	edits_add(&s->edits, span->start, 0, STR(" "));
	for (size_t at = span->start; at < span->end; at++) {
		size_t start = text_end(s, span, at);
		size_t n = 1;

		if (s->body.p[at] != '\n')
			continue;
		while (at + n < span->end &&
			strchr(" \t>", s->body.p[at + n]) != NULL)
			n++;
		edits_add(&s->edits, start, at + n - start, STR(" "));
		at += n - 1;
	}
	escape_last_marks(s, span);
	end = text_end(s, span, span->end);
	edits_add(&s->edits, end, text_end(s, span, span->underline_end) - end,
		STR(""));
}

static bool on_span(void *arg, const struct span *span)
{
	struct shifting *s = arg;
	struct address ignored;
	int to = shifted(s, span->level);

	if (span->level == 0 || to == span->level)
		return true;
	if (span->underline == 0)
		edits_add(
			&s->edits, span->start, (size_t)span->level, marks(to));
	else if (to <= 2)
		change_underline(s, span, to);
	else if (link_definition(s->body, span->start, span->end, &ignored) ==
		 0)
		drop_underline(s, span, to);
	return span->underline == 0;
}

static size_t on_tag(void *arg, const struct seen_tag *tag)
{
	static const char digits[] = "123456";
	struct shifting *s = arg;
	int level = 0;

	if (tag->name.n == 2 && (tag->name.p[0] | 0x20) == 'h')
		level = tag->name.p[1] - '0';
	if (level >= 1 && level <= LOWEST)
		edits_add(&s->edits, (size_t)(tag->name.p + 1 - s->body.p), 1,
			(struct str){&digits[shifted(s, level) - 1], 1});
	return tag->end;
}

struct str markup_shift_headings(struct arena *a, struct str text, int levels)
{
	struct shifting s = {.body = text, .levels = levels};

	body_walk(&(struct walker){
		.body = text, .arg = &s, .on_span = on_span, .on_tag = on_tag});
	return edits_apply(&s.edits, a, text);
}
