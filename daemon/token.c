/*
 * token - the server's key, from a file, the environment, a credential of
 * systemd or a command; never from the configuration itself.
 */
#include "daemon/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "daemon/foreground.h"
#include "daemon/token_command.h"

static int read_regular(
	int fd, const char *path, struct buf *out, struct err *e)
{
	char bytes[CONFIG_TOKEN_MOST];
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG,
			"the key's file %s is no regular file (token: { "
			"command: COMMAND } takes what a command prints)",
			path);
	n = read(fd, bytes, sizeof(bytes));
	if (n < 0)
		return err_errno(e, ERR_CONFIG, errno,
			"the key's file %s cannot be read", path);
	if (n == (ssize_t)sizeof(bytes))
		return err_set(e, ERR_CONFIG,
			"the key's file %s: holds more than %d bytes: is that "
			"the key?",
			path, CONFIG_TOKEN_MOST);
	buf_add(out, bytes, (size_t)n);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

/* A pipe would have the daemon wait for who writes it. */
static int read_file(const char *path, struct buf *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(e, ERR_CONFIG, errno,
			"the key's file %s cannot be read", path);
	r = read_regular(fd, path, out, e);
	close(fd);
	return r;
}

static void on_command(struct token_command *command)
{
	(void)command;
}

/* Whoever wants the key waits for it. */
static int read_command(const char *command, struct buf *out, struct err *e)
{
	uv_loop_t loop;
	struct token_command t = {
		.loop = &loop,
		.command = command,
		.timeout = TOKEN_COMMAND_TIME,
	};
	int r = uv_loop_init(&loop);

	if (r != 0)
		return err_set(e, ERR_AGAIN,
			"the key's command cannot be run: %s: %s", command,
			uv_strerror(r));
	token_command_start(&t, on_command);
	foreground_run(&loop, &t.child);
	uv_loop_close(&loop);
	r = t.err.code;
	if (r == 0)
		buf_add_str(out, buf_str(&t.said));
	else
		err_set(e, r, "%s", t.err.text);
	token_command_fini(&t);
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

/* A configuration without a key is not loaded (daemon/config_server.c). */
static int read_raw(const struct config *c, struct buf *out, struct err *e)
{
	static int (*const readers[])(
		const char *value, struct buf *out, struct err *e) = {
		[TOKEN_FILE] = read_file,
		[TOKEN_ENV] = read_env,
		[TOKEN_CREDENTIAL] = read_credential,
		[TOKEN_COMMAND] = read_command,
	};

	return readers[c->token_kind](c->token_value, out, e);
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

int config_token_said(
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
		r = config_token_said(c, buf_str(&raw), out, e);
	if (raw.p != NULL)
		explicit_bzero(raw.p, raw.cap);
	buf_fini(&raw);
	return r;
}

void config_wipe_token(char *token)
{
	if (token == NULL)
		return;
	explicit_bzero(token, strlen(token));
	free(token);
}
