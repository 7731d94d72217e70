/*
 * pass_read - READING: which work packages the server is asked for.
 *
 *   poll       changes since the cursor
 *   full       everything; if it fails, what changed since it was begun
 *   reconcile  everything, by ids; then changes since long before the cursor
 *   some       those, whether they changed or not; then a reconcile, if told
 *   slow       the next slice of everything
 *
 * Each is a flow of its own; it hands over items, and may end before they do.
 * Where the server refuses to list changes, a project may be gone, and where it
 * lists a project or status that is new here, its name is wanting: the names
 * are asked for again, once.
 */
#include "daemon/pass_steps.h"

#include "base/stamp.h"
#include "daemon/log.h"

#define LOOK_BACK (INT64_C(7200) * STAMP_SECOND)

/* A project may have been archived or hidden: ask again, once. */
bool pass_try_again(struct pass *p)
{
	if (p->err.code != ERR_QUERY || p->retried || p->canceled)
		return false;
	p->retried = true;
	p->sync->resolved = false;
	p->sync->n_unshown = 0; /* one that is gone is refused, too */
	p->err = (struct err){0};
	return true;
}

/* --- Some --------------------------------------------------------------- */

void pass_read_ids(
	struct pass *p, const int64_t *ids, size_t n, batches_done_fn *done)
{
	p->batches = (struct batches){.sync = p->sync,
		.items = &p->items,
		.forced = true,
		.n = n,
		.ids = ids};
	batches_start(&p->batches, done);
}

static void on_some(struct batches *b)
{
	struct pass *p = container_of(b, struct pass, batches);

	p->err = b->err;
	if (pass_try_again(p)) {
		batches_fini(b);
		pass_proceed(p, RESOLVING);
		return;
	}
	for (size_t i = 0; i < b->vanished.n; i++) {
		log_warning("work package %lld is not shown by the server, or "
			    "out of scope",
			(long long)b->vanished.items[i]);
		if (p->n_not_shown < PASS_NOT_SHOWN)
			p->not_shown[p->n_not_shown++] = b->vanished.items[i];
	}
	batches_fini(b);
	if (p->reconcile) {
		p->reconcile = false;
		p->kind = PASS_RECONCILE;
		pass_proceed(p, READING);
	} else {
		pass_proceed(p, DRAINING);
	}
}

/* --- Changes ------------------------------------------------------------ */

/* Nothing is to be read any more: it was stopped, or the store failed. */
static bool is_end(const struct pass *p, const struct err *e)
{
	return p->canceled || e->code == ERR_CANCELED || e->code == ERR_IO ||
	       e->code == ERR_REPLACED;
}

static void on_caught_up(struct catch_up *c)
{
	struct pass *p = container_of(c, struct pass, catch_up);

	p->err = c->err;
	p->newest = c->newest;
	p->read_whole = c->whole;
	catch_up_fini(c);
	if (p->full_err.code != 0 && !is_end(p, &p->err))
		p->err = p->full_err;
	pass_proceed(p, pass_try_again(p) ? RESOLVING : DRAINING);
}

static void read_since(struct pass *p, int64_t low)
{
	p->looking_back = true;
	p->catch_up = (struct catch_up){
		.sync = p->sync, .items = &p->items, .low = low > 0 ? low : 0};
	catch_up_start(&p->catch_up, on_caught_up);
}

/*
 * A reconcile asks for what changed since long before the cursor, too: what
 * was hidden when it changed, or was written by a clock that went back.  One
 * that was ahead for hours may have put the cursor after now.
 */
static void look_back(struct pass *p)
{
	int64_t now = stamp_now();
	int64_t low = (p->cursor->low < now ? p->cursor->low : now) - LOOK_BACK;

	read_since(p, low);
}

/* --- Everything --------------------------------------------------------- */

/*
 * As long as it is not done there is no poll, and what it has read it does not
 * read again: what is edited meanwhile comes all the same, unless the server
 * has asked for a pause.
 */
static bool may_go_on(const struct pass *p, bool opened)
{
	bool answered = p->newest != 0;
	bool known = p->cursor->known;
	bool since = opened ? answered || known : answered && known;

	return p->err.code != 0 && !is_end(p, &p->err) && since && !p->dry &&
	       p->cursor->full_open &&
	       api_client_not_before(p->sync->client) == p->not_before;
}

/* If it was not opened by now, nothing says yet where it was. */
static void go_on(struct pass *p, bool opened)
{
	p->full_err = p->err;
	p->err = (struct err){0};
	read_since(p, opened && p->newest != 0
			      ? p->newest - p->sync->config->overlap
			      : p->cursor->low);
}

