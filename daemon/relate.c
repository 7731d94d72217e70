/*
 * relate - the relations of work packages, in batches.
 *
 *   which ones --> (ASKING page by page --> TAKING)* --> done
 *
 * A relation that comes, goes or changes moves no work package, so only the
 * list of relations tells.  A list that changes while it is paged ends the
 * pass; the next one asks again.
 */
#include "daemon/relate.h"

#include <stdlib.h>

#include "api/resources.h"

#define BATCH 200 /* work packages a request, at most */
#define PAGE 1000

static void go_on(struct relate *r);

static void clear_bodies(struct relate *r)
{
	for (size_t i = 0; i < r->n_bodies; i++)
		buf_fini(&r->bodies[i]);
	r->n_bodies = 0;
	r->total = r->listed = 0;
}

void relate_fini(struct relate *r)
{
	clear_bodies(r);
	api_request_fini(&r->request);
	free(r->bodies);
	free(r->ids);
	r->bodies = NULL;
	r->ids = NULL;
}

static void give(struct relate *r, job_fn *run, job_fn *done)
{
	r->job = (struct job){.run = run, .done = done};
	worker_give(r->sync->worker, &r->job);
}

/* --- TAKING, on the worker's thread ------------------------------------- */

static void run_take(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);
	struct str *pages = xcalloc(r->n_bodies, sizeof(*pages));

	for (size_t i = 0; i < r->n_bodies; i++)
		pages[i] = buf_str(&r->bodies[i]);
	mapper_take_relations(r->sync->mapper, r->ids + r->next, r->n_asked,
		pages, r->n_bodies, &r->err);
	free(pages);
}

static void on_taken(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);

	sync_name_answer(&r->request, &r->err);
	clear_bodies(r);
	r->next += r->n_asked;
	go_on(r);
}

/* --- ASKING ------------------------------------------------------------- */

static void ask(struct relate *r);

/* The figures are read here; they are few. */
static bool more_pages(struct relate *r)
{
	struct arena scratch = {0};
	struct api_list list = {0};

	if (api_list_scan(&scratch, buf_str(&r->bodies[r->n_bodies - 1]), &list,
		    &r->err) == 0) {
		r->total = list.total;
		r->listed += (int64_t)list.n;
	}
	sync_name_answer(&r->request, &r->err);
	arena_fini(&scratch);
	return r->err.code == 0 && list.n > 0 && r->listed < r->total;
}

static void ask_shorter(struct relate *r)
{
	r->n_asked /= 2;
	r->shorter = true;
	clear_bodies(r);
	ask(r);
}

static void on_page(struct api_request *request)
{
	struct relate *r = container_of(request, struct relate, request);

	if (request->too_long && r->n_asked > 1 && !r->canceled) {
		ask_shorter(r);
		return;
	}
	r->err = request->err;
	if (r->err.code != 0 || r->canceled) {
		go_on(r);
		return;
	}
	if (r->shorter)
		sync_ask_shorter(r->sync, r->n_asked);
	r->bodies = grow(
		r->bodies, r->n_bodies, &r->cap_bodies, sizeof(*r->bodies));
	r->bodies[r->n_bodies++] = request->body;
	request->body = (struct buf){0};
	if (more_pages(r))
		ask(r);
	else if (r->err.code != 0)
		go_on(r);
	else
		give(r, run_take, on_taken);
}

static void ask(struct relate *r)
{
	struct buf path = {0};

	api_path_relations(&path, r->ids + r->next, r->n_asked, PAGE,
		(int)r->n_bodies + 1);
	api_ask(r->sync->client, &r->request, &path, on_page);
}

static void ask_next(struct relate *r)
{
	size_t left = r->n - r->next;

	r->n_asked = sync_ids(r->sync, left < BATCH ? left : BATCH);
	r->shorter = false;
	ask(r);
}

/* --- The whole ---------------------------------------------------------- */

static void go_on(struct relate *r)
{
	if (r->canceled && r->err.code == 0)
		err_set(&r->err, ERR_CANCELED, "canceled");
	if (r->err.code != 0 || r->next == r->n)
		r->done(r); /* r may be gone */
	else
		ask_next(r);
}

static void run_choose(struct job *job)
{
	struct relate *r = container_of(job, struct relate, job);

	store_relating(r->sync->mapper->store, r->all, &r->ids, &r->n, &r->err);
}

static void on_chosen(struct job *job)
{
	go_on(container_of(job, struct relate, job));
}

void relate_start(struct relate *r, relate_done_fn *done)
{
	r->done = done;
	give(r, run_choose, on_chosen);
}

void relate_cancel(struct relate *r)
{
	r->canceled = true;
	api_cancel(&r->request);
}
