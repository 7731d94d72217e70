/*
 * check - is the configuration right?
 *
 * By itself: that is decided by reading it.  Then against the server: the
 * key, the projects, and every name that the mapping has.  With --offline the
 * names count that the state remembers from the daemon's last look; where it
 * does not know enough, that is said, and is no error.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check_notes.h"
#include "cli/commands.h"
#include "cli/coverage.h"
#include "cli/renamed.h"
#include "cli/server.h"
#include "daemon/client.h"
#include "store/store.h"

/* What the names of the configuration were held against. */
enum held { HELD_NOTHING, HELD_NAMES, HELD_ALL };

static const char *const held_words[] = {
	[HELD_NOTHING] = "nothing",
	[HELD_NAMES] = "names",
	[HELD_ALL] = "names and custom fields",
};

struct checking {
	bool offline;
	const char *token_file;
	struct config config;
	struct arena arena;
	struct api_user user; /* whose key it is; id 0: not asked */
	struct names names;
	struct names_scope scope;
	struct frozen renamed;
	enum held held;
};

/* --- The names ---------------------------------------------------------- */

/* Whoever has no state, or may not read it, does without. */
static void learn_renamed(struct checking *c)
{
	struct state *state = NULL;

	frozen_fini(&c->renamed);
	if (cli_state(&c->config, &state, NULL) == 0)
		renamed_learn(&c->names, state, &c->renamed, NULL);
	state_close(state);
}

/* All that are wrong are told, the last one by who asks. */
static int hold_names(struct checking *c, struct err *e)
{
	bool fields = names_have_schemas(&c->names, &c->scope);
	size_t i = 0;
	struct err one = {0};

	*e = one;
	while (names_check_each(
		&c->names, c->config.program, fields, NULL, &i, &one)) {
		if (e->code != 0)
			fprintf(stderr, "opsync: %s\n", e->text);
		*e = one;
	}
	if (e->code == 0)
		c->held = fields ? HELD_ALL : HELD_NAMES;
	return e->code;
}

static int find_scope(struct checking *c, struct err *e)
{
	return names_find_scope(&c->names, &c->config, true, &c->scope, e);
}

/* Against what the state remembers, if there is one. */
static int hold_remembered(struct checking *c, struct err *e)
{
	struct state *state = NULL;
	int rc = cli_state(&c->config, &state, e);

	if (rc == ERR_UNAVAILABLE) {
		*e = (struct err){0};
		return 0;
	}
	if (rc == 0)
		rc = names_load(&c->names, state, e);
	state_close(state);
	if (rc != 0 || !names_have_lists(&c->names) ||
		c->names.n_projects == 0 || c->names.n_types == 0)
		return rc;
	learn_renamed(c);
	rc = find_scope(c, e);
	return rc == 0 ? hold_names(c, e) : rc;
}

/* Against the server itself. */
static int ask(struct checking *c, struct server *server, struct err *e)
{
	int rc = server_user(server, &c->arena, &c->user, e);

	if (rc == 0)
		rc = server_projects(server, &c->names, e);
	if (rc == 0)
		learn_renamed(c);
	if (rc == 0)
		rc = find_scope(c, e);
	if (rc == 0)
		rc = server_kinds(server, &c->names, e);
	if (rc == 0)
		rc = server_schemas(server, &c->scope, &c->names, e);
	if (rc == 0) /* of the kinds, too */
		learn_renamed(c);
	return rc == 0 ? hold_names(c, e) : rc;
}

static int hold_served(struct checking *c, struct err *e)
{
	struct server *server = NULL;
	int rc = server_open(&c->config, c->token_file, &server, e);

	if (rc == 0)
		rc = ask(c, server, e);
	server_close(server);
	if (rc == ERR_UNAVAILABLE || rc == ERR_AUTH)
		err_prefix(e,
			"%s is right by itself, but not held against the "
			"server (--offline does without)",
			c->config.file);
	return rc;
}

/* --- What it says ------------------------------------------------------- */

static json_t *projects_of(const struct checking *c)
{
	json_t *all = json_array();

	for (size_t i = 0; i < c->names.n_projects; i++) {
		const struct project *p = &c->names.projects[i];

		if (names_in_scope(c->scope.ids, c->scope.n, p->id))
			json_array_append_new(all,
				json_pack("{s:I, s:s, s:s}", "id",
					(json_int_t)p->id, "identifier",
					p->identifier.p, "name", p->name.p));
	}
	return all;
}

/* A unit may make it (RuntimeDirectory=): so it is no error. */
static void add_socket_note(const struct checking *c, json_t *notes)
{
	const char *socket = c->config.socket;
	char *folder = xstrdup(socket != NULL ? socket : "");
	char *slash = strrchr(folder, '/');
	char *note;

	if (slash != NULL)
		*slash = '\0';
	if (slash != NULL && slash != folder && access(folder, F_OK) != 0 &&
		errno == ENOENT) {
		note = xasprintf("control.socket: there is no folder %s: "
				 "opsyncd does not start without it",
			folder);
		json_array_append_new(notes, json_string(note));
		free(note);
	}
	free(folder);
}

