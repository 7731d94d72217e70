/*
 * diff - what a run would change: the dry run (daemon/rehearsal.h).
 *
 * The daemon that runs with this configuration does it, since it has the key;
 * without one, or with a key of our own, we do it ourselves.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/term.h"
#include "daemon/rehearsal.h"

struct diffing {
	bool json;
	bool full;
	const char *token_file;
	size_t n_ids; /* 0: all */
	int64_t *ids;
	struct config config;
	int64_t told; /* differences */
};

/* --- What it says ------------------------------------------------------- */

static void print_json(const struct rehearsal_change *c)
{
	json_t *one = rehearsal_json(c);

	if (c->binary)
		json_object_set_new(one, "patch", json_null());
	cli_print_json(one);
	json_decref(one);
}

static int on_change(
	void *arg, const struct rehearsal_change *change, struct err *e)
{
	struct diffing *d = arg;

	(void)e;
	d->told++;
	if (d->json)
		print_json(change);
	else
		term_write(change->patch.p, change->patch.n);
	return 0;
}

static void on_note(void *arg, int64_t work_package, struct str text)
{
	char *clean = str_dup(text);

	(void)arg;
	str_clean(clean);
	if (work_package != 0)
		fprintf(stderr, "opsync: work package %lld would fail: %s\n",
			(long long)work_package, clean);
	else
		fprintf(stderr, "opsync: note: %s\n", clean);
	free(clean);
}

/* --- By the daemon ------------------------------------------------------ */

static void take_line(void *arg, const json_t *line)
{
	struct diffing *d = arg;
	const json_t *patch = json_object_get(line, "patch");
	const struct rehearsal_change change = {
		.was = cli_text(line, "was", NULL),
		.is = cli_text(line, "path", NULL),
		.work_package = cli_int(line, "work_package"),
		.binary = json_is_true(json_object_get(line, "binary")),
		.patch = {json_string_value(patch), json_string_length(patch)},
	};

	if (cli_text(line, "change", NULL) != NULL)
		on_change(d, &change, NULL);
	else if (cli_text(line, "finding", NULL) != NULL)
		on_note(d, change.work_package,
			str_of(cli_text(line, "text", "?")));
}

static int ask(struct diffing *d, struct cli_connection *c, struct err *e)
{
	json_t *request =
		json_pack("{s:s, s:b}", "command", "diff", "full", d->full);
	json_t *ids = json_array();
	int r;

	for (size_t i = 0; i < d->n_ids; i++)
		json_array_append_new(ids, json_integer(d->ids[i]));
	json_object_set_new(request, "work_packages", ids);
	r = cli_converse(c, request, take_line, d, e);
	json_decref(request);
	return r;
}

/* One that runs with this file; another would show what its own makes. */
static bool find_daemon(
	const struct diffing *d, struct cli_connection **out, struct err *e)
{
	char *file = realpath(d->config.file, NULL);
	json_t *hello = NULL;
	bool found =
		cli_connect(&d->config, out, e) == 0 &&
		cli_hello(*out, &hello, e) == 0 &&
		(cli_is_reached(&d->config) ||
			(file != NULL && strcmp(cli_text(hello, "config", ""),
						 file) == 0));

	json_decref(hello);
	free(file);
	return found;
}

/* --- By ourselves ------------------------------------------------------- */

static int rehearse(struct diffing *d, struct err *e)
{
	struct rehearsal rehearsal = {
		.config = &d->config,
		.token_file = d->token_file,
		.full = d->full,
		.n_ids = d->n_ids,
		.ids = d->ids,
		.changes = on_change,
		.notes = on_note,
		.arg = d,
	};
	char *folder = NULL;
	int r = rehearsal_folder(&folder, e);

	rehearsal.folder = folder;
	if (r == 0)
		r = rehearsal_run(&rehearsal, e);
	free(folder);
	return r;
}

/* --- The command -------------------------------------------------------- */

static int diff(struct diffing *d, struct err *e)
{
	struct cli_connection *c = NULL;
	struct err none = {0};
	int r;

	if (d->token_file == NULL && find_daemon(d, &c, &none))
		r = ask(d, c, e);
	else
		r = rehearse(d, e);
	cli_disconnect(c);
	return r;
}

static int read_ids(struct cli *cli, struct diffing *d, struct err *e)
{
	int r = 0;

	d->ids = xcalloc((size_t)cli->argc, sizeof(*d->ids));
	for (int i = optind; r == 0 && i < cli->argc; i++)
		r = cli_number(cli->argv[i], "diff", &d->ids[d->n_ids++], e);
	return r;
}

int cli_diff(struct cli *cli, struct err *e)
{
	struct diffing d = {0};
	const struct cli_option options[] = {
		{"full", NULL, "read everything, not only what changed",
			.set = &d.full},
		{"token-file", "FILE",
			"ask with the key in FILE, and leave the daemon alone",
			.text = &d.token_file},
		{.does = "Exit code 1: there are differences."},
	};
	int r = cli_parse(cli, options, NULL, NULL, e);

	d.json = cli->json;
	if (r == 0)
		r = read_ids(cli, &d, e);
	if (r == 0)
		r = cli_reach(cli, &d.config, e);
	if (r == 0)
		r = diff(&d, e);
	cli->exit_code = d.told > 0;
	free(d.ids);
	config_fini(&d.config);
	return r;
}
