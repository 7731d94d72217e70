/*
 * page - a page of work packages as it is written.
 *
 * The elements' texts are put into the body as they are; only what stands
 * around them is made anew.  With select, PostgreSQL writes the page: other
 * members in another order, with spaces.
 */
#include "tests/openproject/page.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MS_BASE 35.0      /* of any list */
#define MS_ITEM 8.6       /* more for each whole element, in each worker */
#define MS_SELECTED 0.005 /* more for each selected one */

/* /PATH?filters=… with this offset and size, as a JSON string. */
static void add_href(struct buf *out, const struct query *q, const char *path,
	const char *offset, const char *size)
{
	buf_printf(out, "\"%s?filters=", path);
	url_encode(str_of(q->filters), out);
	buf_printf(out,
		"&includeSubprojects=%s&offset=%s&pageSize=%s"
		"&showHierarchies=true&showSums=false&sortBy=",
		q->alone ? "false" : "true", offset, size);
	url_encode(str_of(q->sort_by), out);
}

static void add_link(struct buf *out, const struct query *q, const char *name,
	const char *offset, const char *size)
{
	buf_printf(out, "\"%s\":{\"href\":", name);
	add_href(out, q, "/api/v3/work_packages", offset, size);
	buf_puts(out, *offset == '%' || *size == '%' ? "\",\"templated\":true},"
						     : "\"},");
}

static void add_representations(struct buf *out, const struct query *q,
	const char *offset, const char *size)
{
	static const struct {
		const char *ending;
		const char *more;
		const char *identifier;
		const char *type;
		const char *title;
	} list[] = {
		{"pdf", "", "pdf", "application/pdf", "PDF Table"},
		{"pdf", "&show_images=true&show_report=true",
			"pdf-with-descriptions", "application/pdf",
			"PDF Report with images"},
		{"pdf", "&show_report=true", "pdf-descr", "application/pdf",
			"PDF Report"},
		{"xls", "", "xls", "application/vnd.ms-excel", "XLS"},
		{"xls", "&show_descriptions=true", "xls-with-descriptions",
			"application/vnd.ms-excel", "XLS with descriptions"},
		{"xls", "&show_relations=true", "xls-with-relations",
			"application/vnd.ms-excel", "XLS with relations"},
		{"csv", "", "csv", "text/csv", "CSV"},
		{"atom", "", "atom", "application/atom+xml", "Atom"},
	};

	buf_puts(out, "\"representations\":[");
	for (size_t i = 0; i < ARRAY_LEN(list); i++) {
		char path[32];

		snprintf(path, sizeof(path), "/work_packages.%s",
			list[i].ending);
		buf_puts(out, i > 0 ? ",{\"href\":" : "{\"href\":");
		add_href(out, q, path, offset, size);
		buf_printf(out,
			"%s\",\"identifier\":\"%s\",\"type\":\"%s\","
			"\"title\":\"%s\"}",
			list[i].more, list[i].identifier, list[i].type,
			list[i].title);
	}
	buf_puts(out, "]");
}

/* The pairs of project and type on the page, each once, as "1-15". */
static struct json *page_pairs(const struct chosen *found)
{
	struct json *pairs = json_new(JSON_ARRAY);

	for (size_t i = 0; i < found->n; i++) {
		const struct work_item *item = found->page[i];
		struct json *c = pairs->first;
		char pair[48];

		snprintf(pair, sizeof(pair), "%" PRId64 "-%" PRId64,
			item->project, item->type);
		while (c != NULL && !str_is(str_of(c->text), pair))
			c = c->next;
		if (c == NULL)
			json_append(pairs, json_string(str_of(pair)));
	}
	return pairs;
}

