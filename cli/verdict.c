/*
 * verdict - status in one line and an exit code, for monitoring.
 *
 * Critical is what keeps new content from appearing: no daemon, a fault, a
 * last good pass that began too long ago.  A pass that still runs, removals
 * that are held, work packages in error are for somebody to look at.  Where
 * single passes are all there is (opsyncd --once, by a timer), no daemon is
 * missed: the last good one must not be too long ago.
 */
#include "cli/verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "cli/status_print.h"
#include "daemon/report.h"

#define UNKNOWN INT64_C(-1) /* lag */

enum verdict { OK, WARNING, CRITICAL };

struct finding {
	enum verdict verdict;
	char *text; /* owned; as it came, with whatever people wrote */
};

struct judgement {
	enum verdict verdict; /* the worst */
	size_t n, cap;
	struct finding *findings;
	bool counted; /* what follows is known: there is a state */
	int64_t lag;  /* or UNKNOWN: there never was a good pass */
	int64_t documents, failed;
};

static void find(struct judgement *j, enum verdict verdict, const char *fmt,
	...) PRINTF_LIKE(3, 4);

static void find(
	struct judgement *j, enum verdict verdict, const char *fmt, ...)
{
	char text[1200];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	j->findings = grow(j->findings, j->n, &j->cap, sizeof(*j->findings));
	j->findings[j->n++] = (struct finding){verdict, xstrdup(text)};
	if (verdict > j->verdict)
		j->verdict = verdict;
}

/* As it is in the answer, which cli_text() would clean for a terminal. */
static const char *text_of(
	const json_t *object, const char *key, const char *none)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : none;
}

/* Microseconds since the last good pass, or UNKNOWN. */
static int64_t lag_of(const json_t *status)
{
	const json_t *daemon = json_object_get(status, "daemon");
	const char *last =
		text_of(daemon != NULL ? daemon : status, "last_good", NULL);
	int64_t good;

	if (last == NULL || !stamp_parse(str_of(last), &good))
		return UNKNOWN;
	if (daemon != NULL)
		return cli_int(daemon, "lag") * STAMP_SECOND;
	return good < stamp_now() ? stamp_now() - good : 0;
}

static void judge_fault(struct judgement *j, const char *error)
{
	char span[STAMP_SPAN];

	if (j->lag == UNKNOWN) {
		find(j, CRITICAL, "nothing was ever synced: %s", error);
		return;
	}
	stamp_span(j->lag, span);
	find(j, CRITICAL, "nothing was synced for %s: %s", span, error);
}

static void judge_lag(
	struct judgement *j, const json_t *daemon, int64_t max_lag)
{
	bool runs = json_is_object(json_object_get(daemon, "running"));
	const char *error = text_of(daemon, "error", NULL);
	bool never = j->lag == UNKNOWN;
	char span[STAMP_SPAN];

	if (json_is_true(json_object_get(daemon, "fault")))
		judge_fault(j, error != NULL ? error : "?");
	else if (error != NULL)
		find(j, j->lag > max_lag || never ? CRITICAL : WARNING,
			"the last pass failed: %s", error);
	else if (never)
		find(j, WARNING, "the first pass runs");
	else if (j->lag > max_lag) {
		stamp_span(j->lag, span);
		find(j, runs ? WARNING : CRITICAL,
			"the last good pass began %s ago%s", span,
			runs ? " (one runs)" : "");
	}
}

/* Was the last daemon, if there ever was one, followed by single passes? */
static bool is_single(const json_t *status)
{
	const char *started = text_of(status, "started", "");
	const char *stopped =
		text_of(json_object_get(status, "stopped"), "at", "");
	const char *single = text_of(status, "last_single", "");

	return started[0] == '\0' ||
	       (strcmp(single, started) > 0 && strcmp(single, stopped) > 0);
}

static void judge_single(
	struct judgement *j, const json_t *status, int64_t max_lag)
{
	const json_t *run = json_array_get(json_object_get(status, "runs"), 0);
	const char *good = text_of(status, "last_good", "");
	const char *error = text_of(run, "error", NULL);
	char span[STAMP_SPAN];

