/*
 * verify - store, state and server against each other, and put right.
 *
 * The daemon does it, for nothing may be committed meanwhile; while none runs
 * we are one for that pass.  What was put right is looked at once more.
 */
#include <stdio.h>

#include "cli/commands.h"
#include "daemon/service.h"
#include "store/store.h"

struct findings {
	struct cli *cli;
	int64_t n;
};

static void show(struct findings *f, const json_t *line)
{
	long long id = cli_int(line, "work_package");
	const char *path = cli_text(line, "path", NULL);

	f->n++;
	if (f->cli->json) {
		cli_print_json(line);
		return;
	}
	printf("%s: ", cli_text(line, "finding", "?"));
	if (id != 0)
		printf("work package %lld: ", id);
	if (path != NULL)
		printf("%s: ", path);
	printf("%s\n", cli_text(line, "text", "?"));
}

static void on_found(void *arg, struct str text)
{
	json_t *line = json_loadb(text.p, text.n, 0, NULL);

	show(arg, line);
	json_decref(line);
}

static void on_line(void *arg, const json_t *line)
{
	if (json_object_get(line, "finding") != NULL)
		show(arg, line);
}

/* We are the daemon, for one pass; takes the configuration. */
static int run_pass(
	struct config *config, bool repair, struct findings *f, struct err *e)
{
	const struct service_options options = {.once = true,
		.verify = true,
		.repair = repair,
		.found = on_found,
		.arg = f};

	return service_run(config, &options, e);
}

static int ask(struct cli_connection *c, bool repair, struct findings *f,
	struct err *e)
{
	json_t *request = json_pack("{s:s, s:b, s:b}", "command", "verify",
		"repair", repair, "wait", 1);
	int r = cli_converse(c, request, on_line, f, e);

	json_decref(request);
	return r;
}

/* Work packages in error, or held, are not what was asked. */
static int forgive(int r, struct err *e)
{
	if (r != ERR_PARTIAL)
		return r;
	*e = (struct err){0};
	return 0;
}

static int verify(
	struct cli *cli, bool repair, struct findings *f, struct err *e)
{
	struct config *config = xcalloc(1, sizeof(*config));
	struct cli_connection *c = NULL;
	struct buf note = {0};
	int64_t pid = -1; /* somebody, if we may not look */
	int r = cli_reach(cli, config, e);

	if (r == 0 && !cli_is_reached(config))
		r = store_holder(config->store_path, &pid, &note, e);
	buf_fini(&note);
	if (r == 0 && pid == 0)
		return forgive(run_pass(config, repair, f, e), e);
	if (r == 0)
		r = cli_connect(config, &c, e);
	if (r == 0)
		r = forgive(ask(c, repair, f, e), e);
	cli_disconnect(c);
	config_free(config);
	return r;
}

int cli_verify(struct cli *cli, struct err *e)
{
	struct findings found = {.cli = cli};
	struct findings left = {.cli = cli};
	bool repair = false;
	const struct cli_option options[] = {
		{"repair", NULL, "put right what is found, and look once more",
			.set = &repair},
		{.does = "Exit code 3: something was found; with --repair, "
			 "something is left."},
	};
	int r = cli_parse(cli, options, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = verify(cli, repair, &found, e);
	if (r != 0 || found.n == 0) {
		if (r == 0 && !cli->json)
			puts("all is as it should be");
		return r;
	}
	if (!repair)
		return err_set(e, ERR_PARTIAL,
			"%lld finding%s (opsync verify --repair puts %s "
			"right)",
			(long long)found.n, found.n == 1 ? "" : "s",
			found.n == 1 ? "it" : "them");
	if (!cli->json)
		puts("repaired; looked at once more:");
	r = verify(cli, false, &left, e);
	if (r != 0)
		return r;
	if (left.n > 0)
		return err_set(e, ERR_PARTIAL,
			"%lld finding%s left (objects of old commits: fetch "
			"them from a copy of the repository; files that no "
			"document has: remove them, if they are not to stay)",
			(long long)left.n, left.n == 1 ? " is" : "s are");
	if (!cli->json)
		puts("all is as it should be");
	return 0;
}
