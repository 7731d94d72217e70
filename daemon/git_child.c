/*
 * git_child - the git program, kept from all that is not the store's.
 *
 * Neither the user's nor the system's configuration, no hooks and no fsmonitor
 * of the repository, no prompts, no transports that are commands.  glibc would
 * trim git's heap after every object that it packs; it is told not to.  Large
 * files pass through in pieces.
 */
#include "daemon/git_child.h"

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/resources.h"

#define MOST 400 /* bytes of a reason */

static void put(char ***list, size_t *n, size_t *cap, char *text)
{
	*list = grow(*list, *n, cap, sizeof(**list));
	(*list)[(*n)++] = text;
	*list = grow(*list, *n, cap, sizeof(**list));
	(*list)[*n] = NULL;
}

void git_child_arg(struct git_child *g, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	put(&g->argv, &g->n_argv, &g->cap_argv, text);
}

void git_child_args(struct git_child *g, const char *first, ...)
{
	va_list ap;

	va_start(ap, first);
	for (const char *text = first; text != NULL;
		text = va_arg(ap, const char *))
		put(&g->argv, &g->n_argv, &g->cap_argv, xstrdup(text));
	va_end(ap);
}

static void set(struct git_child *g, const char *name, const char *value)
{
	put(&g->env, &g->n_env, &g->cap_env, xasprintf("%s=%s", name, value));
}

/* What a transport needs of ours. */
static void pass_on(struct git_child *g)
{
	static const char *const names[] = {"PATH", "HOME", "SSH_AUTH_SOCK",
		"TMPDIR", "http_proxy", "https_proxy", "HTTPS_PROXY",
		"no_proxy", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"};

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value != NULL)
			set(g, names[i], value);
	}
}

/* 'text' for a shell. */
static void quote(const char *text, struct buf *out)
{
	buf_putc(out, '\'');
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *text);
	}
	buf_putc(out, '\'');
}

/*
 * OpenSSH asks the system where its user is at home, never $HOME: so it is told
 * what is there in .ssh, if that is another folder.
 */
static bool is_home_elsewhere(void)
{
	const char *home = getenv("HOME");
	const struct passwd *user = home != NULL ? getpwuid(geteuid()) : NULL;

	return home != NULL &&
	       (user == NULL || strcmp(user->pw_dir, home) != 0);
}

/* To ssh, a blank begins another file. */
static void add_known_hosts(const char *file, struct buf *command)
{
	char *option = xasprintf("UserKnownHostsFile=\"%s\"", file);

	buf_puts(command, " -o ");
	quote(option, command);
	free(option);
}

static void add_key(const char *file, struct buf *command)
{
	buf_puts(command, " -i ");
	quote(file, command);
}

static void add_from_home(const char *name,
	void (*add)(const char *file, struct buf *command), struct buf *command)
{
	char *file = xasprintf("%s/.ssh/%s", getenv("HOME"), name);

	if (access(file, F_OK) == 0)
		add(file, command);
	free(file);
}

static void add_home(const struct config_push *push, struct buf *command)
{
	static const char *const keys[] = {"id_ed25519", "id_ecdsa", "id_rsa"};

	for (size_t i = 0; push->ssh_key == NULL && i < ARRAY_LEN(keys); i++)
		add_from_home(keys[i], add_key, command);
	if (push->known_hosts == NULL)
		add_from_home("known_hosts", add_known_hosts, command);
}

static void set_ssh(struct git_child *g, const struct config_push *push)
{
	struct buf command = {0};

	buf_puts(&command, "ssh -o BatchMode=yes");
	if (push->ssh_key != NULL) {
		buf_puts(&command, " -o IdentitiesOnly=yes");
		add_key(push->ssh_key, &command);
	}
	if (push->known_hosts != NULL)
		add_known_hosts(push->known_hosts, &command);
	if (is_home_elsewhere())
		add_home(push, &command);
	set(g, "GIT_SSH_COMMAND", buf_str(&command).p);
	buf_fini(&command);
}

/*
 * A file that is only read: git has what a server refuses erased, once, and by
 * any other helper, too.
 */
static void set_credentials(struct git_child *g, const struct config_push *push)
{
	struct buf helper = {0};

	if (push->credentials == NULL)
		return;
	buf_puts(&helper,
		"!f() { test \"$1\" != get || git credential-store --file ");
	quote(push->credentials, &helper);
	buf_puts(&helper, " get; }; f");
	git_child_args(g, "-c", "credential.helper=", "-c", NULL);
	git_child_arg(g, "credential.helper=%s", buf_str(&helper).p);
	buf_fini(&helper);
}

