/*
 * pass - one look at the server, up to the commit.
 *
 *   BEGINNING --> (RESOLVING) --> (REMAPPING*) --> (WEIGHING)
 *                                                      |
 *                  DRAINING <-- READING <-- (REREADING)
 *                  |      ^
 *                  v      |
 *               RENEWING --> (RELATING) --> DECIDING --> COMMITTING --> done
 *
 * REMAPPING renders what the state keeps, when the mapping is another than
 * the one that made the documents; WEIGHING lets the guard see how many
 * change by that alone, before any is committed.  REREADING asks for those
 * that the old mapping left out, whose sources are not kept.  READING is a
 * poll, a full read, or some work packages.  DRAINING waits for attachments.
 * What a person orders without the server (PASS_LOCAL) goes from BEGINNING to
 * DRAINING.
 *
 * The cursor moves with the last commit and only after all went well; what a
 * failed or canceled pass has staged is committed all the same, and known
 * when it comes again.
 */
#include "daemon/pass.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "store/state_guard.h"

#define LOOK_BACK (INT64_C(7200) * STAMP_SECOND)
#define MAX_ROUNDS 1000 /* the rest is renewed by the next pass */

enum step {
	BEGINNING,
	RESOLVING,
	REMAPPING,
	WEIGHING,
	REREADING,
	READING,
	DRAINING,
	RENEWING,
	RELATING,
	DECIDING,
	COMMITTING,
	END
};

static void enter(struct pass *p, enum step step);

static void proceed(struct pass *p, enum step next)
{
	if (p->canceled && (p->err.code == 0 || p->err.code == ERR_CANCELED))
		err_set(&p->err, ERR_CANCELED, "stopped");
	if (p->items.err.code != 0 && p->items.err.code != ERR_CANCELED)
		p->err = p->items.err; /* what made all else end */
	if (p->err.code != 0 && next != DRAINING && next < COMMITTING) {
		items_cancel(&p->items, &p->err);
		next = next < DRAINING ? DRAINING : COMMITTING;
	}
	enter(p, next);
}

static void give(struct pass *p, job_fn *run, job_fn *done)
{
	p->job = (struct job){.run = run, .done = done};
	worker_give(p->sync->worker, &p->job);
}

static void remap(struct pass *p);
static void weigh(struct pass *p);

/* Does it read a list of changes now? */
static bool polls(const struct pass *p)
{
	return p->kind == PASS_POLL || p->looking_back;
}

/* Called whenever an item ends. */
static void on_items_moved(struct items *items)
{
	struct pass *p = container_of(items, struct pass, items);

	if (items->err.code != 0 && p->err.code == 0)
		pass_cancel(p);
	if (p->step == READING && polls(p))
		catch_up_continue(&p->catch_up);
	else if (p->step == READING && p->kind == PASS_SLOW)
		slow_continue(&p->slow);
	else if (p->step == READING && p->kind != PASS_SOME)
		full_continue(&p->full);
	else if (p->step == READING || p->step == REREADING ||
		 p->step == RENEWING)
		batches_continue(&p->batches);
	else if (p->held_back && !items_full(items))
		remap(p);
	else if (p->step == WEIGHING)
		weigh(p);
	else if (p->step == DRAINING && items_idle(items))
		proceed(p, RENEWING);
}

/* --- BEGINNING ---------------------------------------------------------- */

static const char *const kind_words[] = {
	[PASS_POLL] = "poll",
	[PASS_FULL] = "full",
	[PASS_RECONCILE] = "reconcile",
	[PASS_SOME] = "resync",
	[PASS_LOCAL] = "orders",
	[PASS_SLOW] = "slow",
};

const char *pass_kind_word(enum pass_kind kind)
{
	return kind_words[kind];
}

struct remap {
	struct pass *p;
	size_t cap_remap;
};

static void add_unread(struct pass *p, int64_t id)
{
	p->unread = grow(
		p->unread, p->n_unread, &p->cap_unread, sizeof(*p->unread));
	p->unread[p->n_unread++] = id;
}

