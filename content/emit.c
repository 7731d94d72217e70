/*
 * emit - front matter: a map as YAML in PyYAML's block style, between "---"
 * (or as TOML or JSON: emit_toml.c, emit_json.c).
 *
 * Lists and maps are walked here; emit_scalar writes the texts in them.  The
 * walk keeps PyYAML's few rules of layout: a list in a map is not indented, a
 * long or many-lined key is written behind "? ".  Nothing can fail: whatever
 * the value, the output parses back to it.
 */
#include "content/emit.h"

#include <stdlib.h>
#include <string.h>

#include "content/emitter.h"

#define MAX_SIMPLE_KEY 122 /* PyYAML's 128 without "!!str" and one */
#define LONGEST_ESCAPE 10  /* \U0010FFFF */
#define MAX_KEY_BYTES 1000 /* YAML lets a simple key have 1024 */

static void emit_node(struct emitter *e, const struct emit_style *style,
	const struct value *v, bool in_map);

static int by_key(const void *a, const void *b)
{
	const struct member *const *x = a;
	const struct member *const *y = b;
	int c = str_cmp((*x)->key, (*y)->key);

	return c != 0 ? c : (*x > *y) - (*x < *y);
}

/* As they are as a rule, where people write keys in order themselves. */
static bool is_sorted(const struct member *const *list, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (str_cmp(list[i - 1]->key, list[i]->key) > 0)
			return false;
	return true;
}

const struct member **emitter_members(
	const struct value *map, const struct emit_style *style, size_t *n)
{
	const struct member **list = xmalloc((map->n + 1) * sizeof(void *));

	*n = 0;
	for (size_t i = 0; i < map->n; i++) {
		const struct member *m = &map->members[i];

		if (!style->omit_null || m->value.type != VALUE_NULL)
			list[(*n)++] = m;
	}
	if (style->sorted && !is_sorted(list, *n))
		qsort(list, *n, sizeof(void *), by_key);
	return list;
}

static bool is_simple_key(const struct scalar *key)
{
	if (key->length == 0 || key->multiline || key->length > MAX_SIMPLE_KEY)
		return false;
	return key->single || key->length * LONGEST_ESCAPE < MAX_KEY_BYTES;
}

static void emit_member(struct emitter *e, const struct emit_style *style,
	const struct member *m)
{
	struct scalar key = scalar_of(m->key);
	size_t outer = e->indent;

	emitter_indent(e);
	if (is_simple_key(&key)) {
		emitter_scalar(e, &key, true);
		emitter_indicator(e, ':', false, false);
	} else {
		emitter_indicator(e, '?', true, true);
		e->indent += 2;
		emitter_scalar(e, &key, false);
		e->indent = outer;
		emitter_indent(e);
		emitter_indicator(e, ':', true, true);
	}
	emit_node(e, style, &m->value, true);
}

static void emit_map(struct emitter *e, const struct emit_style *style,
	const struct value *map)
{
	size_t n;
	const struct member **members = emitter_members(map, style, &n);

	if (n == 0)
		emitter_word(e, STR("{}"));
	for (size_t i = 0; i < n; i++)
		emit_member(e, style, members[i]);
	free(members);
}

static void emit_list(struct emitter *e, const struct emit_style *style,
	const struct value *list)
{
	if (list->n == 0)
		emitter_word(e, STR("[]"));
	for (size_t i = 0; i < list->n; i++) {
		emitter_indent(e);
		emitter_indicator(e, '-', true, true);
		emit_node(e, style, &list->items[i], false);
	}
}

/*
 * A number's digits, with what YAML 1.1 asks of a float beyond JSON: a point
 * and a sign of the exponent.
 */
static void emit_number(struct emitter *e, struct str digits)
{
	struct buf text = {0};
	bool point = false;

	if (memchr(digits.p, 'e', digits.n) == NULL &&
		memchr(digits.p, 'E', digits.n) == NULL) {
		emitter_word(e, digits);
		return;
	}
	for (size_t i = 0; i < digits.n; i++) {
		char c = digits.p[i];

		point = point || c == '.';
		if (c != 'e' && c != 'E') {
			buf_putc(&text, c);
			continue;
		}
		buf_puts(&text, point ? "e" : ".0e");
		if (i + 1 < digits.n && digits.p[i + 1] >= '0' &&
			digits.p[i + 1] <= '9')
			buf_putc(&text, '+');
	}
	emitter_word(e, buf_str(&text));
	buf_fini(&text);
}

/* A list or map one level in; a list in a map stays where its key is. */
static void emit_collection(struct emitter *e, const struct emit_style *style,
	const struct value *v, bool in_map)
{
	size_t outer = e->indent;
	bool flush = v->type == VALUE_LIST && in_map && !e->indention &&
		     !style->indent_sequences;

	if (!flush)
		e->indent += 2;
	if (v->type == VALUE_LIST)
		emit_list(e, style, v);
	else
		emit_map(e, style, v);
	e->indent = outer;
}

static void emit_string(struct emitter *e, struct str text)
{
	struct scalar s = scalar_of(text);

	e->indent += 2;
	emitter_scalar(e, &s, false);
	e->indent -= 2;
}

static void emit_node(struct emitter *e, const struct emit_style *style,
	const struct value *v, bool in_map)
{
	switch (v->type) {
	case VALUE_NULL:
		emitter_word(e, STR("null"));
		break;
	case VALUE_BOOL:
		emitter_word(e, v->boolean ? STR("true") : STR("false"));
		break;
	case VALUE_NUMBER:
		emit_number(e, v->text);
		break;
	case VALUE_STRING:
		emit_string(e, v->text);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		emit_collection(e, style, v, in_map);
		break;
	}
}

void emit_yaml(const struct value *map, const struct emit_style *style,
	struct buf *out)
{
	struct emitter e = {
		.out = out,
		.double_quotes = style->quotes == QUOTES_DOUBLE,
		.width = style->width > 4 ? style->width : 80,
		.whitespace = true,
		.indention = true,
	};

	if (style->width == 0)
		e.width = SIZE_MAX / 2;
	emit_map(&e, style, map);
	emitter_line_feed(&e);
}

void emit_data(const struct value *map, const struct emit_style *style,
	struct buf *out)
{
	switch (style->format) {
	case EMIT_YAML:
		emit_yaml(map, style, out);
		break;
	case EMIT_TOML:
		emit_toml(map, style, out);
		break;
	case EMIT_JSON:
		emit_json_lines(map, style, out);
		break;
	}
}

void emit_front_matter(const struct value *map, const struct emit_style *style,
	struct buf *out)
{
	static const char *const fences[] = {
		[EMIT_YAML] = "---\n", [EMIT_TOML] = "+++\n", [EMIT_JSON] = ""};

	buf_puts(out, fences[style->format]);
	emit_data(map, style, out);
	buf_puts(out, fences[style->format]);
}
