/*
 * collections - projects, schemas, and attachments one by one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/query.h"

static int compare_newest(const void *x, const void *y)
{
	const struct thing *a = *(struct thing *const *)x;
	const struct thing *b = *(struct thing *const *)y;

	return (a->id < b->id) - (a->id > b->id);
}

static void projects_link(struct buf *out, const char *path,
	const char *filters, const char *offset, const char *size)
{
	buf_printf(out, "{\"href\":\"%s?filters=", path);
	url_encode(str_of(filters), out);
	buf_printf(out, "&offset=%s&pageSize=%s\"", offset, size);
}

static void projects_links(
	struct buf *out, const char *filters, long offset_n, long size_n)
{
	char offset[24];
	char size[24];

	snprintf(offset, sizeof(offset), "%ld", offset_n);
	snprintf(size, sizeof(size), "%ld", size_n);
	buf_puts(out, "\"_links\":{\"self\":");
	projects_link(out, "/api/v3/projects", filters, offset, size);
	buf_puts(out, "},\"jumpTo\":");
	projects_link(out, "/api/v3/projects", filters, "%7Boffset%7D", size);
	buf_puts(out, ",\"templated\":true},\"changeSize\":");
	projects_link(out, "/api/v3/projects", filters, offset, "%7Bsize%7D");
	buf_puts(out, ",\"templated\":true},\"representations\":[");
	projects_link(out, "/projects.csv", filters, offset, size);
	buf_puts(out, ",\"identifier\":\"csv\",\"type\":\"text/csv\","
		      "\"title\":\"CSV\"},");
	projects_link(out, "/projects.xls", filters, offset, size);
	buf_puts(out, ",\"identifier\":\"xls\",\"type\":"
		      "\"application/vnd.ms-excel\",\"title\":\"XLS\"}]}}");
}

static size_t visible(const struct view *v, struct thing **out)
{
	size_t n = 0;

	for (size_t i = 0; i < v->m->n_things; i++) {
		struct thing *t = v->m->things[i];

		if (t->kind == KIND_PROJECT &&
			account_sees(v->who, v->m, t->id))
			out[n++] = t;
	}
	qsort(out, n, sizeof(struct thing *), compare_newest);
	return n;
}

static long positive(struct str query, const char *name, long fallback)
{
	char *value = query_param(query, name);
	long v = value != NULL ? strtol(value, NULL, 10) : 0;

	free(value);
	return v > 0 ? v : fallback;
}

void show_projects(struct answer *a, const struct view *v, struct str query)
{
	struct thing **found = xcalloc(v->m->n_things, sizeof(struct thing *));
	size_t n = visible(v, found);
	long size = positive(query, "pageSize", DEFAULT_PAGE);
	long offset = positive(query, "offset", 1);
	char *filters = query_param(query, "filters");
	struct buf out = {0};
	size_t first;
	size_t end;

	if (size > v->max_page_size)
		size = v->max_page_size;
	first = (size_t)(offset - 1) * (size_t)size;
	first = first < n ? first : n;
	end = first + (size_t)size < n ? first + (size_t)size : n;
	buf_printf(&out,
		"{\"_type\":\"Collection\",\"total\":%zu,\"count\":%zu,"
		"\"pageSize\":%ld,\"offset\":%ld,\"_embedded\":{\"elements\":[",
		n, end - first, size, offset);
	for (size_t i = first; i < end; i++) {
		buf_puts(&out, i > first ? "," : "");
		view_thing(v, found[i], &out);
	}
	buf_puts(&out, "]},");
	projects_links(&out, filters != NULL ? filters : "[]", offset, size);
	answer_json(a, &out);
	free(filters);
	free(found);
}

static const struct json *visible_schema(const struct view *v, const char *pair)
{
	int64_t project = strtoll(pair, NULL, 10);
	const char *dash = strchr(pair, '-');

	if (dash == NULL || !account_sees(v->who, v->m, project))
		return NULL;
	return model_schema(v->m, project, strtoll(dash + 1, NULL, 10));
}

/* The values of the filter named id. */
static const struct json *wanted_pairs(const struct json *filters)
{
	const struct json *c = filters != NULL ? filters->first : NULL;

	while (c != NULL && json_get(c, "id") == NULL)
		c = c->next;
	return json_at(c, "id", "values", NULL);
}

