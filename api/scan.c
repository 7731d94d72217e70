/*
 * scan - a cursor over JSON text.
 *
 * A list of work packages is walked once to be cut into its elements, and
 * each element once to be made a source.  scan_skip() is the fast path: it
 * jumps from quote to quote inside of strings and keeps the open brackets in
 * a row of bits, so neither depth nor size costs more than linear time.
 *
 * The first fault stays in the cursor; from then on every call gives false,
 * so that a caller looks at it once, at the end.
 */
#include "api/scan.h"

#include <stdint.h>

#include "base/word.h"

#define NO_COMMA "a comma or a closing bracket is missing"

/* Note what is wrong at p; NULL for those that give where they got to. */
static const char *fail(struct scan *j, const char *p, const char *fault)
{
	if (j->fault == NULL) {
		j->fault = fault;
		j->p = p;
	}
	return NULL;
}

static inline const char *skip_space(const struct scan *j, const char *p)
{
	while (p < j->end && (unsigned char)*p <= ' ' &&
		(*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t'))
		p++;
	return p;
}

/* The byte at p, or NUL at the end. */
static inline char at(const struct scan *j, const char *p)
{
	if (p == j->end)
		return '\0';
	return *p;
}

void scan_init(struct scan *j, struct str text)
{
	const char *p = text.p != NULL ? text.p : "";

	*j = (struct scan){.begin = p, .p = p, .end = p + text.n};
}

/* Whether an odd number of backslashes stands before p. */
static bool is_escaped(const char *from, const char *p)
{
	const char *slash = p;

	while (slash > from && slash[-1] == '\\')
		slash--;
	return (p - slash) % 2 != 0;
}

__attribute__((noinline)) static const char *skip_long_string(
	struct scan *j, const char *p)
{
	const char *quote = p;

	do {
		quote++;
		quote = memchr(quote, '"', (size_t)(j->end - quote));
		if (quote == NULL)
			return fail(j, p, "a string without an end");
	} while (quote[-1] == '\\' && is_escaped(p + 1, quote));
	return quote + 1;
}

/* From the opening quote to behind the closing one, which mostly is near. */
static inline const char *skip_string(struct scan *j, const char *p)
{
	const char *near = p + 1;

	for (int i = 0; i < 5 && j->end - near >= WORD_SIZE; i++) {
		uint64_t quotes = word_equal(word_load(near), '"');

		if (quotes == 0) {
			near += WORD_SIZE;
			continue;
		}
		near += word_first(quotes);
		if (near[-1] == '\\')
			break;
		return near + 1;
	}
	return skip_long_string(j, p);
}

static const char *skip_digits(struct scan *j, const char *p)
{
	const char *from = p;

	while (p < j->end && *p >= '0' && *p <= '9')
		p++;
	return p > from ? p : fail(j, p, "a digit is missing");
}

static const char *skip_exponent(struct scan *j, const char *p)
{
	if (at(j, p) == '+' || at(j, p) == '-')
		p++;
	return skip_digits(j, p);
}

static const char *skip_number(struct scan *j, const char *p)
{
	if (*p == '-')
		p++;
	p = at(j, p) == '0' ? p + 1 : skip_digits(j, p);
	if (p != NULL && at(j, p) == '.')
		p = skip_digits(j, p + 1);
	if (p != NULL && (at(j, p) == 'e' || at(j, p) == 'E'))
		p = skip_exponent(j, p + 1);
	return p;
}

static const char *skip_word(struct scan *j, const char *p, struct str word)
{
	struct str left = {p, (size_t)(j->end - p)};

	return str_starts(left, word) ? p + word.n : fail(j, p, "no value");
}

static inline const char *skip_scalar(struct scan *j, const char *p)
{
	char c = at(j, p);

	if (c == '"')
		return skip_string(j, p);
	if (c == 'n')
		return skip_word(j, p, STR("null"));
	if (c == '-' || (c >= '0' && c <= '9'))
		return skip_number(j, p);
	if (c == 't')
		return skip_word(j, p, STR("true"));
	if (c == 'f')
		return skip_word(j, p, STR("false"));
	return fail(j, p, "a value is missing");
}

/* From a key to behind its closing quote. */
static inline const char *skip_key(struct scan *j, const char *p)
{
	if (at(j, p) != '"')
		return fail(j, p, "a key is missing");
	return skip_string(j, p);
}

/* From there to the value. */
static inline const char *skip_colon(struct scan *j, const char *p)
{
	if (at(j, p) != ':')
		p = skip_space(j, p);
	if (at(j, p) != ':')
		return fail(j, p, "a colon is missing");
	return skip_space(j, p + 1);
}

bool scan_enter(struct scan *j, char open)
{
	if (j->fault != NULL)
		return false;
	j->p = skip_space(j, j->p);
	if (at(j, j->p) != open)
		return fail(j, j->p, open == '{' ? "no object" : "no list");
	if (j->depth == SCAN_DEPTH)
		return fail(j, j->p, "nested too deep");
	j->p++;
	j->depth++;
	j->fresh = true;
	return true;
}

/* The comma before the next thing in a container, or its end. */
static inline bool more(struct scan *j, char close)
{
	bool fresh = j->fresh;

	if (j->fault != NULL)
		return false;
	j->p = skip_space(j, j->p);
	j->fresh = false;
	if (at(j, j->p) == close) {
		j->p++;
		j->depth--;
		return false;
	}
	if (fresh)
		return true;
	if (at(j, j->p) != ',')
		return fail(j, j->p, NO_COMMA);
	j->p = skip_space(j, j->p + 1);
	return true;
}

bool scan_member(struct scan *j, struct str *key)
{
	const char *from;
	const char *p;

	if (!more(j, '}'))
		return false;
	from = j->p + 1;
	p = skip_key(j, j->p);
	if (p == NULL)
		return false;
	*key = (struct str){from, (size_t)(p - from) - 1};
	p = skip_colon(j, p);
	if (p == NULL)
		return false;
	j->p = p;
	return true;
}

bool scan_item(struct scan *j)
{
	return more(j, ']');
}

/* The containers that a skip is in: those behind base, a bit for each. */
struct open {
	size_t base;
	size_t depth;
	bool fresh; /* as in struct scan */
	uint64_t objects[SCAN_DEPTH / 64 + 1];
};

static inline const char *enter_any(
	struct scan *j, const char *p, struct open *o)
{
	uint64_t bit;

	if (o->depth == SCAN_DEPTH)
		return fail(j, p, "nested too deep");
	o->depth++;
	bit = UINT64_C(1) << o->depth % 64;
	o->objects[o->depth / 64] &= ~bit;
	if (*p == '{')
		o->objects[o->depth / 64] |= bit;
	o->fresh = true;
	return p + 1;
}

/* To the next value, out of all the containers that end before it. */
static inline const char *next_of_any(
	struct scan *j, const char *p, struct open *o)
{
	for (; o->depth > o->base; o->depth--) {
		bool object = o->objects[o->depth / 64] >> o->depth % 64 & 1;
		bool fresh = o->fresh;

		o->fresh = false;
		p = skip_space(j, p);
		if (at(j, p) == (object ? '}' : ']')) {
			p++;
			continue;
		}
		if (!fresh && at(j, p) != ',')
			return fail(j, p, NO_COMMA);
		if (!fresh)
			p = skip_space(j, p + 1);
		if (!object)
			return p;
		p = skip_key(j, p);
		return p != NULL ? skip_colon(j, p) : NULL;
	}
	return p;
}

/* From value to value until the one that begins at p is complete. */
static const char *skip_value(struct scan *j, const char *p)
{
	struct open o = {.base = j->depth, .depth = j->depth};

	do {
		if (at(j, p) == '{' || at(j, p) == '[')
			p = enter_any(j, p, &o);
		else
			p = skip_scalar(j, p);
		if (p != NULL)
			p = next_of_any(j, p, &o);
	} while (p != NULL && o.depth > o.base);
	return p;
}

bool scan_skip(struct scan *j, struct str *value)
{
	const char *from;
	const char *p;

	if (j->fault != NULL)
		return false;
	from = skip_space(j, j->p);
	if (at(j, from) == '"')
		p = skip_string(j, from);
	else
		p = skip_value(j, from);
	if (p == NULL)
		return false;
	j->p = p;
	*value = (struct str){from, (size_t)(p - from)};
	return true;
}

bool scan_pick(struct scan *j, const char *const *keys, size_t n,
	struct str *picked, struct str *value)
{
	struct str key;
	struct str member;
	const char *from;

	memset(picked, 0, n * sizeof(*picked));
	if (scan_peek(j) != SCAN_OBJECT)
		return scan_skip(j, value);
	from = j->p;
	scan_enter(j, '{');
	while (scan_member(j, &key) && scan_skip(j, &member))
		for (size_t i = 0; i < n; i++)
			if (str_is(key, keys[i]))
				picked[i] = member;
	if (j->fault != NULL) {
		memset(picked, 0, n * sizeof(*picked));
		return false;
	}
	*value = (struct str){from, (size_t)(j->p - from)};
	return true;
}

bool scan_end(struct scan *j)
{
	if (j->fault != NULL)
		return false;
	j->p = skip_space(j, j->p);
	if (j->p != j->end)
		fail(j, j->p, "something follows the end");
	return j->fault == NULL;
}

enum scan_type scan_type(struct str value)
{
	if (value.n == 0)
		return SCAN_NONE;
	switch (value.p[0]) {
	case 'n':
		return SCAN_NULL;
	case 't':
	case 'f':
		return SCAN_BOOL;
	case '"':
		return SCAN_STRING;
	case '[':
		return SCAN_ARRAY;
	case '{':
		return SCAN_OBJECT;
	default:
		return SCAN_NUMBER;
	}
}

enum scan_type scan_peek(struct scan *j)
{
	if (j->fault != NULL)
		return SCAN_NONE;
	j->p = skip_space(j, j->p);
	return scan_type((struct str){j->p, (size_t)(j->end - j->p)});
}

const char *scan_type_name(struct str value)
{
	static const char *const names[] = {
		[SCAN_NONE] = "nothing",
		[SCAN_NULL] = "null",
		[SCAN_BOOL] = "true or false",
		[SCAN_NUMBER] = "a number",
		[SCAN_STRING] = "text",
		[SCAN_ARRAY] = "a list",
		[SCAN_OBJECT] = "an object",
	};

	return names[scan_type(value)];
}
