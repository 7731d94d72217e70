/*
 * answer - which answer a path asks for.
 *
 * Everything but the configuration needs a known reader.  A work package that
 * is not there and one that must not be seen get the same 404; a path that
 * means nothing gets a page of HTML.
 */
#include "tests/openproject/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/openproject/query.h"

#define MAX_SEGMENTS 6

/* Who asks for what: the path behind /api/v3/, cut at its slashes. */
struct get {
	const struct view *v;
	struct str query;
	size_t n;
	struct str part[MAX_SEGMENTS];
};

void answer_fini(struct answer *a)
{
	body_fini(&a->body);
	free(a->type);
	free(a->disposition);
	*a = (struct answer){0};
}

void answer_json(struct answer *a, struct buf *bytes)
{
	a->status = 200;
	a->wrap = WRAP_JSON;
	body_add_buf(&a->body, bytes);
	if (a->work_ms <= 0)
		a->work_ms = 60;
}

void answer_error(struct answer *a, unsigned status, const char *identifier,
	const char *fmt, ...)
{
	struct buf message = {0};
	struct buf out = {0};
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	json_escape(str_of(text), &message);
	free(text);
	buf_printf(&out,
		"{\"_type\":\"Error\",\"errorIdentifier\":\"urn:openproject-org"
		":api:v3:errors:%s\",\"message\":\"%s\"}",
		identifier, message.p != NULL ? message.p : "");
	buf_fini(&message);
	answer_json(a, &out);
	a->status = status;
	a->wrap = WRAP_ERROR;
}

void answer_not_found(struct answer *a)
{
	answer_error(a, 404, "NotFound",
		"The requested resource could not be found.");
}

void answer_no_work_package(struct answer *a)
{
	answer_error(a, 404, "NotFound",
		"The work package you are looking for cannot be found or has "
		"been deleted.");
}

static void no_route(struct answer *a)
{
	body_add_static(&a->body,
		STR("<!DOCTYPE html>\n<html lang=\"en\"><head><title>"
		    "xProject</title></head><body><h1>404</h1><p>The page you "
		    "were trying to access doesn't exist or has been removed."
		    "</p></body></html>\n"));
	a->status = 404;
	a->wrap = WRAP_HTML;
}

/* Cut at slashes; several in a row count as one. */
static bool split(struct get *g, struct str path)
{
	while (path.n > 0) {
		size_t end = str_find(path, STR("/"));

		if (end > 0 && g->n == MAX_SEGMENTS)
			return false;
		if (end > 0)
			g->part[g->n++] = (struct str){path.p, end};
		path = str_skip(path, end < path.n ? end + 1 : end);
	}
	return true;
}

static int64_t number(struct str s)
{
	long long v;

	return str_to_int64(s, &v) ? v : -1;
}

static void get_root(struct answer *a, const struct view *v)
{
	struct json *copy = json_copy(v->m->root);
	struct thing *t = model_thing(v->m, KIND_USER, v->who->user);
	struct buf out = {0};

	if (t != NULL)
		json_set(json_get(copy, "_links"), "user",
			json_copy(json_at(t->json, "_links", "self", NULL)));
	json_write(copy, &out);
	json_free(copy);
	answer_json(a, &out);
}

static void get_configuration(struct answer *a, const struct view *v)
{
	struct json *copy = json_copy(v->m->configuration);
	struct buf out = {0};

	if (v->who == NULL)
		json_remove(copy, "_embedded");
	json_write(copy, &out);
	json_free(copy);
	answer_json(a, &out);
}

/* A collection that is recorded under that href, or an empty one. */
static void get_recorded(
	struct answer *a, const struct view *v, int64_t id, const char *name)
{
	char *href =
		xasprintf("/api/v3/work_packages/%lld/%s", (long long)id, name);
	const struct json *j = json_get(v->m->activities, href);
	struct buf out = {0};

	if (j != NULL)
		json_write(j, &out);
	else
		show_collection(&out, 0, STR(""), href);
	free(href);
	answer_json(a, &out);
}

static void get_schema(struct answer *a, const struct get *g)
{
	struct str pair = g->part[2];
	size_t dash = str_find(pair, STR("-"));

	if (dash == pair.n)
		answer_not_found(a);
	else
		show_schema(a, g->v, number((struct str){pair.p, dash}),
			number(str_skip(pair, dash + 1)));
}

