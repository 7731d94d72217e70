/*
 * core_scalar - what a plain YAML scalar means.
 *
 * A scalar that YAML 1.1 and YAML 1.2 read alike has a type; one about which
 * they differ is ambiguous, and the reader of a configuration asks for quotes.
 */
#include "content/core_scalar.h"

#include "content/ascii.h"

static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};

static const char *const bools[] = {
	"true", "True", "TRUE", "false", "False", "FALSE"};

static const char *const ambiguous[] = {"y", "Y", "yes", "Yes", "YES", "n", "N",
	"no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "=", "<<",
	".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf",
	"+.INF", "-.inf", "-.Inf", "-.INF"};

static bool one_of(struct str s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(s, words[i]))
			return true;
	return false;
}

/* How many bytes at the start of s are in set. */
static size_t span(struct str s, const char *set)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '\0' && strchr(set, s.p[n]) != NULL)
		n++;
	return n;
}

static struct str without_sign(struct str s)
{
	return s.n > 0 && (s.p[0] == '-' || s.p[0] == '+') ? str_skip(s, 1) : s;
}

/*
 * [0-9]* \. [0-9]* with a digit somewhere, and an exponent.  Both versions
 * agree only where there is a point, and the exponent has a sign.
 */
static enum core_type float_type(struct str s)
{
	static const char digits[] = "0123456789";
	size_t before = span(s, digits);
	size_t after = 0;
	bool agreed = false;

	s = str_skip(s, before);
	if (s.n > 0 && s.p[0] == '.') {
		agreed = true;
		s = str_skip(s, 1);
		after = span(s, digits);
		s = str_skip(s, after);
	}
	if (before + after == 0)
		return CORE_STRING;
	if (s.n > 0 && (s.p[0] == 'e' || s.p[0] == 'E')) {
		struct str power = without_sign(str_skip(s, 1));

		agreed = agreed && power.n + 1 < s.n;
		if (power.n == 0 || span(power, digits) != power.n)
			return CORE_STRING;
		s.n = 0;
	}
	if (s.n > 0)
		return CORE_STRING;
	return agreed ? CORE_NUMBER : CORE_AMBIGUOUS;
}

/* 0x1f, 0o17, 0b11 and what YAML 1.1 adds: 1_000, 12:30. */
static bool is_odd_number(struct str s)
{
	static const char *const digits[] = {
		"0123456789abcdefABCDEF_", "01234567_", "01_"};
	static const char letters[] = "xob";
	const char *letter;

	if (s.n > 2 && s.p[0] == '0' && s.p[1] != '\0') {
		letter = strchr(letters, s.p[1]);
		if (letter != NULL)
			return span(str_skip(s, 2), digits[letter - letters]) ==
			       s.n - 2;
	}
	if (s.n == 0 || !ascii_digit(s.p[0]) || span(s, "0123456789_:.") != s.n)
		return false;
	return memchr(s.p, '_', s.n) != NULL || memchr(s.p, ':', s.n) != NULL;
}

enum core_type core_type(struct str plain)
{
	struct str s = without_sign(plain);

	if (one_of(plain, nulls, ARRAY_LEN(nulls)))
		return CORE_NULL;
	if (one_of(plain, bools, ARRAY_LEN(bools)))
		return CORE_BOOL;
	if (one_of(plain, ambiguous, ARRAY_LEN(ambiguous)))
		return CORE_AMBIGUOUS;
	if (s.n > 0 && span(s, "0123456789") == s.n)
		return s.n == 1 || s.p[0] != '0' ? CORE_NUMBER : CORE_AMBIGUOUS;
	if (is_odd_number(s))
		return CORE_AMBIGUOUS;
	return float_type(s);
}

struct str core_number(struct arena *a, struct str plain)
{
	const char *sign = plain.p[0] == '-' ? "-" : "";
	struct str s = without_sign(plain);
	size_t point = str_find(s, STR("."));
	struct str head = {s.p, point};
	struct str tail;

	if (point == s.n)
		return arena_printf(a, "%s%.*s", sign, STR_ARGS(s));
	tail = str_skip(s, point + 1);
	return arena_printf(a, "%s%s%.*s.%s%.*s", sign, head.n == 0 ? "0" : "",
		STR_ARGS(head),
		tail.n == 0 || !ascii_digit(tail.p[0]) ? "0" : "",
		STR_ARGS(tail));
}