static void print_json(
	const struct checking *c, json_t *coverage, json_t *notes)
{
	json_t *all = json_pack("{s:s, s:s, s:s, s:o, s:O, s:O}", "config",
		c->config.file, "held_against", held_words[c->held], "server",
		c->config.url, "projects", projects_of(c), "documents",
		coverage, "notes", notes);

	if (c->user.id != 0)
		json_object_set_new(all, "key",
			json_pack("{s:s, s:b, s:s?}", "user", c->user.name.p,
				"admin", c->user.admin, "language",
				c->user.language.p));
	cli_print_json(all);
	json_decref(all);
}

static void print_server(const struct checking *c)
{
	json_t *projects = projects_of(c);

	if (c->user.id != 0)
		printf("the key is that of %s%s\n", c->user.name.p,
			c->user.admin
				? ", an administrator: it sees every project. "
				  "One who may only view work packages will do"
				: "");
	/* With none of its own it is answered in the one asked for: English. */
	if (c->user.language.n > 0 && !str_starts(c->user.language, STR("en")))
		printf("its language is '%s': set it to English, in which it "
		       "is known what OpenProject says of options that were "
		       "deleted\n",
			c->user.language.p);
	for (size_t i = 0; i < json_array_size(projects); i++) {
		const json_t *p = json_array_get(projects, i);

		printf("%s%s (%s)", i == 0 ? "the projects are " : ", ",
			cli_text(p, "identifier", ""), cli_text(p, "name", ""));
	}
	if (json_array_size(projects) > 0)
		putchar('\n');
	for (size_t i = 0; i < N_NAMES_KINDS; i++)
		if (c->names.unreadable[i].code != 0)
			printf("%s: it is left out\n",
				c->names.unreadable[i].text);
	json_decref(projects);
}

static void print(
	const struct checking *c, const json_t *coverage, const json_t *notes)
{
	print_server(c);
	coverage_print(coverage);
	for (size_t i = 0; i < json_array_size(notes); i++)
		printf("note: %s\n", cli_string(json_array_get(notes, i), ""));
	printf("%s is right by itself", c->config.file);
	if (c->held == HELD_NOTHING)
		printf("; the server's names are not known here yet\n");
	else if (c->held == HELD_NAMES)
		printf(", and so are its names; the custom fields are not "
		       "all known here\n");
	else
		printf(", and so are all names that it uses\n");
}

/* --- The command -------------------------------------------------------- */

/* Where we may not look, the daemon may. */
static int hold_store(const struct checking *c, struct err *e)
{
	int rc = store_may_use(c->config.store_path, c->config.bare, e);

	if (rc != ERR_IO)
		return rc;
	*e = (struct err){0};
	return 0;
}

static int hold_ca_file(const struct checking *c, struct err *e)
{
	const char *file = c->config.ca_file;

	if (file != NULL && access(file, R_OK) != 0 && errno == EACCES)
		return 0;
	return client_check_ca_file(&c->config, e);
}

static int check(struct cli *cli, struct checking *c, struct err *e)
{
	json_t *coverage;
	json_t *notes;
	int rc = cli_config(cli, &c->config, e);

	if (rc == 0)
		rc = hold_store(c, e);
	if (rc == 0)
		rc = hold_ca_file(c, e);
	if (rc == 0)
		rc = c->offline ? hold_remembered(c, e) : hold_served(c, e);
	if (rc != 0)
		return rc;
	coverage = coverage_make(c->config.program, &c->names, &c->scope);
	check_notes_add(
		coverage, c->config.program, &c->names, c->held == HELD_ALL);
	notes = json_array();
	add_socket_note(c, notes);
	if (cli->json)
		print_json(c, coverage, notes);
	else
		print(c, coverage, notes);
	json_decref(notes);
	json_decref(coverage);
	return 0;
}

int cli_check(struct cli *cli, struct err *e)
{
	struct checking c = {0};
	const struct cli_option options[] = {
		{"offline", NULL,
			"ask nobody: the names count that the daemon last saw",
			.set = &c.offline},
		{"token-file", "FILE",
			"ask with the key in FILE; else the daemon is asked,\n"
			"or the key of the configuration is taken",
			.text = &c.token_file},
		{0},
	};
	int rc = cli_parse(cli, options, NULL, NULL, e);

	if (rc == 0)
		rc = cli_arguments(cli, 0, 0, e);
	if (rc == 0)
		rc = check(cli, &c, e);
	free(c.scope.ids);
	names_fini(&c.names);
	frozen_fini(&c.renamed);
	config_fini(&c.config);
	arena_fini(&c.arena);
	return rc;
}