static int add_remap(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct remap *remap = arg;
	struct pass *p = remap->p;

	(void)e;
	if (wp->source.p != NULL && wp->source.n > 0) {
		p->remap = grow(p->remap, p->n_remap, &remap->cap_remap,
			sizeof(*p->remap));
		p->remap[p->n_remap++] = wp->id;
	} else {
		add_unread(p, wp->id);
	}
	return 0;
}

/*
 * Is the mapping the one that made the documents?  If not, list them.  While
 * changes were held, some may have been made by that other mapping.
 */
static int compare_mapping(struct pass *p, struct state *state, struct err *e)
{
	const char *hash = program_hash(p->sync->config->program);
	struct remap remap = {.p = p};
	struct buf known = {0};
	struct buf held = {0};
	bool found = false;
	bool mixed = false;
	int r = state_get(state, "mapping", &known, &found, e);

	if (r == 0)
		r = state_get(state, "held.mapping", &held, &mixed, e);
	if (r == 0 && found && (mixed || !str_is(buf_str(&known), hash)))
		r = state_work_packages(state, add_remap, &remap, e);
	p->sync->mapper->guard.weighing = p->n_remap > 0;
	buf_fini(&known);
	buf_fini(&held);
	return r;
}

/* The projects in scope, as the state remembers them. */
static void put_scope(const int64_t *ids, size_t n, struct buf *out)
{
	buf_puts(out, n == 0 ? "*" : "");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%lld", i > 0 ? " " : "", (long long)ids[i]);
}

/*
 * Are the projects those of the last full read?  If others came or went, a
 * poll would not see their work packages: everything is read.
 */
static int compare_scope(struct pass *p, struct state *state, struct err *e)
{
	struct buf known = {0};
	struct buf now = {0};
	bool found = false;
	int r = state_get(state, "scope", &known, &found, e);

	if (p->remembered)
		put_scope(p->scope.ids, p->scope.n, &now);
	if (r == 0 && (!p->remembered || !found ||
			      !str_eq(buf_str(&known), buf_str(&now))))
		p->kind = PASS_FULL;
	buf_fini(&known);
	buf_fini(&now);
	return r;
}

/*
 * A configuration that names what the server does not have must not touch a
 * document.  Where the names that we remember do not bear it out, the server
 * is asked, and its answer counts.
 */
static bool names_bear_out(const struct pass *p)
{
	const struct names *names = &p->sync->mapper->names;
	struct err ignored = {0};

	return names_check(names, p->sync->config->program,
		       names_have_schemas(names, &p->scope), &ignored) == 0;
}

/* Has this very mapping made the documents that are there? */
static int look_whether_proven(
	struct pass *p, struct state *state, struct err *e)
{
	struct buf known = {0};
	bool found = false;
	int r = state_get(state, "mapping", &known, &found, e);

	p->proven = found && str_is(buf_str(&known),
				     program_hash(p->sync->config->program));
	buf_fini(&known);
	return r;
}

static int begin(struct pass *p, struct state *state, struct err *e)
{
	int r = instance_check_origin(p->sync->mapper, e);

	if (r == 0 && p->first)
		r = cursor_load(p->cursor, state, e);
	if (r == 0)
		r = look_whether_proven(p, state, e);
	if (r == 0 && (p->compare || guard_let_changes(p->sync->mapper)))
		r = compare_mapping(p, state, e);
	if (r == 0 && !p->sync->resolved)
		p->remembered = resolve_from_memory(p->sync, &p->scope);
	if (r == 0 && p->compare && p->cursor->known)
		r = compare_scope(p, state, e);
	if (p->remembered && !names_bear_out(p))
		p->remembered = false;
	return r;
}

static int add_failed(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct pass *p = arg;

	(void)e;
	p->ids = xrealloc(p->ids, (p->n_ids + 1) * sizeof(*p->ids));
	p->ids[p->n_ids++] = wp->id;
	return 0;
}

