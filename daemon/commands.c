/*
 * commands - the table of what may be asked of the daemon, by whom, and with
 * what.
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

/* The same, of what the server has to be asked for. */
static int guarded_unpaused(struct control_request *r, struct err *e)
{
	bool dry = json_is_true(json_object_get(r->what, "dry_run"));
	int code = dry ? 0 : work_unpaused(r, e);

	return code == 0 ? guarded(r, e) : code;
}

#define PASS "wait "

static const struct control_command commands[] = {
	/* name, who may, worker's part, loop's part, members */
	{"status", CONTROL_READ, question, order_status, ""},
	{"runs", CONTROL_READ, question, NULL, "limit "},
	{"usage", CONTROL_READ, question, NULL, "limit "},
	{"log", CONTROL_READ, question, NULL,
		"run work_package project event level since until text after "
		"limit oldest "},
	{"show", CONTROL_READ, question, order_show, "work_package path "},
	{"held", CONTROL_READ, question, NULL, "set "},
	{"hello", CONTROL_READ, NULL, order_hello, ""},
	{"resync", CONTROL_CHANGE, work_resync, order_resync,
		PASS "full work_packages projects failed "},
	{"cancel", CONTROL_CHANGE, NULL, order_cancel, ""},
	{"pause", CONTROL_CHANGE, work_pause, order_pause, PASS "why "},
	{"resume", CONTROL_CHANGE, work_resume, order_resume, ""},
	{"verify", CONTROL_CHANGE, work_unpaused, order_verify, PASS "repair "},
	{"adopt", CONTROL_CHANGE, work_unpaused, order_adopt,
		PASS "paths dry_run "},
	{"reload", CONTROL_CHANGE, NULL, order_reload, ""},
	{"get", CONTROL_CHANGE, NULL, order_get, "path once "},
	{"work_package", CONTROL_CHANGE, NULL, order_work_package,
		"work_package "},
	{"diff", CONTROL_CHANGE, NULL, order_diff, "full work_packages "},
	{"release", CONTROL_CHANGE, guarded_unpaused, order_release,
		PASS "set project work_packages dry_run "},
	{"withdraw", CONTROL_CHANGE, guarded, order_withdraw,
		PASS "work_packages "},
	{"publish", CONTROL_CHANGE, guarded_unpaused, order_publish,
		PASS "work_packages "},
	{"accept-server", CONTROL_CHANGE, guarded_unpaused, order_accept_server,
		PASS},
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
	err_set(e, ERR_USAGE, "unknown command '%.40s'", name);
	err_nearest(e, ERR_USAGE, nearest);
	return NULL;
}

/* --- Members of requests ------------------------------------------------- */

static bool is_text(const json_t *v)
{
	return json_is_string(v);
}

static bool is_number(const json_t *v)
{
	return json_is_integer(v);
}

static bool is_count(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) > 0;
}

static bool is_truth(const json_t *v)
{
	return json_is_boolean(v);
}

static bool is_list_of(const json_t *v, bool (*is)(const json_t *))
{
	if (json_array_size(v) == 0) /* all, where it is left out */
		return false;
	for (size_t i = 0; i < json_array_size(v); i++)
		if (!is(json_array_get(v, i)))
			return false;
	return true;
}

static bool are_texts(const json_t *v)
{
	return is_list_of(v, is_text);
}

static bool are_numbers(const json_t *v)
{
	return is_list_of(v, is_number);
}

/* One name means the same in all requests. */
static const struct {
	const char *name;
	bool (*is)(const json_t *v);
	const char *words;
} members[] = {
	{"command", is_text, "a text"},
	{"protocol", is_number, "a whole number"},
	{"after", is_number, "a whole number"},
	{"dry_run", is_truth, "true or false"},
	{"event", is_text, "a text"},
	{"failed", is_truth, "true or false"},
	{"full", is_truth, "true or false"},
	{"level", is_number, "a whole number"},
	{"limit", is_count, "a whole number above 0"},
	{"oldest", is_truth, "true or false"},
	{"once", is_truth, "true or false"},
	{"path", is_text, "a text"},
	{"paths", are_texts, "a list of texts, and not empty"},
	{"project", is_text, "a text"},
	{"projects", are_texts, "a list of texts, and not empty"},
	{"repair", is_truth, "true or false"},
	{"run", is_number, "a whole number"},
	{"set", is_number, "a whole number"},
	{"since", is_number, "a whole number"},
	{"text", is_text, "a text"},
	{"until", is_number, "a whole number"},
	{"wait", is_truth, "true or false"},
	{"why", is_text, "a text"},
	{"work_package", is_number, "a whole number"},
	{"work_packages", are_numbers,
		"a list of work package ids, and not empty"},
};

#define IN_ALL 2 /* of them, the first ones */

/* Is a word of words, each of which has a blank behind it? */
static bool is_among(const char *words, const char *name)
{
	size_t n = strlen(name);

	for (; *words != '\0'; words = strchr(words, ' ') + 1)
		if (strncmp(words, name, n) == 0 && words[n] == ' ')
			return true;
	return false;
}

static int check_member(const struct control_command *c, const char *name,
	const json_t *value, struct err *e)
{
	const char *taken[ARRAY_LEN(members)];
	const char *nearest;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		if (i >= IN_ALL && !is_among(c->takes, members[i].name))
			continue;
		taken[n++] = members[i].name;
		if (strcmp(members[i].name, name) != 0)
			continue;
		if (json_is_null(value) || members[i].is(value))
			return 0;
		return err_set(e, ERR_USAGE, "%s: \"%s\" is to be %s", c->name,
			name, members[i].words);
	}
	nearest = str_nearest(str_of(name), taken, n);
	return err_set(e, ERR_USAGE, "%s takes no \"%.40s\"%s%s%s", c->name,
		name, nearest != NULL ? " (did you mean \"" : "",
		nearest != NULL ? nearest : "", nearest != NULL ? "\"?)" : "");
}

int command_check(
	const struct control_command *c, const json_t *what, struct err *e)
{
	void *at = json_object_iter((json_t *)what);
	int code = 0;

	for (; code == 0 && at != NULL;
		at = json_object_iter_next((json_t *)what, at))
		code = check_member(c, json_object_iter_key(at),
			json_object_iter_value(at), e);
	return code;
}
