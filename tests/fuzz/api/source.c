/*
 * Fuzz: any bytes as a work package, and as the source of one.
 *
 * A source gives itself; a subject is what jansson says it is.  An element
 * that jansson reads is refused only if it lacks an id, a project or a type,
 * if what the model needs is of a wrong kind, or if it is nested too deep;
 * what jansson refuses for its strings is refused where they are kept.
 */
#include "api/resources.h"

#include <assert.h>
#include <jansson.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(struct str ours, const json_t *theirs)
{
	if (!json_is_string(theirs)) {
		assert(ours.p == NULL);
		return;
	}
	assert(str_eq(ours, (struct str){json_string_value(theirs),
				    json_string_length(theirs)}));
}

/* Compare with what jansson reads in the same source. */
static void check_parse(
	struct arena *a, struct str source, const struct api_source *head)
{
	struct work_package wp;
	struct err e = {0};
	json_t *json = json_loadb(source.p, source.n, 0, NULL);
	json_t *links = json_object_get(json, "_links");

	if (api_work_package_parse(a, source, &wp, &e) != 0) {
		assert(e.code == ERR_DATA);
		json_decref(json);
		return;
	}
	assert(wp.id == head->id && wp.project.id == head->project_id);
	assert(wp.type.id == head->type_id);
	if (json != NULL) {
		check_text(wp.subject, json_object_get(json, "subject"));
		check_text(wp.updated_at, json_object_get(json, "updatedAt"));
		check_text(wp.description_raw,
			json_object_get(
				json_object_get(json, "description"), "raw"));
		check_text(wp.status.title,
			json_object_get(
				json_object_get(links, "status"), "title"));
	}
	json_decref(json);
}

static void check_attachments(struct arena *a, struct str body)
{
	struct work_package wp = {.id = 1};
	struct buf source = {0};

	if (api_attachments_source_make(body, &source, NULL) == 0)
		api_attachments_parse(a, buf_str(&source), &wp, NULL);
	api_attachments_parse(a, body, &wp, NULL);
	buf_fini(&source);
}

/* What was made can be read, unless a text in it is none. */
static void check_comments(struct arena *a, struct str body)
{
	struct work_package wp = {.id = 1};
	struct buf source = {0};
	struct err e = {0};

	if (api_comments_source_make(body, &source, NULL) == 0) {
		if (api_comments_parse(a, buf_str(&source), &wp, &e) != 0)
			assert(e.code == ERR_DATA);
	}
	api_comments_parse(a, body, &wp, NULL);
	buf_fini(&source);
}

static void check_relations(struct arena *a, struct str body)
{
	struct work_package wp = {.id = 1};
	struct api_list list;

	if (api_list_scan(a, body, &list, NULL) != 0)
		return;
	for (size_t i = 0; i < list.n; i++) {
		struct api_relation r;

		if (api_relation_make(a, list.elements[i], &r, NULL) != 0)
			continue;
		assert(r.id > 0);
		api_relations_parse(a,
			arena_printf(a, "[%.*s]", STR_ARGS(r.source)), &wp,
			NULL);
		wp = (struct work_package){.id = r.from.id};
	}
	api_relations_parse(a, body, &wp, NULL);
}

/* Other readers of outside bytes: they must only not crash. */
static void try_others(struct arena *a, struct str body)
{
	struct work_package wp;
	struct project project;
	struct schema schema;
	struct api_name name;
	struct api_user user;
	struct buf line = {0};

	api_work_package_parse(a, body, &wp, NULL);
	api_project_parse(a, body, &project, NULL);
	api_schema_parse(a, body, &schema, NULL);
	api_name_parse(a, body, "type", &name, NULL);
	api_user_parse(a, body, &user, NULL);
	api_error_line(body, &line);
	buf_fini(&line);
}

static size_t depth_of(struct str text)
{
	size_t depth = 0;
	size_t most = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '[' || text.p[i] == '{')
			most = ++depth > most ? depth : most;
		else if (text.p[i] == ']' || text.p[i] == '}')
			depth -= depth > 0;
	}
	return most;
}

/* Whether jansson reads a work package with an id there. */
static bool is_readable(struct str body)
{
	json_t *json = json_loadb(body.p, body.n, 0, NULL);
	bool readable = json_integer_value(json_object_get(json, "id")) > 0;

	json_decref(json);
	/*
	 * Keys with escapes are compared as they are written; and jansson
	 * overlooks NUL bytes behind numbers.
	 */
	return readable && depth_of(body) <= 500 &&
	       memchr(body.p, '\\', body.n) == NULL &&
	       memchr(body.p, '\0', body.n) == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str body = {(const char *)data, size};
	struct arena a = {0};
	struct buf once = {0};
	struct buf twice = {0};
	struct api_source head = {0};
	struct api_source again = {0};
	struct err e = {0};
	int code = api_source_make(body, &once, &head, &e);

	assert(code == e.code);
	assert(code == 0 || code == ERR_UNAVAILABLE || code == ERR_DATA);
	assert((code == ERR_UNAVAILABLE) == (head.id == 0));
	assert(code != ERR_UNAVAILABLE || !is_readable(body));
	if (code == 0) {
		code = api_source_make(buf_str(&once), &twice, &again, &e);
		assert(code == 0);
		assert(str_eq(buf_str(&once), buf_str(&twice)));
		assert(head.id == again.id &&
			head.updated_at == again.updated_at);
		check_parse(&a, buf_str(&once), &head);
	}
	check_attachments(&a, body);
	check_comments(&a, body);
	check_relations(&a, body);
	try_others(&a, body);
	buf_fini(&once);
	buf_fini(&twice);
	arena_fini(&a);
	return 0;
}