static void run_begin(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;
	int r = mapper_begin(m, p->cause, &p->err);

	if (r == 0 && p->kind != PASS_LOCAL)
		r = begin(p, store_state(m->store), &p->err);
	if (r != 0)
		return;
	if ((p->kind == PASS_POLL || p->kind == PASS_RECONCILE) &&
		(!p->cursor->known || p->cursor->full_open))
		p->kind = PASS_FULL;
	if (p->kind == PASS_FULL)
		p->record = true;
	r = mapper_begin_run(m, kind_words[p->kind], p->record, &p->err);
	m->verifying = p->kind == PASS_FULL && (p->dry || p->deep);
	m->dry = p->dry;
	store_adopt(m->store, p->adopt ? &p->paths : NULL);
	if (r == 0 && p->adopt)
		r = state_work_packages_of(store_state(m->store),
			OUTCOME_FAILED, add_failed, p, &p->err);
	if (r == 0 && !p->dry)
		r = mapper_look(m, p->deep, &p->err);
	if (r == 0)
		r = guard_withdraw(m, &p->err);
	if (r == 0 && p->kind != PASS_LOCAL)
		mapper_retry(m, &p->page, &p->err);
	p->run = m->run.id;
}

static void on_begun(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct sync *sync = p->sync;

	if (p->remembered)
		resolve_set_scope(sync, &p->scope);
	if (p->kind == PASS_LOCAL)
		proceed(p, DRAINING);
	else if (p->kind == PASS_FULL || p->kind == PASS_RECONCILE ||
		 p->reconcile || !sync->resolved)
		proceed(p, RESOLVING);
	else
		proceed(p, REMAPPING);
}

/* --- RESOLVING ---------------------------------------------------------- */

static void on_resolved(struct resolve *r)
{
	struct pass *p = container_of(r, struct pass, resolve);

	p->err = r->err;
	if (r->scope.missing.code != 0 && r->err.code == 0)
		log_warning("%s: its documents stay as they are",
			r->scope.missing.text);
	if (r->unknown.code != 0 && r->err.code == 0)
		log_warning("%s any more: what depends on it stays as it is",
			r->unknown.text);
	if (r->suspicion.code != 0 && r->err.code == 0) {
		log_warning("%s: everything is read again, under the guard",
			r->suspicion.text);
		p->suspicious = true;
		p->kind = PASS_FULL;
	}
	proceed(p, REMAPPING);
}

/* --- REMAPPING, a page of kept sources at a time ------------------------ */

static void run_recall(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper_page *page = &p->page;
	struct err *e = &p->err;
	int r = 0;

	/* What is to be tried again comes first, as a page of its own. */
	if (page->n > 0)
		return;
	free(page->items);
	page->items = xcalloc(SYNC_PAGE, sizeof(struct mapper_item *));
	while (r == 0 && page->n < SYNC_PAGE && p->next_remap < p->n_remap) {
		struct mapper_item *item;

		r = mapper_recall(
			p->sync->mapper, p->remap[p->next_remap++], &item, e);
		if (r == 0 && item != NULL)
			page->items[page->n++] = item;
	}
}

static void on_remapped(struct lane *lane)
{
	struct pass *p = container_of(lane, struct pass, lane);

	p->err = lane->err;
	proceed(p, REMAPPING);
}

static void on_recalled(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	if (p->err.code != 0 || p->page.n == 0) {
		proceed(p, WEIGHING);
		return;
	}
	p->lane.sync = p->sync;
	p->lane.items = &p->items;
	p->lane.done = on_remapped;
	lane_start_page(&p->lane, &p->page);
}

/* Goes on in on_items_moved() if there is no room among the items. */
static void remap(struct pass *p)
{
	p->held_back = false;
	if (p->err.code != 0 || p->canceled ||
		(p->page.n == 0 && p->next_remap == p->n_remap))
		proceed(p, WEIGHING);
	else if (items_full(&p->items))
		p->held_back = true;
	else
		give(p, run_recall, on_recalled);
}

/* --- RENEWING, what became stale ---------------------------------------- */

static void run_stale(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	free(p->unread);
	p->unread = xcalloc(SYNC_PAGE, sizeof(*p->unread));
	mapper_page_fini(&p->page);
	mapper_stale(p->sync->mapper, SYNC_PAGE, &p->page, p->unread,
		&p->n_unread, &p->err);
}

/* What was asked for and did not come is not asked for for ever. */
static void run_renewed(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	for (size_t i = 0; i < p->n_unread; i++)
		store_put_fresh(p->sync->mapper->store, p->unread[i]);
	p->n_unread = 0;
}