/* Nobody can say which: whatever is known is looked at by itself. */
static void tell_lacking(struct pass *p, const struct listing *l)
{
	char text[200];

	p->lacking = l->n_lacking > 0;
	if (!p->lacking)
		return;
	snprintf(text, sizeof(text),
		"the server counts %lld work packages, and lists %zu of them, "
		"each time it is asked: no file goes by that list alone",
		(long long)l->total, l->ids.n);
	log_warning("%s", text);
	if (p->dry)
		mapper_finding(&p->findings, "server", 0, STR_NONE, text);
}

static void on_full(struct full *f)
{
	struct pass *p = container_of(f, struct pass, full);
	bool opened = f->opened;

	p->err = f->err;
	p->newest = f->newest;
	/* If it is not done by the end of the pass, the next goes on. */
	if (opened)
		p->cursor->full_open = true;
	if (f->older) {
		log_warning("the server is older than what was read of it "
			    "before, as one that was restored from a backup: "
			    "everything is read again, under the guard");
		p->kind = PASS_FULL;
		p->older = true;
	}
	tell_lacking(p, &f->listing);
	free(p->shown.items);
	p->shown = f->listing.ids;
	f->listing.ids = (struct ids){0};
	full_fini(f);
	if (pass_try_again(p))
		pass_proceed(p, RESOLVING);
	else if (p->kind == PASS_RECONCILE && p->err.code == 0 && !p->canceled)
		look_back(p);
	else if (may_go_on(p, opened))
		go_on(p, opened);
	else
		pass_proceed(p, DRAINING);
}

static void on_slow(struct slow *slow)
{
	struct pass *p = container_of(slow, struct pass, slow);

	p->err = slow->err;
	pass_proceed(p, pass_try_again(p) ? RESOLVING : DRAINING);
}

/* --- The whole ---------------------------------------------------------- */

bool pass_settles(const struct pass *p)
{
	const struct cursor *c = p->cursor;
	int64_t moment = cursor_after(c->newest) - c->newest;

	return p->started - c->seen_at >= p->sync->config->overlap + moment;
}

/* Where the glance was answered, that is the first list. */
static void poll(struct pass *p)
{
	struct err fault = {0};
	bool answered;

	if (lane_fault(&p->glance))
		fault = p->glance.err;
	if (p->glance.too_big || fault.code != 0) /* smaller lists may do */
		api_request_fini(&p->glance);
	answered = p->glance.path != NULL;
	p->settled = pass_settles(p);
	if (answered && p->glance.err.code != 0) {
		p->err = p->glance.err;
		api_request_fini(&p->glance);
		pass_proceed(p, pass_try_again(p) ? RESOLVING : DRAINING);
		return;
	}
	p->catch_up = (struct catch_up){.sync = p->sync,
		.items = &p->items,
		.low = p->cursor->low,
		.wary = true,
		.named = p->retried,
		.fault = fault,
		.answered = answered ? &p->glance : NULL};
	catch_up_start(&p->catch_up, on_caught_up);
}

void pass_read(struct pass *p)
{
	p->looking_back = false;
	p->full_err = (struct err){0};
	switch (p->kind) {
	case PASS_POLL:
		poll(p);
		return;
	case PASS_FULL:
	case PASS_RECONCILE:
		p->not_before = api_client_not_before(p->sync->client);
		p->full = (struct full){.sync = p->sync,
			.items = &p->items,
			.peek = p->dry,
			.reconcile = p->kind == PASS_RECONCILE};
		full_start(&p->full, on_full);
		return;
	case PASS_SOME:
		pass_read_ids(p, p->ids.items, p->ids.n, on_some);
		return;
	case PASS_SLOW:
		p->slow = (struct slow){.sync = p->sync,
			.items = &p->items,
			.list = p->slow_list};
		slow_start(&p->slow, on_slow);
		return;
	case PASS_LOCAL:
	case PASS_VERIFY: /* is PASS_FULL by now */
	case PASS_ADOPT:  /* is PASS_SOME by now */
	case PASS_KINDS:
		return; /* reads nothing */
	}
}

/* Does it read a list of changes now? */
static bool polls(const struct pass *p)
{
	return p->kind == PASS_POLL || p->looking_back;
}

void pass_read_continue(struct pass *p)
{
	if (polls(p))
		catch_up_continue(&p->catch_up);
	else if (p->kind == PASS_SLOW)
		slow_continue(&p->slow);
	else if (p->kind == PASS_SOME)
		batches_continue(&p->batches);
	else
		full_continue(&p->full);
}

void pass_read_cancel(struct pass *p)
{
	if (polls(p))
		catch_up_cancel(&p->catch_up);
	else if (p->kind == PASS_SLOW)
		slow_cancel(&p->slow);
	else if (p->kind == PASS_SOME)
		batches_cancel(&p->batches);
	else
		full_cancel(&p->full);
}
