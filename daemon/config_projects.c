/*
 * config_projects - projects: which of the server's.
 */
#include "daemon/config_parts.h"

/* An identifier, or an id. */
static int read_name(const struct node *at, struct str *out, struct err *e)
{
	int64_t id;

	*out = at->text;
	return node_int(at, "project", 1, INT64_MAX, &id, NULL) == 0
		       ? 0
		       : node_string(at, "project", out, e);
}

static int read_project(struct config *c, const struct node *at,
	struct config_project *out, struct err *e)
{
	static const char *const names[] = {"project", "subprojects"};
	const struct node *name = at;
	const struct node *value;
	struct str text;
	int r = 0;

	out->at = *at;
	if (at->type == NODE_MAP) {
		r = node_keys(at, "projects", names, ARRAY_LEN(names), e);
		name = node_get(at, "project");
		if (r == 0 && name == NULL)
			return node_err(
				at, e, "projects: needs project: IDENTIFIER");
		value = node_get(at, "subprojects");
		if (r == 0 && value != NULL)
			r = node_bool(
				value, "subprojects", &out->subprojects, e);
	}
	if (r == 0)
		r = read_name(name, &text, e);
	if (r == 0 && str_is(text, "*"))
		return node_err(name, e,
			"projects: '*' is all that the key sees, and stands "
			"alone, not in a list: projects: '*'");
	if (r == 0)
		out->name = arena_str(&c->arena, text);
	return r;
}

int config_read_projects(struct config *c, const struct node *at, struct err *e)
{
	int r = 0;

	if (at->type == NODE_SCALAR && str_is(at->text, "*")) {
		c->all_projects = true;
		return 0;
	}
	if (at->type != NODE_LIST || at->n == 0)
		return node_err(at, e,
			"projects: is a list of project identifiers, [ccm], "
			"or '*' for all that the key sees");
	c->projects = ARENA_ARRAY(&c->arena, struct config_project, at->n);
	for (size_t i = 0; r == 0 && i < at->n; i++)
		r = read_project(
			c, &at->items[i], &c->projects[c->n_projects++], e);
	return r;
}
