/*
 * edit - work packages that are created and changed by the side door.
 *
 *   {"id": 4, "set": {"subject": …, "type": 8, "customField1": …},
 *    "updatedAt": "…", "digits": 3, "silent": true, "raw": "…"}
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
#include "tests/openproject/field.h"
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
		{"configureForm", xasprintf("/types/%" PRId64 "/edit"
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

static void set_member(
	struct model *m, struct json *element, const struct json *value)
{
	struct json *to = json_get(element, "_links");

	for (size_t i = 0; i < ARRAY_LEN(links); i++) {
		if (strcmp(value->key, links[i].name) == 0) {
			json_set(to, value->key,
				field_link(m, links[i].kind, value));
			return;
		}
	}
	if (strcmp(value->key, "subject") == 0)
		retitle_own(element, value);
	else if (strcmp(value->key, "parent") == 0)
		retitle_parent(m, element, json_to_id(value, 0));
	else if (strcmp(value->key, "description") == 0 &&
		 value->type <= JSON_STRING)
		json_set(element, "description", field_formattable(value));
	else if (str_starts(str_of(value->key), STR("customField")))
		field_set(m, element, field_schema(m, element), value);
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

/*
 * A new element: in the first project, of the first type and status.  NULL if
 * there are none.
 */
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
		.project =
			project != NULL ? project : first_of(m, KIND_PROJECT),
		.type = first_of(m, KIND_TYPE),
		.status = first_of(m, KIND_STATUS),
		.priority = first_of(m, KIND_PRIORITY),
		.author = first_of(m, KIND_USER),
		.fields = "",
		.field_links = "",
	};
	struct json *j;

	if (e.project == NULL || e.type == NULL)
		return NULL;
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
	int digits = (int)json_to_int(
		json_get(order, "digits"), old != NULL ? old->digits : 3);
	int64_t updated = old != NULL ? old->updated : moment(m, order);
	int64_t id = json_to_int(json_get(element, "id"), 0);
	int64_t old_parent =
		href_number(json_at(element, "_links", "parent", NULL));

	for (struct json *c = json_members(set); c != NULL; c = c->next)
		set_member(m, element, c);
	field_fit_all(m, element, field_schema(m, element));
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
		retitle_children(m, href_number(json_at(element, "_links",
					    "parent", NULL)));
	}
}

/* Put other bytes in the place of an element that is no work package. */
static void replace(
	struct model *m, const struct json *order, const struct work_item *old)
{
	struct work_item item = *old;

	text_hold(item.text);
	if (!json_to_bool(json_get(order, "silent")))
		item.updated = moment(m, order);
	put_raw(model_insert_item(m, &item), json_get(order, "raw"));
}

static bool is_object(const struct json *j)
{
	return j != NULL && j->type == JSON_OBJECT;
}

/* What an order must not set. */
static const char *refuse(const struct json *set)
{
	const struct json *subject = json_get(set, "subject");
	const struct json *below = json_get(set, "_links");

	if (set != NULL && !is_object(set))
		return "set is no object";
	if (json_get(set, "id") != NULL)
		return "an id cannot be set";
	if (below != NULL && !is_object(below))
		return "_links is no object";
	if (subject != NULL && subject->type != JSON_STRING)
		return "subject is no text: give the element as raw";
	return NULL;
}

static bool is_work_package(const struct json *element, int64_t id)
{
	return is_object(json_get(element, "_links")) &&
	       json_to_int(json_get(element, "id"), 0) == id;
}

int64_t edit_apply(struct model *m, const struct json *order, const char **why)
{
	struct work_item *old =
		model_item(m, json_to_id(json_get(order, "id"), 0));
	struct json *element = old != NULL ? json_parse(text_str(old->text))
					   : new_element(m, order);
	const char *refused = refuse(json_get(order, "set"));
	int64_t id =
		old != NULL ? old->id : json_to_int(json_get(element, "id"), 0);

	if (refused == NULL && is_work_package(element, id))
		change(m, order, element, old);
	else if (refused == NULL && old == NULL)
		refused = "there is no project or no type";
	else if (refused == NULL && json_get(order, "raw") != NULL)
		replace(m, order, old);
	else if (refused == NULL)
		refused = "what is there is broken: give it as raw";
	json_free(element);
	if (refused == NULL)
		return id;
	if (why != NULL)
		*why = refused;
	return 0;
}

void edit_touch(struct model *m, int64_t id)
{
	struct work_item *item = model_item(m, id);
	struct json *element = json_parse(text_str(item->text));
	struct json *version;
	int64_t now = model_now(m);

	if (json_get(element, "_links") == NULL) {
		json_free(element);
		return;
	}
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
