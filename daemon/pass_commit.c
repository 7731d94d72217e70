/*
 * pass_commit - what is written at the end: COMMITTING.
 *
 *   it went well      what is staged, the cursor, and what it was made with
 *   nothing happened  what the look restores, and how far a slow full read is
 *   dry               nothing: the differences are told
 *   it failed         what is staged, without the cursor; nothing of another
 *                     mapping before the guard has weighed it
 *   the store failed  nothing; it is mended, unless it was replaced
 *
 * The cursor in memory follows once that is done.
 */
#include "daemon/pass_steps.h"

#include <string.h>

#include "base/stamp.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/writable.h"

/* --- Whole -------------------------------------------------------------- */

/* Nothing new came: then nothing is written. */
static bool is_idle(const struct pass *p)
{
	const struct mapper *m = p->sync->mapper;

	if (p->remap.n > 0 || p->n_renewed > 0 || m->run.id != 0 || m->decided)
		return false;
	return p->kind == PASS_RECONCILE || p->kind == PASS_LOCAL ||
	       p->kind == PASS_SLOW ||
	       (p->kind == PASS_POLL && p->next.low == p->cursor->low &&
		       p->next.newest == p->cursor->newest);
}

/* But where a person said something that the history is to say, too. */
static int rests(struct pass *p, bool *rests)
{
	struct mapper *m = p->sync->mapper;
	bool due = false;
	int r = 0;

	*rests = is_idle(p);
	if (*rests)
		r = store_has_notes(m->store, &due, &p->err);
	if (r == 0 && due)
		r = mapper_ensure_run(m, &p->err);
	*rests = *rests && !due;
	return r;
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
	if (r == 0 && ends_slowly(p))
		r = state_put_int(state, SLOW_ENDED, stamp_now(), &p->err);
	buf_fini(&text);
	return r;
}

/* What the documents were made with, and when all was read. */
static void put_made_with(const struct pass *p, struct mapper *m)
{
	struct buf text = {0};
	char digits[STR_INT];

	if (!m->guard.changes_held) {
		store_put_value(m->store, "mapping",
			str_of(program_hash(m->config->program)));
		store_put_value(m->store, "mapping.text",
			str_of(program_text_hash(m->config->program)));
		guard_settle_changes(m);
	}
	if (p->kind == PASS_SLOW) {
		slow_put(p->slow_list, &text);
		store_put_value(m->store, SLOW_NEXT, buf_str(&text));
	}
	if (p->kind == PASS_FULL || ends_slowly(p))
		store_put_value(
			m->store, SLOW_ENDED, str_int(digits, stamp_now()));
	if (p->kind == PASS_FULL) {
		pass_put_scope(p->sync->scope.projects,
			p->sync->scope.n_projects, &text);
		instance_accepted(m);
		store_put_value(m->store, "full.open", STR(""));
		store_put_value(m->store, "scope", buf_str(&text));
	}
	buf_fini(&text);
}

/* What the next cursor follows: nothing, where ours is of no use. */
static const struct cursor *cursor_before(const struct pass *p)
{
	static const struct cursor none;
	bool ahead =
		p->kind == PASS_FULL && cursor_is_ahead(p->cursor, p->newest);

	return p->older || ahead ? &none : p->cursor;
}

static int commit_whole(struct pass *p, struct mapper *m)
{
	char newest[STAMP_TEXT];
	bool idle = false;
	int r;

	p->next = *p->cursor;
	if (pass_reads_changes(p))
		p->next = cursor_next(cursor_before(p), p->newest, p->settled,
			p->sync->config->overlap);
	if (p->kind == PASS_FULL)
		p->next.full_open = false;
	r = rests(p, &idle);
	if (r != 0)
		return r;
	if (idle && m->adrift)
		r = mapper_commit_all(m, NULL, &p->err);
	if (r != 0)
		return r;
	p->rests = idle && p->kind == PASS_POLL && m->run.id == 0;
	if (p->rests)
		mapper_rest(m);
	if (idle)
		return p->kind == PASS_SLOW ? note_slice(p, m) : 0;
	if (p->kind != PASS_LOCAL)
		put_made_with(p, m);
	if (!pass_reads_changes(p))
		return mapper_commit_all(m, NULL, &p->err);
	cursor_put(&p->next, m->store);
	stamp_format(p->next.newest, 6, newest);
	return mapper_commit_all(m, newest, &p->err);
}

