/*
 * emit_json - a value as JSON, in one line or in many.
 *
 * Texts keep their Unicode but for what a reader's eye or an old parser takes
 * for something else: control characters, line separators and marks of byte
 * order are escaped.
 */
#include "content/emit.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "content/emitter.h"

#define MAX_NUMBER 400 /* digits that are looked at */

bool number_is_finite(struct str digits)
{
	char text[MAX_NUMBER + 1];
	char *end;
	double d;

	if (digits.n > MAX_NUMBER)
		return false;
	memcpy(text, digits.p, digits.n);
	text[digits.n] = '\0';
	d = strtod(text, &end);
	return *end == '\0' && isfinite(d);
}

static void put_escape(struct buf *out, int32_t c, const char *code)
{
	static const char names[] = "b\bf\fn\nr\rt\t\"\"\\\\";

	for (size_t i = 0; i + 1 < sizeof(names) - 1; i += 2)
		if (names[i + 1] == c) {
			buf_putc(out, '\\');
			buf_putc(out, names[i]);
			return;
		}
	buf_printf(out, code, (unsigned)c);
}

bool emitter_is_special(int32_t cp)
{
	return cp < ' ' || (cp >= 0x7F && cp < 0xA0) || cp == 0x2028 ||
	       cp == 0x2029 || cp == 0xFEFF;
}

void emitter_quoted(struct buf *out, struct str s, const char *code)
{
	size_t start = 0;

	buf_putc(out, '"');
	for (size_t at = 0; at < s.n;) {
		size_t here = at;
		int32_t cp = utf8_next(s, &at);

		if (cp != '"' && cp != '\\' && !emitter_is_special(cp))
			continue;
		buf_add(out, s.p + start, here - start);
		if (cp < 0)
			buf_puts(out, "\xEF\xBF\xBD"); /* U+FFFD */
		else
			put_escape(out, cp, code);
		start = at;
	}
	buf_add(out, s.p + start, s.n - start);
	buf_putc(out, '"');
}

static void put_string(struct buf *out, struct str s)
{
	emitter_quoted(out, s, "\\u%04x");
}

static void put_list(struct buf *out, const struct value *list)
{
	buf_putc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		emit_json(&list->items[i], out);
	}
	buf_putc(out, ']');
}

static void put_map(struct buf *out, const struct value *map)
{
	buf_putc(out, '{');
	for (size_t i = 0; i < map->n; i++) {
		if (i > 0)
			buf_putc(out, ',');
		put_string(out, map->members[i].key);
		buf_putc(out, ':');
		emit_json(&map->members[i].value, out);
	}
	buf_putc(out, '}');
}

void emit_json(const struct value *v, struct buf *out)
{
	switch (v->type) {
	case VALUE_NULL:
		buf_puts(out, "null");
		break;
	case VALUE_BOOL:
		buf_puts(out, v->boolean ? "true" : "false");
		break;
	case VALUE_NUMBER:
		buf_add_str(out, v->text);
		break;
	case VALUE_STRING:
		put_string(out, v->text);
		break;
	case VALUE_LIST:
		put_list(out, v);
		break;
	case VALUE_MAP:
		put_map(out, v);
		break;
	}
}

/* The same in lines: how deep, and in which style. */
struct lines {
	struct buf *out;
	const struct emit_style *style;
	size_t depth;
};

static void put_lines(struct lines *l, const struct value *v);

static void start_line(struct lines *l, bool first)
{
	buf_puts(l->out, first ? "\n" : ",\n");
	for (size_t i = 0; i < l->depth; i++)
		buf_puts(l->out, "  ");
}

static void put_list_lines(struct lines *l, const struct value *list)
{
	buf_putc(l->out, '[');
	l->depth++;
	for (size_t i = 0; i < list->n; i++) {
		start_line(l, i == 0);
		put_lines(l, &list->items[i]);
	}
	l->depth--;
	if (list->n > 0)
		start_line(l, true);
	buf_putc(l->out, ']');
}

static void put_map_lines(struct lines *l, const struct value *map)
{
	size_t n;
	const struct member **members = emitter_members(map, l->style, &n);

	buf_putc(l->out, '{');
	l->depth++;
	for (size_t i = 0; i < n; i++) {
		start_line(l, i == 0);
		put_string(l->out, members[i]->key);
		buf_puts(l->out, ": ");
		put_lines(l, &members[i]->value);
	}
	l->depth--;
	if (n > 0)
		start_line(l, true);
	buf_putc(l->out, '}');
	free(members);
}

static void put_lines(struct lines *l, const struct value *v)
{
	if (v->type == VALUE_LIST)
		put_list_lines(l, v);
	else if (v->type == VALUE_MAP)
		put_map_lines(l, v);
	else if (v->type == VALUE_NUMBER && !number_is_finite(v->text))
		put_string(l->out, v->text);
	else
		emit_json(v, l->out);
}

void emit_json_lines(const struct value *map, const struct emit_style *style,
	struct buf *out)
{
	struct lines l = {out, style, 0};

	put_map_lines(&l, map);
	buf_putc(out, '\n');
}
