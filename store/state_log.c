/*
 * state_log - passes, the sync log, and what each day cost.
 */
#include "store/state.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <unicode/uchar.h>
#include <unicode/ustring.h>

#include "base/util.h"
#include "store/rows.h"

#define RUN_COLUMNS                                                            \
	"started, finished, kind, cause, result, error, seen, made, changed,"  \
	" removed, failed, requests, bytes, \"commit\""

static void bind_run(struct query *q, const struct state_run *run)
{
	bind_int(q, run->started);
	bind_int(q, run->finished);
	bind_text(q, run->kind);
	bind_text(q, run->cause);
	bind_int(q, run->result);
	bind_text(q, run->error);
	bind_int(q, run->seen);
	bind_int(q, run->made);
	bind_int(q, run->changed);
	bind_int(q, run->removed);
	bind_int(q, run->failed);
	bind_int(q, run->requests);
	bind_int(q, run->bytes);
	bind_text(q, run->commit);
}

int state_run_begin(struct state *s, struct state_run *run, struct err *e)
{
	struct query q = query_open(s,
		"INSERT INTO run (" RUN_COLUMNS ") VALUES"
		" (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id");
	int64_t id = 0;
	int code;

	bind_run(&q, run);
	while (query_next(&q)) /* to the end: then it is committed */
		id = column_int(&q);
	code = query_close(&q, e);
	if (code == 0)
		run->id = id;
	return code;
}

int state_run_range(
	struct state *s, int64_t *first, int64_t *last, struct err *e)
{
	struct query q = query_open(
		s, "SELECT ifnull(min(id), 0), ifnull(max(id), 0) FROM run");

	if (query_next(&q)) {
		*first = column_int(&q);
		*last = column_int(&q);
	}
	return query_close(&q, e);
}

int state_run_repeat(
	struct state *s, int64_t id, int64_t finished, struct err *e)
{
	struct query q = query_open(s, "UPDATE run SET repeated = repeated + 1,"
				       " finished = ? WHERE id = ?");

	bind_int(&q, finished);
	bind_int(&q, id);
	return query_run(&q, e);
}

int state_run_put(struct state *s, const struct state_run *run, struct err *e)
{
	struct query q = query_open(s,
		"UPDATE run SET (" RUN_COLUMNS ") ="
		" (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) WHERE id = ?");

	bind_run(&q, run);
	bind_int(&q, run->id);
	return query_run(&q, e);
}

static void read_run(struct query *q, struct state_run *run)
{
	run->id = column_int(q);
	run->started = column_int(q);
	run->finished = column_int(q);
	run->kind = column_text(q);
	run->cause = column_text(q);
	run->result = (int)column_int(q);
	run->error = column_text(q);
	run->seen = column_int(q);
	run->made = column_int(q);
	run->changed = column_int(q);
	run->removed = column_int(q);
	run->failed = column_int(q);
	run->requests = column_int(q);
	run->bytes = column_int(q);
	run->commit = column_text(q);
	run->repeated = column_int(q);
}

int state_runs(struct state *s, int64_t limit, state_run_fn *fn, void *arg,
	struct err *e)
{
	struct query q =
		query_open(s, "SELECT id, " RUN_COLUMNS ", repeated FROM run"
			      " ORDER BY id DESC LIMIT ?");

	bind_int(&q, limit);
	while (query_next(&q)) {
		struct state_run run = {0};

		read_run(&q, &run);
		query_take(&q, fn(arg, &run, &q.err));
	}
	return query_close(&q, e);
}

void bind_event(struct query *q, const struct state_event *event)
{
	bind_int(q, event->run);
	bind_int(q, event->at);
	bind_int(q, event->level);
	bind_text(q, event->kind);
	bind_int(q, event->work_package);
	bind_text(q, event->path);
	bind_text(q, event->text);
	bind_text(q, event->project);
}

int state_event_add(
	struct state *s, const struct state_event *event, struct err *e)
{
	struct query q = query_open(s, "INSERT INTO event (" EVENT_COLUMNS ")"
				       " VALUES (?, ?, ?, ?, ?, ?, ?, ?)");

	bind_event(&q, event);
	return query_run(&q, e);
}

static void read_event(struct query *q, struct state_event *event)
{
	event->id = column_int(q);
	event->run = column_int(q);
	event->at = column_int(q);
	event->level = (enum log_level)column_int(q);
	event->kind = column_text(q);
	event->work_package = column_int(q);
	event->path = column_text(q);
	event->text = column_text(q);
	event->project = column_text(q);
}

