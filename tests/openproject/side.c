/*
 * side - the side door: what tests order and ask, beside the API.
 *
 * POST /side/ORDER with a JSON object, answered by {"ok":true,…} or by 400
 * and {"error":…}; no key is needed.  README.md, beside this file, has them
 * all.
 */
#include "tests/openproject/side.h"

#include <stdlib.h>
#include <string.h>

#include "tests/openproject/attach.h"
#include "tests/openproject/edit.h"

struct json *side_ok(void)
{
	struct json *j = json_new(JSON_OBJECT);

	json_set(j, "ok", json_bool(true));
	return j;
}

static struct json *ok_id(int64_t id)
{
	struct json *j;

	if (id == 0)
		return NULL;
	j = side_ok();
	json_set(j, "id", json_int(id));
	return j;
}

/* An edit that is stamped now and seen later. */
static void put_off(struct server *s, const struct json *order, long lists)
{
	struct late_edit *late = xcalloc(1, sizeof(*late));
	struct late_edit **at = &s->late;
	char now[STAMP_TEXT];

	late->lists = lists;
	late->edit = json_copy(order);
	stamp_format(model_now(&s->model), 6, now);
	if (json_get(order, "updatedAt") == NULL)
		json_set_text(late->edit, "updatedAt", now);
	while (*at != NULL)
		at = &(*at)->next;
	*at = late;
}

static struct json *side_edit(
	struct server *s, const struct json *order, const char **why)
{
	long late = json_to_int(json_get(order, "late"), -1);

	if (late < 0)
		return ok_id(edit_apply(&s->model, order, why));
	put_off(s, order, late);
	return side_ok();
}

static struct json *side_delete(
	struct server *s, const struct json *order, const char **why)
{
	if (edit_delete(&s->model, json_to_id(json_get(order, "id"), 0)))
		return side_ok();
	*why = "there is no such work package";
	return NULL;
}

static struct json *side_attach(
	struct server *s, const struct json *order, const char **why)
{
	int64_t id = attach(&s->model, order, why);

	if (id != 0 && !json_to_bool(json_get(order, "silent")))
		edit_touch(&s->model, model_file(&s->model, id)->work_package);
	return ok_id(id);
}

static struct json *side_detach(
	struct server *s, const struct json *order, const char **why)
{
	struct file *f =
		model_file(&s->model, json_to_id(json_get(order, "id"), 0));
	int64_t owner;

	if (f == NULL) {
		*why = "there is no such attachment";
		return NULL;
	}
	owner = f->work_package;
	model_remove_file(&s->model, f->id);
	if (!json_to_bool(json_get(order, "silent")))
		edit_touch(&s->model, owner);
	return side_ok();
}

static struct json *side_clock(
	struct server *s, const struct json *order, const char **why)
{
	(void)why;
	s->model.clock_offset =
		json_to_int(json_get(order, "offset_ms"), 0) * 1000;
	return side_ok();
}

static struct json *side_key(
	struct server *s, const struct json *order, const char **why)
{
	char *name = json_dup_text(json_get(order, "user"));
	struct account *a = model_account(&s->model, name != NULL ? name : "");

	free(name);
	if (a == NULL) {
		*why = "there is no such user";
		return NULL;
	}
	free(a->key);
	a->key = json_dup_text(json_get(order, "key"));
	return side_ok();
}

static struct json *side_max_page_size(
	struct server *s, const struct json *order, const char **why)
{
	long value = json_to_int(json_get(order, "value"), 0);

	if (value < 1) {
		*why = "value is no number";
		return NULL;
	}
	s->max_page_size = value;
	return side_ok();
}

static struct json *side_fault(
	struct server *s, const struct json *order, const char **why)
{
	struct fault *f = fault_parse(order);

	if (f == NULL) {
		*why = "match is missing";
		return NULL;
	}
	faults_add(&s->faults, f);
	return side_ok();
}

static struct json *side_faults_clear(
	struct server *s, const struct json *order, const char **why)
{
	(void)order;
	(void)why;
	faults_clear(&s->faults);
	return side_ok();
}

static struct json *side_requests(
	struct server *s, const struct json *order, const char **why)
{
	struct json *list = json_new(JSON_ARRAY);
	struct json **tail = &list->first;

