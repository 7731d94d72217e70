/*
 * resolve - what the server calls its things, held against the configuration.
 *
 *   ME --> PROJECTS (page by page) --> TYPES --> STATUSES --> SCHEMAS*
 *                                                              ^   |
 *                                           a field is missing |   v
 *                                                              CHECK --> done
 *
 * Types and statuses, which need nothing of the projects, are asked for beside
 * them: a real server takes 60 ms for each of these.
 *
 * /users/me comes first: /configuration would answer without a key, so it
 * proves nothing.  Each step's answers are given to the worker, which keeps
 * them in the state.  Schemas are asked for all pairs of a project in scope
 * and a type, so that a custom field that no schema has is found now and not
 * years later; a pair that does not exist is left out by the server without a
 * word.  Where these are very many, only those that were met are asked for,
 * and of the others as many as it takes to find the fields that are named.
 *
 * One broken project makes the server fail at the whole list of them.  Then
 * the projects hold that are known from before, if any are; what they are held
 * against and is not there may be on the list that did not come.
 */
#include "daemon/resolve.h"

#include <stdlib.h>

#include "daemon/instance.h"
#include "daemon/lane.h"
#include "daemon/log.h"

#define MANY_PAIRS 2000 /* or 20 requests */

enum step { ME, PROJECTS, TYPES, STATUSES, SCHEMAS, CHECK, END };

static void enter(struct resolve *r, enum step step);

static bool asks_ahead(const struct resolve *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->ahead); i++)
		if (api_is_asking(&r->ahead[i].request))
			return true;
	return false;
}

static void cancel_ahead(struct resolve *r)
{
	for (size_t i = 0; i < ARRAY_LEN(r->ahead); i++)
		api_cancel(&r->ahead[i].request);
}

static void finish(struct resolve *r)
{
	r->ended = true;
	if (asks_ahead(r)) {
		cancel_ahead(r);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(r->ahead); i++)
		api_request_fini(&r->ahead[i].request);
	pages_fini(&r->pages);
	free(r->pairs);
	api_request_fini(&r->request);
	r->pairs = NULL;
	if (r->err.code == 0)
		resolve_set_scope(r->sync, &r->scope);
	else
		free(r->scope.ids);
	r->scope.ids = NULL;
	r->done(r); /* r may be gone */
}

static void proceed(struct resolve *r, enum step next)
{
	if (r->canceled && r->err.code == 0)
		err_set(&r->err, ERR_CANCELED, "canceled");
	enter(r, r->err.code != 0 ? END : next);
}

/* --- The worker's side -------------------------------------------------- */

static int put_names(struct resolve *r)
{
	static const enum names_kind kinds[] = {
		[PROJECTS] = NAMES_PROJECTS,
		[TYPES] = NAMES_TYPES,
		[STATUSES] = NAMES_STATUSES,
	};
	struct str *pages = pages_strs(&r->pages);
	int rc = mapper_put_names(
		r->sync->mapper, kinds[r->step], pages, r->pages.n, &r->err);

	free(pages);
	return rc;
}

static int put_me(struct resolve *r, struct state *state)
{
	struct arena scratch = {0};
	struct api_user user;
	int rc = api_user_parse(
		&scratch, buf_str(&r->pages.bodies[0]), &user, &r->err);

	if (rc == 0)
		rc = state_put(state, "user", user.name, &r->err);
	if (rc == 0)
		rc = instance_check_user(
			r->sync->mapper, &user, &r->suspicion, &r->err);
	arena_fini(&scratch);
	return rc;
}

static int put_schemas(struct resolve *r)
{
	return mapper_put_schemas(r->sync->mapper, buf_str(&r->pages.bodies[0]),
		r->pairs + r->next_pair, r->halving.n, &r->err);
}

static void run_put(struct job *job)
{
	struct resolve *r = container_of(job, struct resolve, job);
	struct mapper *m = r->sync->mapper;
	struct state *state = store_state(m->store);
	int rc = state_begin(state, &r->err);

	if (rc != 0)
		return;
	if (r->step == ME)
		rc = put_me(r, state);
	else if (r->step == SCHEMAS)
		rc = put_schemas(r);
	else
		rc = put_names(r);
	if (rc == 0 && r->step == PROJECTS)
		rc = instance_check_projects(m, &r->suspicion, &r->err);
	mapper_end_names(m, rc, &r->err);
}

/* Is there a list from before?  Else there is nothing to go on with. */
static void run_unlisted(struct job *job)
{
	struct resolve *r = container_of(job, struct resolve, job);
	struct mapper *m = r->sync->mapper;

	if (m->names.known[NAMES_PROJECTS] && m->names.n_projects > 0)
		m->projects_fault = r->projects_fault = r->request.err;
	else
		r->err = r->request.err;
}

