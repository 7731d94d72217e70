#ifndef TESTS_UNIT_CONTENT_FIXTURE_H
#define TESTS_UNIT_CONTENT_FIXTURE_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/work_package.h"
#include "content/program.h"

/*
 * Work packages for the tests of the mapping, from tests/fixtures/mapping.
 * All text lives in the arena.
 */
static inline struct str fixture_text(struct arena *a, const json_t *v)
{
	return json_is_string(v) ? arena_str(a, str_of(json_string_value(v)))
				 : STR_NONE;
}

static inline struct value fixture_value(struct arena *a, json_t *v);

static inline struct value fixture_map(struct arena *a, json_t *map)
{
	struct value out = {.type = VALUE_MAP};
	const char *key;
	json_t *v;

	out.members = ARENA_ARRAY(a, struct member, json_object_size(map) + 1);
	json_object_foreach(map, key, v)
	{
		struct member *m = &out.members[out.n++];

		m->key = arena_str(a, str_of(key));
		m->value = fixture_value(a, v);
		if (strcmp(key, "href") == 0 && m->value.text.n > 0)
			out.members[out.n++] = (struct member){STR("id"),
				value_number(arena_printf(a, "%lld",
					(long long)href_id(m->value.text)))};
	}
	return out;
}

static inline struct value fixture_value(struct arena *a, json_t *v)
{
	struct value out = {0};

	switch (json_typeof(v)) {
	case JSON_TRUE:
	case JSON_FALSE:
		return value_bool(json_is_true(v));
	case JSON_STRING:
		return value_string(fixture_text(a, v));
	case JSON_INTEGER:
		return value_number(arena_printf(
			a, "%lld", (long long)json_integer_value(v)));
	case JSON_REAL:
		return value_number(
			arena_printf(a, "%.15g", json_real_value(v)));
	case JSON_OBJECT:
		return fixture_map(a, v);
	case JSON_ARRAY:
		out.type = VALUE_LIST;
		out.items = ARENA_ARRAY(a, struct value, json_array_size(v));
		for (; out.n < json_array_size(v); out.n++)
			out.items[out.n] =
				fixture_value(a, json_array_get(v, out.n));
		return out;
	case JSON_NULL:
		break;
	}
	return out;
}

static inline struct link fixture_link(
	struct arena *a, const json_t *links, const char *name)
{
	const json_t *l = json_object_get(links, name);
	struct link out = {.href = fixture_text(a, json_object_get(l, "href")),
		.title = fixture_text(a, json_object_get(l, "title"))};

	out.id = href_id(out.href);
	return out;
}

static inline json_t *fixture_json(const char *name)
{
	char path[128];
	json_error_t error;
	json_t *root;

	snprintf(path, sizeof(path), "tests/fixtures/mapping/%s.json", name);
	root = json_load_file(path, 0, &error);
	if (root == NULL)
		fprintf(stderr, "%s: %s\n", path, error.text);
	assert_non_null(root);
	return root;
}

static inline struct schema *fixture_schema(struct arena *a)
{
	json_t *root = fixture_json("schema");
	struct schema *s = ARENA_NEW(a, struct schema);
	const char *key;
	json_t *v;

	s->fields = ARENA_ARRAY(a, struct schema_field, json_object_size(root));
	json_object_foreach(root, key, v) s->fields[s->n_fields++] =
		(struct schema_field){arena_str(a, str_of(key)),
			fixture_text(a, json_object_get(v, "name")),
			fixture_text(a, json_object_get(v, "type"))};
	json_decref(root);
	return s;
}

static inline void fixture_fields(
	struct arena *a, json_t *from, struct work_package *wp)
{
	const char *key;
	json_t *v;

	json_object_foreach(
		from, key, v) if (strncmp(key, "customField", 11) == 0)
		wp->fields[wp->n_fields++] = (struct custom_field){
		arena_str(a, str_of(key)), fixture_value(a, v)};
}