	(void)order;
	(void)why;
	for (size_t i = 0; i < s->n_seen; i++) {
		const struct seen *seen = &s->seen[i];
		struct json *j = json_new(JSON_OBJECT);

		json_set_text(j, "method", seen->method);
		json_set_text(j, "path", seen->url);
		json_set(j, "status", json_int(seen->status));
		json_set(j, "authorization", json_bool(seen->authorization));
		json_set(j, "fault", json_bool(seen->fault));
		json_set(j, "at", json_int(seen->at));
		json_set(j, "sent", json_int(seen->sent));
		if (seen->agent != NULL)
			json_set_text(j, "userAgent", seen->agent);
		*tail = j;
		tail = &j->next;
	}
	return list;
}

static struct json *side_requests_reset(
	struct server *s, const struct json *order, const char **why)
{
	(void)order;
	(void)why;
	for (size_t i = 0; i < s->n_seen; i++) {
		free(s->seen[i].method);
		free(s->seen[i].url);
		free(s->seen[i].agent);
	}
	s->n_seen = 0;
	return side_ok();
}

static struct json *state_items(const struct model *m)
{
	struct json *list = json_new(JSON_ARRAY);
	struct json **tail = &list->first;

	for (size_t i = 0; i < m->n_items; i++) {
		struct json *j = json_parse(text_str(m->items[i]->text));
		char stamp[STAMP_TEXT];

		if (j == NULL)
			continue;
		stamp_format(m->items[i]->updated, 6, stamp);
		json_set_text(j, "_updated", stamp);
		*tail = j;
		tail = &j->next;
	}
	return list;
}

static struct json *side_state(
	struct server *s, const struct json *order, const char **why)
{
	const struct model *m = &s->model;
	struct json *j = json_new(JSON_OBJECT);
	struct json *projects = json_new(JSON_ARRAY);
	struct json *files = json_new(JSON_ARRAY);
	struct json **tail = &files->first;
	char now[STAMP_TEXT];

	(void)order;
	(void)why;
	stamp_format(model_now(m), 6, now);
	json_set_text(j, "now", now);
	for (size_t i = 0; i < m->n_things; i++) {
		if (m->things[i]->kind == KIND_PROJECT)
			json_append(projects, json_copy(m->things[i]->json));
	}
	for (size_t i = 0; i < m->n_files; i++) {
		*tail = json_copy(m->files[i]->json);
		tail = &(*tail)->next;
	}
	json_set(j, "projects", projects);
	json_set(j, "workPackages", state_items(m));
	json_set(j, "attachments", files);
	return j;
}

static const struct {
	const char *method;
	const char *name;
	side_fn *run;
} orders[] = {
	{"POST", "edit", side_edit},
	{"POST", "delete", side_delete},
	{"POST", "attach", side_attach},
	{"POST", "detach", side_detach},
	{"POST", "comment", side_comment},
	{"POST", "relate", side_relate},
	{"POST", "unrelate", side_unrelate},
	{"POST", "rename", side_rename},
	{"POST", "thing", side_thing},
	{"POST", "forget", side_forget},
	{"POST", "archive", side_archive},
	{"POST", "grant", side_grant},
	{"POST", "field", side_field},
	{"POST", "clock", side_clock},
	{"POST", "key", side_key},
	{"POST", "max_page_size", side_max_page_size},
	{"POST", "fault", side_fault},
	{"POST", "faults/clear", side_faults_clear},
	{"POST", "requests/reset", side_requests_reset},
	{"GET", "requests", side_requests},
	{"GET", "state", side_state},
};

static struct json *run_order(struct server *s, const char *method,
	struct str path, const struct json *order, const char **why)
{
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		if (str_is(path, orders[i].name) &&
			strcmp(method, orders[i].method) == 0)
			return orders[i].run(s, order, why);
	}
	*why = "there is no such order";
	return NULL;
}

void side_answer(struct answer *a, struct server *s, const char *method,
	struct str path, struct str body)
{
	struct json *order = json_parse(body.n > 0 ? body : STR("{}"));
	const char *why = "the order is no JSON object";
	struct json *said = NULL;
	struct buf out = {0};

	if (order != NULL && order->type == JSON_OBJECT)
		said = run_order(s, method, path, order, &why);
	if (said != NULL)
		json_write(said, &out);
	else
		buf_printf(&out, "{\"error\":\"%s\"}", why);
	answer_json(a, &out);
	a->wrap = WRAP_SIDE;
	a->status = said != NULL ? 200 : 400;
	json_free(said);
	json_free(order);
}
