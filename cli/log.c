/*
 * log - what each run did to each work package, and why.
 *
 * With --follow it asks once a second for what came meanwhile: that goes on
 * while the daemon is restarted, and while there is none.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stamp.h"
#include "cli/commands.h"
#include "cli/event.h"
#include "cli/when.h"

#define PAGE 5000      /* events of an answer */
#define FOLLOW_FROM 10 /* events before the first that is new */

enum {
	OPT_FIRST = 256,
	OPT_RUN = OPT_FIRST,
	OPT_WP,
	OPT_PROJECT,
	OPT_EVENT,
	OPT_LEVEL,
	OPT_SINCE,
	OPT_UNTIL,
	OPT_GREP,
	OPT_LIMIT,
};

/* In --help. */
static const char below[] =
	"KIND is, of documents, added, changed, moved, removed, held, failed,\n"
	"frozen, thawed, retried, skipped, rendered, unresolved or\n"
	"quarantined; of the store, committed, pushed, kept, restored or\n"
	"adopted; else fetched, fault, recovered, started, stopped, reloaded,\n"
	"paused or resumed.\n"
	"\n"
	"T is 2h (ago; also s, m, d, w), now, today, yesterday, 14:30,\n"
	"2026-11-25 or \"2026-11-25 14:30\" by the local clock, or RFC 3339.";

struct log {
	struct cli *cli;
	json_t *request;
	struct term term;
	bool follow, no_pager;
	unsigned given; /* options, a bit each */
	bool narrowed;  /* by a run or a time: --follow begins there */
	long long last; /* id that was printed */
	size_t n;       /* of the answer */
};

static int level_of(
	const char *name, const char *option, int *out, struct err *e)
{
	static const struct {
		const char *name;
		enum log_level level;
	} levels[] = {
		{"error", LOG_LEVEL_ERROR},
		{"warning", LOG_LEVEL_WARNING},
		{"notice", LOG_LEVEL_NOTICE},
		{"info", LOG_LEVEL_INFO},
		{"debug", LOG_LEVEL_DEBUG},
	};

	for (size_t i = 0; i < ARRAY_LEN(levels); i++) {
		if (strcmp(levels[i].name, name) == 0) {
			*out = (int)levels[i].level;
			return 0;
		}
	}
	return err_set(e, ERR_USAGE,
		"%s: '%s' is none of error, warning, notice, info, debug",
		option, name);
}

static int take_number(
	struct log *l, const char *option, const char *key, struct err *e)
{
	int64_t number;
	int r = cli_number(optarg, option, &number, e);

	if (r == 0)
		json_object_set_new(l->request, key, json_integer(number));
	return r;
}

static int take_moment(
	struct log *l, const char *option, const char *key, struct err *e)
{
	int64_t at;
	int r = when_parse(optarg, option, stamp_now(), &at, e);

	if (r == 0)
		json_object_set_new(l->request, key, json_integer(at));
	return r;
}

static int take_text(
	struct log *l, const char *option, const char *key, struct err *e)
{
	if (optarg[0] == '\0')
		return err_set(e, ERR_USAGE, "%s: needs a text", option);
	return cli_put(l->request, key, optarg, option, e);
}

static int take_level(
	struct log *l, const char *option, const char *key, struct err *e)
{
	int level = 0;
	int r = level_of(optarg, option, &level, e);

	if (r == 0)
		json_object_set_new(l->request, key, json_integer(level));
	return r;
}

static int take_option(void *arg, int c, struct err *e)
{
	static const struct {
		int (*take)(struct log *l, const char *option, const char *key,
			struct err *e);
		const char *option, *key;
	} rows[] = {
		[OPT_RUN - OPT_FIRST] = {take_number, "--run", "run"},
		[OPT_WP - OPT_FIRST] = {take_number, "--wp", "work_package"},
		[OPT_PROJECT - OPT_FIRST] = {take_text, "--project", "project"},
		[OPT_EVENT - OPT_FIRST] = {take_text, "--event", "event"},
		[OPT_LEVEL - OPT_FIRST] = {take_level, "--level", "level"},
		[OPT_SINCE - OPT_FIRST] = {take_moment, "--since", "since"},
		[OPT_UNTIL - OPT_FIRST] = {take_moment, "--until", "until"},
		[OPT_GREP - OPT_FIRST] = {take_text, "--grep", "text"},
		[OPT_LIMIT - OPT_FIRST] = {take_number, "--limit", "limit"},
	};
	struct log *l = arg;
	unsigned bit = 1U << (unsigned)(c - OPT_FIRST);

	if ((l->given & bit) != 0)
		return err_set(e, ERR_USAGE, "%s: only one at a time",
			rows[c - OPT_FIRST].option);
	l->given |= bit;
	l->narrowed =
		l->narrowed || c == OPT_RUN || c == OPT_SINCE || c == OPT_LIMIT;
	return rows[c - OPT_FIRST].take(
		l, rows[c - OPT_FIRST].option, rows[c - OPT_FIRST].key, e);
}

