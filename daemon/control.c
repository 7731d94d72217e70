/*
 * control - the socket through which opsync talks to the daemon.
 *
 * A client sends a line, gets lines, and may send the next; one request of a
 * client is answered at a time.  What reads the state runs on the worker's
 * thread.  A client that floods, or sends what is no JSON, is told so and
 * dropped; none can hold up the sync.
 */
#include "daemon/control.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/report.h"

#define MAX_LINE ((size_t)64 * 1024)
#define MAX_UNREAD ((size_t)1024 * 1024) /* of answers, before the next */
#define MAX_CLIENTS 128

struct client {
	struct control *control;
	struct client *next;
	struct client **self;
	uv_pipe_t pipe;
	struct buf in;
	bool reading; /* else a request is being answered */
	bool closing;
	bool ended;    /* sends no more: closed once it is answered */
	uint64_t pass; /* waits for that one; 0: for none */

	/* A question to the state, while the job runs. */
	struct job job;
	bool asking;
	const char *command; /* a literal */
	struct state_event_query query;
	int64_t limit;
	struct buf out;
	struct err err;
};

struct control {
	struct control_host host;
	uv_pipe_t pipe;
	char *path;
	struct client *clients;
	size_t n_clients;
	size_t n_handles; /* open, the listening one included */
	void (*closed)(void *arg);
	void *closed_arg;
};

static void next_request(struct client *client);

/* --- Closing ------------------------------------------------------------ */

static void release(struct control *c)
{
	if (--c->n_handles > 0)
		return;
	c->closed(c->closed_arg);
	free(c->path);
	free(c);
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct control *c = client->control;

	buf_fini(&client->in);
	buf_fini(&client->out);
	free(client);
	release(c);
}

static void close_client(struct client *client)
{
	if (client->closing)
		return;
	client->closing = true;
	client->pass = 0;
	uv_read_stop((uv_stream_t *)&client->pipe);
	if (client->asking)
		return; /* closed when the job is done */
	*client->self = client->next;
	if (client->next != NULL)
		client->next->self = client->self;
	client->control->n_clients--;
	uv_close((uv_handle_t *)&client->pipe, on_client_closed);
}

static size_t unread(const struct client *client)
{
	return uv_stream_get_write_queue_size(
		(const uv_stream_t *)&client->pipe);
}

/* It asks for no more, and has got all? */
static bool is_done(const struct client *client)
{
	return client->ended && client->reading && unread(client) == 0;
}

/* --- Writing ------------------------------------------------------------ */

struct write {
	uv_write_t request;
	char *bytes;
};

static void on_written(uv_write_t *request, int status)
{
	struct write *w = container_of(request, struct write, request);
	struct client *client = request->handle->data;

	free(w->bytes);
	free(w);
	if (status != 0) {
		close_client(client);
		return;
	}
	next_request(client);
	if (is_done(client))
		close_client(client);
}

/* Send lines; takes the buffer. */
static void send_lines(struct client *client, struct buf *lines)
{
	struct write *w = xcalloc(1, sizeof(*w));
	size_t n = lines->n;
	uv_buf_t buf;

	w->bytes = buf_take(lines);
	buf = uv_buf_init(w->bytes, (unsigned)n);
	if (client->closing ||
		uv_write(&w->request, (uv_stream_t *)&client->pipe, &buf, 1,
			on_written) != 0) {
		free(w->bytes);
		free(w);
		close_client(client);
	}
}

/* The last line of an answer; then the client may ask again. */
static void send_end(
	struct client *client, struct buf *lines, const struct err *err)
{
	buf_printf(lines, "{\"end\":true,\"code\":%d", err->code);
	if (err->code != 0) {
		buf_putc(lines, ',');
		report_text(lines, "error", str_of(err->text));
	}
	buf_puts(lines, "}\n");
	send_lines(client, lines);
	client->reading = true;
}

static void refuse(struct client *client, enum err_code code, const char *why)
{
	struct buf lines = {0};
	struct err err = {0};

	err_set(&err, code, "%s", why);
	send_end(client, &lines, &err);
}

/* --- Questions to the state --------------------------------------------- */

static void run_question(struct job *job)
{
	struct client *client = container_of(job, struct client, job);
	struct state *state = store_state(client->control->host.mapper->store);

	if (strcmp(client->command, "status") == 0)
		report_status(state, &client->out, &client->err);
	else if (strcmp(client->command, "runs") == 0)
		report_runs(state, client->limit, &client->out, &client->err);
	else
		report_log(state, &client->query, &client->out, &client->err);
}

