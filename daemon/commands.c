/*
 * commands - the table of what may be asked of the daemon, and by whom.
 */
#include "daemon/commands.h"

#include <string.h>

#include "daemon/guard_orders.h"
#include "daemon/questions.h"

/* Ask the state, on the worker's thread. */
static int question(struct control_request *r, struct err *e)
{
	const char *name =
		json_string_value(json_object_get(r->what, "command"));
	question_fn *fn = question_find(name);

	return fn(
		store_state(r->host->sync->mapper->store), r->what, &r->out, e);
}

/* Tell the guard, on the worker's thread. */
static int guarded(struct control_request *r, struct err *e)
{
	struct mapper *m = r->host->sync->mapper;
	int code = guard_order(store_state(m->store), r->what, &r->out, e);

	return code == 0 ? mapper_obey(m, e) : code;
}

static const struct control_command commands[] = {
	/* name, who may, worker's part, loop's part */
	{"status", CONTROL_READ, question, order_status},
	{"runs", CONTROL_READ, question, NULL},
	{"usage", CONTROL_READ, question, NULL},
	{"log", CONTROL_READ, question, NULL},
	{"show", CONTROL_READ, question, order_show},
	{"held", CONTROL_READ, question, NULL},
	{"hello", CONTROL_READ, NULL, order_hello},
	{"resync", CONTROL_CHANGE, work_resync, order_resync},
	{"cancel", CONTROL_CHANGE, NULL, order_cancel},
	{"pause", CONTROL_CHANGE, work_pause, order_pause},
	{"resume", CONTROL_CHANGE, work_resume, order_resume},
	{"verify", CONTROL_CHANGE, NULL, order_verify},
	{"adopt", CONTROL_CHANGE, NULL, order_adopt},
	{"reload", CONTROL_CHANGE, NULL, order_reload},
	{"get", CONTROL_CHANGE, NULL, order_get},
	{"work_package", CONTROL_CHANGE, NULL, order_work_package},
	{"diff", CONTROL_CHANGE, NULL, order_diff},
	{"release", CONTROL_CHANGE, guarded, order_release},
	{"withdraw", CONTROL_CHANGE, guarded, order_withdraw},
	{"publish", CONTROL_CHANGE, guarded, order_publish},
	{"accept-server", CONTROL_CHANGE, guarded, order_accept_server},
};

const struct control_command *command_find(const char *name, struct err *e)
{
	const char *names[ARRAY_LEN(commands)];
	const char *nearest;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
		names[i] = commands[i].name;
	}
	nearest = str_nearest(str_of(name), names, ARRAY_LEN(names));
	err_set(e, ERR_USAGE, "unknown command '%.40s'%s%s%s", name,
		nearest != NULL ? " (did you mean '" : "",
		nearest != NULL ? nearest : "", nearest != NULL ? "'?)" : "");
	return NULL;
}
