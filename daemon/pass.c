/*
 * pass - one look at the server, up to the commit.
 *
 *   BEGINNING --> (RESOLVING) --> (REMAPPING*) --> (WEIGHING)
 *                                                      |
 *                  DRAINING <-- READING <-- (REREADING)
 *                  |      ^
 *                  v      |
 *               RENEWING --> (RELATING) --> DECIDING --> COMMITTING --> done
 *
 * REMAPPING renders what the state keeps, when the mapping is another than
 * the one that made the documents; WEIGHING lets the guard see how many
 * change by that alone, before any is committed.  REREADING asks for those
 * that the old mapping left out, whose sources are not kept.  READING is a
 * poll, a full read, or some work packages.  DRAINING waits for attachments.
 * What a person orders without the server (PASS_LOCAL) goes from BEGINNING to
 * DRAINING.  A poll before which nothing changed, and whose answer is that of
 * the last, ends in BEGINNING.
 *
 * The cursor moves with the last commit and only after all went well; what a
 * failed or canceled pass has staged is committed all the same, and known
 * when it comes again.
 *
 * What a step does is in a file of its own, with those that it belongs to:
 * pass_begin.c (with pass_glance.c), pass_remap.c, pass_read.c, pass_renew.c
 * and pass_commit.c.
 */
#include "daemon/pass_steps.h"

#include <stdlib.h>

#include "base/stamp.h"

/* --- From step to step -------------------------------------------------- */

/* A work package may lack what was asked for, a server may not. */
static void blame_server(struct err *e)
{
	if (e->code == ERR_NOT_FOUND || e->code == ERR_QUERY ||
		e->code == ERR_DATA)
		e->code = ERR_UNAVAILABLE;
}

static void enter(struct pass *p, enum step step)
{
	p->step = (int)step;
	p->told_kind = p->kind;
	p->told_remap = p->next_remap;
	switch (step) {
	case BEGINNING:
		pass_begin(p);
		return;
	case RESOLVING:
		pass_resolve(p);
		return;
	case REMAPPING:
		pass_remap(p);
		return;
	case WEIGHING:
		pass_weigh(p);
		return;
	case REREADING:
		pass_reread(p);
		return;
	case READING:
		pass_read(p);
		return;
	case DRAINING:
		if (items_idle(&p->items))
			pass_proceed(p, RENEWING);
		return;
	case RENEWING:
		pass_renew(p);
		return;
	case RELATING:
		pass_relate(p);
		return;
	case DECIDING:
		pass_decide(p);
		return;
	case COMMITTING:
		pass_commit(p);
		return;
	case END:
		blame_server(&p->err);
		p->done(p); /* p may be gone */
		return;
	}
}

void pass_proceed(struct pass *p, enum step next)
{
	if (p->canceled && (p->err.code == 0 || p->err.code == ERR_CANCELED))
		err_set(&p->err, ERR_CANCELED, "stopped");
	if (p->items.err.code != 0 && p->items.err.code != ERR_CANCELED)
		p->err = p->items.err; /* what made all else end */
	if (p->err.code != 0 && next != DRAINING && next < COMMITTING) {
		items_cancel(&p->items, &p->err);
		next = next < DRAINING ? DRAINING : COMMITTING;
	}
	enter(p, next);
}

void pass_end(struct pass *p)
{
	enter(p, END);
}

/* Called whenever an item ends. */
static void on_items_moved(struct items *items)
{
	struct pass *p = container_of(items, struct pass, items);

	if (items->err.code != 0 && p->err.code == 0)
		pass_cancel(p);
	if (p->step == READING)
		pass_read_continue(p);
	else if (p->step == REREADING || p->step == RENEWING)
		batches_continue(&p->batches);
	else if (p->held_back && !items_full(items))
		pass_remap(p);
	else if (p->step == WEIGHING)
		pass_weigh(p);
	else if (p->step == DRAINING && items_idle(items))
		pass_proceed(p, RENEWING);
}

/* --- For those who start it --------------------------------------------- */

void pass_start(struct pass *p, pass_done_fn *done)
{
	const struct api_counters *now = api_client_counters(p->sync->client);

	p->done = done;
	p->requests = now->requests;
	p->bytes = now->bytes;
	items_init(&p->items, p->sync, on_items_moved);
	enter(p, BEGINNING);
}

void pass_cancel(struct pass *p)
{
	static const struct err stopped = {ERR_CANCELED, "stopped"};

	if (p->canceled || p->step >= COMMITTING)
		return;
	p->canceled = true;
	items_cancel(&p->items, &stopped);
	if (api_is_asking(&p->glance))
		api_cancel(&p->glance);
	else if (p->step == RESOLVING)
		resolve_cancel(&p->resolve);
	else if (p->step == READING)
		pass_read_cancel(p);
	else if (p->step == REREADING || p->step == RENEWING)
		batches_cancel(&p->batches);
	else if (p->step == RELATING)
		relate_cancel(&p->relate);
}

void pass_fini(struct pass *p)
{
	buf_fini(&p->findings);
	buf_fini(&p->paths);
	lane_fini(&p->lane);
	mapper_page_fini(&p->page);
	api_request_fini(&p->glance);
	quiet_fini(&p->seen);
	free(p->scope.ids);
	free(p->remap.items);
	free(p->unread.items);
	free(p->shown.items);
	free(p->ids.items);
	*p = (struct pass){0};
}

/* --- How far it is ------------------------------------------------------ */

static const char *const kind_words[] = {
	[PASS_POLL] = "poll",
	[PASS_FULL] = "full",
	[PASS_RECONCILE] = "reconcile",
	[PASS_SOME] = "resync",
	[PASS_LOCAL] = "orders",
	[PASS_SLOW] = "slow",
};

const char *pass_kind_word(enum pass_kind kind)
{
	return kind_words[kind];
}

/* The pages that a poll reads say how many there are only in the end. */
static int64_t total_of(const struct pass *p)
{
	if (p->step == REMAPPING)
		return (int64_t)p->remap.n;
	if (p->step != READING || p->told_kind == PASS_POLL)
		return 0;
	return p->told_kind == PASS_SOME ? (int64_t)p->ids.n
					 : (int64_t)p->full.n_planned;
}

struct pass_progress pass_progress(const struct pass *p)
{
	static const char *const phases[] = {
		[BEGINNING] = "beginning",
		[RESOLVING] = "asking for names",
		[REMAPPING] = "rendering again",
		[WEIGHING] = "weighing what changes",
		[REREADING] = "reading",
		[READING] = "reading",
		[DRAINING] = "waiting for attachments",
		[RENEWING] = "rendering what depends on it",
		[RELATING] = "asking for relations",
		[DECIDING] = "deciding about removals",
		[COMMITTING] = "committing",
		[END] = "ending",
	};

	return (struct pass_progress){
		.kind = p->told_kind,
		.phase = phases[p->step],
		.done = p->step == REMAPPING ? (int64_t)p->told_remap
					     : p->sync->progress.seen,
		.total = total_of(p),
	};
}

bool pass_reads_changes(const struct pass *p)
{
	return !p->dry && (p->kind == PASS_POLL || p->kind == PASS_FULL);
}
