/*
 * edit - work packages that are created and changed by the side door.
 *
 *   {"id": 4, "set": {"subject": …, "type": 8, "customField1": …},
 *    "updatedAt": "…", "silent": true, "raw": "…"}
 *
 * The element is parsed, changed and written again.  A link is set by the
 * number of a thing, by a list of them, by null or by the very object; what
 * is text on the server and has HTML is set by its raw text or by an object.
 */
#include "tests/openproject/edit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/element.h"
#include "tests/openproject/retitle.h"

static const struct {
	const char *name;
	enum kind kind;
} links[] = {
	{"project", KIND_PROJECT},
	{"type", KIND_TYPE},
	{"status", KIND_STATUS},
	{"priority", KIND_PRIORITY},
	{"category", KIND_CATEGORY},
	{"version", KIND_VERSION},
	{"author", KIND_USER},
	{"assignee", KIND_USER},
	{"responsible", KIND_USER},
};

static struct json *formattable(const struct json *raw)
{
	struct json *j = json_new(JSON_OBJECT);
	char *text = json_dup_text(raw);
	struct buf html = {0};

	element_html(str_of(text != NULL ? text : ""), &html);
	json_set_text(j, "format", "markdown");
	json_set(j, "raw", text != NULL ? json_copy(raw) : json_string(STR("")));
	json_set(j, "html", json_string(buf_str(&html)));
	buf_fini(&html);
	free(text);
	return j;
}

/* A link to a thing of that kind by its number; else value as it is. */
static struct json *link_to(
	const struct model *m, enum kind kind, const struct json *value)
{
	struct buf text = {0};
	struct json *link;

	if (value->type == JSON_ARRAY) {
		link = json_new(JSON_ARRAY);
		for (struct json *c = value->first; c != NULL; c = c->next)
			json_append(link, link_to(m, kind, c));
		return link;
	}
	if (value->type == JSON_OBJECT)
		return json_copy(value);
	element_link(&text, model_thing(m, kind, json_to_id(value, 0)));
	link = json_parse(buf_str(&text));
	buf_fini(&text);
	return link;
}

/* What a custom field of links links to, by its schema. */
static enum kind field_kind(const struct json *schema, const char *key)
{
	char *type = json_dup_text(json_at(schema, key, "type", NULL));
	enum kind kind = KIND_OPTION;

	if (type != NULL && strstr(type, "User") != NULL)
		kind = KIND_USER;
	if (type != NULL && strstr(type, "Version") != NULL)
		kind = KIND_VERSION;
	free(type);
	return kind;
}

static bool is_link_field(const struct json *schema, const char *key)
{
	return json_at(schema, key, "location", NULL) != NULL;
}

static void set_field(const struct model *m, struct json *element,
	const struct json *schema, const struct json *value)
{
	const char *key = value->key;
	const struct json *type = json_at(schema, key, "type", NULL);

	if (is_link_field(schema, key)) {
		struct json *link = link_to(m, field_kind(schema, key), value);
		struct json *href = json_get(link, "href");

		if (href != NULL && href->type == JSON_NULL)
			json_set(link, "title", json_new(JSON_NULL));
		json_set(json_get(element, "_links"), key, link);
	} else if (type != NULL && json_is(type, "Formattable") &&
		   value->type <= JSON_STRING) {
		json_set(element, key, formattable(value));
	} else {
		json_set(element, key, json_copy(value));
	}
}

/* Give an element the custom fields of its schema, and no others. */
static void fit_fields(
	const struct model *m, struct json *element, const struct json *schema)
{
	struct json *parts[] = {element, json_get(element, "_links")};
	const struct str head = STR("customField");

	if (schema == NULL)
		return;
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		for (struct json *c = parts[i]->first, *next; c; c = next) {
			next = c->next;
			if (str_starts(str_of(c->key), head) &&
				!str_is(str_of(c->key), "customFields") &&
				json_get(schema, c->key) == NULL)
				json_remove(parts[i], c->key);
		}
	}
	for (struct json *c = schema->first; c != NULL; c = c->next) {
		struct json *type = json_get(c, "type");
		bool many = type != NULL && type->text[0] == '[';
		struct json *nothing;

		if (!str_starts(str_of(c->key), head) ||
			json_get(parts[0], c->key) != NULL ||
			json_get(parts[1], c->key) != NULL)
			continue;
		nothing = json_new(many ? JSON_ARRAY : JSON_NULL);
		nothing->key = xstrdup(c->key);
		set_field(m, element, schema, nothing);
		json_free(nothing);
	}
}

