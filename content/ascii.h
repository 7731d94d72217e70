#ifndef CONTENT_ASCII_H
#define CONTENT_ASCII_H

#include <strings.h>

#include "base/str.h"

/* Characters of notations, and names of HTML; no locale. */
static inline bool ascii_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_alnum(char c)
{
	return ascii_letter(c) || ascii_digit(c);
}

static inline bool ascii_name(char c)
{
	return c == '_' || ascii_alnum(c);
}

/* True if c goes on a UTF-8 sequence that began before. */
static inline bool ascii_continues(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* The byte at i, or NUL behind the end. */
static inline char ascii_at(struct str s, size_t i)
{
	if (i >= s.n)
		return '\0';
	return s.p[i];
}

/* Equal but for the case of letters. */
static inline bool ascii_same(struct str a, struct str b)
{
	return a.n == b.n && strncasecmp(a.p, b.p, a.n) == 0;
}

/* The same as one of n names. */
static inline bool ascii_one_of(
	struct str s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_same(s, str_of(names[i])))
			return true;
	return false;
}

/* How many bytes there are before the first of the stops, or all. */
static inline size_t ascii_until(struct str s, const char *stops)
{
	size_t n = 0;

	while (n < s.n && (s.p[n] == '\0' || strchr(stops, s.p[n]) == NULL))
		n++;
	return n;
}

/* How many bytes there are from at on that are the one at at. */
static inline size_t ascii_run(struct str s, size_t at)
{
	size_t n = 0;

	while (at + n < s.n && s.p[at + n] == s.p[at])
		n++;
	return n;
}

#endif
