/*
 * guard_state - what is held, and what a person said about documents, as a pass
 * finds it.
 */
#include "daemon/guard.h"

#include <stdlib.h>

#include "daemon/mapper_parts.h"
#include "store/state_guard.h"

static void free_one(struct guard_held *held)
{
	free(held->entry);
	free(held->reason);
}

static void free_held(struct guard *g)
{
	for (size_t i = 0; i < g->n_held; i++)
		free_one(&g->held[i]);
	g->n_held = g->n_made = 0;
}

void guard_forget(struct guard *g)
{
	removals_fini(&g->removals);
}

void guard_fini(struct guard *g)
{
	guard_forget(g);
	free_held(g);
	free(g->held);
	free(g->withdrawn.items);
	*g = (struct guard){0};
}

/* --- Reading the state -------------------------------------------------- */

static int add_held(void *arg, const struct state_held *held, struct err *e)
{
	struct guard *g = arg;

	(void)e;
	g->held = grow(g->held, g->n_held, &g->cap_held, sizeof(*g->held));
	g->held[g->n_held++] = (struct guard_held){
		.work_package = held->work_package,
		.entry = str_dup(held->entry),
		.reason = str_dup(held->reason),
		.gone = held->gone,
		.released = held->released,
	};
	return 0;
}

static int count_waiting(
	void *arg, const struct state_held *held, struct err *e)
{
	(void)e;
	*(int64_t *)arg += !held->released;
	return 0;
}

static int add_withdrawn(void *arg, int64_t id, struct err *e)
{
	(void)e;
	ids_add(arg, id);
	return 0;
}

static int load_withdrawn(struct mapper *m, struct err *e)
{
	struct ids *withdrawn = &m->guard.withdrawn;

	withdrawn->n = 0;
	return state_withdrawn(
		store_state(m->store), add_withdrawn, withdrawn, e);
}

int guard_load(struct mapper *m, bool released, struct err *e)
{
	struct state *state = store_state(m->store);
	struct guard *g = &m->guard;
	size_t n = 0;
	int r;

	free_held(g);
	r = state_held(state, HELD_REMOVAL, add_held, g, e);
	for (size_t i = 0; i < g->n_held; i++) {
		if (g->held[i].released && !released)
			free_one(&g->held[i]);
		else
			g->held[n++] = g->held[i];
	}
	g->n_held = n;
	return r;
}

int guard_begin(struct mapper *m, struct err *e)
{
	struct state *state = store_state(m->store);
	struct guard *g = &m->guard;
	int r = state_held_tidy(state, e);

	guard_forget(g);
	g->weighing = false;
	g->n_changes = 0;
	if (r == 0)
		r = guard_load(m, true, e);
	if (r == 0)
		r = state_held(
			state, HELD_CHANGE, count_waiting, &g->n_changes, e);
	return r == 0 ? load_withdrawn(m, e) : r;
}

bool guard_withdrawn(const struct guard *g, int64_t id)
{
	return ids_have(g->withdrawn.items, g->withdrawn.n, id);
}

/* The first that is not before a work package's. */
static size_t first_held(const struct guard *g, int64_t work_package)
{
	return ids_place_of(g->held, g->n_held, sizeof(*g->held), work_package);
}

static bool is_of(const struct guard *g, size_t i, int64_t work_package)
{
	return i < g->n_held && g->held[i].work_package == work_package;
}

bool guard_holds_gone(const struct guard *g, int64_t id)
{
	for (size_t i = first_held(g, id); is_of(g, i, id); i++)
		if (g->held[i].gone && !g->held[i].made)
			return true;
	return false;
}

bool guard_holds(const struct guard *g, const struct removal *removal)
{
	int64_t id = removal->work_package;

	for (size_t i = first_held(g, id); is_of(g, i, id); i++) {
		const struct guard_held *held = &g->held[i];
		bool meant = removal->entry.p == NULL ||
			     str_is(removal->entry, held->entry);

		if (meant && !held->released && !held->made)
			return true;
	}
	return false;
}

