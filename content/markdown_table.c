/*
 * markdown_table - a table of HTML as one of markdown.
 *
 * Rows and cells are walked twice: to see whether markdown can say it (no cell
 * over several rows or columns, nothing but words in each), and to write.
 * A table without a head gets an empty one, since markdown's have one.
 */
#include <strings.h>

#include "content/markdown_html.h"
#include "content/words.h"

/* Each row is filled up to the longest: more cells than this stay HTML. */
#define MAX_CELLS 100000

struct table {
	size_t columns;
	size_t n_rows;
	const GumboNode *head;  /* the row that is the head, or NULL */
	const GumboNode *first; /* row */
	struct buf *out;
	bool ok;
};

typedef void row_fn(struct table *t, const GumboNode *row, bool in_head);

/* Every row, in order; anything else between them is not for markdown. */
static void each_row(
	struct table *t, const GumboNode *parent, bool in_head, row_fn *fn)
{
	const GumboVector *children = html_children(parent);

	for (unsigned i = 0; t->ok && i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (html_is(child, GUMBO_TAG_TR))
			fn(t, child, in_head);
		else if (html_is(child, GUMBO_TAG_THEAD))
			each_row(t, child, true, fn);
		else if (html_is(child, GUMBO_TAG_TBODY) ||
			 html_is(child, GUMBO_TAG_TFOOT))
			each_row(t, child, false, fn);
		else
			t->ok = html_is_blank(child) ||
				html_is(child, GUMBO_TAG_COLGROUP);
	}
}

static bool is_cell(const GumboNode *node)
{
	return html_is(node, GUMBO_TAG_TD) || html_is(node, GUMBO_TAG_TH);
}

static bool spans(const GumboNode *cell, const char *name)
{
	struct str s = html_attribute(cell, name);

	return s.p != NULL && !str_is(s, "1");
}

static void measure_row(struct table *t, const GumboNode *row, bool in_head)
{
	const GumboVector *children = html_children(row);
	size_t cells = 0;
	size_t heads = 0;

	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (html_is_blank(child))
			continue;
		t->ok = t->ok && is_cell(child) && !spans(child, "colspan") &&
			!spans(child, "rowspan");
		cells++;
		heads += html_is(child, GUMBO_TAG_TH);
	}
	if (in_head && t->n_rows > 0)
		t->ok = false; /* a second row of heads */
	if (t->n_rows == 0) {
		t->first = row;
		if (in_head || (heads > 0 && heads == cells))
			t->head = row;
	}
	t->n_rows++;
	t->columns = cells > t->columns ? cells : t->columns;
}

/* A cell's words: those of its paragraphs, or its own. */
static bool put_cell_words(const GumboNode *cell, struct buf *out)
{
	const GumboVector *children = html_children(cell);
	size_t start = out->n;
	struct figure figure;
	bool ok = true;

	for (unsigned i = 0; ok && i < children->length; i++) {
		const GumboNode *child = children->data[i];
		size_t before = out->n;

		if (html_is_blank(child))
			continue;
		figure = (struct figure){0};
		if (html_is(child, GUMBO_TAG_P)) {
			buf_puts(out, out->n > start ? "<br>" : "");
			ok = markdown_words(child, true, out);
			if (str_ends(buf_str(out), STR("<br>")))
				out->n = before;
		} else if (html_is(child, GUMBO_TAG_FIGURE)) {
			ok = markdown_figure(child, &figure) &&
			     figure.caption == NULL && figure.shown != NULL &&
			     html_is(figure.shown, GUMBO_TAG_IMG);
			if (ok)
				markdown_picture(figure.shown, true, out);
		} else {
			out->n = start;
			return markdown_words(cell, true, out);
		}
	}
	return ok;
}

/* Marks hold where no white space, and a no-break space is some, is inside. */
static bool put_cell(const GumboNode *cell, bool strong, struct buf *out)
{
	struct buf b = {0};
	bool ok = put_cell_words(cell, &b);
	struct str text = words_trim(buf_str(&b));
	bool marked =
		strong && text.n > 0 && str_find(text, STR("**")) == text.n;

	buf_puts(out, marked ? " **" : " ");
	buf_add_str(out, marked ? text : buf_str(&b));
	buf_puts(out, marked ? "** |" : (b.n > 0 ? " |" : "|"));
	buf_fini(&b);
	return ok;
}

static void put_row(struct table *t, const GumboNode *row)
{
	const GumboVector *children = html_children(row);
	size_t cells = 0;

	buf_putc(t->out, '|');
	for (unsigned i = 0; t->ok && i < children->length; i++) {
		const GumboNode *cell = children->data[i];

		if (html_is_blank(cell))
			continue;
		t->ok = put_cell(cell,
			row != t->head && html_is(cell, GUMBO_TAG_TH), t->out);
		cells++;
	}
	for (; cells < t->columns; cells++)
		buf_puts(t->out, " |");
}

static void put_body_row(struct table *t, const GumboNode *row, bool in_head)
{
	(void)in_head;
	if (row == t->head)
		return;
	buf_putc(t->out, '\n');
	put_row(t, row);
}

static bool has(struct str s, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = 0; s.p != NULL && i + n <= s.n; i++)
		if (strncasecmp(s.p + i, word, n) == 0)
			return true;
	return false;
}

/* "---", with colons where the column's first cell is aligned. */
static void put_rule(struct table *t)
{
	const GumboVector *children = html_children(t->first);
	size_t cells = 0;

	buf_puts(t->out, "\n|");
	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *cell = children->data[i];
		struct str align;
		struct str style;
		bool center;

		if (html_is_blank(cell))
			continue;
		align = html_attribute(cell, "align");
		style = html_attribute(cell, "style");
		center = has(align, "center") || has(style, "align:center") ||
			 has(style, "align: center");
		buf_puts(
			t->out, center || has(align, "left") ? " :--" : " ---");
		buf_puts(t->out, center || has(align, "right") ||
						 has(style, "align:right") ||
						 has(style, "align: right")
					 ? ": |"
					 : " |");
		cells++;
	}
	for (; cells < t->columns; cells++)
		buf_puts(t->out, " --- |");
}

bool markdown_table(const GumboNode *table, struct buf *out)
{
	struct table t = {.out = out, .ok = true};

	each_row(&t, table, false, measure_row);
	if (!t.ok || t.columns == 0 || t.n_rows > MAX_CELLS / t.columns)
		return false;
	if (t.head != NULL) {
		put_row(&t, t.head);
	} else {
		buf_putc(out, '|');
		for (size_t i = 0; i < t.columns; i++)
			buf_puts(out, "   |");
	}
	put_rule(&t);
	each_row(&t, table, false, put_body_row);
	return t.ok;
}
