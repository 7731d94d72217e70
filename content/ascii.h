#ifndef CONTENT_ASCII_H
#define CONTENT_ASCII_H

#include "base/str.h"

/* Characters of the mapping's own notations; no locale. */
static inline bool ascii_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool ascii_name(char c)
{
	return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       ascii_digit(c);
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

#endif
