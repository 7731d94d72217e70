/*
 * token_command - the command that says the server's key.
 *
 *   a shell --> what it says is kept --> its end is judged --> done
 *                     `--> more than a key can have: killed --^
 */
#include "daemon/token_command.h"

#include <string.h>

#include "daemon/config.h"
#include "daemon/log.h"

static void judge(struct token_command *t)
{
	const struct child *c = &t->child;

	if (c->err.code == ERR_IO) /* it could not be started */
		err_set(&t->err, ERR_AGAIN,
			"the key's command cannot be run: %s: %s", t->command,
			c->err.text);
	else if (t->said.n == CONFIG_TOKEN_MOST)
		err_set(&t->err, ERR_CONFIG,
			"the key's command says more than %d bytes (is that "
			"the key?): %s",
			CONFIG_TOKEN_MOST, t->command);
	else if (c->timed_out)
		err_set(&t->err, ERR_AGAIN,
			"the key's command: no end after %lld s: %s",
			(long long)(c->timeout / STAMP_SECOND), t->command);
	else if (c->err.code != 0)
		err_set(&t->err, ERR_AGAIN,
			"the key's command failed (%s %d): %s",
			c->signal != 0 ? "signal" : "status",
			c->signal != 0 ? c->signal : c->status, t->command);
}

static void tell_errors(const struct child *child)
{
	struct str errors = buf_str(&child->errors);
	struct str line;

	while (str_line(&errors, &line))
		log_warning("the key's command: %.*s", STR_ARGS(line));
}

/* More than a key can have is not waited for. */
static void on_heard(struct child *child, struct str bytes)
{
	struct token_command *t =
		container_of(child, struct token_command, child);
	size_t room = CONFIG_TOKEN_MOST - t->said.n;

	buf_reserve(&t->said, room); /* it moves nowhere */
	buf_add(&t->said, bytes.p, bytes.n < room ? bytes.n : room);
	if (t->said.n == CONFIG_TOKEN_MOST)
		child_kill(child);
}

static void on_ended(struct child *child)
{
	struct token_command *t =
		container_of(child, struct token_command, child);

	tell_errors(child);
	judge(t);
	t->done(t); /* t may be gone */
}

void token_command_start(struct token_command *t, token_command_done_fn *done)
{
	t->done = done;
	t->argv[0] = "sh";
	t->argv[1] = "-c";
	t->argv[2] = (char *)t->command;
	t->child = (struct child){
		.loop = t->loop,
		.program = "/bin/sh",
		.argv = t->argv,
		.timeout = t->timeout,
		.heard = on_heard,
	};
	child_start(&t->child, on_ended);
}

void token_command_kill(struct token_command *t)
{
	child_kill(&t->child);
}

void token_command_fini(struct token_command *t)
{
	if (t->said.p != NULL)
		explicit_bzero(t->said.p, t->said.cap);
	buf_fini(&t->said);
	child_fini(&t->child);
}
