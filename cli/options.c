/*
 * options - the arguments of opsync and of each command, by getopt_long();
 * what it finds wrong is said in our words.  --help explains the options of
 * the same table.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arguments.h"
#include "base/version.h"
#include "cli/commands.h"

#define MAX_OPTIONS 32
#define COLUMN 26 /* where --help says what an option does */

enum { OPT_UNNAMED = 0x1000 }; /* a val for getopt_long() only */

/* What getopt_long() needs. */
struct table {
	struct cli_option rows[MAX_OPTIONS];
	struct option options[MAX_OPTIONS];
	const char *names[MAX_OPTIONS];
	size_t n, n_own;
	const char *below; /* what else is said of its own, or NULL */
	char letters[2 * MAX_OPTIONS + 3];
	bool help, version;
};

static void add(struct table *t, const struct cli_option *row)
{
	int has_arg = row->value == NULL ? no_argument : required_argument;
	int val = row->val != 0 ? row->val : OPT_UNNAMED + (int)t->n;
	char *end = t->letters + strlen(t->letters);

	assert(t->n < MAX_OPTIONS - 1);
	assert((row->value == NULL) == (row->set != NULL));
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
		{"config", "FILE", "the configuration of the daemon", 'c',
			.text = &cli->config_file},
		{"instance", "NAME",
			"NAME.yaml in ~/.config/opsync or /etc/opsync\n"
			"(else $OPSYNC_INSTANCE, or the only one there)",
			'i', .text = &cli->instance},
		{"json", NULL, "for programs: one object a line",
			.set = &cli->json},
		{"version", NULL, "print the version", 'V', .set = &t->version},
		{"help", NULL, "print this", 'h', .set = &t->help},
	};

	for (; own != NULL && own->name != NULL; own++)
		add(t, own);
	t->n_own = t->n;
	t->below = own != NULL ? own->does : NULL;
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
	const struct cli_option *known = find(t, optopt);
	struct str name = argument_taken(cli->argv);
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

static void explain(const struct cli_option *o)
{
	bool has_letter = o->val > 0 && o->val < 256;
	struct str rest = str_of(o->does);
	struct str line;
	int n = has_letter ? printf("  -%c, --%s", o->val, o->name)
			   : printf("      --%s", o->name);

	if (o->value != NULL)
		n += printf(" %s", o->value);
	for (; str_line(&rest, &line); n = 0)
		printf("%*s%.*s\n", COLUMN - n, "", STR_ARGS(line));
}

static void explain_own(const struct table *t)
{
	if (t->n_own > 0)
		putchar('\n');
	for (size_t i = 0; i < t->n_own; i++)
		explain(&t->rows[i]);
	if (t->below != NULL)
		printf("\n%s\n", t->below);
	puts("\nOptions of every command:");
}

static void help(const struct table *t, const struct command *command)
{
	if (command != NULL) {
		command_usage(command);
		explain_own(t);
	} else {
		commands_usage();
	}
	for (size_t i = t->n_own; i < t->n; i++)
		explain(&t->rows[i]);
	puts("\nExit codes: sysexits.h; diff, resync, status, verify and "
	     "withdraw have more.");
}

/* What was asked is answered at once, whatever follows. */
static int say(
	const struct table *t, const struct command *command, struct err *e)
{
	int r;

	if (t->version)
		puts("opsync " OPSYNC_VERSION);
	else
		help(t, command);
	r = cli_end_output(e);
	if (r == 0)
		exit(0);
	return r;
}

/* As getopt_long(), but for abbreviations, which are unknown options. */
static int next(const struct cli *cli, const struct table *t)
{
	int at = -1;
	int c = getopt_long(cli->argc, cli->argv, t->letters, t->options, &at);

	if (c == -1 || at < 0 || !argument_is_cut(cli->argv, t->names[at]))
		return c;
	optopt = 0;
	return '?';
}

/* Each of them says the whole. */
static int check_one_config(const struct cli *cli, struct err *e)
{
	if (cli->config_file == NULL || cli->instance == NULL)
		return 0;
	return err_set(e, ERR_USAGE,
		"--config and --instance each say which configuration: leave "
		"out one");
}

static int scan(struct cli *cli, const struct table *t,
	const struct command *command, cli_take_fn *take, void *arg,
	struct err *e)
{
	int r = 0;
	int c;

	opterr = 0;
	optind = 0; /* begin anew, behind the name */
	while (r == 0 && (c = next(cli, t)) != -1) {
		const struct cli_option *row = find(t, c);

		if (row == NULL) {
			r = complain(cli, t, c, e);
		} else if (row->set != NULL) {
			*row->set = true;
		} else if (row->text != NULL) {
			*row->text = optarg;
		} else {
			assert(take != NULL);
			r = take(arg, c, e);
		}
		if (t->help || t->version)
			r = say(t, command, e);
	}
	if (r == 0)
		r = check_one_config(cli, e);
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
