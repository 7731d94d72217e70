/*
 * utf8 - texts of code points, and ICU's normal forms.
 *
 * Text comes from JSON and is valid as a rule; what is not counts byte by
 * byte, so that nothing here can fail or read too far.
 */
#include "content/utf8.h"

#include <assert.h>

#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/utf8.h"
#include "base/word.h"

#define REPLACEMENT 0xFFFD

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
		if (utf8_next(s, &at) < 0)
			return false;
	return true;
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

struct str utf8_mend(struct arena *a, struct str s)
{
	char *p;
	size_t n = 0;

	if (utf8_valid(s))
		return s;
	p = arena_alloc(a, s.n * 3 + 1);
	for (size_t at = 0; at < s.n;) {
		int32_t cp = utf8_next(s, &at);

		n += utf8_put(p + n, cp < 0 ? REPLACEMENT : cp);
	}
	return (struct str){p, n};
}
