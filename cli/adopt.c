/*
 * adopt - take over the files of another tool that are where our documents
 * belong, and list those that no document makes.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"

struct adoption {
	struct cli *cli;
	bool dry;
	long long n, n_strangers;
	json_t *left; /* of the paths that were given: not taken over */
};

/* A path that was given is done with. */
static void check_off(struct adoption *a, const char *path)
{
	for (size_t i = json_array_size(a->left); i-- > 0;)
		if (strcmp(cli_string(json_array_get(a->left, i), ""), path) ==
			0)
			json_array_remove(a->left, i);
}

/* More than a few are one mistake. */
static int complain_left(const struct adoption *a, struct err *e)
{
	size_t n = json_array_size(a->left);
	const char *first = cli_string(json_array_get(a->left, 0), "");

	if (n == 0)
		return 0;
	if (n == 1)
		return err_set(e, ERR_DATA,
			"there is nothing to take over at %s: it is in no "
			"document's way (write the path as in the store)",
			first);
	return err_set(e, ERR_DATA,
		"there is nothing to take over at %s and %zu more of the "
		"paths: they are in no document's way (write them as in the "
		"store)",
		first, n - 1);
}

static void show(struct adoption *a, const json_t *line)
{
	const char *kind = cli_text(line, "finding", "");
	bool stranger = strcmp(kind, "stranger") == 0;

	a->n += !stranger;
	a->n_strangers += stranger;
	if (!stranger)
		check_off(a, cli_text(line, "path", ""));
	if (a->cli->json)
		return;
	if (stranger)
		printf("no document makes %s\n", cli_text(line, "path", "?"));
	else
		printf("%s %s (work package %lld)\n",
			a->dry ? "would take over" : "taken over",
			cli_text(line, "path", "?"),
			cli_int(line, "work_package"));
}

static void on_line(void *arg, const json_t *line)
{
	struct adoption *a = arg;

	if (a->cli->json)
		cli_print_json(line);
	if (json_object_get(line, "finding") != NULL)
		show(a, line);
}

static int talk(struct adoption *a, const json_t *request, struct err *e)
{
	struct cli_connection *c = NULL;
	struct config config = {0};
	int r = cli_reach(a->cli, &config, e);

	if (r == 0)
		r = cli_connect(&config, &c, e);
	if (r == ERR_UNAVAILABLE)
		err_prefix(e,
			"files are taken over by a daemon that runs: start "
			"opsyncd");
	if (r == 0)
		r = cli_converse(c, request, on_line, a, e);
	cli_disconnect(c);
	config_fini(&config);
	return r;
}

int cli_adopt(struct cli *cli, struct err *e)
{
	struct adoption a = {.cli = cli};
	const struct cli_option options[] = {
		{"dry-run", NULL, "only list them", .set = &a.dry},
		{0},
	};
	json_t *request = json_pack(
		"{s:s, s:b, s:[]}", "command", "adopt", "wait", 1, "paths");
	int r = cli_parse(cli, options, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 1000, e);
	for (int i = optind; r == 0 && i < cli->argc; i++)
		r = cli_put(request, "paths", cli->argv[i], "PATH", e);
	json_object_set_new(request, "dry_run", json_boolean(a.dry));
	a.left = json_deep_copy(json_object_get(request, "paths"));
	if (r == 0)
		r = talk(&a, request, e);
	if (r == 0 && !cli->json)
		printf("%lld %s, %lld made by no document\n", a.n,
			a.dry ? "would be taken over" : "taken over",
			a.n_strangers);
	if (r == 0)
		r = complain_left(&a, e);
	json_decref(a.left);
	json_decref(request);
	return r;
}
