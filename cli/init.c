/*
 * init - from a server's address to a configuration that runs.
 *
 *   key (asked for, or --token-file) --> what it sees --> files
 *
 * Nothing is written before the server has taken the key, and nothing is
 * overwritten.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/commands.h"
#include "cli/secret.h"
#include "cli/server.h"
#include "cli/starter.h"

#define MAX_KEY 4096

struct init {
	const char *url;
	const char *config_file;
	bool bearer;                  /* how the key is sent */
	const char *given_token_file; /* --token-file, or NULL */
	char *folder;                 /* of the configuration, absolute */
	char *token_file;             /* absolute */
	char *store;
	char *unit;      /* whose configuration it will be, or NULL */
	bool credential; /* the unit hands the key over */
	char *key;       /* wiped when it goes */
	bool asked_for_key;
	struct config config;
	struct arena arena;
	struct api_user user;
	struct names names;
	struct names_scope scope;
};

/* --- The key ------------------------------------------------------------ */

/* One word, or the error that it is none. */
static int take_key(struct init *i, char *line, struct err *e)
{
	size_t n = strcspn(line, " \t\r\n");
	size_t rest = n + strspn(line + n, " \t\r\n");

	if (n == 0 || line[rest] != '\0')
		return err_set(e, ERR_USAGE,
			n == 0 ? "no key was given"
			       : "the key is one word: that was more");
	i->key = str_dup((struct str){line, n});
	return 0;
}

static int no_terminal(const struct init *i, struct err *e)
{
	if (i->given_token_file != NULL)
		return err_set(e, ERR_USAGE,
			"%s is not there, and there is no terminal to ask for "
			"the key: put it into that file (%s/my/access_token "
			"makes one)",
			i->token_file, i->url);
	return err_set(e, ERR_USAGE,
		"there is no terminal to ask for the key: put it into a file "
		"(%s/my/access_token makes one) and say --token-file FILE",
		i->url);
}

static int ask_key(struct init *i, struct err *e)
{
	char line[MAX_KEY] = "";
	char *how = xasprintf(
		"opsync reads OpenProject with a key. Its user needs nothing "
		"but a role with\n\"View work packages\" in the projects to "
		"sync: best one of its own, as a member\nwith the role "
		"Reader, and no administrator. As this user, make the key "
		"at\n  %s/my/access_token\n"
		"(My account -> Access tokens -> API).\n"
		"Key (not shown): ",
		i->url);
	int r = secret_ask(how, line, sizeof(line), e);

	if (r == ERR_NOT_FOUND)
		r = no_terminal(i, e);
	if (r == 0)
		r = take_key(i, line, e);
	explicit_bzero(line, sizeof(line));
	free(how);
	i->asked_for_key = true;
	return r;
}

/* A file that is there has the key; one that is not gets it. */
static int find_key(struct init *i, struct err *e)
{
	if (i->given_token_file == NULL || access(i->token_file, F_OK) != 0)
		return ask_key(i, e);
	i->config.token_kind = TOKEN_FILE;
	i->config.token_value = i->token_file;
	return config_token(&i->config, &i->key, e);
}

/* --- Where things go ---------------------------------------------------- */

static char *folder_of(const char *file)
{
	char *copy = xstrdup(file);
	char *folder = realpath(dirname(copy), NULL);

	free(copy);
	return folder;
}

/* NAME.yaml has its key in NAME.token, beside it. */
static char *token_file_of(const struct init *i)
{
	char *copy = xstrdup(i->config_file);
	struct str name = str_of(basename(copy));
	char *out;

	if (str_ends(name, STR(".yaml")))
		name.n -= strlen(".yaml");
	out = xasprintf("%s/%.*s.token", i->folder, STR_ARGS(name));
	free(copy);
	return out;
}

static int refuse_existing(const char *file, struct err *e)
{
	if (access(file, F_OK) != 0)
		return 0;
	return err_set(e, ERR_USAGE,
		"%s is there already: it stays as it is (another name: opsync "
		"--config FILE init …)",
		file);
}

/* Each instance has its own.  A unit's daemon can write to its folder only. */
static char *store_of(const struct init *i)
{
	const char *folder = i->unit != NULL ? "/var/lib/opsync" : i->folder;

	if (strcmp(i->config.instance, "opsync") == 0)
		return xasprintf("%s/content", folder);
	return xasprintf("%s/%s/content", folder, i->config.instance);
}

