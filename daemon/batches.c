/*
 * batches - whole work packages by their ids.
 *
 * A batch in which one id has vanished is refused as a whole: it is split in
 * halves until the id stands alone.  But every batch is refused as soon as a
 * project of the scope is gone; so before an id has vanished, the server is
 * asked, once, for an id of the scope alone: if that is refused, too, it is the
 * scope, and the end.  Split is also one of which the server gives only a part,
 * since its administrator allows no larger pages.  The next batch is
 * asked for when one is here, so neither the server nor the worker waits for
 * the other; but none while too many batches wait for the worker, or too many
 * items for their attachments.
 *
 * One work package may be more than the server can deal with, which then
 * answers 500 to every list that has it in.  But so does a server without its
 * database, which is not to be asked all the more.  So when all tries of a list
 * have ended with 500, it is asked, once, for the id of one work package:
 *
 *   500 --> ids? --> 500: the server is in trouble, and that is the end
 *               `--> halves, each asked for once --> 500: their halves …
 *                         --> 500 for one alone: all tries, ids? --> it fails
 *
 * The same is done where the server does not get ready with a list in time; the
 * lists that follow are shorter then.
 *
 * A proxy in front may take shorter addresses only than a list's with all its
 * ids, and says so in its own way.  If it lets the question for one id through,
 * the halves are asked for, and from then on no more ids than they have.
 *
 * A work package that fails so, and one that alone is larger than any answer
 * may be, has an error of its own and is tried again later.  Where many more
 * lists fail than are answered, it is the server again; unless all have failed
 * before, which are not asked for more than once then.
 */
#include "daemon/batches.h"

#include <stdlib.h>

#define BAD_MOST 40 /* lists that may fail, beside as many as are good */
#define FEW 25      /* one that is slow is no reason for shorter lists */

struct batches_range {
	size_t start, n;
	bool once; /* of a list that failed */
};

static void on_lane(struct lane *lane);

static bool next_range(struct batches *b, struct batches_range *out)
{
	if (b->n_stack > 0) {
		*out = b->stack[--b->n_stack];
		return true;
	}
	if (b->next >= b->n)
		return false;
	out->once = b->doubt || b->again;
	out->start = b->next;
	out->n = b->n - b->next;
	if (out->n > b->most)
		out->n = b->most;
	b->next += out->n;
	return true;
}

static void push(struct batches *b, size_t start, size_t n, bool once)
{
	b->stack = grow(b->stack, b->n_stack, &b->cap_stack, sizeof(*b->stack));
	b->stack[b->n_stack++] = (struct batches_range){start, n, once};
}

static void start_lane(struct batches_lane *bl, struct batches_range range)
{
	struct batches *b = bl->batches;
	struct buf path = {0};

	bl->start = range.start;
	bl->n = range.n;
	api_path_batch(&path, &b->sync->scope, b->ids + range.start, range.n);
	bl->lane.batch = range.n == b->most;
	bl->lane.once = range.once;
	lane_start(&bl->lane, buf_take(&path));
}

static bool is_busy(const struct batches_lane *bl)
{
	return bl->lane.busy || bl->failing;
}

static bool any_busy(const struct batches *b)
{
	for (size_t i = 0; i < BATCHES_LANES; i++)
		if (is_busy(&b->lanes[i]))
			return true;
	return false;
}

static size_t n_asked(const struct batches *b)
{
	size_t n = 0;

	for (size_t i = 0; i < BATCHES_LANES; i++)
		n += api_is_asking(&b->lanes[i].lane.request) ||
		     api_is_asking(&b->lanes[i].probe);
	return n;
}

static void start_more(struct batches *b)
{
	struct batches_range range;

	for (size_t i = 0; i < (b->single ? 1 : BATCHES_LANES); i++) {
		struct batches_lane *bl = &b->lanes[i];

		if (b->err.code != 0 || b->canceled || items_full(b->items) ||
			n_asked(b) >= BATCHES_ASKED)
			return;
		if (!is_busy(bl) && next_range(b, &range))
			start_lane(bl, range);
	}
}

