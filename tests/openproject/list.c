/*
 * list - /api/v3/work_packages: which work packages, in which order, which
 * page of them.
 *
 * A lower bound of updatedAt is looked up in the index by stamp, ids in the
 * one by id; what remains is tried one by one.  How the page is written is in
 * page.c.
 */
#include <stdlib.h>

#include "tests/openproject/page.h"

/* The projects that the reader sees and the filter lets through. */
static void visible_projects(
	struct id_set *out, const struct view *v, const struct query *q)
{
	out->given = true;
	out->ids = xcalloc(v->m->n_things, sizeof(*out->ids));
	for (size_t i = 0; i < v->m->n_things; i++) {
		const struct thing *t = v->m->things[i];
		bool wanted = id_set_has(&q->projects, t->id);

		if (t->kind != KIND_PROJECT ||
			!account_sees(v->who, v->m, t->id))
			continue;
		for (size_t k = 0;
			k < q->projects.n && !q->alone && !q->projects.negated;
			k++)
			wanted = wanted || model_is_under(v->m, t->id,
						   q->projects.ids[k]);
		if (wanted)
			out->ids[out->n++] = t->id;
	}
}

static bool is_open(const struct view *v, int64_t status)
{
	const struct thing *t = model_thing(v->m, KIND_STATUS, status);

	return t == NULL || !t->closed;
}

static bool has_id(const struct id_set *set, int64_t id)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->ids[i] == id)
			return true;
	}
	return false;
}

static bool fits(const struct work_item *item, const struct view *v,
	const struct query *q, const struct id_set *projects)
{
	if (item->updated < q->low || item->updated > q->high)
		return false;
	if (!has_id(projects, item->project) || !id_set_has(&q->ids, item->id))
		return false;
	if (!id_set_has(&q->types, item->type) ||
		!id_set_has(&q->statuses, item->status))
		return false;
	return q->status == STATUS_ANY ||
	       is_open(v, item->status) == (q->status == STATUS_OPEN);
}

static void choose(
	struct chosen *out, const struct view *v, const struct query *q)
{
	const struct model *m = v->m;
	bool by_id = q->ids.given && !q->ids.negated;
	size_t first = by_id ? 0 : model_since(m, q->low);
	size_t end = by_id ? q->ids.n : m->n_items;
	struct id_set projects = {0};

	visible_projects(&projects, v, q);
	out->items = xcalloc(end - first, sizeof(struct work_item *));
	for (size_t i = first; i < end; i++) {
		struct work_item *item =
			by_id ? model_item(m, q->ids.ids[i]) : m->by_stamp[i];

		if (item->updated > q->high && !by_id)
			break;
		if (fits(item, v, q, &projects))
			out->items[out->n++] = item;
	}
	free(projects.ids);
}

/* Ties that no key decides come with the highest id first. */
static int compare(const void *x, const void *y, void *arg)
{
	const struct work_item *a = *(struct work_item *const *)x;
	const struct work_item *b = *(struct work_item *const *)y;
	const struct query *q = arg;

	for (size_t i = 0; i < q->n_sort; i++) {
		const struct sort_key *key = &q->sort[i];
		int c = key->by_id ? (a->id > b->id) - (a->id < b->id)
				   : (a->updated > b->updated) -
					     (a->updated < b->updated);

		if (c != 0)
			return key->down ? -c : c;
	}
	return (a->id < b->id) - (a->id > b->id);
}

static void cut_page(struct chosen *all, const struct query *q)
{
	size_t skip = (size_t)(q->offset - 1) * (size_t)q->page_size;

	all->total = all->n;
	if (skip > all->n)
		skip = all->n;
	all->page = all->items + skip;
	all->n -= skip;
	if (all->n > (size_t)q->page_size)
		all->n = (size_t)q->page_size;
}

void list_answer(struct answer *a, const struct view *v, struct str query)
{
	struct query q = {0};
	struct chosen found = {0};

	if (query_parse(&q, a, v, query)) {
		choose(&found, v, &q);
		qsort_r(found.items, found.n, sizeof(struct work_item *),
			compare, &q);
		cut_page(&found, &q);
		if (q.select != 0)
			page_selected(a, &q, &found);
		else
			page_full(a, v, &q, &found);
		free(found.items);
	}
	query_fini(&q);
}
