/*
 * model - the plain model of a work package that expressions see.
 *
 * Values are made when they are asked for.  What the server hides (an
 * undisclosed link) is null, so that it cannot get out.
 */
#include "content/model.h"

#include <inttypes.h>
#include <stdlib.h>

#include "content/evaluate.h"
#include "content/filters.h"

enum model_name {
	MODEL_ID,
	MODEL_SUBJECT,
	MODEL_DESCRIPTION,
	MODEL_TYPE,
	MODEL_STATUS,
	MODEL_PRIORITY,
	MODEL_PROJECT,
	MODEL_AUTHOR,
	MODEL_ASSIGNEE,
	MODEL_RESPONSIBLE,
	MODEL_VERSION,
	MODEL_CATEGORY,
	MODEL_PARENT,
	MODEL_CHILDREN,
	MODEL_START_DATE,
	MODEL_DUE_DATE,
	MODEL_DATE,
	MODEL_CREATED_AT,
	MODEL_UPDATED_AT,
	MODEL_PERCENTAGE_DONE,
	MODEL_ESTIMATED_TIME,
	MODEL_URL,
	MODEL_ATTACHMENTS,
};

#define MAX_MEMBERS 4

static const struct {
	const char *name;
	const char *members[MAX_MEMBERS];
} names[] = {
	[MODEL_ID] = {"id", {NULL}},
	[MODEL_SUBJECT] = {"subject", {NULL}},
	[MODEL_DESCRIPTION] = {"description", {"raw", "html"}},
	[MODEL_TYPE] = {"type", {"id", "name"}},
	[MODEL_STATUS] = {"status", {"id", "name", "isClosed"}},
	[MODEL_PRIORITY] = {"priority", {"id", "name"}},
	[MODEL_PROJECT] = {"project", {"id", "identifier", "name"}},
	[MODEL_AUTHOR] = {"author", {"id", "name"}},
	[MODEL_ASSIGNEE] = {"assignee", {"id", "name"}},
	[MODEL_RESPONSIBLE] = {"responsible", {"id", "name"}},
	[MODEL_VERSION] = {"version", {"id", "name"}},
	[MODEL_CATEGORY] = {"category", {"id", "name"}},
	[MODEL_PARENT] = {"parent", {"id", "subject"}},
	[MODEL_CHILDREN] = {"children", {NULL}},
	[MODEL_START_DATE] = {"startDate", {NULL}},
	[MODEL_DUE_DATE] = {"dueDate", {NULL}},
	[MODEL_DATE] = {"date", {NULL}},
	[MODEL_CREATED_AT] = {"createdAt", {NULL}},
	[MODEL_UPDATED_AT] = {"updatedAt", {NULL}},
	[MODEL_PERCENTAGE_DONE] = {"percentageDone", {NULL}},
	[MODEL_ESTIMATED_TIME] = {"estimatedTime", {NULL}},
	[MODEL_URL] = {"url", {NULL}},
	[MODEL_ATTACHMENTS] = {"attachments", {NULL}},
};

static const char *const attachment_members[] = {"id", "fileName", "file",
	"contentType", "fileSize", "createdAt", "author", "link"};

#define FILE_MEMBER 2 /* "file" in the list above */

int model_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i].name))
			return (int)i;
	return -1;
}

const char *model_nearest(struct str name, const struct scope *scope)
{
	size_t n = ARRAY_LEN(names) + scope->n + 1;
	const char **all = xcalloc(n, sizeof(*all));
	const char *near;

	all[0] = "cf";
	for (size_t i = 0; i < scope->n; i++)
		all[i + 1] = scope->items[i].name.p;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		all[scope->n + 1 + i] = names[i].name;
	near = str_nearest(name, all, n);
	free(all);
	return near;
}

