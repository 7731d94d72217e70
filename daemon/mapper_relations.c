/*
 * mapper_relations - relations as they come, and who has others than before.
 */
#include <stdlib.h>

#include "daemon/mapper_parts.h"

struct taking {
	struct mapper *m;
	size_t n, cap;
	struct api_relation *items; /* in the arena, by id */
};

static int by_id(const void *a, const void *b)
{
	const struct api_relation *x = a;
	const struct api_relation *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int add_page(
	struct taking *t, struct str page, int64_t *total, struct err *e)
{
	struct arena *a = &t->m->arena;
	struct api_list list;
	int r = api_list_scan(a, page, &list, e);

	*total = list.total;
	for (size_t i = 0; r == 0 && i < list.n; i++) {
		t->items = arena_grow(
			a, t->items, t->n, &t->cap, sizeof(*t->items));
		r = api_relation_make(a, list.elements[i], &t->items[t->n], e);
		t->n += r == 0;
	}
	return r;
}

/* All that the pages have, each once: or the list changed meanwhile. */
static int collect(struct taking *t, const struct str *pages, size_t n_pages,
	struct err *e)
{
	int64_t total = 0;
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_pages; i++)
		r = add_page(t, pages[i], &total, e);
	if (r != 0)
		return r;
	if (t->n > 1)
		qsort(t->items, t->n, sizeof(*t->items), by_id);
	for (size_t i = 0; i < t->n; i++)
		if (n == 0 || t->items[n - 1].id != t->items[i].id)
			t->items[n++] = t->items[i];
	t->n = n;
	if ((int64_t)n != total)
		return err_set(e, ERR_AGAIN,
			"the server's list of relations changed while it was "
			"read (%zu of %lld)",
			n, (long long)total);
	return 0;
}

static int see_source(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	bool *seen = arg;

	(void)e;
	*seen = wp->source.p != NULL;
	return 0;
}

/*
 * What a work package is called, its own source knows better: were this list
 * believed as well, what comes last would decide.
 */
static int learn(struct mapper *m, const struct link *end, struct err *e)
{
	bool found;
	bool seen = false;
	int r;

	if (mapper_remembers(m, READ_WORK_PACKAGE, end->id, end->title))
		return 0;
	r = store_work_package(m->store, end->id, &found, see_source, &seen, e);
	if (r != 0 || seen)
		return r;
	return mapper_learn(m, READ_WORK_PACKAGE, end->id, end->title, e);
}

static int by_end(const void *a, const void *b)
{
	const struct link *x = *(const struct link *const *)a;
	const struct link *y = *(const struct link *const *)b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x > y) - (x < y);
}

/* A hub is an end of very many, and all of them name it. */
static int learn_ends(struct taking *t, struct err *e)
{
	const struct link **ends =
		ARENA_ARRAY(&t->m->arena, const struct link *, 2 * t->n);
	int r = 0;

	for (size_t i = 0; i < t->n; i++) {
		ends[2 * i] = &t->items[i].from;
		ends[2 * i + 1] = &t->items[i].to;
	}
	if (t->n > 0)
		qsort(ends, 2 * t->n, sizeof(struct link *), by_end);
	for (size_t i = 0; r == 0 && i < 2 * t->n; i++)
		if (i == 0 || ends[i]->id != ends[i - 1]->id ||
			!str_eq(ends[i]->title, ends[i - 1]->title))
			r = learn(t->m, ends[i], e);
	return r;
}

static int take_one(struct taking *t, int64_t id, struct err *e)
{
	struct mapper *m = t->m;
	struct buf source = {0};
	struct buf known = {0};
	bool found = false;
	int r;

	buf_putc(&source, '[');
	for (size_t i = 0; i < t->n; i++) {
		const struct api_relation *one = &t->items[i];

		if (one->from.id != id && one->to.id != id)
			continue;
		buf_puts(&source, source.n > 1 ? "," : "");
		buf_add_str(&source, one->source);
	}
	buf_putc(&source, ']');
	r = store_relations(m->store, id, &found, &known, e);
	if (r == 0 && (!found || !str_eq(buf_str(&known), buf_str(&source)))) {
		store_put_relations(m->store, id, buf_str(&source));
		if (found || source.n > 2) /* none is as unknown */
			store_put_stale(m->store, id, STORE_STALE);
	}
	buf_fini(&source);
	buf_fini(&known);
	return r;
}

/* Who has a relation, but was not asked about. */
struct other {
	int64_t id;
	const struct api_relation *one;
};

struct others {
	size_t n, cap;
	struct other *items; /* in the arena */
};