/* fold(x) in SQL: a text without its case; lower() knows ASCII only. */
static void fold(sqlite3_context *at, int n, sqlite3_value **values)
{
	const UChar *text = sqlite3_value_text16(values[0]);
	int32_t length = sqlite3_value_bytes16(values[0]) / (int)sizeof(UChar);
	int32_t most = length * 3 + 1; /* no letter grows to more */
	UErrorCode status = U_ZERO_ERROR;
	UChar *out;

	(void)n;
	if (text == NULL)
		return;
	out = xmalloc((size_t)most * sizeof(UChar));
	length = u_strFoldCase(
		out, most, text, length, U_FOLD_CASE_DEFAULT, &status);
	assert(U_SUCCESS(status));
	sqlite3_result_text16(at, out, length * (int)sizeof(UChar), free);
}

int state_log_init(struct state *s, struct err *e)
{
	int rc = sqlite3_create_function(s->db, "fold", 1,
		SQLITE_UTF16 | SQLITE_DETERMINISTIC, NULL, fold, NULL, NULL);

	return rc == SQLITE_OK ? 0 : state_fail(s, rc, e);
}

/*
 * One statement for each index that may lead to the events; conditions that
 * are not asked for are true for all.
 */
#define EVENTS(first, order)                                                   \
	"SELECT * FROM (SELECT id, " EVENT_COLUMNS " FROM event WHERE " first  \
	" AND id > ?2 AND (?3 = 0 OR run = ?3)"                                \
	" AND (?4 = 0 OR work_package = ?4) AND at >= ?5"                      \
	" AND at < ?6 AND (?7 = 0 OR level <= ?7)"                             \
	" AND (?8 IS NULL OR project = ?8) AND (?9 IS NULL OR kind = ?9)"      \
	" AND (?10 IS NULL OR instr(fold(text), fold(?10))"                    \
	" OR instr(fold(path), fold(?10)))"                                    \
	" AND (?12 IS NULL OR instr(?12, ' ' || kind || ' '))"                 \
	" ORDER BY id " order " LIMIT ?11) ORDER BY id"

static struct query events_query(
	struct state *s, const struct state_event_query *want)
{
	static const char *const by_work_package[] = {
		EVENTS("work_package = ?1", "DESC"),
		EVENTS("work_package = ?1", "ASC"),
	};
	static const char *const by_run[] = {
		EVENTS("run = ?1", "DESC"),
		EVENTS("run = ?1", "ASC"),
	};
	static const char *const all[] = {
		EVENTS("id > ?1", "DESC"),
		EVENTS("id > ?1", "ASC"),
	};
	struct query q;

	if (want->work_package != 0) {
		q = query_open(s, by_work_package[want->oldest]);
		bind_int(&q, want->work_package);
	} else if (want->run != 0) {
		q = query_open(s, by_run[want->oldest]);
		bind_int(&q, want->run);
	} else {
		q = query_open(s, all[want->oldest]);
		bind_int(&q, want->after);
	}
	bind_int(&q, want->after);
	bind_int(&q, want->run);
	bind_int(&q, want->work_package);
	bind_int(&q, want->since != 0 ? want->since : INT64_MIN);
	bind_int(&q, want->until != 0 ? want->until : INT64_MAX);
	bind_int(&q, want->max_level);
	bind_text(&q, want->project);
	bind_text(&q, want->kind);
	bind_text(&q, want->text);
	bind_int(&q, want->limit != 0 ? want->limit : -1);
	bind_text(&q, want->kinds);
	return q;
}

int state_events(struct state *s, const struct state_event_query *want,
	state_event_fn *fn, void *arg, struct err *e)
{
	struct query q = events_query(s, want);

	while (query_next(&q)) {
		struct state_event event = {0};

		read_event(&q, &event);
		query_take(&q, fn(arg, &event, &q.err));
	}
	return query_close(&q, e);
}

int state_event_commit(struct state *s, const struct state_event *event,
	char out[41], struct err *e)
{
	struct query q = query_open(s,
		"SELECT substr(text, 1, 40) FROM event WHERE run = ? AND id > ?"
		" AND kind = 'committed' ORDER BY id LIMIT 1");

	out[0] = '\0';
	bind_int(&q, event->run);
	bind_int(&q, event->id);
	while (query_next(&q)) {
		struct str id = column_text(&q);

		snprintf(out, 41, "%.*s", STR_ARGS(id));
	}
	return query_close(&q, e);
}

