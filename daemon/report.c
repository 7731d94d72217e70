/*
 * report - the state in words that programs read: one JSON object a line.
 */
#include "daemon/report.h"

#include "base/stamp.h"
#include "base/value.h"
#include "content/emit.h"
#include "daemon/guard_orders.h"
#include "daemon/life.h"
#include "daemon/monitor.h"
#include "daemon/pause.h"
#include "daemon/pushed.h"
#include "store/store.h"

#define MAX_FAILED 50 /* work packages in error that status names */

void report_text(struct buf *out, const char *key, struct str text)
{
	struct value v = value_text(text);

	buf_printf(out, "\"%s\":", key);
	emit_json(&v, out);
}

void report_stamp(struct buf *out, const char *key, int64_t stamp)
{
	char text[STAMP_TEXT];

	stamp_format(stamp, 3, text);
	report_text(out, key, stamp != 0 ? str_of(text) : STR_NONE);
}

static void put_run(struct buf *out, const struct state_run *run)
{
	buf_printf(out, "{\"run\":%lld,", (long long)run->id);
	report_text(out, "kind", run->kind);
	buf_putc(out, ',');
	report_text(out, "cause", run->cause);
	buf_putc(out, ',');
	report_stamp(out, "started", run->started);
	buf_putc(out, ',');
	report_stamp(out, "finished", run->finished);
	buf_printf(out,
		",\"result\":%d,\"seen\":%lld,\"added\":%lld,"
		"\"changed\":%lld,\"removed\":%lld,\"failed\":%lld,"
		"\"requests\":%lld,\"bytes\":%lld,",
		run->result, (long long)run->seen, (long long)run->made,
		(long long)run->changed, (long long)run->removed,
		(long long)run->failed, (long long)run->requests,
		(long long)run->bytes);
	report_text(out, "commit", run->commit);
	buf_putc(out, ',');
	report_text(out, "error", run->error);
	buf_printf(out, ",\"repeated\":%lld}", (long long)run->repeated);
}

/* --- Status ------------------------------------------------------------- */

struct list {
	struct buf *out;
	size_t n, max;
};

static void separate(struct list *l)
{
	if (l->n++ > 0)
		buf_putc(l->out, ',');
}

static int put_status_run(void *arg, const struct state_run *run, struct err *e)
{
	struct list *l = arg;

	(void)e;
	separate(l);
	put_run(l->out, run);
	return 0;
}

static int put_failed(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	struct list *l = arg;

	(void)e;
	if (l->n >= l->max)
		return 0;
	separate(l);
	buf_printf(l->out, "{\"work_package\":%lld,", (long long)wp->id);
	report_text(l->out, "reason", wp->reason);
	buf_putc(l->out, '}');
	return 0;
}

static int put_value(struct state *s, const char *key, const char *as,
	struct buf *out, struct err *e)
{
	struct buf value = {0};
	bool found = false;
	int r = state_get(s, key, &value, &found, e);

	report_text(out, as, found ? buf_str(&value) : STR_NONE);
	buf_putc(out, ',');
	buf_fini(&value);
	return r;
}

static int put_counts(struct state *s, struct buf *out, struct err *e)
{
	struct state_counts n = {0};
	int r = state_count(s, &n, e);

	buf_printf(out,
		"\"counts\":{\"work_packages\":%lld,\"made\":%lld,"
		"\"left_out\":%lld,\"failed\":%lld,\"documents\":%lld,"
		"\"files\":%lld,\"attachments\":%lld},",
		(long long)n.work_packages, (long long)n.made,
		(long long)n.unmatched, (long long)n.failed,
		(long long)n.documents, (long long)n.files,
		(long long)n.attachments);
	return r;
}

int report_status(struct state *s, struct buf *out, struct err *e)
{
	struct list runs = {.out = out};
	struct list failed = {.out = out, .max = MAX_FAILED};
	int r;

	buf_putc(out, '{');
	r = put_value(s, "cursor", "cursor", out, e);
	if (r == 0)
		r = put_value(s, "user", "user", out, e);
	if (r == 0)
		r = put_value(s, "kept", "kept", out, e);
	if (r == 0)
		r = put_value(s, STORE_BESIDE, "worktree", out, e);
	if (r == 0)
		r = guard_status(s, out, e);
	if (r == 0)
		r = life_report(s, out, e);
	buf_putc(out, ',');
	if (r == 0)
		r = pause_report(s, out, e);
	buf_putc(out, ',');
	if (r == 0)
		r = monitor_report(s, out, e);
	buf_putc(out, ',');
	if (r == 0)
		r = pushed_report(s, out, e);
	buf_putc(out, ',');
	if (r == 0)
		r = put_counts(s, out, e);
	buf_puts(out, "\"runs\":[");
	if (r == 0)
		r = state_runs(s, 3, put_status_run, &runs, e);
	buf_puts(out, "],\"errors\":[");
	if (r == 0)
		r = state_work_packages_of(
			s, OUTCOME_FAILED, put_failed, &failed, e);
	buf_puts(out, "]}\n");
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
	buf_printf(out, "{\"id\":%lld,\"run\":%lld,\"level\":%d,",
		(long long)event->id, (long long)event->run, (int)event->level);
	report_stamp(out, "at", event->at);
	buf_putc(out, ',');
	report_text(out, "event", event->kind);
	if (event->work_package != 0)
		buf_printf(out, ",\"work_package\":%lld,",
			(long long)event->work_package);
	else
		buf_puts(out, ",\"work_package\":null,");
	report_text(out, "project", event->project);
	buf_putc(out, ',');
	report_text(out, "path", event->path);
	buf_putc(out, ',');
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
