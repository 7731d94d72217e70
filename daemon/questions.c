/*
 * questions - from a request to a report of the state.
 */
#include "daemon/questions.h"

#include <string.h>

#include "daemon/guard_orders.h"
#include "daemon/report.h"

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

static int ask_log(
	struct state *s, const json_t *what, struct buf *out, struct err *e)
{
	const struct state_event_query query = {
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
	};

	return report_log(s, &query, out, e);
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
