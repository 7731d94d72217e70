/*
 * opsync - what people type to see what opsyncd does, and to make it do it.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/commands.h"

static bool reader_left(void)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

int cli_end_output(struct err *e)
{
	bool failed = ferror(stdout) != 0;

	errno = 0;
	failed = fflush(stdout) != 0 || failed;
	if (!failed || reader_left())
		return 0;
	return errno != 0 ? err_errno(e, ERR_IO, errno, "standard output")
			  : err_set(e, ERR_IO,
				    "standard output: not all of it could be "
				    "written");
}

int main(int argc, char **argv)
{
	struct cli cli = {.argc = argc, .argv = argv};
	const struct command *command = NULL;
	struct err e = {0};
	int r;

	standard_streams_init();
	/* Some commands hold the key: as in the daemon, no core dumps. */
	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &(struct rlimit){0});
	signal(SIGPIPE, SIG_IGN);
	r = cli_parse_first(&cli, &e);
	if (r == 0)
		command = command_of(cli.argv[0], &e);
	if (r == 0)
		r = command != NULL ? command->run(&cli, &e) : e.code;
	if (r == 0)
		r = cli_end_output(&e);
	str_clean(e.text);
	if (r != 0)
		fprintf(stderr, "opsync: %s\n", e.text);
	return r == 0 ? cli.exit_code : err_exit_code(r);
}
