/*
 * markdown_words - the words of a line of HTML said in markdown.
 *
 * Text is escaped, so that it shows as it did.  What markdown has no marks for
 * stays HTML (<sub>x</sub>); what is no part of a line cannot be said.
 */
#include "content/markdown_words.h"

#include <unicode/uchar.h>

#include "base/utf8.h"
#include "content/ascii.h"
#include "content/markdown_text.h"

static bool put_children(struct line *l, const GumboNode *parent);

static bool is_named(const GumboNode *node, const char *name)
{
	return ascii_same(html_name(node), str_of(name));
}

static bool at_start(const struct line *l)
{
	return l->out->n == l->start;
}

static bool at_line_start(const struct line *l)
{
	if (at_start(l))
		return !l->inside;
	return l->out->p[l->out->n - 1] == '\n';
}

/* Write the white space that came before. */
static void close_gap(struct line *l)
{
	if (l->gap && !at_start(l) && !at_line_start(l))
		buf_putc(l->out, ' ');
	l->gap = false;
}

static void put_word(struct line *l, struct str word)
{
	close_gap(l);
	if (at_line_start(l))
		markdown_escape_line(word, l->row, l->out);
	else
		markdown_escape(word, l->row, l->out);
}

static void put_text(struct line *l, struct str s)
{
	while (s.n > 0) {
		size_t n = 0;

		while (n < s.n && s.p[n] != '\f' && !ascii_space(s.p[n]))
			n++;
		if (n == 0) {
			l->gap = true;
			n = 1;
		} else {
			put_word(l, (struct str){s.p, n});
		}
		s = str_skip(s, n);
	}
}

void markdown_picture(const GumboNode *img, bool row, struct buf *out)
{
	struct str src = html_attribute(img, "src");
	struct str alt = html_attribute(img, "alt");
	struct str title = html_attribute(img, "title");

	if (src.p == NULL || src.n == 0)
		return;
	buf_puts(out, "![");
	markdown_escape(alt, row, out);
	buf_puts(out, "](");
	markdown_address(src, out);
	if (title.n > 0) {
		buf_puts(out, " \"");
		for (size_t i = 0; i < title.n; i++) {
			struct str c = {title.p + i, 1};

			if (title.p[i] == '"')
				buf_puts(out, "\\\"");
			else
				markdown_escape(c, row, out);
		}
		buf_putc(out, '"');
	}
	buf_putc(out, ')');
}

/* What markdown's rule of marks asks of a character beside them. */
enum beside { BESIDE_SPACE, BESIDE_PUNCTUATION, BESIDE_WORD };

static enum beside beside(int32_t cp)
{
	if (u_isUWhiteSpace(cp))
		return BESIDE_SPACE;
	return (U_GET_GC_MASK(cp) & (U_GC_P_MASK | U_GC_S_MASK)) != 0
		       ? BESIDE_PUNCTUATION
		       : BESIDE_WORD;
}

static enum beside first_of(struct str s)
{
	size_t at = 0;

	return s.n > 0 ? beside(utf8_next(s, &at)) : BESIDE_SPACE;
}

static enum beside last_of(struct str s)
{
	size_t at = s.n;

	while (at > 0 && ((unsigned char)s.p[--at] & 0xC0) == 0x80)
		;
	return first_of(str_skip(s, at));
}

/* What stands behind a node; a space if nothing. */
static enum beside behind_of(const GumboNode *node)
{
	const GumboVector *siblings = html_children(node->parent);
	unsigned next = (unsigned)node->index_within_parent + 1;
	const GumboNode *sibling;

	if (next >= siblings->length)
		return BESIDE_SPACE;
	sibling = siblings->data[next];
	if (sibling->type == GUMBO_NODE_TEXT)
		return first_of(str_of(sibling->v.text.text));
	return html_is_blank(sibling) ? BESIDE_SPACE : BESIDE_WORD;
}

