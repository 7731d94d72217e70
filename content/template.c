/*
 * template - templates become values.
 *
 * A template may give nothing ($when), one value or, with $each, a list; in a
 * list, what a template with $ keys gives as a list is spliced in.
 */
#include "content/template.h"

#include "content/filters.h"

/* Items while they are gathered. */
struct items {
	struct arena *arena;
	struct value *items;
	size_t n;
	size_t cap;
};

static struct items items_new(struct arena *a, size_t cap)
{
	return (struct items){a, ARENA_ARRAY(a, struct value, cap), 0, cap};
}

static void item_push(struct items *to, const struct value *v)
{
	to->items = arena_grow(
		to->arena, to->items, to->n, &to->cap, sizeof(*to->items));
	to->items[to->n++] = *v;
}

static struct value items_value(const struct items *from)
{
	return (struct value){
		.type = VALUE_LIST, .n = from->n, .items = from->items};
}

static int evaluate_items(struct evaluation *with, const struct template *t,
	struct value *out, struct err *e)
{
	struct items list = items_new(with->arena, t->n);
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		const struct template *item = &t->items[i];
		struct value v;
		bool there;

		rc = template_evaluate(with, item, &there, &v, e);
		if (rc != 0 || !there)
			continue;
		if (!item->special || v.type != VALUE_LIST) {
			item_push(&list, &v);
			continue;
		}
		for (size_t j = 0; j < v.n; j++)
			item_push(&list, &v.items[j]);
		rc = evaluate_spend(with, v.n, e);
	}
	*out = items_value(&list);
	return rc;
}

static int evaluate_members(struct evaluation *with, const struct template *t,
	struct value *out, struct err *e)
{
	struct value map = {.type = VALUE_MAP};
	int rc = 0;

	map.members = ARENA_ARRAY(with->arena, struct member, t->n);
	for (size_t i = 0; rc == 0 && i < t->n; i++) {
		struct member *m = &map.members[map.n];
		bool there;

		m->key = t->members[i].name;
		rc = template_evaluate(
			with, &t->members[i].value, &there, &m->value, e);
		map.n += rc == 0 && there;
	}
	if (rc == 0)
		*out = map;
	return rc;
}

/* The value without $when and $each. */
static int evaluate_one(struct evaluation *with, const struct template *t,
	struct value *out, struct err *e)
{
	int rc = evaluate_spend(with, 1, e);

	if (rc != 0)
		return rc;
	switch (t->type) {
	case TEMPLATE_SCALAR:
		return evaluate_scalar(with, t->key, &t->scalar, out, e);
	case TEMPLATE_LIST:
		return evaluate_items(with, t, out, e);
	case TEMPLATE_MAP:
		return evaluate_members(with, t, out, e);
	}
	return 0;
}

static int evaluate_when(struct evaluation *with, const struct template *t,
	bool *out, struct err *e)
{
	*out = true;
	if (t->when == NULL)
		return 0;
	return evaluate_truth(with, t->key, t->when, out, e);
}

/* Once for each item of a list. */
static int evaluate_each(struct evaluation *with, const struct template *t,
	struct value *out, struct err *e)
{
	struct items made;
	struct value list;
	int rc = evaluate_scalar(with, t->key, t->each, &list, e);

	if (rc == 0 && list.type != VALUE_LIST && list.type != VALUE_NULL)
		rc = err_set(e, ERR_DATA,
			"%.*s: $each needs a list, but %.*s is %s",
			STR_ARGS(t->key), STR_ARGS(t->each->text),
			value_type_name(&list));
	if (rc != 0)
		return rc;
	made = items_new(with->arena, list.n);
	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		bool wanted = true;
		struct value v;

		with->locals[t->slot] = list.items[i];
		if (t->when_each)
			rc = evaluate_when(with, t, &wanted, e);
		if (rc != 0 || !wanted)
			continue;
		rc = evaluate_one(with, t, &v, e);
		if (rc == 0)
			item_push(&made, &v);
	}
	*out = items_value(&made);
	return rc;
}

int template_evaluate(struct evaluation *with, const struct template *t,
	bool *there, struct value *out, struct err *e)
{
	int rc = 0;

	*there = true;
	*out = (struct value){0};
	if (!t->when_each)
		rc = evaluate_when(with, t, there, e);
	if (rc != 0 || !*there)
		return rc;
	if (t->each != NULL)
		return evaluate_each(with, t, out, e);
	return evaluate_one(with, t, out, e);
}
