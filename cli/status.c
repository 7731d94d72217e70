/*
 * status - what the daemon did, does and will do next: of one instance or of
 * all, once or again and again.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/stamp.h"
#include "cli/commands.h"
#include "cli/instance.h"
#include "cli/status_print.h"
#include "cli/verdict.h"

#define WATCH_SECONDS 2

struct status {
	struct cli *cli;
	struct term term;
	bool check, all, watch;
	int64_t max_lag;

	/* While one is printed. */
	const struct config *config;
	struct err down;
};

static int take_max_lag(void *arg, int c, struct err *e)
{
	struct status *s = arg;

	(void)c;
	if (!stamp_duration(str_of(optarg), &s->max_lag) || s->max_lag == 0)
		return err_set(e, ERR_USAGE,
			"--max-lag: '%s' is no time such as 15m or 1h", optarg);
	return 0;
}

static void print(void *arg, const json_t *status)
{
	struct status *s = arg;

	if (s->cli->json) {
		json_t *named =
			json_pack("{s:s}", "instance", s->config->instance);

		json_object_update(named, (json_t *)status);
		cli_print_json(named);
		json_decref(named);
	} else if (s->all) {
		status_print_line(&s->term, s->config, status, &s->down);
	} else {
		status_print(&s->term, s->config, status, &s->down);
	}
}

/* Why does no daemon answer? */
static void ask_why(struct status *s)
{
	struct cli_connection *c = NULL;

	s->down = (struct err){0};
	if (cli_connect(s->config, &c, &s->down) == 0)
		err_set(&s->down, ERR_AGAIN, "it begins just now");
	cli_disconnect(c);
}

static int show(struct status *s, const struct config *config, struct err *e)
{
	json_t *request = json_pack("{s:s}", "command", "status");
	struct buf lines = {0};
	bool running = false;
	int r;

	s->config = config;
	r = cli_ask(config, request, &lines, &running, e);
	if (r == 0 && !running)
		ask_why(s);
	if (r == 0)
		r = cli_each_line(&lines, print, s, e);
	s->config = NULL;
	buf_fini(&lines);
	json_decref(request);
	return r;
}

static int show_one(struct status *s, struct err *e)
{
	struct config config = {0};
	int r = cli_reach(s->cli, &config, e);

	if (r == 0)
		r = show(s, &config, e);
	config_fini(&config);
	return r;
}

static void print_error(const struct instance *instance, const struct err *e)
{
	json_t *line = json_pack(
		"{s:s, s:s}", "instance", instance->name, "error", e->text);

	cli_print_json(line);
	json_decref(line);
}

/* One that is broken does not hide the others; the last error counts. */
static int show_all(struct status *s, struct err *e)
{
	struct instances all = {0};
	int result = 0;

	instances_find(&all);
	for (size_t i = 0; i < all.n; i++) {
		struct config config = {0};
		struct err one = {0};
		int r = cli_reach_instance(&all.items[i], &config, &one);

		if (r == 0)
			r = show(s, &config, &one);
		if (r != 0 && s->cli->json)
			print_error(&all.items[i], &one);
		else if (r != 0)
			printf("%s%-16s%s %s%s%s\n", term_on(&s->term, BOLD),
				all.items[i].name, term_off(&s->term),
				term_on(&s->term, RED), one.text,
				term_off(&s->term));
		if (r != 0)
			result = err_set(
				e, r, "%s: %s", all.items[i].name, one.text);
		config_fini(&config);
	}
	if (all.n == 0 && instances_get(&all, NULL, e) == NULL)
		result = ERR_USAGE;
	instances_fini(&all);
	return result;
}

static int show_once(struct status *s, struct err *e)
{
	return s->all ? show_all(s, e) : show_one(s, e);
}

/* Until somebody ends it, or nobody reads any more. */
static int watch(struct status *s, struct err *e)
{
	for (;;) {
		struct err once = {0};
		int r;

		if (s->term.moves)
			fputs("\033[H\033[2J", stdout);
		r = show_once(s, &once);
		if (r == ERR_USAGE || r == ERR_CONFIG) {
			*e = once;
			return r;
		}
		if (r != 0 && !s->all)
			printf("%s\n", once.text);
		if (!s->term.moves && !s->cli->json)
			putchar('\n');
		if (fflush(stdout) != 0)
			return 0;
		sleep(WATCH_SECONDS);
	}
}

/* What would be left out of account is refused. */
static int check_together(const struct status *s, struct err *e)
{
	if (s->check && (s->all || s->watch))
		return err_set(e, ERR_USAGE,
			"status: --check judges one instance, once (-i NAME): "
			"leave out --%s",
			s->all ? "all" : "watch");
	if (s->all && (s->cli->config_file != NULL || s->cli->instance != NULL))
		return err_set(e, ERR_USAGE,
			"status: --all shows all there are: leave out --%s",
			s->cli->instance != NULL ? "instance" : "config");
	if (s->max_lag != 0 && !s->check)
		return err_set(
			e, ERR_USAGE, "status: --max-lag is for --check");
	return 0;
}

int cli_status(struct cli *cli, struct err *e)
{
	struct status s = {.cli = cli};
	const struct cli_option options[] = {
		{"all", NULL, "all instances there are, a line each",
			.set = &s.all},
		{"watch", NULL, "again every two seconds", .set = &s.watch},
		{"check", NULL, "one line and an exit code, for monitoring",
			.set = &s.check},
		{"max-lag", "TIME",
			.does = "with --check: the last good pass may have\n"
				"begun so long ago, such as 15m or 1h (else\n"
				"15m, or twice schedule.poll if longer)"},
		{.does = "Exit codes, with --check: 0 all is well, 1 somebody "
			 "should look,\n"
			 "2 the store is not kept in step."},
	};
	int r = cli_parse(cli, options, take_max_lag, &s, e);

	term_init(&s.term);
	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = check_together(&s, e);
	if (r == 0 && s.check)
		cli->exit_code = check_status(cli, s.max_lag);
	else if (r == 0)
		r = s.watch ? watch(&s, e) : show_once(&s, e);
	return r;
}