static inline void fixture_attachments(
	struct arena *a, const json_t *list, struct work_package *wp)
{
	wp->attachments_known = true;
	wp->attachments =
		ARENA_ARRAY(a, struct attachment, json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *from = json_array_get(list, i);
		const json_t *links = json_object_get(from, "_links");
		struct attachment *to = &wp->attachments[wp->n_attachments++];

		to->id = json_integer_value(json_object_get(from, "id"));
		to->file_name =
			fixture_text(a, json_object_get(from, "fileName"));
		to->content_type =
			fixture_text(a, json_object_get(from, "contentType"));
		to->size =
			json_integer_value(json_object_get(from, "fileSize"));
		to->created_at =
			fixture_text(a, json_object_get(from, "createdAt"));
		to->author = fixture_link(a, links, "author");
		to->href = fixture_link(a, links, "downloadLocation").href;
	}
}

static inline void fixture_links(
	struct arena *a, const json_t *links, struct work_package *wp)
{
	wp->type = fixture_link(a, links, "type");
	wp->status = fixture_link(a, links, "status");
	wp->priority = fixture_link(a, links, "priority");
	wp->project = fixture_link(a, links, "project");
	wp->author = fixture_link(a, links, "author");
	wp->assignee = fixture_link(a, links, "assignee");
	wp->responsible = fixture_link(a, links, "responsible");
	wp->version = fixture_link(a, links, "version");
	wp->category = fixture_link(a, links, "category");
	wp->parent = fixture_link(a, links, "parent");
}

/* The work package of tests/fixtures/mapping/NAME.json. */
static inline struct work_package fixture_load(
	struct arena *a, const char *name)
{
	json_t *root = fixture_json(name);
	json_t *links = json_object_get(root, "_links");
	const json_t *description = json_object_get(root, "description");
	struct work_package wp = {
		.id = json_integer_value(json_object_get(root, "id")),
		.project_identifier = STR("ccm"),
		.schema = fixture_schema(a),
	};

	wp.subject = fixture_text(a, json_object_get(root, "subject"));
	wp.description_raw =
		fixture_text(a, json_object_get(description, "raw"));
	wp.description_html =
		fixture_text(a, json_object_get(description, "html"));
	wp.start_date = fixture_text(a, json_object_get(root, "startDate"));
	wp.due_date = fixture_text(a, json_object_get(root, "dueDate"));
	wp.created_at = fixture_text(a, json_object_get(root, "createdAt"));
	wp.updated_at = fixture_text(a, json_object_get(root, "updatedAt"));
	wp.estimated_time =
		fixture_text(a, json_object_get(root, "estimatedTime"));
	if (json_is_integer(json_object_get(root, "percentageDone")))
		wp.percentage_done = fixture_value(
			a, json_object_get(root, "percentageDone"))
					     .text;
	wp.url = arena_printf(a, "https://op.example.org/work_packages/%lld",
		(long long)wp.id);
	fixture_links(a, links, &wp);
	wp.fields = ARENA_ARRAY(a, struct custom_field,
		json_object_size(root) + json_object_size(links));
	fixture_fields(a, root, &wp);
	fixture_fields(a, links, &wp);
	fixture_attachments(a, json_object_get(root, "attachments"), &wp);
	json_decref(root);
	return wp;
}

/* Say that a picture's contents were here. */
static inline void fixture_fetch(
	struct attachment *a, const char *format, long width, long height)
{
	a->fetched = true;
	snprintf(a->image.format, sizeof(a->image.format), "%s", format);
	a->image.width = width;
	a->image.height = height;
}

/* A program of its own; its tree is in the arena. */
static inline struct program *fixture_compile(struct arena *a, const char *yaml)
{
	struct program *p = NULL;
	struct node root;
	struct err e = {0};

	if (tree_parse(a, "c.yaml", str_of(yaml), &root, &e) != 0 ||
		program_compile(&root, &p, &e) != 0) {
		fprintf(stderr, "%s: %s\n", yaml, e.text);
		abort();
	}
	return p;
}

#endif
