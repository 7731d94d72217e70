/*
 * body_block - the block structure of markdown, as far as links need it.
 *
 * CommonMark's way: for each line, first which of the open containers (quotes
 * and list items) go on, then which new ones start, then what kind of leaf
 * the rest belongs to.  Only what may hold links comes out.  Every text is
 * some markdown, so nothing can fail.
 */
#include "content/body_scan.h"

#include <string.h>

#include "content/body_cursor.h"

#define QUOTE 0
static void close_span(struct block_reader *r)
{
	if (!r->is_open)
		return;
	r->done = r->span;
	r->is_done = true;
	r->is_open = false;
}

static void close_leaf(struct block_reader *r)
{
	close_span(r);
	r->leaf = LEAF_NONE;
}

static void open_span(
	struct block_reader *r, enum leaf leaf, const struct cursor *c)
{
	close_span(r);
	r->leaf = leaf;
	r->is_open = true;
	r->span = (struct span){
		.start = c->at,
		.end = c->end,
		.html = leaf == LEAF_HTML,
		.row = leaf == LEAF_LINE && cursor_peek(c, 0) == '|',
	};
	if (leaf == LEAF_LINE && cursor_peek(c, 0) == '#')
		r->span.level = (int)cursor_run(c);
}

/* Take the '>' of a quote, and one column of space behind it. */
static bool take_quote(struct cursor *c)
{
	struct cursor next = *c;

	if (cursor_indent(c) >= CODE_INDENT)
		return false;
	cursor_skip_indent(&next);
	if (cursor_peek(&next, 0) != '>')
		return false;
	cursor_skip_chars(&next, 1);
	if (cursor_indent(&next) > 0)
		cursor_skip_columns(&next, 1);
	*c = next;
	return true;
}

/* How many of the open containers go on in this line. */
static size_t match_containers(const struct block_reader *r, struct cursor *c)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->containers[i] == QUOTE) {
			if (!take_quote(c))
				break;
		} else if (cursor_is_blank(c)) {
			continue;
		} else if (cursor_indent(c) >= r->containers[i]) {
			cursor_skip_columns(c, r->containers[i]);
		} else {
			break;
		}
	}
	return i;
}

/* "***", "- - -", "___" */
static bool is_thematic_break(const struct cursor *c)
{
	char mark = cursor_peek(c, 0);
	size_t n = 0;

	if (mark != '*' && mark != '-' && mark != '_')
		return false;
	for (size_t i = c->at; i < c->end; i++) {
		if (c->p[i] == mark)
			n++;
		else if (!cursor_is_space(c->p[i]))
			return false;
	}
	return n >= 3;
}

/* Bytes of a list marker, or 0; only "1." may interrupt a paragraph. */
static size_t marker_length(const struct cursor *c, bool in_paragraph)
{
	size_t n = 0;

	if (strchr("-+*", cursor_peek(c, 0)) != NULL) {
		n = 1;
	} else {
		while (n < 9 && cursor_peek(c, n) >= '0' &&
			cursor_peek(c, n) <= '9')
			n++;
		if (n == 0 ||
			(cursor_peek(c, n) != '.' && cursor_peek(c, n) != ')'))
			return 0;
		if (in_paragraph && !(n == 1 && cursor_peek(c, 0) == '1'))
			return 0;
		n++;
	}
	return cursor_is_space(cursor_peek(c, n)) || cursor_peek(c, n) == '\n'
		       ? n
		       : 0;
}

/* Take a list item's marker; *width is how far its text is indented. */
static bool take_item(struct cursor *c, bool in_paragraph, size_t *width)
{
	struct cursor next = *c;
	size_t indent = cursor_indent(c);
	size_t n;
	size_t gap;

	cursor_skip_indent(&next);
	n = marker_length(&next, in_paragraph);
	if (n == 0)
		return false;
	cursor_skip_chars(&next, n);
	gap = cursor_indent(&next);
	if (cursor_is_blank(&next)) {
		if (in_paragraph)
			return false;
		gap = 1;
	} else {
		if (gap > CODE_INDENT)
			gap = 1;
		cursor_skip_columns(&next, gap);
	}
	*width = indent + n + gap;
	*c = next;
	return true;
}

/* Keep the first n containers; what was open in the others is over. */
static void keep_containers(struct block_reader *r, size_t n)
{
	if (n < r->n || r->leaf != LEAF_PARAGRAPH)
		close_leaf(r);
	r->n = n;
}

/* Open the containers that start in this line; true if any does. */
static bool open_containers(
	struct block_reader *r, struct cursor *c, size_t matched)
{
	bool in_paragraph = r->leaf == LEAF_PARAGRAPH && matched == r->n;
	bool any = false;

	while (cursor_indent(c) < CODE_INDENT && r->n < MAX_CONTAINERS) {
		struct cursor content = *c;
		size_t width = QUOTE;

		cursor_skip_indent(&content);
		if (is_thematic_break(&content))
			break;
		if (!take_quote(c) &&
			!take_item(c, in_paragraph && !any, &width))
			break;
		if (!any) {
			close_leaf(r);
			r->n = matched;
		}
		r->containers[r->n++] = width;
		any = true;
	}
	return any;
}

