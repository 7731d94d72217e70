/*
 * relations - the list of /relations, filtered by who is involved.
 */
#include <stdlib.h>

#include "tests/openproject/query.h"

static int64_t end_of(const struct json *relation, const char *which)
{
	return href_number(json_at(relation, "_links", which, NULL));
}

static bool involves(const struct json *filters, const struct json *relation)
{
	const struct json *values = NULL;

	if (filters == NULL || filters->first == NULL)
		return true;
	values = json_at(filters->first, "involved", "values", NULL);
	for (const struct json *v = values != NULL ? values->first : NULL;
		v != NULL; v = v->next)
		if (json_to_id(v, 0) == end_of(relation, "from") ||
			json_to_id(v, 0) == end_of(relation, "to"))
			return true;
	return false;
}

/* The subject of now, as the title. */
static bool set_title(
	const struct view *v, struct json *relation, const char *which)
{
	struct work_item *item = view_item(v, end_of(relation, which));
	struct json *element;

	if (item == NULL)
		return false;
	element = json_parse(text_str(item->text));
	json_set(json_at(relation, "_links", which, NULL), "title",
		json_copy(json_get(element, "subject")));
	json_free(element);
	return true;
}

static long number_of(struct str query, const char *name, long fallback)
{
	char *value = query_param(query, name);
	long v = value != NULL ? strtol(value, NULL, 10) : 0;

	free(value);
	return v > 0 ? v : fallback;
}

void show_relations(struct answer *a, const struct view *v, struct str query)
{
	char *text = query_param(query, "filters");
	struct json *filters = text != NULL ? json_parse(str_of(text)) : NULL;
	long size = number_of(query, "pageSize", DEFAULT_PAGE);
	long offset = number_of(query, "offset", 1);
	struct buf elements = {0};
	struct buf out = {0};
	long total = 0;
	long count = 0;

	if (size > v->max_page_size)
		size = v->max_page_size;
	for (const struct json *r = v->m->relations->first; r != NULL;
		r = r->next) {
		struct json *shown = json_copy(r);

		if (involves(filters, shown) && set_title(v, shown, "from") &&
			set_title(v, shown, "to") &&
			total++ / size + 1 == offset) {
			buf_puts(&elements, count++ > 0 ? "," : "");
			json_write(shown, &elements);
		}
		json_free(shown);
	}
	buf_printf(&out,
		"{\"_type\":\"Collection\",\"total\":%ld,\"count\":%ld,"
		"\"pageSize\":%ld,\"offset\":%ld,\"_embedded\":{\"elements\":[",
		total, count, size, offset);
	buf_add_str(&out, buf_str(&elements));
	buf_puts(&out, "]},\"_links\":{\"self\":{\"href\":"
		       "\"/api/v3/relations\"}}}");
	answer_json(a, &out);
	buf_fini(&elements);
	json_free(filters);
	free(text);
}