/* A pair of project and type that has no schema gets the next best one. */
static const struct json *schema_of(struct model *m, const struct json *element)
{
	const struct json *to = json_get(element, "_links");
	int64_t project = href_number(json_get(to, "project"));
	int64_t type = href_number(json_get(to, "type"));
	struct json *schema = model_schema(m, project, type);
	char *href;

	for (size_t i = 0; i < m->n_schemas && schema == NULL; i++) {
		if (m->schemas[i].type != type &&
			m->schemas[i].project != project)
			continue;
		schema = json_copy(m->schemas[i].json);
		href = xasprintf("/api/v3/work_packages/schemas/%" PRId64
				 "-%" PRId64,
			project, type);
		json_set_text(json_at(schema, "_links", "self", NULL), "href",
			href);
		free(href);
		model_put_schema(m, project, type, schema);
	}
	return schema;
}

/* Links of a work package that name its project or type in their path. */
static void move_paths(const struct model *m, struct json *element)
{
	struct json *to = json_get(element, "_links");
	int64_t project = href_number(json_get(to, "project"));
	int64_t type = href_number(json_get(to, "type"));
	const struct thing *t = model_thing(m, KIND_PROJECT, project);
	const char *name = t != NULL ? t->identifier : "";
	struct {
		const char *link;
		char *href;
	} paths[] = {
		{"schema", xasprintf("/api/v3/work_packages/schemas/%" PRId64
				     "-%" PRId64,
				   project, type)},
		{"customFields",
			xasprintf("/projects/%s/settings/custom_fields", name)},
		{"configureForm",
			xasprintf("/types/%" PRId64 "/edit"
				  "?tab=form_configuration",
				type)},
		{"addChild",
			xasprintf("/api/v3/projects/%s/work_packages", name)},
	};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		struct json *link = json_get(to, paths[i].link);

		if (link != NULL)
			json_set_text(link, "href", paths[i].href);
		free(paths[i].href);
	}
}

static void set_member(struct model *m, struct json *element,
	const struct json *value)
{
	struct json *to = json_get(element, "_links");

	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (strcmp(value->key, links[i].name) == 0) {
			json_set(to, value->key,
				link_to(m, links[i].kind, value));
			return;
		}
	}
	if (strcmp(value->key, "subject") == 0)
		retitle_own(element, value);
	else if (strcmp(value->key, "parent") == 0)
		retitle_parent(m, element, json_to_id(value, 0));
	else if (strcmp(value->key, "description") == 0 &&
		 value->type <= JSON_STRING)
		json_set(element, "description", formattable(value));
	else if (str_starts(str_of(value->key), STR("customField")))
		set_field(m, element, schema_of(m, element), value);
	else
		json_set(element, value->key, json_copy(value));
}

static int64_t new_id(struct model *m, const struct json *order)
{
	int64_t id = json_to_id(json_get(order, "id"), 0);

	return id != 0 ? id : m->next_id++;
}

static struct thing *first_of(const struct model *m, enum kind kind)
{
	for (size_t i = 0; i < m->n_things; i++) {
		if (m->things[i]->kind == kind)
			return m->things[i];
	}
	return NULL;
}

/* A new element: in the first project, of the first type and status. */
static struct json *new_element(struct model *m, const struct json *order)
{
	struct buf out = {0};
	char now[STAMP_TEXT];
	const struct json *set = json_get(order, "set");
	struct thing *project = model_thing(
		m, KIND_PROJECT, json_to_id(json_get(set, "project"), 0));
	const struct element e = {
		.id = new_id(m, order),
		.percent = -1,
		.subject = "",
		.raw = "",
		.html = "",
		.start_date = "null",
		.created = now,
		.updated = now,
		.project = project != NULL ? project
					   : first_of(m, KIND_PROJECT),
		.type = first_of(m, KIND_TYPE),
		.status = first_of(m, KIND_STATUS),
		.priority = first_of(m, KIND_PRIORITY),
		.author = first_of(m, KIND_USER),
		.fields = "",
		.field_links = "",
	};
	struct json *j;

