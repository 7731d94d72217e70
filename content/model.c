/*
 * model - the plain model of a work package that expressions see.
 *
 * Values are made when they are asked for.  What the server hides (an
 * undisclosed link) is null, so that it cannot get out.
 */
#include "content/model.h"

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
	MODEL_COMMENTS,
	MODEL_RELATIONS,
};

#define LINK_AT(member) LINK, offsetof(struct work_package, member)
#define TEXT_AT(member) TEXT, offsetof(struct work_package, member)

/* Numbers and texts have no members; others are MADE where asked for. */
#define PLAIN &shape_plain

static const struct {
	const char *name;
	const struct shape *shape;
	enum { MADE, LIST, LINK, TEXT } kind;
	size_t offset; /* of a LINK or a TEXT in struct work_package */
} names[] = {
	[MODEL_ID] = {"id", PLAIN, MADE, 0},
	[MODEL_SUBJECT] = {"subject", PLAIN, TEXT_AT(subject)},
	[MODEL_DESCRIPTION] = {"description", &model_description_shape, MADE,
		0},
	[MODEL_TYPE] = {"type", &model_named_shape, LINK_AT(type)},
	[MODEL_STATUS] = {"status", &model_status_shape, LINK_AT(status)},
	[MODEL_PRIORITY] = {"priority", &model_named_shape, LINK_AT(priority)},
	[MODEL_PROJECT] = {"project", &model_project_shape, LINK_AT(project)},
	[MODEL_AUTHOR] = {"author", &model_named_shape, LINK_AT(author)},
	[MODEL_ASSIGNEE] = {"assignee", &model_named_shape, LINK_AT(assignee)},
	[MODEL_RESPONSIBLE] = {"responsible", &model_named_shape,
		LINK_AT(responsible)},
	[MODEL_VERSION] = {"version", &model_named_shape, LINK_AT(version)},
	[MODEL_CATEGORY] = {"category", &model_named_shape, LINK_AT(category)},
	[MODEL_PARENT] = {"parent", &model_neighbour_shape, LINK_AT(parent)},
	[MODEL_CHILDREN] = {"children", &model_neighbour_shape, LIST, 0},
	[MODEL_START_DATE] = {"startDate", PLAIN, TEXT_AT(start_date)},
	[MODEL_DUE_DATE] = {"dueDate", PLAIN, TEXT_AT(due_date)},
	[MODEL_DATE] = {"date", PLAIN, TEXT_AT(date)},
	[MODEL_CREATED_AT] = {"createdAt", PLAIN, TEXT_AT(created_at)},
	[MODEL_UPDATED_AT] = {"updatedAt", PLAIN, TEXT_AT(updated_at)},
	[MODEL_PERCENTAGE_DONE] = {"percentageDone", PLAIN, MADE, 0},
	[MODEL_ESTIMATED_TIME] = {"estimatedTime", PLAIN,
		TEXT_AT(estimated_time)},
	[MODEL_URL] = {"url", PLAIN, TEXT_AT(url)},
	[MODEL_ATTACHMENTS] = {"attachments", &model_attachment_shape, LIST, 0},
	[MODEL_COMMENTS] = {"comments", &model_comment_shape, LIST, 0},
	[MODEL_RELATIONS] = {"relations", &model_relation_shape, LIST, 0},
};

int model_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_is(name, names[i].name))
			return (int)i;
	return -1;
}

const char *model_nearest(struct str name, const struct scope *scope)
{
	size_t n = ARRAY_LEN(names) + scope->n + 2;
	const char **all = xcalloc(n, sizeof(*all));
	const char *near;

	all[0] = "cf";
	all[1] = "const";
	for (size_t i = 0; i < scope->n; i++)
		all[i + 2] = scope->items[i].name.p;
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		all[scope->n + 2 + i] = names[i].name;
	near = str_nearest(name, all, n);
	free(all);
	return near;
}

const struct shape *model_shape(size_t name)
{
	return names[name].shape;
}

bool model_is_list(size_t name)
{
	return names[name].kind == LIST;
}