/* The state's line is an object: what only the daemon knows goes into it. */
static void add_live(struct client *client)
{
	struct control *c = client->control;

	while (client->out.n > 0 && client->out.p[client->out.n - 1] != '}')
		client->out.n--;
	if (client->out.n == 0)
		return;
	client->out.n--;
	buf_puts(&client->out, ",\"daemon\":{");
	c->host.live(c->host.arg, &client->out);
	buf_puts(&client->out, "}}\n");
}

static void on_answered(struct job *job)
{
	struct client *client = container_of(job, struct client, job);

	client->asking = false;
	if (client->closing) {
		client->closing = false;
		close_client(client);
		return;
	}
	if (client->err.code == 0 && strcmp(client->command, "status") == 0)
		add_live(client);
	send_end(client, &client->out, &client->err);
}

static int64_t integer(const json_t *request, const char *key, int64_t none)
{
	const json_t *v = json_object_get(request, key);

	return json_is_integer(v) ? json_integer_value(v) : none;
}

static void ask_state(
	struct client *client, const char *command, const json_t *request)
{
	client->query = (struct state_event_query){
		.after = integer(request, "after", 0),
		.run = integer(request, "run", 0),
		.work_package = integer(request, "work_package", 0),
		.since = integer(request, "since", 0),
		.max_level = (int)integer(request, "level", 0),
		.limit = integer(request, "limit", 0),
	};
	client->limit = integer(request, "limit", 20);
	client->err = (struct err){0};
	client->command = command;
	client->asking = true;
	client->job = (struct job){.run = run_question, .done = on_answered};
	worker_give(client->control->host.worker, &client->job);
}

/* --- Resync ------------------------------------------------------------- */

static int read_ids(const json_t *list, struct control_resync *what)
{
	size_t n = json_array_size(list);

	what->ids = xcalloc(n, sizeof(*what->ids));
	for (size_t i = 0; i < n; i++) {
		const json_t *id = json_array_get(list, i);

		if (!json_is_integer(id) || json_integer_value(id) <= 0)
			return ERR_USAGE;
		what->ids[what->n_ids++] = json_integer_value(id);
	}
	return 0;
}

static void resync(struct client *client, const json_t *request)
{
	struct control *c = client->control;
	struct control_resync what = {
		.full = json_is_true(json_object_get(request, "full"))};
	struct err none = {0};
	struct buf lines = {0};
	uint64_t pass;

	if (read_ids(json_object_get(request, "work_packages"), &what) != 0) {
		free(what.ids);
		refuse(client, ERR_USAGE,
			"work_packages: is a list of work package ids");
		return;
	}
	pass = c->host.resync(c->host.arg, &what);
	buf_printf(&lines, "{\"pass\":%llu}\n", (unsigned long long)pass);
	if (json_is_true(json_object_get(request, "wait"))) {
		client->pass = pass;
		send_lines(client, &lines);
		return;
	}
	send_end(client, &lines, &none);
}

static void reload(struct client *client)
{
	struct control *c = client->control;
	struct buf lines = {0};
	struct err err = {0};

	c->host.reload(c->host.arg, &err);
	send_end(client, &lines, &err);
}

/* --- Requests ----------------------------------------------------------- */

static void dispatch(struct client *client, const json_t *request)
{
	static const char *const questions[] = {"status", "runs", "log"};
	const char *command =
		json_string_value(json_object_get(request, "command"));

	if (command == NULL) {
		refuse(client, ERR_USAGE, "the request has no command");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(questions); i++) {
		if (strcmp(command, questions[i]) == 0) {
			ask_state(client, questions[i], request);
			return;
		}
	}
	if (strcmp(command, "resync") == 0)
		resync(client, request);
	else if (strcmp(command, "reload") == 0)
		reload(client);
	else
		refuse(client, ERR_USAGE, "unknown command");
}

static void answer(struct client *client, const char *line, size_t n)
{
	json_error_t error;
	json_t *request = json_loadb(line, n, 0, &error);

	client->reading = false;
	if (request == NULL)
		refuse(client, ERR_USAGE, error.text);
	else
		dispatch(client, request);
	json_decref(request);
}

