/*
 * options - the arguments of opsync and of each command, by getopt_long();
 * what it finds wrong is said in our words.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "cli/commands.h"

#define MAX_OPTIONS 32

enum { OPT_UNNAMED = 0x1000 }; /* a val for getopt_long() only */

/* What getopt_long() needs. */
struct table {
	struct cli_option rows[MAX_OPTIONS];
	struct option options[MAX_OPTIONS];
	const char *names[MAX_OPTIONS];
	size_t n;
	char letters[2 * MAX_OPTIONS + 3];
	bool help, version;
};

static void add(struct table *t, const struct cli_option *row)
{
	int has_arg = row->set != NULL ? no_argument : required_argument;
	int val = row->val != 0 ? row->val : OPT_UNNAMED + (int)t->n;
	char *end = t->letters + strlen(t->letters);

	assert(t->n < MAX_OPTIONS - 1);
	t->rows[t->n] = *row;
	t->names[t->n] = row->name;
	t->options[t->n++] = (struct option){row->name, has_arg, NULL, val};
	if (val >= 256)
		return;
	*end++ = (char)val;
	if (has_arg == required_argument)
		*end++ = ':';
	*end = '\0';
}

static void add_all(
	struct table *t, struct cli *cli, const struct cli_option *own)
{
	const struct cli_option common[] = {
		{"config", 'c', .text = &cli->config_file},
		{"instance", 'i', .text = &cli->instance},
		{"json", .set = &cli->json},
		{"help", 'h', .set = &t->help},
		{"version", 'V', .set = &t->version},
	};

	for (; own != NULL && own->name != NULL; own++)
		add(t, own);
	for (size_t i = 0; i < ARRAY_LEN(common); i++)
		add(t, &common[i]);
}

static const struct cli_option *find(const struct table *t, int val)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->options[i].val == val)
			return &t->rows[i];
	return NULL;
}

/* "log: ", or nothing before the command is known. */
static int complain(
	const struct cli *cli, const struct table *t, int c, struct err *e)
{
	const char *given = cli->argv[optind - 1];
	const struct cli_option *known = find(t, optopt);
	struct str name = {given, strcspn(given, "=")};
	const char *nearest;

	if (c == ':')
		return err_set(e, ERR_USAGE, "--%s needs a value", known->name);
	if (optopt != 0 && known != NULL)
		return err_set(
			e, ERR_USAGE, "--%s takes no value", known->name);
	if (optopt != 0)
		return err_set(e, ERR_USAGE,
			"unknown option '-%c' (see --help)", optopt);
	nearest = name.n > 2 ? str_nearest(str_skip(name, 2), t->names, t->n)
			     : NULL;
	if (nearest == NULL)
		return err_set(e, ERR_USAGE,
			"unknown option '%.*s' (see --help)", STR_ARGS(name));
	return err_set(e, ERR_USAGE,
		"unknown option '%.*s' (did you mean '--%s'?)", STR_ARGS(name),
		nearest);
}

/* What was asked is answered at once, whatever follows. */
static int say(
	const struct table *t, const struct command *command, struct err *e)
{
	int r;

	if (t->version)
		puts("opsync " OPSYNC_VERSION);
	else if (command != NULL)
		command_help(command);
	else
		commands_help();
	r = cli_end_output(e);
	if (r == 0)
		exit(0);
	return r;
}

static int scan(struct cli *cli, const struct table *t,
	const struct command *command, cli_take_fn *take, void *arg,
	struct err *e)
{
	int r = 0;
	int c;

	opterr = 0;
	while (r == 0 && (c = getopt_long(cli->argc, cli->argv, t->letters,
				  t->options, NULL)) != -1) {
		const struct cli_option *row = find(t, c);

		if (row == NULL)
			r = complain(cli, t, c, e);
		else if (row->set != NULL)
			*row->set = true;
		else if (row->text != NULL)
			*row->text = optarg;
		else
			r = take(arg, c, e);
		if (t->help || t->version)
			r = say(t, command, e);
	}
	if (r != 0 && command != NULL)
		err_prefix(e, "%s", command->name);
	return r;
}

int cli_parse_first(struct cli *cli, struct err *e)
{
	struct table t = {.letters = "+:"};
	int r;

	add_all(&t, cli, NULL);
	r = scan(cli, &t, NULL, NULL, NULL, e);
	if (r != 0)
		return r;
	if (optind == cli->argc)
		return err_set(e, ERR_USAGE, "which command? (opsync --help)");
	cli->argc -= optind;
	cli->argv += optind;
	return 0;
}

int cli_parse(struct cli *cli, const struct cli_option *own, cli_take_fn *take,
	void *arg, struct err *e)
{
	struct table t = {.letters = ":"}; /* a value that is missing: ':' */

	add_all(&t, cli, own);
	optind = 0; /* begin anew, behind the command's name */
	return scan(cli, &t, command_of(cli->argv[0], e), take, arg, e);
}

int cli_arguments(struct cli *cli, int least, int most, struct err *e)
{
	int n = cli->argc - optind;

	if (n < least)
		return err_set(e, ERR_USAGE,
			"%s: something is missing behind "
			"it (opsync %s --help)",
			cli->argv[0], cli->argv[0]);
	if (n > most)
		return err_set(e, ERR_USAGE,
			"%s: unexpected argument '%s' (opsync %s --help)",
			cli->argv[0], cli->argv[optind + most], cli->argv[0]);
	return 0;
}
