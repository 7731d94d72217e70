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

static bool fail(struct scan *j, const char *fault)
{
	if (j->fault == NULL)
		j->fault = fault;
	return false;
}

static void skip_space(struct scan *j)
{
	while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' ||
					*j->p == '\r' || *j->p == '\t'))
		j->p++;
}

/* The next byte that is no white space, or NUL at the end. */
static int peek(struct scan *j)
{
	skip_space(j);
	return j->p < j->end ? (unsigned char)*j->p : '\0';
}

void scan_init(struct scan *j, struct str text)
{
	const char *p = text.p != NULL ? text.p : "";

	*j = (struct scan){.begin = p, .p = p, .end = p + text.n};
}

/* As memchr() for a quote, which most strings end with soon. */
static const char *find_quote(const char *at, const char *end)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t high = UINT64_C(0x8080808080808080);

	for (int i = 0; i < 4 && end - at >= 8; i++, at += 8) {
		uint64_t w;

		memcpy(&w, at, 8);
		w ^= ones * '"';
		if (((w - ones) & ~w & high) == 0)
			continue;
		while (*at != '"')
			at++;
		return at;
	}
	return memchr(at, '"', (size_t)(end - at));
}

/* From the opening quote to behind the closing one. */
static bool skip_string(struct scan *j)
{
	const char *from = j->p + 1;
	const char *at = from;

	for (;;) {
		const char *slash;

		at = find_quote(at, j->end);
		if (at == NULL)
			return fail(j, "a string without an end");
		slash = at;
		while (slash > from && slash[-1] == '\\')
			slash--;
		if ((at - slash) % 2 == 0)
			break;
		at++;
	}
	j->p = at + 1;
	return true;
}

static bool skip_digits(struct scan *j)
{
	const char *from = j->p;

	while (j->p < j->end && *j->p >= '0' && *j->p <= '9')
		j->p++;
	return j->p > from || fail(j, "a digit is missing");
}

static bool skip_number(struct scan *j)
{
	if (*j->p == '-')
		j->p++;
	if (j->p < j->end && *j->p == '0')
		j->p++;
	else if (!skip_digits(j))
		return false;
	if (j->p < j->end && *j->p == '.') {
		j->p++;
		if (!skip_digits(j))
			return false;
	}
	if (j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
		j->p++;
		if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
			j->p++;
		return skip_digits(j);
	}
	return true;
}

static bool skip_word(struct scan *j, struct str word)
{
	struct str left = {j->p, (size_t)(j->end - j->p)};

	if (!str_starts(left, word))
		return fail(j, "no value");
	j->p += word.n;
	return true;
}

static bool skip_scalar(struct scan *j)
{
	int c = peek(j);

	if (c == '"')
		return skip_string(j);
	if (c == '-' || (c >= '0' && c <= '9'))
		return skip_number(j);
	if (c == 't')
		return skip_word(j, STR("true"));
	if (c == 'f')
		return skip_word(j, STR("false"));
	if (c == 'n')
		return skip_word(j, STR("null"));
	return fail(j, "a value is missing");
}

bool scan_enter(struct scan *j, char open)
{
	if (j->fault != NULL)
		return false;
	if (peek(j) != open)
		return fail(j, open == '{' ? "no object" : "no list");
	if (j->depth == SCAN_DEPTH)
		return fail(j, "nested too deep");
	j->p++;
	j->depth++;
	j->fresh = true;
	return true;
}

/* The comma before the next thing in a container, or its end. */
static bool more(struct scan *j, char close)
{
	int c;

	if (j->fault != NULL)
		return false;
	c = peek(j);
	if (c == close) {
		j->p++;
		j->depth--;
		j->fresh = false;
		return false;
	}
	if (j->fresh) {
		j->fresh = false;
		return true;
	}
	if (c != ',')
		return fail(j, "a comma or a closing bracket is missing");
	j->p++;
	return true;
}

static bool read_key(struct scan *j, struct str *key)
{
	const char *from;

	if (peek(j) != '"')
		return fail(j, "a key is missing");
	from = j->p + 1;
	if (!skip_string(j))
		return false;
	*key = (struct str){from, (size_t)(j->p - from) - 1};
	if (peek(j) != ':')
		return fail(j, "a colon is missing");
	j->p++;
	return true;
}

bool scan_member(struct scan *j, struct str *key)
{
	return more(j, '}') && read_key(j, key);
}

bool scan_item(struct scan *j)
{
	return more(j, ']');
}

/* Which of the open containers are objects: a bit for each depth. */
struct kinds {
	uint64_t bits[SCAN_DEPTH / 64 + 1];
};

static bool enter_any(struct scan *j, int open, struct kinds *k)
{
	uint64_t bit;

	if (!scan_enter(j, (char)open))
		return false;
	bit = UINT64_C(1) << j->depth % 64;
	k->bits[j->depth / 64] &= ~bit;
	if (open == '{')
		k->bits[j->depth / 64] |= bit;
	return true;
}

/* Go to the next value of the innermost container, as the two below. */
static bool next_of_any(struct scan *j, const struct kinds *k)
{
	struct str key;

	if (k->bits[j->depth / 64] >> j->depth % 64 & 1)
		return scan_member(j, &key);
	return scan_item(j);
}

/* Step from value to value until the one that was begun is complete. */
static bool skip_value(struct scan *j)
{
	struct kinds kinds = {0};
	size_t base = j->depth;

	do {
		int c = peek(j);

		if (c == '{' || c == '[' ? !enter_any(j, c, &kinds)
					 : !skip_scalar(j))
			return false;
		while (j->depth > base && !next_of_any(j, &kinds))
			if (j->fault != NULL)
				return false;
	} while (j->depth > base);
	return true;
}

bool scan_skip(struct scan *j, struct str *value)
{
	const char *from;

	if (j->fault != NULL)
		return false;
	skip_space(j);
	from = j->p;
	if (j->p < j->end && *j->p != '{' && *j->p != '[') {
		if (!skip_scalar(j))
			return false;
	} else if (!skip_value(j)) {
		return false;
	}
	*value = (struct str){from, (size_t)(j->p - from)};
	return true;
}

bool scan_end(struct scan *j)
{
	if (j->fault != NULL)
		return false;
	skip_space(j);
	return j->p == j->end || fail(j, "something follows the end");
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
	skip_space(j);
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