bool model_has_member(size_t name, struct str member, const char **nearest)
{
	const char *const *members = names[name].members;
	size_t n = 0;

	while (n < MAX_MEMBERS && members[n] != NULL)
		n++;
	*nearest = str_nearest(member, members, n);
	return *nearest != NULL && str_is(member, *nearest);
}

bool model_reads_attachments(size_t name)
{
	return name == MODEL_ATTACHMENTS;
}

static struct value number_of(struct arena *a, int64_t v)
{
	return value_number(arena_printf(a, "%" PRId64, v));
}

static struct value map_of(
	struct arena *a, const struct member *members, size_t n)
{
	struct value v = {.type = VALUE_MAP, .n = n};

	v.members = ARENA_ARRAY(a, struct member, n);
	memcpy(v.members, members, n * sizeof(*members));
	return v;
}

static struct member member_of(const char *key, struct value v)
{
	return (struct member){str_of(key), v};
}

static bool is_hidden(const struct link *l)
{
	return str_ends(l->href, STR(":undisclosed"));
}

/* A reference as {id, name} or {id, subject}, or null. */
static struct value link_value(
	struct arena *a, const struct link *l, const char *title)
{
	if ((l->id == 0 && l->title.p == NULL) || is_hidden(l))
		return (struct value){0};
	return map_of(a,
		(struct member[]){
			member_of("id", l->id != 0 ? number_of(a, l->id)
						   : (struct value){0}),
			member_of(title, value_text(l->title)),
		},
		2);
}

static struct value status_value(struct arena *a, const struct work_package *wp)
{
	struct value v = link_value(a, &wp->status, "name");

	if (v.type == VALUE_NULL)
		return v;
	return map_of(a,
		(struct member[]){
			v.members[0],
			v.members[1],
			member_of("isClosed", value_bool(wp->status_is_closed)),
		},
		3);
}

static struct value project_value(
	struct arena *a, const struct work_package *wp)
{
	struct value v = link_value(a, &wp->project, "name");

	if (v.type == VALUE_NULL)
		return v;
	return map_of(a,
		(struct member[]){
			v.members[0],
			member_of("identifier",
				value_text(wp->project_identifier)),
			v.members[1],
		},
		3);
}

static struct value description_value(
	struct arena *a, const struct work_package *wp)
{
	return map_of(a,
		(struct member[]){
			member_of("raw", value_text(wp->description_raw)),
			member_of("html", value_text(wp->description_html)),
		},
		2);
}

static struct value children_value(
	struct arena *a, const struct work_package *wp)
{
	struct value v = {.type = VALUE_LIST};

	v.items = ARENA_ARRAY(a, struct value, wp->n_children);
	for (size_t i = 0; i < wp->n_children; i++) {
		struct value child = link_value(a, &wp->children[i], "subject");

		if (child.type != VALUE_NULL)
			v.items[v.n++] = child;
	}
	return v;
}

static struct value attachment_value(
	struct arena *a, const struct attachment *at)
{
	struct value v = map_of(a,
		(struct member[]){
			member_of("id", number_of(a, at->id)),
			member_of("fileName", value_text(at->file_name)),
			member_of("file", (struct value){0}),
			member_of("contentType", value_text(at->content_type)),
			member_of("fileSize", number_of(a, at->size)),
			member_of("createdAt", value_text(at->created_at)),
			member_of("author", link_value(a, &at->author, "name")),
			member_of("link", value_text(at->href)),
		},
		ARRAY_LEN(attachment_members));

	v.attachment = at;
	return v;
}

static int by_name_and_id(const void *a, const void *b)
{
	const struct attachment *x = ((const struct value *)a)->attachment;
	const struct attachment *y = ((const struct value *)b)->attachment;
	int c = str_cmp(x->file_name, y->file_name);

	return c != 0 ? c : (x->id > y->id) - (x->id < y->id);
}