	if (j->lag == UNKNOWN) {
		find(j, CRITICAL, "the last good pass was never");
	} else if (j->lag > max_lag) {
		stamp_span(j->lag, span);
		find(j, CRITICAL, "the last good pass was %s ago", span);
	}
	if (error != NULL && strcmp(text_of(run, "finished", ""), good) > 0)
		find(j, WARNING, "the last pass failed: %s", error);
}

static void judge_push(struct judgement *j, const struct config *config,
	const json_t *status, const json_t *daemon)
{
	const json_t *push = json_object_get(daemon, "push");
	const char *error = text_of(push, "error", NULL);
	const char *fault = text_of(status, "push_fault", NULL);
	long long n = cli_int(push, "pending");

	if (daemon == NULL && !status_is_pushed(config, status))
		find(j, WARNING, "commits are not pushed to %s%s%s",
			config->push.remote, fault != NULL ? ": " : "",
			fault != NULL ? fault : "");
	if (error != NULL && n > 0)
		find(j, WARNING, "%lld commit%s cannot be pushed: %s", n,
			n == 1 ? "" : "s", error);
	else if (error != NULL)
		find(j, WARNING, "%s", error); /* of a fetch */
}

static void judge_hooks(struct judgement *j, const json_t *daemon)
{
	const json_t *hooks = json_object_get(daemon, "hooks");
	const char *error = text_of(hooks, "error", NULL);

	if (error != NULL)
		find(j, WARNING, "%s", error);
}

static void judge_contents(struct judgement *j, const json_t *status)
{
	long long failed = cli_int(json_object_get(status, "counts"), "failed");
	const json_t *sets = json_object_get(status, "held");
	const json_t *frozen = json_object_get(status, "frozen");
	const char *worktree = text_of(status, "worktree", NULL);

	if (worktree != NULL)
		find(j, WARNING, "the work tree is left alone: %s", worktree);
	if (failed > 0)
		find(j, WARNING, "%lld work package%s in error", failed,
			failed == 1 ? " is" : "s are");
	for (size_t i = 0; i < json_array_size(frozen); i++)
		find(j, WARNING, "%s",
			json_string_value(json_array_get(frozen, i)));
	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);
		long long n = cli_int(set, "documents");

		if (n > 0) /* else all of it was released */
			find(j, WARNING, "%lld %s are held", n,
				text_of(set, "kind", "?"));
	}
}

struct line {
	struct judgement *judgement;
	const struct config *config;
	int64_t max_lag;
	bool json;
};

static void judge(void *arg, const json_t *status)
{
	struct line *line = arg;
	struct judgement *j = line->judgement;
	const json_t *daemon = json_object_get(status, "daemon");
	const json_t *counts = json_object_get(status, "counts");
	const json_t *paused = json_object_get(status, "paused");
	const char *why = text_of(paused, "why", "");
	int64_t unheard = daemon == NULL ? cli_unheard(line->config) : 0;
	char clock[STAMP_CLOCK];
	const char *since = line->json ? text_of(paused, "since", "?")
				       : cli_clock(paused, "since", clock);

	j->counted = true;
	j->lag = lag_of(status);
	j->documents = cli_int(counts, "documents");
	j->failed = cli_int(counts, "failed");
	if (unheard != 0)
		find(j, CRITICAL,
			"the daemon does not answer, but runs as process %lld",
			(long long)unheard);
	else if (daemon == NULL && !is_single(status))
		find(j, CRITICAL, "no daemon runs");
	else if (json_is_object(paused))
		find(j, WARNING, "paused since %s%s%s", since,
			why[0] != '\0' ? ": " : "", why);
	else if (daemon == NULL)
		judge_single(j, status, line->max_lag);
	else
		judge_lag(j, daemon, line->max_lag);
	judge_push(j, line->config, status, daemon);
	judge_hooks(j, daemon);
	judge_contents(j, status);
	if (j->verdict == OK)
		find(j, OK, "%lld documents in step", (long long)j->documents);
}

/* --- What it comes to ---------------------------------------------------- */

