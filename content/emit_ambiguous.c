/*
 * emit_ambiguous - plain texts that some YAML reader takes for no string.
 *
 * The union of YAML 1.1 (as PyYAML and libyaml's users read it), YAML 1.2's
 * core schema, Go's yaml, which Hugo uses, and Ruby's, which Jekyll does:
 * numbers of every base, with underscores, commas and base 60, dates, null,
 * booleans, symbols, "=" and "<<".
 */
#include "content/emitter.h"

#include <string.h>

#include "base/util.h"
#include "content/ascii.h"

/* What is left of a text that is being matched. */
struct rest {
	const char *p;
	const char *end;
};

static size_t eat(struct rest *r, const char *set)
{
	const char *start = r->p;

	while (r->p < r->end && *r->p != '\0' && strchr(set, *r->p) != NULL)
		r->p++;
	return (size_t)(r->p - start);
}

static bool eat_one(struct rest *r, const char *set)
{
	if (r->p == r->end || *r->p == '\0' || strchr(set, *r->p) == NULL)
		return false;
	r->p++;
	return true;
}

/* At least min and at most max digits. */
static bool eat_digits(struct rest *r, int min, int max)
{
	int n = 0;

	while (n < max && eat_one(r, "0123456789"))
		n++;
	return n >= min;
}

#define LONGEST_WORD 5

/* In Ruby letters may be small or not, in all of them. */
static bool is_word(struct str text)
{
	static const char *const words[] = {"~", "null", "true", "false", "yes",
		"no", "on", "off", "y", "n", "=", "<<", ".nan"};

	if (text.n > LONGEST_WORD ||
		strchr("~nNtTfFyYoO=<.", text.p[0]) == NULL)
		return false;
	return ascii_one_of(text, words, ARRAY_LEN(words));
}

static bool is_infinity(struct rest r)
{
	eat_one(&r, "+-");
	return ascii_same(
		(struct str){r.p, (size_t)(r.end - r.p)}, STR(".inf"));
}

/* 0b101, 0o17, 0x1F. */
static bool is_based(struct rest r)
{
	static const char *const digits[] = {
		"01_,", "01234567_,", "0123456789abcdefABCDEF_,"};
	static const char *const letters[] = {"bB", "oO", "xX"};

	eat_one(&r, "+-");
	if (!eat_one(&r, "0"))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(letters); i++)
		if (eat_one(&r, letters[i]))
			return eat(&r, digits[i]) > 0 && r.p == r.end;
	return false;
}

/* Decimal integers and floats. */
static bool is_decimal(struct rest r)
{
	static const char digits[] = "0123456789_,";
	bool any;

	eat_one(&r, "+-");
	any = eat_one(&r, "0123456789");
	if (any)
		eat(&r, digits);
	if (eat_one(&r, ".")) {
		if (!any && !eat_one(&r, "0123456789"))
			return false;
		any = true;
		eat(&r, digits);
	}
	if (any && eat_one(&r, "eE")) {
		eat_one(&r, "+-");
		if (eat(&r, digits) == 0)
			return false;
	}
	return any && r.p == r.end;
}

/* 18:30 and 1:30:15.5, which are numbers of base 60. */
static bool is_sexagesimal(struct rest r)
{
	int parts = 0;

	eat_one(&r, "+-");
	if (!eat_one(&r, "0123456789"))
		return false;
	eat(&r, "0123456789_");
	while (eat_one(&r, ":")) {
		bool low = r.p < r.end && *r.p <= '5';

		if (!eat_digits(&r, 1, low ? 2 : 1))
			return false;
		parts++;
	}
	if (parts == 0)
		return false;
	if (eat_one(&r, "."))
		eat(&r, "0123456789_");
	return r.p == r.end;
}

/* +5, -05:30, +0530, Z or nothing. */
static bool eat_zone(struct rest *r)
{
	eat(r, " \t");
	if (r->p == r->end || eat_one(r, "Z"))
		return true;
	if (!eat_one(r, "+-") || !eat_digits(r, 1, 2))
		return false;
	eat_one(r, ":");
	return eat_digits(r, 0, 2);
}

static bool is_date(struct rest r)
{
	eat_one(&r, "-");
	if (!eat_digits(&r, 4, 4) || !eat_one(&r, "-") ||
		!eat_digits(&r, 1, 2) || !eat_one(&r, "-") ||
		!eat_digits(&r, 1, 2))
		return false;
	if (r.p == r.end)
		return true;
	if (!eat_one(&r, "Tt") && eat(&r, " \t") == 0)
		return false;
	if (!eat_digits(&r, 1, 2) || !eat_one(&r, ":") ||
		!eat_digits(&r, 1, 2) || !eat_one(&r, ":") ||
		!eat_digits(&r, 1, 2))
		return false;
	if (eat_one(&r, "."))
		eat(&r, "0123456789");
	return eat_zone(&r) && r.p == r.end;
}

static bool is_number_or_date(struct str text)
{
	struct rest r = {text.p, text.p + text.n};

	return is_infinity(r) || is_based(r) || is_decimal(r) ||
	       is_sexagesimal(r) || is_date(r);
}

/* Go's yaml drops every '_' before it looks for a number. */
static bool is_number_without_underscores(struct str text)
{
	char without[64];
	size_t n = 0;

	if (memchr(text.p, '_', text.n) == NULL)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '_')
			continue;
		if (n == sizeof(without))
			return false;
		without[n++] = text.p[i];
	}
	return n > 0 && is_number_or_date((struct str){without, n});
}

/* To Ruby, what begins with a colon. */
static bool is_symbol(struct str text)
{
	return text.n > 1 && text.p[0] == ':';
}

bool scalar_is_ambiguous(struct str text)
{
	char c;

	if (text.n == 0 || is_word(text) || is_symbol(text))
		return true;
	c = text.p[0];
	if ((c < '0' || c > '9') && c != '+' && c != '-' && c != '.')
		return false;
	return is_number_or_date(text) || is_number_without_underscores(text);
}
