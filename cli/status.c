/*
 * status - what the daemon did, does and will do next.
 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"

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

static void print_held(const json_t *status)
{
	const json_t *sets = json_object_get(status, "held");
	const json_t *ids = json_object_get(status, "withdrawn");

	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);

		printf("held       %lld %s, by the guard (opsync held %lld "
		       "lists them)\n",
			cli_int(set, "documents"), cli_text(set, "kind", "?"),
			cli_int(set, "set"));
	}
	if (json_array_size(ids) > 0)
		printf("withdrawn  %zu work packages\n", json_array_size(ids));
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
	print_held(status);
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
	json_t *request = json_pack("{s:s}", "command", "status");
	struct config config = {0};
	int r = cli_parse(cli, NULL, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = cli_config(cli, &config, e);
	if (r == 0)
		r = cli_show(cli, &config, request, print, &config, e);
	json_decref(request);
	config_fini(&config);
	return r;
}
