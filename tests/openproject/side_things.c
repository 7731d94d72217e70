/*
 * side_things - orders about what work packages link to.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/retitle.h"
#include "tests/openproject/side.h"

static bool read_kind(const struct json *order, enum kind *out)
{
	char *kind = json_dup_text(json_get(order, "kind"));
	bool ok = kind != NULL && kind_parse(kind, out);

	free(kind);
	return ok;
}

static struct thing *read_thing(
	const struct model *m, const struct json *order, const char **why)
{
	enum kind kind = KIND_PROJECT;
	struct thing *t = NULL;

	if (read_kind(order, &kind))
		t = model_thing(m, kind, json_to_id(json_get(order, "id"), 0));
	if (t == NULL)
		*why = "there is no such kind and id";
	return t;
}

static char *href_of(const struct thing *t)
{
	return xasprintf("/api/v3/%s/%" PRId64, kind_path(t->kind), t->id);
}

/* A custom field's name is in the schemas alone. */
static struct json *rename_field(
	struct model *m, const struct json *order, const struct json *name)
{
	const char *key = json_raw(json_get(order, "key"));

	for (size_t i = 0; i < m->n_schemas; i++) {
		struct json *field = json_get(m->schemas[i].json, key);

		if (field != NULL)
			json_set(field, "name", json_copy(name));
	}
	return side_ok();
}

struct json *side_rename(
	struct server *s, const struct json *order, const char **why)
{
	const struct json *name = json_get(order, "name");
	struct thing *t;
	char *href;

	if (name == NULL || name->type != JSON_STRING) {
		*why = "name is missing";
		return NULL;
	}
	if (json_get(order, "key") != NULL)
		return rename_field(&s->model, order, name);
	t = read_thing(&s->model, order, why);
	if (t == NULL)
		return NULL;
	json_set(t->json, t->kind == KIND_OPTION ? "value" : "name",
		json_copy(name));
	if (json_get(order, "identifier") != NULL)
		json_set(t->json, "identifier",
			json_copy(json_get(order, "identifier")));
	href = href_of(t);
	retitle(&s->model, href, name);
	free(href);
	return side_ok();
}

/* A project's place: its link parent, and its ancestors. */
static void set_parent(struct model *m, struct json *j, int64_t parent)
{
	const struct thing *above = model_thing(m, KIND_PROJECT, parent);
	struct json *links = json_get(j, "_links");
	struct json *link = json_new(JSON_OBJECT);

	json_set(links, "ancestors", json_new(JSON_ARRAY));
	json_set(links, "parent", link);
	json_set(link, "href", json_new(JSON_NULL));
	if (above == NULL)
		return;
	json_set(links, "parent",
		json_copy(json_at(above->json, "_links", "self", NULL)));
	json_set(links, "ancestors",
		json_copy(json_at(above->json, "_links", "ancestors", NULL)));
	json_append(json_get(links, "ancestors"),
		json_copy(json_at(above->json, "_links", "self", NULL)));
}

static void set_common(struct model *m, enum kind kind, int64_t id,
	struct json *j, const struct json *order)
{
	static const char *const types[N_KINDS] = {"Project", "Type", "Status",
		"Priority", "Category", "Version", "User", "CustomOption"};
	static const char *const copied[] = {"identifier", "active", "isClosed",
		"description", "login", "createdAt"};
	const struct json *name = json_get(order, "name");
	char *href = xasprintf("/api/v3/%s/%" PRId64, kind_path(kind), id);
	char now[STAMP_TEXT];
	struct json *self;

	stamp_format(model_now(m), 3, now);
	json_set_text(j, "_type", types[kind]);
	json_set(j, "id", json_int(id));
	json_set(j, kind == KIND_OPTION ? "value" : "name", json_copy(name));
	json_set_text(j, "createdAt", now);
	for (size_t i = 0; i < ARRAY_LEN(copied); i++) {
		const struct json *value = json_get(order, copied[i]);

		if (value != NULL)
			json_set(j, copied[i], json_copy(value));
	}
	json_set(j, "_links", json_new(JSON_OBJECT));
	json_set(json_get(j, "_links"), "self", json_new(JSON_OBJECT));
	self = json_at(j, "_links", "self", NULL);
	json_set_text(self, "href", href);
	json_set(self, "title", json_copy(name));
	free(href);
}