struct met {
	size_t n, cap;
	struct api_pair *pairs; /* sorted */
};

static void add_met(void *arg, int64_t project_id, int64_t type_id)
{
	struct met *met = arg;

	met->pairs = grow(met->pairs, met->n, &met->cap, sizeof(*met->pairs));
	met->pairs[met->n++] = (struct api_pair){project_id, type_id};
}

static int by_pair(const void *x, const void *y)
{
	const struct api_pair *a = x;
	const struct api_pair *b = y;

	if (a->project_id != b->project_id)
		return a->project_id < b->project_id ? -1 : 1;
	return a->type_id < b->type_id ? -1 : a->type_id > b->type_id;
}

/* Those that work packages were met of come first, and are asked for. */
static void choose_met(struct resolve *r)
{
	struct met met = {0};

	state_pairs(
		store_state(r->sync->mapper->store), add_met, &met, &r->err);
	for (size_t i = 0; met.n > 0 && i < r->n_all; i++) {
		struct api_pair pair = r->pairs[i];

		if (bsearch(&pair, met.pairs, met.n, sizeof(pair), by_pair) ==
			NULL)
			continue;
		r->pairs[i] = r->pairs[r->n_pairs];
		r->pairs[r->n_pairs++] = pair;
	}
	free(met.pairs);
}

/* All that may be there; if they are very many, those that were met. */
static void list_pairs(struct resolve *r)
{
	r->pairs = names_pairs(&r->sync->mapper->names, &r->scope, &r->n_all);
	if (r->n_all > MANY_PAIRS)
		choose_met(r);
	else
		r->n_pairs = r->n_all;
}

/* Is a field missing that a pair may have which is not asked for otherwise? */
static bool seek_fields(struct resolve *r)
{
	const struct mapper *m = r->sync->mapper;
	bool found = names_have_fields(&m->names, m->config->program);

	if (found) {
		r->n_pairs = 0;
	} else {
		r->n_pairs = r->n_all;
		r->seeking = true;
	}
	return r->next_pair < r->n_pairs;
}

static int find_scope(struct resolve *r)
{
	struct mapper *m = r->sync->mapper;
	int rc = names_find_scope(&m->names, r->sync->config,
		r->strict && !r->rebuilt, &r->scope, &r->err);

	return rc == 0 && r->scope.missing.code != 0
		       ? instance_check_scope(m, &r->scope, &r->err)
		       : rc;
}

static void run_check(struct job *job)
{
	struct resolve *r = container_of(job, struct resolve, job);
	struct mapper *m = r->sync->mapper;
	bool shown = false;

	if (r->step == STATUSES) {
		if (find_scope(r) == 0)
			list_pairs(r);
		return;
	}
	if (!r->seeking && mapper_reload_names(m, &r->err) != 0)
		return;
	if (seek_fields(r) || instance_knows_projects(m, &shown, &r->err) != 0)
		return;
	names_check(&m->names, m->config->program, true,
		r->rebuilt || shown ? r->sync->config : NULL,
		r->proven ? &r->unknown : &r->err);
}

/* --- The loop's side ---------------------------------------------------- */

static void on_checked(struct job *job)
{
	struct resolve *r = container_of(job, struct resolve, job);

	/* What is missed may be in what the server failed at. */
	if (r->err.code == ERR_CONFIG && r->projects_fault.code != 0) {
		err_prefix(&r->err, "%s", r->projects_fault.text);
		r->err.code = r->projects_fault.code;
	} else if (r->err.code == ERR_CONFIG && r->halving.n_left > 0) {
		r->err = r->left;
	}
	proceed(r, r->step == STATUSES || r->next_pair < r->n_pairs ? SCHEMAS
								    : END);
}

static void on_put(struct job *job)
{
	struct resolve *r = container_of(job, struct resolve, job);

	if (sync_end_pages(&r->pages, &r->request, &r->err)) {
		proceed(r, (enum step)r->step);
		return;
	}
	if (r->step == STATUSES && r->err.code == 0) {
		worker_run(r->sync->worker, &r->job, run_check, on_checked);
		return;
	}
	if (r->step == SCHEMAS) {
		r->next_pair += r->halving.n;
		proceed(r, r->seeking ? CHECK : SCHEMAS);
		return;
	}
	proceed(r, (enum step)(r->step + 1));
}

static void on_unlisted(struct job *job)
{
	struct resolve *r = container_of(job, struct resolve, job);

	pages_fini(&r->pages);
	proceed(r, TYPES);
}

static void leave_pair(struct resolve *r)
{
	const struct api_pair *pair = r->pairs + r->next_pair;

	r->left = r->request.err;
	log_warning("%s: what is known of the fields of project %lld, type "
		    "%lld stays as it is",
		r->request.err.text, (long long)pair->project_id,
		(long long)pair->type_id);
	r->next_pair++;
	proceed(r, r->seeking ? CHECK : SCHEMAS);
}

