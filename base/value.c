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
