/*
 * pass_renew - what follows from what was read, until nothing does any more.
 *
 *   RENEWING --> stale? rendered or read again --> DRAINING --> RENEWING
 *      | none
 *      v
 *   RELATING, if any reads them --> relations came? --> RENEWING
 *      | none
 *      v
 *   DECIDING --> removals? --> RENEWING, of those that read them
 *      | none
 *      v
 *   COMMITTING
 */
#include "daemon/pass_steps.h"

#include "daemon/frozen.h"

#define MAX_ROUNDS 1000 /* the rest is renewed by the next pass */

/* --- RENEWING, what became stale ---------------------------------------- */

static void run_stale(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	mapper_page_fini(&p->page);
	mapper_give_up_stale(p->sync->mapper);
	mapper_stale(p->sync->mapper, SYNC_PAGE, &p->page, &p->unread, &p->err);
	p->relates = p->sync->mapper->in_use.relations;
}

static void on_unread(struct batches *b)
{
	struct pass *p = container_of(b, struct pass, batches);

	p->err = b->err;
	batches_fini(b);
	pass_proceed(p, DRAINING);
}

static void on_stale_mapped(struct lane *lane)
{
	struct pass *p = container_of(lane, struct pass, lane);

	p->err = lane->err;
	if (p->err.code == 0 && !p->canceled && p->unread.n > 0)
		pass_read_ids(p, p->unread.items, p->unread.n, on_unread);
	else
		pass_proceed(p, DRAINING);
}

static void on_stale(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	size_t n = p->page.n + p->unread.n;

	p->n_renewed += n;
	if (p->err.code != 0 || p->rounds++ >= MAX_ROUNDS) {
		pass_proceed(p, DECIDING);
		return;
	}
	if (n == 0) {
		pass_proceed(
			p, p->kind == PASS_LOCAL || !p->relates || p->unrelated
				   ? DECIDING
				   : RELATING);
		return;
	}
	p->lane.sync = p->sync;
	p->lane.items = &p->items;
	p->lane.done = on_stale_mapped;
	lane_start_page(&p->lane, &p->page);
}

void pass_renew(struct pass *p)
{
	worker_run(p->sync->worker, &p->job, run_stale, on_stale);
}

/* --- RELATING ----------------------------------------------------------- */

static void on_related(struct relate *r)
{
	struct pass *p = container_of(r, struct pass, relate);

	p->err = r->err;
	p->unrelated = r->gave_up;
	p->related &= !r->gave_up;
	relate_fini(r);
	pass_proceed(p, r->n > 0 ? RENEWING : DECIDING);
}

/*
 * All of them once in a reconcile, once those of projects that are back, and
 * always those that are new.
 */
void pass_relate(struct pass *p)
{
	bool all = p->kind == PASS_FULL || p->kind == PASS_RECONCILE;

	p->relate = (struct relate){.sync = p->sync};
	if (!p->related) {
		p->relate.shown = all ? &p->shown : NULL;
		p->relate.back = &p->sync->mapper->back;
	}
	p->related = true;
	relate_start(&p->relate, on_related);
}

/* --- DECIDING, about removals ------------------------------------------- */

/*
 * With a project left out, or one that the server does not list, there may be
 * work packages that claim it.
 */
static bool sees_all(const struct pass *p)
{
	return p->err.code == 0 && !p->canceled && !p->lacking &&
	       (p->kind == PASS_FULL || p->kind == PASS_RECONCILE) &&
	       p->resolve.scope.missing.code == 0 &&
	       p->resolve.projects_fault.code == 0;
}

/* Were all relations asked for that are read, if any are? */
static bool relates_all(const struct pass *p)
{
	return (p->kind == PASS_FULL || p->kind == PASS_RECONCILE) &&
	       !p->unrelated;
}

static void run_decide(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;

	if (!p->asked_unclaimed && p->saw_all &&
		mapper_unclaimed(m, &p->err) != 0)
		return;
	p->asked_unclaimed = true;
	if (p->dry)
		return; /* they are told by mapper_differences() */
	if (mapper_settle_missed(m, &p->err) != 0)
		return;
	p->decided = guard_pending(&m->guard);
	if (guard_decide(m, &p->err) == 0 &&
		(p->decided || frozen_report(m, &p->err) == 0))
		mapper_report_unrelated(m, relates_all(p), &p->err);
}

static void on_decided(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	pass_proceed(p, p->decided ? RENEWING : COMMITTING);
}

void pass_decide(struct pass *p)
{
	p->saw_all = sees_all(p); /* here: a cancel may come meanwhile */
	worker_run(p->sync->worker, &p->job, run_decide, on_decided);
}
