/*
 * names_renamed - what things were called before.
 *
 * A row for each old name, "renamed/KIND/NAME", with the id of the thing, or
 * the key of the field, that had it last.
 */
#include "daemon/names_renamed.h"

#include <stdlib.h>

#include "base/util.h"

struct names_renamed {
	enum named kind;
	struct str old;
	struct str key; /* "8", "customField12" */
};

static const char *const kind_words[] = {
	[NAMED_PROJECT] = "project",
	[NAMED_TYPE] = "type",
	[NAMED_STATUS] = "status",
	[NAMED_FIELD] = "field",
};

static void add(
	struct names *n, enum named kind, struct str old, struct str key)
{
	struct names_renamed *r = NULL;

	for (size_t i = 0; i < n->n_renamed; i++)
		if (n->renamed[i].kind == kind &&
			str_eq(n->renamed[i].old, old))
			r = &n->renamed[i];
	if (r == NULL) {
		n->renamed = grow(n->renamed, n->n_renamed, &n->cap_renamed,
			sizeof(*n->renamed));
		r = &n->renamed[n->n_renamed++];
	}
	*r = (struct names_renamed){
		kind, arena_str(&n->arena, old), arena_str(&n->arena, key)};
}

static int note(struct names *n, struct state *state, enum named kind,
	struct str old, struct str key, struct err *e)
{
	struct buf name = {0};
	int r = 0;

	add(n, kind, old, key);
	buf_printf(&name, "renamed/%s/%.*s", kind_words[kind], STR_ARGS(old));
	if (state != NULL)
		r = state_resource_put(state, buf_str(&name), key, e);
	buf_fini(&name);
	return r;
}

bool names_load_renamed(struct names *n, struct str name, struct str body)
{
	const struct str prefix = STR("renamed/");
	struct str rest;

	if (!str_starts(name, prefix))
		return false;
	rest = str_skip(name, prefix.n);
	for (size_t i = 0; i < ARRAY_LEN(kind_words); i++) {
		struct str word = str_of(kind_words[i]);

		if (str_starts(rest, word) && rest.n > word.n &&
			rest.p[word.n] == '/')
			add(n, (enum named)i, str_skip(rest, word.n + 1), body);
	}
	return true;
}

static int note_id(struct names *n, struct state *state, enum named kind,
	struct str old, struct str now, int64_t id, struct err *e)
{
	if (old.p == NULL || str_eq(old, now))
		return 0;
	return note(n, state, kind, old,
		arena_printf(&n->arena, "%lld", (long long)id), e);
}

static int note_projects(struct names *n, struct state *state,
	const struct names *old, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < old->n_projects; i++) {
		const struct project *was = &old->projects[i];
		const struct project *is = names_project(n, was->id);

		if (is == NULL)
			continue;
		r = note_id(n, state, NAMED_PROJECT, was->identifier,
			is->identifier, is->id, e);
		if (r == 0)
			r = note_id(n, state, NAMED_PROJECT, was->name,
				is->name, is->id, e);
	}
	return r;
}

static const struct api_name *by_id(
	const struct api_name *all, size_t n, int64_t id)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].id == id)
			return &all[i];
	return NULL;
}

static int note_named(struct names *n, struct state *state, enum named kind,
	const struct api_name *old, size_t n_old, struct err *e)
{
	bool types = kind == NAMED_TYPE;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_old; i++) {
		const struct api_name *is =
			by_id(types ? n->types : n->statuses,
				types ? n->n_types : n->n_statuses, old[i].id);

		if (is != NULL)
			r = note_id(n, state, kind, old[i].name, is->name,
				is->id, e);
	}
	return r;
}

int names_note_renamed(struct names *n, struct state *state,
	const struct names *old, enum names_kind kind, struct err *e)
{
	switch (kind) {
	case NAMES_PROJECTS:
		return note_projects(n, state, old, e);
	case NAMES_TYPES:
		return note_named(
			n, state, NAMED_TYPE, old->types, old->n_types, e);
	case NAMES_STATUSES:
		return note_named(n, state, NAMED_STATUS, old->statuses,
			old->n_statuses, e);
	}
	return 0;
}

int names_note_fields(struct names *n, struct state *state,
	const struct schema *old, const struct schema *now, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < old->n_fields; i++) {
		const struct schema_field *was = &old->fields[i];
		struct str is = schema_name_of(now, was->key);

		if (is.p != NULL && !str_eq(is, was->name))
			r = note(n, state, NAMED_FIELD, was->name, was->key, e);
	}
	return r;
}

static struct str field_called(const struct names *n, struct str key)
{
	struct str name = STR_NONE;

	for (size_t i = 0; name.p == NULL && i < n->n_schemas; i++)
		name = schema_name_of(&n->schemas[i], key);
	return name;
}

static struct str thing_called(
	const struct names *n, enum named kind, struct str key)
{
	const struct project *project;
	const struct api_name *thing = NULL;
	long long id = 0;

	if (!str_to_int64(key, &id))
		return STR_NONE;
	if (kind == NAMED_PROJECT) {
		project = names_project(n, id);
		return project != NULL ? project->identifier : STR_NONE;
	}
	if (kind == NAMED_TYPE)
		thing = by_id(n->types, n->n_types, id);
	else
		thing = by_id(n->statuses, n->n_statuses, id);
	return thing != NULL ? thing->name : STR_NONE;
}

struct str names_called_now(
	const struct names *n, enum named kind, struct str name)
{
	for (size_t i = 0; i < n->n_renamed; i++) {
		const struct names_renamed *r = &n->renamed[i];

		if (r->kind != kind || !str_eq(r->old, name))
			continue;
		return kind == NAMED_FIELD ? field_called(n, r->key)
					   : thing_called(n, kind, r->key);
	}
	return STR_NONE;
}
