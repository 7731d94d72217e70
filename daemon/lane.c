/*
 * lane - one list of work packages, from the request to mapped items.
 *
 *   ASKING --> READING --> TAKING --> (NAMING) --> MAPPING --> done
 *
 * READING is pure and has a thread of libuv's pool, so that the worker maps
 * one list while the next is parsed; what follows is done by the worker.
 * NAMING asks for the schemas of pairs of project and type that were not
 * seen before, or that have fewer fields than a work package that is here.  One
 * that the server fails at is left as it was: where there was none, its work
 * packages fail.  Any other error ends the lane; what was staged stays staged.
 */
#include "daemon/lane.h"

#include <assert.h>
#include <stdlib.h>

static void go_on(struct lane *lane);

static void finish(struct lane *lane)
{
	lane->busy = lane->canceled = false;
	lane->done(lane); /* lane may be gone */
}

/* --- MAPPING ------------------------------------------------------------ */

static bool needs_more(enum mapped mapped)
{
	return mapped == MAPPED_LIST || mapped == MAPPED_COMMENTS ||
	       mapped == MAPPED_USER || mapped == MAPPED_EDITOR ||
	       mapped == MAPPED_NEEDS;
}

/* The fields of its type are not known: the server fails at them. */
static void fail_unnamed(struct lane *lane, const struct mapper_item *item)
{
	struct err why = lane->unnamed_why;

	err_prefix(&why, "the fields of project %lld, type %lld",
		(long long)item->pair.project_id,
		(long long)item->pair.type_id);
	mapper_fail(lane->sync->mapper, item, &why);
}

/* Keeps in the page what needs more than its element. */
static void run_map(struct job *job)
{
	struct lane *lane = container_of(job, struct lane, job);
	struct mapper *m = lane->sync->mapper;
	struct mapper_page *page = &lane->page;
	size_t kept = 0;

	for (size_t i = 0; i < page->n; i++) {
		enum mapped mapped = MAPPED_DONE;

		if (lane->err.code == 0)
			mapped = mapper_map(m, page->items[i], &lane->err);
		if (mapped == MAPPED_SCHEMA)
			fail_unnamed(lane, page->items[i]);
		if (needs_more(mapped))
			page->items[kept++] = page->items[i];
		else
			mapper_item_free(page->items[i]);
	}
	page->n = kept;
	if (lane->err.code == 0)
		mapper_commit_some(m, &lane->err);
	lane->counts = m->counts;
}

static void on_mapped(struct job *job)
{
	struct lane *lane = container_of(job, struct lane, job);
	struct mapper_page *page = &lane->page;

	lane->sync->progress = lane->counts;
	if (lane->err.code == 0) {
		items_add(lane->items, page->items, page->n);
		page->n = 0;
	}
	finish(lane);
}

/* --- NAMING ------------------------------------------------------------- */

static void add_pair(struct lane *lane, const struct api_pair *pair)
{
	for (size_t i = 0; i < lane->n_pairs; i++)
		if (lane->pairs[i].project_id == pair->project_id &&
			lane->pairs[i].type_id == pair->type_id)
			return;
	if (lane->n_pairs < HALVING_PAIRS)
		lane->pairs[lane->n_pairs++] = *pair;
}

/* What is asked for already counts, however few fields it has. */
static bool is_old(
	const struct schema *schema, const struct mapper_item *item, bool asked)
{
	return schema == NULL || (!asked && schema->n_fields < item->n_fields);
}

static bool is_unnamed(const struct lane *lane, const struct api_pair *pair)
{
	for (size_t i = 0; i < lane->halving.n_left; i++)
		if (lane->unnamed[i].project_id == pair->project_id &&
			lane->unnamed[i].type_id == pair->type_id)
			return true;
	return false;
}

static void find_pairs(struct lane *lane, bool asked)
{
	const struct names *names = &lane->sync->mapper->names;

	if (lane->pairs == NULL)
		lane->pairs = xcalloc(HALVING_PAIRS, sizeof(*lane->pairs));
	lane->n_pairs = lane->next_pair = 0;
	for (size_t i = 0; i < lane->page.n; i++) {
		const struct mapper_item *item = lane->page.items[i];
		const struct api_pair *pair = &item->pair;

		if (is_old(names_schema(names, pair->project_id, pair->type_id),
			    item, asked) &&
			!is_unnamed(lane, pair))
			add_pair(lane, pair);
	}
}

