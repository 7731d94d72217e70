/*
 * control - the socket through which opsync talks to the daemon.
 *
 *   line --> dispatch --> (worker's part) --> (loop's part) --> control_end()
 *
 * A client sends a line, gets lines, and may send the next; one request of a
 * client is answered at a time.  A client that sends what is no JSON, or too
 * long a line, is told so, and one that floods is dropped; none can hold up
 * the sync.  A client that goes while its request is being answered is closed
 * when that has ended, and ends what runs for it alone: who only says that it
 * will ask no more is still answered.  Where all places are taken, one that
 * asks for nothing makes way for who comes, or who comes is told so.
 */
#include "daemon/control.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "daemon/commands.h"
#include "daemon/listen.h"
#include "daemon/peer.h"
#include "daemon/report.h"

#define MAX_LINE ((size_t)64 * 1024)
#define MAX_IGNORED ((size_t)16 * 1024 * 1024) /* of a line above that */
#define MAX_UNREAD ((size_t)1024 * 1024)       /* of answers, before the next */
#define MAX_CLIENTS 128
#define IDLE_MS 10000 /* who asked for nothing for so long makes way */

struct client {
	struct control *control;
	struct client *next;
	struct client **self;
	uv_pipe_t pipe;
	struct buf in;
	size_t ignored; /* bytes of a line that was refused, so far */
	json_t *what;   /* the request that is being answered, or NULL */
	uint64_t since; /* and if NULL, since when: uv_now() */
	bool closing;
	bool ended; /* sends no more: closed once it is answered */
	bool gone;  /* nor does it listen */
	bool may_change;
	struct control_request request;
};

struct control {
	const struct control_host *host;
	uv_pipe_t pipe;
	char *path;
	struct client *clients;
	size_t n_clients;
	size_t n_handles; /* open, the listening one included */
};

static void next_request(struct client *client);

/* --- Closing ------------------------------------------------------------ */

static void release(struct control *c)
{
	if (--c->n_handles > 0)
		return;
	free(c->path);
	free(c);
}

static void on_client_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;
	struct control *c = client->control;

	buf_fini(&client->in);
	free(client);
	release(c);
}

static void cancel_request(struct client *client)
{
	void (*cancel)(struct control_request * r) = client->request.cancel;

	client->request.cancel = NULL;
	if (cancel != NULL)
		cancel(&client->request);
}