/* Once it has read what it got; on_written() goes on. */
static void next_request(struct client *client)
{
	while (client->reading && !client->closing &&
		unread(client) <= MAX_UNREAD) {
		char *end = client->in.n > 0
				    ? memchr(client->in.p, '\n', client->in.n)
				    : NULL;
		size_t n;

		if (end == NULL)
			return;
		n = (size_t)(end - client->in.p) + 1;
		answer(client, client->in.p, n - 1);
		if (client->in.n >= n) {
			memmove(client->in.p, client->in.p + n,
				client->in.n - n);
			client->in.n -= n;
		}
	}
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	(void)handle;
	*out = uv_buf_init(xmalloc(size), (unsigned)size);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct client *client = stream->data;

	if (n > 0)
		buf_add(&client->in, bytes->base, (size_t)n);
	free(bytes->base);
	if (n == UV_EOF) {
		client->ended = true; /* half closed: it may still listen */
		uv_read_stop(stream);
		if (is_done(client))
			close_client(client);
		return;
	}
	if (n < 0 || client->in.n > MAX_LINE) {
		close_client(client);
		return;
	}
	next_request(client);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct control *c = stream->data;
	struct client *client;

	if (status != 0)
		return;
	client = xcalloc(1, sizeof(*client));
	client->control = c;
	client->reading = true;
	uv_pipe_init(c->host.loop, &client->pipe, 0);
	client->pipe.data = client;
	c->n_handles++;
	c->n_clients++;
	client->next = c->clients;
	client->self = &c->clients;
	if (client->next != NULL)
		client->next->self = &client->next;
	c->clients = client;
	if (uv_accept(stream, (uv_stream_t *)&client->pipe) != 0 ||
		c->n_clients > MAX_CLIENTS)
		close_client(client);
	else
		uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read);
}

/* --- For the daemon ----------------------------------------------------- */

void control_progress(struct control *c, uint64_t pass, struct str line)
{
	for (struct client *client = c->clients; client != NULL;
		client = client->next) {
		struct buf lines = {0};

		if (client->pass != pass)
			continue;
		buf_add_str(&lines, line);
		buf_putc(&lines, '\n');
		send_lines(client, &lines);
	}
}

void control_finished(struct control *c, uint64_t pass, struct str line)
{
	const struct err none = {0};
	struct client *next;

	for (struct client *client = c->clients; client != NULL;
		client = next) {
		struct buf lines = {0};

		next = client->next;
		if (client->pass != pass)
			continue;
		client->pass = 0;
		buf_add_str(&lines, line);
		buf_putc(&lines, '\n');
		send_end(client, &lines, &none);
	}
}

/* The store's lock is ours: nobody listens at a socket that is there. */
static int make_way(const char *path, struct err *e)
{
	struct sockaddr_un address;
	struct stat st;

	if (strlen(path) >= sizeof(address.sun_path))
		return err_set(e, ERR_IO,
			"the control socket %s: a socket's path has at most "
			"%zu bytes (control: { socket: PATH } names another "
			"place)",
			path, sizeof(address.sun_path) - 1);
	if (lstat(path, &st) != 0)
		return 0;
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_IO,
			"the control socket %s: there is something else "
			"(control: { socket: PATH } names another place)",
			path);
	unlink(path);
	return 0;
}

static int listen_at(struct control *c, struct err *e)
{
	mode_t mask;
	int r = make_way(c->path, e);

	if (r != 0)
		return r;
	mask = umask(0117);
	r = uv_pipe_bind(&c->pipe, c->path);
	umask(mask);
	if (r == 0)
		r = uv_listen(
			(uv_stream_t *)&c->pipe, MAX_CLIENTS, on_connection);
	if (r != 0)
		return err_set(e, ERR_IO,
			"the control socket %s: %s (control: { socket: PATH "
			"} names another place)",
			c->path, uv_strerror(r));
	return 0;
}

static void on_listener_closed(uv_handle_t *handle)
{
	release(handle->data);
}

static void forget(void *arg)
{
	(void)arg;
}

int control_open(const struct control_host *host, const char *path,
	struct control **out, struct err *e)
{
	struct control *c = xcalloc(1, sizeof(*c));
	int r;

	c->host = *host;
	c->path = xstrdup(path);
	c->n_handles = 1;
	uv_pipe_init(host->loop, &c->pipe, 0);
	c->pipe.data = c;
	r = listen_at(c, e);
	if (r != 0) {
		c->closed = forget;
		uv_close((uv_handle_t *)&c->pipe, on_listener_closed);
		return r;
	}
	*out = c;
	return 0;
}

void control_close(struct control *c, void (*closed)(void *arg), void *arg)
{
	struct client *next;

	c->closed = closed;
	c->closed_arg = arg;
	unlink(c->path);
	for (struct client *client = c->clients; client != NULL;
		client = next) {
		next = client->next;
		close_client(client);
	}
	uv_close((uv_handle_t *)&c->pipe, on_listener_closed);
}