/* Are they, or less, asked for again, or left?  Else the answer counts. */
static bool halve(struct resolve *r)
{
	switch (r->canceled ? HALVING_END
			    : halving_judge(&r->halving, &r->request)) {
	case HALVING_AGAIN:
		proceed(r, SCHEMAS);
		return true;
	case HALVING_LEAVE:
		leave_pair(r);
		return true;
	case HALVING_END:
		break;
	}
	return false;
}

static void take_answer(struct resolve *r)
{
	struct api_request *request = &r->request;

	if (r->step == SCHEMAS && halve(r))
		return;
	if (r->step == PROJECTS && !r->canceled && lane_fault(request)) {
		worker_run(r->sync->worker, &r->job, run_unlisted, on_unlisted);
		return;
	}
	if (request->err.code != 0) {
		r->err = request->err;
		proceed(r, END);
		return;
	}
	if (r->halving.shorter)
		sync_ask_shorter(r->sync, r->halving.n);
	if (sync_take_page(&r->pages, request, r->step != PROJECTS, &r->err))
		worker_run(r->sync->worker, &r->job, run_put, on_put);
	else
		proceed(r, PROJECTS);
}

static void on_answer(struct api_request *request)
{
	take_answer(container_of(request, struct resolve, request));
}

/* --- Ahead ---------------------------------------------------------------- */

static void take_ahead(struct resolve *r, struct resolve_ahead *a)
{
	r->waits = false;
	api_request_fini(&r->request);
	r->request = a->request;
	a->request = (struct api_request){0};
	take_answer(r);
}

static void on_ahead(struct api_request *request)
{
	struct resolve_ahead *a =
		container_of(request, struct resolve_ahead, request);
	struct resolve *r = a->resolve;

	a->here = true;
	if (r->ended && !asks_ahead(r))
		finish(r);
	else if (r->waits && a == &r->ahead[r->step - TYPES])
		take_ahead(r, a);
}

static void ask_ahead(struct resolve *r)
{
	static void (*const paths[])(struct buf *) = {
		api_path_types, api_path_statuses};

	for (size_t i = 0; i < ARRAY_LEN(r->ahead); i++) {
		struct resolve_ahead *a = &r->ahead[i];
		struct buf path = {0};

		a->resolve = r;
		paths[i](&path);
		api_ask(r->sync->client, &a->request, &path, on_ahead);
	}
}

/* --- Step by step --------------------------------------------------------- */

static void enter(struct resolve *r, enum step step)
{
	size_t left = r->n_pairs - r->next_pair;
	struct buf path = {0};

	r->step = (int)step;
	switch (step) {
	case ME:
		api_path_me(&path);
		break;
	case PROJECTS:
		api_path_projects(&path, (int)r->pages.n + 1);
		break;
	case TYPES:
	case STATUSES:
		r->waits = true;
		if (r->ahead[step - TYPES].here)
			take_ahead(r, &r->ahead[step - TYPES]);
		return;
	case SCHEMAS:
		if (left == 0) {
			enter(r, CHECK);
			return;
		}
		halving_choose(&r->halving, sync_ids(r->sync, left));
		api_path_schemas(&path, r->pairs + r->next_pair, r->halving.n);
		break;
	case CHECK:
		worker_run(r->sync->worker, &r->job, run_check, on_checked);
		return;
	case END:
		finish(r);
		return;
	}
	(r->halving.in_doubt ? api_ask_once : api_ask)(
		r->sync->client, &r->request, &path, on_answer);
	if (step == PROJECTS && r->pages.n == 0 && r->pages.walks == 0)
		ask_ahead(r);
}

void resolve_start(struct resolve *r, resolve_done_fn *done)
{
	r->done = done;
	r->sync->page = r->sync->ids = 0; /* it may give more by now */
	r->sync->n_unshown = 0;
	enter(r, ME);
}

void resolve_cancel(struct resolve *r)
{
	r->canceled = true;
	api_cancel(&r->request);
	cancel_ahead(r);
}

bool resolve_from_memory(const struct sync *sync, struct names_scope *out)
{
	const struct names *n = &sync->mapper->names;
	struct err e = {0};

	return names_have_lists(n) && n->n_projects > 0 && n->n_types > 0 &&
	       names_find_scope(n, sync->config, true, out, &e) == 0;
}

void resolve_set_scope(struct sync *sync, struct names_scope *scope)
{
	free(sync->scope_ids);
	sync->scope_ids = scope->ids;
	sync->scope = (struct api_scope){
		.n_projects = scope->n, .projects = scope->ids};
	sync->resolved = true;
	scope->ids = NULL;
}
