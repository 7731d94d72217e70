/*
 * catch_up - the work packages changed since a moment.
 *
 *   page from low --> page from the last stamp shown --> … until all came
 *         `--> (a page of one single moment) ids of it --> batches --.
 *         ^----------------------------------------------------------'
 *
 * Paging is by key, never by offset: an edit while we read moves a work
 * package to the end, and shifts nobody past us.  As soon as a page is taken
 * in, the next is asked for, while the worker maps the first.  The lower
 * bound is inclusive and the server shows milliseconds, or only seconds, of
 * what it keeps in microseconds, so the last ones of a page come again; they
 * are known by their source and cost nothing more.  A page larger than any
 * answer may be is asked for again as half as many.
 *
 *   page --> 500 --> its ids --> batches: some fail --> page without them …
 *
 * Where the server fails at a page, its work packages are asked for by their
 * ids; those that it fails at (batches.c) are left out of lists of changes from
 * then on, so that the others come in order, and the cursor with them.
 */
#include "daemon/catch_up.h"

#include <stdlib.h>

#include "api/resources.h"
#include "base/stamp.h"
#include "daemon/cursor.h"

#define FINDS_MOST 20 /* pages that the server fails at, in one flow */

static void proceed(struct catch_up *c);

static bool lanes_busy(const struct catch_up *c)
{
	return c->lanes[0].lane.busy || c->lanes[1].lane.busy;
}

/* --- A page ------------------------------------------------------------- */

/* Called when a page's figures are known, while it is still to be mapped. */
static void on_taken(struct lane *lane)
{
	struct catch_up_lane *cl =
		container_of(lane, struct catch_up_lane, lane);
	struct catch_up *c = cl->catch_up;
	const struct mapper_page *page = &lane->page;

	c->n_shown += page->count;
	if (page->newest > c->newest)
		c->newest = page->newest;
	c->whole = c->n_shown == page->count && page->total == page->count &&
		   page->last <= page->newest;
	if (page->total <= page->count)
		return;
	if (page->count == 0 || page->last + STAMP_SECOND < c->low) {
		err_set(&c->err, ERR_UNAVAILABLE,
			"the server's list of changes does not go on where it "
			"was asked to (%lld of %lld work packages)",
			(long long)page->count, (long long)page->total);
		return;
	}
	if (page->last > c->low) {
		c->low = page->last;
		c->more = true;
	} else {
		c->tied = cursor_after(page->last);
		if (c->tied <= c->low)
			c->tied = cursor_after(c->low);
	}
	proceed(c);
}

static void on_lane(struct lane *lane)
{
	struct catch_up_lane *cl =
		container_of(lane, struct catch_up_lane, lane);
	struct catch_up *c = cl->catch_up;

	if (lane->too_big && c->page > 1) {
		c->page /= 2;
		c->more = true;
	} else if (lane->too_big || lane->fault) {
		c->fault = lane->err;
		c->failed = true;
	} else if (lane->err.code != 0 && c->err.code == 0) {
		c->err = lane->err;
	}
	proceed(c);
}

static void ask_page(struct catch_up *c, struct lane *lane)
{
	const struct api_scope scope = sync_changes(c->sync);
	struct buf path = {0};

	c->more = false;
	api_path_changed(&path, &scope, c->low, INT64_MAX, c->page);
	lane_start(lane, buf_take(&path));
}

/* --- A moment that fills a page ----------------------------------------- */

static void on_batches(struct batches *b)
{
	struct catch_up *c = container_of(b, struct catch_up, batches);

	if (b->err.code != 0 && c->err.code == 0)
		c->err = b->err;
	batches_fini(b);
	listing_fini(&c->listing);
	c->low = c->tied;
	c->tied = 0;
	c->more = true;
	proceed(c);
}

static void on_listing(struct listing *l)
{
	struct catch_up *c = container_of(l, struct catch_up, listing);

	if (l->err.code != 0) {
		c->err = l->err;
		listing_fini(l);
		c->tied = 0;
		proceed(c);
		return;
	}
	c->batches = (struct batches){.sync = c->sync,
		.items = c->items,
		.n = l->ids.n,
		.ids = l->ids.items};
	batches_start(&c->batches, on_batches);
}

static void read_tie(struct catch_up *c)
{
	c->listing = (struct listing){.sync = c->sync,
		.ranged = true,
		.low = c->low,
		.high = c->tied};
	listing_start(&c->listing, on_listing);
}

/* --- A page that the server fails at ------------------------------------- */

