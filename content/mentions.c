/*
 * mentions - whether the mapping names something where it decides by names.
 */
#include "content/mapping.h"

const enum read_kind match_kinds[MATCH_KEYS] = {
	[MATCH_PROJECT] = READ_PROJECT,
	[MATCH_TYPE] = READ_TYPE,
	[MATCH_STATUS] = READ_STATUS,
	[MATCH_PRIORITY] = READ_PRIORITY,
	[MATCH_AUTHOR] = READ_USER,
	[MATCH_ASSIGNEE] = READ_USER,
	[MATCH_RESPONSIBLE] = READ_USER,
	[MATCH_VERSION] = READ_VERSION,
	[MATCH_CATEGORY] = READ_CATEGORY,
};

static bool has(const struct names *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++)
		if (name.p == NULL || str_eq(names->items[i], name))
			return true;
	return false;
}

static bool has_value(const struct value *v, struct str name)
{
	if (v->type == VALUE_STRING)
		return name.p == NULL || str_eq(v->text, name);
	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++)
		if (has_value(&v->items[i], name))
			return true;
	for (size_t i = 0; v->type == VALUE_MAP && i < v->n; i++)
		if (name.p == NULL || str_eq(v->members[i].key, name) ||
			has_value(&v->members[i].value, name))
			return true;
	return false;
}

/* Whichever project has it there. */
static bool has_constant(
	const struct constants *c, struct str constant, struct str name)
{
	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->projects[i].n; k++) {
			const struct constant *one = &c->projects[i].items[k];

			if (str_eq(one->name, constant) &&
				has_value(&one->value, name))
				return true;
		}
	return false;
}

static bool says(
	const struct program *p, const struct expression *x, struct str name)
{
	if ((x->op == OP_LITERAL && has_value(&x->literal, name)) ||
		(x->op == OP_CONSTANT &&
			has_constant(&p->constants, x->name, name)))
		return true;
	for (size_t i = 0; i < x->n; i++)
		if (says(p, &x->args[i], name))
			return true;
	return false;
}

static bool match_mentions(const struct program *p, const struct match *m,
	enum read_kind kind, struct str name)
{
	for (int key = 0; key < MATCH_KEYS; key++)
		if (match_kinds[key] == kind && has(&m->names[key], name))
			return true;
	return m->where != NULL && says(p, m->where, name);
}

bool program_mentions(
	const struct program *p, enum read_kind kind, struct str name)
{
	for (size_t i = 0; i < p->n_entries; i++) {
		const struct entry *e = &p->entries[i];

		if (kind == READ_SCHEMA
				? has(&e->fields, name)
				: match_mentions(p, &e->match, kind, name))
			return true;
	}
	return false;
}

bool program_has_constants(const struct program *p, struct str project)
{
	for (size_t i = 0; i < p->constants.n; i++)
		if (str_eq(p->constants.projects[i].project, project))
			return true;
	return false;
}
