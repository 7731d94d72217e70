/*
 * work_package - a source as a struct.
 *
 * A table says what each member is; whatever else the source holds are the
 * custom fields.  The first member of a wrong kind ends it: ERR_DATA with
 * the work package, the member and what was found there.
 */
#include <stdlib.h>

#include "api/read.h"
#include "api/resources.h"

enum kind { TEXT, DIGITS, LINK };

static const struct {
	const char *key;
	enum kind kind;
	size_t offset;
} members[] = {
	{"subject", TEXT, offsetof(struct work_package, subject)},
	{"startDate", TEXT, offsetof(struct work_package, start_date)},
	{"dueDate", TEXT, offsetof(struct work_package, due_date)},
	{"date", TEXT, offsetof(struct work_package, date)},
	{"createdAt", TEXT, offsetof(struct work_package, created_at)},
	{"updatedAt", TEXT, offsetof(struct work_package, updated_at)},
	{"estimatedTime", TEXT, offsetof(struct work_package, estimated_time)},
	{"percentageDone", DIGITS,
		offsetof(struct work_package, percentage_done)},
	{"type", LINK, offsetof(struct work_package, type)},
	{"status", LINK, offsetof(struct work_package, status)},
	{"priority", LINK, offsetof(struct work_package, priority)},
	{"project", LINK, offsetof(struct work_package, project)},
	{"author", LINK, offsetof(struct work_package, author)},
	{"assignee", LINK, offsetof(struct work_package, assignee)},
	{"responsible", LINK, offsetof(struct work_package, responsible)},
	{"version", LINK, offsetof(struct work_package, version)},
	{"category", LINK, offsetof(struct work_package, category)},
	{"parent", LINK, offsetof(struct work_package, parent)},
};

/* A parse under way. */
struct parse {
	struct arena *a;
	struct work_package *wp;
	size_t cap; /* of wp->fields */
	struct err *e;
};

static int parse_value(
	struct parse *p, const char *key, struct scan *j, struct value *out);

static int parse_items(
	struct parse *p, const char *key, struct scan *j, struct value *out)
{
	size_t cap = 0;

	*out = (struct value){.type = VALUE_LIST};
	scan_enter(j, '[');
	while (scan_item(j)) {
		out->items = arena_grow(
			p->a, out->items, out->n, &cap, sizeof(*out->items));
		if (parse_value(p, key, j, &out->items[out->n]) != 0)
			return ERR_DATA;
		out->n++;
	}
	return 0;
}

static int parse_members(
	struct parse *p, const char *key, struct scan *j, struct value *out)
{
	struct str name;
	size_t cap = 0;

	*out = (struct value){.type = VALUE_MAP};
	scan_enter(j, '{');
	while (scan_member(j, &name)) {
		struct str quoted = {name.p - 1, name.n + 2};
		struct member *m;

		out->members = arena_grow(p->a, out->members, out->n, &cap,
			sizeof(*out->members));
		m = &out->members[out->n];
		if (read_text(p->a, quoted, key, &m->key, p->e) != 0 ||
			parse_value(p, key, j, &m->value) != 0)
			return ERR_DATA;
		out->n++;
	}
	return 0;
}

static int parse_scalar(
	struct parse *p, const char *key, struct str text, struct value *out)
{
	struct str string;

	switch (scan_type(text)) {
	case SCAN_BOOL:
		*out = value_bool(text.p[0] == 't');
		return 0;
	case SCAN_NUMBER:
		*out = value_number(arena_str(p->a, text));
		return 0;
	default:
		if (read_text(p->a, text, key, &string, p->e) != 0)
			return ERR_DATA;
		*out = value_text(string);
		return 0;
	}
}

/* Any JSON as a value; SCAN_DEPTH ends the recursion. */
static int parse_value(
	struct parse *p, const char *key, struct scan *j, struct value *out)
{
	struct str text = STR_NONE;

	switch (scan_peek(j)) {
	case SCAN_ARRAY:
		return parse_items(p, key, j, out);
	case SCAN_OBJECT:
		return parse_members(p, key, j, out);
	default:
		scan_skip(j, &text);
		return parse_scalar(p, key, text, out);
	}
}

/* A link as the map {id, href, title} that stands for it. */
static struct value link_value(struct arena *a, const struct link *link)
{
	struct member *m = ARENA_ARRAY(a, struct member, 3);

	m[0].key = STR("id");
	if (link->id != 0)
		m[0].value = value_number(arena_int(a, link->id));
	m[1].key = STR("href");
	m[1].value = value_text(link->href);
	m[2].key = STR("title");
	m[2].value = value_text(link->title);
	return (struct value){.type = VALUE_MAP, .n = 3, .members = m};
}

static int parse_links(
	struct parse *p, const char *key, struct scan *j, struct value *out)
{
	struct str text = STR_NONE;
	struct link *links;
	struct value *items;
	size_t n;