/* What Ruby's inspect makes of a filter: no JSON, a bug that is kept. */
static void add_schemas_href(struct buf *out, const struct json *pairs)
{
	struct buf filter = {0};

	buf_puts(&filter, "[{:id=>{:operator=>\"=\", :values=>");
	json_write_spaced(pairs, &filter);
	buf_puts(&filter, "}}]");
	buf_puts(out, "{\"href\":\"/api/v3/work_packages/schemas?filters=");
	url_encode(buf_str(&filter), out);
	buf_puts(out, "\"}");
	buf_fini(&filter);
}

static void add_schemas(
	struct buf *out, const struct view *v, const struct json *pairs)
{
	size_t n = 0;

	buf_printf(out,
		",\"schemas\":{\"_type\":\"Collection\",\"total\":%zu,"
		"\"count\":%zu,\"_embedded\":{\"elements\":[",
		json_count(pairs), json_count(pairs));
	for (struct json *c = pairs->first; c != NULL; c = c->next) {
		const struct json *schema = NULL;
		long long project = 0;
		long long type = 0;
		size_t dash = str_find(str_of(c->text), STR("-"));

		if (str_to_int64((struct str){c->text, dash}, &project) &&
			str_to_int64(str_of(c->text + dash + 1), &type))
			schema = model_schema(v->m, project, type);
		if (schema == NULL)
			continue;
		buf_puts(out, n++ > 0 ? "," : "");
		json_write(schema, out);
	}
	buf_puts(out, "]},\"_links\":{\"self\":");
	add_schemas_href(out, pairs);
	buf_puts(out, "}}");
}

static void add_links(struct buf *out, const struct query *q,
	const struct chosen *found, const struct json *pairs)
{
	char offset[24];
	char near[24];
	char size[24];

	snprintf(offset, sizeof(offset), "%ld", q->offset);
	snprintf(size, sizeof(size), "%ld", q->page_size);
	buf_puts(out, ",\"_links\":{");
	add_link(out, q, "self", offset, size);
	add_link(out, q, "jumpTo", "%7Boffset%7D", size);
	add_link(out, q, "changeSize", offset, "%7Bsize%7D");
	if (q->offset > 1) {
		snprintf(near, sizeof(near), "%ld", q->offset - 1);
		add_link(out, q, "previousByOffset", near, size);
	}
	if ((size_t)q->offset * (size_t)q->page_size < found->total) {
		snprintf(near, sizeof(near), "%ld", q->offset + 1);
		add_link(out, q, "nextByOffset", near, size);
	}
	buf_puts(out,
		"\"editWorkPackage\":{\"href\":\"/api/v3/work_packages/"
		"{work_package_id}/form\",\"method\":\"post\","
		"\"templated\":true},"
		"\"createWorkPackage\":{\"href\":\"/api/v3/work_packages/form"
		"\",\"method\":\"post\"},"
		"\"createWorkPackageImmediate\":{\"href\":"
		"\"/api/v3/work_packages\",\"method\":\"post\"},");
	if (found->n > 0) {
		buf_puts(out, "\"schemas\":");
		add_schemas_href(out, pairs);
		buf_puts(out, ",");
	}
	add_representations(out, q, offset, size);
	buf_puts(out, "}}");
}

void page_full(struct answer *a, const struct view *v, const struct query *q,
	const struct chosen *found)
{
	struct json *pairs = page_pairs(found);
	struct buf head = {0};
	struct buf tail = {0};

	buf_printf(&head,
		"{\"_type\":\"WorkPackageCollection\",\"total\":%zu,"
		"\"count\":%zu,\"pageSize\":%ld,\"offset\":%ld,"
		"\"_embedded\":{\"elements\":[",
		found->total, found->n, q->page_size, q->offset);
	body_add_buf(&a->body, &head);
	for (size_t i = 0; i < found->n; i++) {
		if (i > 0)
			body_add_static(&a->body, STR(","));
		body_add(&a->body, found->page[i]->text);
	}
	buf_puts(&tail, "]");
	if (found->n > 0)
		add_schemas(&tail, v, pairs);
	buf_puts(&tail, "}");
	add_links(&tail, q, found, pairs);
	body_add_buf(&a->body, &tail);
	json_free(pairs);
	a->status = 200;
	a->work_ms = MS_BASE + MS_ITEM * (double)found->n;
}

