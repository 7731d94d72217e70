/*
 * words - text to text: case, trimming, cutting, names of files.
 *
 * What only shortens borrows from its input; the rest is made in the arena.
 * Nothing here fails.  ICU's case maps are opened per call: they are small,
 * and ASCII, the usual case, does without.
 */
#include "content/words.h"

#include <assert.h>
#include <stdint.h>

#include <unicode/ucasemap.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "content/utf8.h"

typedef int32_t case_fn(const UCaseMap *map, char *out, int32_t cap,
	const char *in, int32_t n, UErrorCode *status);

static struct str case_ascii(
	struct arena *a, struct str in, char first, char last)
{
	char *p = arena_alloc(a, in.n + 1);

	for (size_t i = 0; i < in.n; i++) {
		p[i] = in.p[i];
		if (p[i] >= first && p[i] <= last)
			p[i] = (char)(p[i] ^ 0x20);
	}
	return (struct str){p, in.n};
}

static struct str case_unicode(struct arena *a, struct str in, case_fn *fn)
{
	UErrorCode status = U_ZERO_ERROR;
	UCaseMap *map = ucasemap_open("", 0, &status);
	size_t cap = in.n * 3 + 16; /* no mapping makes more of a byte */
	char *p = arena_alloc(a, cap);
	int32_t n;

	assert(map != NULL && cap < INT32_MAX);
	n = fn(map, p, (int32_t)cap, in.p, (int32_t)in.n, &status);
	ucasemap_close(map);
	assert(U_SUCCESS(status));
	return (struct str){p, (size_t)n};
}

struct str words_lower(struct arena *a, struct str in)
{
	if (utf8_ascii(in))
		return case_ascii(a, in, 'A', 'Z');
	return case_unicode(a, in, ucasemap_utf8ToLower);
}

struct str words_upper(struct arena *a, struct str in)
{
	if (utf8_ascii(in))
		return case_ascii(a, in, 'a', 'z');
	return case_unicode(a, in, ucasemap_utf8ToUpper);
}

struct str words_fold(struct arena *a, struct str in)
{
	if (utf8_ascii(in))
		return case_ascii(a, in, 'A', 'Z');
	in = utf8_nfc(a, in);
	return utf8_nfc(a, case_unicode(a, in, ucasemap_utf8FoldCase));
}

struct str words_trim(struct str in)
{
	size_t start = in.n; /* of the first that is no space */
	size_t end = 0;      /* behind the last */
	size_t at = 0;

	while (at < in.n) {
		size_t here = at;
		int32_t cp = utf8_next(in, &at);

		if (cp >= 0 && u_isUWhiteSpace(cp))
			continue;
		if (start == in.n)
			start = here;
		end = at;
	}
	if (end == 0)
		return (struct str){in.p, 0};
	return (struct str){in.p + start, end - start};
}

/* Bytes of the first n code points. */
static size_t prefix(struct str in, size_t n)
{
	size_t at = 0;

	if (in.n <= n)
		return in.n;
	while (at < in.n && n-- > 0)
		utf8_next(in, &at);
	return at;
}

struct str words_truncate(struct str in, size_t n)
{
	return (struct str){in.p, prefix(in, n)};
}

struct str words_truncate_words(struct str in, size_t n)
{
	size_t cut = prefix(in, n);
	size_t end = cut;

	if (cut == in.n)
		return in;
	if (in.p[cut] != ' ')
		while (end > 0 && in.p[end - 1] != ' ')
			end--;
	while (end > 0 && in.p[end - 1] == ' ')
		end--;
	return (struct str){in.p, end > 0 ? end : cut};
}

size_t words_length(struct str in)
{
	size_t n = 0;

	for (size_t at = 0; at < in.n; n++)
		utf8_next(in, &at);
	return n;
}

struct str words_basename(struct str path)
{
	size_t end = path.n;
	size_t start;

	while (end > 0 && path.p[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path.p[start - 1] != '/')
		start--;
	return (struct str){path.p + start, end - start};
}

struct str words_ext(struct str path)
{
	struct str name = words_basename(path);

	/* A dot at the start hides a file; it parts no extension. */
	for (size_t i = name.n; i > 1; i--)
		if (name.p[i - 1] == '.')
			return str_skip(name, i);
	return STR("");
}
