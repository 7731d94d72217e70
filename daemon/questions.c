/*
 * questions - from a request to a report of the state.
 */
#include "daemon/questions.h"

#include <string.h>

#include "daemon/guard_orders.h"
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

	if (r != 0 || run == 0 || (run >= first && run <= last && last != 0))
		return r;
	if (run > last)
		return err_set(e, ERR_USAGE,
			"--run: there is no run %lld (the last is %lld)",
			(long long)run, (long long)last);
	return err_set(e, ERR_USAGE,
		"--run: run %lld is not kept any more (the first is %lld)",
		(long long)run, (long long)first);
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
	return r == 0 ? report_log(s, &query, out, e) : r;
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