static void on_here(struct lane *lane)
{
	struct batches_lane *bl = container_of(lane, struct batches_lane, lane);

	start_more(bl->batches);
}

static bool all_asked(const struct batches *b)
{
	return b->n_stack == 0 && b->next >= b->n;
}

static void proceed(struct batches *b)
{
	start_more(b);
	if (b->ended || any_busy(b))
		return;
	if (!all_asked(b) && b->err.code == 0 && !b->canceled)
		return; /* batches_continue() follows */
	if (b->canceled && b->err.code == 0)
		err_set(&b->err, ERR_CANCELED, "canceled");
	b->ended = true;
	b->done(b); /* b may be gone */
}

static void halve(struct batches *b, const struct batches_lane *bl, bool once)
{
	size_t half = bl->n / 2;

	push(b, bl->start + half, bl->n - half, once);
	push(b, bl->start, half, once);
}

/* From now on, and in what comes after this, until names are asked for. */
static void ask_for_fewer(struct batches *b, size_t most)
{
	if (most < b->most)
		b->most = b->sync->page = most;
}

/* The same, of what an address may have. */
static void ask_shorter(struct batches *b, size_t n)
{
	sync_ask_shorter(b->sync, n / 2);
	b->most = sync_ids(b->sync, b->most);
}

/* The server gives fewer at a time than asked for: so ask for fewer. */
static void read_rest(struct batches *b, const struct batches_lane *bl)
{
	if (bl->n == 1) {
		err_set(&b->err, ERR_UNAVAILABLE,
			"the server lists work package %lld, but does not "
			"show it",
			(long long)b->ids[bl->start]);
		return;
	}
	if (bl->lane.page.page_size > 0)
		ask_for_fewer(b, (size_t)bl->lane.page.page_size);
	halve(b, bl, false);
}

static void fail(struct batches *b, const struct err *err)
{
	if (b->err.code == 0)
		b->err = *err;
}

/* --- What the server fails at -------------------------------------------- */

static void run_tell(struct job *job)
{
	struct batches_lane *bl = container_of(job, struct batches_lane, job);
	struct batches *b = bl->batches;

	mapper_fail_unread(b->sync->mapper, b->ids[bl->start], &bl->lane.err,
		&bl->job_err);
}

static void on_told(struct job *job)
{
	struct batches_lane *bl = container_of(job, struct batches_lane, job);
	struct batches *b = bl->batches;

	bl->failing = false;
	if (bl->job_err.code != 0)
		fail(b, &bl->job_err);
	proceed(b);
}

/* It is alone, and the error its own. */
static void tell(struct batches_lane *bl)
{
	bl->failing = true;
	ids_add(&bl->batches->failed, bl->batches->ids[bl->start]);
	worker_share(bl->batches->sync->worker, &bl->job, run_tell, on_told);
}

/* Does the server list ids, if nothing else?  done() has the answer. */
static void probe(struct batches_lane *bl, api_done_fn *done)
{
	struct batches *b = bl->batches;
	struct buf path = {0};

	bl->failing = true;
	api_path_ids(&path, &b->sync->scope, 1, 1);
	api_ask_once(b->sync->client, &bl->probe, &path, done);
}

static void on_probed(struct api_request *probe)
{
	struct batches_lane *bl =
		container_of(probe, struct batches_lane, probe);
	struct batches *b = bl->batches;

	bl->failing = false;
	if (probe->err.code != 0 || b->canceled)
		fail(b, b->canceled ? &probe->err : &bl->lane.err);
	else if (bl->n > 1)
		halve(b, bl, true);
	else
		tell(bl);
	proceed(b);
}

static void on_fault(struct batches *b, struct batches_lane *bl)
{
	bool many = ++b->n_bad > b->n_good + BAD_MOST && !b->again;

	if (bl->lane.too_slow && bl->n / 2 >= FEW)
		ask_for_fewer(b, bl->n / 2);
	if (b->canceled || many)
		fail(b, &bl->lane.err);
	else if (!bl->lane.once || (bl->n == 1 && b->again))
		probe(bl, on_probed);
	else if (bl->n > 1)
		halve(b, bl, true);
	else
		push(b, bl->start, 1, false);
}

