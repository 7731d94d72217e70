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
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"
#include "daemon/control.h"
#include "daemon/life.h"
#include "daemon/questions.h"
#include "store/store.h"

#define ANSWER_WITHIN 60 /* seconds, of a question */

struct cli_connection {
	FILE *in;
	int fd;
	char *line;
	size_t cap;
};

/* --- The daemon --------------------------------------------------------- */

/* A daemon that stands still keeps nobody from going on. */
static void limit(int fd, int option)
{
	const struct timeval most = {.tv_sec = ANSWER_WITHIN};

	setsockopt(fd, SOL_SOCKET, option, &most, sizeof(most));
}

static int open_socket(const char *path, int *fd, struct err *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t n = strlen(path);

	if (n >= sizeof(address.sun_path))
		return err_set(e, ERR_UNAVAILABLE,
			"the control socket's path is too long: %s", path);
	memcpy(address.sun_path, path, n + 1);
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return err_errno(e, ERR_IO, errno, "socket");
	limit(*fd, SO_SNDTIMEO);
	if (connect(*fd, (struct sockaddr *)&address, sizeof(address)) == 0)
		return 0;
	err_errno(e, ERR_UNAVAILABLE, errno, "the daemon cannot be asked at %s",
		path);
	close(*fd);
	return ERR_UNAVAILABLE;
}

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

char *cli_place(size_t i, const char *instance)
{
	bool plain = strcmp(instance, "opsync") == 0; /* opsyncd.service */
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (i == 0 && plain)
		return xstrdup("/run/opsync/control.sock");
	if (i == 0 || (i == 1 && plain))
		return xasprintf("/run/opsync/%s/control.sock", instance);
	if (i == 2)
		return xasprintf("/run/opsync-%s.sock", instance);
	return i == 3 && runtime != NULL
		       ? xasprintf("%s/opsync-%s.sock", runtime, instance)
		       : NULL;
}

/* As connect() asks for it (unix(7)). */
static bool is_open(struct buf *path, const char *place)
{
	buf_clear(path);
	buf_puts(path, place);
	return access(place, W_OK) == 0;
}

/* Who may not look into the store may still be allowed to ask. */
static bool guess_socket(const struct config *config, struct buf *path)
{
	bool found = false;

	if (config->socket != NULL)
		return is_open(path, config->socket);
	for (size_t i = 0; !found && i < CLI_PLACES; i++) {
		char *place = cli_place(i, config->instance);

		found = place != NULL && is_open(path, place);
		free(place);
	}
	return found;
}

/*
 * Where the daemon listens.  In its own unit (ExecReload) it is asked at the
 * unit's place: what it holds may be another store than the file names now.
 */
static int find_socket(
	const struct config *config, struct buf *path, struct err *e)
{
	int64_t pid = 0;
	char *ours;
	int r;

	if (cli_is_reached(config)) {
		buf_puts(path, config->socket);
		return 0;
	}
	r = check_visible(config, e);
	if (r == 0)
		r = store_holder(config->store_path, &pid, path, e);
	if (r != 0)
		return guess_socket(config, path) ? 0 : r;
	if (pid == 0 && getenv("RUNTIME_DIRECTORY") != NULL) {
		ours = config_socket(config);
		buf_puts(path, ours);
		free(ours);
		return 0;
	}
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
	struct buf note = {0};
	int fd = -1;
	int r = find_socket(config, &note, e);

	if (r == 0)
		r = open_socket(note.p, &fd, e);
	buf_fini(&note);
	if (r != 0)
		return r;
	*out = xcalloc(1, sizeof(**out));
	(*out)->fd = fd;
	(*out)->in = fdopen(fd, "r");
	return 0;
}

/* A list of nothing would be a list of all: what has none is left out. */
static json_t *without_empty_lists(const json_t *request)
{
	json_t *whole = json_copy((json_t *)request);
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach_safe(whole, next, key, value)
	{
		if (json_is_array(value) && json_array_size(value) == 0)
			json_object_del(whole, key);
	}
	return whole;
}

