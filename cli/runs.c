/*
 * runs - the passes that did something or failed, the newest first; and what
 * each day cost the server.
 */
#include <stdio.h>

#include "base/stamp.h"
#include "cli/commands.h"
#include "cli/term.h"

struct runs {
	struct cli *cli;
	json_t *request;
	struct term term;
	bool daily, no_pager;
};

/* How long it took, of a run that ended. */
static const char *took(const json_t *run, char out[STAMP_SPAN])
{
	int64_t started;
	int64_t finished;

	if (!stamp_parse(str_of(cli_text(run, "started", NULL)), &started) ||
		!stamp_parse(
			str_of(cli_text(run, "finished", NULL)), &finished))
		return "";
	if (finished - started < 60 * STAMP_SECOND)
		snprintf(out, STAMP_SPAN, "%.1f s",
			(double)(finished - started) / (double)STAMP_SECOND);
	else
		stamp_span(finished - started, out);
	return out;
}

static void print_error(const struct term *t, const json_t *run)
{
	const char *error = cli_text(run, "error", NULL);
	long long repeated = cli_int(run, "repeated");

	if (error == NULL)
		return;
	printf("       %s%s%s", term_on(t, RED), error, term_off(t));
	if (repeated > 0)
		printf(" (and %lld time%s more)", repeated,
			repeated == 1 ? "" : "s");
	putchar('\n');
}

static void print(void *arg, const json_t *run)
{
	const struct runs *r = arg;
	const struct term *t = &r->term;
	bool ended = cli_text(run, "finished", NULL) != NULL;
	const char *commit = cli_text(run, "commit", NULL);
	long long failed = cli_int(run, "failed");
	char clock[STAMP_CLOCK];
	char span[STAMP_SPAN];

	printf("%s%5lld%s  %s%s%s  %-9s  %-8s  %5lld read  +%lld ~%lld -%lld",
		term_on(t, BOLD), cli_int(run, "run"), term_off(t),
		term_on(t, DIM), cli_clock(run, "started", clock), term_off(t),
		cli_text(run, "kind", "?"), cli_text(run, "cause", "?"),
		cli_int(run, "seen"), cli_int(run, "added"),
		cli_int(run, "changed"), cli_int(run, "removed"));
	if (failed > 0)
		printf("  %s%lld failed%s", term_on(t, RED), failed,
			term_off(t));
	printf("  %s", ended ? took(run, span) : "has not ended");
	if (commit != NULL)
		printf("  %s%.10s%s", term_on(t, CYAN), commit, term_off(t));
	putchar('\n');
	print_error(t, run);
}

static void print_day(void *arg, const json_t *day)
{
	(void)arg;
	printf("%s  %6lld passes  %6lld requests  %8.1f MB  %8.1f s of the "
	       "server\n",
		cli_text(day, "day", "?"), cli_int(day, "passes"),
		cli_int(day, "requests"), (double)cli_int(day, "bytes") / 1e6,
		json_real_value(json_object_get(day, "server_seconds")));
}

static int take_limit(void *arg, int c, struct err *e)
{
	struct runs *r = arg;
	int64_t number;
	int rc = cli_number(optarg, "--limit", &number, e);

	(void)c;
	if (rc == 0)
		json_object_set_new(r->request, "limit", json_integer(number));
	return rc;
}

/* Runs, and for people the days below them; or the days alone. */
static int show(struct runs *r, const struct config *config, struct err *e)
{
	json_t *days = json_pack("{s:s}", "command", "usage");
	int rc = 0;

	if (r->daily)
		json_object_set_new(
			r->request, "command", json_string("usage"));
	if (!r->no_pager && !r->cli->json)
		term_page(&r->term);
	rc = cli_show(
		r->cli, config, r->request, r->daily ? print_day : print, r, e);
	if (rc == 0 && !r->daily && !r->cli->json)
		rc = cli_show(r->cli, config, days, print_day, r, e);
	term_end(&r->term);
	json_decref(days);
	return rc;
}

int cli_runs(struct cli *cli, struct err *e)
{
	struct runs r = {
		.cli = cli, .request = json_pack("{s:s}", "command", "runs")};
	const struct cli_option options[] = {
		{"limit", "N",
			.does = "N runs (default: 20); of --daily, N days (7)"},
		{"daily", NULL, "only what each day cost the server",
			.set = &r.daily},
		{"no-pager", NULL, "no pager on a terminal",
			.set = &r.no_pager},
		{0},
	};
	struct config config = {0};
	int rc = cli_parse(cli, options, take_limit, &r, e);

	term_init(&r.term);
	if (rc == 0)
		rc = cli_arguments(cli, 0, 0, e);
	if (rc == 0)
		rc = cli_reach(cli, &config, e);
	if (rc == 0)
		rc = show(&r, &config, e);
	json_decref(r.request);
	config_fini(&config);
	return rc;
}
