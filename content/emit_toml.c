/*
 * emit_toml - a map as TOML.
 *
 * A table's own values come first, since whatever stands behind a [header]
 * belongs to that; then its maps as [tables], and lists of maps as
 * [[tables]].  Maps in other lists, and those too deep for a header to be
 * read, stand in one line.  TOML has no null: it is left out, of lists too.
 */
#include "content/emit.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "content/emitter.h"

#define MAX_HEADER 100 /* bytes of "a.b.c" */

struct toml {
	struct buf *out;
	const struct emit_style *style;
	size_t start;      /* of out, where ours begins */
	struct buf header; /* of the table that is written: "a.b" */
};

static void put_value(struct toml *t, const struct value *v);

/* TOML's integers have 64 bits, its floats those of a double. */
static bool is_number(struct str digits)
{
	long long whole;

	if (str_to_int64(digits, &whole))
		return true;
	for (size_t i = 0; i < digits.n; i++)
		if (strchr(".eE", digits.p[i]) != NULL)
			return number_is_finite(digits);
	return false;
}

static bool is_literal(struct str s)
{
	for (size_t at = 0; at < s.n;) {
		int32_t cp = utf8_next(s, &at);

		if (cp == '\'' || emitter_is_special(cp))
			return false;
	}
	return true;
}

static void put_string(struct toml *t, struct str s)
{
	if (t->style->quotes == QUOTES_SINGLE && is_literal(s)) {
		buf_putc(t->out, '\'');
		buf_add_str(t->out, s);
		buf_putc(t->out, '\'');
		return;
	}
	emitter_quoted(t->out, s, "\\u%04X");
}

static bool is_bare_key(struct str key)
{
	for (size_t i = 0; i < key.n; i++)
		if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			   "abcdefghijklmnopqrstuvwxyz0123456789_-",
			    key.p[i]) == NULL ||
			key.p[i] == '\0')
			return false;
	return key.n > 0;
}

static void put_key(struct toml *t, struct str key)
{
	if (is_bare_key(key))
		buf_add_str(t->out, key);
	else
		put_string(t, key);
}

/* As members of a map go, but without null. */
static const struct member **members_of(
	const struct toml *t, const struct value *map, size_t *n)
{
	struct emit_style style = *t->style;

	style.omit_null = true;
	return emitter_members(map, &style, n);
}

static void put_list(struct toml *t, const struct value *list)
{
	bool any = false;

	buf_putc(t->out, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (list->items[i].type == VALUE_NULL)
			continue;
		buf_puts(t->out, any ? ", " : "");
		put_value(t, &list->items[i]);
		any = true;
	}
	buf_putc(t->out, ']');
}

static void put_inline_map(struct toml *t, const struct value *map)
{
	size_t n;
	const struct member **members = members_of(t, map, &n);

	buf_putc(t->out, '{');
	for (size_t i = 0; i < n; i++) {
		buf_puts(t->out, i > 0 ? ", " : " ");
		put_key(t, members[i]->key);
		buf_puts(t->out, " = ");
		put_value(t, &members[i]->value);
	}
	buf_puts(t->out, n > 0 ? " }" : "}");
	free(members);
}

static void put_value(struct toml *t, const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		break; /* was left out by who called */
	case VALUE_BOOL:
		buf_puts(t->out, v->boolean ? "true" : "false");
		break;
	case VALUE_NUMBER:
		if (is_number(v->text))
			buf_add_str(t->out, v->text);
		else
			put_string(t, v->text);
		break;
	case VALUE_STRING:
		put_string(t, v->text);
		break;
	case VALUE_LIST:
		put_list(t, v);
		break;
	case VALUE_MAP:
		put_inline_map(t, v);
		break;
	}
}

static bool is_list_of_maps(const struct value *v)
{
	bool any = false;

	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++) {
		if (v->items[i].type == VALUE_NULL)
			continue;
		if (v->items[i].type != VALUE_MAP)
			return false;
		any = true;
	}
	return any;
}

/* Does a member get tables of its own?  Only where headers stay short. */
static bool has_header(const struct toml *t, const struct member *m)
{
	return (m->value.type == VALUE_MAP || is_list_of_maps(&m->value)) &&
	       t->header.n + m->key.n < MAX_HEADER;
}

static void put_table(struct toml *t, const struct value *map);

static void put_headed(struct toml *t, const struct value *map, bool in_list)
{
	buf_puts(t->out, t->out->n > t->start ? "\n" : "");
	buf_puts(t->out, in_list ? "[[" : "[");
	buf_add_str(t->out, buf_str(&t->header));
	buf_puts(t->out, in_list ? "]]\n" : "]\n");
	put_table(t, map);
}

/* A map, or each map of a list, under its header. */
static void put_tables(struct toml *t, const struct member *m)
{
	struct toml key = {.style = t->style, .out = &t->header};
	size_t outer = t->header.n;

	if (outer > 0)
		buf_putc(&t->header, '.');
	put_key(&key, m->key);
	if (m->value.type == VALUE_MAP)
		put_headed(t, &m->value, false);
	for (size_t i = 0; m->value.type == VALUE_LIST && i < m->value.n; i++)
		if (m->value.items[i].type != VALUE_NULL)
			put_headed(t, &m->value.items[i], true);
	t->header.n = outer;
}

static void put_table(struct toml *t, const struct value *map)
{
	size_t n;
	const struct member **members = members_of(t, map, &n);

	for (size_t i = 0; i < n; i++) {
		if (has_header(t, members[i]))
			continue;
		put_key(t, members[i]->key);
		buf_puts(t->out, " = ");
		put_value(t, &members[i]->value);
		buf_putc(t->out, '\n');
	}
	for (size_t i = 0; i < n; i++)
		if (has_header(t, members[i]))
			put_tables(t, members[i]);
	free(members);
}

void emit_toml(const struct value *map, const struct emit_style *style,
	struct buf *out)
{
	struct toml t = {.out = out, .style = style, .start = out->n};

	put_table(&t, map);
	buf_fini(&t.header);
}
