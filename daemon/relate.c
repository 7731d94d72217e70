/*
 * relate - the relations of work packages, in batches.
 *
 *   which ones --> (ASKING page by page --> TAKING)* --> done
 *                    ^   `--> 500 --> half of them … one alone: it fails
 *                    `---------------------------------------'
 *
 * A relation that comes, goes or changes moves no work package, so only the
 * list of relations tells.  One may be more than the server can deal with,
 * which then fails at every list that has it in: both of its work packages fail
 * alone, and the others go on.  Where more fail in a row, it is the server
 * itself, and no more are asked for.
 */
#include "daemon/relate.h"

#include <stdlib.h>

#include "daemon/lane.h"

#define BATCH 200 /* work packages a request, at most */
#define PAGE 1000
#define BAD_MOST 5

static void ask(struct relate *r);
static void go_on(struct relate *r);

void relate_fini(struct relate *r)
{
	pages_fini(&r->pages);
	api_request_fini(&r->request);
	free(r->ids);
	r->ids = NULL;
}

/* --- TAKING, on the worker's thread ------------------------------------- */

static void run_take(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);
	struct str *pages = pages_strs(&r->pages);

	mapper_take_relations(r->sync->mapper, r->ids + r->next, r->n_asked,
		pages, r->pages.n, &r->err);
	free(pages);
}

static void on_taken(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);
	bool again = sync_end_pages(&r->pages, &r->request, &r->err);

	if (!again) {
		r->next += r->n_asked;
		r->n_bad = 0;
	}
	if (again && !r->canceled)
		ask(r);
	else
		go_on(r);
}

/* --- FAILING ------------------------------------------------------------ */

static void run_fail(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);

	mapper_fail_relations(
		r->sync->mapper, r->ids[r->next], &r->request.err, &r->err);
}

static void on_failed(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);

	r->next++;
	r->gave_up = ++r->n_bad == BAD_MOST;
	go_on(r);
}

static void on_fault(struct relate *r)
{
	pages_fini(&r->pages);
	if (r->n_asked == 1) {
		worker_run(r->sync->worker, &r->job, run_fail, on_failed);
		return;
	}
	r->n_asked /= 2;
	r->shorter = false;
	r->once = true;
	ask(r);
}

/* --- ASKING ------------------------------------------------------------- */

static void on_page(struct api_request *request)
{
	struct relate *r = container_of(request, struct relate, request);

	if (!r->canceled && sync_halve(request, &r->n_asked, &r->shorter)) {
		pages_fini(&r->pages);
		ask(r);
		return;
	}
	if (!r->canceled && lane_fault(request)) {
		on_fault(r);
		return;
	}
	r->err = request->err;
	if (r->err.code != 0 || r->canceled) {
		go_on(r);
		return;
	}
	if (r->shorter)
		sync_ask_shorter(r->sync, r->n_asked);
	if (sync_take_page(&r->pages, request, false, &r->err))
		worker_run(r->sync->worker, &r->job, run_take, on_taken);
	else if (r->err.code == 0)
		ask(r);
	else
		go_on(r);
}

static void ask(struct relate *r)
{
	struct buf path = {0};

	api_path_relations(
		&path, r->ids + r->next, r->n_asked, PAGE, (int)r->pages.n + 1);
	(r->once ? api_ask_once : api_ask)(
		r->sync->client, &r->request, &path, on_page);
}

static void ask_next(struct relate *r)
{
	size_t left = r->n - r->next;

	r->n_asked = sync_ids(r->sync, left < BATCH ? left : BATCH);
	r->once = r->n_bad > 0;
	if (r->once)
		r->n_asked = 1;
	r->shorter = false;
	ask(r);
}

/* --- The whole ---------------------------------------------------------- */

static void go_on(struct relate *r)
{
	if (r->canceled && r->err.code == 0)
		err_set(&r->err, ERR_CANCELED, "canceled");
	if (r->err.code != 0 || r->next == r->n || r->gave_up)
		r->done(r); /* r may be gone */
	else
		ask_next(r);
}

static void run_choose(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);

	store_relating(r->sync->mapper->store, r->shown, r->back, &r->ids,
		&r->n, &r->err);
}

static void on_chosen(struct job *job)
{
	go_on(container_of(job, struct relate, job));
}

void relate_start(struct relate *r, relate_done_fn *done)
{
	r->done = done;
	worker_run(r->sync->worker, &r->job, run_choose, on_chosen);
}

void relate_cancel(struct relate *r)
{
	r->canceled = true;
	api_cancel(&r->request);
}
