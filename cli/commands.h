#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/cli.h"

/*
 * A row of the table of commands.  A new command is a row in commands.c and
 * a file of its own.
 */
struct command {
	const char *name;
	const char *arguments; /* as --help shows them */
	const char *does;      /* one line of at most 47 characters */
	cli_command *run;
};

/* NULL with ERR_USAGE, which says what was probably meant. */
const struct command *command_of(const char *name, struct err *e);

/* How --help begins, of everything or of one command. */
void commands_usage(void);
void command_usage(const struct command *command);

cli_command cli_accept_server;
cli_command cli_adopt;
cli_command cli_cancel;
cli_command cli_check;
cli_command cli_diff;
cli_command cli_explain;
cli_command cli_held;
cli_command cli_init;
cli_command cli_log;
cli_command cli_publish;
cli_command cli_release;
cli_command cli_pause;
cli_command cli_reload;
cli_command cli_render;
cli_command cli_resume;
cli_command cli_resync;
cli_command cli_runs;
cli_command cli_show_one;
cli_command cli_status;
cli_command cli_verify;
cli_command cli_withdraw;

#endif
