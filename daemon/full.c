/*
 * full - everything that the server shows.
 *
 *   LOOKING --> NEWEST --> LISTING --> PLANNING --> READING --> (WITNESSES)
 *                                                                   |
 *                     done <-- USERS <--- CONFIRMING <--- (SEEING) <-'
 *
 * The newest stamp is asked for first: what changes while we read is newer,
 * and the next poll brings it.  If the server fails at that one, but lists ids,
 * or it is larger than an answer may be, there is none, and the next poll
 * begins at the very first.  A full read has a number, its generation; work
 * packages that were read are recorded with it, so that a read that was
 * interrupted goes on where it was.  What is known here but not listed is
 * looked at by itself, once: only an API's own 404, or a project out of scope,
 * makes it gone, and one that cannot be looked at keeps no other from that.
 * Those of a project that the server does not show at all are left alone: that
 * looks like a lost permission, not like a deletion.  If the list of projects
 * did not come, so are those of one of which nothing was read just now: what is
 * known of it may have been moved elsewhere.  Documents that are left of a lost
 * state cannot be looked up so: where there are any, the list is walked twice.
 *
 * A reconcile is the same, but reads only what is not known here: what
 * appeared without being changed, after a project was shown again.
 * Then it looks at some that show all names which documents read, since a new
 * name moves no work package; users whom only files and comments name are
 * asked for by themselves, a part of them each time, in a full read all.  Where
 * the newest that the server shows is older than one that is known and still
 * shown, the server was set back: then all is read.
 */
#include "daemon/full.h"

#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/log.h"

#define DAY (86400 * STAMP_SECOND)

enum step {
	LOOKING,
	NEWEST,
	LISTING,
	PLANNING,
	READING,
	WITNESSES,
	SEEING,
	CONFIRMING,
	USERS,
	END
};

static void enter(struct full *f, enum step step);

static void finish(struct full *f)
{
	api_request_fini(&f->request);
	f->done(f); /* f may be gone */
}

static void proceed(struct full *f, enum step next)
{
	if (f->canceled && f->err.code == 0)
		err_set(&f->err, ERR_CANCELED, "canceled");
	enter(f, f->err.code != 0 ? END : next);
}

/*
 * The head of the single element of a list, or of a work package itself.  One
 * that cannot be read as a whole may say when it changed all the same.
 */
static int read_head(struct str element, struct api_source *head, struct err *e)
{
	struct buf source = {0};
	int r = api_source_make(element, &source, head, e);

	buf_fini(&source);
	return r;
}

/* --- LOOKING, on the worker's thread ------------------------------------ */

static void run_look(struct job *job)
{
	struct full *f = container_of(job, struct full, job);

	mapper_has_unclaimed(f->sync->mapper, &f->unclaimed, &f->err);
}

static void on_looked(struct job *job)
{
	struct full *f = container_of(job, struct full, job);

	proceed(f, NEWEST);
}

/* --- NEWEST ------------------------------------------------------------- */

static void on_newest(struct api_request *request)
{
	struct full *f = container_of(request, struct full, request);
	struct arena scratch = {0};
	struct api_source head = {0};
	struct api_list list = {0};

	if (lane_fault(request))
		f->doubt = request->err;
	if (f->doubt.code != 0 || request->too_big) {
		proceed(f, LISTING);
		return;
	}
	f->err = request->err;
	if (f->err.code == 0) {
		api_list_scan(
			&scratch, buf_str(&request->body), &list, &f->err);
		sync_name_answer(request, &f->err);
	}
	/* Without a stamp, or with one of the future, the next poll begins
	 * earlier than it must. */
	if (f->err.code == 0 && list.n > 0)
		read_head(list.elements[0], &head, NULL);
	if (!mapper_of_future(head.updated_at))
		f->newest = head.updated_at;
	arena_fini(&scratch);
	proceed(f, LISTING);
}

/* --- LISTING ------------------------------------------------------------ */

