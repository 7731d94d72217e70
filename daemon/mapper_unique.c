/*
 * mapper_unique - values of unique:, whose they are, and who has to know.
 *
 * A document claims the values that it has and those that it would have had.
 * Whoever asked for a value has read it: when a claim on it comes or goes,
 * they are rendered again, and each finds its place anew.  That ends, since
 * who goes first (the lower level, then the lower work package, then the
 * earlier entry) does not depend on who came first.
 */
#include "daemon/mapper_parts.h"

static void on_value(void *arg, const struct store_value *v)
{
	struct mapper_values *values = arg;
	struct unique_value *to;

	values->items = arena_grow(values->arena, values->items, values->n,
		&values->cap, sizeof(*values->items));
	to = &values->items[values->n++];
	to->level = v->level;
	/* The document's type says char *, but nobody writes to it. */
	to->value = arena_alloc(values->arena, v->value.n + 1);
	if (v->value.n > 0)
		memcpy(to->value, v->value.p, v->value.n);
}

int mapper_values_before(struct mapper *m, int64_t work_package,
	struct str entry, struct mapper_values *v, struct err *e)
{
	*v = (struct mapper_values){.arena = &m->arena};
	if (!m->in_use.values)
		return 0;
	return store_values(m->store, work_package, entry, on_value, v, e);
}

static bool has(const struct unique_value *values, size_t n,
	const struct unique_value *one)
{
	for (size_t i = 0; i < n; i++)
		if (values[i].level == one->level &&
			strcmp(values[i].value, one->value) == 0)
			return true;
	return false;
}

/* Those of a that are not in b. */
static int tell_changed(struct mapper *m, const struct unique_value *a,
	size_t n_a, const struct unique_value *b, size_t n_b, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_a; i++)
		if (!has(b, n_b, &a[i]))
			r = mapper_reread(m, READ_VALUE,
				reads_value(str_of(a[i].value)), e);
	return r;
}

int mapper_values_after(struct mapper *m, const struct mapper_values *v,
	const struct document *d, struct err *e)
{
	size_t n = d != NULL ? d->n_values : 0;
	const struct unique_value *now = n > 0 ? d->values : NULL;
	int r = tell_changed(m, v->items, v->n, now, n, e);

	m->in_use.values |= n > 0;
	return r == 0 ? tell_changed(m, now, n, v->items, v->n, e) : r;
}
