/*
 * model - the things that work packages link to, schemas and accounts.
 * Work packages and attachments are in items.c.
 */
#include "tests/openproject/model.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *path;
	const char *singular;
} kinds[N_KINDS] = {
	[KIND_PROJECT] = {"projects", "project"},
	[KIND_TYPE] = {"types", "type"},
	[KIND_STATUS] = {"statuses", "status"},
	[KIND_PRIORITY] = {"priorities", "priority"},
	[KIND_CATEGORY] = {"categories", "category"},
	[KIND_VERSION] = {"versions", "version"},
	[KIND_USER] = {"users", "user"},
	[KIND_OPTION] = {"custom_options", "option"},
};

const char *kind_path(enum kind kind)
{
	return kinds[kind].path;
}

bool kind_parse(const char *singular, enum kind *out)
{
	for (size_t i = 0; i < N_KINDS; i++) {
		if (strcmp(kinds[i].singular, singular) == 0) {
			*out = (enum kind)i;
			return true;
		}
	}
	return false;
}

void model_init(struct model *m)
{
	*m = (struct model){.next_id = 100000, .n_accounts = 2};
	m->activities = json_new(JSON_OBJECT);
	m->relations = json_new(JSON_ARRAY);
	m->accounts[0] = (struct account){
		.name = "admin",
		.key = xstrdup("adminkey"),
		.user = 6,
		.sees_all = true,
	};
	m->accounts[1] = (struct account){
		.name = "syncbot",
		.key = xstrdup("syncbotkey"),
		.user = 7,
		.n_grants = 1,
		.grants = {1},
	};
}

static void thing_free(struct thing *t)
{
	json_free(t->json);
	free(t->identifier);
	free(t);
}

void model_fini(struct model *m)
{
	while (m->n_items > 0)
		model_remove_item(m, m->items[m->n_items - 1]->id);
	while (m->n_files > 0)
		model_remove_file(m, m->files[m->n_files - 1]->id);
	for (size_t i = 0; i < m->n_things; i++)
		thing_free(m->things[i]);
	for (size_t i = 0; i < m->n_schemas; i++)
		json_free(m->schemas[i].json);
	for (size_t i = 0; i < m->n_accounts; i++)
		free(m->accounts[i].key);
	json_free(m->root);
	json_free(m->configuration);
	json_free(m->activities);
	json_free(m->relations);
	free(m->things);
	free(m->items);
	free(m->by_stamp);
	free(m->files);
	free(m->files_by_id);
	free(m->schemas);
	free(m->block);
	*m = (struct model){0};
}

struct thing *model_thing(const struct model *m, enum kind kind, int64_t id)
{
	for (size_t i = 0; i < m->n_things; i++) {
		struct thing *t = m->things[i];

		if (t->id == id && t->kind == kind)
			return t;
	}
	return NULL;
}

/* What the index columns of a thing are is in its JSON. */
static void read_columns(struct thing *t)
{
	const char *owner = t->kind == KIND_PROJECT   ? "parent"
			    : t->kind == KIND_VERSION ? "definingProject"
						      : "project";

	free(t->identifier);
	t->identifier = json_dup_text(json_get(t->json, "identifier"));
	t->project = href_number(json_at(t->json, "_links", owner, NULL));
	t->closed = json_get(t->json, "isClosed") != NULL &&
		    json_get(t->json, "isClosed")->type == JSON_TRUE;
}

struct thing *model_add_thing(
	struct model *m, enum kind kind, int64_t id, struct json *json)
{
	struct thing *t = model_thing(m, kind, id);

	if (t == NULL) {
		t = xcalloc(1, sizeof(*t));
		t->kind = kind;
		t->id = id;
		m->things = grow(m->things, m->n_things, &m->cap_things,
			sizeof(struct thing *));
		m->things[m->n_things++] = t;
	}
	json_free(t->json);
	t->json = json;
	read_columns(t);
	return t;
}

void model_remove_thing(struct model *m, struct thing *t)
{
	size_t at = 0;

	while (m->things[at] != t)
		at++;
	memmove(m->things + at, m->things + at + 1,
		(m->n_things - at - 1) * sizeof(struct thing *));
	m->n_things--;
	thing_free(t);
}

struct thing *model_project(const struct model *m, struct str id_or_identifier)
{
	long long id = 0;

	str_to_int64(id_or_identifier, &id);
	for (size_t i = 0; i < m->n_things; i++) {
		struct thing *t = m->things[i];

		if (t->kind == KIND_PROJECT &&
			(t->id == id ||
				str_is(id_or_identifier, t->identifier)))
			return t;
	}
	return NULL;
}

struct thing *model_thing_at(const struct model *m, struct str href)
{
	const struct str head = STR("/api/v3/");

	if (!str_starts(href, head))
		return NULL;
	href = str_skip(href, head.n);
	for (size_t i = 0; i < N_KINDS; i++) {
		struct str path = str_of(kinds[i].path);
		long long id;

		if (str_starts(href, path) && href.n > path.n &&
			href.p[path.n] == '/' &&
			str_to_int64(str_skip(href, path.n + 1), &id))
			return model_thing(m, (enum kind)i, id);
	}
	return NULL;
}

bool model_is_under(const struct model *m, int64_t project, int64_t ancestor)
{
	for (int depth = 0; project != 0 && depth < 100; depth++) {
		const struct thing *t;

		if (project == ancestor)
			return true;
		t = model_thing(m, KIND_PROJECT, project);
		project = t != NULL ? t->project : 0;
	}
	return false;
}

static struct schema_text *find_schema(
	const struct model *m, int64_t project, int64_t type)
{
	for (size_t i = 0; i < m->n_schemas; i++) {
		struct schema_text *s = &m->schemas[i];

		if (s->project == project && s->type == type)
			return s;
	}
	return NULL;
}

struct json *model_schema(const struct model *m, int64_t project, int64_t type)
{
	struct schema_text *s = find_schema(m, project, type);

	return s != NULL ? s->json : NULL;
}

void model_put_schema(
	struct model *m, int64_t project, int64_t type, struct json *json)
{
	struct schema_text *s = find_schema(m, project, type);

	if (s != NULL) {
		json_free(s->json);
		s->json = json;
		return;
	}
	m->schemas = grow(
		m->schemas, m->n_schemas, &m->cap_schemas, sizeof(*m->schemas));
	m->schemas[m->n_schemas++] = (struct schema_text){project, type, json};
}

struct account *model_account(struct model *m, const char *name)
{
	for (size_t i = 0; i < m->n_accounts; i++) {
		if (strcmp(m->accounts[i].name, name) == 0)
			return &m->accounts[i];
	}
	return NULL;
}

bool account_sees(
	const struct account *a, const struct model *m, int64_t project)
{
	const struct thing *t = model_thing(m, KIND_PROJECT, project);

	if (t == NULL || t->archived)
		return false;
	if (a->sees_all)
		return true;
	for (size_t i = 0; i < a->n_grants; i++) {
		if (a->grants[i] == project)
			return true;
	}
	return false;
}

int64_t model_now(const struct model *m)
{
	return stamp_now() + m->clock_offset;
}

int64_t href_number(const struct json *link)
{
	const struct json *href = json_get(link, "href");
	const char *slash;
	long long id;

	if (href == NULL || href->type != JSON_STRING)
		return 0;
	slash = strrchr(href->text, '/');
	if (slash == NULL || !str_to_int64(str_of(slash + 1), &id))
		return 0;
	return id;
}
