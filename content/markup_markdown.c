/*
 * markup_markdown - what OpenProject's editor writes as HTML, as markdown.
 *
 * A block of HTML is that of markup_block.c.  In other text only single
 * elements change: pictures, breaks, and the tags of mentions and macros.
 */
#include <string.h>

#include "base/util.h"
#include "content/ascii.h"
#include "content/markdown_html.h"
#include "content/markdown_text.h"
#include "content/markup.h"
#include "content/markup_block.h"
#include "content/utf8.h"

/* Elements whose end is looked for. */
enum { END_FIGURE, END_MACRO, END_MENTION, N_ENDS };

struct reading {
	struct converting text;
	struct span span;
	size_t line;         /* where the line begins that was looked at last */
	size_t line_text;    /* its text, behind the marks of containers */
	size_t line_end;     /* and ends */
	bool row;            /* it has a '|': of a table, as it seems */
	size_t ends[N_ENDS]; /* where an end was found last, or the span's */
	size_t mentions;     /* whose start tags have gone, in this span */
	size_t breaks;       /* behind a run of breaks with text behind it */
};

static struct str rest_of(const struct reading *c, size_t at)
{
	return (struct str){c->text.body.p + at, c->span.end - at};
}

/* Takes with. */
static void replace(
	struct reading *c, size_t start, size_t end, struct buf *with)
{
	edits_add(&c->text.edits, start, end - start,
		utf8_mend(c->text.arena, arena_take(c->text.arena, with)));
}

static const GumboNode *only_element(const GumboNode *body)
{
	const GumboVector *children = html_children(body);
	const GumboNode *node =
		children->length == 1 ? children->data[0] : NULL;

	return node != NULL && node->type == GUMBO_NODE_ELEMENT ? node : NULL;
}

/* Look at the line that at is in, once. */
static void look_at_line(struct reading *c, size_t at)
{
	struct str line;

	if (c->line_end > 0 && at >= c->line && at <= c->line_end)
		return;
	c->line = markup_line_start(c->text.body, at);
	line = str_skip(c->text.body, c->line);
	line.n = str_find(line, STR("\n"));
	c->line_end = c->line + line.n;
	c->line_text = c->line;
	while (c->line_text < c->line_end &&
		strchr(" \t>", c->text.body.p[c->line_text]) != NULL)
		c->line_text++;
	c->row = memchr(line.p, '|', line.n) != NULL;
}

static bool in_row(struct reading *c, size_t at)
{
	look_at_line(c, at);
	return c->span.row || c->row;
}

/* A picture, or a figure with nothing but one. */
static size_t convert_picture(
	struct reading *c, const struct seen_tag *tag, size_t end)
{
	struct html_tree tree = {0};
	struct figure figure = {0};
	struct buf b = {0};
	struct err ignored;
	struct str html = {c->text.body.p + tag->start, end - tag->start};
	const GumboNode *node = NULL;

	if (html_tree_parse(&tree, html, &ignored) == 0)
		node = only_element(tree.body);
	if (node != NULL && html_is(node, GUMBO_TAG_FIGURE))
		node = markdown_figure(node, &figure) && figure.caption == NULL
			       ? figure.shown
			       : NULL;
	if (node != NULL && html_is(node, GUMBO_TAG_IMG))
		markdown_picture(node, in_row(c, tag->start), &b);
	if (b.n > 0)
		replace(c, tag->start, end, &b);
	else
		end = tag->end;
	buf_fini(&b);
	html_tree_fini(&tree);
	return end;
}

static size_t read_img(struct reading *c, const struct seen_tag *tag)
{
	return convert_picture(c, tag, tag->end);
}

/* Behind the element that a tag starts; 0 if it does not end here. */
static size_t element_end(
	struct reading *c, const struct seen_tag *tag, int which)
{
	static const char *const names[N_ENDS] = {
		[END_FIGURE] = "figure",
		[END_MACRO] = "macro",
		[END_MENTION] = "mention",
	};
	size_t end = c->ends[which];

	if (end <= tag->end) {
		end = walk_behind_end(
			c->text.body, tag->end, c->span.end, names[which]);
		c->ends[which] = end > 0 ? end : c->span.end;
	}
	return end > 0 && end < c->span.end && c->text.body.p[end] == '>'
		       ? end + 1
		       : 0;
}

