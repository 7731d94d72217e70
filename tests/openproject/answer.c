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

struct path {
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

/* Split at slashes; several in a row count as one. */
static bool split(struct path *out, struct str path)
{
	while (path.n > 0) {
		size_t end = str_find(path, STR("/"));

		if (end > 0 && out->n == MAX_SEGMENTS)
			return false;
		if (end > 0)
			out->part[out->n++] = (struct str){path.p, end};
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
static void get_recorded(struct answer *a, const struct view *v, int64_t id,
	const char *name)
{
	char *href = xasprintf(
		"/api/v3/work_packages/%lld/%s", (long long)id, name);
	const struct json *j = json_get(v->m->activities, href);
	struct buf out = {0};

	if (j != NULL)
		json_write(j, &out);
	else
		show_collection(&out, 0, STR(""), href);
	free(href);
	answer_json(a, &out);
}

static void get_schema(struct answer *a, const struct view *v, struct str pair)
{
	size_t dash = str_find(pair, STR("-"));

	if (dash == pair.n)
		answer_not_found(a);
	else
		show_schema(a, v, number((struct str){pair.p, dash}),
			number(str_skip(pair, dash + 1)));
}

static void get_work_package(
	struct answer *a, const struct view *v, const struct path *p)
{
	int64_t id = number(p->part[1]);

	if (view_item(v, id) == NULL)
		answer_no_work_package(a);
	else if (p->n == 2)
		show_item(a, v, id);
	else if (p->n > 3)
		no_route(a);
	else if (str_is(p->part[2], "attachments"))
		show_files(a, v, id);
	else if (str_is(p->part[2], "activities"))
		get_recorded(a, v, id, "activities");
	else if (str_is(p->part[2], "relations"))
		get_recorded(a, v, id, "relations");
	else
		no_route(a);
}

static void get_work_packages(struct answer *a, const struct view *v,
	const struct path *p, struct str query)
{
	if (p->n == 1)
		list_answer(a, v, query);
	else if (!str_is(p->part[1], "schemas"))
		get_work_package(a, v, p);
	else if (p->n == 2)
		show_schemas(a, v, query);
	else if (p->n == 3)
		get_schema(a, v, p->part[2]);
	else
		no_route(a);
}

static void get_projects(struct answer *a, const struct view *v,
	const struct path *p, struct str query)
{
	static const enum kind parts[] = {
		KIND_TYPE, KIND_VERSION, KIND_CATEGORY};
	struct thing *t;

	if (p->n == 1) {
		show_projects(a, v, query);
		return;
	}
	t = model_project(v->m, p->part[1]);
	if (p->n == 2 || t == NULL || !account_sees(v->who, v->m, t->id)) {
		show_thing(a, v, t);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(parts) && p->n == 3; i++) {
		if (str_is(p->part[2], kind_path(parts[i]))) {
			show_things(a, v, parts[i], t->id);
			return;
		}
	}
	no_route(a);
}

static void get_attachments(struct answer *a, const struct view *v,
	const struct path *p, struct str query)
{
	(void)query;
	if (p->n == 2)
		show_file(a, v, number(p->part[1]));
	else if (p->n == 3 && str_is(p->part[2], "content"))
		show_content(a, v, number(p->part[1]));
	else
		no_route(a);
}

static void get_users(struct answer *a, const struct view *v,
	const struct path *p, struct str query)
{
	int64_t id;

	(void)query;
	if (p->n != 2) {
		no_route(a);
		return;
	}
	id = str_is(p->part[1], "me") ? v->who->user : number(p->part[1]);
	show_thing(a, v, model_thing(v->m, KIND_USER, id));
}

static void get_relations(struct answer *a, const struct view *v,
	const struct path *p, struct str query)
{
	struct buf out = {0};

	(void)v;
	(void)p;
	(void)query;
	buf_puts(&out,
		"{\"_type\":\"Collection\",\"total\":0,\"count\":0,"
		"\"pageSize\":20,\"offset\":1,\"_embedded\":{\"elements\":[]},"
		"\"_links\":{\"self\":{\"href\":\"/api/v3/relations\"}}}");
	answer_json(a, &out);
}

typedef void get_fn(struct answer *a, const struct view *v,
	const struct path *p, struct str query);

static const struct {
	const char *name;
	get_fn *get;
} routes[] = {
	{"work_packages", get_work_packages},
	{"projects", get_projects},
	{"attachments", get_attachments},
	{"users", get_users},
	{"relations", get_relations},
};

/* /types, /types/8 and their like. */
static bool get_things(
	struct answer *a, const struct view *v, const struct path *p)
{
	static const enum kind kinds[] = {KIND_TYPE, KIND_STATUS, KIND_PRIORITY,
		KIND_CATEGORY, KIND_VERSION, KIND_OPTION};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (p->n > 2 || !str_is(p->part[0], kind_path(kinds[i])))
			continue;
		if (p->n == 2)
			show_thing(a, v,
				model_thing(v->m, kinds[i],
					number(p->part[1])));
		else if (kinds[i] <= KIND_PRIORITY)
			show_things(a, v, kinds[i], 0);
		else
			no_route(a);
		return true;
	}
	return false;
}

static void get_path(struct answer *a, const struct view *v,
	const struct path *p, struct str query)
{
	if (p->n == 0) {
		get_root(a, v);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
		if (str_is(p->part[0], routes[i].name)) {
			routes[i].get(a, v, p, query);
			return;
		}
	}
	if (!get_things(a, v, p))
		no_route(a);
}

void answer_get(struct answer *a, const struct view *v, struct str path,
	struct str query)
{
	struct path all = {0};
	struct path p = {0};

	if (!split(&all, path) || all.n < 2 || !str_is(all.part[0], "api") ||
		!str_is(all.part[1], "v3")) {
		no_route(a);
		return;
	}
	for (size_t i = 2; i < all.n; i++)
		p.part[p.n++] = all.part[i];
	if (p.n == 1 && str_is(p.part[0], "configuration"))
		get_configuration(a, v);
	else if (v->who != NULL)
		get_path(a, v, &p, query);
}
