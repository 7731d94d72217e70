/*
 * sanitize_text - characters and addresses of a text from strangers.
 */
#include "content/sanitize_text.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"
#include "content/ascii.h"
#include "content/sanitize.h"

#define MAX_SCHEME 1000         /* bytes that may spell one */
#define MAX_WORD ((size_t)4096) /* of an address in what may be prose */

struct str sanitize_characters(struct arena *a, struct str text)
{
	char *p = arena_alloc(a, text.n * 3 + 1);
	size_t n = 0;

	for (size_t at = 0; at < text.n;) {
		int32_t cp = utf8_next(text, &at);

		if (cp == '\r') {
			if (ascii_at(text, at) != '\n')
				p[n++] = '\n';
			continue;
		}
		if ((cp >= 0 && cp < ' ' && cp != '\n' && cp != '\t') ||
			cp == 0x7F)
			continue;
		n += utf8_put(p + n, cp < 0 ? 0xFFFD : cp);
	}
	return (struct str){p, n};
}

size_t sanitize_autolink(struct str s)
{
	size_t n = 1;
	bool at_sign = false;
	struct str inside;

	for (; n < s.n && (unsigned char)s.p[n] > ' ' &&
		strchr("<>\"'`\\[]{}|", s.p[n]) == NULL;
		n++)
		at_sign = at_sign || s.p[n] == '@';
	if (n >= s.n || s.p[n] != '>')
		return 0;
	inside = (struct str){s.p + 1, n - 1};
	if (str_starts(inside, STR("https://")) ||
		str_starts(inside, STR("http://")) ||
		str_starts(inside, STR("mailto:")))
		return n + 1;
	return at_sign && memchr(inside.p, ':', inside.n) == NULL &&
			       memchr(inside.p, '/', inside.n) == NULL
		       ? n + 1
		       : 0;
}

/* A character reference: what it stands for, or -1; and its length. */
static int32_t reference(struct str s, size_t *length)
{
	static const struct {
		struct str name;
		int32_t cp;
	} names[] = {
		{{"&colon;", 7}, ':'},
		{{"&Tab;", 5}, '\t'},
		{{"&NewLine;", 9}, '\n'},
		{{"&sol;", 5}, '/'},
		{{"&quest;", 7}, '?'},
		{{"&num;", 5}, '#'},
		{{"&bsol;", 6}, '\\'},
		{{"&lpar;", 6}, '('},
	};
	bool hex = (ascii_at(s, 2) | 0x20) == 'x';
	int base = hex ? 16 : 10;
	size_t n = hex ? 3 : 2;
	int32_t cp = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (str_starts(s, names[i].name)) {
			*length = names[i].name.n;
			return names[i].cp;
		}
	if (ascii_at(s, 1) != '#')
		return -1;
	for (; n < s.n && n < 16; n++) {
		int digit = hex_value(s.p[n]);

		if (digit < 0 || digit >= base)
			break;
		cp = cp * base + digit;
		if (cp > 0x10FFFF)
			return -1;
	}
	*length = n + (ascii_at(s, n) == ';');
	return cp;
}

/* One character of an address, as it is meant, and how it is written. */
static int32_t meant(struct str s, size_t *length)
{
	*length = 1;
	if (s.p[0] == '&')
		return reference(s, length);
	if (s.p[0] == '\\' && s.n > 1) {
		*length = 2;
		if (s.p[1] == '&')
			return -1;
		return (unsigned char)s.p[1];
	}
	return (unsigned char)s.p[0];
}

/*
 * What looks like a definition, but has words behind its address, is none to
 * any reader: "[1]: Note: see there".
 */
static bool is_prose(struct str s)
{
	size_t n = 0;

	if (s.n > 2 * MAX_WORD)
		s.n = 2 * MAX_WORD;
	while (n < s.n && n < MAX_WORD && !ascii_space(s.p[n]))
		n++;
	while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
		n++;
	return n < s.n && strchr("\n\"'(", s.p[n]) == NULL;
}

/* Where an address begins, behind white space, a quote's marks and a '<'. */
static size_t address_start(struct str s)
{
	size_t at = 0;

	while (at < s.n && (ascii_space(s.p[at]) || s.p[at] == '>'))
		at++;
	if (at < s.n && s.p[at] == '<')
		at++;
	while (at < s.n && s.p[at] == ' ')
		at++;
	return at;
}

/* A scheme, as far as it is spelt. */
struct spelling {
	char bytes[64];
	size_t n;
};

static void spell(struct spelling *s, int32_t cp)
{
	if (s->n == sizeof(s->bytes) - 1 || (cp >= 0 && cp <= ' '))
		return;
	s->bytes[s->n] = 'x'; /* for what no scheme has */
	if (cp > ' ' && cp < 0x7F)
		s->bytes[s->n] = (char)cp;
	s->n++;
}

/* True where what was spelt so far is no scheme, whatever follows. */
static bool ends_scheme(int32_t cp, char written)
{
	return cp == '/' || cp == '?' || cp == '#' || written == ' ' ||
	       written == '\n' || written == ')';
}

size_t sanitize_colon(struct str s, bool definition, size_t *length)
{
	size_t start = address_start(s);
	struct spelling spelling = {.n = 0};
	struct str scheme = {spelling.bytes, 0};
	size_t n;

	for (size_t at = start; at < s.n && at - start < MAX_SCHEME; at += n) {
		int32_t cp = meant(str_skip(s, at), &n);

		if (cp != ':' && ends_scheme(cp, s.p[at]))
			return 0;
		if (cp != ':') {
			spell(&spelling, cp);
			continue;
		}
		spelling.bytes[spelling.n] = ':';
		scheme.n = spelling.n + 1;
		if (definition && is_prose(str_skip(s, start))
				? !sanitize_is_inert(scheme)
				: !sanitize_is_address(scheme))
			*length = n;
		return at;
	}
	return 0;
}
