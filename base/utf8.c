/*
 * utf8 - code points out of bytes, and bytes of code points.
 */
#include "base/utf8.h"

#include "base/util.h"

#define BAD (-1)

/* Length and smallest code point of a sequence, by its first byte. */
static int sequence(unsigned char first, int32_t *bits, int32_t *least)
{
	if (first >= 0xC2 && first <= 0xDF) {
		*bits = first & 0x1F;
		*least = 0x80;
		return 2;
	}
	if ((first & 0xF0) == 0xE0) {
		*bits = first & 0x0F;
		*least = 0x800;
		return 3;
	}
	if (first >= 0xF0 && first <= 0xF4) {
		*bits = first & 0x07;
		*least = 0x10000;
		return 4;
	}
	return 0;
}

int32_t utf8_next_long(struct str s, size_t *at)
{
	const unsigned char *p = (const unsigned char *)s.p + *at;
	size_t left = s.n - *at;
	int32_t cp;
	int32_t least;
	int n;

	*at += 1;
	n = sequence(p[0], &cp, &least);
	if (n == 0 || (size_t)n > left)
		return BAD;
	for (int i = 1; i < n; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return BAD;
		cp = cp << 6 | (p[i] & 0x3F);
	}
	if (cp < least || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		return BAD;
	*at += (size_t)n - 1;
	return cp;
}

bool utf8_steers(int32_t cp)
{
	static const struct {
		int32_t first, last;
	} ranges[] = {
		{0, 0x1F},
		{0x7F, 0x9F},
		{0x061C, 0x061C}, /* marks of direction, as two below */
		{0x200B, 0x200B},
		{0x200E, 0x200F},
		{0x2028, 0x202E}, /* ends of lines, embeddings, overrides */
		{0x2066, 0x2069}, /* isolates */
		{0xFEFF, 0xFEFF},
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges) && cp >= ranges[i].first; i++)
		if (cp <= ranges[i].last)
			return true;
	return false;
}

size_t utf8_put(char *p, int32_t cp)
{
	if (cp < 0x80) {
		p[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		p[0] = (char)(0xC0 | cp >> 6);
		p[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		p[0] = (char)(0xE0 | cp >> 12);
		p[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		p[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	p[0] = (char)(0xF0 | cp >> 18);
	p[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	p[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	p[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}
