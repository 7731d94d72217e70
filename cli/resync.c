/*
 * resync - ask the daemon for a pass now, and wait for it if told to; its
 * end, a pause, and reload, a pass with the configuration read again.
 *
 * Who waits sees how far it is: on a terminal as one line that changes, else
 * as lines.  Ctrl-C ends the waiting only.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/stamp.h"
#include "cli/commands.h"
#include "cli/term.h"

enum { OPT_WP = 256, OPT_PROJECT };

static bool holds(const json_t *ids, long long id)
{
	for (size_t i = 0; i < json_array_size(ids); i++)
		if (json_integer_value(json_array_get(ids, i)) == id)
			return true;
	return false;
}

static int add_id(json_t *request, struct err *e)
{
	json_t *ids = json_object_get(request, "work_packages");
	int64_t id = 0;
	int r = cli_number(
		optarg[0] == '#' ? optarg + 1 : optarg, "--wp", &id, e);

	if (r == 0 && !holds(ids, id))
		json_array_append_new(ids, json_integer(id));
	return r;
}

static int take_option(void *arg, int c, struct err *e)
{
	json_t *request = arg;

	if (c == OPT_PROJECT)
		return cli_put(request, "projects", optarg, "--project", e);
	return add_id(request, e);
}

/* --- Progress ----------------------------------------------------------- */

struct waiting {
	struct cli *cli;
	const json_t *ids; /* that were asked for by name */
	struct term term;
	char last[256]; /* line that was printed, not to be repeated */
	long long pass;
	struct err verdict;  /* of a pass that did not fail */
	long long not_shown; /* one of ids, which is why; 0: none */
};

static size_t columns(void)
{
	struct winsize size = {0};

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 20)
		return 80;
	return size.ws_col;
}

static void put_counts(const json_t *line, struct buf *out)
{
	buf_printf(out,
		"%lld read, %lld added, %lld changed, %lld removed, %lld "
		"failed",
		cli_int(line, "seen"), cli_int(line, "added"),
		cli_int(line, "changed"), cli_int(line, "removed"),
		cli_int(line, "failed"));
}

/* "43 %, 120/s, 5 min left", as far as that is known. */
static void put_rate(const json_t *line, struct buf *out)
{
	double elapsed = json_number_value(json_object_get(line, "elapsed"));
	long long done = cli_int(line, "done");
	long long total = cli_int(line, "total");
	double rate = elapsed > 0 ? (double)done / elapsed : 0;
	char span[STAMP_SPAN];

	if (total > 0)
		buf_printf(out, ", %lld of %lld (%lld %%)", done, total,
			done >= total ? 100 : 100 * done / total);
	if (rate > 0)
		buf_printf(out, ", %.0f/s", rate);
	if (rate > 0 && total > done) {
		stamp_span(
			(int64_t)((double)(total - done) / rate) * STAMP_SECOND,
			span);
		buf_printf(out, ", %s left", span);
	}
}

static void print_progress(struct waiting *w, const json_t *line)
{
	struct buf text = {0};

	buf_printf(&text, "%s", cli_text(line, "phase", ""));
	put_rate(line, &text);
	buf_puts(&text, ": ");
	put_counts(line, &text);
	if (w->term.moves)
		printf("\r\033[K%.*s", (int)columns() - 1, text.p);
	else if (strcmp(text.p, w->last) != 0)
		printf("%s\n", text.p);
	snprintf(w->last, sizeof(w->last), "%s", text.p);
	buf_fini(&text);
	fflush(stdout);
}

static void print_finished(struct waiting *w, const json_t *line)
{
	struct buf text = {0};

	put_counts(line, &text);
	printf("%s%s: %s\n", w->term.moves ? "\r\033[K" : "",
		cli_int(line, "result") == 0 ? "done" : "ended", text.p);
	buf_fini(&text);
	fflush(stdout);
}

/* A pass that ended well may not have done what was asked. */
static int judge(struct waiting *w, const json_t *line, struct err *e)
{
	const json_t *not_shown = json_object_get(line, "not_shown");
	long long failed = cli_int(line, "failed");

	for (size_t i = 0; i < json_array_size(not_shown); i++) {
		long long id = json_integer_value(json_array_get(not_shown, i));

		if (!holds(w->ids, id))
			continue;
		w->not_shown = id;
		return err_set(e, ERR_USAGE,
			"work package %lld: the server does not show it, or it "
			"is not in the projects that are synced",
			id);
	}
	if (cli_int(line, "seen") < (long long)json_array_size(w->ids))
		return err_set(e, ERR_USAGE,
			"%lld of the %zu work packages that were named are "
			"shown by the server, in the projects that are synced",
			cli_int(line, "seen"), json_array_size(w->ids));
	if (cli_int(line, "held") > 0)
		return err_set(e, ERR_PARTIAL,
			"%lld document%s held by the guard (opsync held "
			"lists them)",
			cli_int(line, "held"),
			cli_int(line, "held") == 1 ? " is" : "s are");
	if (failed > 0)
		return err_set(e, ERR_PARTIAL,
			"%lld work package%s failed (opsync status or opsync "
			"log names %s)",
			failed, failed == 1 ? "" : "s",
			failed == 1 ? "it" : "them");
	return 0;
}

static void take_line(void *arg, const json_t *line)
{
	struct waiting *w = arg;
	bool finished = json_is_true(json_object_get(line, "finished"));

	if (cli_int(line, "pass") != 0)
		w->pass = cli_int(line, "pass");
	if (w->cli->json) {
		cli_print_json(line);
		fflush(stdout);
	} else if (finished) {
		print_finished(w, line);
	} else if (json_is_true(json_object_get(line, "progress"))) {
		print_progress(w, line);
	}
	if (finished && w->verdict.code == 0)
		judge(w, line, &w->verdict);
}