/* <name>…</name>, where markdown has no marks for it. */
static bool put_as_html(struct line *l, const GumboNode *node)
{
	const char *name = gumbo_normalized_tagname(node->v.element.tag);

	close_gap(l);
	buf_printf(l->out, "<%s>", name);
	if (!put_children(l, node))
		return false;
	buf_printf(l->out, "</%s>", name);
	return true;
}

/* The first text in it begins with white space. */
static bool begins_with_gap(const GumboNode *node)
{
	const GumboVector *children = html_children(node);
	const GumboNode *first =
		children->length > 0 ? children->data[0] : NULL;

	return first != NULL && first->type == GUMBO_NODE_TEXT &&
	       ascii_space(first->v.text.text[0]);
}

/*
 * Marks work where no white space touches them from inside (a no-break space
 * is some), and a word does, or none from outside.
 */
static bool marks_work(
	struct line *l, struct str inside, bool gap, enum beside behind)
{
	bool word_before = !at_start(l) && !l->gap &&
			   last_of(buf_str(l->out)) == BESIDE_WORD;
	enum beside first = first_of(inside);
	enum beside last = last_of(inside);

	return first != BESIDE_SPACE && last != BESIDE_SPACE &&
	       (!word_before || first == BESIDE_WORD) &&
	       (gap || behind != BESIDE_WORD || last == BESIDE_WORD);
}

/* Marks around words; or the element stays HTML. */
static bool put_marked(struct line *l, const GumboNode *node, const char *mark)
{
	const char *name = gumbo_normalized_tagname(node->v.element.tag);
	struct buf b = {0};
	struct line in = *l;
	bool ok;

	in.out = &b;
	in.start = 0;
	in.inside = true;
	in.gap = false;
	buf_puts(&b, "");
	ok = put_children(&in, node);
	l->gap = l->gap || begins_with_gap(node);
	if (ok && b.n > 0) {
		enum beside behind = behind_of(node);
		bool works = marks_work(l, buf_str(&b), in.gap, behind);

		close_gap(l);
		if (works)
			buf_printf(l->out, "%s%s%s", mark, b.p, mark);
		else
			buf_printf(l->out, "<%s>%s</%s>", name, b.p, name);
	}
	l->gap = l->gap || in.gap;
	buf_fini(&b);
	return ok;
}

/* A code span: the text of all that is in it. */
static void add_code(const GumboNode *node, struct buf *out)
{
	const GumboVector *children = html_children(node);

	for (unsigned i = 0; i < children->length; i++) {
		const GumboNode *child = children->data[i];

		if (child->type == GUMBO_NODE_ELEMENT)
			add_code(child, out);
		else if (child->type != GUMBO_NODE_COMMENT)
			buf_puts(out, child->v.text.text);
	}
}

static size_t longest_run(struct str s, char c)
{
	size_t longest = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		n = s.p[i] == c ? n + 1 : 0;
		longest = n > longest ? n : longest;
	}
	return longest;
}

static void put_run(struct buf *out, char c, size_t n)
{
	while (n-- > 0)
		buf_putc(out, c);
}

static void put_code(struct line *l, const GumboNode *node)
{
	struct buf code = {0};
	size_t ticks;
	size_t pad = 0;

	add_code(node, &code);
	ticks = longest_run(buf_str(&code), '`') + 1;
	if (code.n > 0) {
		if (code.p[0] == '`' || code.p[code.n - 1] == '`' ||
			(code.p[0] == ' ' && code.p[code.n - 1] == ' '))
			pad = 1;
		close_gap(l);
		put_run(l->out, '`', ticks);
		put_run(l->out, ' ', pad);
		for (size_t i = 0; i < code.n; i++) {
			if (code.p[i] == '|' && l->row)
				buf_putc(l->out, '\\');
			if (ascii_space(code.p[i]))
				buf_putc(l->out, ' ');
			else
				buf_putc(l->out, code.p[i]);
		}
		put_run(l->out, ' ', pad);
		put_run(l->out, '`', ticks);
	}
	buf_fini(&code);
}

