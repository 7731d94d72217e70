/*
 * token - the server's key, from a file, the environment, a credential of
 * systemd or a command; never from the configuration itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/stamp.h"
#include "daemon/config.h"

static int refuse_length(const char *what, struct err *e)
{
	return err_set(e, ERR_CONFIG,
		"%s: holds more than %d bytes: is that the key?", what,
		CONFIG_TOKEN_MOST);
}

static int read_stream(
	FILE *f, const char *what, struct buf *out, struct err *e)
{
	char bytes[CONFIG_TOKEN_MOST];
	size_t n = fread(bytes, 1, sizeof(bytes), f);
	int errnum = errno;

	if (ferror(f))
		return err_errno(e, ERR_CONFIG, errnum, "%s", what);
	if (n == sizeof(bytes))
		return refuse_length(what, e);
	buf_add(out, bytes, n);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

static int read_file(const char *path, struct buf *out, struct err *e)
{
	FILE *f = fopen(path, "re");
	int r;

	if (f == NULL)
		return err_errno(e, ERR_CONFIG, errno,
			"the key's file %s cannot be read", path);
	r = read_stream(f, path, out, e);
	fclose(f);
	return r;
}

/* A shell with a group of its own, whose output is at *fd. */
static int start_command(const char *command, pid_t *pid, int *fd)
{
	char *const argv[] = {"sh", "-c", (char *)command, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2];
	int errnum;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
	errnum = posix_spawn(
		pid, "/bin/sh", &actions, &attributes, argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	*fd = ends[0];
	if (errnum != 0)
		close(ends[0]);
	return errnum;
}

static int refuse_time(const char *what, struct err *e)
{
	return err_set(e, ERR_AGAIN,
		"the key's command: no end after %lld s: %s",
		(long long)(CONFIG_TOKEN_TIME / STAMP_SECOND), what);
}

/* Something to read before end, whatever signals come. */
static bool wait_for(int fd, int64_t end)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	int n;

	do {
		int64_t left = end - stamp_monotonic();

		if (left <= 0)
			return false;
		n = poll(&p, 1, (int)(left / 1000) + 1);
	} while (n < 0 && errno == EINTR);
	return n > 0;
}

/* What waits for the key stands still: not for long. */
static int read_pipe(
	int fd, const char *what, int64_t end, struct buf *out, struct err *e)
{
	ssize_t n = 1;

	buf_reserve(out, CONFIG_TOKEN_MOST);
	while (n != 0 && out->n < CONFIG_TOKEN_MOST) {
		if (!wait_for(fd, end))
			return refuse_time(what, e);
		n = read(fd, out->p + out->n, CONFIG_TOKEN_MOST - out->n);
		if (n > 0)
			out->n += (size_t)n;
		else if (n < 0 && errno != EINTR)
			return err_errno(e, ERR_AGAIN, errno, "%s", what);
	}
	return out->n < CONFIG_TOKEN_MOST ? 0 : refuse_length(what, e);
}

/* It has said all, but may stay.  False: it is still there. */
static bool wait_for_end(pid_t pid, int64_t end)
{
	int fd = pidfd_open(pid, 0);
	bool ended = fd < 0 || wait_for(fd, end);

	if (fd >= 0)
		close(fd);
	return ended;
}

/* One that fails may ask a vault that is not up yet. */
static int refuse_status(const char *command, int status, struct err *e)
{
	return err_set(e, ERR_AGAIN, "the key's command failed (status %d): %s",
		status, command);
}

static int read_command(const char *command, struct buf *out, struct err *e)
{
	pid_t pid = -1;
	int fd = -1;
	int status = 0;
	int errnum = start_command(command, &pid, &fd);
	int64_t end = stamp_monotonic() + CONFIG_TOKEN_TIME;
	int r;

	if (errnum != 0)
		return err_errno(e, ERR_AGAIN, errnum,
			"the key's command cannot be run: %s", command);
	r = read_pipe(fd, command, end, out, e);
	close(fd);
	if (r == 0 && !wait_for_end(pid, end))
		r = refuse_time(command, e);
	if (r != 0)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r == 0 && status != 0)
		return refuse_status(command,
			WIFEXITED(status) ? WEXITSTATUS(status) : status, e);
	return r;
}