static void run_name(struct job *job)
{
	struct lane *lane = container_of(job, struct lane, job);
	struct mapper *m = lane->sync->mapper;
	int r = state_begin(store_state(m->store), &lane->err);

	if (r != 0)
		return;
	r = mapper_put_schemas(m, buf_str(&lane->request.body),
		lane->pairs + lane->next_pair, lane->halving.n, &lane->err);
	lane->next_pair += lane->halving.n;
	if (mapper_end_names(m, r, &lane->err) == 0 &&
		lane->next_pair == lane->n_pairs)
		find_pairs(lane, true);
}

static void on_named(struct job *job)
{
	struct lane *lane = container_of(job, struct lane, job);

	sync_name_answer(&lane->request, &lane->err);
	if (lane->err.code != 0)
		finish(lane);
	else
		go_on(lane);
}

static void on_schemas(struct api_request *request);

static void ask_for_schemas(struct lane *lane)
{
	size_t left = lane->n_pairs - lane->next_pair;
	struct buf path = {0};

	halving_choose(&lane->halving, sync_ids(lane->sync, left));
	api_path_schemas(&path, lane->pairs + lane->next_pair, lane->halving.n);
	(lane->halving.in_doubt ? api_ask_once : api_ask)(
		lane->sync->client, &lane->request, &path, on_schemas);
}

static void run_unnamed(struct job *job)
{
	struct lane *lane = container_of(job, struct lane, job);

	lane->unnamed[lane->halving.n_left - 1] =
		lane->pairs[lane->next_pair++];
	if (lane->next_pair == lane->n_pairs)
		find_pairs(lane, true);
}

static void on_unnamed(struct job *job)
{
	go_on(container_of(job, struct lane, job));
}

static void take_schemas(struct lane *lane)
{
	if (lane->request.err.code != 0) {
		lane->err = lane->request.err;
		finish(lane);
		return;
	}
	if (lane->halving.shorter)
		sync_ask_shorter(lane->sync, lane->halving.n);
	worker_share(lane->sync->worker, &lane->job, run_name, on_named);
}

static void on_schemas(struct api_request *request)
{
	struct lane *lane = container_of(request, struct lane, request);

	switch (lane->canceled ? HALVING_END
			       : halving_judge(&lane->halving, request)) {
	case HALVING_END:
		take_schemas(lane);
		return;
	case HALVING_AGAIN:
		go_on(lane);
		return;
	case HALVING_LEAVE:
		lane->unnamed_why = request->err;
		worker_share(lane->sync->worker, &lane->job, run_unnamed,
			on_unnamed);
		return;
	}
}

static void go_on(struct lane *lane)
{
	if (lane->canceled) {
		err_set(&lane->err, ERR_CANCELED, "canceled");
		finish(lane);
	} else if (lane->n_pairs > 0) {
		ask_for_schemas(lane);
	} else {
		worker_share(
			lane->sync->worker, &lane->job, run_map, on_mapped);
	}
}

/* --- TAKING ------------------------------------------------------------- */

/* Is its name to be asked for?  Once that was in vain, it is noted. */
static bool is_new(struct lane *lane, struct ids *nameless, int64_t id)
{
	if (ids_contain(nameless->items, nameless->n, id))
		return false;
	if (lane->named)
		ids_add(nameless, id);
	return !lane->named;
}

/* What a work package does not say of its project and status is wanting. */
static void look_for_new(struct lane *lane)
{
	struct mapper *m = lane->sync->mapper;
	const struct names *names = &m->names;

	for (size_t i = 0; i < lane->page.n && lane->err.code == 0; i++) {
		const struct mapper_item *item = lane->page.items[i];
		int64_t project = item->pair.project_id;

		if (project != 0 && !names_have_project(names, project) &&
			is_new(lane, &m->nameless_projects, project))
			err_set(&lane->err, ERR_QUERY,
				"project %lld is new here", (long long)project);
		else if (item->status != 0 &&
			 !names_have_status(names, item->status) &&
			 is_new(lane, &m->nameless_statuses, item->status))
			err_set(&lane->err, ERR_QUERY,
				"status %lld is new here",
				(long long)item->status);
	}
}