/* Another one in it, for which the end is: so it is no picture's. */
static bool holds_figure(const struct reading *c, size_t at, size_t end)
{
	struct str rest = {c->text.body.p + at, end - at};
	size_t n;

	while ((n = str_find(rest, STR("<"))) < rest.n) {
		rest = str_skip(rest, n + 1);
		if (rest.n >= 6 &&
			ascii_same((struct str){rest.p, 6}, STR("figure")))
			return true;
	}
	return false;
}

static size_t read_figure(struct reading *c, const struct seen_tag *tag)
{
	size_t end = element_end(c, tag, END_FIGURE);

	if (end == 0 || holds_figure(c, tag->end, end))
		return tag->end;
	return convert_picture(c, tag, end);
}

/* What only OpenProject can fill goes. */
static size_t read_macro(struct reading *c, const struct seen_tag *tag)
{
	size_t end = element_end(c, tag, END_MACRO);

	if (end == 0)
		return tag->end;
	edits_add(&c->text.edits, tag->start, end - tag->start, STR(""));
	return end;
}

/* The text of a mention without a content of its own. */
static void put_mention(
	struct reading *c, const struct seen_tag *tag, size_t end)
{
	struct str html = {c->text.body.p + tag->start, end - tag->start};
	struct html_tree tree = {0};
	struct buf b = {0};
	struct err ignored;
	const GumboNode *node = NULL;

	if (html_tree_parse(&tree, html, &ignored) == 0)
		node = only_element(tree.body);
	if (node != NULL)
		markdown_escape(html_attribute(node, "data-text"),
			in_row(c, tag->start), &b);
	replace(c, tag->start, end, &b);
	html_tree_fini(&tree);
}

static size_t read_mention(struct reading *c, const struct seen_tag *tag)
{
	size_t end = element_end(c, tag, END_MENTION);
	size_t length = sizeof("</mention>") - 1;

	if (end == 0)
		return tag->end;
	if (tag->end + length == end) {
		put_mention(c, tag, end);
		return end;
	}
	edits_add(&c->text.edits, tag->start, tag->end - tag->start, STR(""));
	c->mentions++;
	return tag->end;
}

static size_t end_mention(struct reading *c, const struct seen_tag *tag)
{
	if (c->mentions > 0) {
		c->mentions--;
		edits_add(&c->text.edits, tag->start, tag->end - tag->start,
			STR(""));
	}
	return tag->end;
}

/* "1." or "1)" with white space behind it. */
static bool begins_item(struct str s)
{
	size_t digits = markdown_ordinal(s);

	return digits > 0 &&
	       (digits + 1 == s.n || ascii_space(s.p[digits + 1]));
}

/*
 * May a line begin with this, within a paragraph?  -1: no; 1: with a
 * backslash before it; 0: as it is.
 */
static int begins_line(struct str s)
{
	size_t run = 1;

	if (s.n == 0)
		return 0;
	while (run < s.n && s.p[run] == s.p[0])
		run++;
	switch (s.p[0]) {
	case '-':
	case '+':
	case '=':
	case '>':
	case ':':
		return 1;
	case '#':
		return markdown_opens_heading(s);
	case '*':
	case '_':
		return run > 2 || run == s.n || ascii_space(s.p[run]);
	case '`':
	case '~':
		return run > 2 ? -1 : 0;
	case '<':
		return str_starts(s, STR("<img")) ||
				       str_starts(s, STR("<mention")) ||
				       str_starts(s, STR("<br"))
			       ? 0
			       : -1;
	default:
		return begins_item(s) ? -1 : 0;
	}
}

/* A cell with nothing but a break, as the editor writes an empty one. */
static bool is_alone(const struct reading *c, const struct seen_tag *tag)
{
	size_t before = tag->start;
	size_t behind = tag->end;

	while (before > c->span.start && c->text.body.p[before - 1] == ' ')
		before--;
	while (behind < c->span.end &&
		strchr(" \r", c->text.body.p[behind]) != NULL)
		behind++;
	return (before == c->span.start || c->text.body.p[before - 1] == '|') &&
	       (behind == c->span.end || c->text.body.p[behind] == '|');
}

/* <br> with more text behind it in the line: a new line, if there can be. */
static void break_line(
	struct reading *c, const struct seen_tag *tag, size_t behind)
{
	int mark = begins_line(rest_of(c, behind));
	struct buf b = {0};
	size_t text;

