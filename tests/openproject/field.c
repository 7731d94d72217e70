/*
 * field - values that the side door gives to a work package's members.
 */
#include "tests/openproject/field.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/element.h"

struct json *field_formattable(const struct json *raw)
{
	struct json *j = json_new(JSON_OBJECT);
	char *text = json_dup_text(raw);
	struct buf html = {0};

	element_html(str_of(text != NULL ? text : ""), &html);
	json_set_text(j, "format", "markdown");
	json_set(
		j, "raw", text != NULL ? json_copy(raw) : json_string(STR("")));
	json_set(j, "html", json_string(buf_str(&html)));
	buf_fini(&html);
	free(text);
	return j;
}

struct json *field_link(
	const struct model *m, enum kind kind, const struct json *value)
{
	struct buf text = {0};
	struct json *link;

	if (value->type == JSON_ARRAY) {
		link = json_new(JSON_ARRAY);
		for (struct json *c = value->first; c != NULL; c = c->next)
			json_append(link, field_link(m, kind, c));
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

void field_set(const struct model *m, struct json *element,
	const struct json *schema, const struct json *value)
{
	const char *key = value->key;
	const struct json *type = json_at(schema, key, "type", NULL);

	if (is_link_field(schema, key)) {
		struct json *link =
			field_link(m, field_kind(schema, key), value);
		struct json *href = json_get(link, "href");

		if (href != NULL && href->type == JSON_NULL)
			json_set(link, "title", json_new(JSON_NULL));
		json_set(json_get(element, "_links"), key, link);
	} else if (type != NULL && json_is(type, "Formattable") &&
		   value->type <= JSON_STRING) {
		json_set(element, key, field_formattable(value));
	} else {
		json_set(element, key, json_copy(value));
	}
}

void field_fit_all(
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
		field_set(m, element, schema, nothing);
		json_free(nothing);
	}
}

const struct json *field_schema(struct model *m, const struct json *element)
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
		json_set_text(
			json_at(schema, "_links", "self", NULL), "href", href);
		free(href);
		model_put_schema(m, project, type, schema);
	}
	return schema;
}
