/*
 * show - one work package, one thing, and the small collections.
 *
 * What is embedded in a work package is made from its links whenever it is
 * asked for, so that a renamed type is renamed everywhere at once.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/query.h"

/* What only those who may change a project or a user are shown. */
static const char *const project_rights[] = {"createWorkPackage",
	"createWorkPackageImmediately", "memberships", "update",
	"updateImmediately", "delete"};
static const char *const user_secrets[] = {"createdAt", "updatedAt", "login",
	"admin", "firstName", "lastName", "email", "status", "identityUrl",
	"language"};
static const char *const user_rights[] = {
	"memberships", "updateImmediately", "lock"};

static void remove_all(struct json *j, const char *const *names, size_t n_names)
{
	for (size_t i = 0; i < n_names && j != NULL; i++)
		json_remove(j, names[i]);
}

void view_thing(const struct view *v, const struct thing *t, struct buf *out)
{
	struct json *copy;
	struct json *links;

	if (v->who->sees_all || t->id == v->who->user ||
		(t->kind != KIND_PROJECT && t->kind != KIND_USER)) {
		json_write(t->json, out);
		return;
	}
	copy = json_copy(t->json);
	links = json_get(copy, "_links");
	if (t->kind == KIND_PROJECT) {
		remove_all(links, project_rights, ARRAY_LEN(project_rights));
	} else {
		remove_all(copy, user_secrets, ARRAY_LEN(user_secrets));
		remove_all(links, user_rights, ARRAY_LEN(user_rights));
	}
	json_write(copy, out);
	json_free(copy);
}

struct work_item *view_item(const struct view *v, int64_t id)
{
	struct work_item *item = model_item(v->m, id);

	if (item == NULL || !account_sees(v->who, v->m, item->project))
		return NULL;
	return item;
}

void show_thing(struct answer *a, const struct view *v, const struct thing *t)
{
	struct buf out = {0};
	bool hidden = t == NULL || t->hidden;

	if (!hidden && t->kind == KIND_PROJECT)
		hidden = !account_sees(v->who, v->m, t->id);
	if (hidden) {
		answer_not_found(a);
		return;
	}
	view_thing(v, t, &out);
	answer_json(a, &out);
}

void show_collection(
	struct buf *out, size_t count, struct str elements, const char *href)
{
	buf_printf(out,
		"{\"_type\":\"Collection\",\"total\":%zu,\"count\":%zu,"
		"\"_embedded\":{\"elements\":[",
		count, count);
	buf_add_str(out, elements);
	buf_printf(out, "]},\"_links\":{\"self\":{\"href\":\"%s\"}", href);
	buf_puts(out, "}}");
}

/* As the real server has it: names by their bytes. */
static int compare_names(const void *x, const void *y)
{
	const struct file *a = *(struct file *const *)x;
	const struct file *b = *(struct file *const *)y;
	const char *name_a = json_raw(json_get(a->json, "fileName"));
	const char *name_b = json_raw(json_get(b->json, "fileName"));
	int c = strcmp(name_a, name_b);

	return c != 0 ? c : (a->id > b->id) - (a->id < b->id);
}

static void add_files(struct buf *out, const struct model *m, int64_t id)
{
	size_t n;
	struct file *const *files = model_files_of(m, id, &n);
	struct file **sorted = xcalloc(n, sizeof(struct file *));
	char *href =
		xasprintf("/api/v3/work_packages/%" PRId64 "/attachments", id);
	struct buf elements = {0};

	for (size_t i = 0; i < n; i++)
		sorted[i] = files[i];
	qsort(sorted, n, sizeof(struct file *), compare_names);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&elements, ',');
		json_write(sorted[i]->json, &elements);
	}
	show_collection(out, n, buf_str(&elements), href);
	buf_fini(&elements);
	free(sorted);
	free(href);
}

void show_files(struct answer *a, const struct view *v, int64_t id)
{
	struct buf out = {0};

	add_files(&out, v->m, id);
	answer_json(a, &out);
	a->work_ms = 45;
}

