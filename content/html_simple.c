/*
 * html_simple - the plain text of HTML that needs no parser.
 *
 * The HTML standard says what a parser makes of any bytes at all.  Of most
 * HTML that is just what it looks like, and then one pass over it is enough.
 * Whatever is not plainly so is left to the parser: unknown tags, tags that
 * close others or stand where they may not, entities beyond the common ones,
 * comments, bad UTF-8.  The fuzz target compares with the parser.
 */
#include "content/html_simple.h"

#include <limits.h>
#include <string.h>

#include "base/utf8.h"
#include "base/util.h"
#include "base/word.h"
#include "content/utf8.h"

#define MAX_DEPTH 32
#define LAST_BYTE (UINT64_C(0x80) << 56) /* in the mask of a word */

enum kind {
	PHRASE,  /* in the flow of a line; may hold anything */
	BLOCK,   /* stands on its own, not in a p */
	HEADING, /* a block that holds no other heading */
	PARAGRAPH,
	LIST,
	ITEM,   /* right in a list */
	BREAK,  /* holds nothing: parts words */
	PICTURE /* holds nothing, in the flow */
};

/* The most common ones first. */
static const struct tag {
	const char *name;
	enum kind kind;
} tags[] = {
	{"p", PARAGRAPH},
	{"br", BREAK},
	{"a", PHRASE},
	{"strong", PHRASE},
	{"em", PHRASE},
	{"li", ITEM},
	{"b", PHRASE},
	{"code", PHRASE},
	{"del", PHRASE},
	{"i", PHRASE},
	{"ins", PHRASE},
	{"kbd", PHRASE},
	{"s", PHRASE},
	{"span", PHRASE},
	{"sub", PHRASE},
	{"sup", PHRASE},
	{"u", PHRASE},
	{"div", BLOCK},
	{"figure", BLOCK},
	{"figcaption", BLOCK},
	{"blockquote", BLOCK},
	{"pre", BLOCK},
	{"section", BLOCK},
	{"h1", HEADING},
	{"h2", HEADING},
	{"h3", HEADING},
	{"h4", HEADING},
	{"h5", HEADING},
	{"h6", HEADING},
	{"ul", LIST},
	{"ol", LIST},
	{"img", PICTURE},
};

struct reading {
	const char *p;
	const char *end;
	struct html_words *out;
	size_t depth;
	const struct tag *open[MAX_DEPTH];
};

/* What a byte is in a text. */
enum { WORD, SPACE, MARK, CONTROL };
#define C CONTROL
static const unsigned char kinds[UCHAR_MAX + 1] = {
	/* clang-format off */
	C, C, C, C, C, C, C, C, C, SPACE, SPACE, C, SPACE, SPACE, C, C,
	C, C, C, C, C, C, C, C, C, C, C, C, C, C, C, C,
	/* clang-format on */
	[' '] = SPACE,
	['&'] = MARK,
	['<'] = MARK,
	[0x7f] = CONTROL,
};
#undef C

static unsigned char kind_of(char c)
{
	return kinds[(unsigned char)c];
}

/*
 * Copy what comes out as it is: words with single spaces between them, behind
 * a word.  There is room for all that is left.
 */
static const char *copy_words(const char *from, const char *end, char **to)
{
	while (end - from >= WORD_SIZE) {
		uint64_t w = word_load(from);
		uint64_t spaces = word_equal(w, ' ');
		uint64_t marks = word_below(w, ' ') | word_equal(w, 0x7f) |
				 word_equal(w, '&') | word_equal(w, '<');
		uint64_t no_word_behind = (spaces | marks) >> 8 | LAST_BYTE;
		uint64_t other = marks | (spaces & no_word_behind);
		size_t n = other != 0 ? word_first(other) : WORD_SIZE;

		memcpy(*to, from, WORD_SIZE);
		from += n;
		*to += n;
		if (other != 0)
			break;
	}
	return from;
}

/*
 * Words from *p on, up to a mark (if they matter) or a control character.
 * What they make is never longer than they are, but for a gap before.
 */
static void add_words(
	struct html_words *t, const char **p, const char *end, bool marks)
{
	const char *from = *p;
	char *to;

	buf_reserve(&t->buf, (size_t)(end - from) + 1);
	to = t->buf.p + t->buf.n;
	while (from < end) {
		unsigned char kind = kind_of(*from);

		if (kind == SPACE) {
			t->gap = true;
			from++;
			continue;
		}
		if (kind != WORD && marks)
			break;
		if (t->gap && to > t->buf.p)
			*to++ = ' ';
		t->gap = false;
		*to++ = *from++;
		from = copy_words(from, end, &to);
		while (from < end && kind_of(*from) == WORD)
			*to++ = *from++;
	}
	t->buf.n = (size_t)(to - t->buf.p);
	*to = '\0';
	*p = from;
}

void html_words_add(struct html_words *t, struct str s)
{
	const char *p = s.p;

	add_words(t, &p, s.p + s.n, false);
}

/* --- Text --------------------------------------------------------------- */