	scan_skip(j, &text);
	if (scan_type(text) != SCAN_ARRAY) {
		struct link link;

		if (read_link(p->a, text, key, &link, p->e) != 0)
			return ERR_DATA;
		*out = link_value(p->a, &link);
		return 0;
	}
	if (read_links(p->a, text, key, &links, &n, p->e) != 0)
		return ERR_DATA;
	items = ARENA_ARRAY(p->a, struct value, n);
	for (size_t i = 0; i < n; i++)
		items[i] = link_value(p->a, &links[i]);
	*out = (struct value){.type = VALUE_LIST, .n = n, .items = items};
	return 0;
}

static int parse_field(
	struct parse *p, struct str key, struct scan *j, bool linked)
{
	struct work_package *wp = p->wp;
	struct custom_field *field;

	wp->fields = arena_grow(
		p->a, wp->fields, wp->n_fields, &p->cap, sizeof(*wp->fields));
	field = &wp->fields[wp->n_fields++];
	field->key = arena_str(p->a, key);
	if (linked)
		return parse_links(p, field->key.p, j, &field->value);
	return parse_value(p, field->key.p, j, &field->value);
}

static int parse_digits(
	struct parse *p, const char *key, struct str text, struct str *out)
{
	if (scan_type(text) != SCAN_NUMBER && scan_type(text) != SCAN_NULL)
		return err_set(p->e, ERR_DATA, "%s: %s, not a number", key,
			scan_type_name(text));
	if (scan_type(text) == SCAN_NUMBER)
		*out = arena_str(p->a, text);
	return 0;
}

/* What ends the cursor is told at the end. */
static int parse_description(struct parse *p, struct scan *j)
{
	enum { RAW, HTML, N };
	static const char *const keys[N] = {"raw", "html"};
	struct str texts[N];
	struct str text;

	if (!scan_pick(j, keys, N, texts, &text) ||
		scan_type(text) == SCAN_NULL)
		return 0;
	if (scan_type(text) != SCAN_OBJECT)
		return err_set(p->e, ERR_DATA, "description: %s, not an object",
			scan_type_name(text));
	if (read_text(p->a, texts[RAW], "description.raw",
		    &p->wp->description_raw, p->e) != 0)
		return ERR_DATA;
	return read_text(p->a, texts[HTML], "description.html",
		&p->wp->description_html, p->e);
}

static int parse_known(struct parse *p, size_t i, struct scan *j)
{
	const char *key = members[i].key;
	void *place = (char *)p->wp + members[i].offset;
	struct str text;

	if (members[i].kind == LINK)
		return read_next_link(p->a, j, key, place, p->e);
	if (!scan_skip(j, &text))
		return 0;
	if (members[i].kind == TEXT)
		return read_text(p->a, text, key, place, p->e);
	return parse_digits(p, key, text, place);
}

static int parse_id(struct parse *p, struct str text)
{
	if (read_id(text, &p->wp->id))
		return 0;
	return err_set(p->e, ERR_DATA, "id: no number");
}

static int by_id(const void *a, const void *b)
{
	const struct link *x = a;
	const struct link *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/* The server says them as they come. */
static int parse_children(struct parse *p, struct str text)
{
	struct work_package *wp = p->wp;
	int code = read_links(
		p->a, text, "children", &wp->children, &wp->n_children, p->e);

	if (code == 0 && wp->n_children > 1)
		qsort(wp->children, wp->n_children, sizeof(*wp->children),
			by_id);
	return code;
}

static int parse_member(
	struct parse *p, struct str key, struct scan *j, bool linked)
{
	struct str text;

	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if ((members[i].kind == LINK) == linked &&
			str_is(key, members[i].key))
			return parse_known(p, i, j);
	if (!linked && str_is(key, "description"))
		return parse_description(p, j);
	if (!scan_skip(j, &text))
		return 0;
	if (!linked && str_is(key, "id"))
		return parse_id(p, text);
	if (linked && str_is(key, "children"))
		return parse_children(p, text);
	return 0;
}

static int parse_object(struct parse *p, struct scan *j, bool linked)
{
	struct str key;
	long long number;
	int code = 0;

	scan_enter(j, '{');
	while (code == 0 && scan_member(j, &key)) {
		if (!linked && str_is(key, "_links"))
			code = parse_object(p, j, true);
		else if (read_field_key(key, &number))
			code = parse_field(p, key, j, linked);
		else
			code = parse_member(p, key, j, linked);
	}
	return code;
}

int api_work_package_parse(struct arena *a, struct str source,
	struct work_package *out, struct err *e)
{
	struct work_package wp = {0};
	struct parse p = {.a = a, .wp = &wp, .e = e};
	struct scan j;

	scan_init(&j, source);
	if (parse_object(&p, &j, false) != 0)
		return err_prefix(e, "work package %lld", (long long)wp.id),
		       ERR_DATA;
	if (!scan_end(&j) || wp.id == 0)
		return err_set(e, ERR_DATA,
			"work package %lld: its source is damaged",
			(long long)wp.id);
	if (wp.project.id == 0)
		return err_set(e, ERR_DATA,
			"work package %lld: project: no link to a project",
			(long long)wp.id);
	*out = wp;
	return 0;
}
