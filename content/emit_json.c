/*
 * emit_json - a value as compact JSON.
 */
#include "content/emit.h"

#include <stdint.h>

#include "content/utf8.h"

static void put_char(struct buf *out, unsigned char c)
{
	static const char names[] = "b\bf\fn\nr\rt\t\"\"\\\\";

	for (size_t i = 0; i + 1 < sizeof(names) - 1; i += 2)
		if (names[i + 1] == (char)c) {
			buf_putc(out, '\\');
			buf_putc(out, names[i]);
			return;
		}
	buf_printf(out, "\\u%04x", c);
}

static void put_string(struct buf *out, struct str s)
{
	size_t start = 0;

	buf_putc(out, '"');
	for (size_t at = 0; at < s.n;) {
		size_t here = at;
		int32_t cp = utf8_next(s, &at);

		if (cp >= ' ' && cp != '"' && cp != '\\')
			continue;
		buf_add(out, s.p + start, here - start);
		if (cp < 0)
			buf_puts(out, "\xEF\xBF\xBD"); /* U+FFFD */
		else
			put_char(out, (unsigned char)cp);
		start = at;
	}
	buf_add(out, s.p + start, s.n - start);
	buf_putc(out, '"');
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