static bool put_link(struct line *l, const GumboNode *node)
{
	struct str href = html_attribute(node, "href");
	bool linked = href.n > 0 && !l->link;
	bool ok;

	close_gap(l);
	if (linked)
		markdown_open_link(l->out);
	l->link = l->link || linked;
	ok = put_children(l, node);
	if (!linked)
		return ok;
	l->link = false;
	buf_puts(l->out, "](");
	markdown_address(href, l->out);
	buf_putc(l->out, ')');
	return ok;
}

/* A line's end; within a row only HTML has one, and at its end none. */
static void put_break(struct line *l)
{
	l->gap = false;
	if (!at_start(l))
		buf_puts(l->out, l->row ? "<br>" : "\\\n");
}

static bool put_strong(struct line *l, const GumboNode *node)
{
	bool outer = l->strong;
	bool ok;

	l->strong = true;
	ok = outer ? put_children(l, node) : put_marked(l, node, "**");
	l->strong = outer;
	return ok;
}

static bool put_em(struct line *l, const GumboNode *node)
{
	bool outer = l->em;
	bool ok;

	l->em = true;
	ok = outer ? put_children(l, node) : put_marked(l, node, "*");
	l->em = outer;
	return ok;
}

bool markdown_element(struct line *l, const GumboNode *node)
{
	switch (node->v.element.tag) {
	case GUMBO_TAG_B:
	case GUMBO_TAG_STRONG:
		return put_strong(l, node);
	case GUMBO_TAG_I:
	case GUMBO_TAG_EM:
		return put_em(l, node);
	case GUMBO_TAG_S:
	case GUMBO_TAG_DEL:
	case GUMBO_TAG_STRIKE:
		return put_marked(l, node, "~~");
	case GUMBO_TAG_CODE:
		put_code(l, node);
		return true;
	case GUMBO_TAG_A:
		return put_link(l, node);
	case GUMBO_TAG_BR:
		put_break(l);
		return true;
	case GUMBO_TAG_IMG:
		close_gap(l);
		markdown_picture(node, l->row, l->out);
		return true;
	case GUMBO_TAG_SPAN:
		return put_children(l, node);
	case GUMBO_TAG_SUB:
	case GUMBO_TAG_SUP:
	case GUMBO_TAG_U:
	case GUMBO_TAG_KBD:
	case GUMBO_TAG_MARK:
	case GUMBO_TAG_SMALL:
		return put_as_html(l, node);
	case GUMBO_TAG_UNKNOWN:
		if (is_named(node, "macro"))
			return true; /* only OpenProject can fill it */
		if (is_named(node, "mention"))
			return put_children(l, node);
		return false;
	default:
		return false;
	}
}

bool markdown_node(struct line *l, const GumboNode *node)
{
	switch (node->type) {
	case GUMBO_NODE_TEXT:
	case GUMBO_NODE_WHITESPACE:
		put_text(l, str_of(node->v.text.text));
		return true;
	case GUMBO_NODE_ELEMENT:
		return markdown_element(l, node);
	default:
		return false; /* a comment is no accident */
	}
}

static bool put_children(struct line *l, const GumboNode *parent)
{
	const GumboVector *children = html_children(parent);

	for (unsigned i = 0; i < children->length; i++)
		if (!markdown_node(l, children->data[i]))
			return false;
	return true;
}

void markdown_trim_breaks(struct buf *out, size_t start)
{
	for (;;) {
		struct str s = {out->p + start, out->n - start};

		if (s.n > 0 && str_ends(s, STR("\\\n")))
			out->n -= 2;
		else if (s.n > 0 && str_ends(s, STR("<br>")))
			out->n -= 4;
		else
			return;
	}
}

bool markdown_words(const GumboNode *parent, bool row, struct buf *out)
{
	struct line l = {.out = out, .start = out->n, .row = row};
	bool ok = put_children(&l, parent);

	markdown_trim_breaks(out, l.start);
	return ok;
}
