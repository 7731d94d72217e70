/*
 * side_talk - orders about what is said of work packages, and between them:
 * comments, and relations.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "tests/openproject/edit.h"
#include "tests/openproject/side.h"

static struct json *href(const char *collection, int64_t id)
{
	struct json *link = json_new(JSON_OBJECT);
	char *text = xasprintf("/api/v3/%s/%" PRId64, collection, id);

	json_set_text(link, "href", text);
	free(text);
	return link;
}

/* The list of a work package's activities; made if it has none. */
static struct json *activities_of(struct model *m, int64_t work_package)
{
	char *key = xasprintf(
		"/api/v3/work_packages/%" PRId64 "/activities", work_package);
	struct json *j = json_get(m->activities, key);

	if (j == NULL) {
		j = json_parse(STR("{\"_type\":\"Collection\",\"total\":0,"
				   "\"count\":0,\"_embedded\":{\"elements\":"
				   "[]},\"_links\":{}}"));
		json_set(m->activities, key, j);
		j = json_get(m->activities, key);
	}
	free(key);
	return j;
}

static struct json *new_comment(
	struct model *m, const struct json *order, int64_t id)
{
	struct json *j = json_new(JSON_OBJECT);
	struct json *comment = json_new(JSON_OBJECT);
	struct json *links = json_new(JSON_OBJECT);
	char now[STAMP_TEXT];

	stamp_format(model_now(m), 3, now);
	json_set_text(j, "_type", "Activity::Comment");
	json_set(j, "id", json_int(id));
	json_set_text(comment, "format", "markdown");
	json_set(comment, "raw", json_copy(json_get(order, "raw")));
	json_set(comment, "html", json_copy(json_get(order, "raw")));
	json_set(j, "comment", comment);
	if (json_get(order, "internal") != NULL)
		json_set(j, "internal", json_copy(json_get(order, "internal")));
	json_set_text(j, "createdAt", now);
	json_set(links, "user",
		href("users", json_to_id(json_get(order, "user"), 0)));
	json_set(j, "_links", links);
	return j;
}

struct json *side_comment(
	struct server *s, const struct json *order, const char **why)
{
	struct model *m = &s->model;
	int64_t id = json_to_id(json_get(order, "work_package"), 0);
	struct json *list;
	struct json *elements;

	if (model_item(m, id) == NULL) {
		*why = "there is no such work package";
		return NULL;
	}
	list = activities_of(m, id);
	elements = json_get(json_get(list, "_embedded"), "elements");
	json_append(elements, new_comment(m, order, m->next_id++));
	json_set(list, "total", json_int((int64_t)json_count(elements)));
	json_set(list, "count", json_int((int64_t)json_count(elements)));
	if (!json_to_bool(json_get(order, "silent")))
		edit_touch(m, id);
	return side_ok();
}

static void drop_relation(struct model *m, int64_t id)
{
	for (struct json **at = &m->relations->first; *at != NULL;
		at = &(*at)->next) {
		struct json *j = *at;

		if (json_to_int(json_get(j, "id"), 0) != id)
			continue;
		*at = j->next;
		j->next = NULL;
		json_free(j);
		return;
	}
}

/* Neither end notices. */
struct json *side_relate(
	struct server *s, const struct json *order, const char **why)
{
	struct model *m = &s->model;
	int64_t id = json_to_id(json_get(order, "id"), 0);
	struct json *j = json_new(JSON_OBJECT);
	struct json *links = json_new(JSON_OBJECT);
	static const char *const kept[] = {
		"id", "type", "reverseType", "description", "lag"};

	(void)why;
	drop_relation(m, id);
	json_set_text(j, "_type", "Relation");
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		json_set(j, kept[i], json_copy(json_get(order, kept[i])));
	json_set(links, "from",
		href("work_packages", json_to_id(json_get(order, "from"), 0)));
	json_set(links, "to",
		href("work_packages", json_to_id(json_get(order, "to"), 0)));
	json_set(j, "_links", links);
	json_append(m->relations, j);
	return side_ok();
}

struct json *side_unrelate(
	struct server *s, const struct json *order, const char **why)
{
	(void)why;
	drop_relation(&s->model, json_to_id(json_get(order, "id"), 0));
	return side_ok();
}