struct json *side_thing(
	struct server *s, const struct json *order, const char **why)
{
	struct model *m = &s->model;
	struct json *j = json_new(JSON_OBJECT);
	int64_t id = json_to_id(json_get(order, "id"), 0);
	const struct thing *owner = model_thing(
		m, KIND_PROJECT, json_to_id(json_get(order, "project"), 0));
	enum kind kind;

	if (!read_kind(order, &kind) ||
		*json_raw(json_get(order, "name")) == '\0') {
		*why = "kind and name are needed";
		json_free(j);
		return NULL;
	}
	if (id == 0)
		id = m->next_id++;
	set_common(m, kind, id, j, order);
	if (kind == KIND_PROJECT) {
		json_set(j, "active", json_bool(true));
		set_parent(m, j, json_to_id(json_get(order, "parent"), 0));
	}
	if (owner != NULL)
		json_set(json_get(j, "_links"),
			kind == KIND_VERSION ? "definingProject" : "project",
			json_copy(
				json_at(owner->json, "_links", "self", NULL)));
	model_add_thing(m, kind, id, j);
	j = side_ok();
	json_set(j, "id", json_int(id));
	return j;
}

/* A deleted option leaves "7 not found"; all else leaves nothing. */
struct json *side_forget(
	struct server *s, const struct json *order, const char **why)
{
	struct thing *t = read_thing(&s->model, order, why);
	struct json *title;
	char *href;
	char *text;

	if (t == NULL)
		return NULL;
	href = href_of(t);
	text = xasprintf("%" PRId64 " not found", t->id);
	title = json_string(str_of(text));
	if (t->kind == KIND_OPTION)
		retitle(&s->model, href, title);
	else
		retitle_gone(&s->model, href);
	json_free(title);
	free(text);
	free(href);
	model_remove_thing(&s->model, t);
	return side_ok();
}

struct json *side_archive(
	struct server *s, const struct json *order, const char **why)
{
	struct thing *t = model_thing(&s->model, KIND_PROJECT,
		json_to_id(json_get(order, "project"), 0));
	const struct json *archived = json_get(order, "archived");

	if (t == NULL) {
		*why = "there is no such project";
		return NULL;
	}
	t->archived = archived == NULL || json_to_bool(archived);
	json_set(t->json, "active", json_bool(!t->archived));
	return side_ok();
}

struct json *side_grant(
	struct server *s, const struct json *order, const char **why)
{
	char *name = json_dup_text(json_get(order, "user"));
	struct account *a = model_account(&s->model, name != NULL ? name : "");
	int64_t project = json_to_id(json_get(order, "project"), 0);
	const struct json *sees = json_get(order, "sees");
	size_t n = 0;

	free(name);
	if (a == NULL || project == 0) {
		*why = "user and project are needed";
		return NULL;
	}
	for (size_t i = 0; i < a->n_grants; i++) {
		if (a->grants[i] != project)
			a->grants[n++] = a->grants[i];
	}
	if ((sees == NULL || json_to_bool(sees)) && n < MAX_GRANTS)
		a->grants[n++] = project;
	a->n_grants = n;
	return side_ok();
}

/* Add, change or (schema null) take away a field of a schema. */
struct json *side_field(
	struct server *s, const struct json *order, const char **why)
{
	struct json *schema = model_schema(&s->model,
		json_to_id(json_get(order, "project"), 0),
		json_to_id(json_get(order, "type"), 0));
	const struct json *key = json_get(order, "key");
	const struct json *field = json_get(order, "schema");

	if (schema == NULL || key == NULL || key->type != JSON_STRING) {
		*why = "project, type and key are needed";
		return NULL;
	}
	if (field == NULL || field->type == JSON_NULL)
		json_remove(schema, key->text);
	else
		json_set(schema, key->text, json_copy(field));
	return side_ok();
}