/* --- What is too long ----------------------------------------------------- */

static void on_reached(struct api_request *probe)
{
	struct batches_lane *bl =
		container_of(probe, struct batches_lane, probe);
	struct batches *b = bl->batches;

	bl->failing = false;
	if (probe->err.code != 0 || b->canceled) {
		fail(b, &probe->err);
	} else {
		ask_shorter(b, bl->n);
		halve(b, bl, bl->lane.once);
	}
	proceed(b);
}

static void on_too_long(struct batches *b, struct batches_lane *bl)
{
	if (b->canceled || b->err.code != 0)
		fail(b, &bl->lane.err);
	else
		probe(bl, on_reached);
}

/* --- What the server refuses --------------------------------------------- */

static void on_scope(struct api_request *probe)
{
	struct batches_lane *bl =
		container_of(probe, struct batches_lane, probe);
	struct batches *b = bl->batches;

	bl->failing = false;
	if (probe->err.code != 0)
		fail(b, &probe->err);
	else
		ids_add(&b->vanished, b->ids[bl->start]);
	proceed(b);
}

static void on_refused(struct batches *b, struct batches_lane *bl)
{
	if (bl->n > 1)
		halve(b, bl, false);
	else if (b->sync->scope.n_projects == 0)
		ids_add(&b->vanished, b->ids[bl->start]);
	else if (b->err.code == 0 && !b->canceled)
		probe(bl, on_scope);
}

static void on_good(struct batches *b, const struct batches_lane *bl)
{
	b->n_good++;
	for (size_t i = 0; i < bl->n; i++)
		sync_show(b->sync, b->ids[bl->start + i]);
}

static void on_lane(struct lane *lane)
{
	struct batches_lane *bl = container_of(lane, struct batches_lane, lane);
	struct batches *b = bl->batches;

	if (lane->err.code == 0)
		on_good(b, bl);
	if (lane->err.code == 0 && lane_has_part(lane))
		read_rest(b, bl);
	else if (lane->err.code == ERR_QUERY)
		on_refused(b, bl);
	else if (lane->too_big && bl->n > 1)
		halve(b, bl, false);
	else if (lane->too_big)
		tell(bl);
	else if (lane->fault)
		on_fault(b, bl);
	else if (lane->too_long && bl->n > 1)
		on_too_long(b, bl);
	else if (lane->err.code != 0)
		fail(b, &lane->err);
	proceed(b);
}

void batches_start(struct batches *b, batches_done_fn *done)
{
	struct mapper_page none = {0};

	b->done = done;
	b->most = sync_ids(b->sync, sync_page(b->sync));
	for (size_t i = 0; i < BATCHES_LANES; i++) {
		b->lanes[i].batches = b;
		b->lanes[i].lane = (struct lane){.sync = b->sync,
			.items = b->items,
			.forced = b->forced,
			.here = on_here,
			.whole = true,
			.done = on_lane};
	}
	/* With nothing to ask for, an empty page brings done() later. */
	if (b->n == 0)
		lane_start_page(&b->lanes[0].lane, &none);
	else
		start_more(b);
}

void batches_continue(struct batches *b)
{
	if (b->done != NULL && !b->ended)
		proceed(b);
}

void batches_cancel(struct batches *b)
{
	b->canceled = true;
	for (size_t i = 0; i < BATCHES_LANES; i++) {
		lane_cancel(&b->lanes[i].lane);
		api_cancel(&b->lanes[i].probe);
	}
}

void batches_fini(struct batches *b)
{
	for (size_t i = 0; i < BATCHES_LANES; i++)
		if (b->lanes[i].batches != NULL) {
			lane_fini(&b->lanes[i].lane);
			api_request_fini(&b->lanes[i].probe);
		}
	free(b->stack);
	free(b->vanished.items);
	free(b->failed.items);
	*b = (struct batches){0};
}