static int by_other(const void *a, const void *b)
{
	const struct other *x = a;
	const struct other *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->one > y->one) - (x->one < y->one);
}

static void add_other(struct arena *a, struct others *o, int64_t id,
	const struct api_relation *one)
{
	o->items = arena_grow(a, o->items, o->n, &o->cap, sizeof(*o->items));
	o->items[o->n++] = (struct other){id, one};
}

/*
 * Where it does not know of all these relations yet, or as they were, it is
 * told of them: at once, since it may have very many.
 */
static int tell_other(struct mapper *m, int64_t id,
	const struct api_relation *const *news, size_t n, struct err *e)
{
	struct buf known = {0};
	struct buf with = {0};
	bool read = false;
	bool found = false;
	int r = store_is_read(m->store, READ_RELATIONS, id, &read, e);

	if (r == 0 && read)
		r = store_relations(m->store, id, &found, &known, e);
	if (found &&
		api_relations_with(buf_str(&known), news, n, &with, NULL) != 0)
		buf_clear(&with);
	if (found && !str_eq(buf_str(&with), buf_str(&known))) {
		store_put_relations(
			m->store, id, with.n > 0 ? buf_str(&with) : STR_NONE);
		store_put_stale(m->store, id, STORE_STALE);
	}
	buf_fini(&with);
	buf_fini(&known);
	return r;
}

/* Of relations one end was asked about; the other may not have been. */
static int tell_others(
	struct taking *t, const int64_t *ids, size_t n, struct err *e)
{
	struct arena *a = &t->m->arena;
	const struct api_relation **news;
	struct others o = {0};
	int r = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct api_relation *one = &t->items[i];

		if (!ids_contain(ids, n, one->from.id))
			add_other(a, &o, one->from.id, one);
		if (one->to.id != one->from.id &&
			!ids_contain(ids, n, one->to.id))
			add_other(a, &o, one->to.id, one);
	}
	if (o.n > 1)
		qsort(o.items, o.n, sizeof(*o.items), by_other);
	news = ARENA_ARRAY(a, const struct api_relation *, o.n);
	for (size_t i = 0, end; r == 0 && i < o.n; i = end) {
		for (end = i; end < o.n && o.items[end].id == o.items[i].id;
			end++)
			news[end] = o.items[end].one;
		r = tell_other(t->m, o.items[i].id, &news[i], end - i, e);
	}
	return r;
}

int mapper_take_relations(struct mapper *m, const int64_t *ids, size_t n,
	const struct str *pages, size_t n_pages, struct err *e)
{
	struct taking t = {.m = m};
	int r;

	arena_reset(&m->arena);
	r = collect(&t, pages, n_pages, e);
	if (r == 0)
		r = learn_ends(&t, e);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = take_one(&t, ids[i], e);
	return r == 0 ? tell_others(&t, ids, n, e) : r;
}

/* Unknown, they would be asked for at once, and again. */
int mapper_fail_relations(
	struct mapper *m, int64_t id, const struct err *why, struct err *e)
{
	struct buf known = {0};
	bool found = false;
	int r = store_relations(m->store, id, &found, &known, e);
	char *text;

	buf_fini(&known);
	if (r != 0)
		return r;
	if (!found)
		store_put_relations(m->store, id, STR("[]"));
	text = xasprintf("%s: its relations stay as they are", why->text);
	mapper_failed_beside(m, id, text);
	free(text);
	return 0;
}

/* Those of before, but for who is among those of now: they stay, or are well.
 */
static void see_known(
	struct mapper *m, struct str known, bool all, struct buf *now)
{
	struct str line;

	while (str_line(&known, &line)) {
		long long id = 0;

		str_to_int64(
			(struct str){line.p, str_find(line, STR(" "))}, &id);
		if (mapper_is_unrelated(buf_str(&m->unrelated), id))
			continue;
		if (!all)
			buf_printf(now, "%.*s\n", STR_ARGS(line));
		else
			mapper_event(m, LOG_LEVEL_NOTICE, "recovered", id,
				STR_NONE,
				"the server shows its relations again");
	}
}

int mapper_report_unrelated(struct mapper *m, bool all, struct err *e)
{
	struct state *state = store_state(m->store);
	struct buf known = {0};
	struct buf now = {0};
	bool found = false;
	int r = state_get(state, MAPPER_UNRELATED, &known, &found, e);

	buf_add_str(&now, buf_str(&m->unrelated));
	see_known(m, buf_str(&known), all, &now);
	if (r == 0 && !str_eq(buf_str(&known), buf_str(&now)))
		r = state_put(state, MAPPER_UNRELATED, buf_str(&now), e);
	buf_fini(&known);
	buf_fini(&now);
	return r;
}
