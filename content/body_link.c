/*
 * body_link - the parts of links and tags that hold addresses.
 *
 * Markdown's link targets and definitions by CommonMark's grammar; tags as
 * CommonMark allows them within a text.  Each reads ahead so far only that
 * no text makes the whole scan quadratic: a title ends where the next one
 * would start, what begins a tag is in no other but between quotes, and
 * addresses and tags have a greatest length.
 */
#include "content/body_link.h"

#include "content/ascii.h"

#define MAX_NESTED 32  /* brackets within an address */
#define MAX_LABEL 1000 /* bytes of a definition's name */
#define MAX_ADDRESS 4096

static bool is_punctuation(char c)
{
	return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') ||
	       (c >= '[' && c <= '`') || (c >= '{' && c <= '~');
}

static size_t skip_space(struct str body, size_t at, size_t end)
{
	while (at < end && ascii_space(body.p[at]))
		at++;
	return at;
}

/* True at a backslash that takes away the next character's meaning. */
static bool is_escape(struct str body, size_t at, size_t end)
{
	return body.p[at] == '\\' && at + 1 < end &&
	       is_punctuation(body.p[at + 1]);
}

/* "<address>": the place behind it, or 0. */
static size_t angled(
	struct str body, size_t at, size_t end, struct address *out)
{
	size_t start = at + 1;

	for (at = start; at < end && body.p[at] != '>'; at++) {
		if (body.p[at] == '<' || body.p[at] == '\n' ||
			at - start > MAX_ADDRESS)
			return 0;
		if (is_escape(body, at, end))
			at++;
	}
	*out = (struct address){start, at};
	return at < end ? at + 1 : 0;
}

/* An address without angles: the place behind it, or 0. */
static size_t bare(struct str body, size_t at, size_t end, struct address *out)
{
	size_t start = at;
	int nested = 0;

	for (; at < end && (unsigned char)body.p[at] > ' '; at++) {
		if (is_escape(body, at, end))
			at++;
		else if (at - start > MAX_ADDRESS ||
			 (body.p[at] == '(' && ++nested > MAX_NESTED))
			return 0;
		else if (body.p[at] == ')' && --nested < 0)
			break;
	}
	*out = (struct address){start, at};
	return at;
}

static size_t address_at(
	struct str body, size_t at, size_t end, struct address *out)
{
	if (at < end && body.p[at] == '<')
		return angled(body, at, end, out);
	return bare(body, at, end, out);
}

/* A title in quotes or brackets: the place behind it, or 0. */
static size_t title_at(struct str body, size_t at, size_t end)
{
	char open = body.p[at];
	char close = open;

	if (open == '(')
		close = ')';
	else if (open != '"' && open != '\'')
		return 0;
	for (at++; at < end && body.p[at] != close; at++) {
		if (open == '(' && body.p[at] == '(')
			return 0;
		if (is_escape(body, at, end))
			at++;
	}
	return at < end ? at + 1 : 0;
}

size_t link_target(struct str body, size_t at, size_t end, struct address *out)
{
	size_t behind;

	at = address_at(body, skip_space(body, at, end), end, out);
	if (at == 0)
		return 0;
	behind = skip_space(body, at, end);
	if (behind > at && behind < end && body.p[behind] != ')') {
		behind = title_at(body, behind, end);
		if (behind == 0)
			return 0;
		behind = skip_space(body, behind, end);
	}
	return behind < end && body.p[behind] == ')' ? behind + 1 : 0;
}

/* Nothing but a title, as it seems, in the rest of the line. */
static bool ends_line(struct str body, size_t at, size_t end)
{
	size_t behind = at;

	while (behind < end && body.p[behind] != '\n' &&
		ascii_space(body.p[behind]))
		behind++;
	if (behind == end || body.p[behind] == '\n')
		return true;
	return behind > at && strchr("\"'(", body.p[behind]) != NULL &&
	       body.p[behind] != '\0';
}

size_t link_definition(
	struct str body, size_t at, size_t end, struct address *out)
{
	size_t start = at + 1;

	if (at >= end || body.p[at] != '[')
		return 0;
	for (at = start; at < end && body.p[at] != ']'; at++) {
		if (body.p[at] == '[' || at - start > MAX_LABEL)
			return 0;
		if (is_escape(body, at, end))
			at++;
	}
	/* "[^1]:" is a footnote, whose text is no address. */
	if (at + 1 >= end || at == start || body.p[start] == '^' ||
		body.p[at + 1] != ':')
		return 0;
	at = address_at(body, skip_space(body, at + 2, end), end, out);
	if (at == 0 || out->start == out->end)
		return 0;
	return ends_line(body, at, end) ? at : 0;
}

static bool is_name_char(char c)
{
	return ascii_alnum(c) || c == '-';
}

/* To the first byte that is in stops or white space. */
static size_t skip_name(
	struct str body, size_t at, size_t end, const char *stops)
{
	while (at < end && !ascii_space(body.p[at]) &&
		(body.p[at] == '\0' || strchr(stops, body.p[at]) == NULL))
		at++;
	return at;
}

bool tag_start(struct str body, size_t at, size_t end, struct tag *out)
{
	size_t start = at + 1;

	out->closing = start < end && body.p[start] == '/';
	start += out->closing;
	if (start >= end || !ascii_letter(body.p[start]))
		return false;
	out->at = start;
	while (out->at < end && is_name_char(body.p[out->at]))
		out->at++;
	out->name = (struct str){body.p + start, out->at - start};
	/* "<https://…>" and "<a@b.org>" are addresses in angles. */
	return out->at < end &&
	       (ascii_space(body.p[out->at]) || body.p[out->at] == '/' ||
		       body.p[out->at] == '>');
}

/*
 * A browser takes quotes and a '<' for parts of such a value, too; markdown
 * sees no tag then, nor do we, or each '<' of "<a b=<a b=" would read on.
 */
static size_t unquoted_at(
	struct str body, size_t at, size_t end, struct address *out)
{
	size_t behind = skip_name(body, at, end, "><\"'");

	*out = (struct address){at, behind};
	return behind < end && strchr("<\"'", body.p[behind]) == NULL ? behind
								      : 0;
}

/* A value, quoted or not, at at; the place behind it, or 0. */
static size_t value_at(
	struct str body, size_t at, size_t end, struct address *out)
{
	const char *close;
	char quote;

	if (at >= end)
		return 0;
	quote = body.p[at];
	if (quote != '"' && quote != '\'')
		return unquoted_at(body, at, end, out);
	close = memchr(body.p + at + 1, quote, end - at - 1);
	if (close == NULL)
		return 0;
	*out = (struct address){at + 1, (size_t)(close - body.p)};
	return out->end + 1;
}

int tag_next(
	struct str body, size_t end, struct tag *tag, struct attribute *out)
{
	size_t at = tag->at;
	size_t start;

	while (at < end && (ascii_space(body.p[at]) || body.p[at] == '/'))
		at++;
	if (at >= end)
		return -1;
	if (body.p[at] == '>') {
		tag->at = at + 1;
		return 0;
	}
	start = at;
	at = skip_name(body, at, end, "=/><\"'`![](){}*\\,;&");
	if (at == start)
		return -1;
	out->name = (struct str){body.p + start, at - start};
	out->value = (struct address){at, at};
	tag->at = at;
	at = skip_space(body, at, end);
	if (at >= end || body.p[at] != '=')
		return 1;
	at = skip_space(body, at + 1, end);
	tag->at = value_at(body, at, end, &out->value);
	return tag->at > 0 ? 1 : -1;
}
