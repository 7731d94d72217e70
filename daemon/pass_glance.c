/*
 * pass_glance - a poll that finds nothing, for a fraction of what a pass costs.
 *
 *   (BEGINNING: all is as the last poll left it, which found nothing to do)
 *        --> the list of changes is asked for
 *              --> as it was then: the end
 *              --> another: BEGINNING, and READING takes it from there
 *
 * Whatever a pass does follows from the state, the store, the configuration,
 * the time and what the server answers.  Where all of it is the same as for a
 * pass that had nothing to do, there is nothing to do.
 */
#include "daemon/pass_steps.h"

#include <string.h>

#define LIST_MOST ((size_t)64 << 10) /* bytes of a list that is remembered */

/* --- The list that is known ---------------------------------------------- */

static bool is_known(const struct pass *p)
{
	const struct quiet *q = &p->sync->quiet;
	const struct api_request *glance = &p->glance;

	return q->path != NULL && strcmp(q->path, glance->path) == 0 &&
	       str_eq(buf_str(&q->list), buf_str(&glance->body));
}

/* The overlap after the newest change may be over by now. */
static bool moves_cursor(const struct pass *p)
{
	struct cursor next = cursor_next(p->cursor, p->sync->quiet.newest,
		pass_settles(p), p->sync->config->overlap);

	return next.low != p->cursor->low || next.newest != p->cursor->newest;
}

/* READING takes the answer; what it finds in it is not known yet. */
static void remember(struct pass *p)
{
	const struct api_request *glance = &p->glance;

	if (glance->body.n > LIST_MOST)
		return;
	p->seen.path = xstrdup(glance->path);
	buf_add_str(&p->seen.list, buf_str(&glance->body));
}

void pass_know_list(struct pass *p)
{
	struct quiet *q = &p->sync->quiet;

	quiet_fini(q);
	if (!p->rests || !p->read_whole || p->err.code != 0)
		return;
	*q = p->seen;
	q->newest = p->newest;
	q->low = p->cursor->low;
	p->seen = (struct quiet){0};
}

/* --- Asking for it ------------------------------------------------------- */

static void on_glanced(struct api_request *request)
{
	struct pass *p = container_of(request, struct pass, glance);

	if (p->canceled) { /* nothing was begun */
		err_set(&p->err, ERR_CANCELED, "stopped");
		pass_end(p);
		return;
	}
	p->quiet = request->err.code == 0 && is_known(p) && !moves_cursor(p);
	if (p->quiet) {
		pass_end(p);
		return;
	}
	if (request->err.code == 0)
		remember(p);
	p->may_glance = false;
	pass_begin(p);
}

/* Nobody else looks at what the mapper has while the worker is idle. */
static bool is_at_rest(const struct pass *p)
{
	const struct sync *sync = p->sync;

	return p->may_glance && sync->resolved && p->cursor->known &&
	       !p->cursor->full_open && worker_pending(sync->worker) == 0 &&
	       mapper_is_at_rest(sync->mapper);
}

/* That of the known list, unless the cursor moved since. */
static char *path_of(const struct pass *p)
{
	const struct quiet *q = &p->sync->quiet;
	const struct api_scope scope = sync_changes(p->sync);
	struct buf path = {0};

	if (q->path != NULL && q->low == p->cursor->low)
		return xstrdup(q->path);
	api_path_changed(&path, &scope, p->cursor->low, INT64_MAX,
		(int)sync_page(p->sync));
	return buf_take(&path);
}

bool pass_glance(struct pass *p)
{
	if (!is_at_rest(p))
		return false;
	p->counts.held = p->sync->mapper->counts.held;
	p->glance = (struct api_request){.path = path_of(p), .varies = true};
	api_get(p->sync->client, &p->glance, on_glanced);
	return true;
}