	stamp_format(model_now(m), 3, now);
	element_write(&out, &e);
	j = json_parse(buf_str(&out));
	buf_fini(&out);
	return j;
}

/* When an order happens: when it says, or now. */
static int64_t moment(const struct model *m, const struct json *order)
{
	char *text = json_dup_text(json_get(order, "updatedAt"));
	int64_t stamp = model_now(m);

	if (text != NULL)
		stamp_parse(str_of(text), &stamp);
	free(text);
	return stamp;
}

static void put(struct model *m, const struct json *element, int64_t updated,
	int digits)
{
	struct buf out = {0};

	json_write(element, &out);
	model_put_item(m, text_take(&out), updated, digits);
}

static void set_stamp(struct json *element, int64_t updated, int digits)
{
	char text[STAMP_TEXT];
	int64_t version = json_to_int(json_get(element, "lockVersion"), 0);

	stamp_format(updated, digits, text);
	json_set_text(element, "updatedAt", text);
	json_set(element, "lockVersion", json_int(version + 1));
}

/* The very bytes of an element, JSON or not; columns stay as they were. */
static void put_raw(struct work_item *item, const struct json *raw)
{
	char *text = json_dup_text(raw);

	if (text == NULL)
		return;
	text_drop(item->text);
	item->text = text_new(text, strlen(text));
	free(text);
}

static void change(struct model *m, const struct json *order,
	struct json *element, const struct work_item *old)
{
	const struct json *set = json_get(order, "set");
	int digits = old != NULL ? old->digits : 3;
	int64_t updated = old != NULL ? old->updated : moment(m, order);
	int64_t id = json_to_int(json_get(element, "id"), 0);
	int64_t old_parent =
		href_number(json_at(element, "_links", "parent", NULL));

	for (struct json *c = set != NULL ? set->first : NULL; c != NULL;
		c = c->next)
		set_member(m, element, c);
	fit_fields(m, element, schema_of(m, element));
	move_paths(m, element);
	if (!json_to_bool(json_get(order, "silent"))) {
		updated = moment(m, order);
		set_stamp(element, updated, digits);
	}
	put(m, element, updated, digits);
	put_raw(model_item(m, id), json_get(order, "raw"));
	if (json_get(set, "subject") != NULL)
		retitle_work_package(m, id, json_get(set, "subject"));
	if (json_get(set, "parent") != NULL) {
		retitle_children(m, old_parent);
		retitle_children(m,
			href_number(json_at(element, "_links", "parent", NULL)));
	}
}

int64_t edit_apply(struct model *m, const struct json *order, const char **why)
{
	struct work_item *old =
		model_item(m, json_to_id(json_get(order, "id"), 0));
	struct json *element = old != NULL ? json_parse(text_str(old->text))
					   : new_element(m, order);
	int64_t id = json_to_int(json_get(element, "id"), 0);

	if (element != NULL)
		change(m, order, element, old);
	else if (why != NULL)
		*why = "what is there is no JSON: give it as raw";
	json_free(element);
	return id;
}

void edit_touch(struct model *m, int64_t id)
{
	struct work_item *item = model_item(m, id);
	struct json *element = json_parse(text_str(item->text));
	struct json *version;
	int64_t now = model_now(m);

	if (element == NULL)
		return;
	version = json_copy(json_get(element, "lockVersion"));
	set_stamp(element, now, item->digits);
	json_set(element, "lockVersion", version);
	put(m, element, now, item->digits);
	json_free(element);
}

bool edit_delete(struct model *m, int64_t id)
{
	const struct work_item *item = model_item(m, id);
	struct json *element;
	int64_t parent;
	size_t n;

	if (item == NULL)
		return false;
	element = json_parse(text_str(item->text));
	parent = href_number(json_at(element, "_links", "parent", NULL));
	json_free(element);
	model_files_of(m, id, &n);
	while (n > 0) {
		model_remove_file(m, model_files_of(m, id, &n)[0]->id);
		n--;
	}
	model_remove_item(m, id);
	if (model_item(m, parent) != NULL) {
		retitle_children(m, parent);
		edit_touch(m, parent);
	}
	return true;
}