struct value model_number(struct arena *a, int64_t v)
{
	return value_number(arena_int(a, v));
}

struct value model_map(struct arena *a, const struct member *members, size_t n)
{
	struct value v = {.type = VALUE_MAP, .n = n};

	v.members = ARENA_ARRAY(a, struct member, n);
	memcpy(v.members, members, n * sizeof(*members));
	return v;
}

struct member model_pair(const char *key, struct value v)
{
	return (struct member){str_of(key), v};
}

static bool is_hidden(const struct link *l)
{
	return str_ends(l->href, STR(":undisclosed"));
}

/* An instance may show people by their addresses: then they have no name. */
static bool is_address(const struct link *l)
{
	enum read_kind kind;
	int64_t id;

	return name_is_address(l->title) && reads_link(l->href, &kind, &id) &&
	       kind == READ_USER;
}

static struct value link_value(
	struct arena *a, const struct link *l, const char *title)
{
	struct str shown = is_address(l) ? STR_NONE : l->title;

	if ((l->id == 0 && l->title.p == NULL) || is_hidden(l))
		return (struct value){0};
	return model_map(a,
		(struct member[]){
			model_pair("id", l->id != 0 ? model_number(a, l->id)
						    : (struct value){0}),
			model_pair(title, value_text(shown)),
		},
		2);
}

struct value model_read_link(struct evaluation *with, struct str what,
	const struct link *l, const char *title)
{
	if (with->in_match && is_hidden(l) && with->hidden.p == NULL)
		with->hidden = what;
	reads_add_link(&with->reads, l->href, l->title);
	return link_value(with->arena, l, title);
}

static struct value status_value(struct evaluation *with)
{
	const struct work_package *wp = with->wp;
	struct value v =
		model_read_link(with, STR("status"), &wp->status, "name");

	if (v.type == VALUE_NULL)
		return v;
	return model_map(with->arena,
		(struct member[]){
			v.members[0],
			v.members[1],
			model_pair(
				"isClosed", value_bool(wp->status_is_closed)),
		},
		3);
}

static struct value project_value(struct evaluation *with)
{
	const struct work_package *wp = with->wp;
	struct value v =
		model_read_link(with, STR("project"), &wp->project, "name");

	if (v.type == VALUE_NULL)
		return v;
	return model_map(with->arena,
		(struct member[]){
			v.members[0],
			model_pair("identifier",
				value_text(wp->project_identifier)),
			v.members[1],
		},
		3);
}

static struct value description_value(
	struct arena *a, const struct work_package *wp)
{
	return model_map(a,
		(struct member[]){
			model_pair("raw", value_text(wp->description_raw)),
			model_pair("html", value_text(wp->description_html)),
		},
		2);
}

/*
 * Another work package: null where it makes no document here, unless all are
 * to be seen.  Conditions see all: whether there is a document never depends
 * on whether there is another.
 */
static struct value neighbour_value(
	struct evaluation *with, struct str what, const struct link *l)
{
	const struct neighbours *ask = with->wp->neighbours;
	struct value v = model_read_link(with, what, l, "subject");
	struct neighbour found;

	if (v.type != VALUE_NULL && !with->all_neighbours && !with->in_match &&
		ask != NULL && !ask->find(ask->arg, with->arena, l->id, &found))
		v = (struct value){0};
	return v;
}

static struct value children_value(struct evaluation *with)
{
	const struct work_package *wp = with->wp;
	struct value v = {.type = VALUE_LIST};

	if (with->children.type == VALUE_LIST)
		return with->children;
	reads_add(&with->reads, READ_CHILDREN, wp->id, STR_NONE);
	v.items = ARENA_ARRAY(with->arena, struct value, wp->n_children);
	for (size_t i = 0; i < wp->n_children; i++) {
		struct value child = neighbour_value(
			with, STR("children"), &wp->children[i]);

		if (child.type != VALUE_NULL)
			v.items[v.n++] = child;
	}
	with->children = v;
	return v;
}

/* {id, subject, type, description}, of the other end. */
static struct value relations_value(struct evaluation *with)
{
	const struct work_package *wp = with->wp;
	struct value v = {.type = VALUE_LIST};