static void on_renewed(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	proceed(p, DRAINING);
}

static void read_some(struct pass *p, const int64_t *ids, size_t n);

static void on_stale_mapped(struct lane *lane)
{
	struct pass *p = container_of(lane, struct pass, lane);

	p->err = lane->err;
	if (p->err.code == 0 && !p->canceled && p->n_unread > 0)
		read_some(p, p->unread, p->n_unread);
	else
		proceed(p, DRAINING);
}

static void on_stale(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	size_t n = p->page.n + p->n_unread;

	p->n_renewed += n;
	if (p->err.code != 0 || p->rounds++ >= MAX_ROUNDS) {
		proceed(p, DECIDING);
		return;
	}
	if (n == 0) {
		proceed(p, p->kind == PASS_LOCAL ? DECIDING : RELATING);
		return;
	}
	p->lane.sync = p->sync;
	p->lane.items = &p->items;
	p->lane.done = on_stale_mapped;
	lane_start_page(&p->lane, &p->page);
}

/* --- RELATING ----------------------------------------------------------- */

static void on_related(struct relate *r)
{
	struct pass *p = container_of(r, struct pass, relate);

	p->err = r->err;
	relate_fini(r);
	proceed(p, r->n > 0 ? RENEWING : DECIDING);
}

/* All of them once in a reconcile, and always those that are new. */
static void relate(struct pass *p)
{
	bool all = !p->related &&
		   (p->kind == PASS_FULL || p->kind == PASS_RECONCILE);

	p->related = true;
	p->relate = (struct relate){.sync = p->sync, .all = all};
	relate_start(&p->relate, on_related);
}

/* --- DECIDING, about removals ------------------------------------------- */

/* With a project left out, there may be work packages that claim it. */
static bool sees_all(const struct pass *p)
{
	return p->err.code == 0 && !p->canceled &&
	       (p->kind == PASS_FULL || p->kind == PASS_RECONCILE) &&
	       p->resolve.scope.missing.code == 0;
}

static void run_decide(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;

	if (!p->asked_unclaimed && sees_all(p) &&
		mapper_unclaimed(m, &p->err) != 0)
		return;
	p->asked_unclaimed = true;
	if (p->dry)
		return; /* they are told by mapper_differences() */
	p->decided = guard_pending(&m->guard);
	if (guard_decide(m, &p->err) == 0)
		frozen_report(m, &p->err);
}

static void on_decided(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	proceed(p, p->decided ? RENEWING : COMMITTING);
}

/* --- WEIGHING ----------------------------------------------------------- */

static void run_weigh(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	guard_weigh(p->sync->mapper, &p->err);
}

static void on_weighed(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	p->weighed = true;
	/* Held: what the old mapping left out stays out, too. */
	if (p->sync->mapper->guard.changes_held)
		p->n_unread = 0;
	proceed(p, REREADING);
}

/* Once all that is rendered has its attachments. */
static void weigh(struct pass *p)
{
	if (p->n_remap == 0 || p->weighed || p->err.code != 0)
		proceed(p, REREADING);
	else if (items_idle(&p->items))
		give(p, run_weigh, on_weighed);
}

/* --- REREADING and READING ---------------------------------------------- */

static void on_batches(struct batches *b)
{
	struct pass *p = container_of(b, struct pass, batches);

	p->err = b->err;
	if (p->step == REREADING)
		p->n_unread = 0;
	for (size_t i = 0; i < b->n_vanished && p->step == READING; i++) {
		log_warning("work package %lld is not shown by the server, or "
			    "out of scope",
			(long long)b->vanished[i]);
		if (p->n_not_shown < PASS_NOT_SHOWN)
			p->not_shown[p->n_not_shown++] = b->vanished[i];
	}
	batches_fini(b);
	if (p->step == RENEWING && p->err.code == 0) {
		give(p, run_renewed, on_renewed);
	} else if (p->step == READING && p->reconcile) {
		p->reconcile = false;
		p->kind = PASS_RECONCILE;
		proceed(p, READING);
	} else {
		proceed(p, p->step == REREADING ? READING : DRAINING);
	}
}

