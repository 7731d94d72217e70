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
#include <string.h>

#include "base/stamp.h"
#include "cli/status_print.h"

enum verdict { OK, WARNING, CRITICAL };

struct judgement {
	enum verdict verdict;
	struct buf why;
};

static void find(struct judgement *j, enum verdict verdict, const char *fmt,
	...) PRINTF_LIKE(3, 4);

static void find(
	struct judgement *j, enum verdict verdict, const char *fmt, ...)
{
	char text[600];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&j->why, "%s%s", j->why.n > 0 ? "; " : "", text);
	if (verdict > j->verdict)
		j->verdict = verdict;
}

static void judge_lag(
	struct judgement *j, const json_t *daemon, int64_t max_lag)
{
	bool runs = json_is_object(json_object_get(daemon, "running"));
	const char *error = cli_text(daemon, "error", NULL);
	int64_t lag = cli_int(daemon, "lag") * STAMP_SECOND;
	bool never = cli_text(daemon, "last_good", NULL) == NULL;
	char span[STAMP_SPAN];

	stamp_span(lag, span);
	if (json_is_true(json_object_get(daemon, "fault")))
		find(j, CRITICAL, "nothing was synced for %s: %s", span,
			error != NULL ? error : "?");
	else if (error != NULL)
		find(j, lag > max_lag || never ? CRITICAL : WARNING,
			"the last pass failed: %s", error);
	else if (never)
		find(j, WARNING, "the first pass runs");
	else if (lag > max_lag)
		find(j, runs ? WARNING : CRITICAL,
			"the last good pass began %s ago%s", span,
			runs ? " (one runs)" : "");
}

/* Was the last daemon, if there ever was one, followed by single passes? */
static bool is_single(const json_t *status)
{
	const char *started = cli_text(status, "started", "");
	const char *stopped =
		cli_text(json_object_get(status, "stopped"), "at", "");
	const char *single = cli_text(status, "last_single", "");

	return started[0] == '\0' ||
	       (strcmp(single, started) > 0 && strcmp(single, stopped) > 0);
}

static int64_t single_lag(const json_t *status)
{
	int64_t good;

	if (!stamp_parse(str_of(cli_text(status, "last_good", NULL)), &good) ||
		good > stamp_now())
		return 0;
	return stamp_now() - good;
}

static void judge_single(
	struct judgement *j, const json_t *status, int64_t max_lag)
{
	const json_t *run = json_array_get(json_object_get(status, "runs"), 0);
	const char *good = cli_text(status, "last_good", "");
	const char *error = cli_text(run, "error", NULL);
	int64_t lag = single_lag(status);
	char span[STAMP_SPAN];

	stamp_span(lag, span);
	if (good[0] == '\0' || lag > max_lag)
		find(j, CRITICAL, "the last good pass was %s%s",
			good[0] == '\0' ? "never" : span,
			good[0] == '\0' ? "" : " ago");
	if (error != NULL && strcmp(cli_text(run, "finished", ""), good) > 0)
		find(j, WARNING, "the last pass failed: %s", error);
}

static void judge_push(struct judgement *j, const struct config *config,
	const json_t *status, const json_t *daemon)
{
	const json_t *push = json_object_get(daemon, "push");
	const char *error = cli_text(push, "error", NULL);

	if (daemon == NULL && !status_is_pushed(config, status))
		find(j, WARNING, "commits are not pushed to %s",
			config->push.remote);
	if (error != NULL)
		find(j, WARNING, "%lld commits cannot be pushed: %s",
			cli_int(push, "pending"), error);
}

static void judge_contents(struct judgement *j, const json_t *status)
{
	long long failed = cli_int(json_object_get(status, "counts"), "failed");
	const json_t *sets = json_object_get(status, "held");

	if (failed > 0)
		find(j, WARNING, "%lld work packages are in error", failed);
	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);

		find(j, WARNING, "%lld %s are held", cli_int(set, "documents"),
			cli_text(set, "kind", "?"));
	}
}

struct line {
	struct judgement *judgement;
	const struct config *config;
	int64_t max_lag;
};

static void judge(void *arg, const json_t *status)
{
	struct line *line = arg;
	struct judgement *j = line->judgement;
	const json_t *daemon = json_object_get(status, "daemon");
	const json_t *counts = json_object_get(status, "counts");
	const json_t *paused = json_object_get(status, "paused");
	const char *why = cli_text(paused, "why", "");
	int64_t lag = daemon != NULL ? cli_int(daemon, "lag")
				     : single_lag(status) / STAMP_SECOND;
	char clock[STAMP_CLOCK];

	if (daemon == NULL && !is_single(status))
		find(j, CRITICAL, "no daemon runs");
	else if (json_is_object(paused))
		find(j, WARNING, "paused since %s%s%s",
			cli_clock(paused, "since", clock),
			why[0] != '\0' ? ": " : "", why);
	else if (daemon == NULL)
		judge_single(j, status, line->max_lag);
	else
		judge_lag(j, daemon, line->max_lag);
	judge_push(j, line->config, status, daemon);
	judge_contents(j, status);
	if (j->verdict == OK)
		find(j, OK, "%lld documents in step",
			cli_int(counts, "documents"));
	buf_printf(&j->why, " | lag=%llds;;%lld documents=%lld failed=%lld",
		(long long)lag, (long long)(line->max_lag / STAMP_SECOND),
		cli_int(counts, "documents"), cli_int(counts, "failed"));
}

/* A pass that begins when the one before should have is not late. */
static int64_t usual_lag(const struct config *config)
{
	int64_t quarter = 900 * STAMP_SECOND;

	return config->poll > quarter / 2 ? 2 * config->poll : quarter;
}

int check_status(const struct cli *cli, int64_t max_lag)
{
	static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
	struct judgement j = {0};
	struct config config = {0};
	struct line line = {
		.judgement = &j, .config = &config, .max_lag = max_lag};
	json_t *request = json_pack("{s:s}", "command", "status");
	struct buf lines = {0};
	struct err e = {0};
	bool running;
	int r = cli_reach(cli, &config, &e);

	if (max_lag == 0)
		line.max_lag = usual_lag(&config);
	if (r == 0)
		r = cli_ask(&config, request, &lines, &running, &e);
	if (r == 0)
		r = cli_each_line(&lines, judge, &line, &e);
	if (r != 0)
		find(&j, CRITICAL, "%s", e.text);
	printf("OPSYNC %s - %s%s%s\n", words[j.verdict],
		config.instance != NULL ? config.instance : "",
		config.instance != NULL ? ": " : "", buf_str(&j.why).p);
	json_decref(request);
	buf_fini(&lines);
	buf_fini(&j.why);
	config_fini(&config);
	return (int)j.verdict;
}