static void on_found(struct batches *b)
{
	struct catch_up *c = container_of(b, struct catch_up, batches);
	bool room = true;

	if (b->err.code != 0 && c->err.code == 0)
		c->err = b->err;
	for (size_t i = 0; i < b->failed.n && room; i++)
		room = sync_hide(c->sync, b->failed.items[i]);
	if (c->err.code == 0 && (!room || ++c->n_finds > FINDS_MOST))
		c->err = c->fault;
	batches_fini(b);
	c->failed = false;
	c->page = (int)sync_page(c->sync);
	c->more = true;
	proceed(c);
}

static int read_ids(struct catch_up *c, size_t *n)
{
	struct arena scratch = {0};
	struct api_list list = {0};
	int64_t *ids = NULL;

	if (api_ids_parse(&scratch, buf_str(&c->request.body), &list, &ids,
		    &c->err) == 0) {
		free(c->ids);
		c->ids = xcalloc(list.n, sizeof(*ids));
		for (size_t i = 0; i < list.n; i++)
			c->ids[i] = ids[i];
		*n = list.n;
	}
	arena_fini(&scratch);
	sync_name_answer(&c->request, &c->err);
	return c->err.code;
}

static void on_ids(struct api_request *request)
{
	struct catch_up *c = container_of(request, struct catch_up, request);
	size_t n = 0;

	if (request->err.code != 0)
		c->err = c->canceled ? request->err : c->fault;
	if (c->canceled || c->err.code != 0 || read_ids(c, &n) != 0) {
		c->failed = false;
		proceed(c);
		return;
	}
	c->batches = (struct batches){.sync = c->sync,
		.items = c->items,
		.doubt = true,
		.n = n,
		.ids = c->ids};
	batches_start(&c->batches, on_found);
}

/* The server is asked once: it may be in trouble as a whole. */
static void find_failing(struct catch_up *c)
{
	const struct api_scope scope = sync_changes(c->sync);
	struct buf path = {0};

	api_path_changed_page(&path, &scope, c->low, c->page);
	api_ask_once(c->sync->client, &c->request, &path, on_ids);
}

/* --- The whole ---------------------------------------------------------- */

static void read_aside(struct catch_up *c)
{
	if (lanes_busy(c))
		return;
	if (c->failed)
		find_failing(c);
	else
		read_tie(c);
}

static void proceed(struct catch_up *c)
{
	bool stop = c->err.code != 0 || c->canceled;

	if (c->ended || api_is_asking(&c->request) ||
		api_is_asking(&c->listing.request) || c->batches.done != NULL)
		return;
	if (!stop && (c->failed || c->tied != 0)) {
		read_aside(c);
		return;
	}
	if (!stop && c->more) {
		if (items_full(c->items))
			return; /* catch_up_continue() follows */
		for (size_t i = 0; i < 2 && c->more; i++)
			if (!c->lanes[i].lane.busy)
				ask_page(c, &c->lanes[i].lane);
		return;
	}
	if (lanes_busy(c))
		return;
	if (c->canceled && c->err.code == 0)
		err_set(&c->err, ERR_CANCELED, "canceled");
	c->ended = true;
	c->done(c); /* c may be gone */
}

void catch_up_start(struct catch_up *c, catch_up_done_fn *done)
{
	c->done = done;
	c->page = (int)sync_page(c->sync);
	for (size_t i = 0; i < 2; i++) {
		c->lanes[i].catch_up = c;
		c->lanes[i].lane = (struct lane){.sync = c->sync,
			.items = c->items,
			.wary = c->wary,
			.named = c->named,
			.taken = on_taken,
			.done = on_lane};
	}
	c->failed = c->fault.code != 0;
	if (c->failed)
		find_failing(c);
	else if (c->answered != NULL)
		lane_start_answered(&c->lanes[0].lane, c->answered);
	else
		ask_page(c, &c->lanes[0].lane);
}

void catch_up_continue(struct catch_up *c)
{
	if (c->done == NULL || c->ended)
		return;
	batches_continue(&c->batches);
	proceed(c);
}

void catch_up_cancel(struct catch_up *c)
{
	c->canceled = true;
	for (size_t i = 0; i < 2; i++)
		lane_cancel(&c->lanes[i].lane);
	api_cancel(&c->request);
	listing_cancel(&c->listing);
	if (c->batches.done != NULL)
		batches_cancel(&c->batches);
}

void catch_up_fini(struct catch_up *c)
{
	for (size_t i = 0; i < 2; i++)
		if (c->lanes[i].catch_up != NULL)
			lane_fini(&c->lanes[i].lane);
	api_request_fini(&c->request);
	free(c->ids);
	*c = (struct catch_up){0};
}
