/*
 * status - what the daemon did, does and will do next.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static void print_daemon(const json_t *status, const struct config *config)
{
	const json_t *daemon = json_object_get(status, "daemon");
	const json_t *running = json_object_get(daemon, "running");
	const char *error = cli_text(daemon, "error", NULL);

	if (daemon == NULL) {
		printf("daemon     stopped\n");
		printf("server     %s\n", config->url);
		return;
	}
	printf("daemon     running since %s (pid %lld)\n",
		cli_text(daemon, "since", "?"), cli_int(daemon, "pid"));
	printf("server     %s%s\n", cli_text(daemon, "server", "?"),
		error != NULL ? ": last pass failed" : "");
	if (error != NULL)
		printf("           %s\n", error);
	if (json_is_object(running))
		printf("now        reading: %lld read, %lld added, %lld "
		       "changed, %lld failed\n",
			cli_int(running, "seen"), cli_int(running, "added"),
			cli_int(running, "changed"),
			cli_int(running, "failed"));
	else
		printf("next       poll in %lld s\n", cli_int(daemon, "next"));
}

static void print_counts(const json_t *status)
{
	const json_t *n = json_object_get(status, "counts");

	printf("documents  %lld, with %lld files in all\n",
		cli_int(n, "documents"), cli_int(n, "files"));
	printf("           of %lld work packages: %lld make a document, "
	       "%lld are left out, %lld failed\n",
		cli_int(n, "work_packages"), cli_int(n, "made"),
		cli_int(n, "left_out"), cli_int(n, "failed"));
	if (strcmp(cli_text(status, "held", "0"), "0") != 0)
		printf("held       %s removals, by the guard (opsync log names "
		       "them)\n",
			cli_text(status, "held", "?"));
	printf("cursor     %s\n", cli_text(status, "cursor", "none yet"));
}

static void print_runs(const json_t *status)
{
	const json_t *run = json_array_get(json_object_get(status, "runs"), 0);
	const char *error = cli_text(run, "error", NULL);

	if (run == NULL) {
		printf("last run   none yet\n");
		return;
	}
	printf("last run   %lld (%s): %lld added, %lld changed, %lld removed, "
	       "%lld failed, finished %s\n",
		cli_int(run, "run"), cli_text(run, "kind", "?"),
		cli_int(run, "added"), cli_int(run, "changed"),
		cli_int(run, "removed"), cli_int(run, "failed"),
		cli_text(run, "finished", "never"));
	if (error != NULL)
		printf("           %s\n", error);
}

static void print_errors(const json_t *status)
{
	const json_t *errors = json_object_get(status, "errors");

	if (json_array_size(errors) > 0)
		printf("in error\n");
	for (size_t i = 0; i < json_array_size(errors); i++) {
		const json_t *one = json_array_get(errors, i);

		printf("  work package %lld: %s\n",
			cli_int(one, "work_package"),
			cli_text(one, "reason", "?"));
	}
}

static void print(void *arg, const json_t *status)
{
	const struct config *config = arg;

	printf("store      %s\n", config->store_path);
	print_daemon(status, config);
	print_counts(status);
	print_runs(status);
	print_errors(status);
}

int cli_status(struct cli *cli, struct err *e)
{
	static const struct option options[] = {CLI_LONG, {0}};
	struct config config;
	struct buf lines = {0};
	json_t *request = NULL;
	bool running;
	int c;
	int r;

	while ((c = getopt_long(cli->argc, cli->argv, CLI_SHORT, options,
			NULL)) != -1) {
		if (!cli_take(cli, c))
			return cli_bad_usage("status", e);
	}
	r = cli_config(cli, &config, e);
	if (r == 0) {
		request = json_pack("{s:s}", "command", "status");
		r = cli_ask(&config, request, &lines, &running, e);
	}
	if (r == 0 && cli->json)
		fwrite(lines.p, 1, lines.n, stdout);
	else if (r == 0)
		r = cli_each_line(&lines, print, &config, e);
	json_decref(request);
	buf_fini(&lines);
	config_fini(&config);
	return r;
}
