/*
 * words_match - shell patterns and name-based UUIDs.
 */
#include "content/words.h"

#include <stdint.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/utf8.h"

/* One code point of a pattern's set, a backslash before it taken away. */
static int32_t set_member(struct str pattern, size_t *at)
{
	if (pattern.p[*at] == '\\' && *at + 1 < pattern.n)
		*at += 1;
	return utf8_next(pattern, at);
}

/*
 * Match cp against the set behind a '[': 1 or 0, and *at behind its ']'; -1
 * if there is no ']', so that the '[' stands for itself.
 */
static int in_set(struct str pattern, size_t *at, int32_t cp)
{
	size_t i = *at;
	bool negated =
		i < pattern.n && (pattern.p[i] == '!' || pattern.p[i] == '^');
	bool found = false;
	size_t first;

	if (negated)
		i++;
	first = i;
	while (i < pattern.n && (pattern.p[i] != ']' || i == first)) {
		int32_t low = set_member(pattern, &i);
		int32_t high = low;

		if (i + 1 < pattern.n && pattern.p[i] == '-' &&
			pattern.p[i + 1] != ']') {
			i++;
			high = set_member(pattern, &i);
		}
		found = found || (cp >= low && cp <= high);
	}
	if (i >= pattern.n)
		return -1;
	*at = i + 1;
	return found != negated;
}

/* Match one code point of text against one element that is no '*'. */
static bool match_one(
	struct str pattern, size_t *at, struct str text, size_t *text_at)
{
	size_t i = *at;
	int32_t cp = utf8_next(text, text_at);
	int32_t want = utf8_next(pattern, &i);
	int hit;

	if (want == '[') {
		hit = in_set(pattern, &i, cp);
		if (hit >= 0) {
			*at = i;
			return hit == 1;
		}
	}
	if (want == '\\' && i < pattern.n)
		want = utf8_next(pattern, &i);
	else if (want == '?')
		want = cp;
	*at = i;
	return want == cp;
}

bool words_glob(struct str pattern, struct str text)
{
	size_t p = 0;
	size_t t = 0;
	size_t star = SIZE_MAX; /* behind the last '*' */
	size_t star_t = 0;      /* where that one's match ends so far */

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = ++p;
			star_t = t;
			continue;
		}
		if (p < pattern.n && match_one(pattern, &p, text, &t))
			continue;
		if (star == SIZE_MAX)
			return false;
		utf8_next(text, &star_t);
		p = star;
		t = star_t;
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

/* The 16 bytes of "6ba7b810-9dad-11d1-80b4-00c04fd430c8". */
static bool parse_uuid(struct str s, uint8_t out[16])
{
	size_t n = 0;

	if (s.n != 36)
		return false;
	for (size_t i = 0; i < s.n;) {
		int high;
		int low;

		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (s.p[i++] != '-')
				return false;
			continue;
		}
		high = hex_value(s.p[i]);
		low = hex_value(s.p[i + 1]);
		if (high < 0 || low < 0)
			return false;
		out[n++] = (uint8_t)(high << 4 | low);
		i += 2;
	}
	return true;
}

/* The name spaces of RFC 4122 differ in one digit. */
static bool parse_space(struct str space, uint8_t out[16])
{
	static const struct {
		const char *name;
		const char *uuid;
	} spaces[] = {
		{"dns", "6ba7b810-9dad-11d1-80b4-00c04fd430c8"},
		{"url", "6ba7b811-9dad-11d1-80b4-00c04fd430c8"},
		{"oid", "6ba7b812-9dad-11d1-80b4-00c04fd430c8"},
		{"x500", "6ba7b814-9dad-11d1-80b4-00c04fd430c8"},
	};

	for (size_t i = 0; i < ARRAY_LEN(spaces); i++)
		if (str_is(space, spaces[i].name))
			space = str_of(spaces[i].uuid);
	return parse_uuid(space, out);
}

int words_check_space(struct str space, struct err *e)
{
	uint8_t ignored[16];

	if (parse_space(space, ignored))
		return 0;
	return err_set(e, ERR_DATA,
		"'%.*s' is no name space of UUIDs (url, dns, oid, x500 or a "
		"UUID)",
		STR_ARGS(words_truncate(space, 80)));
}

int words_uuid5(struct arena *a, struct str space, struct str name,
	struct str *out, struct err *e)
{
	struct buf bytes = {0};
	uint8_t id[20];
	char hex[33];

	if (!parse_space(space, id))
		return words_check_space(space, e);
	buf_add(&bytes, id, 16);
	buf_add_str(&bytes, name);
	hash_sha1(bytes.p, bytes.n, id);
	buf_fini(&bytes);
	id[6] = (uint8_t)((id[6] & 0x0F) | 0x50);
	id[8] = (uint8_t)((id[8] & 0x3F) | 0x80);
	hash_hex(id, 16, hex);
	*out = arena_printf(a, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8,
		hex + 12, hex + 16, hex + 20);
	return 0;
}
