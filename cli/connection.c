/*
 * connection - a conversation with the daemon, line by line (docs/control.md).
 */
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

#define ANSWER_WITHIN 60 /* seconds, of a question */

struct cli_connection {
	FILE *in;
	int fd;
	char *line;
	size_t cap;
};

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

int cli_open(const char *path, struct cli_connection **out, struct err *e)
{
	int fd = -1;
	int r = open_socket(path, &fd, e);

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

		if (sent < 0 && errno == EPIPE)
			break; /* it has said why, to be read */
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

int cli_collect(struct cli_connection *c, const json_t *request,
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

void cli_disconnect(struct cli_connection *c)
{
	if (c == NULL)
		return;
	fclose(c->in);
	free(c->line);
	free(c);
}