	if (with->relations.type == VALUE_LIST)
		return with->relations;
	reads_add(&with->reads, READ_RELATIONS, wp->id, STR_NONE);
	v.items = ARENA_ARRAY(with->arena, struct value, wp->n_relations);
	for (size_t i = 0; i < wp->n_relations; i++) {
		const struct relation *r = &wp->relations[i];
		struct value other =
			neighbour_value(with, STR("relations"), &r->other);

		if (other.type == VALUE_NULL)
			continue;
		v.items[v.n++] = model_map(with->arena,
			(struct member[]){
				other.members[0],
				other.members[1],
				model_pair("type", value_text(r->type)),
				model_pair("description",
					value_text(r->description)),
			},
			4);
	}
	with->relations = v;
	return v;
}

static struct value comment_value(
	struct evaluation *with, const struct comment *c)
{
	struct arena *a = with->arena;

	return model_map(a,
		(struct member[]){
			model_pair("id", model_number(a, c->id)),
			model_pair("author", model_read_link(with, STR_NONE,
						     &c->author, "name")),
			model_pair("createdAt", value_text(c->created_at)),
			model_pair("raw", value_text(c->raw)),
			model_pair("html", value_text(c->html)),
		},
		5);
}

static int comments_value(
	struct evaluation *with, struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	struct value v = {.type = VALUE_LIST, .n = wp->n_comments};

	if (!wp->comments_known) {
		with->needs_comments = true;
		return err_set(e, ERR_DATA, "its comments are not known");
	}
	v.items = ARENA_ARRAY(with->arena, struct value, v.n);
	for (size_t i = 0; i < v.n; i++)
		v.items[i] = comment_value(with, &wp->comments[i]);
	*out = v;
	return evaluate_spend(with, v.n, e);
}

/* A reference that the work package has, anew. */
static struct value reference_value(
	struct evaluation *with, enum model_name name, const struct link *link)
{
	switch (name) {
	case MODEL_STATUS:
		return status_value(with);
	case MODEL_PROJECT:
		return project_value(with);
	default:
		return model_read_link(
			with, str_of(names[name].name), link, "name");
	}
}

/*
 * What is there is made, and noted as read, only once; what is null is looked
 * at each time, since a condition must know what is hidden.
 */
static struct value kept_reference(
	struct evaluation *with, enum model_name name, const struct link *link)
{
	struct value *kept;

	if (with->named == NULL)
		with->named = ARENA_ARRAY(
			with->arena, struct value, ARRAY_LEN(names));
	kept = &with->named[name];
	if (kept->type == VALUE_NULL)
		*kept = reference_value(with, name, link);
	return *kept;
}

int model_value(
	struct evaluation *with, size_t name, struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	const void *at = (const char *)wp + names[name].offset;
	struct arena *a = with->arena;

	if (name == MODEL_PARENT) {
		*out = neighbour_value(with, STR("parent"), at);
		return 0;
	}
	if (names[name].kind == LINK) {
		*out = kept_reference(with, (enum model_name)name, at);
		return 0;
	}
	if (names[name].kind == TEXT) {
		*out = value_text(*(const struct str *)at);
		return 0;
	}
	switch ((enum model_name)name) {
	case MODEL_ID:
		*out = model_number(a, wp->id);
		return 0;
	case MODEL_DESCRIPTION:
		*out = description_value(a, wp);
		return 0;
	case MODEL_CHILDREN:
		*out = children_value(with);
		return 0;
	case MODEL_PERCENTAGE_DONE:
		*out = value_number(wp->percentage_done);
		return 0;
	case MODEL_ATTACHMENTS:
		return model_attachments(with, out, e);
	case MODEL_RELATIONS:
		*out = relations_value(with);
		return 0;
	default: /* MODEL_COMMENTS */
		return comments_value(with, out, e);
	}
}

int model_member(const struct value *of, struct str name, struct value *out,
	struct err *e)
{
	const struct value *v = value_member(of, name);

	if (v != NULL) {
		*out = *v;
		return 0;
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
