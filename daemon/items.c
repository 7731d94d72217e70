/*
 * items - work packages that need their attachment list, comments, or
 * contents.
 *
 *   waiting --> MAPPING --> done
 *                ^  |
 *                |  |--> ASKING ----.
 *                |  `--> FETCHING --|
 *                `------------------'
 *
 * A user is asked for once: others who wait for the same one are mapped again
 * when the answer is there.
 *
 * What is wrong with one work package is recorded and the next goes on; a
 * fault of the store, a refused key, or a server that is not there, ends all.
 * Where an answer does not tell which it is, a look at the list does; what the
 * server said of pauses then holds for that one thing.
 */
#include "daemon/items.h"

#include <stdlib.h>

#include "base/stamp.h"

/*
 * So many are worked on, that all have something to do while the worker
 * commits; but only a few of those with many attachments.
 */
#define MAX_ACTIVE 300
#define FEW_ACTIVE 12
#define MAX_WEIGHT ((size_t)4 << 20) /* beside contents */
#define SOUND_FOR STAMP_SECOND

struct item {
	struct items *items;
	struct item *next;
	struct item **self; /* that points to this one, while active */
	size_t weight;      /* among the active ones */
	struct mapper_item *work;
	struct job job;
	struct api_request request;
	struct api_request look; /* at the list */
	int64_t user;            /* that it asks for, or waits for, 0: none; */
	bool parked;             /* the latter, since another asks for him */
	bool answered;           /* its answer is to be taken in */
	size_t n_fetches;
	size_t n_fetching;
	size_t n_staged; /* worker's */
	bool has_run;    /* the job has, as the last content was staged */
	struct fetch *fetches;
	enum mapped mapped;
	struct err why;   /* the work package cannot be mapped */
	struct err err;   /* nothing can */
	struct err doubt; /* one of both */
	struct mapper_counts counts;
};

static void start_more(struct items *items);
static void map(struct item *item);
static void run_map(struct job *job);
static void on_mapped(struct job *job);

static void item_free(struct item *item)
{
	for (size_t i = 0; i < item->n_fetches; i++)
		fetch_fini(&item->fetches[i]);
	free(item->fetches);
	api_request_fini(&item->request);
	api_request_fini(&item->look);
	mapper_item_free(item->work);
	free(item);
}

/* Does another ask for the same user? */
static bool is_asked_for(const struct item *item)
{
	const struct item *other = item->items->active;

	while (other != NULL &&
		(other == item || other->parked || other->user != item->user))
		other = other->next;
	return other != NULL;
}

/* It is known what there is of its user, if it asked for one. */
static void let_others_go(struct item *item)
{
	struct items *items = item->items;

	for (struct item *other = items->active;
		other != NULL && item->user != 0; other = other->next) {
		if (!other->parked || other->user != item->user)
			continue;
		other->parked = false;
		other->user = 0;
		worker_give(items->sync->worker, &other->job);
	}
	item->user = 0;
}

static void end(struct item *item)
{
	struct items *items = item->items;

	let_others_go(item);
	if (item->err.code != 0 && items->err.code == 0)
		items_cancel(items, &item->err);
	*item->self = item->next;
	if (item->next != NULL)
		item->next->self = item->self;
	items->n_active--;
	items->weight -= item->weight;
	item_free(item);
	start_more(items);
	items->moved(items);
}

/* --- Faults ------------------------------------------------------------- */

/*
 * A right that lacks for this one, or for all; a connection that broke for
 * this one (perhaps to another host, which keeps contents), or a server that is
 * gone, or has enough for now.
 */
static bool is_doubtful(const struct err *err, const struct api_request *r)
{
	bool busy = r->status == 429 || api_is_away(r->status);

	return (err->code == ERR_AUTH && r->status == 403) ||
	       (err->code == ERR_UNAVAILABLE && (r->status == 0 || busy));
}

/*
 * Is this the end of one work package only, or of the pass?  Which file of it,
 * its writer wants to know; NULL: none.
 */
static void stop_or_record(struct item *item, const struct err *err,
	const struct api_request *request, const char *file)
{
	struct err own = *err;

	if (file != NULL)
		err_prefix(&own, "%s", file);
	if (is_doubtful(err, request))
		item->doubt = own;
	else if (err->code == ERR_AUTH || err->code == ERR_CANCELED ||
		 err->code == ERR_IO)
		item->err = *err;
	else
		item->why = own;
}

/* Somebody who is not shown, or an author whom a commit can do without. */
static bool is_dispensable(const struct item *item)
{
	int code = item->why.code;

	return (item->work->waits == MAPPED_USER &&
		       (code == ERR_NOT_FOUND || code == ERR_AUTH)) ||
	       (item->work->waits == MAPPED_EDITOR && code != 0);
}