/* --- Waiting ------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

/* Without SA_RESTART: the read that waits for the daemon ends. */
static void watch_interrupt(void)
{
	struct sigaction action = {.sa_handler = on_interrupt};

	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
}

static int converse(struct waiting *w, struct cli_connection *c,
	const json_t *request, struct err *e)
{
	int r = cli_converse(c, request, take_line, w, e);

	if (interrupted) {
		if (w->term.moves && w->last[0] != '\0')
			putchar('\n');
		return err_set(e, ERR_CANCELED,
			"not waited for: pass %lld goes on (opsync cancel "
			"ends it)",
			w->pass);
	}
	if (r == 0)
		*e = w->verdict;
	return e->code;
}

static void count_documents(void *arg, const json_t *shown)
{
	size_t *n = arg;

	*n += json_array_size(json_object_get(shown, "documents"));
}

/* What becomes of the documents that were made of it. */
static void say_what_follows(
	const struct config *config, long long id, struct err *e)
{
	json_t *request = json_pack("{s:s, s:I}", "command", "show",
		"work_package", (json_int_t)id);
	struct buf lines = {0};
	struct err ignored = {0}; /* not known here: then there are none */
	bool running;
	size_t n = 0;

	if (cli_ask(config, request, &lines, &running, &ignored) == 0)
		cli_each_line(&lines, count_documents, &n, &ignored);
	if (n > 0)
		err_set(e, e->code,
			"work package %lld: the server does not show it any "
			"more, or it is not in the projects that are synced; "
			"what becomes of its document%s the next reconcile "
			"decides, or opsync resync --full now",
			id, n == 1 ? "" : "s");
	buf_fini(&lines);
	json_decref(request);
}

static int talk(struct cli *cli, const json_t *request, struct err *e)
{
	struct waiting w = {
		.cli = cli, .ids = json_object_get(request, "work_packages")};
	struct cli_connection *c = NULL;
	struct config config = {0};
	int r = cli_reach(cli, &config, e);

	term_init(&w.term);
	watch_interrupt();
	if (r == 0)
		r = cli_connect(&config, &c, e);
	if (r == 0)
		r = converse(&w, c, request, e);
	cli_disconnect(c);
	if (r == ERR_USAGE && w.not_shown != 0)
		say_what_follows(&config, w.not_shown, e);
	config_fini(&config);
	return r;
}

/* --- The commands ------------------------------------------------------- */

int cli_resync(struct cli *cli, struct err *e)
{
	bool full = false;
	bool failed = false;
	bool wait = false;
	const struct cli_option options[] = {
		{"full", NULL, "everything, not only what changed",
			.set = &full},
		{"project", "P",
			"all of project P, by identifier, name or id; may be\n"
			"repeated",
			.val = OPT_PROJECT},
		{"wp", "ID", "work package ID; may be repeated", .val = OPT_WP},
		{"failed", NULL, "those in error", .set = &failed},
		{"wait", NULL, "show how far it is, until it is done",
			.set = &wait},
		{.does = "Exit code 3, with --wait: work packages failed, or "
			 "documents are held."},
	};
	json_t *request = json_pack("{s:s, s:[], s:[]}", "command", "resync",
		"work_packages", "projects");
	int r = cli_parse(cli, options, take_option, request, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0 && full &&
		(failed ||
			json_array_size(json_object_get(
				request, "work_packages")) > 0 ||
			json_array_size(json_object_get(request, "projects")) >
				0))
		r = err_set(e, ERR_USAGE,
			"resync: --full is everything: leave out the rest");
	json_object_set_new(request, "full", json_boolean(full));
	json_object_set_new(request, "failed", json_boolean(failed));
	json_object_set_new(request, "wait", json_boolean(wait));
	if (r == 0)
		r = talk(cli, request, e);
	json_decref(request);
	return r;
}

/* A command of one word. */
static int tell(struct cli *cli, const char *command,
	void (*print)(void *arg, const json_t *line), struct err *e)
{
	json_t *request = json_pack("{s:s}", "command", command);
	int r = cli_parse(cli, NULL, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = cli_tell(cli, request, print, NULL, e);
	json_decref(request);
	return r;
}

static void ignore(void *arg, const json_t *line)
{
	(void)arg;
	(void)line;
}

int cli_reload(struct cli *cli, struct err *e)
{
	return tell(cli, "reload", ignore, e);
}

int cli_resume(struct cli *cli, struct err *e)
{
	return tell(cli, "resume", ignore, e);
}

static void print_canceled(void *arg, const json_t *line)
{
	long long pass = cli_int(line, "canceled");
	long long waiting = cli_int(line, "waiting");

	(void)arg;
	if (pass != 0)
		printf("pass %lld ends; what it has read is kept\n", pass);
	if (waiting > 0)
		printf("%lld that waited %s forgotten\n", waiting,
			waiting == 1 ? "is" : "are");
	if (pass == 0 && waiting == 0)
		puts("nothing runs, and nothing waits");
}

int cli_cancel(struct cli *cli, struct err *e)
{
	return tell(cli, "cancel", print_canceled, e);
}

int cli_pause(struct cli *cli, struct err *e)
{
	json_t *request =
		json_pack("{s:s, s:b}", "command", "pause", "wait", 1);
	int r = cli_parse(cli, NULL, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 1, e);
	if (r == 0 && optind < cli->argc)
		r = cli_put(
			request, "why", cli->argv[optind], "pause: REASON", e);
	if (r == 0)
		r = cli_tell(cli, request, ignore, NULL, e);
	json_decref(request);
	return r;
}
