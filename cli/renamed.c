/*
 * renamed - what things were called when the daemon last looked, or before.
 *
 * The state keeps both: the lists as they were, by id, and old names that a
 * configuration may still have.
 */
#include "cli/renamed.h"

#include "base/util.h"
#include "daemon/names_renamed.h"
#include "store/state_guard.h"

struct learning {
	struct names *now;
	struct frozen *out;
};

static struct str name_in(const struct api_name *names, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (names[i].id == id)
			return names[i].name;
	return STR_NONE;
}

static struct str name_now(
	const struct names *n, enum read_kind kind, int64_t id)
{
	const struct project *p =
		kind == READ_PROJECT ? names_project(n, id) : NULL;

	if (kind == READ_TYPE)
		return name_in(n->types, n->n_types, id);
	if (kind == READ_STATUS)
		return name_in(n->statuses, n->n_statuses, id);
	return p != NULL ? p->identifier : STR_NONE;
}

static void learn(
	struct learning *l, enum read_kind kind, int64_t id, struct str was)
{
	struct frozen *f = l->out;
	struct str now = name_now(l->now, kind, id);

	if (now.p == NULL || str_eq(was, now))
		return;
	f->items = grow(f->items, f->n, &f->cap, sizeof(*f->items));
	f->items[f->n++] = (struct frozen_thing){
		.kind = kind,
		.id = id,
		.was = str_dup(was),
		.now = str_dup(now),
	};
}

static int on_renamed(
	void *arg, int64_t kind, int64_t id, struct str was, struct err *e)
{
	(void)e;
	learn(arg, (enum read_kind)kind, id, was);
	return 0;
}

static void learn_lists(struct learning *l, const struct names *old)
{
	for (size_t i = 0; i < old->n_types; i++)
		learn(l, READ_TYPE, old->types[i].id, old->types[i].name);
	for (size_t i = 0; i < old->n_statuses; i++)
		learn(l, READ_STATUS, old->statuses[i].id,
			old->statuses[i].name);
	for (size_t i = 0; i < old->n_projects; i++)
		learn(l, READ_PROJECT, old->projects[i].id,
			old->projects[i].identifier);
}

int renamed_learn(struct names *now, struct state *state, struct frozen *out,
	struct err *e)
{
	struct learning l = {now, out};
	struct names old = {0};
	int r = names_load(&old, state, e);

	if (r == 0) {
		learn_lists(&l, &old);
		names_take_renamed(now, &old);
		r = state_renamed(state, on_renamed, &l, e);
	}
	names_fini(&old);
	now->frozen = out;
	return r;
}
