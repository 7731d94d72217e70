/*
 * questions - from a request to a report of the state.
 */
#include "daemon/questions.h"

#include <string.h>

#include "daemon/guard_orders.h"
#include "daemon/names.h"
#include "daemon/report.h"

#define MAX_EVENTS 10000 /* of an answer: it is held in memory */

static int64_t integer(const json_t *what, const char *key)
{
	return json_integer_value(json_object_get(what, key));
}

static struct str text(const json_t *what, const char *key)
{
	return str_of(json_string_value(json_object_get(what, key)));
}

static int ask_status(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	(void)what;
	return report_status(s, out, e);
}

static int ask_runs(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	int64_t limit = integer(what, "limit");

	return report_runs(s, limit > 0 ? limit : 20, out, e);
}

static int ask_usage(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	int64_t limit = integer(what, "limit");

	return report_usage(s, limit > 0 ? limit : 7, out, e);
}

/* A run that never was, or is not kept any more. */
static int check_run(struct state *s, int64_t run, struct err *e)
{
	int64_t first = 0;
	int64_t last = 0;
	int r = run != 0 ? state_run_range(s, &first, &last, e) : 0;

	if (r != 0 || run == 0 || (run >= first && run <= last))
		return r;
	if (run > last)
		return err_set(e, ERR_USAGE,
			"--run: there is no run %lld (the last is %lld)",
			(long long)run, (long long)last);
	return err_set(e, ERR_USAGE,
		"--run: run %lld is not kept any more (the first is %lld)",
		(long long)run, (long long)first);
}

/* Kinds of events, by docs/logs.md; one that is not here may yet be kept. */
static const char *const kinds[] = {"started", "stopped", "reloaded", "paused",
	"resumed", "canceled", "run", "fault", "recovered", "fetched",
	"rendered", "skipped", "unresolved", "quarantined", "added", "changed",
	"moved", "removed", "held", "failed", "frozen", "thawed", "retried",
	"kept", "restored", "adopted", "pushed", "committed"};

static int complain(
	const char *option, struct str word, const char *nearest, struct err *e)
{
	err_set(e, ERR_USAGE, "%s: the log knows no '%.*s'", option,
		STR_ARGS(word));
	return err_nearest(e, ERR_USAGE, nearest);
}

static int check_kind(struct str kind, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(kind, kinds[i]))
			return 0;
	return complain(
		"--event", kind, str_nearest(kind, kinds, ARRAY_LEN(kinds)), e);
}

static int check_project(struct state *s, struct str project, struct err *e)
{
	struct names names = {0};
	bool known = false;
	int r = names_load(&names, s, e);

	if (r == 0)
		r = names_whole(&names, e);
	for (size_t i = 0; r == 0 && i < names.n_projects; i++)
		known = known || str_eq(names.projects[i].identifier, project);
	if (r == 0 && !known)
		r = complain("--project", project,
			names_nearest_project(&names, project), e);
	names_fini(&names);
	return r;
}

/* One that neither the state nor the log ever saw. */
static int check_work_package(struct state *s, int64_t id, struct err *e)
{
	struct buf shown = {0};
	int r = report_show(s, id, STR_NONE, &shown, e);

	buf_fini(&shown);
	if (r == ERR_USAGE)
		err_prefix(e, "--wp");
	return r;
}

/* Nothing was found: is it because there can be none? */
static int check_words(
	struct state *s, const struct state_event_query *q, struct err *e)
{
	int r = q->kind.p != NULL ? check_kind(q->kind, e) : 0;

	if (r == 0 && q->work_package != 0)
		r = check_work_package(s, q->work_package, e);
	return r == 0 && q->project.p != NULL ? check_project(s, q->project, e)
					      : r;
}

static int ask_log(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	struct state_event_query query = {
		.after = integer(what, "after"),
		.run = integer(what, "run"),
		.work_package = integer(what, "work_package"),
		.since = integer(what, "since"),
		.until = integer(what, "until"),
		.project = text(what, "project"),
		.kind = text(what, "event"),
		.text = text(what, "text"),
		.max_level = (int)integer(what, "level"),
		.limit = integer(what, "limit"),
		.oldest = json_is_true(json_object_get(what, "oldest")),
	};
	int r = check_run(s, query.run, e);

	if (query.limit <= 0 || query.limit > MAX_EVENTS)
		query.limit = MAX_EVENTS;
	if (r == 0)
		r = report_log(s, &query, out, e);
	return r == 0 && out->n == 0 ? check_words(s, &query, e) : r;
}

static int ask_show(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	return report_show(
		s, integer(what, "work_package"), text(what, "path"), out, e);
}

static const struct {
	const char *name;
	question_fn *fn;
} questions[] = {
	{"status", ask_status},
	{"runs", ask_runs},
	{"usage", ask_usage},
	{"log", ask_log},
	{"show", ask_show},
	{"held", guard_ask_held},
};

question_fn *question_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(questions); i++)
		if (strcmp(questions[i].name, name) == 0)
			return questions[i].fn;
	return NULL;
}
