/*
 * template_compile - nodes of the configuration become templates.
 *
 * A map's own keys come over those that $merge mixes in, before any of them is
 * compiled.  So a fragment is compiled anew wherever it is mixed in, with the
 * names in scope there, and but for what is written over it.
 */
#include <stdlib.h>

#include "content/core_scalar.h"
#include "content/template.h"

#define MAX_DEPTH 64
#define MAX_NODES 100000 /* of all templates, with all that is mixed in */

static const char *const special_keys[] = {
	"$when", "$each", "$value", "$merge"};

/* Count size, which fragments could make as large as they like. */
static int count_node(struct templating *with, const struct node *at)
{
	if (++with->nodes > MAX_NODES)
		return node_err(at, with->parsing.err,
			"the mapping is too large, with all that $merge mixes "
			"in");
	return 0;
}

/* And depth. */
static int go_down(struct templating *with, const struct node *at)
{
	if (++with->depth > MAX_DEPTH)
		return node_err(at, with->parsing.err,
			"nested too deeply (does a fragment merge itself?)");
	return count_node(with, at);
}

/* Members while they are gathered, each key once. */
struct members {
	struct node_member *items;
	size_t n;
	size_t cap;
};

/* What a plain scalar without ${ } means. */
static int plain_value(
	struct templating *with, const struct node *node, struct value *out)
{
	struct arena *a = with->parsing.arena;

	switch (core_type(node->text)) {
	case CORE_NULL:
		*out = (struct value){0};
		return 0;
	case CORE_BOOL:
		*out = value_bool((node->text.p[0] | 0x20) == 't');
		return 0;
	case CORE_NUMBER:
		*out = value_number(core_number(a, node->text));
		return 0;
	case CORE_STRING:
		*out = value_string(arena_str(a, node->text));
		return 0;
	case CORE_AMBIGUOUS:
		break;
	}
	return node_err(node, with->parsing.err,
		"YAML readers differ about %.*s: put it in quotes if it is "
		"text, else write true, false or a plain number",
		STR_ARGS(node->text));
}

int template_scalar(struct templating *with, const struct node *node,
	struct expression *out)
{
	bool dynamic = str_find(node->text, STR("${")) < node->text.n;

	if (!node->plain || dynamic)
		return expression_scalar(&with->parsing, node, out);
	*out = (struct expression){
		.text = arena_str(with->parsing.arena, node->text)};
	return plain_value(with, node, &out->literal);
}

/* One that will be compiled is counted then. */
static int put_member(struct templating *with, const struct node_member *m,
	struct members *to)
{
	for (size_t i = 0; i < to->n; i++) {
		if (!str_eq(to->items[i].key.text, m->key.text))
			continue;
		to->items[i] = *m;
		return count_node(with, &m->key);
	}
	to->items = grow(to->items, to->n, &to->cap, sizeof(*to->items));
	to->items[to->n++] = *m;
	return 0;
}

static bool is_special(struct str key)
{
	return str_starts(key, STR("$")) && !str_starts(key, STR("$$"));
}

static int merge_one(
	struct templating *with, const struct node *name, struct members *to);

/* The members of a map but $merge; those that it mixes in first. */
static int gather_members(
	struct templating *with, const struct node *node, struct members *to)
{
	const struct node *merge = node_get(node, "$merge");
	int rc = 0;

	if (merge != NULL && merge->type == NODE_SCALAR)
		rc = merge_one(with, merge, to);
	else if (merge != NULL && merge->type == NODE_MAP)
		rc = node_err(merge, with->parsing.err,
			"$merge must be the name of a fragment, or a list of "
			"names");
	for (size_t i = 0; rc == 0 && merge != NULL &&
			   merge->type == NODE_LIST && i < merge->n;
		i++)
		rc = merge_one(with, &merge->items[i], to);
	for (size_t i = 0; rc == 0 && i < node->n; i++)
		if (!str_is(node->members[i].key.text, "$merge"))
			rc = put_member(with, &node->members[i], to);
	return rc;
}

