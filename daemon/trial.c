/*
 * trial - the names of another configuration, before it is taken.
 *
 *   RECALL --> PROJECTS (page by page) --> TYPES --> STATUSES --> SCHEMAS*
 *     | all of them are known                          |           | each is
 *     v                                                v           v found
 *    END <---------------------------------------------+-----------+
 *
 * The names that the state has are read into names of our own, and what the
 * server says is put over them there: the pass that runs sees nothing of it.
 * A name that is missing then is missing on the server.  Schemas are asked for
 * only until each custom field is found.
 *
 * As in resolve.c, a list of projects that the server fails at is the one that
 * is known, and single schemas that it fails at are left out; what is missing
 * then may be in these, and the server is to blame.
 */
#include "daemon/trial.h"

#include <stdlib.h>

#include "base/stamp.h"
#include "daemon/client.h"
#include "daemon/instance.h"
#include "daemon/lane.h"

#define TRIES 2                           /* somebody waits, */
#define LONGEST_PAUSE (10 * STAMP_SECOND) /* that a server asks for, too */

enum step { RECALL, PROJECTS, TYPES, STATUSES, SCHEMAS, END };

static void enter(struct trial *t, enum step step);

bool trial_is_due(const struct config *before, const struct config *now)
{
	bool same = str_is(str_of(program_text_hash(now->program)),
		program_text_hash(before->program));

	for (size_t i = 0; same && i < now->n_projects; i++) {
		bool named = false;

		for (size_t k = 0; !named && k < before->n_projects; k++)
			named = str_eq(before->projects[k].name,
				now->projects[i].name);
		same = named;
	}
	return !same;
}

static void on_closed(void *arg)
{
	struct trial *t = arg;

	t->done(t); /* t may be gone */
}

static void finish(struct trial *t)
{
	names_fini(&t->names);
	pages_fini(&t->pages);
	api_request_fini(&t->request);
	free(t->pairs);
	if (t->err.code == 0 && t->lacks) {
		t->err = t->missing;
		if (t->left.code != 0) {
			err_prefix(&t->err, "%s", t->left.text);
			t->err.code = t->left.code;
		}
	}
	if (t->client != NULL)
		api_client_close(t->client, on_closed, t);
	else
		t->done(t); /* t may be gone */
}

static void proceed(struct trial *t, enum step next)
{
	if (t->canceled && t->err.code == 0)
		err_set(&t->err, ERR_CANCELED, "canceled");
	enter(t, t->err.code != 0 ? END : next);
}

/* --- The worker's side -------------------------------------------------- */

/*
 * A mapping that made the documents may name what is not there any more: that
 * is frozen, and no fault of a configuration.
 */
static int look_for_names(struct trial *t, struct err *e)
{
	struct mapper *m = t->sync->mapper;
	const struct program *program = t->config->program;
	bool proven = false;
	int r = state_is(store_state(m->store), "mapping.text",
		str_of(program_text_hash(program)), &proven, e);

	if (r == 0 && !proven)
		r = names_check(&t->names, program, true, t->config, e);
	return r;
}

/* What is missing is no error yet, as more may be asked for. */
static void look(struct trial *t)
{
	struct err e = {0};
	int r = instance_check_named(t->sync->mapper, &t->names, t->config, &e);

	if (r == 0)
		r = look_for_names(t, &e);
	t->lacks = r == ERR_CONFIG;
	t->missing = e;
	if (r != 0 && !t->lacks)
		t->err = e;
}

static void run_recall(struct job *job)
{
	struct trial *t = container_of(job, struct trial, job);
	struct mapper *m = t->sync->mapper;

	t->names.frozen = &m->frozen;
	if (names_load(&t->names, store_state(m->store), &t->err) == 0)
		look(t);
	t->lacks = t->lacks || !names_have_lists(&t->names);
}

static void choose_pairs(struct trial *t)
{
	struct names_scope scope = {0};
	struct err none = {0};

	if (names_find_scope(&t->names, t->config, false, &scope, &none) == 0)
		t->pairs = names_pairs(&t->names, &scope, &t->n_pairs);
	free(scope.ids);
}

static int put_list(struct trial *t)
{
	static const enum names_kind kinds[] = {
		[PROJECTS] = NAMES_PROJECTS,
		[TYPES] = NAMES_TYPES,
		[STATUSES] = NAMES_STATUSES,
	};
	struct str *pages = pages_strs(&t->pages);
	int r = names_put(
		&t->names, NULL, kinds[t->step], pages, t->pages.n, &t->err);

	free(pages);
	return r;
}