int cli_send(struct cli_connection *c, const json_t *request, struct err *e)
{
	json_t *whole = without_empty_lists(request);
	char *text;
	size_t n;
	int r = 0;

	json_object_set_new(whole, "protocol", json_integer(CONTROL_PROTOCOL));
	text = json_dumps(whole, JSON_COMPACT);
	json_decref(whole);
	n = strlen(text);
	text[n] = '\n'; /* in place of the NUL */
	for (size_t done = 0; r == 0 && done < n + 1;) {
		ssize_t sent = write(c->fd, text + done, n + 1 - done);

		if (sent < 0 && errno != EINTR)
			r = err_errno(e, ERR_UNAVAILABLE, errno, "the daemon");
		else if (sent > 0)
			done += (size_t)sent;
	}
	free(text);
	return r;
}

void cli_expect_soon(struct cli_connection *c)
{
	limit(c->fd, SO_RCVTIMEO);
}

static int complain_silent(
	const struct cli_connection *c, int why, struct err *e)
{
	struct ucred peer = {0};
	socklen_t n = sizeof(peer);

	if (why != EAGAIN)
		return err_set(e, ERR_UNAVAILABLE,
			"the daemon ended before it had answered");
	getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n);
	return err_set(e, ERR_UNAVAILABLE,
		"the daemon (process %d) has not answered for %d s: if it "
		"stands still, kill it, which loses nothing, and start it "
		"again",
		(int)peer.pid, ANSWER_WITHIN);
}

int cli_receive(struct cli_connection *c, json_t **out, struct err *e)
{
	json_t *line;
	ssize_t n;
	int code;

	*out = NULL;
	errno = 0;
	n = getline(&c->line, &c->cap, c->in);
	if (n < 0)
		return complain_silent(c, errno, e);
	line = json_loadb(c->line, (size_t)n, JSON_ALLOW_NUL, NULL);
	if (line == NULL)
		return err_set(e, ERR_BUG, "the daemon answered no JSON");
	if (!json_is_true(json_object_get(line, "end"))) {
		*out = line;
		return 0;
	}
	code = (int)cli_int(line, "code");
	if (code != 0)
		err_set(e, code, "%s", cli_text(line, "error", "failed"));
	json_decref(line);
	return code;
}

int cli_hello(struct cli_connection *c, json_t **out, struct err *e)
{
	json_t *request = json_pack("{s:s}", "command", "hello");
	json_t *hello = NULL;
	json_t *end = NULL;
	int r = cli_send(c, request, e);

	json_decref(request);
	if (r == 0)
		r = cli_receive(c, &hello, e);
	if (r == 0)
		r = cli_receive(c, &end, e);
	if (r == 0 && (hello == NULL || end != NULL))
		r = err_set(e, ERR_BUG, "the daemon says nothing of itself");
	json_decref(end);
	if (r == 0)
		*out = hello;
	else
		json_decref(hello);
	return r;
}

/* Of a pass that was waited for: how it ended. */
static int result_of(const json_t *line, struct err *e)
{
	int result = (int)cli_int(line, "result");

	if (result == 0 || !json_is_true(json_object_get(line, "finished")))
		return 0;
	return err_set(e, result, "%s", cli_text(line, "error", "?"));
}

int cli_converse(struct cli_connection *c, const json_t *request,
	void (*fn)(void *arg, const json_t *line), void *arg, struct err *e)
{
	json_t *line = NULL;
	int result = 0;
	int r = cli_send(c, request, e);

	while (r == 0) {
		r = cli_receive(c, &line, e);
		if (line == NULL)
			break;
		fn(arg, line);
		if (result == 0)
			result = result_of(line, e);
		json_decref(line);
	}
	return r != 0 ? r : result;
}

void cli_disconnect(struct cli_connection *c)
{
	if (c == NULL)
		return;
	fclose(c->in);
	free(c->line);
	free(c);
}

static int ask_daemon(struct cli_connection *c, const json_t *request,
	struct buf *lines, struct err *e)
{
	json_t *line = NULL;
	int r = cli_send(c, request, e);

	while (r == 0) {
		r = cli_receive(c, &line, e);
		if (line == NULL)
			return r;
		buf_puts(lines, c->line);
		json_decref(line);
	}
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
		r = ask_daemon(c, request, lines, e);
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
		r = ask_daemon(c, request, &lines, e);
	if (r == 0)
		r = cli_print(cli, &lines, print, arg, e);
	cli_disconnect(c);
	buf_fini(&lines);
	config_fini(&config);
	return r;
}