int state_usage_add(
	struct state *s, const struct state_usage *usage, struct err *e)
{
	struct query q = query_open(s,
		"INSERT INTO usage (day, passes, requests, bytes, server_time)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT (day) DO UPDATE SET"
		" passes = passes + excluded.passes,"
		" requests = requests + excluded.requests,"
		" bytes = bytes + excluded.bytes,"
		" server_time = server_time + excluded.server_time");

	bind_int(&q, usage->day);
	bind_int(&q, usage->passes);
	bind_int(&q, usage->requests);
	bind_int(&q, usage->bytes);
	bind_int(&q, usage->server_time);
	return query_run(&q, e);
}

int state_usage(struct state *s, int64_t limit, state_usage_fn *fn, void *arg,
	struct err *e)
{
	struct query q = query_open(s,
		"SELECT day, passes, requests, bytes, server_time FROM usage"
		" ORDER BY day DESC LIMIT ?");

	bind_int(&q, limit);
	while (query_next(&q)) {
		struct state_usage usage = {0};

		usage.day = column_int(&q);
		usage.passes = column_int(&q);
		usage.requests = column_int(&q);
		usage.bytes = column_int(&q);
		usage.server_time = column_int(&q);
		query_take(&q, fn(arg, &usage, &q.err));
	}
	return query_close(&q, e);
}

static int prune(
	struct state *s, const char *sql, int64_t before, struct err *e)
{
	struct query q = query_open(s, sql);

	bind_int(&q, before);
	return query_run(&q, e);
}

/* What a row and its places in the indexes take, about. */
#define EVENT_SIZE "60 + ifnull(length(text), 0) + ifnull(length(path), 0)"

/* How large events are behind after, and which is the last. */
static int measure(struct state *s, int64_t after, int64_t *size, int64_t *last,
	struct err *e)
{
	struct query q = query_open(s,
		"SELECT ifnull(sum(" EVENT_SIZE "), 0), ifnull(max(id), ?1)"
		" FROM event WHERE id > ?1");

	bind_int(&q, after);
	if (query_next(&q)) {
		*size = column_int(&q);
		*last = column_int(&q);
	}
	return query_close(&q, e);
}

/* The first so many bytes of events end with which? */
static int find_end(struct state *s, int64_t size, int64_t *end, struct err *e)
{
	struct query q = query_open(
		s, "SELECT id, " EVENT_SIZE " FROM event ORDER BY id");
	int64_t sum = 0;

	while (sum < size && query_next(&q)) {
		*end = column_int(&q);
		sum += column_int(&q);
	}
	return query_close(&q, e);
}

/* All of them are read only where they may be too large. */
static int prune_size(struct state *s, int64_t max_size, struct err *e)
{
	int64_t more = 0;
	int64_t end = 0;
	int code = measure(s, s->log_last, &more, &s->log_last, e);

	s->log_size += more;
	if (code != 0 || s->log_size <= max_size)
		return code;
	code = measure(s, 0, &s->log_size, &s->log_last, e);
	if (code != 0 || s->log_size <= max_size)
		return code;
	code = find_end(s, s->log_size - max_size, &end, e);
	s->log_size = max_size;
	return code == 0 ? prune(s, "DELETE FROM event WHERE id <= ?", end, e)
			 : code;
}

/*
 * Each by itself, events before their runs: in one transaction SQLite would
 * keep a copy in memory of all that it changes, to take it back.
 */
int state_prune(
	struct state *s, int64_t before, int64_t max_size, struct err *e)
{
	static const char of_runs[] = "DELETE FROM event WHERE run IN"
				      " (SELECT id FROM run WHERE started < ?)";
	static const char *const by_age[] = {
		of_runs,
		"DELETE FROM event WHERE run = 0 AND at < ?",
		"DELETE FROM run WHERE started < ?",
		"DELETE FROM usage WHERE day < ?",
	};
	int code = 0;

	for (size_t i = 0; code == 0 && i < ARRAY_LEN(by_age); i++)
		code = prune(s, by_age[i], before, e);
	return code == 0 ? prune_size(s, max_size, e) : code;
}