static int read_credential(const char *name, struct buf *out, struct err *e)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char *path;
	int r;

	if (folder == NULL)
		return err_set(e, ERR_CONFIG,
			"token: credential %s: not started by systemd with "
			"LoadCredential=%s:PATH",
			name, name);
	path = xasprintf("%s/%s", folder, name);
	r = read_file(path, out, e);
	free(path);
	return r;
}

static int read_env(const char *name, struct buf *out, struct err *e)
{
	const char *value = getenv(name);

	if (value == NULL)
		return err_set(e, ERR_CONFIG,
			"token: the environment has no %s", name);
	buf_puts(out, value);
	return 0;
}

static int read_raw(const struct config *c, struct buf *out, struct err *e)
{
	switch (c->token_kind) {
	case TOKEN_FILE:
		return read_file(c->token_value, out, e);
	case TOKEN_ENV:
		return read_env(c->token_value, out, e);
	case TOKEN_CREDENTIAL:
		return read_credential(c->token_value, out, e);
	case TOKEN_COMMAND:
		return read_command(c->token_value, out, e);
	case TOKEN_NONE:
		break;
	}
	return err_set(e, ERR_CONFIG,
		"%s: server: needs token: { file: PATH } (OpenProject makes "
		"a key under My account, Access tokens)",
		c->file);
}

/* The key is one line: what stands around it is not part of it. */
static struct str trim(struct str s)
{
	while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	while (s.n > 0 && (unsigned char)s.p[0] <= ' ')
		s = str_skip(s, 1);
	return s;
}

static bool printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

/* What came is no key: said by where it came from, never repeated. */
static int refuse(const struct config *c, bool empty, struct err *e)
{
	static const char *const places[] = {
		[TOKEN_FILE] = "the key's file",
		[TOKEN_ENV] = "the key's variable",
		[TOKEN_CREDENTIAL] = "the key's credential",
		[TOKEN_COMMAND] = "what the key's command prints:",
	};

	if (empty && c->token_kind == TOKEN_CREDENTIAL)
		return err_set(e, ERR_CONFIG,
			"there is no key: put it into the file that "
			"LoadCredential=%s: of the unit names "
			"(/etc/opsync/%s.token, root, mode 0600)",
			c->token_value, c->instance);
	return err_set(e, ERR_CONFIG, "%s %s: %s", places[c->token_kind],
		c->token_value,
		empty ? "there is no key in it (OpenProject makes one under "
			"My account, Access tokens)"
		      : "it is not one word");
}

static int judge(
	const struct config *c, struct str said, char **out, struct err *e)
{
	struct str token = trim(said);

	if (!printable(token))
		return refuse(c, token.n == 0, e);
	*out = str_dup(token);
	return 0;
}

int config_token(const struct config *c, char **out, struct err *e)
{
	struct buf raw = {0};
	int r = read_raw(c, &raw, e);

	if (r == 0)
		r = judge(c, buf_str(&raw), out, e);
	if (raw.p != NULL)
		explicit_bzero(raw.p, raw.cap);
	buf_fini(&raw);
	return r;
}

int config_token_said(const struct config *c, const struct token_command *ended,
	char **out, struct err *e)
{
	const char *command = c->token_value;

	if (ended->said.n >= CONFIG_TOKEN_MOST)
		return refuse_length(command, e);
	if (ended->timed_out)
		return refuse_time(command, e);
	if (ended->status != 0)
		return refuse_status(command, ended->status, e);
	return judge(c, ended->said, out, e);
}

void config_wipe_token(char *token)
{
	if (token == NULL)
		return;
	explicit_bzero(token, strlen(token));
	free(token);
}
