/*
 * utf8 - code points out of bytes, and ICU's normal forms.
 *
 * Text comes from JSON and is valid as a rule; what is not counts byte by
 * byte, so that nothing here can fail or read too far.
 */
#include "content/utf8.h"

#include <assert.h>

#include <unicode/ucasemap.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/word.h"

#define BAD (-1)
#define REPLACEMENT 0xFFFD

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

size_t utf8_cut(struct str s, size_t n)
{
	size_t at = 0;
	size_t end = 0;

	if (s.n <= n)
		return s.n;
	/* Only the last few bytes can belong to a sequence that is cut. */
	at = n > 8 ? n - 8 : 0;
	while (at > 0 && ((unsigned char)s.p[at] & 0xC0) == 0x80 && n - at < 16)
		at--;
	end = at;
	while (at < s.n && at <= n) {
		end = at;
		utf8_next(s, &at);
	}
	return end;
}

size_t utf8_skip_ascii(struct str s, size_t at)
{
	for (; at + WORD_SIZE <= s.n; at += WORD_SIZE)
		if ((word_load(s.p + at) & WORD_HIGH) != 0)
			break;
	return at;
}

bool utf8_ascii(struct str s)
{
	unsigned char all = 0;

	for (size_t i = utf8_skip_ascii(s, 0); i < s.n; i++)
		all |= (unsigned char)s.p[i];
	return all < 0x80;
}

bool utf8_valid(struct str s)
{
	size_t at = 0;

	while ((at = utf8_skip_ascii(s, at)) < s.n)
		if (utf8_next(s, &at) == BAD)
			return false;
	return true;
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

/* s as UTF-16 in the arena; each byte makes one unit at most. */
static UChar *to_utf16(struct arena *a, struct str s, int32_t *n)
{
	UChar *text = ARENA_ARRAY(a, UChar, s.n + 1);
	UErrorCode status = U_ZERO_ERROR;

	assert(s.n < INT32_MAX / 8);
	u_strFromUTF8WithSub(text, (int32_t)s.n + 1, n, s.p, (int32_t)s.n,
		REPLACEMENT, NULL, &status);
	assert(U_SUCCESS(status));
	return text;
}

static struct str from_utf16(struct arena *a, const UChar *text, int32_t n)
{
	size_t cap = (size_t)n * 3 + 1;
	char *p = arena_alloc(a, cap);
	int32_t written = 0;
	UErrorCode status = U_ZERO_ERROR;

	u_strToUTF8WithSub(
		p, (int32_t)cap, &written, text, n, REPLACEMENT, NULL, &status);
	assert(U_SUCCESS(status));
	return (struct str){p, (size_t)written};
}

struct str utf8_nfc(struct arena *a, struct str s)
{
	UErrorCode status = U_ZERO_ERROR;
	const UNormalizer2 *nfc = unorm2_getNFCInstance(&status);
	UChar *text;
	UChar *out;
	int32_t n;
	int32_t n_out;

	if (utf8_ascii(s))
		return s;
	text = to_utf16(a, s, &n);
	if (unorm2_isNormalized(nfc, text, n, &status) && utf8_valid(s))
		return s;
	/* NFC makes at most three units of one. */
	out = ARENA_ARRAY(a, UChar, (size_t)n * 3 + 1);
	n_out = unorm2_normalize(nfc, text, n, out, n * 3 + 1, &status);
	assert(U_SUCCESS(status));
	return from_utf16(a, out, n_out);
}

static struct str fold_ascii(struct arena *a, struct str s)
{
	char *p = arena_alloc(a, s.n + 1);

	for (size_t i = 0; i < s.n; i++) {
		p[i] = s.p[i];
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
	}
	return (struct str){p, s.n};
}

struct str utf8_fold(struct arena *a, struct str s)
{
	UErrorCode status = U_ZERO_ERROR;
	UChar *text;
	UChar *out;
	int32_t n;
	int32_t n_out;

	if (utf8_ascii(s))
		return fold_ascii(a, s);
	text = to_utf16(a, utf8_nfc(a, s), &n);
	/* Full folding makes at most three units of one. */
	out = ARENA_ARRAY(a, UChar, (size_t)n * 3 + 1);
	n_out = u_strFoldCase(
		out, n * 3 + 1, text, n, U_FOLD_CASE_DEFAULT, &status);
	assert(U_SUCCESS(status));
	return utf8_nfc(a, from_utf16(a, out, n_out));
}

struct str utf8_mend(struct arena *a, struct str s)
{
	char *p;
	size_t n = 0;

	if (utf8_valid(s))
		return s;
	p = arena_alloc(a, s.n * 3 + 1);
	for (size_t at = 0; at < s.n;) {
		int32_t cp = utf8_next(s, &at);

		n += utf8_put(p + n, cp < 0 ? 0xFFFD : cp);
	}
	return (struct str){p, n};
}