/* Sorted by name and id, whatever the server's collation. */
static int attachments_value(
	struct evaluation *with, struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	struct value *v = &with->attachments;

	if (!wp->attachments_known)
		return err_set(
			e, ERR_DATA, "the list of attachments is not known");
	if (v->type == VALUE_NULL) {
		*v = (struct value){.type = VALUE_LIST, .n = wp->n_attachments};
		v->items = ARENA_ARRAY(with->arena, struct value, v->n);
		for (size_t i = 0; i < v->n; i++)
			v->items[i] = attachment_value(
				with->arena, &wp->attachments[i]);
		if (v->n > 1)
			qsort(v->items, v->n, sizeof(*v->items),
				by_name_and_id);
	}
	*out = *v;
	return 0;
}

/* Names that are one reference, and names that are one text. */
static const struct link *link_named(
	const struct work_package *wp, enum model_name name)
{
	switch (name) {
	case MODEL_TYPE:
		return &wp->type;
	case MODEL_PRIORITY:
		return &wp->priority;
	case MODEL_AUTHOR:
		return &wp->author;
	case MODEL_ASSIGNEE:
		return &wp->assignee;
	case MODEL_RESPONSIBLE:
		return &wp->responsible;
	case MODEL_VERSION:
		return &wp->version;
	case MODEL_CATEGORY:
		return &wp->category;
	case MODEL_PARENT:
		return &wp->parent;
	default:
		return NULL;
	}
}

static struct str text_named(
	const struct work_package *wp, enum model_name name)
{
	switch (name) {
	case MODEL_SUBJECT:
		return wp->subject;
	case MODEL_START_DATE:
		return wp->start_date;
	case MODEL_DUE_DATE:
		return wp->due_date;
	case MODEL_DATE:
		return wp->date;
	case MODEL_CREATED_AT:
		return wp->created_at;
	case MODEL_UPDATED_AT:
		return wp->updated_at;
	case MODEL_ESTIMATED_TIME:
		return wp->estimated_time;
	case MODEL_URL:
		return wp->url;
	default:
		return STR_NONE;
	}
}

int model_value(
	struct evaluation *with, size_t name, struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	const struct link *link = link_named(wp, (enum model_name)name);
	struct arena *a = with->arena;

	if (link != NULL) {
		*out = link_value(a, link, names[name].members[1]);
		return 0;
	}
	switch ((enum model_name)name) {
	case MODEL_ID:
		*out = number_of(a, wp->id);
		return 0;
	case MODEL_DESCRIPTION:
		*out = description_value(a, wp);
		return 0;
	case MODEL_STATUS:
		*out = status_value(a, wp);
		return 0;
	case MODEL_PROJECT:
		*out = project_value(a, wp);
		return 0;
	case MODEL_CHILDREN:
		*out = children_value(a, wp);
		return 0;
	case MODEL_PERCENTAGE_DONE:
		*out = value_number(wp->percentage_done);
		return 0;
	case MODEL_ATTACHMENTS:
		return attachments_value(with, out, e);
	default:
		*out = value_text(text_named(wp, (enum model_name)name));
		return 0;
	}
}

/* A link of a custom field: an option's title, or {id, name}. */
static struct value field_link(
	struct arena *a, struct str type, const struct value *v)
{
	const struct value *id = value_member(v, STR("id"));
	const struct value *href = value_member(v, STR("href"));
	const struct value *title = value_member(v, STR("title"));
	struct link hidden = {.href = href != NULL ? href->text : STR_NONE};

	if (title == NULL || title->type == VALUE_NULL || is_hidden(&hidden))
		return (struct value){0};
	if (!str_ends(type, STR("User")) && !str_ends(type, STR("Version")))
		return *title;
	return map_of(a,
		(struct member[]){
			member_of("id", id != NULL ? *id : (struct value){0}),
			member_of("name", *title),
		},
		2);
}

static struct value field_links(
	struct arena *a, struct str type, const struct value *list)
{
	struct value out = {.type = VALUE_LIST};

