/*
 * guard - what the guard holds, and what people say to it.
 *
 * Orders go to the daemon, which carries them out at once; while none runs
 * they are written into the state, for the next pass.
 */
#include <stdio.h>
#include <unistd.h>

#include "cli/commands.h"
#include "daemon/guard_orders.h"
#include "store/store.h"

enum { OPT_PROJECT = 256, OPT_WP };

/* --- held --------------------------------------------------------------- */

static void print_set(void *arg, const json_t *line)
{
	const char *kind = cli_text(line, "kind", "?");
	long long n = cli_int(line, "documents");
	long long released = cli_int(line, "released");
	bool *any = arg;
	char clock[STAMP_CLOCK];

	*any = true;
	if (n == 0) {
		printf("set %lld: %lld %s released, for the next pass\n",
			cli_int(line, "set"), released, kind);
		return;
	}
	printf("set %lld: %lld %s held since %s", cli_int(line, "set"), n, kind,
		cli_clock(line, "since", clock));
	if (released > 0)
		printf(", %lld released", released);
	printf(" (opsync held %lld lists, opsync release %lld lets go)\n",
		cli_int(line, "set"), cli_int(line, "set"));
}

static void print_document(void *arg, const json_t *line)
{
	(void)arg;
	if (cli_text(line, "path", NULL) == NULL)
		return;
	printf("%lld  %s  (%s)  %s\n", cli_int(line, "work_package"),
		cli_text(line, "path", "?"), cli_text(line, "project", "?"),
		cli_text(line, "reason", "?"));
}

int cli_held(struct cli *cli, struct err *e)
{
	json_t *request = json_pack("{s:s}", "command", "held");
	struct config config = {0};
	int64_t set = 0;
	bool any = false;
	int r = cli_parse(cli, NULL, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 1, e);
	if (r == 0 && optind < cli->argc)
		r = cli_number(cli->argv[optind], "SET", &set, e);
	if (r == 0)
		r = cli_reach(cli, &config, e);
	if (set != 0)
		json_object_set_new(request, "set", json_integer(set));
	if (r == 0)
		r = cli_show(cli, &config, request,
			set != 0 ? print_document : print_set, &any, e);
	if (r == 0 && set == 0 && !any && !cli->json)
		puts("nothing is held");
	json_decref(request);
	config_fini(&config);
	return r;
}

/* --- Orders ------------------------------------------------------------- */

/* While no daemon runs: the next pass finds it in the state. */
static int write_order(const struct config *config, const json_t *request,
	struct buf *lines, struct err *e)
{
	struct buf path = {0};
	struct buf note = {0};
	struct state *state = NULL;
	int64_t pid = 0;
	int r = store_state_path(config->store_path, &path, e);

	if (r == 0)
		r = store_holder(config->store_path, &pid, &note, e);
	if (r == 0 && pid != 0)
		r = err_set(e, ERR_AGAIN,
			"a single pass runs for %s: ask again later",
			config->store_path);
	if (r == 0 && access(path.p, F_OK) != 0)
		r = err_set(e, ERR_UNAVAILABLE, "%s was never synced",
			config->store_path);
	if (r == 0)
		r = state_open(path.p, false, &state, e);
	if (r == 0)
		r = guard_order(state, request, lines, e);
	state_close(state);
	buf_fini(&path);
	buf_fini(&note);
	return r;
}

/* Withdrawn before it came, or by a mistake in its number. */
static void print_unknown(long long id)
{
	fflush(stdout);
	fprintf(stderr,
		"opsync: work package %lld is not known here: it is kept out "
		"if it ever comes (opsync publish %lld takes that back)\n",
		id, id);
}

/* An order that is given, and what its answer says besides. */
struct given {
	const struct cli *cli;
	long long unclaimed; /* files that may be of what was withdrawn */
};

static void print_answer(void *arg, const json_t *line)
{
	struct given *g = arg;

	if (cli_int(line, "unclaimed") > 0)
		g->unclaimed = cli_int(line, "unclaimed");
	if (g->cli->json) {
		cli_print_json(line);
	} else if (json_is_true(json_object_get(line, "finished"))) {
		printf("done: %lld added, %lld changed, %lld removed, %lld "
		       "held\n",
			cli_int(line, "added"), cli_int(line, "changed"),
			cli_int(line, "removed"), cli_int(line, "held"));
	} else if (json_is_false(json_object_get(line, "known"))) {
		print_unknown(cli_int(line, "work_package"));
	} else {
		print_document(NULL, line);
	}
}