/* "name":{…} of the thing that link leads to, if there is one. */
static void embed_thing(struct buf *out, const struct view *v, const char *name,
	const struct json *link)
{
	const struct json *href = json_get(link, "href");
	const struct thing *t = NULL;

	if (href != NULL && href->type == JSON_STRING)
		t = model_thing_at(v->m, str_of(href->text));
	if (t == NULL || t->kind == KIND_OPTION)
		return;
	buf_printf(out, ",\"%s\":", name);
	view_thing(v, t, out);
}

static void embed_parent(
	struct buf *out, const struct view *v, const struct json *links)
{
	struct work_item *parent =
		view_item(v, href_number(json_get(links, "parent")));

	if (parent == NULL)
		return;
	buf_puts(out, ",\"parent\":");
	buf_add_str(out, text_str(parent->text));
}

static void embed_empty(
	struct buf *out, int64_t id, const char *name, const char *path)
{
	char *href =
		xasprintf("/api/v3/work_packages/%" PRId64 "/%s", id, path);

	buf_printf(out, ",\"%s\":", name);
	show_collection(out, 0, STR(""), href);
	free(href);
}

/* What stands in _embedded of a work package with these links. */
static void embed_all(struct buf *out, const struct view *v, int64_t id,
	const struct json *links)
{
	static const char *const names[] = {"category", "type", "priority",
		"project", "status", "author", "responsible", "assignee",
		"version"};

	buf_puts(out, "\"_embedded\":{\"attachments\":");
	add_files(out, v->m, id);
	embed_empty(out, id, "relations", "relations");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		embed_thing(out, v, names[i], json_get(links, names[i]));
	embed_parent(out, v, links);
	buf_puts(out, ",\"customActions\":[]");
	if (json_get(links, "costsByType") != NULL)
		embed_empty(out, id, "costsByType", "summarized_costs_by_type");
	for (struct json *c = json_members(links); c != NULL; c = c->next) {
		if (str_starts(str_of(c->key), STR("customField")))
			embed_thing(out, v, c->key, c);
	}
	buf_puts(out, "},");
}

void show_item(struct answer *a, const struct view *v, int64_t id)
{
	struct work_item *item = view_item(v, id);
	struct str text = text_str(item->text);
	size_t at = str_find(text, STR("\"_type\":\"WorkPackage\""));
	struct json *j = json_parse(text);
	struct buf out = {0};

	buf_add(&out, text.p, at);
	if (at < text.n)
		embed_all(&out, v, id, json_get(j, "_links"));
	buf_add_str(&out, str_skip(text, at));
	json_free(j);
	answer_json(a, &out);
	a->work_ms = 110;
}

static bool belongs(const struct thing *t, enum kind kind, int64_t project)
{
	if (t->kind != kind)
		return false;
	return project == 0 || kind == KIND_TYPE || t->project == project;
}

static void things_self(
	struct buf *out, const struct view *v, enum kind kind, int64_t project)
{
	const struct thing *t = model_thing(v->m, KIND_PROJECT, project);

	if (t == NULL)
		buf_printf(out, "/api/v3/%s", kind_path(kind));
	else if (kind == KIND_CATEGORY)
		buf_printf(
			out, "/api/v3/projects/%s/categories", t->identifier);
	else
		buf_printf(out, "/api/v3/projects/%" PRId64 "/%s", project,
			kind_path(kind));
}

void show_things(
	struct answer *a, const struct view *v, enum kind kind, int64_t project)
{
	struct buf elements = {0};
	struct buf self = {0};
	struct buf out = {0};
	size_t n = 0;

	for (size_t i = 0; i < v->m->n_things; i++) {
		if (!belongs(v->m->things[i], kind, project))
			continue;
		buf_puts(&elements, n++ > 0 ? "," : "");
		view_thing(v, v->m->things[i], &elements);
	}
	things_self(&self, v, kind, project);
	show_collection(&out, n, buf_str(&elements), self.p);
	if (kind == KIND_VERSION && v->who->sees_all) {
		out.n -= 2;
		buf_puts(&out,
			",\"createVersionImmediately\":{\"href\":"
			"\"/api/v3/versions\",\"method\":\"post\"},"
			"\"createVersion\":{\"href\":\"/api/v3/versions/form\","
			"\"method\":\"post\"}}}");
	}
	buf_fini(&elements);
	buf_fini(&self);
	answer_json(a, &out);
}
