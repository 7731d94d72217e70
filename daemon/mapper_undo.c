/*
 * mapper_undo - documents that go, or that were staged and are not to be.
 */
#include <stdlib.h>

#include "daemon/mapper_claims.h"
#include "daemon/mapper_parts.h"

int mapper_take_back(
	struct mapper *m, int64_t work_package, struct str entry, struct err *e)
{
	enum store_change was = STORE_SAME;
	int r = store_change_of(m->store, work_package, entry, &was, e);

	if (r == 0)
		r = store_untell(m->store, work_package, entry, e);
	if (r == 0)
		mapper_count(m, was, -1);
	return r == 0 ? store_unstage(m->store, work_package, entry, e) : r;
}

/* What a document claims, and where it is. */
struct claimed {
	struct str entry;
	struct str claim;
	struct str path;
};

/* Those of a work package; in the arena. */
struct all_claimed {
	struct arena *arena;
	size_t n, cap;
	struct claimed *items;
};

static int add_claimed(void *arg, const struct state_document *d, struct err *e)
{
	struct all_claimed *all = arg;

	(void)e;
	all->items = arena_grow(
		all->arena, all->items, all->n, &all->cap, sizeof(*all->items));
	all->items[all->n++] = (struct claimed){
		.entry = arena_str(all->arena, d->entry),
		.claim = arena_str(all->arena, d->claim),
		.path = arena_str(all->arena,
			d->n_files > 0 ? d->files[0].path : STR("")),
	};
	return 0;
}

static int list_claimed(struct mapper *m, int64_t work_package,
	struct all_claimed *all, struct err *e)
{
	*all = (struct all_claimed){.arena = &m->arena};
	return store_documents(m->store, work_package, add_claimed, all, e);
}

typedef int end_fn(struct mapper *m, int64_t work_package, struct str entry,
	struct err *e);

/* Those whom it is in the way of, or who lead to it, are mapped again. */
static int end(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, end_fn *how, struct err *e)
{
	struct mapper_values values = {0};
	struct all_claimed before = {0};
	int r = mapper_values_before(m, work_package, entry, &values, e);

	if (r == 0)
		r = list_claimed(m, work_package, &before, e);
	if (r == 0)
		r = how(m, work_package, entry, e);
	if (r == 0)
		r = claims_left(m, work_package, entry, claim, e);
	for (size_t i = 0; r == 0 && i < before.n; i++)
		if (str_eq(before.items[i].entry, entry))
			r = claims_see_wanting(
				m, work_package, before.items[i].path, e);
	if (r == 0)
		r = mapper_reread(m, READ_WORK_PACKAGE, work_package, e);
	return r == 0 ? mapper_values_after(m, &values, NULL, e) : r;
}

static int drop(
	struct mapper *m, int64_t work_package, struct str entry, struct err *e)
{
	return store_drop(m->store, work_package, entry, e);
}

int mapper_drop(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e)
{
	int r = end(m, work_package, entry, claim, drop, e);

	if (r == 0)
		mapper_note_staged(m);
	return r;
}

int mapper_unmake(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e)
{
	struct all_claimed back;
	int r = end(m, work_package, entry, claim, mapper_take_back, e);

	if (r == 0)
		r = list_claimed(m, work_package, &back, e);
	for (size_t i = 0; r == 0 && i < back.n; i++) {
		r = claims_see_wanting(m, work_package, back.items[i].path, e);
		if (r == 0 && !str_eq(back.items[i].claim, claim))
			r = claims_back(m, work_package, back.items[i].entry,
				back.items[i].claim, e);
	}
	return r;
}

void mapper_stays(struct mapper *m, int64_t work_package)
{
	struct err ignored = {0}; /* comes again with the next question */
	struct all_claimed all;
	int r = list_claimed(m, work_package, &all, &ignored);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		r = claims_see_wanting(
			m, work_package, all.items[i].path, &ignored);
}

int mapper_refuse(
	struct mapper *m, int64_t work_package, struct str entry, struct err *e)
{
	struct all_claimed now;
	int r = list_claimed(m, work_package, &now, e);

	ids_add(&m->refused, work_package);
	for (size_t i = 0; r == 0 && i < now.n; i++)
		if (str_eq(now.items[i].entry, entry))
			r = mapper_unmake(
				m, work_package, entry, now.items[i].claim, e);
	return r;
}

/* --- Who was denied a path ------------------------------------------------ */

int mapper_deny(
	struct mapper *m, int64_t work_package, struct str path, struct err *e)
{
	struct mapper_denied *one;

	m->denied = grow(
		m->denied, m->n_denied, &m->cap_denied, sizeof(*m->denied));
	one = &m->denied[m->n_denied++];
	one->id = work_package;
	one->path = str_dup(path);
	return store_holder_of(m->store, path, work_package, &one->by, e);
}

void mapper_forget_denied(struct mapper *m)
{
	while (m->n_denied > 0)
		free(m->denied[--m->n_denied].path);
}

int mapper_place_again(struct mapper *m, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < m->n_denied; i++) {
		struct mapper_denied *one = &m->denied[i];
		int64_t told = one->by;

		r = store_holder_of(
			m->store, str_of(one->path), one->id, &one->by, e);
		if (one->by != told &&
			!ids_contain(m->again.items, m->again.n, one->id))
			ids_add(&m->again, one->id);
	}
	return r == 0 ? mapper_map_again(m, e) : r;
}