static void get_work_package(struct answer *a, const struct get *g)
{
	static const char *const recorded[] = {"activities", "relations"};
	int64_t id = number(g->part[1]);

	if (view_item(g->v, id) == NULL) {
		answer_no_work_package(a);
		return;
	}
	if (g->n == 2) {
		show_item(a, g->v, id);
		return;
	}
	if (g->n == 3 && str_is(g->part[2], "attachments")) {
		show_files(a, g->v, id);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(recorded) && g->n == 3; i++) {
		if (str_is(g->part[2], recorded[i])) {
			get_recorded(a, g->v, id, recorded[i]);
			return;
		}
	}
	no_route(a);
}

static void get_work_packages(struct answer *a, const struct get *g)
{
	if (g->n == 1)
		list_answer(a, g->v, g->query);
	else if (!str_is(g->part[1], "schemas"))
		get_work_package(a, g);
	else if (g->n == 2)
		show_schemas(a, g->v, g->query);
	else if (g->n == 3)
		get_schema(a, g);
	else
		no_route(a);
}

static void get_projects(struct answer *a, const struct get *g)
{
	static const enum kind parts[] = {
		KIND_TYPE, KIND_VERSION, KIND_CATEGORY};
	const struct view *v = g->v;
	struct thing *t;

	if (g->n == 1) {
		show_projects(a, v, g->query);
		return;
	}
	t = model_project(v->m, g->part[1]);
	if (g->n == 2 || t == NULL || !account_sees(v->who, v->m, t->id)) {
		show_thing(a, v, t);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts) && g->n == 3; i++) {
		if (str_is(g->part[2], kind_path(parts[i]))) {
			show_things(a, v, parts[i], t->id);
			return;
		}
	}
	no_route(a);
}

static void get_attachments(struct answer *a, const struct get *g)
{
	if (g->n == 2)
		show_file(a, g->v, number(g->part[1]));
	else if (g->n == 3 && str_is(g->part[2], "content"))
		show_content(a, g->v, number(g->part[1]));
	else
		no_route(a);
}

static void get_users(struct answer *a, const struct get *g)
{
	int64_t id;

	if (g->n != 2) {
		no_route(a);
		return;
	}
	id = str_is(g->part[1], "me") ? g->v->who->user : number(g->part[1]);
	show_thing(a, g->v, model_thing(g->v->m, KIND_USER, id));
}

static void get_relations(struct answer *a, const struct get *g)
{
	if (g->n != 1)
		no_route(a);
	else
		show_relations(a, g->v, g->query);
}

static const struct {
	const char *name;
	void (*get)(struct answer *a, const struct get *g);
} routes[] = {
	{"work_packages", get_work_packages},
	{"projects", get_projects},
	{"attachments", get_attachments},
	{"users", get_users},
	{"relations", get_relations},
};

/* /types, /types/8 and their like. */
static bool get_things(struct answer *a, const struct get *g)
{
	static const enum kind kinds[] = {KIND_TYPE, KIND_STATUS, KIND_PRIORITY,
		KIND_CATEGORY, KIND_VERSION, KIND_OPTION};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		enum kind kind = kinds[i];

		if (g->n > 2 || !str_is(g->part[0], kind_path(kind)))
			continue;
		if (g->n == 1 && kind > KIND_PRIORITY)
			return false;
		if (g->n == 1)
			show_things(a, g->v, kind, 0);
		else
			show_thing(a, g->v,
				model_thing(g->v->m, kind, number(g->part[1])));
		return true;
	}
	return false;
}

static void get_path(struct answer *a, const struct get *g)
{
	if (g->n == 0) {
		get_root(a, g->v);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (str_is(g->part[0], routes[i].name)) {
			routes[i].get(a, g);
			return;
		}
	}
	if (!get_things(a, g))
		no_route(a);
}

/* The segments behind /api/v3; false if the path lies elsewhere. */
static bool read_path(struct get *g, struct str path)
{
	const struct str root = STR("/api/v3");

	if (!str_starts(path, root))
		return false;
	path = str_skip(path, root.n);
	return (path.n == 0 || path.p[0] == '/') && split(g, path);
}

void answer_get(struct answer *a, const struct view *v, struct str path,
	struct str query)
{
	struct get g = {.v = v, .query = query};
	bool ours = read_path(&g, path);

	if (ours && g.n == 1 && str_is(g.part[0], "configuration"))
		get_configuration(a, v);
	else if (ours && v->who != NULL)
		get_path(a, &g);
	else
		no_route(a);
}
