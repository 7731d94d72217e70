/*
 * orders - what only the running daemon can answer or do: live status, a
 * pass, its end, a pause, the configuration read again.
 */
#include <stdlib.h>

#include "base/stamp.h"
#include "base/version.h"
#include "daemon/commands.h"
#include "daemon/pause.h"
#include "daemon/report.h"

/* The state's line is an object: what only the daemon knows goes into it. */
void order_status(struct control_request *r)
{
	struct buf *out = &r->out;

	while (out->n > 0 && out->p[out->n - 1] != '}')
		out->n--;
	if (out->n > 0) {
		out->n--;
		report_open(out, "daemon", '{');
		r->host->live(r->host->arg, out);
		buf_puts(out, "}}\n");
	}
	control_end(r);
}

/* Worker's thread: what needs a pass that a pause keeps from running. */
int work_unpaused(struct control_request *r, struct err *e)
{
	return pause_check(store_state(r->host->sync->mapper->store), e);
}

/* --- Which work packages ------------------------------------------------ */

static int read_ids(const json_t *list, struct ids *ids, struct err *e)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *id = json_array_get(list, i);

		if (!json_is_integer(id) || json_integer_value(id) <= 0)
			return err_set(e, ERR_USAGE,
				"work_packages: is a list of work package ids");
		ids_add(ids, json_integer_value(id));
	}
	return 0;
}

struct members {
	struct ids *ids;
	int64_t project;
};

static int add_member(void *arg, const struct state_head *wp, struct err *e)
{
	struct members *members = arg;

	(void)e;
	if (wp->project_id == members->project)
		ids_add(members->ids, wp->id);
	return 0;
}

/* A project by identifier, name or id; ERR_USAGE with the nearest. */
static int find_project(
	const struct names *names, struct str name, int64_t *id, struct err *e)
{
	long long number = 0;

	str_to_int64(name, &number);
	*id = 0;
	for (size_t i = 0; i < names->n_projects; i++) {
		const struct project *p = &names->projects[i];

		if (str_eq(p->identifier, name) || str_eq(p->name, name) ||
			p->id == number)
			*id = p->id;
	}
	if (*id != 0)
		return 0;
	err_set(e, ERR_USAGE, "unknown project '%.*s'", STR_ARGS(name));
	return err_nearest(e, ERR_USAGE, names_nearest_project(names, name));
}

static int add_project(
	struct control_request *r, struct str name, struct err *e)
{
	struct mapper *m = r->host->sync->mapper;
	struct members members = {.ids = &r->want.ids};
	int code = find_project(&m->names, name, &members.project, e);

	/* What came or went there shows in the ids only. */
	r->want.reconcile = true;
	return code != 0 ? code
			 : state_heads(store_state(m->store), add_member,
				   &members, e);
}

/* Worker's thread: what is asked for, as ids. */
int work_resync(struct control_request *r, struct err *e)
{
	const json_t *projects = json_object_get(r->what, "projects");
	bool failed = json_is_true(json_object_get(r->what, "failed"));
	struct state *state = store_state(r->host->sync->mapper->store);
	int code = work_unpaused(r, e);

	if (code == 0)
		code = read_ids(json_object_get(r->what, "work_packages"),
			&r->want.ids, e);
	for (size_t i = 0; code == 0 && i < json_array_size(projects); i++)
		code = add_project(r,
			str_of(json_string_value(json_array_get(projects, i))),
			e);
	if (code == 0 && failed)
		code = state_ids_of(state, OUTCOME_FAILED, &r->want.ids, e);
	if (json_is_true(json_object_get(r->what, "full")))
		r->want.kind = PASS_FULL;
	else if (failed || json_array_size(projects) > 0 || r->want.ids.n > 0)
		r->want.kind = PASS_SOME;
	return code;
}

/* --- Passes ------------------------------------------------------------- */

