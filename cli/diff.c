/*
 * diff - what a run would change: the dry run.
 *
 *   a shadow of the store --> a pass on it, as opsyncd makes it --> what
 *   became different there
 *
 * So it is the daemon's own pass that tells, with the configuration as it is
 * on disk; the store, its state and its daemon are not touched.  The guard
 * lets all through, since what it would hold is to be seen, too.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "daemon/guard.h"
#include "daemon/log.h"
#include "daemon/service.h"
#include "store/shadow.h"

struct diffing {
	bool json;
	bool full;
	const char *token_file;
	size_t n_ids; /* 0: all */
	int64_t *ids;
	struct config config;
	char *folder; /* of the shadow */
	char old[SHADOW_ID];
	char new[SHADOW_ID];
	struct state *before; /* of the store; NULL: never synced */
	struct state *after;  /* of the shadow */
	int64_t told;         /* differences */
};

/* --- The pass on a shadow ----------------------------------------------- */

static int make_folder(struct diffing *d, struct err *e)
{
	const char *tmp = getenv("TMPDIR");

	d->folder = xasprintf("%s/opsync-diff-XXXXXX",
		tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	if (mkdtemp(d->folder) != NULL)
		return 0;
	err_errno(e, ERR_IO, errno, "%s", d->folder);
	free(d->folder);
	d->folder = NULL;
	return ERR_IO;
}

/* The configuration, but that nothing outside of the shadow is touched. */
static int shadow_config(
	const struct diffing *d, struct config *out, struct err *e)
{
	int r = config_load(d->config.file, out, e);

	if (r != 0)
		return r;
	config_rehearse(out, d->folder);
	if (d->token_file != NULL) {
		out->token_kind = TOKEN_FILE;
		out->token_value = d->token_file;
	}
	return 0;
}

static int run_pass(const struct diffing *d, struct err *e)
{
	const struct service_options options = {.once = true, .full = d->full};
	struct config *config = xcalloc(1, sizeof(*config));
	int r = shadow_config(d, config, e);

	if (r != 0) {
		config_free(config);
		return r;
	}
	log_init((enum log_level)0); /* told from the state, if at all */
	r = service_run(config, &options, e);
	if (r == ERR_PARTIAL) { /* which are told */
		*e = (struct err){0};
		r = 0;
	}
	return r;
}

static int rehearse(struct diffing *d, struct err *e)
{
	const struct config *c = &d->config;
	char *file;
	int r = make_folder(d, e);

	if (r == 0)
		r = shadow_make(c->store_path, c->branch, d->folder, d->old, e);
	if (r == 0)
		r = run_pass(d, e);
	if (r == 0)
		r = shadow_tip(d->folder, c->branch, d->new, e);
	if (r != 0)
		return r;
	file = xasprintf("%s/opsync/state.db", d->folder);
	r = state_open(file, true, &d->after, e);
	free(file);
	if (r == 0 && cli_state(c, &d->before, e) == ERR_UNAVAILABLE)
		*e = (struct err){0};
	return r;
}

/* --- What became different ---------------------------------------------- */

static int64_t owner_of(struct state *state, const char *path)
{
	struct buf oid = {0};
	struct err ignored = {0};
	int64_t id = 0;
	bool found = false;

	if (state == NULL || path == NULL ||
		state_owner(state, str_of(path), &found, &id, &oid, &ignored) !=
			0 ||
		!found)
		id = 0;
	buf_fini(&oid);
	return id;
}

static bool is_asked_for(const struct diffing *d, int64_t a, int64_t b)
{
	for (size_t i = 0; i < d->n_ids; i++)
		if (d->ids[i] == a || d->ids[i] == b)
			return true;
	return d->n_ids == 0;
}

static const char *kind_of(const struct shadow_change *c)
{
	if (c->was == NULL)
		return "added";
	if (c->is == NULL)
		return "removed";
	return strcmp(c->was, c->is) != 0 ? "moved" : "changed";
}

static void print_json(const struct shadow_change *c, int64_t work_package)
{
	json_t *one = json_pack("{s:s, s:I, s:s?, s:s?, s:b}", "change",
		kind_of(c), "work_package", (json_int_t)work_package, "was",
		c->was, "path", c->is, "binary", c->binary);

	json_object_set_new(one, "patch",
		c->binary ? json_null() : json_stringn(c->patch.p, c->patch.n));
	json_dumpf(one, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(one);
}

static int on_change(void *arg, const struct shadow_change *c, struct err *e)
{
	struct diffing *d = arg;
	int64_t was = owner_of(d->before, c->was);
	int64_t is = owner_of(d->after, c->is);

	(void)e;
	if (!is_asked_for(d, was, is))
		return 0;
	d->told++;
	if (d->json)
		print_json(c, is != 0 ? is : was);
	else
		fwrite(c->patch.p, 1, c->patch.n, stdout);
	return 0;
}

static int on_event(void *arg, const struct state_event *event, struct err *e)
{
	const struct diffing *d = arg;
	bool fails = str_is(event->kind, "failed") ||
		     str_is(event->kind, "retried"); /* as it did before */

	(void)e;
	if (fails && is_asked_for(d, event->work_package, event->work_package))
		fprintf(stderr, "opsync: work package %lld would fail: %.*s\n",
			(long long)event->work_package, STR_ARGS(event->text));
	return 0;
}

static int on_run(void *arg, const struct state_run *run, struct err *e)
{
	struct state_run *last = arg;

	(void)e;
	last->id = run->id;
	last->removed = run->removed;
	return 0;
}

/* Its texts are not kept; id 0: there is none. */
static struct state_run last_run(struct state *state)
{
	struct err ignored = {0};
	struct state_run last = {0};

	if (state != NULL)
		state_runs(state, 1, on_run, &last, &ignored);
	return last;
}

/* The rehearsal let all removals through; the guard might not. */
static int tell_removals(
	const struct diffing *d, int64_t removed, struct err *e)
{
	const struct config *c = &d->config;
	struct state_counts counts = {0};
	int r = d->before != NULL ? state_count(d->before, &counts, e) : 0;

	if (r == 0 && removed >= GUARD_FLOOR &&
		(removed > c->guard_count ||
			(double)removed >
				c->guard_share * (double)counts.documents))
		fprintf(stderr,
			"opsync: note: %lld of %lld documents would be "
			"removed: the guard would hold that (opsync held "
			"lists what it holds)\n",
			(long long)removed, (long long)counts.documents);
	return r;
}

/* Work packages that the pass could not map keep what they have. */
static int tell_failures(struct diffing *d, struct err *e)
{
	struct state_run run = last_run(d->after);
	const struct state_event_query query = {.run = run.id};
	int r;

	if (run.id == last_run(d->before).id)
		return 0; /* the pass found nothing to do */
	r = state_events(d->after, &query, on_event, d, e);
	return r == 0 ? tell_removals(d, run.removed, e) : r;
}

static int tell(struct diffing *d, struct err *e)
{
	int r = tell_failures(d, e);

	if (r == 0)
		r = shadow_compare(d->folder, d->old, d->new, on_change, d, e);
	return r;
}

/* --- The command -------------------------------------------------------- */

enum { OPT_TOKEN_FILE = 256, OPT_FULL };

static int take_option(void *arg, int option, struct err *e)
{
	struct diffing *d = arg;

	(void)e;
	if (option == OPT_FULL)
		d->full = true;
	else
		d->token_file = optarg;
	return 0;
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
	static const struct option options[] = {
		{"full", no_argument, NULL, OPT_FULL},
		{"token-file", required_argument, NULL, OPT_TOKEN_FILE},
		{0},
	};
	struct diffing d = {0};
	int r = cli_parse(cli, options, take_option, &d, e);

	d.json = cli->json;
	if (r == 0)
		r = read_ids(cli, &d, e);
	if (r == 0)
		r = cli_config(cli, &d.config, e);
	if (r == 0)
		r = rehearse(&d, e);
	if (r == 0)
		r = tell(&d, e);
	cli->exit_code = d.told > 0;
	state_close(d.before);
	state_close(d.after);
	if (d.folder != NULL)
		shadow_remove(d.folder);
	free(d.folder);
	free(d.ids);
	config_fini(&d.config);
	return r;
}