static void on_listing(struct listing *l)
{
	struct full *f = container_of(l, struct full, listing);

	f->err = l->err.code != 0 && f->doubt.code != 0 ? f->doubt : l->err;
	proceed(f, PLANNING);
}

/* --- PLANNING, on the worker's thread ----------------------------------- */

struct plan {
	struct full *f;
	size_t next; /* in the list of ids; both walks are ascending */
	bool resuming;
	struct ids unsure; /* projects of those that are missing */
};

static void miss(struct plan *p, const struct state_head *wp)
{
	struct full *f = p->f;

	ids_add(&f->missing, wp->id);
	if (f->sync->mapper->projects_fault.code != 0 &&
		!ids_contain(p->unsure.items, p->unsure.n, wp->project_id))
		ids_add(&p->unsure, wp->project_id);
}

/*
 * One that is known here and not listed.  Whether it is gone needs no asking
 * where it was so before, or where its project is not meant any more.
 */
static void plan_missing(struct plan *p, const struct state_head *wp)
{
	struct full *f = p->f;
	const struct api_scope *scope = &f->sync->scope;
	struct mapper *m = f->sync->mapper;

	if (frozen_project(m, wp->project_id))
		return;
	if (wp->outcome == OUTCOME_GONE ||
		!names_in_scope(
			scope->projects, scope->n_projects, wp->project_id))
		guard_gone(m, wp->id);
	else
		miss(p, wp);
}

static int plan_sample(void *arg, const struct state_head *wp, struct err *e)
{
	struct plan *p = arg;
	const struct ids *listed = &p->f->listing.ids;
	struct ids *unsure = &p->unsure;

	(void)e;
	if (!ids_have(listed->items, listed->n, wp->id))
		return 0;
	for (size_t i = 0; i < unsure->n; i++) {
		if (unsure->items[i] != wp->project_id)
			continue;
		unsure->items[i] = unsure->items[--unsure->n];
		ids_add(&p->f->todo, wp->id);
		return 0;
	}
	return 0;
}

/* One of each of these projects is read: is it still there? */
static int plan_samples(struct plan *p, struct err *e)
{
	struct full *f = p->f;
	int r;

	if (p->unsure.n == 0)
		return 0;
	r = state_heads(store_state(f->sync->mapper->store), plan_sample, p, e);
	f->todo.n = ids_distinct(f->todo.items, f->todo.n);
	return r;
}

static int plan_known(void *arg, const struct state_head *wp, struct err *e)
{
	struct plan *p = arg;
	struct full *f = p->f;
	const struct mapper *m = f->sync->mapper;
	const struct ids *listed = &f->listing.ids;
	bool read = f->reconcile ||
		    (p->resuming && wp->generation == m->generation);

	(void)e;
	while (p->next < listed->n && listed->items[p->next] < wp->id)
		ids_add(&f->todo, listed->items[p->next++]);
	if (p->next == listed->n || listed->items[p->next] != wp->id) {
		plan_missing(p, wp);
		return 0;
	}
	if (!read || wp->outcome == OUTCOME_GONE ||
		guard_holds_gone(&m->guard, wp->id))
		ids_add(&f->todo, wp->id);
	p->next++;
	return 0;
}

/*
 * A new number, unless the last full read was interrupted: what changed
 * meanwhile is newer than its beginning.
 */
static int open_generation(struct plan *p, struct err *e)
{
	struct mapper *m = p->f->sync->mapper;
	struct state *state = store_state(m->store);
	int r = state_get_int(
		state, "full.open", &p->resuming, &p->f->newest, e);

	if (r != 0 || p->resuming)
		return r;
	m->generation++;
	r = state_begin(state, e);
	if (r == 0)
		r = state_put_int(state, "full.generation", m->generation, e);
	if (r == 0)
		r = state_put_int(state, "full.open", p->f->newest, e);
	return state_end(state, r, e);
}

/* One that is known as newer than all that the server shows. */
static int on_newer(void *arg, int64_t id, struct err *e)
{
	struct full *f = arg;
	const struct ids *listed = &f->listing.ids;

	(void)e;
	if (ids_have(listed->items, listed->n, id))
		f->older = true;
	return 0;
}

