/*
 * config_hooks - hooks: what is run when something happened.
 *
 * A list of them, or a map with that list (calls) and how long things must be
 * quiet before (settle).
 */
#include "daemon/config_parts.h"

static int read_run(struct arena *arena, const struct node *at,
	struct config_hook *hook, struct err *e)
{
	int r;

	if (at->type != NODE_LIST || at->n == 0)
		return node_err(at, e, "run: is a list: [one, another]");
	r = config_read_texts(arena, at, "run", &hook->argv, &hook->n_argv, e);
	if (r == 0 && hook->argv[0][0] == '\0')
		r = node_err(at, e, "run: names no program");
	return r;
}

static int read_kind(const struct node *at, unsigned *on, struct err *e)
{
	static const char *const names[] = {
		"commit", "error", "recovered", "held", "fault"};
	struct str name;
	const char *nearest;
	int r = node_string(at, "on", &name, e);

	if (r != 0)
		return r;
	for (size_t k = 0; k < ARRAY_LEN(names); k++)
		if (str_is(name, names[k])) {
			*on |= BIT(k);
			return 0;
		}
	nearest = str_nearest(name, names, ARRAY_LEN(names));
	if (nearest != NULL)
		return node_err(at, e,
			"on: does not know '%.*s' (did you mean '%s'?)",
			STR_ARGS(name), nearest);
	return node_err(at, e,
		"on: knows commit, error, recovered, held and fault, not "
		"'%.*s'",
		STR_ARGS(name));
}

static int read_on(
	const struct node *at, struct config_hook *hook, struct err *e)
{
	int r = 0;

	if (at->type != NODE_LIST || at->n == 0)
		return node_err(at, e, "on: is a list: [commit, fault]");
	for (size_t i = 0; r == 0 && i < at->n; i++)
		r = read_kind(&at->items[i], &hook->on, e);
	return r;
}

static int read_command(struct arena *arena, const struct node *at,
	struct config_hook *hook, struct err *e)
{
	const struct node *run = node_get(at, "run");
	const struct node *shell = node_get(at, "shell");
	struct str text;
	int r;

	if ((run != NULL) == (shell != NULL))
		return node_err(at, e,
			"a hook has run: [PROGRAM, ARGUMENT…], or shell: "
			"COMMAND");
	if (run != NULL)
		return read_run(arena, run, hook, e);
	r = node_string(shell, "shell", &text, e);
	if (r != 0)
		return r;
	hook->argv = ARENA_ARRAY(arena, const char *, 4);
	hook->argv[hook->n_argv++] = "/bin/sh";
	hook->argv[hook->n_argv++] = "-c";
	hook->argv[hook->n_argv++] = arena_str(arena, text).p;
	return 0;
}

static int read_hook(struct arena *arena, const struct node *at,
	struct config_hook *hook, struct err *e)
{
	static const char *const names[] = {"on", "run", "shell", "timeout"};
	const struct node *value;
	int r = node_keys(at, "a hook", names, ARRAY_LEN(names), e);

	hook->timeout = 60 * STAMP_SECOND;
	if (r == 0 && node_get(at, "on") == NULL)
		return node_err(at, e, "a hook needs on: [commit, …]");
	if (r == 0)
		r = read_on(node_get(at, "on"), hook, e);
	if (r == 0 && (value = node_get(at, "timeout")) != NULL)
		r = node_duration(value, "timeout", &hook->timeout, e);
	return r == 0 ? read_command(arena, at, hook, e) : r;
}

static int read_calls(struct config *c, const struct node *list, struct err *e)
{
	struct config_hooks *out = &c->hooks;
	int r = 0;

	if (list->type != NODE_LIST)
		return node_err(list, e,
			"hooks: is a list of { on: [commit], run: [PROGRAM] }");
	out->items = ARENA_ARRAY(&c->arena, struct config_hook, list->n + 1);
	for (size_t i = 0; r == 0 && i < list->n; i++) {
		out->items[i] = (struct config_hook){0};
		r = read_hook(
			&c->arena, &list->items[i], &out->items[out->n++], e);
	}
	return r;
}

int config_read_hooks(struct config *c, const struct node *at, struct err *e)
{
	static const struct config_key keys[] = {
		KEY("settle", KIND_DURATION, hooks.settle),
		KEY_OWN("calls", read_calls),
	};

	if (at->type != NODE_MAP)
		return read_calls(c, at, e);
	return config_read_section(c, at, "hooks", keys, ARRAY_LEN(keys), e);
}

static bool same_hook(const struct config_hook *a, const struct config_hook *b)
{
	if (a->on != b->on || a->timeout != b->timeout ||
		a->n_argv != b->n_argv)
		return false;
	for (size_t i = 0; i < a->n_argv; i++)
		if (strcmp(a->argv[i], b->argv[i]) != 0)
			return false;
	return true;
}

bool config_hooks_same(
	const struct config_hooks *a, const struct config_hooks *b)
{
	if (a->settle != b->settle || a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!same_hook(&a->items[i], &b->items[i]))
			return false;
	return true;
}