static int say_unclaimed(long long n, struct err *e)
{
	return err_set(e, ERR_PARTIAL,
		"what was withdrawn may still be there: the state was made "
		"again, and %lld file%s of no work package; what is left when "
		"all was read goes, if the guard does not hold it (opsync "
		"resync --full --wait says so, opsync held lists it)",
		n, n == 1 ? " is" : "s are");
}

static int give(struct cli *cli, const json_t *request, struct err *e)
{
	bool dry = json_is_true(json_object_get(request, "dry_run"));
	struct cli_connection *c = NULL;
	struct config config = {0};
	struct buf lines = {0};
	struct err none = {0};
	struct given g = {.cli = cli};
	int r = cli_reach(cli, &config, e);

	if (r == 0 && cli_connect(&config, &c, &none) == 0) {
		r = cli_converse(c, request, print_answer, &g, e);
	} else if (r == 0) {
		r = write_order(&config, request, &lines, e);
		if (r == 0)
			r = cli_each_line(&lines, print_answer, &g, e);
		if (r == 0 && !dry && !cli->json)
			puts("no daemon runs: the next pass does it");
	}
	cli_disconnect(c);
	buf_fini(&lines);
	config_fini(&config);
	if (r == 0 && g.unclaimed > 0)
		r = say_unclaimed(g.unclaimed, e);
	return r;
}

static int add_id(
	json_t *request, const char *text, const char *name, struct err *e)
{
	int64_t id = 0;
	int r = cli_number(text, name, &id, e);

	if (r == 0)
		json_array_append_new(json_object_get(request, "work_packages"),
			json_integer(id));
	return r;
}

static int take_option(void *arg, int c, struct err *e)
{
	json_t *request = arg;

	if (c == OPT_WP)
		return add_id(request, optarg, "--wp", e);
	return cli_put(request, "project", optarg, "--project", e);
}

static json_t *new_request(const char *command)
{
	return json_pack("{s:s, s:b, s:[]}", "command", command, "wait", 1,
		"work_packages");
}

int cli_release(struct cli *cli, struct err *e)
{
	bool dry = false;
	const struct cli_option options[] = {
		{"project", "P",
			"only what is of project P, by identifier or id",
			.val = OPT_PROJECT},
		{"wp", "ID", "only what is of work package ID; may be repeated",
			.val = OPT_WP},
		{"dry-run", NULL, "only list what would be let go",
			.set = &dry},
		{0},
	};
	json_t *request = new_request("release");
	int64_t set = 0;
	int r = cli_parse(cli, options, take_option, request, e);

	if (r == 0)
		r = cli_arguments(cli, 1, 1, e);
	if (r == 0)
		r = cli_number(cli->argv[optind], "SET", &set, e);
	json_object_set_new(request, "set", json_integer(set));
	json_object_set_new(request, "dry_run", json_boolean(dry));
	if (r == 0)
		r = give(cli, request, e);
	json_decref(request);
	return r;
}

/* withdraw ID…, publish ID… */
static int give_ids(struct cli *cli, const char *command,
	const struct cli_option *options, struct err *e)
{
	json_t *request = new_request(command);
	int r = cli_parse(cli, options, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 1, 1000, e);
	for (int i = optind; r == 0 && i < cli->argc; i++)
		r = add_id(request, cli->argv[i], "ID", e);
	if (r == 0)
		r = give(cli, request, e);
	json_decref(request);
	return r;
}

int cli_withdraw(struct cli *cli, struct err *e)
{
	static const struct cli_option options[] = {
		{.does = "Exit code 3: its files may be among those of which "
			 "nobody knows whose\nthey are, as long as a state "
			 "that was made again is not read whole."},
	};

	return give_ids(cli, "withdraw", options, e);
}

int cli_publish(struct cli *cli, struct err *e)
{
	return give_ids(cli, "publish", NULL, e);
}

int cli_accept_server(struct cli *cli, struct err *e)
{
	json_t *request =
		json_pack("{s:s, s:b}", "command", "accept-server", "wait", 1);
	int r = cli_parse(cli, NULL, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = give(cli, request, e);
	json_decref(request);
	return r;
}
