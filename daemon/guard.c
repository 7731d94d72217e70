/*
 * guard - which removals are carried out, and which are held.
 *
 *   removals of the pass --> documents (victims)
 *     held already: stays held, or goes if it was released
 *     else weighed, for its project and then for the store: goes or is held
 *
 * Whatever the cause, what counts is how many documents would be gone within
 * guard: max_delete: within - those of this pass, those that are held, and
 * those that went before - so that neither one mistake nor many small ones
 * take much away.  A project that is over holds its own only: what is left
 * is weighed without it, so that one project's trouble stops no other.
 * What a person released counts for nothing.
 */
#include "daemon/guard.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/log.h"
#include "daemon/mapper_parts.h"
#include "daemon/victims.h"
#include "store/state_guard.h"

#define HOUR (3600 * STAMP_SECOND)

void guard_gone(struct mapper *m, int64_t id)
{
	removals_add(&m->guard.removals, id, STR_NONE,
		id != 0 ? "OpenProject does not show it any more"
			: "no work package makes it any more");
}

bool guard_finds_gone(const struct guard *g, int64_t id)
{
	return removals_have(&g->removals, id, STR_NONE);
}

void guard_remove(struct mapper *m, int64_t work_package, struct str entry,
	const char *why)
{
	removals_add(&m->guard.removals, work_package, entry, why);
}

bool guard_may_go(const struct guard_held *held)
{
	return held->released && !held->made;
}

bool guard_pending(const struct guard *g)
{
	for (size_t i = 0; i < g->n_held; i++)
		if (guard_may_go(&g->held[i]))
			return true;
	return g->removals.n > 0;
}

/* --- What is told ------------------------------------------------------- */

/* Each of them is an event when it is held; in a rehearsal none is. */
static void say(struct mapper *m, const char *text)
{
	if (m->config->rehearsal)
		mapper_event(
			m, LOG_LEVEL_WARNING, "held", 0, STR_NONE, "%s", text);
	else
		log_warning("%s", text);
}

static void say_unproven(struct mapper *m, size_t n)
{
	char text[400];

	snprintf(text, sizeof(text),
		"no work package makes %zu document%s any more; as the state "
		"was made again, nobody knows whether they are gone or were "
		"kept%s",
		n, n == 1 ? "" : "s",
		m->config->rehearsal
			? GUARD_WOULD_HOLD
			: ": all of them stay (opsync held lists them, opsync "
			  "release removes them)");
	say(m, text);
}

/* --- Weighing ----------------------------------------------------------- */

struct weight {
	struct state_weight now;
	int64_t fresh; /* victims of this pass that are not held */
	bool over;
};

struct scales {
	const struct config *config;
	size_t n, cap;
	struct weight *projects;
};

static int on_weight(void *arg, const struct state_weight *now, struct err *e)
{
	struct scales *s = arg;
	struct weight *w;

	(void)e;
	s->projects = grow(s->projects, s->n, &s->cap, sizeof(*s->projects));
	w = &s->projects[s->n++];
	*w = (struct weight){.now = *now};
	if (now->project_id == 0 && program_keeping(s->config->program) > 0)
		w->now.held = 0; /* it is unproven */
	return 0;
}

static struct weight *weight_of(struct scales *s, int64_t project)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->projects[i].now.project_id == project)
			return &s->projects[i];
	return NULL;
}

static bool is_over(
	const struct config *c, const struct state_weight *w, int64_t fresh)
{
	int64_t n = w->removed + w->held + fresh;
	int64_t all = w->documents + w->removed;

	return n >= GUARD_FLOOR &&
	       (n > c->guard_count || (double)n > c->guard_share * (double)all);
}

static void say_held(struct mapper *m, int64_t n, int64_t project)
{
	const struct project *p = names_project(&m->names, project);
	char text[400];

	snprintf(text, sizeof(text),
		"%lld document%s%s%s would be removed: with those of the "
		"last %lld h that is more than guard: max_delete lets "
		"through%s",
		(long long)n, n == 1 ? "" : "s",
		project != 0 ? " of project " : "",
		project == 0 ? ""
		: p != NULL  ? p->identifier.p
			     : "?",
		(long long)(m->config->guard_within / HOUR),
		m->config->rehearsal
			? GUARD_WOULD_HOLD
			: ", so all of them stay (opsync held lists them)");
	say(m, text);
}

/* Project by project, then the store with those that are not over. */
static void judge(struct mapper *m, struct scales *s)
{
	struct state_weight store = {0};
	int64_t fresh = 0;

	for (size_t i = 0; i < s->n; i++) {
		struct weight *w = &s->projects[i];

		w->over = w->fresh > 0 && is_over(s->config, &w->now, w->fresh);
		store.documents += w->now.documents;
		store.removed += w->now.removed;
		if (w->over) {
			say_held(m, w->fresh, w->now.project_id);
			continue;
		}
		store.held += w->now.held;
		fresh += w->fresh;
	}
	if (fresh == 0 || !is_over(s->config, &store, fresh))
		return;
	say_held(m, fresh, 0);
	for (size_t i = 0; i < s->n; i++)
		s->projects[i].over = true;
}