/* A link of an element as select shows it: without title where it is null. */
static void select_link(
	struct json *to, const struct json *links, const char *name)
{
	struct json *link = json_get(links, name);
	struct json *copy;

	if (link == NULL)
		return;
	copy = json_copy(link);
	if (*json_raw(json_get(copy, "href")) == '\0')
		json_remove(copy, "title");
	json_set(to, name, copy);
}

static struct json *selected(const struct work_item *item, unsigned select)
{
	static const struct {
		const char *name;
		enum select_bit bit;
		bool link;
	} members[] = {
		{"id", SELECT_ID, false},
		{"date", SELECT_DATE, false},
		{"_type", SELECT_TYPE, false},
		{"self", SELECT_SELF, true},
		{"author", SELECT_AUTHOR, true},
		{"project", SELECT_PROJECT, true},
		{"assignee", SELECT_ASSIGNEE, true},
		{"responsible", SELECT_RESPONSIBLE, true},
		{"dueDate", SELECT_DUE_DATE, false},
		{"subject", SELECT_SUBJECT, false},
		{"startDate", SELECT_START_DATE, false},
	};
	struct json *element = json_parse(text_str(item->text));
	struct json *links = json_get(element, "_links");
	struct json *out = json_new(JSON_OBJECT);
	struct json *member;

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		const char *name = members[i].name;

		if (!(select & BIT(members[i].bit)))
			continue;
		if (members[i].link) {
			if (json_get(out, "_links") == NULL)
				json_set(out, "_links", json_new(JSON_OBJECT));
			select_link(json_get(out, "_links"), links, name);
			continue;
		}
		member = json_get(element, name);
		if (member != NULL)
			json_set(out, name, json_copy(member));
	}
	json_free(element);
	return out;
}

static void add_selected(
	struct buf *out, const struct query *q, const struct chosen *found)
{
	bool only_id =
		q->select >> SELECT_ELEMENTS ==
		(BIT(SELECT_ID) | BIT(SELECT_ELEMENTS)) >> SELECT_ELEMENTS;

	buf_puts(out, "\"_embedded\": {\"elements\": [");
	for (size_t i = 0; i < found->n; i++) {
		struct json *j;

		buf_puts(out, i > 0 ? ", " : "");
		if (only_id) {
			buf_printf(out, "{\"id\": %" PRId64 "}",
				found->page[i]->id);
			continue;
		}
		j = selected(found->page[i], q->select);
		json_write_spaced(j, out);
		json_free(j);
	}
	buf_puts(out, "]}, ");
}

void page_selected(
	struct answer *a, const struct query *q, const struct chosen *found)
{
	const struct {
		enum select_bit bit;
		const char *name;
		size_t value;
	} numbers[] = {
		{SELECT_COUNT, "count", found->n},
		{SELECT_TOTAL, "total", found->total},
		{SELECT_OFFSET, "offset", (size_t)q->offset},
		{SELECT_PAGE_SIZE, "pageSize", (size_t)q->page_size},
	};
	struct buf out = {0};

	if (q->select == BIT(SELECT_TOTAL) && found->total == 0) {
		answer_error(a, 500, "InternalServerError",
			"An internal error has occurred. "
			"undefined method `[]' for nil:NilClass");
		return;
	}
	buf_puts(&out, "{");
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		if (q->select & BIT(numbers[i].bit))
			buf_printf(&out, "\"%s\": %zu, ", numbers[i].name,
				numbers[i].value);
	}
	if (q->select & BIT(SELECT_ELEMENTS))
		add_selected(&out, q, found);
	out.n -= out.n > 1 ? 2 : 0;
	buf_puts(&out, "}");
	answer_json(a, &out);
	a->work_ms = MS_BASE + MS_SELECTED * (double)found->n;
}
