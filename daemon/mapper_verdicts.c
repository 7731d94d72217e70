/*
 * mapper_verdicts - which work packages fail, and which do so no more.
 *
 * A work package may be tried several times in a pass, and fail only while
 * another has not been tried yet: what counts, and is told, is how it stands
 * when what is staged is committed.  What fails again as it failed before is
 * told for debugging only.  So is what is frozen, many at once for one cause,
 * which is told by itself.  That the server failed at its relations is apart:
 * it is told at once, and no document that is made takes it back; but when all
 * were asked for, and it failed no more.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "daemon/event.h"
#include "daemon/frozen.h"
#include "daemon/log.h"
#include "daemon/mapper_parts.h"

void mapper_forget_verdicts(struct mapper *m)
{
	for (size_t i = 0; i < m->n_verdicts; i++) {
		free(m->verdicts[i].why);
		free(m->verdicts[i].told);
	}
	m->n_verdicts = 0;
	buf_clear(&m->unrelated);
}

static size_t place_of(const struct mapper *m, int64_t id)
{
	return ids_place_of(
		m->verdicts, m->n_verdicts, sizeof(*m->verdicts), id);
}

static struct mapper_verdict *find(const struct mapper *m, int64_t id)
{
	size_t at = place_of(m, id);

	return at < m->n_verdicts && m->verdicts[at].id == id ? &m->verdicts[at]
							      : NULL;
}

static int recall(void *arg, const struct state_work_package *wp, struct err *e)
{
	char **told = arg;

	(void)e;
	if (wp->outcome == OUTCOME_FAILED)
		*told = xasprintf("%.*s", STR_ARGS(wp->reason));
	return 0;
}

/* For what it fails, as the log has it; owned, NULL: it does not. */
static char *told_of(const struct mapper *m, int64_t id)
{
	struct err ignored = {0}; /* comes again with the commit */
	char *told = NULL;
	bool found;

	state_work_package(
		store_state(m->store), id, &found, recall, &told, &ignored);
	return told;
}

static struct mapper_verdict *add(struct mapper *m, int64_t id)
{
	size_t at = place_of(m, id);
	struct mapper_verdict *v;

	m->verdicts = grow(m->verdicts, m->n_verdicts, &m->cap_verdicts,
		sizeof(*m->verdicts));
	v = m->verdicts + at;
	memmove(v + 1, v, (m->n_verdicts++ - at) * sizeof(*v));
	*v = (struct mapper_verdict){.id = id, .told = told_of(m, id)};
	return v;
}

/* --- Telling ------------------------------------------------------------ */

/* In a process it is said once, also where it failed so before. */
static void tell_failed(
	struct mapper *m, int64_t id, const char *why, bool again)
{
	struct state_event event = {
		.level = again ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		.kind = again ? STR("retried") : STR("failed"),
		.work_package = id,
		.text = mapper_without_self(why, id),
	};

	mapper_put_event(m, &event);
	event.level = LOG_LEVEL_ERROR;
	event_log(&event, event.kind.p);
}

/* One cause is told once (frozen_report.c): of each, for debugging only. */
static void tell_frozen(struct mapper *m, int64_t id, const char *why)
{
	mapper_event(m, LOG_LEVEL_DEBUG, why != NULL ? "frozen" : "thawed", id,
		STR_NONE, "%s", why != NULL ? why : "is frozen no more");
}

static bool was_frozen(const struct mapper_verdict *v)
{
	return v->told != NULL && frozen_is_why(v->told);
}

/* What only compares ends no error: the next pass does. */
static void tell(struct mapper *m, struct mapper_verdict *v)
{
	if (v->why == NULL && m->dry)
		return;
	if (v->why != NULL && frozen_is_why(v->why))
		tell_frozen(m, v->id, v->why);
	else if (v->why == NULL && was_frozen(v))
		tell_frozen(m, v->id, NULL);
	else if (v->why != NULL)
		tell_failed(m, v->id, v->why,
			v->told != NULL && strcmp(v->told, v->why) == 0);
	else if (v->told != NULL)
		mapper_event(m, LOG_LEVEL_NOTICE, "recovered", v->id, STR_NONE,
			"is in error no more");
	free(v->told);
	v->told = v->why != NULL ? xstrdup(v->why) : NULL;
	v->due = false;
}