static int look_whether_older(struct full *f, struct err *e)
{
	int64_t limit = f->newest;
	int r;

	if (limit == 0)
		return 0;
	r = state_newer(store_state(f->sync->mapper->store), limit,
		stamp_now() + DAY, on_newer, f, e);
	if (f->older)
		f->reconcile = false;
	return r;
}

/* Work packages are made in the order of their ids. */
static void put_newest_first(struct full *f)
{
	int64_t *ids = f->todo.items;
	size_t n = f->todo.n;

	for (size_t i = 0; i < n / 2; i++) {
		int64_t id = ids[i];

		ids[i] = ids[n - 1 - i];
		ids[n - 1 - i] = id;
	}
}

static void run_plan(struct job *job)
{
	struct full *f = container_of(job, struct full, job);
	struct plan p = {.f = f};
	bool open = !f->reconcile && !f->peek;
	int r = look_whether_older(f, &f->err);

	if (r == 0 && open)
		r = open_generation(&p, &f->err);
	f->opened = r == 0 && open;
	if (r == 0)
		r = state_heads(store_state(f->sync->mapper->store), plan_known,
			&p, &f->err);
	while (r == 0 && p.next < f->listing.ids.n)
		ids_add(&f->todo, f->listing.ids.items[p.next++]);
	if (r == 0)
		r = plan_samples(&p, &f->err);
	if (f->sync->config->newest_first)
		put_newest_first(f);
	if (r == 0 && !f->peek)
		mapper_witnesses(f->sync->mapper, !f->reconcile,
			&f->listing.ids, &f->witnesses, &f->users, &f->err);
	free(p.unsure.items);
}

static void on_planned(struct job *job)
{
	struct full *f = container_of(job, struct full, job);

	f->n_planned = f->todo.n;
	proceed(f, READING);
}

/* --- READING ------------------------------------------------------------ */

static void on_batches(struct batches *b)
{
	struct full *f = container_of(b, struct full, batches);

	f->err = b->err;
	batches_fini(b);
	if (f->step == READING && f->reconcile)
		proceed(f, WITNESSES);
	else if (f->sync->mapper->projects_fault.code != 0)
		proceed(f, SEEING);
	else
		proceed(f, CONFIRMING);
}

static void read_ids(struct full *f, const struct ids *ids, bool forced)
{
	f->batches = (struct batches){.sync = f->sync,
		.items = f->items,
		.forced = forced,
		.n = ids->n,
		.ids = ids->items};
	batches_start(&f->batches, on_batches);
}

/* --- SEEING, on the worker's thread ------------------------------------- */

/* Where it is; 0: not known. */
static int project_of(struct full *f, int64_t id, int64_t *out)
{
	struct state_head head;
	bool found;
	int r = store_head_of(
		f->sync->mapper->store, id, &found, &head, &f->err);

	*out = r == 0 && found ? head.project_id : 0;
	return r;
}

static int add_shown(struct full *f, struct ids *shown)
{
	int64_t project;
	int r = 0;

	for (size_t i = 0; r == 0 && i < f->todo.n; i++) {
		r = project_of(f, f->todo.items[i], &project);
		if (project != 0 &&
			!ids_contain(shown->items, shown->n, project))
			ids_add(shown, project);
	}
	return r;
}

/*
 * Where the list of projects did not come, one may not be shown any more that
 * is known from before.  Another that was read now tells that it is.
 */
static void run_see(struct job *job)
{
	struct full *f = container_of(job, struct full, job);
	struct ids shown = {0};
	size_t n = 0;
	int64_t project;
	int r = f->missing.n > 0 ? add_shown(f, &shown) : 0;

	for (size_t i = 0; r == 0 && i < f->missing.n; i++) {
		r = project_of(f, f->missing.items[i], &project);
		if (ids_contain(shown.items, shown.n, project))
			f->missing.items[n++] = f->missing.items[i];
	}
	f->missing.n = n;
	free(shown.items);
}

