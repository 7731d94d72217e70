/*
 * history - runs and log: what was done, why, and what it cost the server.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/commands.h"

static void print_run(void *arg, const json_t *run)
{
	const char *commit = cli_text(run, "commit", NULL);
	const char *error = cli_text(run, "error", NULL);

	(void)arg;
	printf("%5lld  %.19s  %-6s  %-8s  %5lld read  +%lld ~%lld -%lld  "
	       "%lld failed%s%.10s\n",
		cli_int(run, "run"), cli_text(run, "started", "?"),
		cli_text(run, "kind", "?"), cli_text(run, "cause", "?"),
		cli_int(run, "seen"), cli_int(run, "added"),
		cli_int(run, "changed"), cli_int(run, "removed"),
		cli_int(run, "failed"), commit != NULL ? "  " : "",
		commit != NULL ? commit : "");
	if (error != NULL)
		printf("       %s\n", error);
}

static void print_day(void *arg, const json_t *day)
{
	const char *date = cli_text(day, "day", "?");

	(void)arg;
	printf("%s  %6lld passes  %6lld requests  %8.1f MB  %8.1f s of the "
	       "server\n",
		date, cli_int(day, "passes"), cli_int(day, "requests"),
		(double)cli_int(day, "bytes") / 1e6,
		json_real_value(json_object_get(day, "server_seconds")));
}

static void print_event(void *arg, const json_t *event)
{
	const char *path = cli_text(event, "path", "");
	long long id = cli_int(event, "work_package");

	(void)arg;
	printf("%.19s  %5lld  %-8s", cli_text(event, "at", "?"),
		cli_int(event, "run"), cli_text(event, "event", "?"));
	if (id != 0)
		printf("  #%lld", id);
	if (path[0] != '\0')
		printf("  %s", path);
	printf("  %s\n", cli_text(event, "text", ""));
}

static int level_of(const char *name, struct err *e)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"error", LOG_LEVEL_ERROR},
		{"warning", LOG_LEVEL_WARNING},
		{"notice", LOG_LEVEL_NOTICE},
		{"info", LOG_LEVEL_INFO},
		{"debug", LOG_LEVEL_DEBUG},
	};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (strcmp(levels[i].name, name) == 0)
			return (int)levels[i].level;
	return err_set(e, ERR_USAGE,
		"--level: '%s' is none of error, warning, notice, info, debug",
		name);
}

enum { OPT_RUN = 256, OPT_WP, OPT_LEVEL, OPT_LIMIT, OPT_DAILY };

/* One option of runs or log, into the request. */
static int take_option(void *arg, int c, struct err *e)
{
	static const struct {
		int option;
		const char *name;
		const char *key;
	} numbers[] = {
		{OPT_RUN, "--run", "run"},
		{OPT_WP, "--wp", "work_package"},
		{OPT_LIMIT, "--limit", "limit"},
	};
	json_t *request = arg;
	int64_t number = 0;
	int r;

	if (c == OPT_DAILY)
		json_object_set_new(request, "command", json_string("usage"));
	if (c == OPT_LEVEL) {
		r = level_of(optarg, e);
		if (r > 0)
			json_object_set_new(request, "level", json_integer(r));
		return r > 0 ? 0 : r;
	}
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (numbers[i].option != c)
			continue;
		r = cli_number(optarg, numbers[i].name, &number, e);
		if (r == 0)
			json_object_set_new(
				request, numbers[i].key, json_integer(number));
		return r;
	}
	return 0;
}

int cli_log(struct cli *cli, struct err *e)
{
	static const struct option options[] = {
		{"run", required_argument, NULL, OPT_RUN},
		{"wp", required_argument, NULL, OPT_WP},
		{"level", required_argument, NULL, OPT_LEVEL},
		{"limit", required_argument, NULL, OPT_LIMIT},
		{0},
	};
	json_t *request = json_pack(
		"{s:s,s:i}", "command", "log", "level", LOG_LEVEL_INFO);
	struct config config = {0};
	int r = cli_parse(cli, options, take_option, request, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = cli_config(cli, &config, e);
	if (r == 0)
		r = cli_show(cli, &config, request, print_event, NULL, e);
	json_decref(request);
	config_fini(&config);
	return r;
}

/* Runs, and for people the days below them; or the days alone. */
int cli_runs(struct cli *cli, struct err *e)
{
	static const struct option options[] = {
		{"limit", required_argument, NULL, OPT_LIMIT},
		{"daily", no_argument, NULL, OPT_DAILY},
		{0},
	};
	json_t *runs = json_pack("{s:s}", "command", "runs");
	json_t *days = json_pack("{s:s}", "command", "usage");
	struct config config = {0};
	bool daily;
	int r = cli_parse(cli, options, take_option, runs, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = cli_config(cli, &config, e);
	daily = strcmp(cli_text(runs, "command", ""), "usage") == 0;
	if (r == 0)
		r = cli_show(cli, &config, runs, daily ? print_day : print_run,
			NULL, e);
	if (r == 0 && !daily && !cli->json)
		r = cli_show(cli, &config, days, print_day, NULL, e);
	json_decref(runs);
	json_decref(days);
	config_fini(&config);
	return r;
}
