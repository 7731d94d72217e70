#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <getopt.h>
#include <jansson.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/stamp.h"
#include "daemon/config.h"
#include "store/state.h"

/* What every command knows. */
struct cli {
	const char *config_file; /* --config, or NULL */
	const char *instance;    /* -i, or NULL */
	bool json;
	int argc; /* the command's name, and its own arguments */
	char **argv;
	int exit_code; /* where the result is no failure; else 0 */
};

/*
 * A command parses its own arguments, prints to standard output, and gives 0
 * or an err_code that e words.
 */
typedef int cli_command(struct cli *cli, struct err *e);

/*
 * Load the configuration that is meant: --config, else that of the instance
 * (cli/instance.h), else the only one there.  Give it to config_fini().
 */
int cli_config(const struct cli *cli, struct config *out, struct err *e);

/*
 * The same for what asks the daemon: where this user may not read the file, or
 * it is wrong by now, a configuration with as much as its daemon says of it
 * (address, store, poll).  ERR_AUTH says plainly if that cannot be asked
 * either; of a wrong file the error stays, or a note is printed.
 */
struct instance;
int cli_reach(const struct cli *cli, struct config *out, struct err *e);
int cli_reach_instance(
	const struct instance *one, struct config *out, struct err *e);
bool cli_is_reached(const struct config *config); /* not from the file, */
bool cli_is_wrong(
	const struct config *config, struct err *e); /* which is wrong: how */

/*
 * Ask the daemon, or the state itself while no daemon runs.  request is an
 * object with "command" (status, runs or log) and its parameters; lines gets
 * the answer without its last line; *running says who answered.
 * ERR_UNAVAILABLE if the daemon says nothing for a minute.
 */
int cli_ask(const struct config *config, const json_t *request,
	struct buf *lines, bool *running, struct err *e);

/* An answer as it is with --json, else print() gets each of its lines. */
int cli_print(struct cli *cli, const struct buf *lines,
	void (*print)(void *arg, const json_t *line), void *arg, struct err *e);

/* Ask as cli_ask() does, and print the answer as cli_print() does. */
int cli_show(struct cli *cli, const struct config *config,
	const json_t *request, void (*print)(void *arg, const json_t *line),
	void *arg, struct err *e);

/* The same for what only a running daemon can do; loads the configuration. */
int cli_tell(struct cli *cli, const json_t *request,
	void (*print)(void *arg, const json_t *line), void *arg, struct err *e);

/*
 * Has all that was printed arrived?  ERR_IO if not; who reads no more has what
 * was wanted, as in opsync runs | head.
 */
int cli_end_output(struct err *e);

/*
 * The unit of a configuration's daemon, or NULL where it has none: in another
 * folder than /etc/opsync, or without systemd.  For free().
 */
char *cli_unit(const struct config *config);

/* The command that starts the daemon of a configuration; for free(). */
char *cli_start_words(const struct config *config);

/*
 * Open the state of a configuration's store for reading; *out is for
 * state_close().  ERR_UNAVAILABLE if it was never synced, ERR_AUTH if this
 * user may not look.
 */
int cli_state(const struct config *config, struct state **out, struct err *e);

/* A conversation with the daemon, line by line. */
struct cli_connection;

/*
 * The process of a daemon that runs, though nobody may have answered at its
 * socket; 0 if none does.
 */
int64_t cli_unheard(const struct config *config);

/* ERR_UNAVAILABLE if no daemon runs: says so. */
int cli_connect(const struct config *config, struct cli_connection **out,
	struct err *e);
int cli_open(const char *path, struct cli_connection **out, struct err *e);
int cli_send(struct cli_connection *c, const json_t *request, struct err *e);

/* What the daemon says of itself, as an object that the caller owns. */
int cli_hello(struct cli_connection *c, json_t **out, struct err *e);

/* From here on each line is to come within a minute. */
void cli_expect_soon(struct cli_connection *c);

/* The next line as an object that the caller owns; *out NULL at the end,
 * whose error is the result. */
int cli_receive(struct cli_connection *c, json_t **out, struct err *e);

/*
 * Send a request, and give each line of the answer to fn.  Where a pass is
 * waited for, its failure is that of the conversation.
 */
int cli_converse(struct cli_connection *c, const json_t *request,
	void (*fn)(void *arg, const json_t *line), void *arg, struct err *e);

/* Send a request; lines gets the answer as it came, without its last line. */
int cli_collect(struct cli_connection *c, const json_t *request,
	struct buf *lines, struct err *e);
void cli_disconnect(struct cli_connection *c); /* accepts NULL */

/* Call fn for each line of lines, parsed. */
int cli_each_line(const struct buf *lines,
	void (*fn)(void *arg, const json_t *line), void *arg, struct err *e);

/* A line of --json. */
void cli_print_json(const json_t *value);

/* The lines of a text, as a new array of strings. */
json_t *cli_lines(const struct buf *text);

/*
 * Members of an object, with what to take where there is none.  A text is
 * changed in place to what may be printed; what --json prints goes before, or
 * another way.
 */
long long cli_int(const json_t *object, const char *key);
const char *cli_string(json_t *value, const char *none);
const char *cli_text(const json_t *object, const char *key, const char *none);

/* A member that is a moment, for people: stamp_clock(). */
const char *cli_clock(
	const json_t *object, const char *key, char out[STAMP_CLOCK]);

/* A positive number of an argument; ERR_USAGE names the option. */
int cli_number(
	const char *text, const char *option, int64_t *out, struct err *e);

/*
 * A text of an argument as a member of object, or behind those of the list
 * that is there.  ERR_USAGE if it is no UTF-8: what narrows an order is never
 * left out of it.
 */
int cli_put(json_t *object, const char *key, const char *text,
	const char *option, struct err *e);

/*
 * An option of a command, for getopt_long() and for --help: one without a
 * value is set, the value of another is put into text, or given to take() (as
 * optarg) where that is NULL.
 */
struct cli_option {
	const char *name;
	const char *value; /* as --help calls it; NULL: it takes none */
	const char *does;  /* lines of at most 54 characters */
	int val;           /* a letter: its short form; else for take(), or 0 */
	bool *set;
	const char **text;
};

/*
 * Parse the command's options: its own (NULL: none) and those that every
 * command has.  The last of its own has no name: what it does, if anything, is
 * what --help says below them.  Afterwards between least and most arguments
 * are left, from cli->argv[optind] on.  ERR_USAGE says what was probably
 * meant.
 */
typedef int cli_take_fn(void *arg, int val, struct err *e);
int cli_parse(struct cli *cli, const struct cli_option *own, cli_take_fn *take,
	void *arg, struct err *e);
int cli_arguments(struct cli *cli, int least, int most, struct err *e);

/* The options before the command, which argv begins with afterwards. */
int cli_parse_first(struct cli *cli, struct err *e);

#endif