/* Answer with the pass's number; with wait, how it went, too. */
static void wait_for(struct control_request *r, uint64_t pass)
{
	buf_printf(&r->out, "{\"pass\":%llu}\n", (unsigned long long)pass);
	if (!json_is_true(json_object_get(r->what, "wait"))) {
		control_end(r);
		return;
	}
	r->pass = pass;
	r->cancel = control_end;
	control_flush(r);
}

static void ask_for_pass(struct control_request *r)
{
	wait_for(r, r->host->resync(r->host->arg, &r->want));
}

void order_resync(struct control_request *r)
{
	ask_for_pass(r);
}

void order_adopt(struct control_request *r)
{
	const json_t *paths = json_object_get(r->what, "paths");
	struct buf lines = {0};

	for (size_t i = 0; i < json_array_size(paths); i++) {
		const char *path = json_string_value(json_array_get(paths, i));

		if (path != NULL)
			buf_printf(&lines, "%s\n", path);
	}
	r->want.kind = PASS_ADOPT;
	r->want.dry = json_is_true(json_object_get(r->what, "dry_run"));
	r->want.paths = lines.n > 0 ? buf_take(&lines) : NULL;
	ask_for_pass(r);
}

void order_verify(struct control_request *r)
{
	r->want.kind = PASS_VERIFY;
	r->want.repair = json_is_true(json_object_get(r->what, "repair"));
	ask_for_pass(r);
}

void order_release(struct control_request *r)
{
	r->want.kind = PASS_RECONCILE;
	if (json_is_true(json_object_get(r->what, "dry_run")))
		control_end(r);
	else
		ask_for_pass(r);
}

void order_withdraw(struct control_request *r)
{
	r->want.kind = PASS_LOCAL;
	ask_for_pass(r);
}

void order_publish(struct control_request *r)
{
	ask_for_pass(r);
}

void order_accept_server(struct control_request *r)
{
	r->want.kind = PASS_FULL;
	ask_for_pass(r);
}

void order_reload(struct control_request *r)
{
	r->host->reload(r->host->arg, r);
}

void order_cancel(struct control_request *r)
{
	size_t n = 0;
	uint64_t pass = r->host->cancel(r->host->arg, &n);

	buf_printf(&r->out, "{\"canceled\":%llu,\"waiting\":%zu}\n",
		(unsigned long long)pass, n);
	control_end(r);
}

/* --- Pause -------------------------------------------------------------- */

int work_pause(struct control_request *r, struct err *e)
{
	const char *why = json_string_value(json_object_get(r->what, "why"));

	return pause_begin(store_state(r->host->sync->mapper->store),
		why != NULL ? why : "", e);
}

int work_resume(struct control_request *r, struct err *e)
{
	struct state *state = store_state(r->host->sync->mapper->store);
	int code = pause_check(state, NULL);

	if (code == 0)
		return err_set(e, ERR_USAGE, "there is no pause");
	return code == ERR_AGAIN ? pause_end(state, e) : code;
}

/* With wait, the answer comes when nothing runs any more. */
void order_pause(struct control_request *r)
{
	uint64_t pass = r->host->pause(r->host->arg, true);

	if (pass != 0)
		wait_for(r, pass);
	else
		control_end(r);
}

void order_resume(struct control_request *r)
{
	r->host->pause(r->host->arg, false);
	control_end(r);
}

/* --- Hello -------------------------------------------------------------- */

void order_hello(struct control_request *r)
{
	const struct config *c = r->host->sync->config;
	struct buf *out = &r->out;
	char *file = realpath(c->file, NULL);

	report_open(out, NULL, '{');
	report_int(out, "protocol", CONTROL_PROTOCOL);
	report_text(out, "version", STR(OPSYNC_VERSION));
	report_text(out, "instance", str_of(c->instance));
	report_text(out, "config", str_of(file != NULL ? file : c->file));
	free(file);
	report_text(out, "server", str_of(c->url));
	report_text(out, "store", str_of(c->store_path));
	report_int(out, "poll", c->poll / STAMP_SECOND);
	report_bool(out, "may_change", control_may_change(r));
	buf_puts(out, "}\n");
	control_end(r);
}
