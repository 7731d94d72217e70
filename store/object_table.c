/*
 * object_table - the objects of a batch by id: an array in order of arrival,
 * and open addressing over it.  An id is a hash already, so its first bytes
 * are the slot's number.
 */
#include "store/object_table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"

#define MIN_SLOTS 256

void object_table_fini(struct object_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->items[i].bytes);
	free(t->items);
	free(t->slots);
	*t = (struct object_table){0};
}

/* The slot that holds oid, or the free one where it would go. */
static uint32_t *slot_of(const struct object_table *t, const git_oid *oid)
{
	uint32_t i;

	memcpy(&i, oid->id, sizeof(i));
	for (;; i++) {
		uint32_t *slot = &t->slots[i & (t->n_slots - 1)];

		if (*slot == 0 || git_oid_equal(&t->items[*slot - 1].oid, oid))
			return slot;
	}
}

struct object *object_table_find(
	const struct object_table *t, const git_oid *oid)
{
	uint32_t at = t->n_slots > 0 ? *slot_of(t, oid) : 0;

	return at > 0 ? &t->items[at - 1] : NULL;
}

static void widen(struct object_table *t)
{
	t->n_slots = t->n_slots > 0 ? 2 * t->n_slots : MIN_SLOTS;
	free(t->slots);
	t->slots = xcalloc(t->n_slots, sizeof(*t->slots));
	for (size_t i = 0; i < t->n; i++)
		*slot_of(t, &t->items[i].oid) = (uint32_t)(i + 1);
}

void object_table_add(struct object_table *t, const struct object *object)
{
	assert(t->n < UINT32_MAX / 4);
	if (2 * (t->n + 1) > t->n_slots)
		widen(t);
	assert(*slot_of(t, &object->oid) == 0);
	t->items = grow(t->items, t->n, &t->cap, sizeof(*t->items));
	t->items[t->n++] = *object;
	*slot_of(t, &object->oid) = (uint32_t)t->n;
}
