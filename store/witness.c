/*
 * witness - few work packages that show all the names that documents read.
 *
 * Renaming a user, a version or an option moves no work package, and not
 * everybody may ask for these things themselves; but each work package that
 * names one shows its name.  So some are chosen that name all of them.
 */
#include "store/store.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/parts.h"

struct thing {
	int64_t kind;
	int64_t id;
	bool seen; /* some witness names it */
};

struct things {
	size_t n, cap;
	struct thing *items; /* by kind and id */
};

/* What no list of its own tells: those of other work packages, where they
 * are none of ours. */
static int load_things(struct state *s, struct things *out, struct err *e)
{
	struct query q = query_open(s,
		"SELECT kind, id FROM name WHERE kind BETWEEN ?1 AND ?2"
		" OR (kind = ?3 AND id NOT IN (SELECT id FROM work_package))"
		" ORDER BY 1, 2");

	bind_int(&q, READ_PRIORITY);
	bind_int(&q, READ_ITEM);
	bind_int(&q, READ_WORK_PACKAGE);
	while (query_next(&q)) {
		int64_t kind = column_int(&q);

		out->items = grow(
			out->items, out->n, &out->cap, sizeof(*out->items));
		out->items[out->n++] =
			(struct thing){.kind = kind, .id = column_int(&q)};
	}
	return query_close(&q, e);
}

static int compare(const void *a, const void *b)
{
	const struct thing *x = a;
	const struct thing *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int find_reader(
	struct state *s, const struct thing *thing, int64_t *out, struct err *e)
{
	struct query q = query_open(s, "SELECT work_package FROM read"
				       " WHERE kind = ? AND id = ? LIMIT 1");

	bind_int(&q, thing->kind);
	bind_int(&q, thing->id);
	*out = query_next(&q) ? column_int(&q) : 0;
	return query_close(&q, e);
}

static int mark_seen(struct state *s, int64_t work_package,
	struct things *things, struct err *e)
{
	struct query q = query_open(
		s, "SELECT kind, id FROM read WHERE work_package = ?");

	bind_int(&q, work_package);
	while (query_next(&q)) {
		struct thing key = {.kind = column_int(&q)};
		struct thing *found;

		key.id = column_int(&q);
		found = bsearch(
			&key, things->items, things->n, sizeof(key), compare);
		if (found != NULL)
			found->seen = true;
	}
	return query_close(&q, e);
}

int store_witnesses(struct store *s, store_id_fn *fn, void *arg, struct err *e)
{
	struct things things = {0};
	int code = load_things(s->state, &things, e);

	for (size_t i = 0; code == 0 && i < things.n; i++) {
		int64_t reader = 0;

		if (things.items[i].seen)
			continue;
		code = find_reader(s->state, &things.items[i], &reader, e);
		if (code != 0 || reader == 0)
			continue;
		code = mark_seen(s->state, reader, &things, e);
		fn(arg, reader);
	}
	free(things.items);
	return code;
}