static void add_settings(struct git_child *g)
{
	static const char *const settings[] = {
		"core.hooksPath=/dev/null", "safe.directory=*",
		"core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false",
		"protocol.ext.allow=never", "submodule.recurse=false",
		"advice.pushUpdateRejected=true", "core.askPass=",
		/* Memory grows neither with the repository nor with a file. */
		"pack.windowMemory=16m", "pack.deltaCacheSize=8m",
		"core.packedGitWindowSize=1m", "core.packedGitLimit=32m",
		"core.deltaBaseCacheLimit=8m",
		"core.bigFileThreshold=1m", /* larger: copied, not compared */
	};

	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		git_child_args(g, "-c", settings[i], NULL);
}

void git_child_init(struct git_child *g, uv_loop_t *loop, const char *path,
	const struct config_push *push)
{
	*g = (struct git_child){.child = {.loop = loop}};
	pass_on(g);
	set(g, "LC_ALL", "C");
	set(g, "GIT_TERMINAL_PROMPT", "0");
	set(g, "GIT_CONFIG_NOSYSTEM", "1");
	set(g, "GIT_CONFIG_GLOBAL", "/dev/null");
	set(g, "GIT_OPTIONAL_LOCKS", "0");
	set(g, "MALLOC_TOP_PAD_", "67108864");
	set(g, "MALLOC_TRIM_THRESHOLD_", "536870912");
	set_ssh(g, push);
	git_child_args(g, "git", "-C", path, NULL);
	add_settings(g);
	set_credentials(g, push);
}

void git_child_start(struct git_child *g, child_done_fn *done)
{
	g->child.argv = g->argv;
	g->child.env = g->env;
	child_start(&g->child, done);
}

void git_child_fini(struct git_child *g)
{
	child_fini(&g->child);
	for (size_t i = 0; i < g->n_argv; i++)
		free(g->argv[i]);
	for (size_t i = 0; i < g->n_env; i++)
		free(g->env[i]);
	free(g->argv);
	free(g->env);
	*g = (struct git_child){0};
}

/* --- What it said ------------------------------------------------------- */

/* Without "user:secret@" of an address. */
static void add_clean(struct str line, struct buf *out)
{
	size_t at;

	while ((at = str_find(line, STR("://"))) < line.n) {
		struct str rest = str_skip(line, at + 3);
		size_t end = 0;
		size_t sign = 0;

		while (end < rest.n && rest.p[end] != '/' &&
			rest.p[end] != ' ') {
			if (rest.p[end] == '@')
				sign = end + 1;
			end++;
		}
		buf_add(out, line.p, at + 3);
		line = str_skip(rest, sign);
	}
	buf_add_str(out, line);
}

static bool is_worth(struct str line)
{
	return str_starts(line, STR("fatal: ")) ||
	       str_starts(line, STR("error: ")) ||
	       str_starts(line, STR("remote: ")) ||
	       str_find(line, STR("Permission denied")) < line.n ||
	       str_find(line, STR("Host key")) < line.n;
}

static bool is_empty(struct str line)
{
	while (line.n > 0 && line.p[line.n - 1] == ' ')
		line.n--;
	return str_is(line, "remote:");
}

static void add_line(struct str line, struct buf *out)
{
	struct buf steady = {0};

	while (line.n > 0 && line.p[line.n - 1] == ' ')
		line.n--;
	if (out->n > 0)
		buf_puts(out, "; ");
	api_put_steady(line, &steady);
	add_clean(buf_str(&steady), out);
	buf_fini(&steady);
}

/* "!\tFROM:TO\t[remote rejected] (why)" of push --porcelain. */
static void add_refused(struct str said, struct buf *out)
{
	struct str line;

	while (str_line(&said, &line)) {
		size_t at = str_find(line, STR("\t["));

		if (str_starts(line, STR("!")) && at < line.n)
			add_line(str_skip(line, at + 1), out);
	}
}

void git_child_reason(const struct git_child *g, struct buf *out)
{
	struct str said = buf_str(&g->child.errors);
	struct str line;
	size_t n_lines = 0;

	buf_clear(out);
	if (g->child.timed_out || g->child.err.code == ERR_IO) {
		buf_puts(out, g->child.err.text);
		return;
	}
	add_refused(buf_str(&g->child.out), out);
	while (n_lines < 4 && str_line(&said, &line))
		if (is_worth(line) && !is_empty(line)) {
			add_line(line, out);
			n_lines++;
		}
	if (out->n == 0)
		buf_puts(out, g->child.err.text);
	if (out->n > MOST)
		out->p[out->n = MOST] = '\0';
	str_clean(out->p);
}