static int find_token_file(struct init *i, struct err *e)
{
	if (i->given_token_file == NULL) {
		i->token_file = token_file_of(i);
		return refuse_existing(i->token_file, e);
	}
	i->token_file = realpath(i->given_token_file, NULL);
	if (i->token_file == NULL) /* it will be made */
		i->token_file = i->given_token_file[0] == '/'
					? xstrdup(i->given_token_file)
					: xasprintf("%s/%s", i->folder,
						  i->given_token_file);
	return 0;
}

static char *unit_of(const struct init *i)
{
	char *name = xstrdup(i->config_file);
	char *file = xasprintf("%s/%s", i->folder, basename(name));
	struct config config = {.file = file, .instance = i->config.instance};
	char *unit = cli_unit(&config);

	free(file);
	free(name);
	return unit;
}

static int find_places(struct init *i, struct err *e)
{
	char *handed;
	int r = refuse_existing(i->config_file, e);

	if (r != 0)
		return r;
	i->folder = folder_of(i->config_file);
	if (i->folder == NULL)
		return err_errno(
			e, ERR_IO, errno, "the folder of %s", i->config_file);
	i->unit = unit_of(i);
	i->store = store_of(i);
	r = find_token_file(i, e);
	if (r != 0)
		return r;
	handed = token_file_of(i);
	i->credential = i->unit != NULL && strcmp(i->token_file, handed) == 0;
	free(handed);
	return 0;
}

static int write_file(
	const char *path, mode_t mode, struct str bytes, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	ssize_t n;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "%s cannot be made", path);
	n = write(fd, bytes.p, bytes.n);
	if (n != (ssize_t)bytes.n || fsync(fd) != 0) {
		err_errno(e, ERR_IO, errno, "%s", path);
		close(fd);
		unlink(path);
		return ERR_IO;
	}
	close(fd);
	return 0;
}

static int write_key(const struct init *i, struct err *e)
{
	char *line = xasprintf("%s\n", i->key);
	int r = write_file(i->token_file, 0600, str_of(line), e);

	config_wipe_token(line);
	return r;
}

static int write_config(const struct init *i, struct err *e)
{
	const struct starter starter = {
		.url = i->url,
		.token_file = i->token_file,
		.credential = i->credential,
		.bearer = i->bearer,
		.store = i->store,
		.user = i->user.name,
		.names = &i->names,
		.scope = &i->scope,
	};
	struct config check = {0};
	struct buf text = {0};
	int r;

	starter_write(&starter, &text);
	r = write_file(i->config_file, 0644, buf_str(&text), e);
	/* A service reads it as a user of its own, whatever root's umask is. */
	if (r == 0 && i->unit != NULL && chmod(i->config_file, 0644) != 0)
		r = err_errno(e, ERR_IO, errno, "%s", i->config_file);
	if (r == 0) {
		r = config_load(i->config_file, &check, e);
		config_fini(&check);
	}
	buf_fini(&text);
	return r;
}

/* --- What the server shows ---------------------------------------------- */

static int find_projects(
	struct init *i, char *const *wanted, size_t n, struct err *e)
{
	struct config *c = &i->config;

	c->projects = ARENA_ARRAY(&c->arena, struct config_project,
		n > 0 ? n : i->names.n_projects);
	for (size_t k = 0; k < n; k++)
		c->projects[c->n_projects++].name = str_of(wanted[k]);
	for (size_t k = 0; n == 0 && k < i->names.n_projects; k++)
		if (i->names.projects[k].active)
			c->projects[c->n_projects++].name =
				i->names.projects[k].identifier;
	if (c->n_projects == 0)
		return err_set(e, ERR_AUTH,
			"%.*s may see no project: make it a member of those "
			"to sync, with a role that may view work packages",
			STR_ARGS(i->user.name));
	return names_find_scope(&i->names, c, true, &i->scope, e) == 0
		       ? 0
		       : ERR_CONFIG;
}

