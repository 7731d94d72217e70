/*
 * mentions - whether the mapping names something where it decides by names.
 */
#include "content/mapping.h"

/* What it is called, or any text where that is none. */
static bool fits(void *arg, struct str text)
{
	const struct str *name = arg;

	return name->p == NULL || str_eq(text, *name);
}

static bool has(const struct names *names, struct str name)
{
	for (size_t i = 0; i < names->n; i++)
		if (fits(&name, names->items[i]))
			return true;
	return false;
}

static bool says(
	const struct program *p, const struct expression *x, struct str name)
{
	if (texts_any(p, x, fits, &name))
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
		if (match_keys[key].kind == kind && has(&m->names[key], name))
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
