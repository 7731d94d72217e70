/*
 * ask - get an answer from the daemon, or from the state while none runs.
 *
 * The lock of the store says who holds it, and where that daemon listens.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/place.h"
#include "daemon/life.h"
#include "daemon/questions.h"
#include "store/store.h"

/* --- The daemon --------------------------------------------------------- */

char *cli_unit(const struct config *config)
{
	if (!str_starts(str_of(config->file), STR("/etc/opsync/")) ||
		access("/run/systemd/system", F_OK) != 0)
		return NULL;
	if (strcmp(config->instance, "opsync") == 0)
		return xstrdup("opsyncd");
	return xasprintf("opsyncd@%s", config->instance);
}

char *cli_start_words(const struct config *config)
{
	char *unit = cli_unit(config);
	char *words = unit != NULL
			      ? xasprintf("systemctl start %s", unit)
			      : xasprintf("opsyncd --config %s", config->file);

	free(unit);
	return words;
}

static int check_open(const char *path, int how, struct err *e)
{
	if (access(path, how) == 0 || errno != EACCES)
		return 0;
	return err_set(e, ERR_AUTH,
		"%s: Permission denied (ask as root, or as a member of the "
		"daemon's group)",
		path);
}

/* Who may not look into the store, or at the state, cannot tell what is. */
static int check_visible(const struct config *config, struct err *e)
{
	struct buf state = {0};
	int r = check_open(config->store_path, X_OK, e);

	if (r == 0 && store_state_path(config->store_path, &state, NULL) == 0)
		r = check_open(state.p, F_OK, e);
	buf_fini(&state);
	return r;
}

static int complain_stopped(const struct config *config, struct err *e)
{
	struct state *state = NULL;
	struct buf words = {0};
	char *start = cli_start_words(config);

	if (cli_state(config, &state, NULL) == 0)
		life_words(state, &words);
	state_close(state);
	err_set(e, ERR_UNAVAILABLE, "no daemon runs for %s%s (%s starts it)",
		config->store_path, words.n > 0 ? words.p : "", start);
	free(start);
	buf_fini(&words);
	return ERR_UNAVAILABLE;
}

/*
 * Where the daemon listens.  Its store may be hidden from this user, it may be
 * gone, or another than the file names now: then it may be found all the same.
 */
static int find_socket(
	const struct config *config, struct buf *path, struct err *e)
{
	int64_t pid = 0;
	int r;

	if (cli_is_reached(config)) {
		buf_puts(path, config->socket);
		return 0;
	}
	r = check_visible(config, e);
	if (r == 0)
		r = store_holder(config->store_path, &pid, path, e);
	if ((r != 0 || pid == 0) && place_find(config, path, NULL, NULL) == 0)
		return 0;
	if (r != 0)
		return r;
	if (pid == 0)
		return complain_stopped(config, e);
	if (path->n == 0)
		return err_set(e, ERR_UNAVAILABLE,
			"a single pass runs for %s: ask again later",
			config->store_path);
	return 0;
}

int64_t cli_unheard(const struct config *config)
{
	struct buf place = {0};
	struct err ignored = {0}; /* who cannot look takes it for stopped */
	int64_t pid = 0;
	int r = store_holder(config->store_path, &pid, &place, &ignored);
	bool listens = place.n > 0; /* a single pass does not */

	buf_fini(&place);
	return r == 0 && listens ? pid : 0;
}

int cli_connect(
	const struct config *config, struct cli_connection **out, struct err *e)
{
	struct buf path = {0};
	int r = find_socket(config, &path, e);

	if (r == 0)
		r = cli_open(path.p, out, e);
	buf_fini(&path);
	return r;
}

/* --- The state itself --------------------------------------------------- */

int cli_state(const struct config *config, struct state **out, struct err *e)
{
	struct buf path = {0};
	int r = check_visible(config, e);

	if (r == 0)
		r = store_state_path(config->store_path, &path, e);
	if (r == ERR_NOT_FOUND || (r == 0 && access(path.p, F_OK) != 0)) {
		char *start = cli_start_words(config);

		r = err_set(e, ERR_UNAVAILABLE,
			"%s was never synced (%s starts it)",
			config->store_path, start);
		free(start);
	}
	if (r == 0)
		r = state_open(path.p, true, out, e);
	buf_fini(&path);
	return r;
}

static int ask_state(const struct config *config, const json_t *request,
	struct buf *lines, struct err *e)
{
	question_fn *question = question_find(cli_text(request, "command", ""));
	struct state *state = NULL;
	int r = cli_state(config, &state, e);

	assert(question != NULL);
	if (r == 0)
		r = question(state, request, lines, e);
	state_close(state);
	return r;
}

int cli_ask(const struct config *config, const json_t *request,
	struct buf *lines, bool *running, struct err *e)
{
	struct cli_connection *c = NULL;
	struct err none = {0};
	int r;

	*running = cli_connect(config, &c, &none) == 0;
	if (*running) {
		cli_expect_soon(c);
		r = cli_collect(c, request, lines, e);
	} else {
		r = ask_state(config, request, lines, e);
	}
	cli_disconnect(c);
	return r;
}

/* --- For a command ------------------------------------------------------- */

int cli_print(struct cli *cli, const struct buf *lines,
	void (*print)(void *arg, const json_t *line), void *arg, struct err *e)
{
	if (!cli->json)
		return cli_each_line(lines, print, arg, e);
	fwrite(buf_str(lines).p, 1, lines->n, stdout);
	return 0;
}

int cli_show(struct cli *cli, const struct config *config,
	const json_t *request, void (*print)(void *arg, const json_t *line),
	void *arg, struct err *e)
{
	struct buf lines = {0};
	bool running;
	int r = cli_ask(config, request, &lines, &running, e);

	if (r == 0)
		r = cli_print(cli, &lines, print, arg, e);
	buf_fini(&lines);
	return r;
}

int cli_tell(struct cli *cli, const json_t *request,
	void (*print)(void *arg, const json_t *line), void *arg, struct err *e)
{
	struct cli_connection *c = NULL;
	struct config config = {0};
	struct buf lines = {0};
	int r = cli_reach(cli, &config, e);

	if (r == 0)
		r = cli_connect(&config, &c, e);
	if (r == 0)
		r = cli_collect(c, request, &lines, e);
	if (r == 0)
		r = cli_print(cli, &lines, print, arg, e);
	cli_disconnect(c);
	buf_fini(&lines);
	config_fini(&config);
	return r;
}
