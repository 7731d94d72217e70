/*
 * check - is the configuration right?
 *
 * By itself: that is decided by reading it.  Then against the names that the
 * server had when the daemon last asked, from the state: no server is needed.
 * Where the state does not know enough, it says so and that is no error.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "content/program.h"
#include "daemon/names.h"

/* What the names of the configuration were held against. */
enum held { HELD_NOTHING, HELD_NAMES, HELD_ALL };

static const char *const held_words[] = {
	[HELD_NOTHING] = "nothing",
	[HELD_NAMES] = "names",
	[HELD_ALL] = "names and custom fields",
};

static int hold(const struct config *config, const struct names *names,
	enum held *held, struct err *e)
{
	struct names_scope scope = {0};
	bool fields;
	int rc;

	if (names->n_projects == 0 || names->n_types == 0)
		return 0;
	rc = names_find_scope(names, config, true, &scope, e);
	fields = rc == 0 && names_have_schemas(names, &scope);
	if (rc == 0)
		rc = names_check(names, config->program, fields, e);
	if (rc == 0)
		*held = fields ? HELD_ALL : HELD_NAMES;
	free(scope.ids);
	return rc;
}

/* Against what the state remembers, if there is one. */
static int hold_names(
	const struct config *config, enum held *held, struct err *e)
{
	struct state *state = NULL;
	struct names names = {0};
	int rc = cli_state(config, &state, e);

	*held = HELD_NOTHING;
	if (rc == ERR_UNAVAILABLE) {
		*e = (struct err){0};
		return 0;
	}
	if (rc == 0)
		rc = names_load(&names, state, e);
	if (rc == 0)
		rc = hold(config, &names, held, e);
	names_fini(&names);
	state_close(state);
	return rc;
}

static void print_json(
	const struct config *config, const struct buf *outline, enum held held)
{
	json_t *all = json_pack("{s:s, s:o, s:s}", "config", config->file,
		"lines", cli_lines(outline), "held_against", held_words[held]);

	json_dumpf(all, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(all);
}

static void print(
	const struct config *config, const struct buf *outline, enum held held)
{
	fwrite(outline->p, 1, outline->n, stdout);
	printf("%s is right by itself", config->file);
	if (held == HELD_NOTHING)
		printf("; the server's names are not known here yet\n");
	else if (held == HELD_NAMES)
		printf(", and so are its names; the custom fields are not "
		       "all known here\n");
	else
		printf(", and so are all names that it uses\n");
}

int cli_check(struct cli *cli, struct err *e)
{
	struct config config = {0};
	struct buf outline = {0};
	enum held held = HELD_NOTHING;
	int rc = cli_parse(cli, NULL, NULL, NULL, e);

	if (rc == 0)
		rc = cli_arguments(cli, 0, 0, e);
	if (rc == 0)
		rc = cli_config(cli, &config, e);
	if (rc == 0)
		rc = hold_names(&config, &held, e);
	if (rc == 0) {
		program_outline(config.program, &outline);
		if (cli->json)
			print_json(&config, &outline, held);
		else
			print(&config, &outline, held);
	}
	buf_fini(&outline);
	config_fini(&config);
	return rc;
}
