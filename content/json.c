/*
 * json - JSON to a value, with the digits of its numbers kept.
 *
 * Recursive descent over the text; lists and maps are gathered on one stack
 * and move into the arena when they end.  The first fault ends it.
 */
#include "content/json.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "content/ascii.h"
#include "content/number.h"
#include "content/words.h"

#define MAX_DEPTH 64
#define MAX_MEMBERS 10000
#define SHOWN 10 /* characters of the text that the error quotes */

struct reader {
	struct arena *arena;
	struct str text;
	size_t at;
	struct member *stack;
	size_t n;
	size_t cap;
};

static bool read_value(struct reader *r, unsigned depth, struct value *out);

static void skip_space(struct reader *r)
{
	while (r->at < r->text.n && ascii_space(r->text.p[r->at]))
		r->at++;
}

static bool accept(struct reader *r, char c)
{
	skip_space(r);
	if (r->at >= r->text.n || r->text.p[r->at] != c)
		return false;
	r->at++;
	return true;
}

static bool accept_word(struct reader *r, struct str word)
{
	if (!str_starts(str_skip(r->text, r->at), word))
		return false;
	r->at += word.n;
	return true;
}

/* The code unit of four hexadecimal digits, or -1. */
static int32_t hex4(struct str s)
{
	int32_t unit = 0;

	if (s.n < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		int digit = hex_value(s.p[i]);

		if (digit < 0)
			return -1;
		unit = unit << 4 | digit;
	}
	return unit;
}

int32_t json_unicode(struct str s, size_t *used)
{
	int32_t unit = hex4(s);
	int32_t low = -1;

	if (unit < 0)
		return -1;
	*used = 4;
	if (unit < 0xd800 || unit >= 0xe000)
		return unit;
	if (unit < 0xdc00 && str_starts(str_skip(s, 4), STR("\\u")))
		low = hex4(str_skip(s, 6));
	if (low < 0xdc00 || low >= 0xe000)
		return 0xfffd;
	*used = 10;
	return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
}

static bool read_escape(struct reader *r, char **to)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	char c = ascii_at(r->text, r->at);
	const char *found = c != '\0' ? strchr(letters, c) : NULL;

	if (c == 'u') {
		size_t used;
		int32_t cp = json_unicode(str_skip(r->text, r->at + 1), &used);

		if (cp < 0)
			return false;
		r->at += 1 + used;
		*to += utf8_put(*to, cp);
		return true;
	}
	if (found == NULL)
		return false;
	r->at++;
	*(*to)++ = meanings[found - letters];
	return true;
}

/* Behind the opening quote.  No escape is shorter than what it stands for. */
static bool read_string(struct reader *r, struct str *out)
{
	struct str rest = str_skip(r->text, r->at);
	const char *end = rest.n > 0 ? memchr(rest.p, '"', rest.n) : NULL;
	char *start;
	char *to;

	while (end != NULL && end > rest.p && end[-1] == '\\')
		end = memchr(end + 1, '"', (size_t)(rest.p + rest.n - end - 1));
	start = arena_alloc(r->arena,
		end != NULL ? (size_t)(end - rest.p) + 4 : rest.n + 4);
	to = start;
	while (r->at < r->text.n && r->text.p[r->at] != '"') {
		char c = r->text.p[r->at];

		if ((unsigned char)c < 0x20)
			return false;
		r->at++;
		if (c != '\\')
			*to++ = c;
		else if (!read_escape(r, &to))
			return false;
	}
	*out = (struct str){start, (size_t)(to - start)};
	return r->at < r->text.n && r->text.p[r->at++] == '"';
}

static void push(struct reader *r, const struct member *m)
{
	r->stack = grow(r->stack, r->n, &r->cap, sizeof(*r->stack));
	r->stack[r->n++] = *m;
}

static bool read_list(struct reader *r, unsigned depth, struct value *out)
{
	size_t base = r->n;

	if (!accept(r, ']')) {
		do {
			struct member m = {0};

			if (!read_value(r, depth + 1, &m.value))
				return false;
			push(r, &m);
		} while (accept(r, ','));
		if (!accept(r, ']'))
			return false;
	}
	*out = (struct value){.type = VALUE_LIST, .n = r->n - base};
	out->items = ARENA_ARRAY(r->arena, struct value, out->n);
	for (size_t i = 0; i < out->n; i++)
		out->items[i] = r->stack[base + i].value;
	r->n = base;
	return true;
}

static bool read_member(struct reader *r, unsigned depth, struct member *m)
{
	return accept(r, '"') && read_string(r, &m->key) && accept(r, ':') &&
	       read_value(r, depth + 1, &m->value);
}

/* Where a key stands in a map, or where it would be added. */
static size_t place_of(const struct value *map, struct str key)
{
	size_t i = 0;

	while (i < map->n && !str_eq(map->members[i].key, key))
		i++;
	return i;
}

static bool read_map(struct reader *r, unsigned depth, struct value *out)
{
	size_t base = r->n;

	if (!accept(r, '}')) {
		do {
			struct member m = {0};

			if (!read_member(r, depth, &m) ||
				r->n - base >= MAX_MEMBERS)
				return false;
			push(r, &m);
		} while (accept(r, ','));
		if (!accept(r, '}'))
			return false;
	}
	*out = (struct value){.type = VALUE_MAP};
	out->members = ARENA_ARRAY(r->arena, struct member, r->n - base);
	for (size_t i = base; i < r->n; i++) {
		size_t at = place_of(out, r->stack[i].key);

		out->members[at] = r->stack[i];
		out->n += at == out->n;
	}
	r->n = base;
	return true;
}

static bool read_number(struct reader *r, struct value *out)
{
	struct str s = str_skip(r->text, r->at);
	size_t n = number_span(s);

	if (n == 0 || (n < s.n && ascii_digit(s.p[n])))
		return false; /* 007 */
	*out = value_number((struct str){s.p, n});
	r->at += n;
	return true;
}

static bool read_value(struct reader *r, unsigned depth, struct value *out)
{
	skip_space(r);
	if (depth > MAX_DEPTH || r->at >= r->text.n)
		return false;
	if (accept(r, '['))
		return read_list(r, depth, out);
	if (accept(r, '{'))
		return read_map(r, depth, out);
	if (accept(r, '"')) {
		*out = value_string(STR(""));
		return read_string(r, &out->text);
	}
	*out = (struct value){0};
	if (accept_word(r, STR("null")))
		return true;
	if (accept_word(r, STR("true"))) {
		*out = value_bool(true);
		return true;
	}
	if (accept_word(r, STR("false"))) {
		*out = value_bool(false);
		return true;
	}
	return read_number(r, out);
}

int json_parse(
	struct arena *a, struct str text, struct value *out, struct err *e)
{
	struct reader r = {.arena = a, .text = text};
	struct str shown;
	struct value v;
	bool ok = read_value(&r, 0, &v);

	free(r.stack);
	if (ok)
		skip_space(&r);
	if (ok && r.at == text.n) {
		*out = v;
		return 0;
	}
	if (r.at >= text.n)
		return err_set(e, ERR_DATA,
			"not JSON: it ends too early, behind character %zu",
			words_length(text));
	shown = words_truncate(str_skip(text, r.at), SHOWN);
	return err_set(e, ERR_DATA, "not JSON at character %zu: '%.*s%s'",
		words_length((struct str){text.p, r.at}) + 1, STR_ARGS(shown),
		r.at + shown.n < text.n ? "…" : "");
}