static int look(struct init *i, char *const *wanted, size_t n, struct err *e)
{
	struct server *server = NULL;
	int r = server_open_with(&i->config, i->key, &server, e);

	if (r == 0)
		r = server_user(server, &i->arena, &i->user, e);
	if (r == 0)
		r = server_projects(server, &i->names, e);
	if (r == 0)
		r = find_projects(i, wanted, n, e);
	if (r == 0)
		r = server_kinds(server, &i->names, e);
	if (r == 0)
		r = server_schemas(server, &i->scope, &i->names, e);
	server_close(server);
	return r;
}

/* --- The command -------------------------------------------------------- */

static void print_json(const struct init *i)
{
	json_t *projects = json_array();
	json_t *all;

	for (size_t k = 0; k < i->config.n_projects; k++)
		json_array_append_new(
			projects, json_stringn(i->config.projects[k].name.p,
					  i->config.projects[k].name.n));
	all = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o}", "config",
		i->config_file, "token_file", i->token_file, "store", i->store,
		"user", i->user.name.p, "admin", i->user.admin, "projects",
		projects);
	cli_print_json(all);
	json_decref(all);
}

static void print(const struct init *i)
{
	printf("%s is written", i->config_file);
	if (i->asked_for_key)
		printf(", and the key to %s (mode 0600)", i->token_file);
	printf(": %zu project%s that %.*s may see.\n", i->config.n_projects,
		i->config.n_projects == 1 ? "" : "s", STR_ARGS(i->user.name));
	printf("Look through it, then try\n"
	       "  opsync --config %s check%s%s\n",
		i->config_file, i->credential ? " --token-file " : "",
		i->credential ? i->token_file : "");
	if (i->unit != NULL)
		printf("  systemctl enable --now %s\n", i->unit);
	else
		printf("  opsyncd --config %s --once\n", i->config_file);
}

static void warn_of_administrator(const struct init *i)
{
	if (!i->user.admin)
		return;
	fprintf(stderr,
		"opsync: warning: this is the key of %.*s, an administrator: "
		"it sees every project of the server, private and archived "
		"ones, and all that people keep from each other. Documents "
		"are made of what it sees. A member with the role Reader "
		"suffices\n",
		STR_ARGS(i->user.name));
}

static int init(struct init *i, char *const *projects, size_t n, struct err *e)
{
	int r = find_places(i, e);

	if (r == 0)
		r = find_key(i, e);
	if (r == 0)
		r = look(i, projects, n, e);
	if (r != 0)
		return r;
	warn_of_administrator(i);
	if (i->asked_for_key)
		r = write_key(i, e);
	return r == 0 ? write_config(i, e) : r;
}

/* Without what a copied address has behind it. */
static const char *trim(struct arena *a, const char *url)
{
	struct str s = str_of(url);

	while (s.n > 0 && s.p[s.n - 1] == '/')
		s.n--;
	return arena_str(a, s).p;
}

int cli_init(struct cli *cli, struct err *e)
{
	struct init i = {0};
	const struct cli_option options[] = {
		{"token-file", "FILE",
			"has the key; where it is not there, the key is asked\n"
			"for and written to it (else to NAME.token, beside\n"
			"NAME.yaml, the configuration)",
			't', .text = &i.given_token_file},
		{"bearer", NULL,
			"send it as a Bearer token: for a server that takes "
			"no\n"
			"key by HTTP Basic",
			.set = &i.bearer},
		{0},
	};
	int r = cli_parse(cli, options, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 1, INT_MAX - 1, e);
	if (r == 0 && cli->instance != NULL)
		r = err_set(e, ERR_USAGE,
			"init: --instance names a configuration that is "
			"there; --config FILE says which to write");
	if (r == 0) {
		i.config_file = cli->config_file != NULL ? cli->config_file
							 : "opsync.yaml";
		config_defaults(&i.config, i.config_file);
		i.url = trim(&i.arena, cli->argv[optind]);
		i.config.url = i.url;
		i.config.bearer = i.bearer;
		r = init(&i, cli->argv + optind + 1,
			(size_t)(cli->argc - optind - 1), e);
	}
	if (r == 0 && cli->json)
		print_json(&i);
	else if (r == 0)
		print(&i);
	config_wipe_token(i.key);
	free(i.folder);
	free(i.token_file);
	free(i.store);
	free(i.unit);
	free(i.scope.ids);
	names_fini(&i.names);
	config_fini(&i.config);
	arena_fini(&i.arena);
	return r;
}