	out.items = ARENA_ARRAY(a, struct value, list->n);
	for (size_t i = 0; i < list->n; i++) {
		struct value v = list->items[i];

		if (v.type == VALUE_MAP)
			v = field_link(a, type, &list->items[i]);
		if (v.type != VALUE_NULL)
			out.items[out.n++] = v;
	}
	return out;
}

static int field_value(struct evaluation *with,
	const struct schema_field *field, enum field_form form,
	struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	struct value v = {0};
	const struct value *raw;

	for (size_t i = 0; i < wp->n_fields; i++)
		if (str_eq(wp->fields[i].key, field->key))
			v = wp->fields[i].value;
	raw = value_member(&v, STR("raw"));
	if (form == FIELD_HTML && raw == NULL && v.type != VALUE_NULL)
		return err_set(e, ERR_DATA,
			"the custom field '%.*s' is no long text, so it has "
			"no html",
			STR_ARGS(field->name));
	if (raw != NULL) {
		const struct value *html = value_member(&v, STR("html"));

		*out = form == FIELD_HTML && html != NULL ? *html : *raw;
	} else if (v.type == VALUE_MAP) {
		*out = field_link(with->arena, field->type, &v);
	} else if (v.type == VALUE_LIST) {
		*out = field_links(with->arena, field->type, &v);
	} else {
		*out = v;
		if (v.type == VALUE_NULL && str_starts(field->type, STR("[]")))
			out->type = VALUE_LIST;
	}
	return 0;
}

int model_field(struct evaluation *with, struct str name, enum field_form form,
	struct value *out, struct err *e)
{
	const struct schema *schema = with->wp->schema;

	if (schema == NULL)
		return err_set(e, ERR_DATA,
			"the custom fields of its project and type are not "
			"known");
	for (size_t i = 0; i < schema->n_fields; i++)
		if (str_eq(schema->fields[i].name, name))
			return field_value(
				with, &schema->fields[i], form, out, e);
	if (with->in_match)
		return err_set(e, ERR_DATA,
			"the custom field '%.*s' is not active for the "
			"work package's project and type",
			STR_ARGS(name));
	*out = (struct value){0};
	return 0;
}

int model_member(const struct value *of, struct str name, struct value *out,
	struct err *e)
{
	const struct value *v = value_member(of, name);
	const char *near;

	if (v != NULL) {
		*out = *v;
		return 0;
	}
	if (of->type == VALUE_MAP && of->attachment != NULL) {
		near = str_nearest(name, attachment_members,
			ARRAY_LEN(attachment_members));
		return err_set(e, ERR_DATA,
			"an attachment has no '%.*s' (%s%s%s)", STR_ARGS(name),
			near != NULL ? "did you mean '" : "it has ",
			near != NULL ? near : "id, fileName, file, link",
			near != NULL ? "'?" : " …");
	}
	if (of->type == VALUE_NULL || of->type == VALUE_MAP) {
		*out = (struct value){0};
		return 0;
	}
	if (of->type == VALUE_LIST)
		return err_set(e, ERR_DATA,
			"a list has no '%.*s': use | first, or | "
			"pluck(\"%.*s\")",
			STR_ARGS(name), STR_ARGS(name));
	return err_set(e, ERR_DATA, "%s has no '%.*s'", value_type_name(of),
		STR_ARGS(name));
}

const struct value *model_attachment(
	struct evaluation *with, const struct attachment *a)
{
	struct value all;

	if (attachments_value(with, &all, NULL) != 0)
		return NULL;
	for (size_t i = 0; i < with->attachments.n; i++)
		if (with->attachments.items[i].attachment == a)
			return &with->attachments.items[i];
	return NULL;
}

void model_set_file(
	struct evaluation *with, const struct attachment *a, struct value file)
{
	const struct value *v = model_attachment(with, a);

	if (v != NULL)
		v->members[FILE_MEMBER].value = file;
}