static int unknown_fragment(
	struct templating *with, const struct node *at, struct str name)
{
	size_t n = with->fragments != NULL ? with->fragments->n : 0;
	const char **names = xcalloc(n + 1, sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = with->fragments->members[i].key.text.p;
	node_err(at, with->parsing.err, "there is no fragment '%.*s'",
		STR_ARGS(name));
	err_nearest(with->parsing.err, ERR_CONFIG, str_nearest(name, names, n));
	free(names);
	return ERR_CONFIG;
}

static int unknown_special(struct templating *with, const struct node *key)
{
	const char *near =
		str_nearest(key->text, special_keys, ARRAY_LEN(special_keys));

	if (near != NULL && str_is(key->text, near))
		return 0;
	return node_err(key, with->parsing.err,
		"unknown key '%.*s' (%s%s; a key that really begins with $ is "
		"written $$)",
		STR_ARGS(key->text),
		near != NULL ? "did you mean " : "there are ",
		near != NULL ? near : "$when, $each, $value, $merge");
}

/* A fragment's keys go among others, so there is no value to make more of. */
static int refuse_own_keys(struct templating *with, const struct node *fragment)
{
	for (size_t i = 0; i < fragment->n; i++) {
		const struct node *key = &fragment->members[i].key;
		int rc;

		if (!is_special(key->text) || str_is(key->text, "$merge"))
			continue;
		rc = unknown_special(with, key);
		if (rc != 0)
			return rc;
		return node_err(key, with->parsing.err,
			"a fragment itself cannot have $when, $each or "
			"$value; its keys can");
	}
	return 0;
}

static int merge_one(
	struct templating *with, const struct node *name, struct members *to)
{
	const struct node *all = with->fragments;
	struct str wanted;
	int rc = node_string(name, "$merge", &wanted, with->parsing.err);

	if (rc != 0)
		return rc;
	for (size_t i = 0; all != NULL && i < all->n; i++) {
		const struct node *fragment = &all->members[i].value;

		if (!str_eq(all->members[i].key.text, wanted))
			continue;
		if (fragment->type != NODE_MAP)
			return node_err(fragment, with->parsing.err,
				"a fragment must be a map");
		rc = refuse_own_keys(with, fragment);
		if (rc == 0)
			rc = go_down(with, name);
		if (rc != 0)
			return rc;
		with->fragments_used[i] = true;
		rc = gather_members(with, fragment, to);
		with->depth--;
		return rc;
	}
	return unknown_fragment(with, name, wanted);
}

int template_merge(
	struct templating *with, const struct node *map, struct node *out)
{
	struct members m = {0};
	int rc;

	*out = *map;
	if (map->type != NODE_MAP || node_get(map, "$merge") == NULL)
		return 0;
	rc = gather_members(with, map, &m);
	if (rc == 0) {
		out->n = m.n;
		out->members = ARENA_ARRAY(
			with->parsing.arena, struct node_member, m.n);
		if (m.n > 0)
			memcpy(out->members, m.items, m.n * sizeof(*m.items));
	}
	free(m.items);
	return rc;
}

static int compile_member(struct templating *with,
	const struct node_member *from, struct str key,
	struct template_member *out)
{
	struct arena *a = with->parsing.arena;
	struct str name = from->key.text;

	if (str_starts(name, STR("$$")))
		name = str_skip(name, 1);
	out->name = arena_str(a, name);
	if (str_find(name, STR("${")) < name.n)
		return node_err(&from->key, with->parsing.err,
			"a key cannot be an expression");
	key = key.n > 0 ? arena_printf(
				  a, "%.*s.%.*s", STR_ARGS(key), STR_ARGS(name))
			: out->name;
	return template_compile(with, &from->value, key, &out->value);
}

/* A key that $when may leave out is a member, too. */
static const struct shape *members_shape(
	struct arena *a, const struct template *map)
{
	struct shape *out = ARENA_NEW(a, struct shape);
	struct shape_member *members =
		ARENA_ARRAY(a, struct shape_member, map->n);

	if (map->n == 0)
		return &shape_empty;
	for (size_t i = 0; i < map->n; i++)
		members[i] = (struct shape_member){
			map->members[i].name.p, map->members[i].value.shape};
	*out = (struct shape){map->n, members, true};
	return out;
}

static int compile_members(struct templating *with, const struct node *node,
	struct str key, struct template *out)
{
	struct arena *a = with->parsing.arena;
	struct node merged;
	int rc = template_merge(with, node, &merged);

