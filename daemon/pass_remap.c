/*
 * pass_remap - another mapping than the one that made the documents.
 *
 *   p->remap  --> kept source --> item --> staged --> weighed by the guard
 *   p->unread --> read from the server, since no source is kept
 *
 * Both lists are made in BEGINNING, and empty if the mapping is the same; but
 * what is to be tried again (mapper_retry) passes through REMAPPING, too.  That
 * is never weighed: where changes are, it comes behind them.
 */
#include "daemon/pass_steps.h"

#include <stdlib.h>

/* --- REMAPPING, a page of kept sources at a time ------------------------ */

static void run_recall(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;
	struct mapper_page *page = &p->page;
	struct err *e = &p->err;
	int r;

	/* What is to be tried again comes first, as a page of its own. */
	if (page->n > 0)
		return;
	free(page->items);
	page->items = xcalloc(SYNC_PAGE, sizeof(struct mapper_item *));
	r = state_hold(store_state(m->store), e);
	while (r == 0 && page->n < SYNC_PAGE && p->next_remap < p->remap.n) {
		struct mapper_item *item;

		r = mapper_recall(m, p->remap.items[p->next_remap++], &item, e);
		if (r == 0 && item != NULL)
			page->items[page->n++] = item;
	}
	m->to_come = (int64_t)(p->remap.n - p->next_remap);
}

static void on_remapped(struct lane *lane)
{
	struct pass *p = container_of(lane, struct pass, lane);

	p->err = lane->err;
	pass_proceed(p, REMAPPING);
}

static void on_recalled(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	if (p->err.code != 0 || p->page.n == 0) {
		pass_proceed(p, WEIGHING);
		return;
	}
	p->lane.sync = p->sync;
	p->lane.items = &p->items;
	p->lane.done = on_remapped;
	lane_start_page(&p->lane, &p->page);
}

void pass_remap(struct pass *p)
{
	p->held_back = false;
	if (p->err.code != 0 || p->canceled ||
		(p->page.n == 0 && p->next_remap == p->remap.n))
		pass_proceed(p, WEIGHING);
	else if (items_full(&p->items))
		p->held_back = true;
	else
		worker_run(p->sync->worker, &p->job, run_recall, on_recalled);
}

/* --- WEIGHING ----------------------------------------------------------- */

static void run_weigh(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;
	bool weighing = m->guard.weighing;
	int r = guard_weigh(m, &p->err);

	if (r == 0 && m->guard.changes_held)
		p->unread.n = 0; /* what was left out stays out, too */
	if (r == 0 && weighing)
		pass_retry(p);
}

static void on_weighed(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	p->weighed = true;
	pass_proceed(p, p->page.n > 0 ? REMAPPING : REREADING);
}

void pass_weigh(struct pass *p)
{
	if (p->remap.n == 0 || p->weighed || p->err.code != 0)
		pass_proceed(p, REREADING);
	else if (items_idle(&p->items))
		worker_run(p->sync->worker, &p->job, run_weigh, on_weighed);
}

/* --- REREADING ---------------------------------------------------------- */

static void on_reread(struct batches *b)
{
	struct pass *p = container_of(b, struct pass, batches);

	p->err = b->err;
	batches_fini(b);
	if (pass_try_again(p)) {
		pass_proceed(p, RESOLVING);
		return;
	}
	p->unread.n = 0;
	pass_proceed(p, READING);
}

static void read_again(struct pass *p)
{
	p->batches = (struct batches){.sync = p->sync,
		.items = &p->items,
		.forced = true,
		.again = p->unread_again,
		.n = p->unread.n,
		.ids = p->unread.items};
	batches_start(&p->batches, on_reread);
}

void pass_reread(struct pass *p)
{
	if (p->unread.n > 0)
		read_again(p);
	else
		pass_proceed(p, READING);
}
