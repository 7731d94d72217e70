/*
 * node - reading the tree of a configuration, with errors that name places.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/stamp.h"
#include "content/ascii.h"
#include "content/core_scalar.h"
#include "content/tree.h"

int node_err(const struct node *at, struct err *e, const char *fmt, ...)
{
	char words[sizeof(e->text)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(words, sizeof(words), fmt, ap);
	va_end(ap);
	if (at->file == NULL)
		return err_set(e, ERR_CONFIG, "%s", words);
	return err_set(e, ERR_CONFIG, "%s:%d:%d: %s", at->file, at->line,
		at->column, words);
}

/* A walk through a scalar's raw bytes, with line and column. */
struct walk {
	struct str raw;
	size_t at;
	int line;
	int column;
};

static void step(struct walk *w)
{
	char c = w->raw.p[w->at++];

	if (c == '\n') {
		w->line++;
		w->column = 1;
		return;
	}
	while (ascii_continues(ascii_at(w->raw, w->at)))
		w->at++;
	w->column++;
}

/* How many raw characters a \ and what follows takes. */
static int escape_length(char letter)
{
	switch (letter) {
	case 'x':
		return 4;
	case 'u':
		return 6;
	case 'U':
		return 10;
	default:
		return 2;
	}
}

/* Over one visible character of the value, in the raw text. */
static void step_over(struct walk *w, char quote)
{
	int n = 1;

	if (quote == '"' && ascii_at(w->raw, w->at) == '\\')
		n = escape_length(ascii_at(w->raw, w->at + 1));
	else if (quote == '\'' && ascii_at(w->raw, w->at) == '\'')
		n = 2;
	for (; n > 0 && w->at < w->raw.n; n--)
		step(w);
}

static void skip_blanks(struct walk *w, char quote)
{
	while (w->at < w->raw.n) {
		char next = ascii_at(w->raw, w->at + 1);
		bool escaped = quote == '"' && w->raw.p[w->at] == '\\' &&
			       (next == 'n' || next == 'r' || next == 't' ||
				       ascii_space(next));

		if (!ascii_space(w->raw.p[w->at]) && !escaped)
			return;
		step_over(w, quote);
	}
}

/* The number of visible characters in the first n bytes of s. */
static size_t count_visible(struct str s, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n && i < s.n; i++)
		if (!ascii_space(s.p[i]) && !ascii_continues(s.p[i]))
			count++;
	return count;
}

/*
 * Folding, escapes and indentation change only white space, so the place is
 * found by counting what is visible.
 */
struct node node_within(const struct node *scalar, size_t offset)
{
	struct walk w = {scalar->raw, 0, scalar->line, scalar->column};
	struct node at = *scalar;
	char quote = ascii_at(w.raw, 0);
	size_t visible = count_visible(scalar->text, offset);

	if (quote == '"' || quote == '\'')
		step(&w);
	while ((quote == '|' || quote == '>') && w.at < w.raw.n &&
		w.line == at.line)
		step(&w); /* over the header of a block */
	for (; visible > 0 && w.at < w.raw.n; visible--) {
		skip_blanks(&w, quote);
		step_over(&w, quote);
	}
	if (offset < scalar->text.n && !ascii_space(scalar->text.p[offset]))
		skip_blanks(&w, quote);
	at.line = w.line;
	at.column = w.column;
	return at;
}

const struct node *node_get(const struct node *map, const char *key)
{
	if (map->type != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (str_is(map->members[i].key.text, key))
			return &map->members[i].value;
	return NULL;
}

static const char *type_name(const struct node *at)
{
	static const char *const names[] = {
		[NODE_SCALAR] = "a single value",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a map",
	};

	return names[at->type];
}

int node_keys(const struct node *at, const char *what, const char *const *keys,
	size_t n, struct err *e)
{
	if (at->type != NODE_MAP)
		return node_err(
			at, e, "%s must be a map, not %s", what, type_name(at));
	for (size_t i = 0; i < at->n; i++) {
		const struct node *key = &at->members[i].key;
		const char *near = str_nearest(key->text, keys, n);

		if (near != NULL && str_is(key->text, near))
			continue;
		node_err(key, e, "unknown key '%.*s' in %s",
			STR_ARGS(key->text), what);
		return err_nearest(e, ERR_CONFIG, near);
	}
	return 0;
}

bool node_is_null(const struct node *at)
{
	return at->type == NODE_SCALAR && at->plain &&
	       core_type(at->text) == CORE_NULL;
}

static int need_scalar(const struct node *at, const char *what,
	const char *need, struct err *e)
{
	if (at->type != NODE_SCALAR)
		return node_err(at, e, "%s must be %s, not %s", what, need,
			type_name(at));
	return 0;
}

int node_string(
	const struct node *at, const char *what, struct str *out, struct err *e)
{
	int rc = need_scalar(at, what, "text", e);

	if (rc != 0)
		return rc;
	if (node_is_null(at))
		return node_err(at, e, "%s must be text, not nothing", what);
	if (at->plain && core_type(at->text) != CORE_STRING)
		return node_err(at, e, "%s must be text: write \"%.*s\"", what,
			STR_ARGS(at->text));
	*out = at->text;
	return 0;
}

int node_bool(const struct node *at, const char *what, bool *out, struct err *e)
{
	int rc = need_scalar(at, what, "true or false", e);

	if (rc != 0)
		return rc;
	if (!at->plain || core_type(at->text) != CORE_BOOL)
		return node_err(at, e, "%s must be true or false, not '%.*s'",
			what, STR_ARGS(at->text));
	*out = at->text.p[0] == 't' || at->text.p[0] == 'T';
	return 0;
}

int node_int(const struct node *at, const char *what, int64_t min, int64_t max,
	int64_t *out, struct err *e)
{
	long long v = 0;
	int rc = need_scalar(at, what, "a number", e);

	if (rc != 0)
		return rc;
	if (!at->plain || core_type(at->text) != CORE_NUMBER ||
		!str_to_int64(at->text, &v) || v < min || v > max)
		return node_err(at, e,
			"%s must be a whole number from %lld to %lld, not "
			"'%.*s'",
			what, (long long)min, (long long)max,
			STR_ARGS(at->text));
	*out = v;
	return 0;
}

int node_duration(
	const struct node *at, const char *what, int64_t *out, struct err *e)
{
	int rc = need_scalar(at, what, "a time such as 30s", e);

	if (rc != 0)
		return rc;
	if (!stamp_duration(at->text, out))
		return node_err(at, e,
			"%s must be a time such as 500ms, 30s, 5m, 1h or 1d, "
			"not '%.*s'",
			what, STR_ARGS(at->text));
	return 0;
}

int node_size(
	const struct node *at, const char *what, int64_t *out, struct err *e)
{
	static const struct str_unit units[] = {
		{"", 1},
		{"B", 1},
		{"kB", 1000},
		{"MB", 1000000},
		{"GB", 1000000000},
		{"KiB", INT64_C(1) << 10},
		{"MiB", INT64_C(1) << 20},
		{"GiB", INT64_C(1) << 30},
		{"TiB", INT64_C(1) << 40},
	};
	int rc = need_scalar(at, what, "a size such as 10MiB", e);

	if (rc != 0)
		return rc;
	if (!str_with_unit(at->text, units, ARRAY_LEN(units), out))
		return node_err(at, e,
			"%s must be a size such as 64KiB, 10MiB or 1GiB, not "
			"'%.*s'",
			what, STR_ARGS(at->text));
	return 0;
}
