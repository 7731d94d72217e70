/*
 * pass_begin - what a pass has to do: BEGINNING and RESOLVING.
 *
 *   all as the last poll left it? --> only the server is asked (pass_glance.c)
 *        | no
 *        v
 *   the state: cursor, mapping, scope --> kind of pass, what to render again
 *   names that are remembered and bear out the configuration --> scope
 *        | none, or a read that looks at everything
 *        v
 *   the server's names --> scope, and whether it is still the same server
 *
 * The first poll, and the one after another choice of projects, becomes a full
 * read here.  BEGINNING is one job, and asks nothing of the server.
 */
#include "daemon/pass_steps.h"

#include "daemon/instance.h"
#include "daemon/log.h"

/* --- Against what the documents were made with -------------------------- */

static int add_remap(void *arg, const struct state_head *wp, struct err *e)
{
	struct pass *p = arg;

	(void)e;
	ids_add(wp->has_source ? &p->remap : &p->unread, wp->id);
	return 0;
}

/*
 * Changes that may be held are all staged before any is committed.  Others are
 * committed as they come, so that until the last one documents are of two
 * mappings: held.mapping says so, as where some are held.
 */
static int begin_weighing(
	struct pass *p, struct state *state, const char *hash, struct err *e)
{
	struct mapper *m = p->sync->mapper;
	bool may = false;
	int r = 0;

	if (p->remap.n > 0)
		r = guard_may_hold(m, p->remap.n, &may, e);
	m->guard.weighing = p->remap.n > 0 && (may || p->dry);
	if (r == 0 && p->remap.n > 0 && !m->guard.weighing)
		r = state_put(state, "held.mapping", str_of(hash), e);
	return r;
}

/*
 * Is the mapping the one that made the documents?  If not, list them.  While
 * changes were held, some may have been made by that other mapping.
 */
static int compare_mapping(struct pass *p, struct state *state, struct err *e)
{
	const char *hash = program_hash(p->sync->config->program);
	struct buf known = {0};
	bool found = false;
	bool mixed = false;
	int r = state_get(state, "mapping", &known, &found, e);

	if (r == 0)
		r = state_has(state, "held.mapping", &mixed, e);
	if (r == 0 && found && (mixed || !str_is(buf_str(&known), hash)))
		r = state_heads(state, add_remap, p, e);
	if (r == 0 && p->remap.n > 0 && !p->dry)
		r = mapper_forget_unread(p->sync->mapper, e);
	if (r == 0)
		r = begin_weighing(p, state, hash, e);
	buf_fini(&known);
	return r;
}

void pass_put_scope(const int64_t *ids, size_t n, struct buf *out)
{
	buf_puts(out, n == 0 ? "*" : "");
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "%s%lld", i > 0 ? " " : "", (long long)ids[i]);
}

/*
 * Are the projects those of the last full read?  If others came or went, a
 * poll would not see their work packages: everything is read.
 */
static int compare_scope(
	struct pass *p, const int64_t *ids, size_t n, struct err *e)
{
	struct buf now = {0};
	bool same = false;
	int r;

	pass_put_scope(ids, n, &now);
	r = state_is(store_state(p->sync->mapper->store), "scope",
		buf_str(&now), &same, e);
	if (r == 0 && !same)
		p->kind = PASS_FULL;
	buf_fini(&now);
	return r;
}

/*
 * Where one that is asked for is not remembered, the server says what is in
 * scope before that is compared; without its lists nothing is known.
 */
static int look_at_scope(struct pass *p, struct err *e)
{
	if (p->remembered)
		return compare_scope(p, p->scope.ids, p->scope.n, e);
	p->compare_late = names_have_lists(&p->sync->mapper->names);
	if (!p->compare_late)
		p->kind = PASS_FULL;
	return 0;
}

/* It seemed to be another server, or user: a full read has yet to end well. */
static int look_whether_doubted(
	struct pass *p, struct state *state, struct err *e)
{
	bool doubted;
	int r = state_is(state, "scope", STR("?"), &doubted, e);

	if (r == 0 && doubted &&
		(p->kind == PASS_POLL || p->kind == PASS_RECONCILE))
		p->kind = PASS_FULL;
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

	return names_check(names, p->sync->config->program, true, NULL,
		       &ignored) == 0;
}

/*
 * Has the mapping, as it is written, made the documents that are there?  That
 * a newer library may render it otherwise makes no name of it wrong.
 */
static int look_whether_proven(
	struct pass *p, struct state *state, struct err *e)
{
	return state_is(state, "mapping.text",
		str_of(program_text_hash(p->sync->config->program)), &p->proven,
		e);
}

/* What commits no other mapping does not settle that it is held, either. */
static bool compares(const struct pass *p)
{
	return p->compare || (!p->dry && guard_weighs_again(p->sync->mapper));
}

static int begin(struct pass *p, struct state *state, struct err *e)
{
	int r = instance_check_origin(p->sync->mapper, e);

	if (r == 0)
		r = instance_check_store(p->sync->mapper, e);
	if (r == 0 && p->first)
		r = cursor_load(p->cursor, state, e);
	if (r == 0)
		r = look_whether_proven(p, state, e);
	if (r == 0 && !p->cursor->known)
		r = mapper_has_unclaimed(p->sync->mapper, &p->rebuilt, e);
	if (r == 0 && compares(p))
		r = compare_mapping(p, state, e);
	if (r == 0 && !p->sync->resolved)
		p->remembered = resolve_from_memory(p->sync, &p->scope);
	if (r == 0 && p->compare && p->cursor->known)
		r = look_at_scope(p, e);
	if (r == 0 && p->cursor->known)
		r = look_whether_doubted(p, state, e);
	if (p->remembered && !names_bear_out(p))
		p->remembered = false;
	return r;
}

