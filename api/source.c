/*
 * source - what is kept of a work package's answer.
 *
 * The element is walked once; what the model needs is noted where it stands
 * and then written in an order of our own, so that a list and the single
 * answer, or a server that orders its members anew, give the same bytes:
 *
 *   {"id":…,"subject":…,…,"customField1":…,"_links":{"type":…,…}}
 *
 * Links keep href and title, long texts raw and html, all else its text
 * without white space.  Where a key comes twice, the last one counts.
 */
#include "api/source.h"

#include <stdlib.h>

#include "api/read.h"
#include "base/stamp.h"

enum { ID, UPDATED_AT = 7, N_MEMBERS = 10 };
static const struct str members[N_MEMBERS] = {
	[ID] = STR_INIT("id"),
	STR_INIT("subject"),
	STR_INIT("description"),
	STR_INIT("startDate"),
	STR_INIT("dueDate"),
	STR_INIT("date"),
	STR_INIT("createdAt"),
	[UPDATED_AT] = STR_INIT("updatedAt"),
	STR_INIT("estimatedTime"),
	STR_INIT("percentageDone"),
};

enum { TYPE, STATUS, PROJECT = 3, N_LINKS = 11 };
static const struct str links[N_LINKS] = {
	[TYPE] = STR_INIT("type"),
	[STATUS] = STR_INIT("status"),
	STR_INIT("priority"),
	[PROJECT] = STR_INIT("project"),
	STR_INIT("author"),
	STR_INIT("assignee"),
	STR_INIT("responsible"),
	STR_INIT("version"),
	STR_INIT("category"),
	STR_INIT("parent"),
	STR_INIT("children"),
};

/* What is kept of an object: of long texts and of links two members. */
enum { FIRST, SECOND, N_PARTS };
enum { RAW = FIRST, HTML = SECOND };
enum { HREF = FIRST, TITLE = SECOND };
static const char *const text_parts[N_PARTS] = {"raw", "html"};
static const char *const link_parts[N_PARTS] = {"href", "title"};

/* A value, and what is kept of it if it is an object. */
struct piece {
	struct str text;
	struct str parts[N_PARTS];
};

/* A customFieldN of the element or of its links. */
struct field {
	struct str key;
	struct piece value;
	long long number;
	size_t place; /* among those found */
};

/* What was found in one object: known members by table, and the fields. */
struct found {
	const struct str *names;
	size_t n_names;
	const char *const *parts;
	struct piece values[N_LINKS];
	struct field *fields;
	size_t n_fields;
	size_t cap;
};

static struct piece *add_field(struct found *f, struct str key)
{
	struct field field = {.key = key, .place = f->n_fields};

	if (!read_field_key(key, &field.number))
		return NULL;
	f->fields = grow(f->fields, f->n_fields, &f->cap, sizeof(*f->fields));
	f->fields[f->n_fields] = field;
	return &f->fields[f->n_fields++].value;
}

/* Where the value of a member is kept, NULL if it is not. */
static struct piece *place_of(struct found *f, struct str key)
{
	for (size_t i = 0; i < f->n_names; i++)
		if (str_eq(key, f->names[i]))
			return &f->values[i];
	return add_field(f, key);
}

static void note(struct scan *j, struct found *f, struct str key)
{
	struct piece *to = place_of(f, key);
	struct str skipped;

	if (to != NULL)
		scan_pick(j, f->parts, N_PARTS, to->parts, &to->text);
	else
		scan_skip(j, &skipped);
}

static void collect_links(struct scan *j, struct found *f)
{
	struct str key;

	/* Links that come twice: the last ones count, as anywhere. */
	memset(f->values, 0, sizeof(f->values));
	f->n_fields = 0;
	scan_enter(j, '{');
	while (scan_member(j, &key))
		note(j, f, key);
}

static void collect(struct scan *j, struct found *own, struct found *linked)
{
	struct str key;

	scan_enter(j, '{');
	while (scan_member(j, &key)) {
		if (str_is(key, "_links"))
			collect_links(j, linked);
		else
			note(j, own, key);
	}
}