/* & and what it stands for; a lone one before a space is itself. */
static bool read_entity(struct reading *r)
{
	static const struct {
		const char *name, *text;
	} entities[] = {
		{"&amp;", "&"},
		{"&lt;", "<"},
		{"&gt;", ">"},
		{"&quot;", "\""},
		{"&#39;", "'"},
		{"&nbsp;", "\xc2\xa0"},
		{"& ", "& "},
	};
	struct str rest = {r->p, (size_t)(r->end - r->p)};

	for (size_t i = 0; i < ARRAY_LEN(entities); i++)
		if (str_starts(rest, str_of(entities[i].name))) {
			html_words_add(r->out, str_of(entities[i].text));
			r->p += strlen(entities[i].name);
			return true;
		}
	return false;
}

/* Up to the next & or <; false for control characters, which a parser
 * changes. */
static bool read_text(struct reading *r)
{
	add_words(r->out, &r->p, r->end, true);
	return r->p == r->end || kind_of(*r->p) == MARK;
}

/* --- Tags --------------------------------------------------------------- */

static const struct tag *find_tag(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(tags); i++)
		if (str_is(name, tags[i].name))
			return &tags[i];
	return NULL;
}

static struct str read_name(struct reading *r)
{
	const char *from = r->p;

	while (r->p < r->end &&
		((*r->p >= 'a' && *r->p <= 'z') ||
			(*r->p >= '0' && *r->p <= '9') || *r->p == '-'))
		r->p++;
	return (struct str){from, (size_t)(r->p - from)};
}

/* name="value", with one of both kinds of quotes, or a name alone. */
static bool read_attribute(struct reading *r)
{
	const char *close;
	char quote;

	if (read_name(r).n == 0)
		return false;
	if (r->end - r->p < 2 || *r->p != '=')
		return true;
	quote = r->p[1];
	if (quote != '"' && quote != '\'')
		return false;
	r->p += 2;
	close = memchr(r->p, quote, (size_t)(r->end - r->p));
	if (close == NULL || memchr(r->p, '\0', (size_t)(close - r->p)) != NULL)
		return false;
	r->p = close + 1;
	return true;
}

/* Attributes, each behind a space, and the tag's end. */
static bool read_attributes(struct reading *r, bool holds_nothing)
{
	while (r->p < r->end && *r->p == ' ') {
		while (r->p < r->end && *r->p == ' ')
			r->p++;
		if (r->p < r->end && (*r->p == '>' || *r->p == '/'))
			break;
		if (!read_attribute(r))
			return false;
	}
	if (holds_nothing && r->p < r->end && *r->p == '/')
		r->p++;
	return r->p < r->end && *r->p++ == '>';
}

/* May it start here, without closing what is open? */
static bool may_start(const struct reading *r, const struct tag *tag)
{
	const struct tag *in = r->depth > 0 ? r->open[r->depth - 1] : NULL;

	if (tag->kind == ITEM && (in == NULL || in->kind != LIST))
		return false;
	if (in != NULL && in->kind == LIST && tag->kind != ITEM)
		return false;
	for (size_t i = 0; i < r->depth; i++) {
		enum kind open = r->open[i]->kind;

		if (tag->kind == PHRASE && r->open[i] == tag)
			return false;
		if (open == PARAGRAPH && tag->kind != PHRASE &&
			tag->kind != BREAK && tag->kind != PICTURE)
			return false;
		if (open == HEADING && tag->kind == HEADING)
			return false;
		/* What formats is carried into what stands on its own. */
		if (open == PHRASE && tag->kind != PHRASE &&
			tag->kind != BREAK && tag->kind != PICTURE)
			return false;
	}
	return r->depth < MAX_DEPTH;
}

static bool read_start(struct reading *r)
{
	const struct tag *tag = find_tag(read_name(r));
	bool holds_nothing;

	if (tag == NULL || !may_start(r, tag))
		return false;
	holds_nothing = tag->kind == BREAK || tag->kind == PICTURE;
	if (!read_attributes(r, holds_nothing))
		return false;
	if (tag->kind != PHRASE && tag->kind != PICTURE)
		r->out->gap = true;
	if (!holds_nothing)
		r->open[r->depth++] = tag;
	return true;
}

static bool read_end(struct reading *r)
{
	const struct tag *tag = find_tag(read_name(r));

	if (tag == NULL || r->depth == 0 || r->open[r->depth - 1] != tag ||
		r->p == r->end || *r->p != '>')
		return false;
	r->p++;
	r->depth--;
	if (tag->kind != PHRASE)
		r->out->gap = true;
	return true;
}

static bool read_tag(struct reading *r)
{
	r->p++;
	if (r->p < r->end && *r->p == '/') {
		r->p++;
		return read_end(r);
	}
	return read_start(r);
}

/* No bad UTF-8, and none of the characters that a parser replaces. */
static bool is_kept(struct str html)
{
	size_t at = 0;

	while ((at = utf8_skip_ascii(html, at)) < html.n) {
		int32_t cp = utf8_next(html, &at);

		if (cp < 0 || (cp >= 0x80 && cp < 0xA0) ||
			(cp >= 0xFDD0 && cp <= 0xFDEF) ||
			(cp & 0xFFFE) == 0xFFFE)
			return false;
	}
	return !str_starts(html, STR("\xef\xbb\xbf"));
}

bool html_simple(struct str html, struct html_words *out)
{
	struct reading r = {.p = html.p, .end = html.p + html.n, .out = out};
	bool good = is_kept(html);

	while (good && r.p < r.end) {
		if (*r.p == '<')
			good = read_tag(&r);
		else if (*r.p == '&')
			good = read_entity(&r);
		else
			good = read_text(&r);
	}
	return good && r.depth == 0;
}
