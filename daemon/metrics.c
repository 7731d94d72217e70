/*
 * metrics - what monitoring reads, as lines of Prometheus' text format.
 *
 * Names have base units, and each sample says which configuration it is
 * about (config="site"): the files of several instances lie in one folder.
 */
#include "daemon/metrics.h"

#include <stdio.h>

#include "base/stamp.h"
#include "base/version.h"

#define SECONDS(micros) ((double)(micros) / (double)STAMP_SECOND)

/* The bounds of the histogram but the last, which is infinite. */
static const double bounds[METRICS_BUCKETS - 1] = {
	0.1, 0.5, 1, 5, 10, 30, 60, 300, 1800};

static const char *const results[METRICS_RESULTS] = {
	[METRICS_OK] = "ok",
	[METRICS_PARTIAL] = "partial",
	[METRICS_FAILED] = "failed",
	[METRICS_CANCELED] = "canceled",
};

void metrics_count(
	struct metrics *m, enum metrics_result result, int64_t duration)
{
	size_t i = 0;

	while (i < ARRAY_LEN(bounds) && SECONDS(duration) > bounds[i])
		i++;
	m->buckets[i]++;
	m->passes[result]++;
	m->duration += duration;
}

/* --- Lines -------------------------------------------------------------- */

struct page {
	struct buf *out;
	const char *instance;
	const char *name;
};

static void family(
	struct page *p, const char *name, const char *type, const char *help)
{
	p->name = name;
	buf_printf(p->out, "# HELP opsync_%s %s\n# TYPE opsync_%s %s\n", name,
		help, name, type);
}

static void put_label(struct buf *out, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_putc(out, '\\');
		buf_putc(out, *value);
	}
}

/* suffix and label may be empty; label is name="value". */
static void sample(
	struct page *p, const char *suffix, const char *label, double value)
{
	buf_printf(p->out, "opsync_%s%s{config=\"", p->name, suffix);
	put_label(p->out, p->instance);
	buf_printf(p->out, "\"%s%s} %.15g\n", label[0] != '\0' ? "," : "",
		label, value);
}

static void put_one(struct page *p, const char *name, const char *type,
	const char *help, double value)
{
	family(p, name, type, help);
	sample(p, "", "", value);
}

/* A moment, or no sample while there was none. */
static void put_moment(
	struct page *p, const char *name, const char *help, int64_t stamp)
{
	if (stamp != 0)
		put_one(p, name, "gauge", help, SECONDS(stamp));
}

static void put_passes(struct page *p, const struct metrics *m)
{
	char label[64];
	uint64_t n = 0;

	family(p, "runs_total", "counter", "Passes, idle ones included.");
	for (size_t i = 0; i < METRICS_RESULTS; i++) {
		snprintf(label, sizeof(label), "result=\"%s\"", results[i]);
		sample(p, "", label, (double)m->passes[i]);
	}
	family(p, "duration_seconds", "histogram", "How long passes take.");
	for (size_t i = 0; i < METRICS_BUCKETS; i++) {
		n += m->buckets[i];
		if (i < ARRAY_LEN(bounds))
			snprintf(label, sizeof(label), "le=\"%g\"", bounds[i]);
		else
			snprintf(label, sizeof(label), "le=\"+Inf\"");
		sample(p, "_bucket", label, (double)n);
	}
	sample(p, "_sum", "", SECONDS(m->duration));
	sample(p, "_count", "", (double)n);
}

static void put_requests(struct page *p, const struct api_counters *c)
{
	char label[64];

	family(p, "http_requests_total", "counter",
		"Requests, by status; none: no answer came.");
	for (int i = 0; i < API_STATUSES; i++) {
		if (c->statuses[i] == 0)
			continue;
		if (i > 0)
			snprintf(label, sizeof(label), "code=\"%d\"", i);
		else
			snprintf(label, sizeof(label), "code=\"none\"");
		sample(p, "", label, (double)c->statuses[i]);
	}
	put_one(p, "http_received_bytes_total", "counter", "Of answers.",
		(double)c->bytes);
	put_one(p, "http_server_seconds_total", "counter",
		"How long answers took to begin.", SECONDS(c->server_time));
}

static void put_counts(struct page *p, const struct metrics_now *now)
{
	family(p, "work_packages", "gauge", "Known, by what became of them.");
	sample(p, "", "state=\"made\"", (double)now->counts.made);
	sample(p, "", "state=\"left_out\"", (double)now->counts.unmatched);
	sample(p, "", "state=\"withdrawn\"", (double)now->counts.withdrawn);
	sample(p, "", "state=\"failed\"", (double)now->counts.failed);
	family(p, "documents", "gauge",
		"In the store; held: whose removal, or change, the guard "
		"holds.");
	sample(p, "", "state=\"current\"",
		(double)(now->counts.documents - now->held));
	sample(p, "", "state=\"held\"", (double)now->held);
	family(p, "errors", "gauge",
		"Work packages in error; whether the last pass, and the last "
		"push, failed.");
	sample(p, "", "kind=\"work_package\"", (double)now->counts.failed);
	sample(p, "", "kind=\"pass\"", now->failing ? 1 : 0);
	if (!now->pushes)
		return;
	sample(p, "", "kind=\"push\"", now->push_failing ? 1 : 0);
	put_one(p, "push_pending_commits", "gauge",
		"Committed, and not at the remote yet.",
		(double)now->push_pending);
}

void metrics_render(const struct metrics_now *now, struct buf *out)
{
	struct page p = {.out = out, .instance = now->instance};

	family(&p, "build_info", "gauge", "The version that runs.");
	sample(&p, "", "version=\"" OPSYNC_VERSION "\"", 1);
	put_moment(&p, "start_timestamp_seconds", "When the daemon started.",
		now->started);
	put_moment(&p, "last_attempt_timestamp_seconds",
		"The end of the last pass.", now->last_attempt);
	put_moment(&p, "last_success_timestamp_seconds",
		"The end of the last good pass.", now->last_success);
	if (now->lag >= 0)
		put_one(&p, "cursor_lag_seconds", "gauge",
			"All changes older than this are in the store.",
			SECONDS(now->lag));
	put_one(&p, "fault", "gauge",
		"1: no pass has gone well for status.fault_after.",
		now->fault ? 1 : 0);
	put_passes(&p, &now->passes);
	put_requests(&p, &now->api);
	put_counts(&p, now);
}
