/*
 * commands - the table of what opsync can do.
 */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

static int cli_help(struct cli *cli, struct err *e);

static const struct command commands[] = {
	{"init", "URL [PROJECT]… [--token-file FILE] [--bearer]",
		"write a first configuration for a server", cli_init},
	{"check", "[--offline] [--token-file FILE]",
		"is the configuration right?", cli_check},
	{"diff", "[ID]… [--full] [--token-file FILE]",
		"what a run would change (the dry run)", cli_diff},
	{"status", "[--all] [--watch] [--check [--max-lag TIME]]",
		"what the daemon did, does, will do", cli_status},
	{"resync", "[--full | [--project P]… [--wp ID]… [--failed]] [--wait]",
		"sync now; all, or some of it", cli_resync},
	{"cancel", "", "end what resync asked for", cli_cancel},
	{"pause", "[REASON]", "sync no more, until resume", cli_pause},
	{"resume", "", "go on after a pause", cli_resume},
	{"reload", "", "read the configuration again", cli_reload},
	{"runs", "[--limit N] [--daily] [--no-pager]",
		"the passes, the newest first", cli_runs},
	{"log",
		"[-f] [--run N] [--wp ID] [--project P] [--event KIND]\n"
		"      [--level L] [--since T] [--until T] [--grep TEXT] "
		"[--limit N] [--no-pager]",
		"what each pass did, and why", cli_log},
	{"show", "ID | PATH | URL [--no-pager]",
		"all that is known of a work package, or a file", cli_show_one},
	{"held", "[SET]", "what the guard holds, and why", cli_held},
	{"release", "SET [--project P] [--wp ID]… [--dry-run]",
		"let go what is held, as it was shown", cli_release},
	{"withdraw", "ID…", "take documents out, and keep them out",
		cli_withdraw},
	{"publish", "ID…", "what was withdrawn comes back", cli_publish},
	{"accept-server", "", "it is another server, and meant to be",
		cli_accept_server},
	{"adopt", "[--dry-run] [PATH]…",
		"take over files that another tool wrote", cli_adopt},
	{"verify", "[--repair]", "store, state and server against each other",
		cli_verify},
	{"render", "ID | FILE.json [--schema FILE] [--attachments DIR]",
		"a document on standard output", cli_render},
	{"explain", "ID | FILE.json [KEY] [--schema FILE] [--attachments DIR]",
		"why it makes that document, or none", cli_explain},
	{"help", "[COMMAND]", "this list, or the options of a command",
		cli_help},
};

#define COLUMN 28 /* where the table's second half begins */

/* Of a text in UTF-8: more than it has characters. */
static int extra_bytes(const char *text)
{
	int n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) == 0x80;
	return n;
}

void commands_usage(void)
{
	puts("usage: opsync [-c FILE | -i NAME] [--json] COMMAND …\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const struct command *c = &commands[i];
		int n = printf("  %s%s%s", c->name,
			c->arguments[0] != '\0' ? " " : "", c->arguments);

		n -= extra_bytes(c->arguments);

		if (n > COLUMN || strchr(c->arguments, '\n') != NULL)
			printf("\n%*s%s\n", COLUMN + 2, "", c->does);
		else
			printf("%*s%s\n", COLUMN + 2 - n, "", c->does);
	}
	putchar('\n');
}

void command_usage(const struct command *c)
{
	printf("usage: opsync %s%s%s\n\n  %s\n", c->name,
		c->arguments[0] != '\0' ? " " : "", c->arguments, c->does);
}

const struct command *command_of(const char *name, struct err *e)
{
	const char *names[ARRAY_LEN(commands)];
	const char *nearest;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		names[i] = commands[i].name;
	}
	nearest = str_nearest(str_of(name), names, ARRAY_LEN(names));
	if (nearest != NULL)
		err_set(e, ERR_USAGE,
			"unknown command '%s' (did you mean '%s'?)", name,
			nearest);
	else
		err_set(e, ERR_USAGE, "unknown command '%s' (opsync --help)",
			name);
	return NULL;
}

/* COMMAND --help says it, since the command has its options. */
static int cli_help(struct cli *cli, struct err *e)
{
	const struct command *of = NULL;
	char *asked[] = {cli->argv[0], "--help", NULL};
	struct cli asks = {.argc = 2, .argv = asked};
	int r = cli_parse(cli, NULL, NULL, NULL, e);

	if (r == 0)
		r = cli_arguments(cli, 0, 1, e);
	if (r == 0 && optind < cli->argc) {
		asked[0] = cli->argv[optind];
		of = command_of(asked[0], e);
		r = of == NULL ? e->code : 0;
	}
	if (r != 0)
		return r;
	return of != NULL ? of->run(&asks, e) : cli_parse_first(&asks, e);
}
