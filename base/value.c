/*
 * value - a tree of null, bool, number, string, list and map.
 */
#include "base/value.h"

const struct value *value_member(const struct value *map, struct str key)
{
	if (map->type != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n; i++)
		if (str_eq(map->members[i].key, key))
			return &map->members[i].value;
	return NULL;
}

static bool maps_eq(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->n; i++) {
		const struct member *m = &a->members[i];
		const struct value *other = value_member(b, m->key);

		if (other == NULL || !value_eq(&m->value, other))
			return false;
	}
	return true;
}

static bool lists_eq(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->n; i++)
		if (!value_eq(&a->items[i], &b->items[i]))
			return false;
	return true;
}

bool value_eq(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->boolean == b->boolean;
	case VALUE_NUMBER:
	case VALUE_STRING:
		return str_eq(a->text, b->text);
	case VALUE_LIST:
		return a->n == b->n && lists_eq(a, b);
	case VALUE_MAP:
		return a->n == b->n && maps_eq(a, b);
	}
	return false;
}
