/*
 * report - the state in words that programs read: one JSON object a line.
 */
#include "daemon/report.h"

#include "base/stamp.h"
#include "base/value.h"
#include "content/emit.h"
#include "daemon/frozen.h"
#include "daemon/guard_orders.h"
#include "daemon/life.h"
#include "daemon/mapper.h"
#include "daemon/monitor.h"
#include "daemon/pause.h"
#include "daemon/pushed.h"
#include "store/store.h"

#define MAX_FAILED 50 /* work packages in error that status names */

/* --- Members ------------------------------------------------------------ */

void report_key(struct buf *out, const char *key)
{
	const char *last = out->n > 0 ? &out->p[out->n - 1] : "\n";

	if (*last != '{' && *last != '[' && *last != '\n')
		buf_putc(out, ',');
	if (key != NULL)
		buf_printf(out, "\"%s\":", key);
}

void report_open(struct buf *out, const char *key, char bracket)
{
	report_key(out, key);
	buf_putc(out, bracket);
}

void report_text(struct buf *out, const char *key, struct str text)
{
	struct value v = value_text(text);

	report_key(out, key);
	emit_json(&v, out);
}

void report_int(struct buf *out, const char *key, int64_t number)
{
	report_key(out, key);
	buf_printf(out, "%lld", (long long)number);
}

void report_id(struct buf *out, const char *key, int64_t id)
{
	if (id != 0)
		report_int(out, key, id);
	else
		report_text(out, key, STR_NONE);
}

void report_bool(struct buf *out, const char *key, bool is)
{
	report_key(out, key);
	buf_puts(out, is ? "true" : "false");
}

void report_stamp(struct buf *out, const char *key, int64_t stamp)
{
	char text[STAMP_TEXT];

	stamp_format(stamp, 3, text);
	report_text(out, key, stamp != 0 ? str_of(text) : STR_NONE);
}

static void put_run(struct buf *out, const struct state_run *run)
{
	report_open(out, NULL, '{');
	report_int(out, "run", run->id);
	report_text(out, "kind", run->kind);
	report_text(out, "cause", run->cause);
	report_stamp(out, "started", run->started);
	report_stamp(out, "finished", run->finished);
	report_int(out, "result", run->result);
	report_int(out, "seen", run->seen);
	report_int(out, "added", run->made);
	report_int(out, "changed", run->changed);
	report_int(out, "removed", run->removed);
	report_int(out, "failed", run->failed);
	report_int(out, "requests", run->requests);
	report_int(out, "bytes", run->bytes);
	report_text(out, "commit", run->commit);
	report_text(out, "error", run->error);
	report_int(out, "repeated", run->repeated);
	buf_putc(out, '}');
}

/* --- Status ------------------------------------------------------------- */

static int put_status_run(void *arg, const struct state_run *run, struct err *e)
{
	(void)e;
	put_run(arg, run);
	return 0;
}

struct failed {
	struct buf *out;
	size_t n;
};

static int put_failed(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct failed *f = arg;

	(void)e;
	if (f->n++ >= MAX_FAILED)
		return 0;
	report_open(f->out, NULL, '{');
	report_int(f->out, "work_package", wp->id);
	report_text(f->out, "reason", wp->reason);
	buf_putc(f->out, '}');
	return 0;
}

static int put_value(struct state *s, const char *key, const char *as,
	struct buf *out, struct err *e)
{
	struct buf value = {0};
	bool found = false;
	int r = state_get(s, key, &value, &found, e);

	report_text(out, as, found ? buf_str(&value) : STR_NONE);
	buf_fini(&value);
	return r;
}

/* Where no change was shown yet, polls begin at the very first. */
static int put_cursor(struct state *s, struct buf *out, struct err *e)
{
	struct buf value = {0};
	int64_t newest = 0;
	bool found;
	int r = state_get(s, "cursor", &value, &found, e);

	if (r == 0)
		stamp_parse(buf_str(&value), &newest);
	report_text(out, "cursor", newest != 0 ? buf_str(&value) : STR_NONE);
	buf_fini(&value);
	return r;
}

