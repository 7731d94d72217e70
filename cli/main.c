/*
 * opsync - what people type to see what opsyncd does, and to make it do it.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cli/commands.h"

int main(int argc, char **argv)
{
	struct cli cli = {.argc = argc, .argv = argv};
	const struct command *command = NULL;
	struct err e = {0};
	int r;

	/* Some commands hold the key: as in the daemon, no core dumps. */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	signal(SIGPIPE, SIG_IGN);
	r = cli_parse_first(&cli, &e);
	if (r == 0)
		command = command_of(cli.argv[0], &e);
	if (r == 0)
		r = command != NULL ? command->run(&cli, &e) : e.code;
	if (r != 0)
		fprintf(stderr, "opsync: %s\n", e.text);
	if (fflush(stdout) != 0 && r == 0)
		return err_exit_code(ERR_IO);
	return r == 0 ? cli.exit_code : err_exit_code(r);
}
