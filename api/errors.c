/*
 * errors - one line about an answer that is not what was asked for.
 *
 * Errors of the API are JSON with an identifier and a message in the user's
 * language; proxies and the web server in front answer pages of HTML, and
 * both may answer nothing.  Whatever it is goes into one line without control
 * characters, since it ends in logs and on terminals.
 */
#include "api/read.h"
#include "api/resources.h"

#include <string.h>

#define MAX_TEXT ((size_t)240) /* bytes of a message or a title */

/* On one line, white space joined, cut at a character. */
static void put_line(struct buf *out, struct str text)
{
	size_t begin = out->n;
	bool space = false;

	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c <= ' ' || c == 0x7f) {
			space = out->n > begin;
			continue;
		}
		if (out->n - begin >= MAX_TEXT && (c & 0xc0) != 0x80) {
			buf_puts(out, "…");
			return;
		}
		if (space)
			buf_putc(out, ' ');
		space = false;
		buf_putc(out, (char)c);
	}
}

static bool json_error(struct str body, struct buf *out)
{
	struct arena a = {0};
	struct str identifier = STR_NONE;
	struct str message = STR_NONE;
	size_t colon;
	bool ok = read_text(&a, api_member(body, "errorIdentifier"), "",
			  &identifier, NULL) == 0 &&
		  read_text(&a, api_member(body, "message"), "", &message,
			  NULL) == 0 &&
		  identifier.n > 0;

	if (ok) {
		while ((colon = str_find(identifier, STR(":"))) < identifier.n)
			identifier = str_skip(identifier, colon + 1);
		put_line(out, identifier);
		buf_puts(out, ": ");
		put_line(out, message);
	}
	arena_fini(&a);
	return ok;
}

/* Index of the first needle in s whatever its case, or s.n. */
static size_t find_tag(struct str s, struct str needle)
{
	for (size_t i = 0; i + needle.n <= s.n; i++)
		if (strncasecmp(s.p + i, needle.p, needle.n) == 0)
			return i;
	return s.n;
}

/* What stands between <title> and </title>, or nothing. */
static struct str title_of(struct str page)
{
	size_t at = find_tag(page, STR("<title"));
	size_t end;

	if (at == page.n)
		return STR_NONE;
	page = str_skip(page, at);
	at = str_find(page, STR(">"));
	if (at == page.n)
		return STR_NONE;
	page = str_skip(page, at + 1);
	end = find_tag(page, STR("</title"));
	return (struct str){page.p, end};
}

bool api_error_line(struct str body, struct buf *out)
{
	struct str title;
	size_t begin = out->n;

	while (body.n > 0 && strchr(" \t\r\n", body.p[body.n - 1]) != NULL)
		body.n--;
	if (body.n == 0) {
		buf_puts(out, "empty answer");
		return false;
	}
	if (json_error(body, out))
		return true;
	title = title_of(body);
	put_line(out, title);
	if (out->n == begin)
		buf_printf(out, "%s of %zu bytes",
			title.p != NULL ? "a page of HTML" : "an answer",
			body.n);
	return false;
}

/* A number between two texts, and what is said instead. */
static const struct unsteady {
	struct str before, behind, instead;
} unsteady[] = {
	{STR_INIT(" after "), STR_INIT(" ms"), STR_INIT("")},
	{STR_INIT(" after "), STR_INIT(" milliseconds"), STR_INIT("")},
	{STR_INIT(" "), STR_INIT(" bytes received"),
		STR_INIT(" some bytes received")},
	{STR_INIT(" "), STR_INIT(" bytes remaining"),
		STR_INIT(" some bytes remaining")},
	{STR_INIT(" "), STR_INIT(" out of"), STR_INIT(" some out of")},
};

/* How long it is where words begin with it, or 0. */
static size_t length_of(const struct unsteady *u, struct str words)
{
	size_t at = u->before.n;
	size_t n = at;

	if (!str_starts(words, u->before))
		return 0;
	while (n < words.n && words.p[n] >= '0' && words.p[n] <= '9')
		n++;
	return n > at && str_starts(str_skip(words, n), u->behind)
		       ? n + u->behind.n
		       : 0;
}

void api_put_steady(struct str words, struct buf *out)
{
	while (words.n > 0) {
		size_t n = 0;

		for (size_t i = 0; n == 0 && i < ARRAY_LEN(unsteady); i++) {
			n = length_of(&unsteady[i], words);
			if (n > 0)
				buf_add_str(out, unsteady[i].instead);
		}
		if (n == 0)
			buf_putc(out, words.p[0]);
		words = str_skip(words, n > 0 ? n : 1);
	}
}
