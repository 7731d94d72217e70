/*
 * filters_list - filters that take a list, and map, which lends it the others.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "content/evaluate.h"
#include "content/filters.h"
#include "content/model.h"
#include "content/words.h"

static struct value new_list(const struct call *c, size_t n)
{
	return (struct value){.type = VALUE_LIST,
		.items = ARENA_ARRAY(call_arena(c), struct value, n)};
}

static int join_item(const struct call *c, size_t i, struct str by,
	struct buf *b, struct err *e)
{
	const struct value *item = &c->in->items[i];

	if (i > 0)
		buf_add_str(b, by);
	if (evaluate_add_text(b, item, e) != 0)
		return err_prefix(e, "join: item %zu of the list", i + 1);
	if (evaluate_limit_text(b->n, e) != 0)
		return ERR_DATA;
	return evaluate_spend(c->with, 1 + (by.n + item->text.n) / 64, e);
}

FILTER_FUNCTION(filter_join)
{
	struct buf b = {0};
	struct str by = STR_NONE;
	int rc = call_list(c, e);

	if (rc == 0)
		rc = call_arg_text(c, 0, &by, e);
	for (size_t i = 0; rc == 0 && i < c->in->n; i++)
		rc = join_item(c, i, by, &b, e);
	if (rc == 0)
		*out = value_string(arena_str(call_arena(c), buf_str(&b)));
	buf_fini(&b);
	return rc;
}

FILTER_FUNCTION(filter_first)
{
	int rc = call_list(c, e);

	if (rc == 0)
		*out = c->in->n > 0 ? c->in->items[0] : (struct value){0};
	return rc;
}

FILTER_FUNCTION(filter_last)
{
	int rc = call_list(c, e);

	if (rc == 0)
		*out = c->in->n > 0 ? c->in->items[c->in->n - 1]
				    : (struct value){0};
	return rc;
}

FILTER_FUNCTION(filter_compact)
{
	int rc = call_list(c, e);

	if (rc != 0)
		return rc;
	*out = new_list(c, c->in->n);
	for (size_t i = 0; i < c->in->n; i++)
		if (!value_is_empty(&c->in->items[i]))
			out->items[out->n++] = c->in->items[i];
	return 0;
}

FILTER_FUNCTION(filter_unique)
{
	int rc = call_list(c, e);

	if (rc != 0)
		return rc;
	*out = new_list(c, c->in->n);
	for (size_t i = 0; i < c->in->n; i++) {
		bool seen = false;

		for (size_t j = 0; rc == 0 && !seen && j < out->n; j++)
			rc = evaluate_equal(c->with, &c->in->items[i],
				&out->items[j], &seen, e);
		if (rc != 0)
			return rc;
		if (!seen)
			out->items[out->n++] = c->in->items[i];
	}
	return 0;
}

/* For qsort(); the caller saw that all items are of one kind. */
static int by_order(const void *a, const void *b)
{
	const struct value *const *x = a;
	const struct value *const *y = b;
	int order = 0;

	evaluate_order(*x, *y, &order, NULL);
	return order != 0 ? order : (*x > *y) - (*x < *y);
}

FILTER_FUNCTION(filter_sort)
{
	const struct value **order;
	int ignored;
	int rc = call_list(c, e);

	for (size_t i = 0; rc == 0 && i < c->in->n; i++)
		rc = evaluate_order(
			&c->in->items[0], &c->in->items[i], &ignored, e);
	if (rc != 0)
		return rc;
	order = ARENA_ARRAY(call_arena(c), const struct value *, c->in->n);
	for (size_t i = 0; i < c->in->n; i++)
		order[i] = &c->in->items[i];
	if (c->in->n > 1)
		qsort(order, c->in->n, sizeof(const struct value *), by_order);
	*out = new_list(c, c->in->n);
	while (out->n < c->in->n) {
		out->items[out->n] = *order[out->n];
		out->n++;
	}
	return 0;
}

FILTER_FUNCTION(filter_pluck)
{
	struct str name;
	int rc = call_list(c, e);

	if (rc == 0)
		rc = call_arg_text(c, 0, &name, e);
	if (rc != 0)
		return rc;
	*out = new_list(c, c->in->n);
	for (size_t i = 0; rc == 0 && i < c->in->n; i++)
		rc = model_member(
			&c->in->items[i], name, &out->items[out->n++], e);
	return rc;
}

FILTER_FUNCTION(filter_length)
{
	size_t n = c->in->n;

	if (c->in->type == VALUE_STRING)
		n = words_length(c->in->text);
	else if (c->in->type == VALUE_NUMBER || c->in->type == VALUE_BOOL)
		return err_set(e, ERR_DATA,
			"length needs text, a list or a map, but this is %s",
			value_type_name(c->in));
	*out = value_number(arena_printf(call_arena(c), "%zu", n));
	return 0;
}

/* map("filter", its arguments …) */
int check_map(const struct value *args, size_t n, struct err *e)
{
	const struct filter *f = filter_find(args[0].text);

	if (args[0].type != VALUE_STRING)
		return err_set(e, ERR_DATA,
			"map needs the name of a filter, as in map(\"slug\")");
	if (f == NULL) {
		err_set(e, ERR_DATA, "unknown filter '%.*s'",
			STR_ARGS(args[0].text));
		return err_nearest(e, ERR_DATA, filter_nearest(args[0].text));
	}
	if (f->run == filter_map)
		return err_set(e, ERR_DATA, "map cannot be mapped");
	if ((n - 1 < f->min || n - 1 > f->max) && f->min == f->max)
		return err_set(e, ERR_DATA,
			"map(\"%s\") takes %zu more argument%s", f->name,
			f->min, f->min == 1 ? "" : "s");
	if (n - 1 < f->min || n - 1 > f->max)
		return err_set(e, ERR_DATA,
			"map(\"%s\") takes %zu to %zu more arguments", f->name,
			f->min, f->max);
	return f->check != NULL && n > 1 ? f->check(args + 1, n - 1, e) : 0;
}

FILTER_FUNCTION(filter_map)
{
	struct call each = *c;
	int rc = call_list(c, e);

	if (rc == 0)
		rc = check_map(c->args, c->n, e);
	if (rc != 0)
		return rc;
	each.filter = filter_find(c->args[0].text);
	each.args = c->args + 1;
	each.n = c->n - 1;
	*out = new_list(c, c->in->n);
	for (size_t i = 0; rc == 0 && i < c->in->n; i++) {
		each.in = &c->in->items[i];
		rc = filter_run(&each, &out->items[out->n++], e);
	}
	return rc;
}
