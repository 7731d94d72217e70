/*
 * slow - everything, read again at leisure.
 *
 *   slice 1: LISTING --> where were we?      slice 2, 3, …: BATCHES
 *
 * It catches what no poll and no reconcile sees: whatever else of a work
 * package may change without moving it.  Each slice is a pass of its own, so
 * that polls come in between; the last id that was read is remembered with
 * what came of it, so that a restart goes on there.
 */
#include "daemon/slow.h"

#include <stdlib.h>
#include <time.h>

#include "base/stamp.h"

#define DAY (INT64_C(86400) * STAMP_SECOND)

static void finish(struct slow *s)
{
	if (s->canceled && s->err.code == 0)
		err_set(&s->err, ERR_CANCELED, "canceled");
	s->done(s); /* s may be gone */
}

/* --- The list ----------------------------------------------------------- */

static void run_look(struct job *job)
{
	struct slow *s = container_of(job, struct slow, job);

	state_get_int(store_state(s->sync->mapper->store), SLOW_NEXT, NULL,
		&s->from, &s->err);
}

static void on_looked(struct job *job)
{
	struct slow *s = container_of(job, struct slow, job);
	struct slow_list *list = s->list;

	while (list->next < list->n && list->ids[list->next] <= s->from)
		list->next++;
	list->open = s->err.code == 0;
	finish(s);
}

static void on_listing(struct listing *l)
{
	struct slow *s = container_of(l, struct slow, listing);
	struct slow_list *list = s->list;

	s->listing_on = false;
	s->err = l->err;
	if (s->err.code == 0) {
		free(list->ids);
		list->ids = l->ids.items;
		list->n = l->ids.n;
		list->next = 0;
		l->ids = (struct ids){0};
	}
	listing_fini(l);
	if (s->err.code != 0 || s->canceled) {
		finish(s);
		return;
	}
	worker_run(s->sync->worker, &s->job, run_look, on_looked);
}

/* --- A slice ------------------------------------------------------------ */

static void on_batches(struct batches *b)
{
	struct slow *s = container_of(b, struct slow, batches);

	s->err = b->err;
	batches_fini(b);
	if (s->err.code == 0 && !s->canceled)
		s->list->next += s->n;
	finish(s);
}

void slow_start(struct slow *s, slow_done_fn *done)
{
	struct slow_list *list = s->list;

	s->done = done;
	if (!list->open) {
		s->listing_on = true;
		s->listing = (struct listing){.sync = s->sync};
		listing_start(&s->listing, on_listing);
		return;
	}
	s->n = list->n - list->next;
	if (s->n > SYNC_PAGE)
		s->n = SYNC_PAGE;
	s->batches = (struct batches){.sync = s->sync,
		.items = s->items,
		.single = true,
		.n = s->n,
		.ids = list->ids + list->next};
	batches_start(&s->batches, on_batches);
}

void slow_continue(struct slow *s)
{
	batches_continue(&s->batches);
}

void slow_cancel(struct slow *s)
{
	s->canceled = true;
	if (s->listing_on)
		listing_cancel(&s->listing);
	else if (s->batches.done != NULL)
		batches_cancel(&s->batches);
}

int slow_load(struct slow_list *list, struct state *state, struct err *e)
{
	bool found = false;
	int r;

	list->ended = 0;
	r = state_get_int(state, SLOW_ENDED, &found, &list->ended, e);
	if (r != 0 || found)
		return r;
	r = state_has(state, "cursor", &found, e);
	list->ended = found; /* one that was read when nobody noted it */
	return r;
}

void slow_fini(struct slow_list *list)
{
	free(list->ids);
	*list = (struct slow_list){0};
}

void slow_put(const struct slow_list *list, struct buf *out)
{
	if (list->open && list->next > 0 && list->next < list->n)
		buf_printf(out, "%lld", (long long)list->ids[list->next - 1]);
}

/* --- When --------------------------------------------------------------- */

/* From now until the local clock is within [from, to) of the day. */
static int64_t until_window(int64_t from, int64_t to)
{
	time_t now = time(NULL);
	struct tm local;
	int64_t at;
	bool within;

	if (from == to)
		return 0;
	localtime_r(&now, &local);
	at = ((local.tm_hour * INT64_C(60) + local.tm_min) * 60 +
		     local.tm_sec) *
	     STAMP_SECOND;
	within = from < to ? at >= from && at < to : at >= from || at < to;
	if (within)
		return 0;
	return at < from ? from - at : from + DAY - at;
}

/* From now until the last one is long enough ago. */
static int64_t until_due(const struct slow_list *list, const struct config *c)
{
	int64_t ago = stamp_now() - list->ended;

	if (ago < 0) /* the clock went back, and may have by years */
		return 0;
	return c->full_every - ago;
}

int64_t slow_wait(const struct slow_list *list, const struct config *c)
{
	int64_t wait;
	int64_t pause;

	if (c->full_every == 0 || list->ended == 0)
		return INT64_MAX;
	wait = until_due(list, c);
	if (wait > 0 && !list->open)
		return wait;
	wait = until_window(c->full_from, c->full_to);
	pause = list->at - stamp_monotonic();
	if (wait < pause)
		wait = pause;
	return wait > 0 ? wait : 0;
}

void slow_pause(struct slow_list *list, const struct config *c, int64_t busy)
{
	list->at = stamp_monotonic() +
		   (int64_t)((double)busy * (1 / c->share - 1));
}