static void run_put(struct job *job)
{
	struct trial *t = container_of(job, struct trial, job);
	int r;

	if (t->step == SCHEMAS)
		r = names_put_schemas(&t->names, NULL,
			buf_str(&t->pages.bodies[0]), t->pairs + t->next_pair,
			t->halving.n, &t->err);
	else
		r = put_list(t);
	if (r != 0 || t->step == PROJECTS || t->step == TYPES)
		return;
	look(t);
	if (t->step == STATUSES && t->lacks &&
		!names_have_fields(&t->names, t->config->program))
		choose_pairs(t);
}

/* --- The loop's side ---------------------------------------------------- */

static void on_put(struct job *job)
{
	struct trial *t = container_of(job, struct trial, job);

	if (sync_end_pages(&t->pages, &t->request, &t->err)) {
		proceed(t, (enum step)t->step);
		return;
	}
	if (t->step == SCHEMAS)
		t->next_pair += t->halving.n;
	proceed(t, t->step == SCHEMAS ? SCHEMAS : (enum step)(t->step + 1));
}

/* The server fails at this alone. */
static void leave_out(struct trial *t)
{
	t->left = t->request.err;
	pages_fini(&t->pages);
	if (t->step == SCHEMAS)
		t->next_pair++;
	proceed(t, t->step == SCHEMAS ? SCHEMAS : TYPES);
}

/* Is less asked for, or left out?  Else the answer counts. */
static bool judge(struct trial *t)
{
	enum halving_next next = HALVING_END;

	if (t->canceled)
		return false;
	if (t->step == SCHEMAS)
		next = halving_judge(&t->halving, &t->request);
	else if (t->step == PROJECTS && lane_fault(&t->request))
		next = HALVING_LEAVE;
	if (next == HALVING_AGAIN)
		proceed(t, SCHEMAS);
	else if (next == HALVING_LEAVE)
		leave_out(t);
	return next != HALVING_END;
}

static void on_answer(struct api_request *request)
{
	struct trial *t = container_of(request, struct trial, request);

	if (judge(t))
		return;
	if (request->err.code != 0) {
		t->err = request->err;
		proceed(t, END);
		return;
	}
	if (sync_take_page(&t->pages, request, t->step != PROJECTS, &t->err))
		worker_run(t->sync->worker, &t->job, run_put, on_put);
	else
		proceed(t, PROJECTS);
}

static void on_recalled(struct job *job)
{
	struct trial *t = container_of(job, struct trial, job);
	struct config impatient = *t->config;

	if (impatient.max_tries > TRIES)
		impatient.max_tries = TRIES;
	if (impatient.max_retry_after > LONGEST_PAUSE)
		impatient.max_retry_after = LONGEST_PAUSE;
	if (t->err.code == 0 && t->lacks)
		client_open(t->sync->loop, &impatient, t->token, &t->client,
			&t->err);
	proceed(t, t->lacks ? PROJECTS : END);
}

/* --- Step by step --------------------------------------------------------- */

static bool ask_for_schemas(struct trial *t, struct buf *path)
{
	size_t left = t->n_pairs - t->next_pair;

	if (!t->lacks || left == 0)
		return false;
	halving_choose(&t->halving, left);
	api_path_schemas(path, t->pairs + t->next_pair, t->halving.n);
	return true;
}

static void enter(struct trial *t, enum step step)
{
	struct buf path = {0};

	t->step = (int)step;
	switch (step) {
	case RECALL:
		worker_run(t->sync->worker, &t->job, run_recall, on_recalled);
		return;
	case PROJECTS:
		api_path_projects(&path, (int)t->pages.n + 1);
		break;
	case TYPES:
		api_path_types(&path);
		break;
	case STATUSES:
		api_path_statuses(&path);
		break;
	case SCHEMAS:
		if (ask_for_schemas(t, &path))
			break;
		enter(t, END);
		return;
	case END:
		finish(t);
		return;
	}
	(t->halving.in_doubt ? api_ask_once : api_ask)(
		t->client, &t->request, &path, on_answer);
}

void trial_start(struct trial *t, trial_done_fn *done)
{
	t->done = done;
	enter(t, RECALL);
}

void trial_cancel(struct trial *t)
{
	t->canceled = true;
	api_cancel(&t->request);
}
