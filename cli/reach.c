/*
 * reach - the configuration that is meant, or the daemon that runs with it.
 *
 * What only asks the daemon needs no more of a configuration than where that
 * one listens.  Where the file may not be read, or is wrong by now, the socket
 * is found in the runtime folder, and the daemon says the rest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/stamp.h"
#include "cli/cli.h"
#include "cli/instance.h"
#include "cli/place.h"

/* --- The file ----------------------------------------------------------- */

typedef int load_fn(const char *file, struct config *out, struct err *e);

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
		return load(cli->config_file, out, e);
	if (name == NULL)
		name = getenv("OPSYNC_INSTANCE");
	if (name != NULL && name[0] == '\0' && name != cli->instance)
		name = NULL; /* a variable that is empty is none */
	instances_find(&all);
	one = instances_get(&all, name, e);
	r = one != NULL ? load(one->file, out, e) : ERR_USAGE;
	instances_fini(&all);
	return r;
}

int cli_config(const struct cli *cli, struct config *out, struct err *e)
{
	return load_meant(cli, config_load, out, e);
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

/* With as much of the configuration as it says. */
static int ask_daemon(const char *file, struct config *out, struct err *e)
{
	struct buf path = {0};
	json_t *hello = NULL;
	int r;

	config_defaults(out, file);
	r = place_find(out, &path, &hello, e);
	if (r == 0) {
		out->socket = arena_str(&out->arena, buf_str(&path)).p;
		take_hello(out, hello);
	}
	json_decref(hello);
	buf_fini(&path);
	return r;
}

/* A file that this user may not read. */
static int reach_hidden(const char *file, struct config *out, struct err *e)
{
	struct err why = {0};

	if (ask_daemon(file, out, &why) == 0)
		return 0;
	return err_set(e, ERR_AUTH,
		"%s: Permission denied; and %s (ask as root, or as a member "
		"of the daemon's group)",
		file, why.text);
}

/* One that became wrong while a daemon runs with what it said before. */
static int reach_wrong(const char *file, struct config *out, struct err *e)
{
	struct config running = {0};

	if (ask_daemon(file, &running, NULL) != 0) {
		config_fini(&running);
		return e->code;
	}
	config_fini(out);
	*out = running;
	fprintf(stderr,
		"opsync: note: %s; the daemon goes on with what the file said "
		"before\n",
		e->text);
	*e = (struct err){0};
	return 0;
}

static int reach(const char *file, struct config *out, struct err *e)
{
	int r;

	*out = (struct config){0};
	if (access(file, R_OK) != 0 && errno == EACCES)
		return reach_hidden(file, out, e);
	r = config_load(file, out, e);
	return r == ERR_CONFIG ? reach_wrong(file, out, e) : r;
}

bool cli_is_wrong(const struct config *config, struct err *e)
{
	struct config file = {0};
	bool wrong = cli_is_reached(config) &&
		     access(config->file, R_OK) == 0 &&
		     config_load(config->file, &file, e) == ERR_CONFIG;

	config_fini(&file);
	return wrong;
}

int cli_reach_instance(
	const struct instance *one, struct config *out, struct err *e)
{
	return reach(one->file, out, e);
}

int cli_reach(const struct cli *cli, struct config *out, struct err *e)
{
	return load_meant(cli, reach, out, e);
}
