/*
 * resync - ask the daemon for a pass now, and wait for it if told to; reload
 * is a pass with the configuration read again.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"

enum { OPT_FULL = 256, OPT_WP, OPT_WAIT };

static int take_option(void *arg, int c, struct err *e)
{
	json_t *request = arg;
	json_t *ids = json_object_get(request, "work_packages");
	int64_t id = 0;
	int r = 0;

	if (c == OPT_FULL)
		json_object_set_new(request, "full", json_true());
	else if (c == OPT_WAIT)
		json_object_set_new(request, "wait", json_true());
	else
		r = cli_number(optarg, "--wp", &id, e);
	if (id != 0)
		json_array_append_new(ids, json_integer(id));
	return r;
}

static void print(const json_t *line)
{
	bool finished = json_is_true(json_object_get(line, "finished"));
	bool terminal = isatty(STDOUT_FILENO) != 0;

	if (json_object_get(line, "seen") == NULL)
		return;
	printf("%s%s%lld read, %lld added, %lld changed, %lld removed, %lld "
	       "failed%s",
		terminal ? "\r\033[K" : "", finished ? "done: " : "",
		cli_int(line, "seen"), cli_int(line, "added"),
		cli_int(line, "changed"), cli_int(line, "removed"),
		cli_int(line, "failed"), finished || !terminal ? "\n" : "");
	fflush(stdout);
}

/* The result of the pass is that of the command. */
static int judge(const json_t *line, struct err *e)
{
	int result = (int)cli_int(line, "result");

	if (!json_is_true(json_object_get(line, "finished")))
		return 0;
	if (result != 0)
		return err_set(e, result, "%s", cli_text(line, "error", "?"));
	if (cli_int(line, "held") > 0)
		return err_set(e, ERR_PARTIAL,
			"%lld document%s held by the guard (opsync held "
			"lists them)",
			cli_int(line, "held"),
			cli_int(line, "held") == 1 ? " is" : "s are");
	if (cli_int(line, "failed") > 0)
		return err_set(e, ERR_PARTIAL,
			"%lld work packages failed (opsync status names them)",
			cli_int(line, "failed"));
	return 0;
}

static int converse(struct cli *cli, struct cli_connection *c,
	const json_t *request, struct err *e)
{
	int result = 0;
	int r = cli_send(c, request, e);

	while (r == 0) {
		json_t *line;

		r = cli_receive(c, &line, e);
		if (line == NULL)
			break;
		if (cli->json) {
			json_dumpf(line, stdout, JSON_COMPACT);
			putchar('\n');
		} else {
			print(line);
		}
		if (result == 0)
			result = judge(line, e);
		json_decref(line);
	}
	return r != 0 ? r : result;
}

static int talk(struct cli *cli, const json_t *request, struct err *e)
{
	struct cli_connection *c = NULL;
	struct config config = {0};
	int r = cli_config(cli, &config, e);

	if (r == 0)
		r = cli_connect(&config, &c, e);
	if (r == 0)
		r = converse(cli, c, request, e);
	cli_disconnect(c);
	config_fini(&config);
	return r;
}

int cli_resync(struct cli *cli, struct err *e)
{
	static const struct option options[] = {
		{"full", no_argument, NULL, OPT_FULL},
		{"wp", required_argument, NULL, OPT_WP},
		{"wait", no_argument, NULL, OPT_WAIT},
		{0},
	};
	json_t *request =
		json_pack("{s:s, s:[]}", "command", "resync", "work_packages");
	int r = cli_parse(cli, options, take_option, request, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = talk(cli, request, e);
	json_decref(request);
	return r;
}

int cli_reload(struct cli *cli, struct err *e)
{
	json_t *request = json_pack("{s:s}", "command", "reload");
	int r = cli_parse(cli, NULL, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = cli_tell(cli, request, NULL, NULL, e);
	json_decref(request);
	return r;
}
