/*
 * service_plan - what the next pass is to do, and when it is due.
 *
 * What was asked for comes first; then what the start, or a failure, left to
 * be read again; then the clock: a poll, a reconcile beside it from time to
 * time, and between polls the slices of a slow full read.
 */
#include "daemon/service_parts.h"

#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/log.h"

#define RECONCILE_FIRST (60 * STAMP_SECOND) /* after the start, or a reload */

/* As often as the configuration says, but not later than wait; 0: never. */
static int64_t reconcile_in(const struct config *c, int64_t wait)
{
	if (c->reconcile == 0)
		return INT64_MAX;
	return stamp_monotonic() + (c->reconcile < wait ? c->reconcile : wait);
}

int64_t service_first_reconcile(const struct config *c)
{
	return reconcile_in(c, RECONCILE_FIRST);
}

/* --- Before a pass ------------------------------------------------------- */

static enum pass_kind next_kind(
	const struct service *s, bool first, const struct wanted_what *asked)
{
	enum pass_kind kind = asked != NULL ? asked->kind : PASS_POLL;

	if (kind != PASS_POLL)
		return kind;
	if (first && s->options.verify)
		return PASS_VERIFY;
	if (first && s->options.full)
		return PASS_FULL;
	if (!first && asked == NULL && stamp_monotonic() < s->next_at &&
		slow_wait(&s->slow, s->config) == 0)
		return PASS_SLOW;
	if (first)
		return s->options.reconcile ? PASS_RECONCILE : PASS_POLL;
	if (asked == NULL && !s->reconciled &&
		stamp_monotonic() >= s->reconcile_at)
		return PASS_RECONCILE;
	return PASS_POLL;
}

static void set_adopt(struct service *s, const struct wanted_what *what)
{
	s->pass.kind = PASS_SOME;
	s->pass.adopt = true;
	s->pass.dry = what->dry;
	if (what->paths != NULL)
		buf_puts(&s->pass.paths, what->paths);
}

/* In a pause, what needs no server is all that runs. */
static bool take_wanted(struct service *s, struct wanted_what *out)
{
	return s->paused ? wanted_take_local(&s->wanted, out)
			 : wanted_take(&s->wanted, out);
}

void service_plan_pass(struct service *s, const char *cause)
{
	struct wanted_what what = {0};
	bool first = !s->started && !s->paused;
	bool asked = !first && take_wanted(s, &what);

	s->started |= first;
	s->number = asked ? what.number : ++s->numbers;
	s->pass = (struct pass){
		.sync = &s->sync,
		.cursor = &s->cursor,
		.kind = next_kind(s, first, asked ? &what : NULL),
		.cause = asked ? "request" : cause,
		.first = first,
		.compare = first || s->compare,
		.record = asked,
		.ids = what.ids,
		.reconcile = what.reconcile,
		.slow_list = &s->slow,
		.started = stamp_monotonic(),
	};
	s->pass.may_glance = s->pass.kind == PASS_POLL && !asked &&
			     !s->pass.compare && s->last.code == 0;
	if (s->pass.kind == PASS_LOCAL)
		s->pass.compare = false;
	else
		s->compare = false;
	if (s->pass.kind == PASS_VERIFY) {
		s->verifying = true;
		s->verify.repair = asked ? what.repair : s->options.repair;
		s->pass.kind = PASS_FULL;
		s->pass.deep = s->verify.repair;
		s->pass.dry = !s->verify.repair;
	}
	if (s->pass.kind == PASS_ADOPT)
		set_adopt(s, &what);
	if (s->pass.dry && !first) { /* it commits no other mapping */
		s->compare = s->pass.compare;
		s->pass.compare = false;
	}
	free(what.paths);
}

/* --- After a pass -------------------------------------------------------- */

/* What a pass that failed was to compare, the next one has to. */
static void keep_in_mind(struct service *s, const struct pass *p)
{
	if (p->err.code == 0 || !p->compare)
		return;
	s->compare = true;
	s->sync.resolved = false;
}

/* At that time, unless the server has asked for a pause. */
static int64_t not_before(const struct service *s, int64_t at)
{
	int64_t asked = api_client_not_before(s->sync.client);

	return asked > at ? asked : at;
}

/* Slices of a slow full read come between polls, and move none. */
static void plan_slow(struct service *s, const struct pass *p)
{
	struct slow_list *list = &s->slow;

	slow_pause(list, s->config, stamp_monotonic() - p->started);
	if (p->err.code != 0) {
		list->at = stamp_monotonic() + s->config->poll;
		return;
	}
	if (list->next < list->n)
		return;
	log_notice("everything was read again, slowly: %zu work packages",
		list->n);
	slow_fini(list);
	list->ended = stamp_now();
}

/*
 * After what was asked for, polls and reconciles are due when they were: only
 * what did their work puts them off, however often people ask for more.
 */
static int64_t next_poll(const struct service *s, const struct pass *p)
{
	int64_t now = stamp_monotonic();
	bool asked = strcmp(p->cause, "request") == 0;
	bool good = p->err.code == 0;

	if (asked && !pass_reads_changes(p))
		return s->next_at;
	if (good && asked && now >= s->reconcile_at)
		return now; /* for a reconcile, which nobody asks for */
	if (good && p->kind == PASS_RECONCILE) /* beside the polls */
		return s->options.once ? 0 : now;
	return now + s->config->poll;
}

/*
 * After one that failed come more and more polls before the next.  What was
 * asked for, and failed, puts off none.
 */
static void plan_reconcile(struct service *s, const struct pass *p)
{
	const struct config *c = s->config;
	int64_t now = stamp_monotonic();
	int64_t *wait = &s->reconcile_wait;

	if (p->err.code == 0 && !p->unrelated) {
		*wait = 0;
		s->reconcile_at = reconcile_in(c, c->reconcile);
		return;
	}
	if (p->err.code == ERR_CANCELED || strcmp(p->cause, "request") == 0)
		return;
	*wait = 2 * (*wait > 0 ? *wait : c->poll);
	if (*wait > c->reconcile)
		*wait = c->reconcile;
	if (s->reconcile_at < now + *wait)
		s->reconcile_at = now + *wait;
}

static void plan_poll(struct service *s, const struct pass *p)
{
	bool full = p->kind == PASS_FULL && !p->dry;

	if (full || p->kind == PASS_RECONCILE)
		plan_reconcile(s, p);
	if (p->err.code == 0 && full)
		s->slow.ended = stamp_now();
	s->next_at = next_poll(s, p);
	if (!s->options.once)
		s->next_at = not_before(s, s->next_at);
	if (p->kind == PASS_RECONCILE || pass_reads_changes(p))
		s->reconciled = p->kind == PASS_RECONCILE;
}

void service_plan_next(struct service *s, const struct pass *p)
{
	keep_in_mind(s, p);
	if (p->kind == PASS_SLOW)
		plan_slow(s, p);
	else
		plan_poll(s, p);
	if (p->mended && !s->mended) { /* once: it may be the disk */
		s->mended = true;
		s->next_at = 0;
	}
}