struct guard_held *guard_find_held(
	const struct guard *g, int64_t work_package, struct str entry)
{
	for (size_t i = first_held(g, work_package); is_of(g, i, work_package);
		i++)
		if (str_is(entry, g->held[i].entry) && !g->held[i].made)
			return &g->held[i];
	return NULL;
}

/* --- A document that is there again ------------------------------------- */

/* That a work package is gone is only forgotten when the server shows it. */
void guard_made(
	struct mapper *m, const struct mapper_item *item, struct str entry)
{
	struct guard *g = &m->guard;
	struct guard_held *held = guard_find_held(g, item->id, entry);

	removals_forget(&g->removals, item->id, entry);
	if (!item->kept)
		removals_forget(&g->removals, item->id, STR_NONE);
	if (held == NULL || (held->gone && item->kept))
		return;
	held->made = true;
	g->n_made++;
}

static int delete_made(struct mapper *m, struct err *e)
{
	const struct guard *g = &m->guard;
	int r = 0;

	for (size_t i = 0; r == 0 && i < g->n_held; i++)
		if (g->held[i].made)
			r = state_held_delete(store_state(m->store),
				HELD_REMOVAL, g->held[i].work_package,
				str_of(g->held[i].entry), e);
	return r;
}

int guard_settle_made(struct mapper *m, struct err *e)
{
	struct state *state = store_state(m->store);
	struct guard *g = &m->guard;
	size_t n = 0;
	int r;

	if (g->n_made == 0)
		return 0;
	r = state_begin(state, e);
	if (r != 0)
		return r;
	r = delete_made(m, e);
	r = state_end(state, r, e);
	if (r != 0)
		return r;
	for (size_t i = 0; i < g->n_held; i++) {
		if (g->held[i].made)
			free_one(&g->held[i]);
		else
			g->held[n++] = g->held[i];
	}
	g->n_held = n;
	g->n_made = 0;
	return 0;
}

/* --- Withdrawn ---------------------------------------------------------- */

struct documents {
	size_t n, cap;
	struct state_document *items;
};

static int add_document(
	void *arg, const struct state_document *d, struct err *e)
{
	struct documents *all = arg;
	struct state_document *copy;

	(void)e;
	all->items = grow(all->items, all->n, &all->cap, sizeof(*all->items));
	copy = &all->items[all->n++];
	*copy = (struct state_document){.work_package = d->work_package};
	copy->entry = str_of(str_dup(d->entry));
	copy->claim = str_of(str_dup(d->claim));
	copy->natural_path =
		str_of(str_dup(d->n_files > 0 ? d->files[0].path : STR("")));
	return 0;
}

static int take_out(
	struct mapper *m, const struct state_document *d, struct err *e)
{
	struct guard_held *held =
		guard_find_held(&m->guard, d->work_package, d->entry);
	int r = mapper_drop(m, d->work_package, d->entry, d->claim, e);

	if (r != 0)
		return r;
	if (held != NULL)
		held->made = true; /* it is held no more */
	m->counts.removed++;
	if (!m->dry)
		mapper_event(m, LOG_LEVEL_NOTICE, "removed", d->work_package,
			d->natural_path, "removed: a person withdrew it");
	return 0;
}

int guard_take_out(struct mapper *m, int64_t id, struct err *e)
{
	struct documents all = {0};
	int r = store_documents(m->store, id, add_document, &all, e);

	for (size_t i = 0; i < all.n; i++) {
		if (r == 0)
			r = take_out(m, &all.items[i], e);
		free((char *)all.items[i].entry.p);
		free((char *)all.items[i].claim.p);
		free((char *)all.items[i].natural_path.p);
	}
	free(all.items);
	return r;
}

int guard_withdraw(struct mapper *m, struct err *e)
{
	int r = load_withdrawn(m, e);

	for (size_t i = 0; r == 0 && i < m->guard.withdrawn.n; i++)
		r = guard_take_out(m, m->guard.withdrawn.items[i], e);
	return r;
}
