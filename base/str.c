/*
 * str - borrowed pieces of text.
 */
#include "base/str.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "base/util.h"

#define MAX_NAME 64 /* longer names are not compared for likeness */

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	if (c != 0)
		return c;
	return (a.n > b.n) - (a.n < b.n);
}

#define SHORT 16 /* bytes of a needle */

size_t str_find(struct str s, struct str needle)
{
	const char *at;

	if (needle.n == 0)
		return 0;
	if (s.n < needle.n)
		return s.n;
	if (needle.n > SHORT) {
		at = memmem(s.p, s.n, needle.p, needle.n);
		return at != NULL ? (size_t)(at - s.p) : s.n;
	}
	/* memmem() makes a table first, which costs more than a short look. */
	for (at = s.p; at != NULL; at++) {
		size_t left = s.n - (size_t)(at - s.p);

		if (left < needle.n)
			return s.n;
		at = memchr(at, needle.p[0], left - needle.n + 1);
		if (at == NULL || memcmp(at, needle.p, needle.n) == 0)
			break;
	}
	return at != NULL ? (size_t)(at - s.p) : s.n;
}

bool str_line(struct str *rest, struct str *line)
{
	size_t n = str_find(*rest, STR("\n"));

	if (rest->n == 0)
		return false;
	*line = (struct str){rest->p, n};
	*rest = str_skip(*rest, n < rest->n ? n + 1 : n);
	return true;
}

bool str_fit(struct str s, size_t *n)
{
	int32_t cp;

	*n = 0;
	cp = utf8_next(s, n);
	return cp >= 0 && !utf8_steers(cp);
}

void str_clean(char *text)
{
	struct str s = str_of(text);

	for (size_t n; s.n > 0; s = str_skip(s, n)) {
		bool fit = str_fit(s, &n);

		if (!fit)
			memset(text, '?', n);
		text += n;
	}
}

bool str_to_int64(struct str s, long long *out)
{
	size_t negative = s.n > 0 && s.p[0] == '-';
	long long v = 0; /* below zero, where there is one more */

	if (s.n == negative || s.n >= STR_INT)
		return false;
	for (size_t i = negative; i < s.n; i++) {
		int digit = s.p[i] - '0';

		if (digit < 0 || digit > 9 ||
			__builtin_mul_overflow(v, 10, &v) ||
			__builtin_sub_overflow(v, digit, &v))
			return false;
	}
	if (negative == 0 && __builtin_sub_overflow(0, v, &v))
		return false;
	*out = v;
	return true;
}

struct str str_int(char bytes[STR_INT], long long v)
{
	unsigned long long left =
		v < 0 ? -(unsigned long long)v : (unsigned long long)v;
	size_t at = STR_INT;

	do {
		bytes[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (v < 0)
		bytes[--at] = '-';
	return (struct str){bytes + at, STR_INT - at};
}

bool str_with_unit(
	struct str s, const struct str_unit *units, size_t n, int64_t *out)
{
	size_t digits = 0;
	long long v;

	while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9')
		digits++;
	if (!str_to_int64((struct str){s.p, digits}, &v))
		return false;
	for (size_t i = 0; i < n; i++)
		if (str_is(str_skip(s, digits), units[i].name))
			return !__builtin_mul_overflow(v, units[i].factor, out);
	return false;
}

char *str_dup(struct str s)
{
	char *p = xmalloc(s.n + 1);

	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein's distance of two names of at most MAX_NAME bytes. */
static size_t distance(struct str a, struct str b)
{
	size_t row[MAX_NAME + 1];

	for (size_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (size_t i = 1; i <= a.n; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t j = 1; j <= b.n; j++) {
			size_t above = row[j];
			size_t change = a.p[i - 1] != b.p[j - 1];

			row[j] = min3(
				above + 1, row[j - 1] + 1, diagonal + change);
			diagonal = above;
		}
	}
	return row[b.n];
}

static bool is_in_other_case(struct str s, const char *name)
{
	return strlen(name) == s.n && strncasecmp(name, s.p, s.n) == 0;
}

const char *str_nearest(struct str s, const char *const *names, size_t n)
{
	const char *best = NULL;
	size_t best_distance = s.n / 3 + 2; /* this far is no likeness */

	if (s.n > MAX_NAME)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t d;

		if (is_in_other_case(s, names[i]))
			return names[i];
		if (strlen(names[i]) > MAX_NAME)
			continue;
		d = distance(s, str_of(names[i]));
		if (d < best_distance) {
			best_distance = d;
			best = names[i];
		}
	}
	return best;
}