static int by_number(const void *a, const void *b)
{
	const struct field *x = a;
	const struct field *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* As the server has them. */
static bool are_sorted(const struct field *fields, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (fields[i - 1].number >= fields[i].number)
			return false;
	return true;
}

/* In order, and of those with the same number only the last. */
static void sort_fields(struct found *f)
{
	size_t n = 0;

	if (are_sorted(f->fields, f->n_fields))
		return;
	qsort(f->fields, f->n_fields, sizeof(*f->fields), by_number);
	for (size_t i = 0; i < f->n_fields; i++) {
		if (n > 0 && f->fields[n - 1].number == f->fields[i].number)
			n--;
		f->fields[n++] = f->fields[i];
	}
	f->n_fields = n;
}

/* Without the white space between its tokens. */
static void put_compact(struct buf *out, struct str value)
{
	const char *p = value.p;
	const char *end = value.p + value.n;

	while (p < end) {
		const char *from = p;

		if (*p == '"')
			for (p++; *p != '"'; p++)
				p += *p == '\\';
		if (*from != ' ' && *from != '\t' && *from != '\n' &&
			*from != '\r')
			buf_add(out, from, (size_t)(p + 1 - from));
		p++;
	}
}

void source_put_value(struct buf *out, struct str value)
{
	enum scan_type type = scan_type(value);

	if (type == SCAN_OBJECT || type == SCAN_ARRAY)
		put_compact(out, value);
	else
		buf_add_str(out, value);
}

static void put_key(struct buf *out, char before, struct str key)
{
	buf_putc(out, before);
	buf_putc(out, '"');
	buf_add_str(out, key);
	buf_add(out, "\":", 2);
}

/* {format, raw, html} as {raw, html}; anything else as it is. */
static void put_member(struct buf *out, const struct piece *value)
{
	if (value->parts[RAW].n == 0) {
		source_put_value(out, value->text);
		return;
	}
	put_key(out, '{', STR("raw"));
	source_put_value(out, value->parts[RAW]);
	if (value->parts[HTML].n > 0) {
		put_key(out, ',', STR("html"));
		source_put_value(out, value->parts[HTML]);
	}
	buf_putc(out, '}');
}

static void put_link(struct buf *out, const struct piece *link)
{
	const struct str *parts = link->parts;
	enum scan_type type = scan_type(link->text);

	if (type != SCAN_OBJECT) {
		source_put_value(
			out, type != SCAN_NONE ? link->text : STR("null"));
		return;
	}
	put_key(out, '{', STR("href"));
	source_put_value(out, parts[HREF].n > 0 ? parts[HREF] : STR("null"));
	if (parts[TITLE].n > 0 && scan_type(parts[TITLE]) != SCAN_NULL) {
		put_key(out, ',', STR("title"));
		source_put_value(out, parts[TITLE]);
	}
	buf_putc(out, '}');
}

void source_put_link(struct buf *out, struct str value)
{
	struct piece link = {0};
	struct scan j;

	scan_init(&j, value);
	scan_pick(&j, link_parts, N_PARTS, link.parts, &link.text);
	put_link(out, &link);
}

/* A link or a list of them. */
static void put_links(struct buf *out, const struct piece *value)
{
	const char *before = "";
	struct piece item;
	struct scan j;

	if (scan_type(value->text) != SCAN_ARRAY) {
		put_link(out, value);
		return;
	}
	buf_putc(out, '[');
	scan_init(&j, value->text);
	scan_enter(&j, '[');
	while (scan_item(&j) &&
		scan_pick(&j, link_parts, N_PARTS, item.parts, &item.text)) {
		buf_puts(out, before);
		put_link(out, &item);
		before = ",";
	}
	buf_putc(out, ']');
}

/* All that was found, each behind a comma or the opening brace. */
static void put_found(struct buf *out, struct found *f,
	void (*put)(struct buf *out, const struct piece *value))
{
	char before = '{';

	sort_fields(f);
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->values[i].text.n == 0)
			continue;
		put_key(out, before, f->names[i]);
		put(out, &f->values[i]);
		before = ',';
	}
	for (size_t i = 0; i < f->n_fields; i++) {
		put_key(out, before, f->fields[i].key);
		put(out, &f->fields[i].value);
		before = ',';
	}
}

/* The id that a link leads to, 0 if it is none of ours. */
static int64_t linked_id(const struct piece *link)
{
	struct str href = read_raw(link->parts[HREF]);
	struct arena a = {0};
	struct link decoded;
	int64_t id = 0;

	if (href.n > 0 && memchr(href.p, '\\', href.n) == NULL)
		return read_href_id(href);
	if (read_link(&a, link->text, "", &decoded, NULL) == 0)
		id = decoded.id;
	arena_fini(&a);
	return id;
}

static int read_head(const struct found *own, const struct found *linked,
	struct api_source *head, struct err *e)
{
	struct api_source h = {0};

	if (!read_id(own->values[ID].text, &h.id))
		return err_set(e, ERR_UNAVAILABLE,
			"the answer is no work package: it has no id");
	h.project_id = linked_id(&linked->values[PROJECT]);
	h.type_id = linked_id(&linked->values[TYPE]);
	h.status_id = linked_id(&linked->values[STATUS]);
	stamp_parse(read_raw(own->values[UPDATED_AT].text), &h.updated_at);
	*head = h;
	if (h.project_id == 0 || h.type_id == 0)
		return err_set(e, ERR_DATA,
			"work package %lld: _links.%s: no link to a %s",
			(long long)h.id, h.project_id == 0 ? "project" : "type",
			h.project_id == 0 ? "project" : "type");
	return 0;
}

int api_source_make(struct str element, struct buf *out,
	struct api_source *head, struct err *e)
{
	struct found own = {
		.names = members, .n_names = N_MEMBERS, .parts = text_parts};
	struct found linked = {
		.names = links, .n_names = N_LINKS, .parts = link_parts};
	struct scan j;
	int code;

	scan_init(&j, element);
	collect(&j, &own, &linked);
	if (scan_end(&j))
		code = read_head(&own, &linked, head, e);
	else
		code = read_fault(&j, "the work package", e);
	if (code == 0) {
		put_found(out, &own, put_member);
		put_key(out, ',', STR("_links"));
		put_found(out, &linked, put_links);
		buf_puts(out, "}}");
		head->n_fields = own.n_fields + linked.n_fields;
	}
	free(own.fields);
	free(linked.fields);
	return code;
}