static void read_some(struct pass *p, const int64_t *ids, size_t n)
{
	p->batches = (struct batches){.sync = p->sync,
		.items = &p->items,
		.forced = true,
		.n = n,
		.ids = ids};
	batches_start(&p->batches, on_batches);
}

/* A project may have been archived or hidden: ask again, once. */
static bool try_again(struct pass *p, const struct err *err)
{
	if (err->code != ERR_QUERY || p->retried || p->canceled)
		return false;
	p->retried = true;
	p->sync->resolved = false;
	p->err = (struct err){0};
	return true;
}

static void on_caught_up(struct catch_up *c)
{
	struct pass *p = container_of(c, struct pass, catch_up);

	p->err = c->err;
	p->newest = c->newest;
	catch_up_fini(c);
	proceed(p, try_again(p, &p->err) ? RESOLVING : DRAINING);
}

/*
 * A reconcile asks for what changed since long before the cursor, too: what
 * was hidden when it changed, or was written by a clock that went back.
 */
static void look_back(struct pass *p)
{
	int64_t low = p->cursor->low - LOOK_BACK;

	p->looking_back = true;
	p->catch_up = (struct catch_up){
		.sync = p->sync, .items = &p->items, .low = low > 0 ? low : 0};
	catch_up_start(&p->catch_up, on_caught_up);
}

static void on_full(struct full *f)
{
	struct pass *p = container_of(f, struct pass, full);

	p->err = f->err;
	p->newest = f->newest;
	/* If it is not done by the end of the pass, the next goes on. */
	if (f->opened)
		p->cursor->full_open = true;
	if (f->older) {
		log_warning("the server is older than what was read of it "
			    "before, as one that was restored from a backup: "
			    "everything is read again, under the guard");
		p->kind = PASS_FULL;
		p->older = true;
	}
	full_fini(f);
	if (p->kind == PASS_RECONCILE && p->err.code == 0 && !p->canceled)
		look_back(p);
	else
		proceed(p, DRAINING);
}

static void on_slow(struct slow *slow)
{
	struct pass *p = container_of(slow, struct pass, slow);

	p->err = slow->err;
	proceed(p, DRAINING);
}