/* Between the two has to be something. */
static int check_times(const struct log *l, struct err *e)
{
	int64_t since = cli_int(l->request, "since");
	int64_t until = cli_int(l->request, "until");

	if (json_object_get(l->request, "until") == NULL || since < until)
		return 0;
	return err_set(e, ERR_USAGE,
		"log: --until is not later than --since: nothing is between");
}

static void print(void *arg, const json_t *event)
{
	struct log *l = arg;

	l->last = cli_int(event, "id");
	l->n++;
	if (l->cli->json)
		cli_print_json(event);
	else
		event_print(&l->term, event);
}

/* One answer; *n of its events. */
static int ask(
	struct log *l, const struct config *config, size_t *n, struct err *e)
{
	struct buf lines = {0};
	bool running;
	int r = cli_ask(config, l->request, &lines, &running, e);

	l->n = 0;
	if (r == 0)
		r = cli_each_line(&lines, print, l, e);
	*n = l->n;
	buf_fini(&lines);
	return r;
}

/* From the oldest on, an answer at a time, so that none is too large. */
static int ask_all(struct log *l, const struct config *config, struct err *e)
{
	bool limited = json_object_get(l->request, "limit") != NULL;
	size_t n = PAGE;
	int r = 0;

	if (limited)
		return ask(l, config, &n, e);
	json_object_set_new(l->request, "limit", json_integer(PAGE));
	json_object_set_new(l->request, "oldest", json_true());
	while (r == 0 && n == PAGE && !ferror(stdout)) {
		json_object_set_new(l->request, "after", json_integer(l->last));
		r = ask(l, config, &n, e);
	}
	json_object_del(l->request, "limit");
	json_object_del(l->request, "oldest");
	return r;
}

/* Until somebody ends it, nobody reads any more, or --until is past. */
static int follow(struct log *l, const struct config *config, struct err *e)
{
	int64_t until =
		json_integer_value(json_object_get(l->request, "until"));
	bool past;
	int r;

	if (!l->narrowed)
		json_object_set_new(
			l->request, "limit", json_integer(FOLLOW_FROM));
	signal(SIGPIPE, SIG_DFL);
	for (;;) {
		past = until != 0 && stamp_now() > until;
		r = ask_all(l, config, e);
		if (r != 0)
			return r;
		if (fflush(stdout) != 0 || past)
			return 0; /* main says so */
		json_object_set_new(l->request, "after", json_integer(l->last));
		json_object_del(l->request, "limit");
		sleep(1);
	}
}

static int show(struct log *l, struct err *e)
{
	struct config config = {0};
	int r = cli_reach(l->cli, &config, e);

	term_init(&l->term);
	if (r == 0 && l->follow) {
		r = follow(l, &config, e);
	} else if (r == 0) {
		if (!l->no_pager && !l->cli->json)
			term_page(&l->term);
		r = ask_all(l, &config, e);
		term_end(&l->term);
		if (r == 0 && l->last == 0 && cli_int(l->request, "run") != 0)
			fprintf(stderr,
				"opsync: note: there is no such event of run "
				"%lld; opsync runs says how it ended\n",
				cli_int(l->request, "run"));
	}
	config_fini(&config);
	return r;
}

int cli_log(struct cli *cli, struct err *e)
{
	struct log l = {
		.cli = cli,
		.request = json_pack("{s:s, s:i}", "command", "log", "level",
			LOG_LEVEL_INFO),
	};
	const struct cli_option options[] = {
		{"follow", NULL,
			"stay, and show what comes; begin with the last 10,\n"
			"or as --run, --since and --limit say",
			'f', .set = &l.follow},
		{"run", "N", "of run N, as opsync runs counts them",
			.val = OPT_RUN},
		{"wp", "ID", "of work package ID", .val = OPT_WP},
		{"project", "P", "of the project with the identifier P",
			.val = OPT_PROJECT},
		{"event", "KIND", "of that kind, see below", .val = OPT_EVENT},
		{"level", "L",
			"error, warning, notice, info (the default) or debug:\n"
			"that one and worse",
			.val = OPT_LEVEL},
		{"since", "T", "from then on, see below", .val = OPT_SINCE},
		{"until", "T", "before then, see below", .val = OPT_UNTIL},
		{"grep", "TEXT", "with TEXT in words or path, in whatever case",
			.val = OPT_GREP},
		{"limit", "N", "the newest N, at most 10000", .val = OPT_LIMIT},
		{"no-pager", NULL, "no pager on a terminal",
			.set = &l.no_pager},
		{.does = below},
	};
	int r = cli_parse(cli, options, take_option, &l, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 0, e);
	if (r == 0)
		r = check_times(&l, e);
	if (r == 0)
		r = show(&l, e);
	json_decref(l.request);
	return r;
}