/* --- COMMITTING --------------------------------------------------------- */

/* A person ended it: what it has not read is not read by the next. */
static void abandon(struct pass *p, struct mapper *m)
{
	if (!p->abandon || p->kind != PASS_FULL || !p->cursor->known)
		return;
	if (state_delete(store_state(m->store), "full.open", &p->end_err) == 0)
		p->cursor->full_open = false;
}

/*
 * A poll shows all that changed within the overlap again: where that is much,
 * a few changes more would wait for what only a pass that did much needs.  Its
 * turn is with the first that finds none.
 */
static void rest(const struct pass *p, struct mapper *m)
{
	const struct mapper_counts *n = &m->counts;
	int64_t fresh = n->seen - n->again;

	store_forget_packs(m->store);
	m->rest_due |= n->seen >= SYNC_PAGE;
	if (p->kind == PASS_POLL && fresh > 0 && fresh < SYNC_PAGE)
		return;
	if (m->rest_due || store_needs_rest(m->store))
		store_rest(m->store);
	m->rest_due = false;
}

/* What was only compared neither came nor went. */
static void discard(struct pass *p, struct mapper *m)
{
	guard_forget(&m->guard);
	mapper_discard(m);
	p->next = *p->cursor;
}

/* What came, and who takes the place of what went. */
static void commit_part(struct mapper *m)
{
	struct err e = {0};

	if ((m->run.id != 0 || m->adrift) &&
		(mapper_map_again(m, &e) != 0 ||
			mapper_commit_all(m, NULL, &e) != 0))
		log_error("%s", e.text);
}

/* Nothing is written into it any more. */
static bool store_failed(const struct err *e)
{
	return e->code == ERR_IO || e->code == ERR_REPLACED;
}

static void tell_differences(struct pass *p, struct mapper *m)
{
	if (cursor_is_ahead(p->cursor, p->newest))
		mapper_finding(&p->findings, "state", 0, STR_NONE,
			"polls ask for what changes after a time that is yet "
			"to come");
	mapper_differences(m, &p->findings, &p->err);
}

static void run_commit(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;
	struct err e = {0};

	m->run.kind = str_of(pass_kind_word(p->kind));
	if (p->adopt && p->err.code == 0)
		mapper_adopted(m, &p->findings, &p->err);
	store_adopt(m->store, NULL);
	if (p->dry) {
		if (p->err.code == 0 && !p->adopt)
			tell_differences(p, m);
		mapper_tell_verdicts(m, false);
		discard(p, m);
	} else if (p->err.code == 0) {
		commit_whole(p, m);
		if (p->err.code == 0 && p->related)
			m->back.n = 0;
		if (p->err.code == 0)
			guard_count(m, &p->err);
	} else if (!store_failed(&p->err)) {
		guard_forget(&m->guard);
		if (m->guard.weighing)
			mapper_discard(m);
		commit_part(m);
	}
	if (p->err.code == ERR_CANCELED)
		abandon(p, m);
	if (store_failed(&p->err))
		mapper_discard(m);
	writable_explain(p->sync->config->store_path, &p->err);
	if (p->err.code == ERR_IO && mapper_mend(m, &p->mended, &e) != 0)
		log_error("%s", e.text);
	p->counts = m->counts;
	p->run = m->run.id;
	memcpy(p->commit, m->commit, sizeof(p->commit));
	mapper_end(m, p->requests, p->bytes, &p->err, &p->end_err);
	rest(p, m);
}

static void on_committed(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);

	if (p->err.code == 0)
		*p->cursor = p->next;
	else
		p->sync->n_unshown = 0; /* who they are may be lost with it */
	if (p->mended)
		*p->cursor = (struct cursor){0};
	pass_know_list(p);
	if (p->end_err.code != 0)
		log_error("%s", p->end_err.text);
	pass_end(p);
}

void pass_commit(struct pass *p)
{
	const struct api_counters *now = api_client_counters(p->sync->client);

	p->requests = now->requests - p->requests;
	p->bytes = now->bytes - p->bytes;
	worker_run(p->sync->worker, &p->job, run_commit, on_committed);
}
