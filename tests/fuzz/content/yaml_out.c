/*
 * Front matter: a value made of the bytes is written, and libyaml reads the
 * identical value back; a plain text is never one that looks like a number.
 * As JSON it can be read; as TOML it is text of one line a key.
 */
#include "content/emit.h"

#include <stdint.h>
#include <stdlib.h>

#include <jansson.h>
#include <yaml.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "base/util.h"
#include "content/emitter.h"
#include "content/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is left of the input, and where its values live. */
struct source {
	struct arena arena;
	const uint8_t *p;
	size_t n;
};

static unsigned take(struct source *s)
{
	if (s->n == 0)
		return 0;
	s->n--;
	return *s->p++;
}

/* Texts: bytes up to a 0xFF, made valid. */
static struct str take_text(struct source *s)
{
	char *p = arena_alloc(&s->arena, s->n * 3 + 3);
	struct str in = {(const char *)s->p, 0};
	size_t n = 0;

	while (in.n < s->n && s->p[in.n] != 0xFF)
		in.n++;
	s->p += in.n;
	s->n -= in.n;
	take(s);
	for (size_t at = 0; at < in.n;) {
		int32_t cp = utf8_next(in, &at);

		n += utf8_put(p + n, cp < 0 ? 0xFFFD : cp);
	}
	return (struct str){p, n};
}

static struct value take_value(struct source *s, int depth);

static void take_children(struct source *s, struct value *v, int depth)
{
	v->n = take(s) % 5;
	v->items = ARENA_ARRAY(&s->arena, struct value, v->n);
	v->members = ARENA_ARRAY(&s->arena, struct member, v->n);
	for (size_t i = 0; i < v->n; i++) {
		if (v->type == VALUE_LIST) {
			v->items[i] = take_value(s, depth + 1);
			continue;
		}
		v->members[i].key = take_text(s);
		v->members[i].value = take_value(s, depth + 1);
	}
}

static struct value take_value(struct source *s, int depth)
{
	static const char *const numbers[] = {
		"0", "-1", "1.5", "1e5", "1E-7", "123456789012345678901"};
	struct value v = {0};
	unsigned kind = take(s);

	switch (kind % 8) {
	case 0:
		break;
	case 1:
		v = value_bool(kind & 8);
		break;
	case 2:
		v = value_number(str_of(numbers[kind / 8 % 6]));
		break;
	case 3:
	case 4:
		v.type = kind % 8 == 3 ? VALUE_LIST : VALUE_MAP;
		if (depth < 20)
			take_children(s, &v, depth);
		break;
	default:
		v = value_string(take_text(s));
	}
	return v;
}

static void expect(bool good)
{
	if (!good)
		abort();
}

static void check_scalar(const yaml_node_t *node, const struct value *want)
{
	struct str text = {(const char *)node->data.scalar.value,
		node->data.scalar.length};
	bool plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	expect(node->type == YAML_SCALAR_NODE);
	if (want->type == VALUE_STRING)
		expect(str_eq(text, want->text));
	/* Null, bools and numbers are plain, and nothing else looks so. */
	expect((plain && scalar_is_ambiguous(text)) ==
		(want->type != VALUE_STRING));
}

static void check_node(yaml_document_t *doc, int id, const struct value *want)
{
	const yaml_node_t *node = yaml_document_get_node(doc, id);
	struct value key;

	if (want->type != VALUE_LIST && want->type != VALUE_MAP) {
		check_scalar(node, want);
		return;
	}
	if (want->type == VALUE_LIST) {
		const yaml_node_item_t *item = node->data.sequence.items.start;

		expect(node->type == YAML_SEQUENCE_NODE);
		expect((size_t)(node->data.sequence.items.top - item) ==
			want->n);
		for (size_t i = 0; i < want->n; i++)
			check_node(doc, item[i], &want->items[i]);
		return;
	}
	expect(node->type == YAML_MAPPING_NODE);
	for (size_t i = 0; i < want->n; i++) {
		const yaml_node_pair_t *pair =
			node->data.mapping.pairs.start + i;

		expect(pair < node->data.mapping.pairs.top);
		key = value_string(want->members[i].key);
		check_node(doc, pair->key, &key);
		check_node(doc, pair->value, &want->members[i].value);
	}
}

static void read_back(struct str yaml, const struct value *want)
{
	yaml_parser_t parser;
	yaml_document_t doc;

	yaml_parser_initialize(&parser);
	yaml_parser_set_input_string(
		&parser, (const unsigned char *)yaml.p, yaml.n);
	expect(yaml_parser_load(&parser, &doc));
	check_node(&doc, 1, want);
	yaml_document_delete(&doc);
	yaml_parser_delete(&parser);
}

static void check_json(struct str text)
{
	json_t *json;

	if (str_find(text, STR("\\u0000")) < text.n)
		return; /* jansson has no such keys */
	json = json_loadb(text.p, text.n, JSON_DECODE_INT_AS_REAL, NULL);
	expect(json != NULL);
	json_decref(json);
}

static void check_toml(struct str text)
{
	expect(utf8_valid(text));
	for (size_t i = 0; i < text.n; i++)
		expect((unsigned char)text.p[i] >= ' ' || text.p[i] == '\n');
	while (text.n > 0) {
		size_t n = str_find(text, STR("\n"));

		expect(n < text.n);
		expect(n == 0 || text.p[0] == '[' ||
			str_find((struct str){text.p, n}, STR(" = ")) < n);
		text = str_skip(text, n + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const size_t widths[] = {80, 0, 5, 20};
	struct source s = {.p = data, .n = size};
	unsigned flags = take(&s);
	struct emit_style style = {
		.width = widths[flags % 4],
		.indent_sequences = flags & 4,
		.quotes = (enum emit_quotes)(flags / 8 % 3),
	};
	struct value map = {.type = VALUE_MAP};
	struct buf out = {0};

	take_children(&s, &map, 0);
	emit_yaml(&map, &style, &out);
	read_back(buf_str(&out), &map);
	buf_clear(&out);
	emit_toml(&map, &style, &out);
	check_toml(buf_str(&out));
	buf_clear(&out);
	emit_json_lines(&map, &style, &out);
	check_json(buf_str(&out));
	buf_fini(&out);
	arena_fini(&s.arena);
	return 0;
}
