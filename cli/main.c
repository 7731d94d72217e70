/*
 * opsync - what people type to see what opsyncd does, and to make it do it.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/version.h"
#include "cli/cli.h"

static const char usage[] =
	"usage: opsync [-c FILE | -i NAME] [--json] COMMAND …\n"
	"\n"
	"  check                       is the configuration right?\n"
	"  status                      what the daemon did, does, will do\n"
	"  resync [--full] [--wp ID]… [--wait]\n"
	"                              sync now; all, or some work packages\n"
	"  reload                      read the configuration again\n"
	"  runs [--limit N]            the passes, the newest first\n"
	"  log [--run N] [--wp ID] [--level L] [--limit N]\n"
	"                              what each pass did, and why\n"
	"  render ID | FILE.json [--schema FILE] [--attachments DIR]\n"
	"                              a document on standard output\n"
	"  explain ID | FILE.json [KEY] [--schema FILE] [--attachments DIR]\n"
	"                              why it makes that document, or none\n"
	"\n"
	"  -c, --config FILE     the configuration of the daemon\n"
	"  -i, --instance NAME   /etc/opsync/NAME.yaml (or $OPSYNC_INSTANCE)\n"
	"      --json            for programs: one object a line\n"
	"  -V, --version         print the version\n"
	"  -h, --help            print this\n"
	"\n"
	"Exit codes are those of sysexits.h; 3: some work packages failed.\n";

static const struct {
	const char *name;
	cli_command *run;
} commands[] = {
	{"check", cli_check},
	{"status", cli_status},
	{"resync", cli_resync},
	{"reload", cli_reload},
	{"runs", cli_runs},
	{"log", cli_log},
	{"render", cli_render},
	{"explain", cli_explain},
};

static const struct option options[] = {
	CLI_LONG,
	{"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

/* The options before the command; *done: nothing is left to do. */
static int parse(
	int argc, char **argv, struct cli *cli, bool *done, struct err *e)
{
	int c;

	while ((c = getopt_long(
			argc, argv, "+" CLI_SHORT "Vh", options, NULL)) != -1) {
		switch (c) {
		case 'V':
			puts("opsync " OPSYNC_VERSION);
			*done = true;
			return 0;
		case 'h':
			fputs(usage, stdout);
			*done = true;
			return 0;
		default:
			if (!cli_take(cli, c))
				return err_set(
					e, ERR_USAGE, "see opsync --help");
		}
	}
	if (optind == argc)
		return err_set(e, ERR_USAGE, "which command? (opsync --help)");
	return 0;
}

static int unknown(const char *name, struct err *e)
{
	const char *names[sizeof(commands) / sizeof(commands[0])];
	const char *nearest;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i].name;
	nearest = str_nearest(str_of(name), names, ARRAY_LEN(names));
	if (nearest != NULL)
		return err_set(e, ERR_USAGE,
			"unknown command '%s' (did you mean '%s'?)", name,
			nearest);
	return err_set(
		e, ERR_USAGE, "unknown command '%s' (opsync --help)", name);
}

static int run(struct cli *cli, const char *name, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return commands[i].run(cli, e);
	return unknown(name, e);
}

int main(int argc, char **argv)
{
	struct cli cli = {0};
	struct err e = {0};
	bool done = false;
	int r;

	signal(SIGPIPE, SIG_IGN);
	r = parse(argc, argv, &cli, &done, &e);
	if (r == 0 && !done) {
		/* The command's name stands where getopt wants the program's.
		 */
		cli.argc = argc - optind;
		cli.argv = argv + optind;
		optind = 0; /* begin anew */
		r = run(&cli, cli.argv[0], &e);
	}
	if (r != 0)
		fprintf(stderr, "opsync: %s\n", e.text);
	if (fflush(stdout) != 0 && r == 0)
		return err_exit_code(ERR_IO);
	return err_exit_code(r);
}
