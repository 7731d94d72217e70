/*
 * constants - values that differ from project to project.
 *
 *   constants:
 *     ccm: { topic: chronic-care-management }
 *     "*": { topic: general }
 *
 * A name must be read by some expression, and what is read must have a name:
 * so a misspelling on either side is an error.
 */
#include "content/constants.h"

#include <stdlib.h>

static int constant_value(
	struct templating *with, const struct node *node, struct value *out);

static int scalar_value(
	struct templating *with, const struct node *node, struct value *out)
{
	struct expression x;
	int rc = template_scalar(with, node, &x);

	if (rc == 0 && x.op != OP_LITERAL)
		return node_err(node, with->parsing.err,
			"a constant is a plain value, without ${ }");
	*out = x.literal;
	return rc;
}

static int list_value(
	struct templating *with, const struct node *node, struct value *out)
{
	int rc = 0;

	*out = (struct value){.type = VALUE_LIST, .n = node->n};
	out->items = ARENA_ARRAY(with->parsing.arena, struct value, node->n);
	for (size_t i = 0; rc == 0 && i < node->n; i++)
		rc = constant_value(with, &node->items[i], &out->items[i]);
	return rc;
}

static int map_value(
	struct templating *with, const struct node *node, struct value *out)
{
	struct arena *a = with->parsing.arena;
	int rc = 0;

	*out = (struct value){.type = VALUE_MAP, .n = node->n};
	out->members = ARENA_ARRAY(a, struct member, node->n);
	for (size_t i = 0; rc == 0 && i < node->n; i++) {
		out->members[i].key = arena_str(a, node->members[i].key.text);
		rc = constant_value(
			with, &node->members[i].value, &out->members[i].value);
	}
	return rc;
}

/* As deep as the tree, which is bounded. */
static int constant_value(
	struct templating *with, const struct node *node, struct value *out)
{
	switch (node->type) {
	case NODE_LIST:
		return list_value(with, node, out);
	case NODE_MAP:
		return map_value(with, node, out);
	default:
		return scalar_value(with, node, out);
	}
}

/* The tree may go, but its places are told of later. */
static struct node place_of(struct arena *a, const struct node *node)
{
	return (struct node){.type = NODE_SCALAR,
		.file = arena_str(a, str_of(node->file)).p,
		.line = node->line,
		.column = node->column,
		.text = arena_str(a, node->text)};
}

static int compile_project(struct templating *with, const struct node_member *m,
	struct project_constants *out)
{
	struct arena *a = with->parsing.arena;
	int rc = 0;

	if (m->value.type != NODE_MAP)
		return node_err(&m->value, with->parsing.err,
			"the constants of a project must be a map of names");
	out->project = arena_str(a, m->key.text);
	out->n = m->value.n;
	out->items = ARENA_ARRAY(a, struct constant, out->n);
	for (size_t i = 0; rc == 0 && i < out->n; i++) {
		const struct node_member *from = &m->value.members[i];
		struct constant *to = &out->items[i];

		if (!expression_is_name(from->key.text))
			return node_err(&from->key, with->parsing.err,
				"'%.*s' is no name: use letters, digits and _",
				STR_ARGS(from->key.text));
		to->at = place_of(a, &from->key);
		to->name = to->at.text;
		rc = constant_value(with, &from->value, &to->value);
	}
	return rc;
}

int constants_compile(
	struct templating *with, const struct node *node, struct constants *out)
{
	int rc = 0;

	if (node->type != NODE_MAP)
		return node_err(node, with->parsing.err,
			"constants must be a map of projects, as in ccm: "
			"{ topic: care }");
	out->projects = ARENA_ARRAY(
		with->parsing.arena, struct project_constants, node->n);
	for (; rc == 0 && out->n < node->n; out->n++)
		rc = compile_project(
			with, &node->members[out->n], &out->projects[out->n]);
	return rc;
}

bool constants_use(struct constants *c, struct str name, const char **nearest)
{
	const char **names = NULL;
	size_t n = 0;
	size_t cap = 0;
	bool found = false;

	for (size_t i = 0; i < c->n; i++) {
		for (size_t k = 0; k < c->projects[i].n; k++) {
			struct constant *one = &c->projects[i].items[k];

			names = grow(names, n, &cap, sizeof(*names));
			names[n++] = one->name.p;
			if (!str_eq(one->name, name))
				continue;
			one->used = found = true;
		}
	}
	*nearest = str_nearest(name, names, n);
	free(names);
	return found;
}

int constants_refuse_unused(const struct constants *c, struct err *e)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->projects[i].n; k++)
			if (!c->projects[i].items[k].used)
				return node_err(&c->projects[i].items[k].at, e,
					"the constant '%.*s' is not used by "
					"any expression",
					STR_ARGS(c->projects[i].items[k].name));
	return 0;
}

static const struct constant *find(
	const struct constants *c, struct str project, struct str name)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->projects[i].n; k++)
			if (str_eq(c->projects[i].project, project) &&
				str_eq(c->projects[i].items[k].name, name))
				return &c->projects[i].items[k];
	return NULL;
}

void constants_value(
	struct evaluation *with, struct str name, struct value *out)
{
	const struct work_package *wp = with->wp;
	const struct constant *found = NULL;

	reads_add_link(&with->reads, wp->project.href, wp->project.title);
	if (wp->project_identifier.p != NULL)
		found = find(with->constants, wp->project_identifier, name);
	if (found == NULL)
		found = find(with->constants, STR("*"), name);
	*out = found != NULL ? found->value : (struct value){0};
}