static int weigh(struct victims *v, struct err *e)
{
	struct mapper *m = v->m;
	struct scales s = {.config = m->config};
	int r = state_weights(store_state(m->store),
		stamp_now() - m->config->guard_within, on_weight, &s, e);

	for (size_t i = 0; r == 0 && i < v->n; i++) {
		struct weight *w = weight_of(&s, v->items[i].project);

		if (w != NULL && v->items[i].verdict == GOES &&
			!v->items[i].released)
			w->fresh++;
	}
	if (r == 0)
		judge(m, &s);
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		struct victim *victim = &v->items[i];
		const struct weight *w = weight_of(&s, victim->project);

		if (w != NULL && w->over && victim->verdict == GOES &&
			!victim->released && !m->config->rehearsal)
			victim->verdict = IS_HELD;
	}
	free(s.projects);
	return r;
}

/* --- What becomes of them ----------------------------------------------- */

/* With what a person released nothing is weighed. */
static int drop(struct mapper *m, const struct victim *victim, struct err *e)
{
	int r = state_hold(store_state(m->store), e);

	if (r == 0)
		r = mapper_drop(m, victim->work_package, str_of(victim->entry),
			str_of(victim->claim), e);
	if (r != 0)
		return r;
	if (!victim->released)
		store_put_removal(m->store, stamp_now(), victim->project);
	m->counts.removed++;
	mapper_event(m, LOG_LEVEL_NOTICE, "removed", victim->work_package,
		str_of(victim->path), "removed: %s%s", victim->why,
		victim->released ? " (released)" : "");
	return 0;
}

/* Held ones first in the state, so that a kill holds rather than removes. */
static int put_held(
	struct mapper *m, const struct victim *victim, struct err *e)
{
	const struct state_held held = {
		.kind = HELD_REMOVAL,
		.work_package = victim->work_package,
		.entry = str_of(victim->entry),
		.project_id = victim->project,
		.path = str_of(victim->path),
		.reason = str_of(victim->why),
		.gone = victim->gone,
		.since = stamp_now(),
	};

	mapper_event(m, LOG_LEVEL_INFO, "held", victim->work_package,
		str_of(victim->path), "not removed, though %s", victim->why);
	return state_held_put(store_state(m->store), &held, e);
}

static int put_rows(struct victims *v, struct err *e)
{
	struct mapper *m = v->m;
	struct state *state = store_state(m->store);
	int64_t set;
	bool grown = false;
	int64_t now = stamp_now();
	int r = state_removal_prune(
		state, now - m->config->guard_within, now, e);

	for (size_t i = 0; r == 0 && i < v->gone.n; i++)
		r = state_gone(state, v->gone.items[i], e);
	for (size_t i = 0; r == 0 && i < v->n; i++) {
		const struct victim *victim = &v->items[i];

		if (victim->verdict != IS_HELD)
			continue;
		r = put_held(m, victim, e);
		grown = true;
	}
	return r == 0 && grown ? state_held_grown(state, HELD_REMOVAL, &set, e)
			       : r;
}

static int note_rows(struct victims *v, struct err *e)
{
	struct state *state = store_state(v->m->store);
	int r = state_begin(state, e);

	if (r != 0)
		return r;
	r = put_rows(v, e);
	return state_end(state, r, e);
}

/* The last of a work package that is gone, of which all may go. */
static bool is_last_of_gone(const struct victims *v, size_t i)
{
	int64_t id = v->items[i].work_package;
	bool gone = false;

	if (i + 1 < v->n && v->items[i + 1].work_package == id)
		return false;
	for (size_t k = i + 1; k-- > 0 && v->items[k].work_package == id;) {
		if (v->items[k].verdict != GOES)
			return false;
		gone |= v->items[k].gone;
	}
	return gone;
}

static int on_left(void *arg, const struct state_document *d, struct err *e)
{
	bool *left = arg;

	(void)d;
	(void)e;
	*left = true;
	return 0;
}

static int carry_out(struct victims *v, struct err *e)
{
	struct mapper *m = v->m;
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->n; i++) {
		const struct victim *victim = &v->items[i];
		bool left = false;

		if (victim->verdict != GOES)
			continue;
		r = drop(m, victim, e);
		if (r == 0 && is_last_of_gone(v, i)) {
			r = store_documents(m->store, victim->work_package,
				on_left, &left, e);
			if (r == 0 && !left)
				store_drop_work_package(
					m->store, victim->work_package);
		}
		if (r == 0)
			r = mapper_commit_some(m, e);
	}
	return r;
}

int guard_count(struct mapper *m, struct err *e)
{
	return state_held_count(store_state(m->store), &m->counts.held, e);
}

int guard_decide(struct mapper *m, struct err *e)
{
	struct victims v = {.m = m, .e = e};
	int r = 0;

	if (guard_pending(&m->guard)) {
		m->decided = true;
		r = guard_settle_made(m, e);
		if (r == 0)
			r = victims_collect(&v);
		if (v.n_unproven > 0)
			say_unproven(m, v.n_unproven);
		if (r == 0)
			r = weigh(&v, e);
		if (r == 0)
			r = note_rows(&v, e);
		if (r == 0)
			r = carry_out(&v, e);
		guard_forget(&m->guard);
		if (r == 0)
			r = guard_load(m, false, e);
		victims_fini(&v);
	}
	return r == 0 ? mapper_map_again(m, e) : r;
}
