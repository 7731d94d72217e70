/*
 * guard_changes - changes that nobody on the server made: another mapping's, or
 * another program's.
 *
 *   all are staged --> counted --> few, or let go by a person: they stay staged
 *                                  too many: rows in the state, none is staged
 *
 * While some are held, what has news is made by the new mapping all the same,
 * and held no more with the commit that makes it.
 */
#include "daemon/guard.h"

#include <stdio.h>

#include "base/stamp.h"
#include "daemon/event.h"
#include "daemon/log.h"
#include "daemon/mapper_parts.h"
#include "store/state_guard.h"

#define CHANGE_FLOOR 5 /* fewer changes are never held */
#define TEXT_MOST 300  /* bytes that tell of them */

/* --- Which, and how many ------------------------------------------------ */

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

/* --- Holding ------------------------------------------------------------ */

/* Are those of this mapping held by now? */
static bool holds(const struct mapper *m)
{
	return says(store_state(m->store), "held.mapping",
		program_hash(m->config->program));
}

static int put_changes(struct mapper *m, bool grown, struct err *e)
{
	struct state *state = store_state(m->store);
	struct str why =
		is_upgrade(m)
			? STR("this opsync writes other bytes than the last")
			: STR("the mapping changed");
	int64_t set;
	int r = state_hold_changes(state, !holds(m), why, e);

	if (r == 0 && grown)
		r = state_held_grown(state, HELD_CHANGE, &set, e);
	return r == 0 ? state_put(state, "held.mapping",
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
static int hold(struct mapper *m, int64_t n, int64_t n_held, struct err *e)
{
	int r = put_and_tell(m, n, n > n_held || !holds(m), e);

	if (r != 0)
		return r;
	mapper_discard(m);
	mapper_forget_names(m);
	guard_forget(&m->guard);
	for (size_t i = 0; i < m->guard.n_held; i++)
		m->guard.held[i].made = false;
	m->guard.n_made = 0;
	mapper_forget_verdicts(m);
	m->n_missed = 0;
	m->counts.failed = 0;
	m->guard.changes_held = true;
	return 0;
}

/* --- Weighing ----------------------------------------------------------- */

/* Did a person let the changes go that are held? */
static bool were_released(const struct mapper *m)
{
	return says(store_state(m->store), "held.released",
		program_hash(m->config->program));
}

bool guard_weighs_again(const struct mapper *m)
{
	return were_released(m) ||
	       (m->guard.changes_held && m->guard.n_changes == 0);
}

int guard_may_hold(struct mapper *m, size_t n, bool *may, struct err *e)
{
	struct state_counts counts = {0};
	int r = state_count(store_state(m->store), &counts, e);
	int64_t most = (int64_t)(n * program_entries(m->config->program));

	*may = !were_released(m) &&
	       (is_upgrade(m) ||
		       counts.documents + most > m->config->change_count);
	return r;
}

int guard_weigh(struct mapper *m, struct err *e)
{
	struct guard *g = &m->guard;
	int64_t n = 0;
	int64_t n_held = 0;
	bool over = false;
	char text[TEXT_MOST];
	int r = state_changing(store_state(m->store), &n, &n_held, e);

	g->weighing = false;
	if (r == 0)
		r = is_over(m, n, &over, e);
	if (r != 0)
		return r;
	if (over && !were_released(m)) {
		if (!m->config->rehearsal)
			return hold(m, n, n_held, e);
		describe_changes(m, n, text);
		mapper_event(
			m, LOG_LEVEL_WARNING, "held", 0, STR_NONE, "%s", text);
	}
	g->changes_held = false;
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
