/*
 * mapper_log - the pass's row and its events.
 *
 * A pass has a row once it has something to tell: its first event makes it.
 * Events are staged with what they tell of, and appear with its commit.  A pass
 * that fails again as it failed before is counted, not told again, in the row
 * of the first that failed so.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/cursor.h"
#include "daemon/event.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/mapper_parts.h"

#define PRUNE_EVERY 100 /* runs */

/* Nothing names the row before a commit does, which waits for the disk. */
static int begin_run(struct mapper *m, struct err *e)
{
	struct state *s = store_state(m->store);
	int r;

	state_relax(s);
	r = state_run_begin(s, &m->run, e);
	state_strict(s);
	return r;
}

int mapper_ensure_run(struct mapper *m, struct err *e)
{
	struct state *s = store_state(m->store);
	bool held = state_is_held(s);
	int r = 0;

	if (m->run.id != 0)
		return 0;
	if (held)
		r = state_let_go(s, e);
	if (r == 0)
		r = begin_run(m, e);
	return r == 0 && held ? state_hold(s, e) : r;
}

/*
 * At the start, and now and then, forget what is too old, or too much.  Age
 * counts back from the newest change that the server has shown: a clock that is
 * far ahead for a while would make all of it old, told or not.
 */
static int prune(struct mapper *m, struct err *e)
{
	struct state *s = store_state(m->store);
	struct cursor cursor = {0};
	int64_t now = stamp_now();
	int r = cursor_load(&cursor, s, e);

	m->pruned = true;
	if (cursor.newest < now)
		now = cursor.newest;
	return r == 0 ? state_prune(s, now - m->config->keep_log,
				m->config->max_log, e)
		      : r;
}

int mapper_begin(
	struct mapper *m, const char *cause, bool *again, struct err *e)
{
	int r = m->pruned ? 0 : prune(m, e);

	m->rests = false;
	store_watch(m->store);
	if (r != 0)
		return r;
	m->run = (struct state_run){
		.started = stamp_now(), .cause = str_of(cause)};
	m->counts = (struct mapper_counts){0};
	m->committed = m->counts;
	m->commit[0] = '\0';
	m->staged = (struct mapper_staged){0};
	m->to_come = 0;
	m->begun = true;
	m->decided = false;
	m->renewing = false;
	m->again.n = m->unmade.n = m->stuck.n = 0;
	m->displaced.n = m->refused.n = 0;
	mapper_forget_denied(m);
	mapper_forget_verdicts(m);
	m->n_missed = 0;
	m->n_unnamed = 0;
	m->unlisted.n = m->asked.n = 0;
	m->retried.n = 0;
	mapper_forget_names(m);
	r = store_check_history(m->store, again, e);
	if (*again)
		mapper_forget_state(m);
	if (r == 0 && m->names_lost)
		r = mapper_reload_names(m, e);
	if (r == 0)
		r = frozen_load(m, e);
	if (r == 0)
		r = instance_begin(m, e);
	return r == 0 ? guard_begin(m, e) : r;
}

int mapper_begin_run(
	struct mapper *m, const char *kind, bool record, struct err *e)
{
	m->run.kind = str_of(kind);
	return record ? mapper_ensure_run(m, e) : 0;
}

/* What the pass cost is noted next (monitor.c), and that waits for the disk. */
static int end_run(struct mapper *m, struct err *e)
{
	struct state *s = store_state(m->store);
	int r;

	state_relax(s);
	r = state_run_put(s, &m->run, e);
	state_strict(s);
	return r == 0 && m->run.id % PRUNE_EVERY == 0 ? prune(m, e) : r;
}

/* A pass that failed in the way of the one before is counted there. */
static int repeat_fault(
	struct mapper *m, const struct err *why, bool *repeats, struct err *e)
{
	*repeats = m->fault_run != 0 && strcmp(why->text, m->fault.text) == 0;
	if (!*repeats)
		return mapper_ensure_run(m, e);
	return state_run_repeat(
		store_state(m->store), m->fault_run, stamp_now(), e);
}

int mapper_end(struct mapper *m, uint64_t requests, uint64_t bytes,
	const struct err *why, struct err *e)
{
	bool failed = why->code != 0 && why->code != ERR_CANCELED;
	bool repeats = false;
	int r = 0;

	m->begun = false;
	if (m->run.id == 0 && failed)
		r = repeat_fault(m, why, &repeats, e);
	if (!repeats) {
		m->fault_run = failed ? m->run.id : 0;
		m->fault = *why;
	}
	if (m->run.id == 0)
		return r;
	m->run.finished = stamp_now();
	m->run.result = why->code;
	m->run.error = why->code != 0 ? str_of(why->text) : STR_NONE;
	m->run.seen = m->counts.seen;
	m->run.made = m->counts.added;
	m->run.changed = m->counts.changed;
	m->run.removed = m->counts.removed;
	m->run.failed = m->counts.failed;
	m->run.requests = (int64_t)requests;
	m->run.bytes = (int64_t)bytes;
	m->run.commit = m->commit[0] != '\0' ? str_of(m->commit) : STR_NONE;
	r = end_run(m, e);
	m->run.id = 0;
	return r;
}

/* The identifier of a work package's project, or none. */
static struct str project_of(struct mapper *m, int64_t work_package)
{
	struct err ignored = {0}; /* comes again with the next question */
	struct state_head head = {.project_id = m->at_project};
	const struct project *project;
	bool found;

	if (work_package == 0)
		return STR_NONE;
	if (work_package != m->at)
		store_head_of(m->store, work_package, &found, &head, &ignored);
	project = names_project(&m->names, head.project_id);
	return project != NULL ? project->identifier : STR_NONE;
}

/* Some faults name the work package themselves: once is enough. */
struct str mapper_without_self(const char *text, int64_t work_package)
{
	struct str all = str_of(text);
	char self[40];

	snprintf(self, sizeof(self),
		"work package %lld: ", (long long)work_package);
	return str_starts(all, str_of(self)) ? str_skip(all, strlen(self))
					     : all;
}

void mapper_put_event(struct mapper *m, struct state_event *event)
{
	struct err fault = {0};

	event->at = stamp_now();
	event->project = project_of(m, event->work_package);
	if (mapper_ensure_run(m, &fault) != 0)
		log_error("%s", fault.text);
	event->run = m->run.id;
	store_put_event(m->store, event);
}

void mapper_event(struct mapper *m, enum log_level level, const char *kind,
	int64_t work_package, struct str path, const char *fmt, ...)
{
	char text[600];
	struct state_event event = {
		.level = level,
		.kind = str_of(kind),
		.work_package = work_package,
		.path = path,
	};
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	event.text = mapper_without_self(text, work_package);
	mapper_put_event(m, &event);
	event_log(&event, kind);
}

void mapper_committed(struct mapper *m, const char *id, const char *subject)
{
	char *text = xasprintf("%s %s", id, subject);
	const struct state_event event = {
		.run = m->run.id,
		.level = LOG_LEVEL_INFO,
		.text = str_of(text),
	};

	event_log(&event, "committed");
	free(text);
}