/* --- BEGINNING ---------------------------------------------------------- */

/* Many small questions, so that they are one look at the state. */
static int recall(struct pass *p, struct err *e)
{
	struct mapper *m = p->sync->mapper;
	struct state *state = store_state(m->store);
	bool again = false;
	int r = state_hold(state, e);

	if (r != 0)
		return r;
	r = mapper_begin(m, p->cause, &again, e);
	if (again)
		*p->cursor = (struct cursor){0};
	if (r == 0 && p->kind != PASS_LOCAL)
		r = begin(p, state, e);
	if (r == 0)
		return state_let_go(state, e);
	state_let_go(state, NULL);
	return r;
}

/* What the kind of the pass, known by now, makes of it. */
static int begin_run(struct pass *p, struct err *e)
{
	struct mapper *m = p->sync->mapper;
	int r;

	if (p->kind == PASS_FULL)
		p->record = true;
	r = mapper_begin_run(m, pass_kind_word(p->kind), p->record, e);
	m->verifying = p->kind == PASS_FULL && (p->dry || p->deep);
	m->confirms =
		(p->kind == PASS_FULL || p->kind == PASS_RECONCILE) && !p->dry;
	m->hears = p->kind == PASS_SLOW;
	return r;
}

void pass_retry(struct pass *p)
{
	p->unread_again = p->unread.n == 0;
	mapper_retry(p->sync->mapper, &p->page, &p->unread, &p->err);
}

static void run_begin(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct mapper *m = p->sync->mapper;
	int r = recall(p, &p->err);

	if (r != 0)
		return;
	if ((p->kind == PASS_POLL || p->kind == PASS_RECONCILE) &&
		(!p->cursor->known || p->cursor->full_open))
		p->kind = PASS_FULL;
	r = begin_run(p, &p->err);
	m->dry = p->dry;
	store_adopt(m->store, p->adopt ? &p->paths : NULL);
	if (r == 0 && p->adopt)
		r = state_ids_of(store_state(m->store), OUTCOME_FAILED, &p->ids,
			&p->err);
	if (r == 0 && !p->dry)
		r = mapper_look(m, p->deep, &p->err);
	if (r == 0)
		r = guard_withdraw(m, &p->err);
	if (r == 0)
		r = mapper_commit_unweighed(m, &p->err);
	if (r == 0 && p->kind != PASS_LOCAL && !m->guard.weighing)
		pass_retry(p);
	p->run = m->run.id;
}

static void on_begun(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	struct sync *sync = p->sync;

	if (p->remembered)
		resolve_set_scope(sync, &p->scope);
	if (p->kind == PASS_LOCAL)
		pass_proceed(p, DRAINING);
	else if (p->kind == PASS_FULL || p->kind == PASS_RECONCILE ||
		 p->reconcile || !sync->resolved ||
		 !names_have_lists(&sync->mapper->names))
		pass_proceed(p, RESOLVING);
	else
		pass_proceed(p, REMAPPING);
}

void pass_begin(struct pass *p)
{
	if (!pass_glance(p))
		worker_run(p->sync->worker, &p->job, run_begin, on_begun);
}

/* --- RESOLVING ---------------------------------------------------------- */

static void run_resolved(struct job *job)
{
	struct pass *p = container_of(job, struct pass, job);
	const struct api_scope *scope = &p->sync->scope;

	if (p->compare_late)
		compare_scope(p, scope->projects, scope->n_projects, &p->err);
	p->compare_late = false;
	if (p->err.code == 0 && p->kind == PASS_FULL)
		begin_run(p, &p->err);
}

static void on_compared(struct job *job)
{
	pass_proceed(container_of(job, struct pass, job), REMAPPING);
}

static void on_resolved(struct resolve *r)
{
	struct pass *p = container_of(r, struct pass, resolve);

	p->err = r->err;
	if (r->projects_fault.code != 0 && r->err.code == 0)
		log_warning("%s: the server does not list its projects: those "
			    "that are known go on, new ones wait, and the next "
			    "reconcile asks again (its own log says why, as "
			    "where one of them is broken)",
			r->projects_fault.text);
	if (r->scope.missing.code != 0 && r->err.code == 0)
		log_warning("%s: its documents stay as they are",
			r->scope.missing.text);
	if (r->unknown.code != 0 && r->err.code == 0)
		log_warning("%s: what depends on it stays as it is",
			r->unknown.text);
	if (r->suspicion.code != 0 && r->err.code == 0) {
		log_warning("%s: everything is read again, under the guard",
			r->suspicion.text);
		p->kind = PASS_FULL;
	}
	if (p->err.code != 0)
		pass_proceed(p, REMAPPING);
	else
		worker_run(p->sync->worker, &p->job, run_resolved, on_compared);
}

void pass_resolve(struct pass *p)
{
	p->resolve = (struct resolve){.sync = p->sync,
		.strict = !p->cursor->known && !p->retried,
		.rebuilt = p->rebuilt,
		.proven = p->proven};
	resolve_start(&p->resolve, on_resolved);
}