	look_at_line(c, tag->start);
	text = c->line <= c->span.start ? c->span.start : c->line_text;
	if (mark < 0 || !markup_spend(&c->text, text - c->line))
		return;
	buf_puts(&b, "\\\n");
	buf_add_str(&b, markup_prefix(&c->text, c->line, text));
	buf_puts(&b, mark > 0 ? "\\" : "");
	replace(c, tag->start, behind, &b);
}

static size_t skip(struct str s, size_t at, size_t end, const char *bytes)
{
	while (at < end && s.p[at] != '\0' && strchr(bytes, s.p[at]) != NULL)
		at++;
	return at;
}

/*
 * Behind the last break of the span, if there is nothing but breaks from at
 * on; else 0.  Breaks that others go before are not looked at again.
 */
static size_t last_breaks(struct reading *c, size_t at)
{
	struct seen_tag tag;
	size_t end = c->span.end;
	size_t next;

	if (at < c->breaks)
		return 0;
	for (;;) {
		at = skip(c->text.body, at, end, " ");
		next = skip(c->text.body, at, end, "\t\r\n");
		if (next > at) /* and the marks of containers */
			next = skip(c->text.body, next, end, " \t\r\n>");
		if (next == end)
			return at;
		if (c->text.body.p[next] != '<' ||
			!walk_tag(c->text.body, next, end, &tag) ||
			!ascii_same(tag.name, STR("br")) || tag.closing)
			break;
		at = tag.end;
	}
	c->breaks = at;
	return 0;
}

static size_t read_br(struct reading *c, const struct seen_tag *tag)
{
	size_t behind = tag->end;
	size_t last;
	size_t feed;

	if (in_row(c, tag->start)) {
		if (is_alone(c, tag))
			edits_add(&c->text.edits, tag->start,
				behind - tag->start, STR(""));
		return tag->end;
	}
	last = last_breaks(c, behind);
	if (last > 0) {
		edits_add(
			&c->text.edits, tag->start, last - tag->start, STR(""));
		return last;
	}
	if (c->span.level > 0)
		return tag->end; /* a heading has one line */
	behind = skip(c->text.body, behind, c->span.end, " ");
	feed = behind; /* or the carriage return before it */
	feed += behind < c->span.end && c->text.body.p[behind] == '\r';
	if (c->text.body.p[feed] == '\n')
		edits_add(&c->text.edits, tag->start, behind - tag->start,
			STR("\\"));
	else
		break_line(c, tag, behind);
	return behind;
}

static size_t on_tag(void *arg, const struct seen_tag *tag)
{
	static const struct {
		const char *name;
		size_t (*start)(struct reading *c, const struct seen_tag *t);
		size_t (*end)(struct reading *c, const struct seen_tag *t);
	} readers[] = {
		{"img", read_img, NULL},
		{"figure", read_figure, NULL},
		{"br", read_br, NULL},
		{"macro", read_macro, NULL},
		{"mention", read_mention, end_mention},
	};

	for (size_t i = 0; i < ARRAY_LEN(readers); i++) {
		if (!ascii_same(tag->name, str_of(readers[i].name)))
			continue;
		if (!tag->closing)
			return readers[i].start(arg, tag);
		return readers[i].end != NULL ? readers[i].end(arg, tag)
					      : tag->end;
	}
	return tag->end;
}

static bool on_span(void *arg, const struct span *span)
{
	struct reading *c = arg;

	c->span = *span;
	c->mentions = 0;
	if (span->html)
		markup_block(&c->text, *span);
	return !span->html;
}

static struct str with_returns(struct arena *a, struct str text)
{
	struct buf b = {0};

	for (size_t i = 0; i < text.n; i++) {
		bool bare =
			text.p[i] == '\n' && (i == 0 || text.p[i - 1] != '\r');

		buf_puts(&b, bare ? "\r" : "");
		buf_putc(&b, text.p[i]);
	}
	return arena_take(a, &b);
}

/* New lines end as the text's first one does. */
static void end_lines(struct converting *c)
{
	size_t feed = str_find(c->body, STR("\n"));

	if (feed == 0 || feed == c->body.n || c->body.p[feed - 1] != '\r')
		return;
	for (size_t i = 0; i < c->edits.n; i++)
		c->edits.items[i].text =
			with_returns(c->arena, c->edits.items[i].text);
}

struct str markup_markdown(struct arena *a, struct str text)
{
	struct reading c = {.text = {.arena = a, .body = text}};

	body_walk(&(struct walker){
		.body = text, .arg = &c, .on_span = on_span, .on_tag = on_tag});
	end_lines(&c.text);
	return edits_apply(&c.text.edits, a, text);
}