static void run_take(struct job *job)
{
	struct lane *lane = container_of(job, struct lane, job);

	if (lane->wary)
		look_for_new(lane);
	if (lane->err.code != 0)
		return;
	mapper_take(lane->sync->mapper, &lane->page, &lane->err);
	if (lane->err.code == 0)
		find_pairs(lane, false);
}

/* They are known already. */
static void run_find(struct job *job)
{
	find_pairs(container_of(job, struct lane, job), false);
}

static void on_taken(struct job *job)
{
	struct lane *lane = container_of(job, struct lane, job);

	if (lane->err.code != 0) {
		finish(lane);
		return;
	}
	if (lane->taken != NULL)
		lane->taken(lane);
	go_on(lane);
}

/* --- READING ------------------------------------------------------------ */

static void run_read(uv_work_t *reading)
{
	struct lane *lane = container_of(reading, struct lane, reading);

	mapper_read(buf_str(&lane->request.body), lane->forced, &lane->page,
		&lane->err);
	buf_fini(&lane->request.body);
}

bool lane_has_part(const struct lane *lane)
{
	return lane->page.count < lane->page.total;
}

static void drop_part(struct lane *lane)
{
	struct mapper_page *page = &lane->page;

	while (page->n > 0)
		mapper_item_free(page->items[--page->n]);
}

static void on_read(uv_work_t *reading, int status)
{
	struct lane *lane = container_of(reading, struct lane, reading);

	(void)status; /* it is never canceled */
	if (lane->err.code != 0) {
		sync_name_answer(&lane->request, &lane->err);
		finish(lane);
	} else {
		if (lane->whole && lane_has_part(lane))
			drop_part(lane);
		worker_share(
			lane->sync->worker, &lane->job, run_take, on_taken);
	}
}

/* --- ASKING ------------------------------------------------------------- */

bool lane_fault(const struct api_request *list)
{
	return list->err.code != 0 && (list->status == 500 || list->too_slow);
}

static void read_list(struct lane *lane)
{
	if (uv_queue_work(
		    lane->sync->loop, &lane->reading, run_read, on_read) != 0)
		abort(); /* only without a callback */
}

static void on_list(struct api_request *request)
{
	struct lane *lane = container_of(request, struct lane, request);

	lane->fault = lane_fault(request);
	lane->too_big = request->too_big;
	lane->too_slow = request->too_slow;
	lane->too_long = request->too_long;
	lane->err = request->err;
	if (request->err.code != 0) {
		finish(lane);
		return;
	}
	read_list(lane);
	if (lane->here != NULL)
		lane->here(lane);
}

static void begin(struct lane *lane)
{
	assert(!lane->busy);
	lane->busy = true;
	lane->fault = lane->too_big = lane->too_slow = lane->too_long = false;
	lane->err = (struct err){0};
	lane->halving.in_doubt = false;
	mapper_page_fini(&lane->page);
}

void lane_start(struct lane *lane, char *path)
{
	begin(lane);
	api_request_fini(&lane->request);
	lane->request = (struct api_request){.path = path,
		.batch = lane->batch,
		.varies = !lane->batch,
		.once = lane->once};
	api_get(lane->sync->client, &lane->request, on_list);
}

void lane_start_answered(struct lane *lane, struct api_request *answered)
{
	begin(lane);
	api_request_fini(&lane->request);
	lane->request = *answered;
	*answered = (struct api_request){0};
	read_list(lane);
}

void lane_start_page(struct lane *lane, struct mapper_page *page)
{
	begin(lane);
	lane->page = *page;
	*page = (struct mapper_page){0};
	worker_share(lane->sync->worker, &lane->job, run_find, on_taken);
}

void lane_cancel(struct lane *lane)
{
	lane->canceled = lane->busy;
	api_cancel(&lane->request);
}

void lane_fini(struct lane *lane)
{
	assert(!lane->busy);
	mapper_page_fini(&lane->page);
	api_request_fini(&lane->request);
	free(lane->pairs);
	lane->pairs = NULL;
}
