/*
 * guard_state - what a person said about documents, as a pass finds it; and
 * changes that nobody on the server made.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/event.h"
#include "daemon/log.h"
#include "daemon/mapper.h"
#include "store/state_guard.h"

#define CHANGE_FLOOR 5 /* fewer changes are never held */
#define TEXT_MOST 300  /* bytes that tell of them */

static void free_held(struct guard *g)
{
	for (size_t i = 0; i < g->n_held; i++)
		free(g->held[i].entry);
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
		.gone = held->gone,
		.released = held->released,
	};
	return 0;
}

static int count_one(void *arg, const struct state_held *held, struct err *e)
{
	int64_t *n = arg;

	(void)held;
	(void)e;
	++*n;
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
			free(g->held[i].entry);
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
	size_t low = 0;
	size_t high = g->n_held;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (g->held[middle].work_package < work_package)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
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
			free(g->held[i].entry);
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
	int r = mapper_drop(m, d->work_package, d->entry, d->claim, e);

	if (r != 0)
		return r;
	m->counts.removed++;
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

/* --- Changes ------------------------------------------------------------ */

static bool says(struct state *s, const char *key, const char *what)
{
	bool same = false;

	return state_is(s, key, str_of(what), &same, NULL) == 0 && same;
}

static bool has(struct state *s, const char *key)
{
	bool found = false;

	return state_has(s, key, &found, NULL) == 0 && found;
}

/*
 * Nobody edited the mapping: a newer program or library reads it otherwise.
 * While some documents are another mapping's, somebody did.
 */
static bool is_upgrade(const struct mapper *m)
{
	struct state *state = store_state(m->store);

	return says(state, "mapping.text",
		       program_text_hash(m->config->program)) &&
	       (!has(state, "held.mapping") ||
		       says(state, "held.mapping",
			       program_hash(m->config->program)));
}

static int is_over(struct mapper *m, int64_t n, bool *over, struct err *e)
{
	const struct config *c = m->config;
	struct state_counts counts = {0};
	int r = state_count(store_state(m->store), &counts, e);

	*over = n >= CHANGE_FLOOR &&
		(n > c->change_count ||
			(is_upgrade(m) &&
				(double)n > c->change_share *
						    (double)counts.documents));
	return r;
}

struct changes {
	struct state *state;
	const char *why;
};

static int put_change(void *arg, const struct state_held *held, struct err *e)
{
	const struct changes *c = arg;
	struct state_held row = *held;

	row.reason = str_of(c->why);
	return state_held_put(c->state, &row, e);
}

static int put_changes(struct mapper *m, bool grown, struct err *e)
{
	struct changes c = {.state = store_state(m->store),
		.why = is_upgrade(m)
			       ? "this opsync writes other bytes than the last"
			       : "the mapping changed"};
	int64_t set;
	int r = state_held_clear(c.state, HELD_CHANGE, e);

	if (r == 0)
		r = state_staged_changes(c.state, put_change, &c, e);
	if (r == 0 && grown)
		r = state_held_grown(c.state, HELD_CHANGE, &set, e);
	return r == 0 ? state_put(c.state, "held.mapping",
				str_of(program_hash(m->config->program)), e)
		      : r;
}

static void describe_changes(
	const struct mapper *m, int64_t n, char out[TEXT_MOST])
{
	snprintf(out, TEXT_MOST,
		"%lld documents would change, though nothing changed in "
		"OpenProject: that is more than guard: max_change lets "
		"through%s",
		(long long)n,
		m->config->rehearsal ? GUARD_WOULD_HOLD
				     : ", so they stay as they are (opsync "
				       "held lists them)");
}

/* With the event, or a kill could leave changes of which nobody is told. */
static int put_held(struct mapper *m, const struct state_event *event,
	bool grown, struct err *e)
{
	struct state *state = store_state(m->store);
	int r = state_begin(state, e);

	if (r != 0)
		return r;
	r = put_changes(m, grown, e);
	if (r == 0 && grown)
		r = state_event_add(state, event, e);
	return state_end(state, r, e);
}

/* What was held before is no event again. */
static int put_and_tell(struct mapper *m, int64_t n, bool grown, struct err *e)
{
	char text[TEXT_MOST];
	struct state_event event = {
		.at = stamp_now(),
		.level = LOG_LEVEL_WARNING,
		.kind = STR("held"),
	};
	int r = grown ? mapper_ensure_run(m, e) : 0;

	describe_changes(m, n, text);
	event.run = m->run.id;
	event.text = str_of(text);
	if (r == 0)
		r = put_held(m, &event, grown, e);
	if (r == 0 && grown)
		event_log(&event, "held");
	else if (r == 0)
		log_warning("%s", text);
	return r;
}

/* They are held, unless they are just those that were held before. */
static int hold(struct mapper *m, int64_t n, struct err *e)
{
	struct state *state = store_state(m->store);
	bool grown = !says(state, "held.mapping",
			     program_hash(m->config->program)) ||
		     n > m->guard.n_changes;
	int r = put_and_tell(m, n, grown, e);

	if (r != 0)
		return r;
	store_discard(m->store);
	mapper_forget_names(m);
	guard_forget(&m->guard);
	for (size_t i = 0; i < m->guard.n_held; i++)
		m->guard.held[i].made = false;
	m->guard.n_made = 0;
	m->again.n = 0;
	m->failed.n = 0;
	m->n_missed = 0;
	m->counts = (struct mapper_counts){
		.seen = m->counts.seen, .again = m->counts.again};
	m->staged = (struct mapper_staged){0};
	m->guard.n_changes = n;
	m->guard.changes_held = true;
	return 0;
}

static bool is_released(const struct mapper *m)
{
	return says(store_state(m->store), "held.released",
		program_hash(m->config->program));
}

int guard_may_hold(struct mapper *m, size_t n, bool *may, struct err *e)
{
	struct state_counts counts = {0};
	int r = state_count(store_state(m->store), &counts, e);
	int64_t most = (int64_t)(n * program_entries(m->config->program));

	*may = !is_released(m) &&
	       (is_upgrade(m) ||
		       counts.documents + most > m->config->change_count);
	return r;
}

bool guard_let_changes(const struct mapper *m)
{
	return is_released(m);
}

int guard_weigh(struct mapper *m, struct err *e)
{
	struct guard *g = &m->guard;
	int64_t n = 0;
	bool over = false;
	char text[TEXT_MOST];
	int r = state_staged_changes(store_state(m->store), count_one, &n, e);

	g->weighing = false;
	if (r == 0)
		r = is_over(m, n, &over, e);
	if (r != 0)
		return r;
	if (over && !is_released(m)) {
		if (!m->config->rehearsal)
			return hold(m, n, e);
		describe_changes(m, n, text);
		mapper_event(
			m, LOG_LEVEL_WARNING, "held", 0, STR_NONE, "%s", text);
	}
	g->changes_held = false;
	g->n_changes = 0;
	return 0;
}

/* Until they are committed, a kill leaves what was held, or released. */
void guard_settle_changes(struct mapper *m)
{
	static const char *const keys[] = {"held.released", "held.mapping"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (has(store_state(m->store), keys[i]))
			store_delete_value(m->store, keys[i]);
}