static void on_seen(struct job *job)
{
	struct full *f = container_of(job, struct full, job);

	proceed(f, CONFIRMING);
}

/* --- CONFIRMING --------------------------------------------------------- */

/* What is shown, and in scope, was only not listed. */
static int take_missing(
	struct singles *s, int64_t id, struct str answer, struct err *e)
{
	struct full *f = container_of(s, struct full, singles);
	const struct api_scope *scope = &f->sync->scope;
	struct api_source head = {0};

	if (answer.n > 0) {
		if (read_head(answer, &head, e) != 0)
			return -1;
		if (names_in_scope(scope->projects, scope->n_projects,
			    head.project_id))
			return 0;
	}
	guard_gone(f->sync->mapper, id);
	return 0;
}

static void on_confirmed(struct singles *s)
{
	struct full *f = container_of(s, struct full, singles);

	f->err = s->err;
	proceed(f, USERS);
}

/* --- USERS -------------------------------------------------------------- */

/* Who is not shown any more has no name, as if it were asked for at first. */
static int take_user(
	struct singles *s, int64_t id, struct str answer, struct err *e)
{
	struct full *f = container_of(s, struct full, singles);

	return mapper_take_user(
		f->sync->mapper, &f->listing.ids, id, answer, e);
}

static void on_users(struct singles *s)
{
	struct full *f = container_of(s, struct full, singles);

	f->err = s->err;
	proceed(f, END);
}

/* --- The whole ---------------------------------------------------------- */

static void enter(struct full *f, enum step step)
{
	struct buf path = {0};

	f->step = (int)step;
	switch (step) {
	case LOOKING:
		worker_run(f->sync->worker, &f->job, run_look, on_looked);
		return;
	case NEWEST:
		api_path_newest(&path, &f->sync->scope);
		api_ask(f->sync->client, &f->request, &path, on_newest);
		return;
	case LISTING:
		f->listing = (struct listing){.sync = f->sync,
			.once = f->doubt.code != 0,
			.twice = f->unclaimed};
		listing_start(&f->listing, on_listing);
		return;
	case PLANNING:
		worker_run(f->sync->worker, &f->job, run_plan, on_planned);
		return;
	case READING:
		read_ids(f, &f->todo, true);
		return;
	case WITNESSES:
		read_ids(f, &f->witnesses, false);
		return;
	case SEEING:
		worker_run(f->sync->worker, &f->job, run_see, on_seen);
		return;
	case CONFIRMING:
		f->singles = (struct singles){.sync = f->sync,
			.ids = &f->missing,
			.path = api_path_work_package,
			.take = take_missing};
		singles_start(&f->singles, on_confirmed);
		return;
	case USERS: /* all else is done: names are no reason to do it again */
		f->singles = (struct singles){.sync = f->sync,
			.ids = &f->users,
			.path = api_path_user,
			.take = take_user,
			.spare = "users"};
		singles_start(&f->singles, on_users);
		return;
	case END:
		finish(f);
		return;
	}
}

void full_start(struct full *f, full_done_fn *done)
{
	f->done = done;
	enter(f, LOOKING);
}

void full_continue(struct full *f)
{
	if (f->done != NULL && (f->step == READING || f->step == WITNESSES))
		batches_continue(&f->batches);
}

void full_cancel(struct full *f)
{
	f->canceled = true;
	api_cancel(&f->request);
	if (f->step == LISTING)
		listing_cancel(&f->listing);
	if (f->step == READING || f->step == WITNESSES)
		batches_cancel(&f->batches);
	if (f->step == CONFIRMING || f->step == USERS)
		singles_cancel(&f->singles);
}

void full_fini(struct full *f)
{
	listing_fini(&f->listing);
	batches_fini(&f->batches);
	api_request_fini(&f->request);
	free(f->todo.items);
	free(f->missing.items);
	free(f->witnesses.items);
	free(f->users.items);
	*f = (struct full){0};
}