static int put_counts(struct state *s, struct buf *out, struct err *e)
{
	struct state_counts n = {0};
	int r = state_count(s, &n, e);

	report_open(out, "counts", '{');
	report_int(out, "work_packages", n.work_packages);
	report_int(out, "made", n.made);
	report_int(out, "left_out", n.unmatched);
	report_int(out, "withdrawn", n.withdrawn);
	report_int(out, "failed", n.failed);
	report_int(out, "documents", n.documents);
	report_int(out, "files", n.files);
	report_int(out, "attachments", n.attachments);
	buf_putc(out, '}');
	return r;
}

/* At whose relations the server failed. */
static int put_unrelated(struct state *s, struct buf *out, struct err *e)
{
	struct buf lines = {0};
	struct str rest;
	struct str line;
	bool found = false;
	int r = state_get(s, MAPPER_UNRELATED, &lines, &found, e);

	report_open(out, "relations", '[');
	rest = buf_str(&lines);
	while (str_line(&rest, &line)) {
		size_t space = str_find(line, STR(" "));
		long long id = 0;

		str_to_int64((struct str){line.p, space}, &id);
		report_open(out, NULL, '{');
		report_id(out, "work_package", id);
		report_text(out, "reason", str_skip(line, space + 1));
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
	buf_fini(&lines);
	return r;
}

int report_status(struct state *s, struct buf *out, struct err *e)
{
	struct failed failed = {.out = out};
	int r;

	buf_putc(out, '{');
	r = put_cursor(s, out, e);
	if (r == 0)
		r = put_value(s, "user", "user", out, e);
	if (r == 0)
		r = put_value(s, "kept", "kept", out, e);
	if (r == 0)
		r = put_value(s, STORE_BESIDE, "worktree", out, e);
	if (r == 0)
		r = guard_status(s, out, e);
	if (r == 0)
		r = frozen_status(s, out, e);
	if (r == 0)
		r = life_report(s, out, e);
	if (r == 0)
		r = pause_report(s, out, e);
	if (r == 0)
		r = monitor_report(s, out, e);
	if (r == 0)
		r = pushed_report(s, out, e);
	if (r == 0)
		r = put_counts(s, out, e);
	report_open(out, "runs", '[');
	if (r == 0)
		r = state_runs(s, 3, put_status_run, out, e);
	buf_putc(out, ']');
	report_open(out, "errors", '[');
	if (r == 0)
		r = state_work_packages_of(
			s, OUTCOME_FAILED, put_failed, &failed, e);
	buf_putc(out, ']');
	if (r == 0)
		r = put_unrelated(s, out, e);
	buf_puts(out, "}\n");
	return r;
}

/* --- Runs and log ------------------------------------------------------- */

static int put_line(void *arg, const struct state_run *run, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	put_run(out, run);
	buf_putc(out, '\n');
	return 0;
}

int report_runs(struct state *s, int64_t limit, struct buf *out, struct err *e)
{
	return state_runs(s, limit, put_line, out, e);
}

static int put_usage(void *arg, const struct state_usage *u, struct err *e)
{
	struct buf *out = arg;
	char day[STAMP_TEXT];

	(void)e;
	stamp_format(u->day, 0, day);
	buf_printf(out,
		"{\"day\":\"%.10s\",\"passes\":%lld,\"requests\":%lld,"
		"\"bytes\":%lld,\"server_seconds\":%.3f}\n",
		day, (long long)u->passes, (long long)u->requests,
		(long long)u->bytes,
		(double)u->server_time / (double)STAMP_SECOND);
	return 0;
}

int report_usage(struct state *s, int64_t limit, struct buf *out, struct err *e)
{
	return state_usage(s, limit, put_usage, out, e);
}

void report_event(struct buf *out, const struct state_event *event)
{
	report_open(out, NULL, '{');
	report_int(out, "id", event->id);
	report_int(out, "run", event->run);
	report_int(out, "level", event->level);
	report_stamp(out, "at", event->at);
	report_text(out, "event", event->kind);
	report_id(out, "work_package", event->work_package);
	report_text(out, "project", event->project);
	report_text(out, "path", event->path);
	report_text(out, "text", event->text);
}

static int put_event(void *arg, const struct state_event *event, struct err *e)
{
	(void)e;
	report_event(arg, event);
	buf_puts(arg, "}\n");
	return 0;
}

int report_log(struct state *s, const struct state_event_query *q,
	struct buf *out, struct err *e)
{
	return state_events(s, q, put_event, out, e);
}
