/*
 * status - what the daemon did, does and will do next.
 */
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "cli/commands.h"
#include "cli/verdict.h"

static void print_push(const json_t *push)
{
	const char *error = cli_text(push, "error", NULL);

	if (!json_is_object(push))
		return;
	printf("push       %s, branch %s: ", cli_text(push, "remote", "?"),
		cli_text(push, "branch", "?"));
	if (cli_int(push, "pending") == 0 && error == NULL)
		printf("all is there\n");
	else
		printf("%lld commits wait\n", cli_int(push, "pending"));
	if (error != NULL)
		printf("           %s\n", error);
}

static void print_hooks(const json_t *hooks)
{
	const char *error = cli_text(hooks, "error", NULL);

	if (error == NULL)
		return;
	printf("hooks      %lld calls wait\n", cli_int(hooks, "waiting"));
	printf("           %s\n", error);
}

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
	print_push(json_object_get(daemon, "push"));
	print_hooks(json_object_get(daemon, "hooks"));
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
	const json_t *frozen = json_object_get(status, "frozen");

	for (size_t i = 0; i < json_array_size(sets); i++) {
		const json_t *set = json_array_get(sets, i);

		printf("held       %lld %s, by the guard (opsync held %lld "
		       "lists them)\n",
			cli_int(set, "documents"), cli_text(set, "kind", "?"),
			cli_int(set, "set"));
	}
	for (size_t i = 0; i < json_array_size(frozen); i++)
		printf("frozen     %s\n",
			json_string_value(json_array_get(frozen, i)));
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

	const json_t *paused = json_object_get(status, "paused");

	printf("store      %s\n", config->store_path);
	if (json_is_object(paused))
		printf("paused     since %s: %s (opsync resume)\n",
			cli_text(paused, "since", "?"),
			cli_text(paused, "why", ""));
	print_daemon(status, config);
	print_counts(status);
	print_runs(status);
	print_errors(status);
}

enum { OPT_CHECK = 256, OPT_MAX_LAG };

struct request {
	bool check;
	int64_t max_lag;
};

static int take_option(void *arg, int c, struct err *e)
{
	struct request *request = arg;

	if (c == OPT_CHECK)
		request->check = true;
	else if (!stamp_duration(str_of(optarg), &request->max_lag))
		return err_set(e, ERR_USAGE,
			"--max-lag: '%s' is no time such as 15m or 1h", optarg);
	return 0;
}

int cli_status(struct cli *cli, struct err *e)
{
	static const struct option options[] = {
		{"check", no_argument, NULL, OPT_CHECK},
		{"max-lag", required_argument, NULL, OPT_MAX_LAG},
		{0},
	};
	struct request request = {0};
	json_t *question = json_pack("{s:s}", "command", "status");
	struct config config = {0};
	int r = cli_parse(cli, options, take_option, &request, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0 && request.check)
		cli->exit_code = check_status(cli, request.max_lag);
	else if (r == 0)
		r = cli_config(cli, &config, e);
	if (r == 0 && !request.check)
		r = cli_show(cli, &config, question, print, &config, e);
	json_decref(question);
	config_fini(&config);
	return r;
}