/* As if the answer had said nothing. */
static void do_without(struct item *item)
{
	item->answered = true;
	buf_clear(&item->request.body);
	item->why = (struct err){0};
}

/* It is this work package's own fault. */
static void blame(struct item *item)
{
	struct api_client *client = item->items->sync->client;

	api_set_aside(client, &item->request);
	for (size_t i = 0; i < item->n_fetches; i++)
		api_set_aside(client, &item->fetches[i].request);
	item->why = item->doubt;
	item->doubt = (struct err){0};
	if (is_dispensable(item))
		do_without(item);
	map(item);
}

/* Whatever there is to say of it, no pause was found to be its own. */
static void heed_and_map(struct item *item)
{
	struct api_client *client = item->items->sync->client;

	api_heed(client, &item->request);
	for (size_t i = 0; i < item->n_fetches; i++)
		api_heed(client, &item->fetches[i].request);
	map(item);
}

static void on_looked(struct api_request *request)
{
	struct item *item = container_of(request, struct item, look);

	item->err = request->err;
	if (item->err.code != 0) {
		heed_and_map(item);
		return;
	}
	item->items->sound_at = stamp_monotonic();
	blame(item);
}

/* Is the server well?  Another may have asked just now. */
static void look(struct item *item)
{
	struct items *items = item->items;
	struct buf path = {0};

	if (items->sound_at != 0 &&
		stamp_monotonic() - items->sound_at < SOUND_FOR) {
		blame(item);
		return;
	}
	api_path_ids(&path, &items->sync->scope, 1, 1);
	api_ask(items->sync->client, &item->look, &path, on_looked);
}

/* With all that there is to say of it. */
static void go_on(struct item *item)
{
	if (item->doubt.code != 0 && item->err.code == 0 &&
		item->items->err.code == 0)
		look(item);
	else
		heed_and_map(item);
}

/* --- ASKING ------------------------------------------------------------- */

static void on_answer(struct api_request *request)
{
	struct item *item = container_of(request, struct item, request);

	item->answered = request->err.code == 0;
	if (!item->answered)
		stop_or_record(item, &request->err, request, NULL);
	if (is_dispensable(item))
		do_without(item);
	go_on(item);
}

/*
 * For the attachment list, the comments, who wrote one, or who edited the
 * work package last.
 */
static void ask(struct item *item)
{
	struct buf path = {0};

	item->user = item->work->waits == MAPPED_USER ? item->work->user : 0;
	item->parked = item->user != 0 && is_asked_for(item);
	if (item->parked)
		return;
	if (item->work->waits == MAPPED_LIST)
		api_path_attachments(&path, item->work->id);
	else if (item->work->waits == MAPPED_USER)
		api_path_user(&path, item->work->user);
	else
		api_path_activities(&path, item->work->id);
	api_request_fini(&item->request);
	item->request =
		(struct api_request){.path = buf_take(&path), .single = true};
	api_get(item->items->sync->client, &item->request, on_answer);
}

/* --- FETCHING ----------------------------------------------------------- */

static void on_fetched(struct fetch *f)
{
	struct item *item = f->owner;

	if (f->err.code != 0)
		stop_or_record(item, &f->err, &f->request, f->need.name);
	/* A damaged transfer is no fault of the work package: later again. */
	if (item->why.code == ERR_DATA)
		item->why.code = ERR_AGAIN;
	if (--item->n_fetching > 0)
		return;
	if (item->has_run)
		on_mapped(&item->job);
	else
		go_on(item);
}

/* On the worker's thread: when all are there, on without a way back. */
static void on_staged(struct fetch *f)
{
	struct item *item = f->owner;

	if (++item->n_staged < item->n_fetches)
		return;
	run_map(&item->job);
	item->has_run = true;
}

static void fetch_all(struct item *item)
{
	struct mapper_item *work = item->work;

	for (size_t i = 0; i < item->n_fetches; i++)
		fetch_fini(&item->fetches[i]);
	free(item->fetches);
	item->n_fetches = item->n_fetching = work->n_needs;
	item->n_staged = 0;
	item->has_run = false;
	item->fetches = xcalloc(work->n_needs, sizeof(*item->fetches));
	for (size_t i = 0; i < work->n_needs; i++) {
		item->fetches[i] = (struct fetch){
			.sync = item->items->sync,
			.room = &item->items->room,
			.work_package = work->id,
			.project_id = work->pair.project_id,
			.need = work->needs[i],
			.owner = item,
			.staged = on_staged,
		};
	}
	for (size_t i = 0; i < item->n_fetches; i++)
		fetch_start(&item->fetches[i], on_fetched);
}

/* --- MAPPING, on the worker's thread ------------------------------------ */

static void take_answer(struct item *item)
{
	if (!item->answered)
		return;
	item->answered = false;
	item->work->answer = item->request.body;
	item->request.body = (struct buf){0};
	mapper_take_answer(item->items->sync->mapper, item->work, &item->why);
}