static void close_client(struct client *client)
{
	if (client->closing && client->what != NULL)
		return;
	if (!client->closing)
		uv_read_stop((uv_stream_t *)&client->pipe);
	client->closing = true;
	if (client->what != NULL) {
		cancel_request(client);
		return; /* closed by control_end() */
	}
	if (uv_is_closing((uv_handle_t *)&client->pipe))
		return;
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
	return client->ended && client->what == NULL && unread(client) == 0;
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
	if (client->what != NULL && client->request.drained != NULL &&
		unread(client) <= MAX_UNREAD)
		client->request.drained(&client->request);
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

void control_flush(struct control_request *r)
{
	struct client *client = container_of(r, struct client, request);

	if (r->out.n > 0)
		send_lines(client, &r->out);
}

bool control_is_full(const struct control_request *r)
{
	return unread(container_of((struct control_request *)r, struct client,
		       request)) > MAX_UNREAD;
}

static void put_end(struct buf *lines, const struct err *e)
{
	buf_printf(lines, "{\"end\":true,\"code\":%d", e->code);
	if (e->code != 0)
		report_text(lines, "error", str_of(e->text));
	buf_puts(lines, "}\n");
}

void control_end(struct control_request *r)
{
	struct client *client = container_of(r, struct client, request);
	struct buf lines = r->out;

	put_end(&lines, &r->err);
	json_decref(client->what);
	client->what = NULL;
	client->since = uv_now(client->control->host->sync->loop);
	free(r->want.ids.items);
	client->request = (struct control_request){0};
	if (client->closing) {
		buf_fini(&lines);
		close_client(client);
	} else {
		send_lines(client, &lines);
	}
}

/* --- Requests ----------------------------------------------------------- */

static void run_work(struct job *job)
{
	struct control_request *r =
		container_of(job, struct control_request, job);

	r->command->work(r, &r->err);
}

static void on_worked(struct job *job)
{
	struct control_request *r =
		container_of(job, struct control_request, job);
	struct client *client = container_of(r, struct client, request);

	if (r->err.code == 0 && r->command->then != NULL && !client->closing)
		r->command->then(r);
	else
		control_end(r);
	if (client->gone)
		cancel_request(client);
}

bool control_may_change(const struct control_request *r)
{
	const struct client *client = container_of(
		(struct control_request *)r, struct client, request);

	return client->may_change;
}

static int find_command(
	const struct client *client, struct control_request *r, struct err *e)
{
	const char *name =
		json_string_value(json_object_get(r->what, "command"));

	if (name == NULL)
		return err_set(e, ERR_USAGE, "the request has no command");
	if (control_int(r->what, "protocol", 1) > CONTROL_PROTOCOL)
		return err_set(e, ERR_USAGE,
			"this daemon (%s) speaks protocol %d only: restart it "
			"if it was upgraded",
			OPSYNC_VERSION, CONTROL_PROTOCOL);
	r->command = command_find(name, e);
	if (r->command == NULL)
		return e->code;
	if (r->command->who == CONTROL_CHANGE && !client->may_change)
		return err_set(e, ERR_AUTH,
			"%s: only root and the daemon's user and group may",
			name);
	return command_check(r->command, r->what, e);
}

static void answer(struct client *client, const char *line, size_t n)
{
	struct control_request *r = &client->request;
	json_error_t error;

	client->what = json_loadb(line, n, 0, &error);
	*r = (struct control_request){
		.host = client->control->host, .what = client->what};
	if (client->what == NULL) {
		err_set(&r->err, ERR_USAGE, "%s", error.text);
		client->what = json_null();
	}
	if (r->err.code != 0 || find_command(client, r, &r->err) != 0) {
		control_end(r);
	} else if (r->command->work != NULL) {
		worker_run(r->host->sync->worker, &r->job, run_work, on_worked);
	} else {
		r->command->then(r);
	}
}

int64_t control_int(const json_t *what, const char *key, int64_t none)
{
	const json_t *v = json_object_get(what, key);

	return json_is_integer(v) ? json_integer_value(v) : none;
}

static void drop(struct buf *in, size_t n)
{
	memmove(in->p, in->p + n, in->n - n);
	in->n -= n;
}

/* Once it has read what it got; on_written() goes on. */
static void next_request(struct client *client)
{
	while (client->what == NULL && !client->closing &&
		unread(client) <= MAX_UNREAD) {
		char *end = client->in.n > 0
				    ? memchr(client->in.p, '\n', client->in.n)
				    : NULL;
		size_t n;

		if (end == NULL)
			return;
		n = (size_t)(end - client->in.p) + 1;
		answer(client, client->in.p, n - 1);
		drop(&client->in, n);
	}
}

/* Forget the line that was refused, as far as it came. */
static void skip_line(struct client *client)
{
	struct buf *in = &client->in;
	const char *end = memchr(in->p, '\n', in->n);
	size_t n = end != NULL ? (size_t)(end - in->p) + 1 : in->n;

	client->ignored = end != NULL ? 0 : client->ignored + n;
	drop(in, n);
}

static void refuse_line(struct client *client)
{
	struct control_request *r = &client->request;

	client->what = json_null();
	*r = (struct control_request){.host = client->control->host};
	err_set(&r->err, ERR_USAGE,
		"the request is longer than %zu KiB: ask for less at once",
		MAX_LINE / 1024);
	control_end(r);
	skip_line(client);
}

/* Who sends too long a line is heard to its end, and hears why. */
static void take(struct client *client, const uv_buf_t *bytes, size_t n)
{
	struct buf *in = &client->in;

	buf_add(in, bytes->base, n);
	if (client->ignored > 0)
		skip_line(client);
	if (client->what == NULL && in->n > MAX_LINE &&
		memchr(in->p, '\n', MAX_LINE) == NULL)
		refuse_line(client);
	if (in->n > MAX_LINE || client->ignored > MAX_IGNORED)
		close_client(client);
	else
		next_request(client);
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *out)
{
	(void)handle;
	*out = uv_buf_init(xmalloc(size), (unsigned)size);
}

static bool is_hung_up(const struct client *client)
{
	struct pollfd p = {0};

	return uv_fileno((const uv_handle_t *)&client->pipe, &p.fd) == 0 &&
	       poll(&p, 1, 0) == 1 && (p.revents & POLLHUP) != 0;
}

/* Half closed, it may still listen; closed, what it asked is done all the
 * same, unless only it would have anything of that. */
static void on_last(struct client *client)
{
	client->ended = true;
	client->gone = is_hung_up(client);
	uv_read_stop((uv_stream_t *)&client->pipe);
	if (is_done(client))
		close_client(client);
	else if (client->gone)
		cancel_request(client);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct client *client = stream->data;

	if (n > 0)
		take(client, bytes, (size_t)n);
	free(bytes->base);
	if (n == UV_EOF)
		on_last(client);
	else if (n < 0)
		close_client(client);
}

static void begin(struct client *client)
{
	uv_os_fd_t fd;

	client->may_change =
		uv_fileno((uv_handle_t *)&client->pipe, &fd) == 0 &&
		peer_may_change(fd);
	uv_read_start((uv_stream_t *)&client->pipe, on_alloc, on_read);
}

/* Who waits for no answer is told why it goes, as far as it listens. */
static void send_off(struct client *client, const struct err *why)
{
	struct buf line = {0};
	uv_buf_t buf;

	put_end(&line, why);
	buf = uv_buf_init(line.p, (unsigned)line.n);
	uv_try_write((uv_stream_t *)&client->pipe, &buf, 1);
	buf_fini(&line);
	close_client(client);
}

static bool is_idle(const struct client *client)
{
	return client->what == NULL && !client->closing && !client->ended &&
	       unread(client) == 0;
}

/* The one that has been idle for longest goes, if that is long enough. */
static bool make_way(struct control *c)
{
	struct client *longest = NULL;
	struct err why = {0};

	for (struct client *one = c->clients; one != NULL; one = one->next)
		if (is_idle(one) &&
			(longest == NULL || one->since <= longest->since))
			longest = one;
	if (longest == NULL ||
		uv_now(c->host->sync->loop) - longest->since < IDLE_MS)
		return false;
	err_set(&why, ERR_AGAIN,
		"nothing was asked for %d s, and others need the place",
		IDLE_MS / 1000);
	send_off(longest, &why);
	return true;
}

static void refuse(struct client *client)
{
	struct err why = {0};

	err_set(&why, ERR_AGAIN,
		"the daemon has too many clients (%d): ask again later",
		MAX_CLIENTS);
	send_off(client, &why);
}

static void on_connection(uv_stream_t *stream, int status)
{
	struct control *c = stream->data;
	struct client *client;

	if (status != 0)
		return;
	client = xcalloc(1, sizeof(*client));
	client->control = c;
	uv_pipe_init(c->host->sync->loop, &client->pipe, 0);
	client->pipe.data = client;
	c->n_handles++;
	c->n_clients++;
	client->next = c->clients;
	client->self = &c->clients;
	if (client->next != NULL)
		client->next->self = &client->next;
	c->clients = client;
	client->since = uv_now(c->host->sync->loop);
	if (uv_accept(stream, (uv_stream_t *)&client->pipe) != 0)
		close_client(client);
	else if (c->n_clients > MAX_CLIENTS && !make_way(c))
		refuse(client);
	else
		begin(client);
}

/* --- For the daemon ----------------------------------------------------- */

/* Who waits for the pass is told a line, and what follows it is done. */
static void tell(struct control *c, uint64_t pass, struct str line,
	void (*then)(struct control_request *r))
{
	struct client *next;

	for (struct client *client = c->clients; client != NULL;
		client = next) {
		struct control_request *r = &client->request;

		next = client->next;
		if (r->pass != pass)
			continue;
		buf_add_str(&r->out, line);
		buf_putc(&r->out, '\n');
		then(r);
	}
}

void control_progress(struct control *c, uint64_t pass, struct str line)
{
	tell(c, pass, line, control_flush);
}

void control_finished(struct control *c, uint64_t pass, struct str line)
{
	tell(c, pass, line, control_end);
}

void control_reloaded(struct control *c, uint64_t reload, const struct err *e)
{
	struct client *next;

	for (struct client *client = c->clients; client != NULL;
		client = next) {
		next = client->next;
		if (client->request.reload != reload)
			continue;
		client->request.err = *e;
		control_end(&client->request);
	}
}

static void on_listener_closed(uv_handle_t *handle)
{
	release(handle->data);
}

int control_open(const struct control_host *host, const char *path,
	struct control **out, struct err *e)
{
	struct control *c = xcalloc(1, sizeof(*c));
	int r;

	c->host = host;
	c->path = xstrdup(path);
	c->n_handles = 1;
	uv_pipe_init(host->sync->loop, &c->pipe, 0);
	c->pipe.data = c;
	r = listen_at(&c->pipe, c->path, host->sync->config->all_read,
		MAX_CLIENTS, on_connection, e);
	if (r != 0) {
		uv_close((uv_handle_t *)&c->pipe, on_listener_closed);
		return r;
	}
	*out = c;
	return 0;
}

void control_close(struct control *c)
{
	struct client *next;

	unlink(c->path);
	for (struct client *client = c->clients; client != NULL;
		client = next) {
		next = client->next;
		close_client(client);
	}
	uv_close((uv_handle_t *)&c->pipe, on_listener_closed);
}