/* Figures behind a bar; U is what a plugin writes for what it cannot know. */
static void put_figures(
	const struct judgement *j, int64_t max_lag, struct buf *out)
{
	buf_puts(out, " | lag=");
	if (j->lag == UNKNOWN)
		buf_puts(out, "U");
	else
		buf_printf(out, "%llds", (long long)(j->lag / STAMP_SECOND));
	buf_printf(out, ";;%lld documents=%lld failed=%lld",
		(long long)(max_lag / STAMP_SECOND), (long long)j->documents,
		(long long)j->failed);
}

/* One line for people: no bar but the one before the figures. */
static void put_line(const struct line *line, struct buf *out)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
	const struct judgement *j = line->judgement;
	const char *instance = line->config->instance;

	buf_printf(out, "OPSYNC %s - %s%s", words[j->verdict],
		instance != NULL ? instance : "", instance != NULL ? ": " : "");
	for (size_t i = 0; i < j->n; i++)
		buf_printf(out, "%s%s", i > 0 ? "; " : "", j->findings[i].text);
	buf_str(out); /* ends it */
	str_clean(out->p);
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] == '|')
			out->p[i] = '/';
	if (j->counted)
		put_figures(j, line->max_lag, out);
}

static void put_number(
	struct buf *out, const char *key, bool known, int64_t number)
{
	if (known)
		report_int(out, key, number);
	else
		report_text(out, key, STR_NONE);
}

static void put_json(const struct line *line, struct buf *out)
{
	static const char *const words[] = {"ok", "warning", "critical"};
	const struct judgement *j = line->judgement;
	const char *instance = line->config->instance;

	report_open(out, NULL, '{');
	report_text(out, "instance",
		instance != NULL ? str_of(instance) : STR_NONE);
	report_text(out, "verdict", str_of(words[j->verdict]));
	report_int(out, "code", j->verdict);
	report_open(out, "findings", '[');
	for (size_t i = 0; i < j->n; i++) {
		report_open(out, NULL, '{');
		report_text(
			out, "verdict", str_of(words[j->findings[i].verdict]));
		report_text(out, "text", str_of(j->findings[i].text));
		buf_putc(out, '}');
	}
	buf_putc(out, ']');
	put_number(out, "lag", j->lag != UNKNOWN, j->lag / STAMP_SECOND);
	put_number(out, "max_lag", line->max_lag != 0,
		line->max_lag / STAMP_SECOND);
	put_number(out, "documents", j->counted, j->documents);
	put_number(out, "failed", j->counted, j->failed);
	buf_putc(out, '}');
}

static void print(const struct line *line)
{
	struct buf out = {0};

	if (line->json)
		put_json(line, &out);
	else
		put_line(line, &out);
	puts(buf_str(&out).p);
	buf_fini(&out);
}

/* A pass that begins when the one before should have is not late. */
static int64_t usual_lag(const struct config *config)
{
	int64_t quarter = 900 * STAMP_SECOND;

	return config->poll > quarter / 2 ? 2 * config->poll : quarter;
}

int check_status(const struct cli *cli, int64_t max_lag)
{
	struct judgement j = {.lag = UNKNOWN};
	struct config config = {0};
	struct line line = {
		.judgement = &j,
		.config = &config,
		.max_lag = max_lag,
		.json = cli->json,
	};
	json_t *request = json_pack("{s:s}", "command", "status");
	struct buf lines = {0};
	struct err e = {0};
	bool running;
	int r = cli_reach(cli, &config, &e);

	if (r == 0 && cli_is_wrong(&config, &e))
		find(&j, WARNING,
			"%s; the daemon could not start again with it", e.text);
	if (r == 0 && max_lag == 0)
		line.max_lag = usual_lag(&config);
	if (r == 0)
		r = cli_ask(&config, request, &lines, &running, &e);
	if (r == 0)
		r = cli_each_line(&lines, judge, &line, &e);
	if (r != 0)
		find(&j, r == ERR_AGAIN ? WARNING : CRITICAL, "%s", e.text);
	print(&line);
	json_decref(request);
	buf_fini(&lines);
	for (size_t i = 0; i < j.n; i++)
		free(j.findings[i].text);
	free(j.findings);
	config_fini(&config);
	return (int)j.verdict;
}