static bool opens_fence(struct block_reader *r, const struct cursor *c)
{
	char mark = cursor_peek(c, 0);
	size_t n = cursor_run(c);

	if ((mark != '`' && mark != '~') || n < 3)
		return false;
	if (mark == '`' &&
		memchr(c->p + c->at + n, '`', c->end - c->at - n) != NULL)
		return false;
	r->fence = mark;
	r->fence_length = n;
	return true;
}

static bool closes_fence(const struct block_reader *r, struct cursor c)
{
	size_t n;

	if (cursor_indent(&c) >= CODE_INDENT)
		return false;
	cursor_skip_indent(&c);
	n = cursor_run(&c);
	if (cursor_peek(&c, 0) != r->fence || n < r->fence_length)
		return false;
	cursor_skip_chars(&c, n);
	return cursor_is_blank(&c);
}

static bool is_heading(const struct cursor *c)
{
	size_t n = cursor_run(c);

	return cursor_peek(c, 0) == '#' && n <= 6 &&
	       (cursor_is_space(cursor_peek(c, n)) ||
		       cursor_peek(c, n) == '\n');
}

/* The line of '=' or '-' that makes a heading of the text above it. */
static bool is_underline(struct cursor c)
{
	if (cursor_peek(&c, 0) != '=' && cursor_peek(&c, 0) != '-')
		return false;
	cursor_skip_chars(&c, cursor_run(&c));
	return cursor_is_blank(&c);
}

/* The kind of leaf that starts at a line's text, indented less than code. */
static enum leaf leaf_at(
	struct block_reader *r, const struct cursor *c, bool in_paragraph)
{
	if (opens_fence(r, c))
		return LEAF_FENCE;
	if (is_heading(c) || cursor_peek(c, 0) == '|')
		return LEAF_LINE;
	if (cursor_peek(c, 0) == '<' &&
		block_html_starts(cursor_rest(c), in_paragraph, &r->html_end))
		return LEAF_HTML;
	if (is_thematic_break(c) || (in_paragraph && is_underline(*c)))
		return LEAF_NONE;
	return LEAF_PARAGRAPH;
}

/* A line that starts something, or goes on with a paragraph. */
static void read_text(struct block_reader *r, struct cursor *c, size_t matched)
{
	bool all = matched == r->n;
	bool opened = open_containers(r, c, matched);
	bool goes_on = r->leaf == LEAF_PARAGRAPH && !opened;
	bool deep = cursor_indent(c) >= CODE_INDENT;
	enum leaf leaf = LEAF_CODE;

	cursor_skip_indent(c);
	if (!deep)
		leaf = leaf_at(r, c, goes_on && all);
	if (goes_on && (deep || leaf == LEAF_PARAGRAPH)) {
		r->span.end = c->end; /* lazily, if not all go on */
		return;
	}
	if (goes_on && all && leaf == LEAF_NONE && is_underline(*c)) {
		r->span.level = cursor_peek(c, 0) == '=' ? 1 : 2;
		r->span.underline = c->at;
		r->span.underline_end = c->end;
	}
	if (!opened)
		keep_containers(r, matched);
	if (leaf == LEAF_NONE || leaf == LEAF_CODE || leaf == LEAF_FENCE) {
		close_leaf(r);
		r->leaf = leaf;
		return;
	}
	open_span(r, leaf, c);
	if (leaf == LEAF_HTML && r->html_end != NULL &&
		block_html_ends(cursor_rest(c), r->html_end))
		r->leaf = LEAF_LINE;
}

/* A further line of a block of HTML. */
static void read_html(struct block_reader *r, const struct cursor *c)
{
	if (r->html_end == NULL && cursor_is_blank(c)) {
		close_leaf(r);
		return;
	}
	r->span.end = c->end;
	if (r->html_end != NULL && block_html_ends(cursor_rest(c), r->html_end))
		r->leaf = LEAF_LINE;
}

static void read_blank(struct block_reader *r, size_t matched)
{
	if (r->leaf != LEAF_CODE || matched < r->n)
		close_leaf(r);
	r->n = matched;
}

static void read_line(struct block_reader *r)
{
	struct str rest = str_skip(r->body, r->at);
	size_t length = str_find(rest, STR("\n"));
	struct cursor c = {.p = r->body.p, .at = r->at, .end = r->at + length};
	size_t matched = match_containers(r, &c);
	bool all = matched == r->n;

	r->at = length < rest.n ? c.end + 1 : c.end;
	if (r->leaf == LEAF_FENCE && all) {
		if (closes_fence(r, c))
			r->leaf = LEAF_NONE;
	} else if (r->leaf == LEAF_HTML && all) {
		read_html(r, &c);
	} else if (cursor_is_blank(&c)) {
		read_blank(r, matched);
	} else {
		read_text(r, &c, matched);
	}
}

bool block_next(struct block_reader *r, struct span *out)
{
	r->is_done = false;
	while (r->at < r->body.n && !r->is_done)
		read_line(r);
	if (!r->is_done)
		close_span(r);
	*out = r->done;
	return r->is_done;
}