	if (rc != 0)
		return rc;
	out->type = TEMPLATE_MAP;
	out->members = ARENA_ARRAY(a, struct template_member, merged.n);
	for (size_t i = 0; rc == 0 && i < merged.n; i++) {
		if (is_special(merged.members[i].key.text))
			continue;
		rc = compile_member(
			with, &merged.members[i], key, &out->members[out->n++]);
	}
	out->shape = members_shape(a, out);
	return rc;
}

static int refuse_keys(struct templating *with, const struct node *map)
{
	bool value = node_get(map, "$value") != NULL;

	for (size_t i = 0; i < map->n; i++) {
		const struct node *key = &map->members[i].key;
		bool special = is_special(key->text);
		int rc = special ? unknown_special(with, key) : 0;

		if (rc != 0)
			return rc;
		if (value && (!special || str_is(key->text, "$merge")))
			return node_err(key, with->parsing.err,
				"'%.*s' stands beside $value: where there is "
				"a $value, it is the whole value",
				STR_ARGS(key->text));
	}
	return 0;
}

static int compile_when(
	struct templating *with, const struct node *map, struct template *out)
{
	const struct node *when = node_get(map, "$when");
	struct scope *scope = with->parsing.scope;
	struct expression *x;
	int rc;

	if (when == NULL)
		return 0;
	x = ARENA_NEW(with->parsing.arena, struct expression);
	if (out->each != NULL)
		scope->items[out->slot].used = false;
	rc = expression_one(&with->parsing, when, "$when", x);
	if (rc != 0)
		return rc;
	out->when = x;
	out->when_each = out->each != NULL && scope->items[out->slot].used;
	return 0;
}

static int compile_each(
	struct templating *with, const struct node *map, struct template *out)
{
	const struct node *each = node_get(map, "$each");
	struct expression *x;
	struct str name;
	int rc;

	if (each == NULL)
		return 0;
	x = ARENA_NEW(with->parsing.arena, struct expression);
	rc = expression_each(&with->parsing, each, &name, x);
	if (rc == 0)
		rc = scope_push(&with->parsing, name, each, &out->slot);
	if (rc != 0)
		return rc;
	out->each = x;
	with->parsing.scope->items[out->slot].shape =
		shape_of(&with->parsing, x);
	return 0;
}

/* The part of a map that is its value: $value, or the other keys. */
static int compile_value(struct templating *with, const struct node *map,
	struct str key, struct template *out)
{
	const struct node *value = node_get(map, "$value");
	struct template inner;
	int rc;

	if (value == NULL)
		return compile_members(with, map, key, out);
	rc = template_compile(with, value, key, &inner);
	if (rc != 0)
		return rc;
	if (inner.special)
		return node_err(value, with->parsing.err,
			"$value cannot have $when or $each of its own");
	out->type = inner.type;
	out->scalar = inner.scalar;
	out->n = inner.n;
	out->items = inner.items;
	out->members = inner.members;
	out->shape = inner.shape;
	return 0;
}

static int compile_map(struct templating *with, const struct node *node,
	struct str key, struct template *out)
{
	size_t scope = with->parsing.scope->n;
	int rc = refuse_keys(with, node);

	if (rc == 0)
		rc = compile_each(with, node, out);
	if (rc == 0)
		rc = compile_when(with, node, out);
	if (rc == 0)
		rc = compile_value(with, node, key, out);
	out->special = out->each != NULL || out->when != NULL ||
		       node_get(node, "$value") != NULL;
	with->parsing.scope->n = scope;
	return rc;
}

static int compile_list(struct templating *with, const struct node *node,
	struct str key, struct template *out)
{
	struct arena *a = with->parsing.arena;
	int rc = 0;

	out->type = TEMPLATE_LIST;
	out->n = node->n;
	out->items = ARENA_ARRAY(a, struct template, out->n);
	out->shape = &shape_empty;
	for (size_t i = 0; rc == 0 && i < node->n; i++) {
		rc = template_compile(with, &node->items[i],
			arena_printf(a, "%.*s[%zu]", STR_ARGS(key), i),
			&out->items[i]);
		out->shape = shape_join(a, out->shape, out->items[i].shape);
	}
	return rc;
}

int template_compile(struct templating *with, const struct node *node,
	struct str key, struct template *out)
{
	struct template t = {.key = key};
	int rc = 0;

	rc = go_down(with, node);
	if (rc != 0)
		return rc;
	switch (node->type) {
	case NODE_SCALAR:
		rc = template_scalar(with, node, &t.scalar);
		t.shape = rc == 0 ? shape_of(&with->parsing, &t.scalar) : NULL;
		break;
	case NODE_LIST:
		rc = compile_list(with, node, key, &t);
		break;
	case NODE_MAP:
		rc = compile_map(with, node, key, &t);
		break;
	}
	with->depth--;
	if (rc == 0)
		*out = t;
	return rc;
}
