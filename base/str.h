#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * A borrowed piece of text: n bytes of UTF-8 at p, not NUL-terminated.  p is
 * NULL for "there is none" (JSON null, an absent member), which differs from
 * the empty text.
 */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})

/* One of a static table. */
#define STR_INIT(literal)                                                      \
	{                                                                      \
		"" literal, sizeof(literal) - 1                                \
	}

/* For printf's "%.*s". */
#define STR_ARGS(s) (int)(s).n, (s).p != NULL ? (s).p : ""

static inline struct str str_of(const char *s)
{
	return (struct str){s, s != NULL ? strlen(s) : 0};
}

static inline bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Most texts differ at their first byte: so the length is not asked for. */
static inline bool str_is(struct str a, const char *s)
{
	if (s == NULL)
		return a.n == 0;
	if (__builtin_constant_p(strlen(s)))
		return str_eq(a, str_of(s));
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != s[i] || s[i] == '\0')
			return false;
	return s[a.n] == '\0';
}

static inline bool str_starts(struct str s, struct str head)
{
	return s.n >= head.n &&
	       (head.n == 0 || memcmp(s.p, head.p, head.n) == 0);
}

static inline bool str_ends(struct str s, struct str tail)
{
	return s.n >= tail.n &&
	       (tail.n == 0 || memcmp(s.p + s.n - tail.n, tail.p, tail.n) == 0);
}

/* What a hexadecimal digit stands for; -1 for all else. */
static inline int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* s without its first k bytes (k <= s.n). */
static inline struct str str_skip(struct str s, size_t k)
{
	return (struct str){s.p + k, s.n - k};
}

/* Byte order, as memcmp() and strcmp() have it: <0, 0 or >0. */
int str_cmp(struct str a, struct str b);

/* Index of the first needle in s, or s.n if there is none. */
size_t str_find(struct str s, struct str needle);

/* Take the first line off; false if nothing is left. */
bool str_line(struct str *rest, struct str *line);

/*
 * A decimal integer of a whole string; false if s is anything else or does
 * not fit.
 */
bool str_to_int64(struct str s, long long *out);

/* The decimal digits of v, which are put into bytes. */
#define STR_INT 24
struct str str_int(char bytes[STR_INT], long long v);

/* digits and one of the units; false for all else and for overflow. */
struct str_unit {
	const char *name;
	int64_t factor;
};

bool str_with_unit(
	struct str s, const struct str_unit *units, size_t n, int64_t *out);

/*
 * May the first character of s (which is not empty) be shown?  Not what might
 * steer a terminal, forge a line or turn the direction of a text (base/utf8.h),
 * nor what is no UTF-8, such as half a character where a text was cut.  *n: its
 * bytes.
 */
bool str_fit(struct str s, size_t *n);

/* In place: each byte of what may not be shown is a '?'. */
void str_clean(char *text);

/* A new NUL-terminated copy, which the caller owns. */
char *str_dup(struct str s) __attribute__((malloc, returns_nonnull));

/*
 * The name in names (n of them) that a person who wrote s most likely meant,
 * or NULL if none is near.
 */
const char *str_nearest(struct str s, const char *const *names, size_t n);

#endif