static void read_server(struct pass *p)
{
	p->looking_back = false;
	switch (p->kind) {
	case PASS_POLL:
		p->settled = p->started - p->cursor->seen_at >=
			     p->sync->config->overlap;
		p->catch_up = (struct catch_up){.sync = p->sync,
			.items = &p->items,
			.low = p->cursor->low};
		catch_up_start(&p->catch_up, on_caught_up);
		return;
	case PASS_FULL:
	case PASS_RECONCILE:
		p->full = (struct full){.sync = p->sync,
			.items = &p->items,
			.peek = p->dry,
			.reconcile = p->kind == PASS_RECONCILE};
		full_start(&p->full, on_full);
		return;
	case PASS_SOME:
		read_some(p, p->ids, p->n_ids);
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

/* --- COMMITTING --------------------------------------------------------- */

/* Does it see all that changed, so that the cursor may move? */
static bool reads_changes(const struct pass *p)
{
	return p->kind == PASS_POLL || p->kind == PASS_FULL;
}

/* Nothing new came: then nothing is written. */
static bool is_idle(const struct pass *p)
{
	const struct mapper *m = p->sync->mapper;

	if (p->n_remap > 0 || p->n_renewed > 0 || m->run.id != 0 || m->decided)
		return false;
	return p->kind == PASS_RECONCILE || p->kind == PASS_LOCAL ||
	       p->kind == PASS_SLOW ||
	       (p->kind == PASS_POLL && p->next.low == p->cursor->low &&
		       p->next.newest == p->cursor->newest);
}

static bool ends_slowly(const struct pass *p)
{
	return p->kind == PASS_SLOW && p->slow_list->open &&
	       p->slow_list->next == p->slow_list->n;
}

/* Where a slow full read is, and when all was read. */
static int note_slice(struct pass *p, struct mapper *m)
{
	struct state *state = store_state(m->store);
	struct buf text = {0};
	int r;

	slow_put(p->slow_list, &text);
	r = state_put(state, SLOW_NEXT, buf_str(&text), &p->err);
	buf_clear(&text);
	buf_printf(&text, "%lld", (long long)stamp_now());
	if (r == 0 && ends_slowly(p))
		r = state_put(state, SLOW_ENDED, buf_str(&text), &p->err);
	buf_fini(&text);
	return r;
}

/* What the documents were made with. */
static void put_made_with(const struct pass *p, struct mapper *m)
{
	struct buf scope = {0};

	if (!m->guard.changes_held) {
		store_put_value(m->store, "mapping",
			str_of(program_hash(m->config->program)));
		store_put_value(m->store, "mapping.text",
			str_of(program_text_hash(m->config->program)));
	}
	if (p->kind == PASS_SLOW) {
		slow_put(p->slow_list, &scope);
		store_put_value(m->store, SLOW_NEXT, buf_str(&scope));
		buf_clear(&scope);
	}
	if (p->kind != PASS_FULL && !ends_slowly(p))
		return;
	buf_printf(&scope, "%lld", (long long)stamp_now());
	store_put_value(m->store, SLOW_ENDED, buf_str(&scope));
	buf_clear(&scope);
	if (p->kind != PASS_FULL)
		return;
	put_scope(p->sync->scope.projects, p->sync->scope.n_projects, &scope);
	store_put_value(m->store, "full.open", STR(""));
	store_put_value(m->store, "scope", buf_str(&scope));
	buf_fini(&scope);
}

static int commit_whole(struct pass *p, struct mapper *m)
{
	static const struct cursor none;
	char newest[STAMP_TEXT];

	p->next = *p->cursor;
	if (reads_changes(p))
		p->next = cursor_next(p->older ? &none : p->cursor, p->newest,
			p->settled, p->sync->config->overlap);
	if (p->kind == PASS_FULL)
		p->next.full_open = false;
	if (is_idle(p))
		return p->kind == PASS_SLOW ? note_slice(p, m) : 0;
	if (p->kind != PASS_LOCAL)
		put_made_with(p, m);
	if (!reads_changes(p))
		return mapper_commit_all(m, NULL, &p->err);
	cursor_put(&p->next, m->store);
	stamp_format(p->next.newest, 6, newest);
	return mapper_commit_all(m, newest, &p->err);
}

/* A person ended it: what it has not read is not read by the next. */
static void abandon(struct pass *p, struct mapper *m)
{
	if (!p->abandon || p->kind != PASS_FULL || !p->cursor->known)
		return;
	if (state_delete(store_state(m->store), "full.open", &p->end_err) == 0)
		p->cursor->full_open = false;
}

static void run_commit(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;
	struct err e = {0};

	m->run.kind = str_of(kind_words[p->kind]);
	if (p->adopt && p->err.code == 0)
		mapper_adopted(m, &p->findings, &p->err);
	store_adopt(m->store, NULL);
	if (p->dry) {
		if (p->err.code == 0 && !p->adopt)
			mapper_differences(m, &p->findings, &p->err);
		guard_forget(&m->guard);
		store_discard(m->store);
		p->next = *p->cursor;
	} else if (p->err.code == 0) {
		commit_whole(p, m);
	} else if (p->err.code != ERR_IO) {
		guard_forget(&m->guard);
		if (m->guard.weighing)
			store_discard(m->store);
		if (m->run.id != 0 && mapper_commit_all(m, NULL, &e) != 0)
			log_error("%s", e.text);
	}
	if (p->err.code == ERR_CANCELED)
		abandon(p, m);
	if (p->err.code == ERR_IO) {
		store_discard(m->store);
		mapper_mend(m, &p->mended, &e);
	}
	p->counts = m->counts;
	p->run = m->run.id;
	memcpy(p->commit, m->commit, sizeof(p->commit));
	mapper_end(m, p->requests, p->bytes, &p->err, &p->end_err);
	if (m->counts.seen >= SYNC_PAGE)
		store_rest(m->store);
}

static void on_committed(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	if (p->err.code == 0)
		*p->cursor = p->next;
	if (p->mended)
		*p->cursor = (struct cursor){0};
	if (p->end_err.code != 0)
		log_error("%s", p->end_err.text);
	enter(p, END);
}

static void commit(struct pass *p)
{
	const struct api_counters *now = api_client_counters(p->sync->client);

	p->requests = now->requests - p->requests;
	p->bytes = now->bytes - p->bytes;
	give(p, run_commit, on_committed);
}

/* --- The whole ---------------------------------------------------------- */

/* A work package may lack what was asked for, a server may not. */
static void blame_server(struct err *e)
{
	if (e->code == ERR_NOT_FOUND || e->code == ERR_QUERY ||
		e->code == ERR_DATA)
		e->code = ERR_UNAVAILABLE;
}

static void enter(struct pass *p, enum step step)
{
	p->step = (int)step;
	switch (step) {
	case BEGINNING:
		give(p, run_begin, on_begun);
		return;
	case RESOLVING:
		p->resolve = (struct resolve){.sync = p->sync,
			.strict = !p->cursor->known,
			.proven = p->proven};
		resolve_start(&p->resolve, on_resolved);
		return;
	case REMAPPING:
		remap(p);
		return;
	case WEIGHING:
		weigh(p);
		return;
	case REREADING:
		if (p->n_unread > 0)
			read_some(p, p->unread, p->n_unread);
		else
			proceed(p, READING);
		return;
	case READING:
		read_server(p);
		return;
	case DRAINING:
		if (items_idle(&p->items))
			proceed(p, RENEWING);
		return;
	case RENEWING:
		give(p, run_stale, on_stale);
		return;
	case RELATING:
		relate(p);
		return;
	case DECIDING:
		give(p, run_decide, on_decided);
		return;
	case COMMITTING:
		commit(p);
		return;
	case END:
		blame_server(&p->err);
		p->done(p); /* p may be gone */
		return;
	}
}

void pass_start(struct pass *p, pass_done_fn *done)
{
	const struct api_counters *now = api_client_counters(p->sync->client);

	p->done = done;
	p->started = stamp_monotonic();
	p->requests = now->requests;
	p->bytes = now->bytes;
	items_init(&p->items, p->sync, on_items_moved);
	enter(p, BEGINNING);
}

/* The pages that a poll reads say how many there are only in the end. */
static int64_t total_of(const struct pass *p)
{
	if (p->step == REMAPPING)
		return (int64_t)p->n_remap;
	if (p->step != READING || p->kind == PASS_POLL)
		return 0;
	return p->kind == PASS_SOME ? (int64_t)p->n_ids
				    : (int64_t)p->full.n_todo;
}

struct pass_progress pass_progress(const struct pass *p)
{
	static const char *const phases[] = {
		[BEGINNING] = "beginning",
		[RESOLVING] = "asking for names",
		[REMAPPING] = "rendering again",
		[WEIGHING] = "weighing what changes",
		[REREADING] = "reading",
		[READING] = "reading",
		[DRAINING] = "waiting for attachments",
		[RENEWING] = "rendering what depends on it",
		[DECIDING] = "deciding about removals",
		[COMMITTING] = "committing",
		[END] = "ending",
	};

	return (struct pass_progress){
		.phase = phases[p->step],
		.done = p->step == REMAPPING ? (int64_t)p->next_remap
					     : p->sync->progress.seen,
		.total = total_of(p),
	};
}

void pass_cancel(struct pass *p)
{
	static const struct err stopped = {ERR_CANCELED, "stopped"};

	if (p->canceled || p->step >= COMMITTING)
		return;
	p->canceled = true;
	items_cancel(&p->items, &stopped);
	if (p->step == RESOLVING)
		resolve_cancel(&p->resolve);
	else if (p->step == READING && polls(p))
		catch_up_cancel(&p->catch_up);
	else if (p->step == READING && p->kind == PASS_SLOW)
		slow_cancel(&p->slow);
	else if (p->step == READING && p->kind != PASS_SOME)
		full_cancel(&p->full);
	else if (p->step == READING || p->step == REREADING ||
		 p->step == RENEWING)
		batches_cancel(&p->batches);
	else if (p->step == RELATING)
		relate_cancel(&p->relate);
}

void pass_fini(struct pass *p)
{
	buf_fini(&p->findings);
	buf_fini(&p->paths);
	lane_fini(&p->lane);
	mapper_page_fini(&p->page);
	free(p->scope.ids);
	free(p->remap);
	free(p->unread);
	free(p->ids);
	*p = (struct pass){0};
}