static void run_map(struct job *job)
{
	struct item *item = container_of(job, struct item, job);
	struct mapper *m = item->items->sync->mapper;

	item->mapped = MAPPED_DONE;
	if (item->why.code == 0)
		take_answer(item);
	if (item->why.code == 0)
		item->mapped = mapper_map(m, item->work, &item->err);
	if (item->mapped == MAPPED_SCHEMA) {
		err_set(&item->why, ERR_DATA,
			"the server gives no schema for project %lld, type "
			"%lld",
			(long long)item->work->pair.project_id,
			(long long)item->work->pair.type_id);
		item->mapped = MAPPED_DONE;
	}
	if (item->why.code != 0 && item->work->waits == MAPPED_USER)
		mapper_miss_user(m, item->work, &item->why);
	if (item->why.code != 0)
		mapper_fail(m, item->work, &item->why);
	if (item->err.code == 0 && item->mapped == MAPPED_DONE)
		mapper_commit_some(m, &item->err);
	item->counts = m->counts;
}

static void set_weight(struct item *item, size_t weight)
{
	item->items->weight = item->items->weight - item->weight + weight;
	item->weight = weight;
}

/* What is usual follows more quickly when they get heavier. */
static void weigh(struct item *item)
{
	const struct mapper_item *work = item->work;
	struct items *items = item->items;
	size_t weight =
		work->source.n + work->attachments.n + work->comments.n +
		work->n_needs * (sizeof(struct fetch) + sizeof(*work->needs));

	set_weight(item, weight);
	items->usual -= items->usual / 8;
	if (items->usual < weight)
		items->usual = weight;
}

static void on_mapped(struct job *job)
{
	struct item *item = container_of(job, struct item, job);

	item->items->sync->progress = item->counts;
	let_others_go(item);
	if (item->items->err.code != 0 || item->err.code != 0) {
		end(item);
		return;
	}
	weigh(item);
	switch (item->mapped) {
	case MAPPED_LIST:
	case MAPPED_COMMENTS:
	case MAPPED_USER:
	case MAPPED_EDITOR:
		ask(item);
		return;
	case MAPPED_NEEDS:
		fetch_all(item);
		return;
	case MAPPED_DONE:
	case MAPPED_SCHEMA:
	case MAPPED_FAULT:
		end(item);
		return;
	}
}

static void map(struct item *item)
{
	if (item->err.code != 0 || item->items->err.code != 0) {
		end(item);
		return;
	}
	worker_give(item->items->sync->worker, &item->job);
}

/* --- The crowd ---------------------------------------------------------- */

/*
 * An item comes here after a first look: what it needs is known, so work
 * begins without another.
 */
static void start(struct item *item)
{
	struct items *items = item->items;

	item->next = items->active;
	if (item->next != NULL)
		item->next->self = &item->next;
	items->active = item;
	item->self = &items->active;
	items->n_active++;
	set_weight(item, items->usual);
	if (item->work->waits == MAPPED_NEEDS)
		fetch_all(item);
	else
		ask(item);
}

static bool may_start(const struct items *items)
{
	return items->n_active < FEW_ACTIVE ||
	       (items->n_active < MAX_ACTIVE &&
		       items->weight + items->usual <= MAX_WEIGHT);
}

static void start_more(struct items *items)
{
	while (items->first != NULL && may_start(items)) {
		struct item *item = items->first;

		items->first = item->next;
		if (items->first == NULL)
			items->last = &items->first;
		items->n_waiting--;
		start(item);
	}
}

void items_init(struct items *items, struct sync *sync, items_fn *moved)
{
	*items = (struct items){.sync = sync, .moved = moved};
	items->last = &items->first;
	items->usual = MAX_WEIGHT / FEW_ACTIVE; /* not known yet */
	fetch_room_init(&items->room);
}

void items_add(struct items *items, struct mapper_item **work, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct item *item;

		if (items->err.code != 0) {
			mapper_item_free(work[i]);
			continue;
		}
		item = xcalloc(1, sizeof(*item));
		item->items = items;
		item->work = work[i];
		item->job = (struct job){
			.run = run_map, .done = on_mapped, .shares = true};
		*items->last = item;
		items->last = &item->next;
		items->n_waiting++;
	}
	start_more(items);
}

void items_cancel(struct items *items, const struct err *why)
{
	if (items->err.code != 0)
		return;
	items->err = *why;
	while (items->first != NULL) {
		struct item *item = items->first;

		items->first = item->next;
		items->n_waiting--;
		item_free(item);
	}
	items->last = &items->first;
	for (struct item *item = items->active; item != NULL;
		item = item->next) {
		api_cancel(&item->request);
		api_cancel(&item->look);
		for (size_t i = 0; i < item->n_fetches; i++)
			fetch_cancel(&item->fetches[i]);
	}
}