void show_schemas(struct answer *a, const struct view *v, struct str query)
{
	char *text = query_param(query, "filters");
	struct json *filters = json_parse(str_of(text != NULL ? text : "[]"));
	const struct json *pairs = wanted_pairs(filters);
	struct buf elements = {0};
	struct buf self = {0};
	struct buf out = {0};
	size_t n = 0;

	for (struct json *c = pairs != NULL ? pairs->first : NULL; c != NULL;
		c = c->next) {
		const struct json *schema =
			visible_schema(v, c->text != NULL ? c->text : "");

		if (schema == NULL)
			continue;
		buf_puts(&elements, n++ > 0 ? "," : "");
		json_write(schema, &elements);
	}
	buf_puts(&self, "/api/v3/work_packages/schemas?filters=");
	url_encode(str_of(text != NULL ? text : "[]"), &self);
	if (filters == NULL)
		answer_error(a, 400, "InvalidQuery", "unexpected token at ''");
	show_collection(&out, n, buf_str(&elements), self.p);
	if (filters != NULL)
		answer_json(a, &out);
	buf_fini(&out);
	buf_fini(&elements);
	buf_fini(&self);
	json_free(filters);
	free(text);
}

void show_schema(
	struct answer *a, const struct view *v, int64_t project, int64_t type)
{
	const struct json *schema = model_schema(v->m, project, type);
	struct buf out = {0};

	if (schema == NULL || !account_sees(v->who, v->m, project)) {
		answer_not_found(a);
		return;
	}
	json_write(schema, &out);
	answer_json(a, &out);
	a->wrap = WRAP_SCHEMA;
}

static const struct file *visible_file(const struct view *v, int64_t id)
{
	const struct file *f = model_file(v->m, id);

	return f != NULL && view_item(v, f->work_package) != NULL ? f : NULL;
}

void show_file(struct answer *a, const struct view *v, int64_t id)
{
	const struct file *f = visible_file(v, id);
	const struct thing *author;
	struct buf out = {0};
	struct buf json = {0};

	if (f == NULL) {
		answer_not_found(a);
		return;
	}
	author = model_thing(v->m, KIND_USER,
		href_number(json_at(f->json, "_links", "author", NULL)));
	buf_puts(&out, "{\"_embedded\":{");
	if (author != NULL) {
		buf_puts(&out, "\"author\":");
		view_thing(v, author, &out);
		buf_putc(&out, ',');
	}
	buf_puts(&out, "\"container\":");
	buf_add_str(&out, text_str(view_item(v, f->work_package)->text));
	buf_puts(&out, "},");
	json_write(f->json, &json);
	buf_add_str(&out, str_skip(buf_str(&json), 1)); /* without its brace */
	buf_fini(&json);
	answer_json(a, &out);
}

/* Only what no browser would run is shown in the browser. */
static bool is_inline(const char *type)
{
	static const char *const types[] = {
		"image/", "video/", "text/plain", "application/pdf"};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (str_starts(str_of(type), str_of(types[i])))
			return true;
	}
	return false;
}

void show_content(struct answer *a, const struct view *v, int64_t id)
{
	const struct file *f = visible_file(v, id);
	char *name;

	if (f == NULL) {
		answer_not_found(a);
		return;
	}
	name = json_dup_text(json_get(f->json, "fileName"));
	a->status = 200;
	a->wrap = WRAP_CONTENT;
	a->type = json_dup_text(json_get(f->json, "contentType"));
	a->disposition = xasprintf("%s; filename=%s",
		is_inline(a->type) ? "inline" : "attachment", name);
	free(name);
	body_add(&a->body, f->head);
	body_add_static(&a->body, f->tail);
	a->work_ms = 15;
}
