/*
 * reach - the configuration that is meant, or the daemon that runs with it.
 *
 * What only asks the daemon needs no more of a configuration than where that
 * one listens.  Who may not read the file finds the socket in the runtime
 * folder, and the daemon says the rest.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/stamp.h"
#include "cli/cli.h"
#include "cli/instance.h"

/* --- The file ----------------------------------------------------------- */

typedef int load_fn(
	const struct instance *one, struct config *out, struct err *e);

static int load_file(
	const struct instance *one, struct config *out, struct err *e)
{
	return config_load(one->file, out, e);
}

/* The file that is named, or that of the instance that is meant. */
static int load_meant(
	const struct cli *cli, load_fn *load, struct config *out, struct err *e)
{
	const char *name = cli->instance;
	struct instances all = {0};
	const struct instance *one;
	int r;

	*out = (struct config){0};
	if (cli->config_file != NULL)
		return config_load(cli->config_file, out, e);
	if (name == NULL)
		name = getenv("OPSYNC_INSTANCE");
	instances_find(&all);
	one = instances_get(&all, name, e);
	r = one != NULL ? load(one, out, e) : ERR_USAGE;
	instances_fini(&all);
	return r;
}

int cli_config(const struct cli *cli, struct config *out, struct err *e)
{
	return load_meant(cli, load_file, out, e);
}

/* --- The daemon --------------------------------------------------------- */

bool cli_is_reached(const struct config *config)
{
	return config->program == NULL;
}

/* What it says of itself, as if it were read. */
static void take_hello(struct config *out, const json_t *hello)
{
	long long poll = cli_int(hello, "poll");

	out->url =
		arena_str(&out->arena, str_of(cli_text(hello, "server", "?")))
			.p;
	out->store_path =
		arena_str(&out->arena, str_of(cli_text(hello, "store", "?"))).p;
	if (poll > 0)
		out->poll = poll * STAMP_SECOND;
}

static int greet(struct config *out, struct err *e)
{
	struct cli_connection *c = NULL;
	json_t *hello = NULL;
	int r = cli_connect(out, &c, e);

	if (r == 0) {
		cli_expect_soon(c);
		r = cli_hello(c, &hello, e);
	}
	if (r == 0)
		take_hello(out, hello);
	json_decref(hello);
	cli_disconnect(c);
	return r;
}

/* Where the service's own socket would be, if there is none at all. */
static int ask_daemon(
	const struct instance *one, struct config *out, struct err *e)
{
	struct err why = {0};
	int r = ERR_UNAVAILABLE;

	config_defaults(out, one->file);
	for (size_t i = 0; r != 0 && i < CLI_PLACES; i++) {
		char *path = cli_place(i, one->name);

		if (path != NULL && (i == 0 || access(path, F_OK) == 0)) {
			out->socket = arena_str(&out->arena, str_of(path)).p;
			r = greet(out, &why);
		}
		free(path);
	}
	if (r == 0)
		return 0;
	return err_set(e, ERR_AUTH,
		"%s: Permission denied; and %s (ask as root, or as a member "
		"of the daemon's group)",
		one->file, why.text);
}

int cli_reach_instance(
	const struct instance *one, struct config *out, struct err *e)
{
	*out = (struct config){0};
	if (access(one->file, R_OK) == 0 || errno != EACCES)
		return config_load(one->file, out, e);
	return ask_daemon(one, out, e);
}

int cli_reach(const struct cli *cli, struct config *out, struct err *e)
{
	return load_meant(cli, cli_reach_instance, out, e);
}
