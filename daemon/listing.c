/*
 * listing - the ids that the server shows, as one consistent list.
 *
 * A list that changes while it is paged may skip an id.  So a walk counts only
 * if total was the same on every page, and the distinct ids are that many;
 * else it is walked again, and what one walk has skipped another has seen: all
 * their ids are taken together if they are as many as there are now.  A busy
 * server is walked twice so.  A clamped page size is no matter: the next offset
 * follows until all are there or a page, in the order of ids, goes no further:
 * empty or the same again, whatever total promises.  A server that counts a
 * few more than it lists, and does so on each walk, will not change: what it
 * lists is taken, and how many lack is told.
 */
#include "daemon/listing.h"

#include <stdlib.h>

#include "api/resources.h"

#define PAGE 1000
#define MAX_WALKS 3
#define FEW(n) (1 + (int64_t)(n) / 100) /* of so many */

static void ask(struct listing *l);

static void finish(struct listing *l)
{
	if (l->canceled && l->err.code == 0)
		err_set(&l->err, ERR_CANCELED, "canceled");
	l->done(l); /* l may be gone */
}

/* Of this walk, by now. */
static size_t n_walked(const struct listing *l)
{
	return l->ids.n - l->n_before;
}

/* One page: *on: it went on.  False if there is an error. */
static bool take_page(struct listing *l, bool *on)
{
	const int64_t last = l->last;
	struct arena scratch = {0};
	struct api_list list = {0};
	int64_t *ids = NULL;

	if (api_ids_parse(&scratch, buf_str(&l->request.body), &list, &ids,
		    &l->err) == 0) {
		l->moved =
			l->offset > 1 && (l->moved || list.total != l->total);
		l->total = list.total;
		for (size_t i = 0; i < list.n; i++) {
			ids_add(&l->ids, ids[i]);
			if (ids[i] > l->last)
				l->last = ids[i];
		}
	}
	*on = l->last > last;
	arena_fini(&scratch);
	sync_name_answer(&l->request, &l->err);
	return l->err.code == 0;
}

static void walk(struct listing *l)
{
	l->n_before = l->ids.n;
	l->offset = 1;
	l->last = 0;
	ask(l);
}

/* What several walks have seen, of which the last one saw n. */
static void take_together(struct listing *l, size_t n)
{
	bool first = l->walks == 0;
	int64_t lacking;

	l->ids.n = ids_distinct(l->ids.items, l->ids.n);
	l->same = !l->moved && l->ids.n == n &&
		  (first || (l->same && n == l->n_before &&
				    l->total == l->counted));
	l->counted = l->total;
	lacking = l->total - (int64_t)l->ids.n;
	if (++l->walks < 2 || (lacking > 0 && l->walks < MAX_WALKS)) {
		walk(l);
		return;
	}
	if (lacking > 0 && l->same && lacking <= FEW(n))
		l->n_lacking = lacking;
	else if (lacking > 0)
		err_set(&l->err, ERR_UNAVAILABLE,
			"the server's list of ids changed on each of %d walks "
			"(%zu ids of %lld)",
			l->walks, l->ids.n, (long long)l->total);
	finish(l);
}

static void end_walk(struct listing *l)
{
	int64_t *own = l->ids.items + l->n_before;
	size_t n = ids_distinct(own, n_walked(l));

	l->ids.n = l->n_before + n;
	if (l->twice || l->moved || (int64_t)n != l->total) {
		take_together(l, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		l->ids.items[i] = own[i];
	l->ids.n = n;
	finish(l);
}

static void on_page(struct api_request *request)
{
	struct listing *l = container_of(request, struct listing, request);
	bool on = false;

	l->err = request->err;
	if (l->err.code != 0 || l->canceled || !take_page(l, &on)) {
		finish(l);
	} else if (on && (int64_t)n_walked(l) < l->total) {
		l->offset++;
		ask(l);
	} else {
		end_walk(l);
	}
}

static void ask(struct listing *l)
{
	struct buf path = {0};

	if (l->ranged)
		api_path_changed_ids(&path, &l->sync->scope, l->low, l->high,
			PAGE, l->offset);
	else
		api_path_ids(&path, &l->sync->scope, PAGE, l->offset);
	if (l->once && l->total == 0)
		api_ask_once(l->sync->client, &l->request, &path, on_page);
	else
		api_ask(l->sync->client, &l->request, &path, on_page);
}

void listing_start(struct listing *l, listing_done_fn *done)
{
	l->done = done;
	walk(l);
}

void listing_cancel(struct listing *l)
{
	l->canceled = true;
	api_cancel(&l->request);
}

void listing_fini(struct listing *l)
{
	api_request_fini(&l->request);
	free(l->ids.items);
	l->ids = (struct ids){0};
}