void mapper_tell_verdicts(struct mapper *m, bool last)
{
	for (size_t i = 0; i < m->n_verdicts; i++) {
		struct mapper_verdict *v = &m->verdicts[i];

		if (v->due && (last || v->why != NULL))
			tell(m, v);
	}
}

/* --- What becomes of it ------------------------------------------------- */

/* The pass has something to tell, whatever becomes of it. */
static void ensure_run(struct mapper *m)
{
	struct err fault = {0};

	if (mapper_ensure_run(m, &fault) != 0)
		log_error("%s", fault.text);
}

bool mapper_is_unrelated(struct str lines, int64_t id)
{
	struct str line;
	char start[32];

	snprintf(start, sizeof(start), "%lld ", (long long)id);
	while (str_line(&lines, &line))
		if (str_starts(line, str_of(start)))
			return true;
	return false;
}

/* Is the line among those of the pass before? */
static bool was_unrelated(struct mapper *m, struct str line)
{
	struct err ignored = {0}; /* comes again with the report */
	struct buf known = {0};
	struct str rest;
	struct str one;
	bool found = false;

	state_get(store_state(m->store), MAPPER_UNRELATED, &known, &found,
		&ignored);
	rest = buf_str(&known);
	found = false;
	while (!found && str_line(&rest, &one))
		found = str_eq(one, line);
	buf_fini(&known);
	return found;
}

static void settle(struct mapper *m, struct mapper_verdict *v, const char *why)
{
	/* One whose relations failed does so, whatever becomes of it. */
	if (!mapper_is_unrelated(buf_str(&m->unrelated), v->id))
		m->counts.failed += (why != NULL) - (v->why != NULL);
	free(v->why);
	v->why = why != NULL ? xstrdup(why) : NULL;
	v->due = true;
	ensure_run(m);
}

void mapper_failed(struct mapper *m, int64_t work_package, const char *why)
{
	struct mapper_verdict *v = find(m, work_package);

	if (work_package == 0) { /* which one, nobody knows */
		m->counts.failed++;
		tell_failed(m, 0, why, false);
		return;
	}
	if (v == NULL)
		v = add(m, work_package);
	if (v->why == NULL || strcmp(v->why, why) != 0)
		settle(m, v, why);
}

bool mapper_fails_still(struct mapper *m, int64_t work_package)
{
	char *told =
		find(m, work_package) == NULL ? told_of(m, work_package) : NULL;
	bool fails = told != NULL;

	free(told);
	return fails;
}

void mapper_failed_beside(struct mapper *m, int64_t id, const char *why)
{
	const struct mapper_verdict *v = find(m, id);
	struct buf line = {0};

	if (mapper_is_unrelated(buf_str(&m->unrelated), id))
		return;
	m->counts.failed += v == NULL || v->why == NULL;
	ensure_run(m);
	buf_printf(&line, "%lld %s", (long long)id, why);
	tell_failed(m, id, why, was_unrelated(m, buf_str(&line)));
	buf_printf(&m->unrelated, "%.*s\n", STR_ARGS(buf_str(&line)));
	buf_fini(&line);
}

void mapper_recovered(struct mapper *m, int64_t work_package)
{
	struct mapper_verdict *v = find(m, work_package);
	struct state_head before = {.outcome = OUTCOME_MADE};
	struct err ignored = {0};
	bool found;

	if (v == NULL)
		store_head_of(
			m->store, work_package, &found, &before, &ignored);
	if (before.outcome == OUTCOME_FAILED)
		settle(m, add(m, work_package), NULL);
	else if (v != NULL && v->why != NULL)
		settle(m, v, NULL);
}
