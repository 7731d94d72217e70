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
static const char *const members[N_MEMBERS] = {
	[ID] = "id",
	"subject",
	"description",
	"startDate",
	"dueDate",
	"date",
	"createdAt",
	[UPDATED_AT] = "updatedAt",
	"estimatedTime",
	"percentageDone",
};

enum { TYPE, PROJECT = 3, N_LINKS = 11 };
static const char *const links[N_LINKS] = {
	[TYPE] = "type",
	"status",
	"priority",
	[PROJECT] = "project",
	"author",
	"assignee",
	"responsible",
	"version",
	"category",
	"parent",
	"children",
};

/* A customFieldN of the element or of its links. */
struct field {
	struct str key;
	struct str value;
	long long number;
	size_t place; /* among those found */
};

/* What was found in one object: known members by table, and the fields. */
struct found {
	const char *const *names;
	size_t n_names;
	struct str values[N_LINKS];
	struct field *fields;
	size_t n_fields;
	size_t cap;
};

static void add_field(struct found *f, struct str key, struct str value)
{
	const struct str prefix = STR("customField");
	struct field field = {.key = key, .value = value, .place = f->n_fields};

	if (!str_starts(key, prefix) || key.n == prefix.n ||
		key.p[prefix.n] < '1' || key.p[prefix.n] > '9' ||
		!str_to_int64(str_skip(key, prefix.n), &field.number))
		return;
	f->fields = grow(f->fields, f->n_fields, &f->cap, sizeof(*f->fields));
	f->fields[f->n_fields++] = field;
}

static void note(struct found *f, struct str key, struct str value)
{
	for (size_t i = 0; i < f->n_names; i++) {
		if (str_is(key, f->names[i])) {
			f->values[i] = value;
			return;
		}
	}
	add_field(f, key, value);
}

static void collect_links(struct scan *j, struct found *f)
{
	struct str key;
	struct str value;

	/* Links that come twice: the last ones count, as anywhere. */
	memset(f->values, 0, sizeof(f->values));
	f->n_fields = 0;
	scan_enter(j, '{');
	while (scan_member(j, &key))
		if (scan_skip(j, &value))
			note(f, key, value);
}

static void collect(struct scan *j, struct found *own, struct found *linked)
{
	struct str key;
	struct str value;

	scan_enter(j, '{');
	while (scan_member(j, &key)) {
		if (str_is(key, "_links"))
			collect_links(j, linked);
		else if (scan_skip(j, &value))
			note(own, key, value);
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

/* In order, and of those with the same number only the last. */
static void sort_fields(struct found *f)
{
	size_t n = 0;

	if (f->n_fields == 0)
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

static void put_key(struct buf *out, const char *before, struct str key)
{
	buf_puts(out, before);
	buf_putc(out, '"');
	buf_add_str(out, key);
	buf_add(out, "\":", 2);
}

/* {format, raw, html} as {raw, html}; anything else as it is. */
static void put_member(struct buf *out, struct str value)
{
	enum { RAW, HTML, N };
	static const char *const keys[N] = {"raw", "html"};
	struct str texts[N] = {{0}};

	if (scan_type(value) == SCAN_OBJECT)
		api_members(value, keys, N, texts);
	if (texts[RAW].n == 0) {
		source_put_value(out, value);
		return;
	}
	put_key(out, "{", STR("raw"));
	source_put_value(out, texts[RAW]);
	if (texts[HTML].n > 0) {
		put_key(out, ",", STR("html"));
		source_put_value(out, texts[HTML]);
	}
	buf_putc(out, '}');
}

void source_put_link(struct buf *out, struct str value)
{
	enum { HREF, TITLE, N };
	static const char *const keys[N] = {"href", "title"};
	struct str texts[N];

	if (scan_type(value) != SCAN_OBJECT) {
		source_put_value(out, value.n > 0 ? value : STR("null"));
		return;
	}
	api_members(value, keys, N, texts);
	put_key(out, "{", STR("href"));
	source_put_value(out, texts[HREF].n > 0 ? texts[HREF] : STR("null"));
	if (texts[TITLE].n > 0 && scan_type(texts[TITLE]) != SCAN_NULL) {
		put_key(out, ",", STR("title"));
		source_put_value(out, texts[TITLE]);
	}
	buf_putc(out, '}');
}

/* A link or a list of them. */
static void put_links(struct buf *out, struct str value)
{
	const char *before = "";
	struct str item;
	struct scan j;

	if (scan_type(value) != SCAN_ARRAY) {
		source_put_link(out, value);
		return;
	}
	buf_putc(out, '[');
	scan_init(&j, value);
	scan_enter(&j, '[');
	while (scan_item(&j) && scan_skip(&j, &item)) {
		buf_puts(out, before);
		source_put_link(out, item);
		before = ",";
	}
	buf_putc(out, ']');
}

/* All that was found, each behind a comma or the opening brace. */
static void put_found(struct buf *out, struct found *f,
	void (*put)(struct buf *out, struct str value))
{
	const char *before = "{";

	sort_fields(f);
	for (size_t i = 0; i < f->n_names; i++) {
		if (f->values[i].n == 0)
			continue;
		put_key(out, before, str_of(f->names[i]));
		put(out, f->values[i]);
		before = ",";
	}
	for (size_t i = 0; i < f->n_fields; i++) {
		put_key(out, before, f->fields[i].key);
		put(out, f->fields[i].value);
		before = ",";
	}
}

/* The id that a link leads to, 0 if it is none of ours. */
static int64_t linked_id(struct str link)
{
	struct str href = read_raw(api_member(link, "href"));
	struct arena a = {0};
	struct link decoded;
	int64_t id = 0;

	if (href.n > 0 && memchr(href.p, '\\', href.n) == NULL)
		return read_href_id(href);
	if (read_link(&a, link, "", &decoded, NULL) == 0)
		id = decoded.id;
	arena_fini(&a);
	return id;
}

static int read_head(const struct found *own, const struct found *linked,
	struct api_source *head, struct err *e)
{
	struct api_source h = {0};

	if (!read_id(own->values[ID], &h.id))
		return err_set(e, ERR_UNAVAILABLE,
			"the answer is no work package: it has no id");
	h.project_id = linked_id(linked->values[PROJECT]);
	h.type_id = linked_id(linked->values[TYPE]);
	stamp_parse(read_raw(own->values[UPDATED_AT]), &h.updated_at);
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
	struct found own = {.names = members, .n_names = N_MEMBERS};
	struct found linked = {.names = links, .n_names = N_LINKS};
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
		put_key(out, ",", STR("_links"));
		put_found(out, &linked, put_links);
		buf_puts(out, "}}");
	}
	free(own.fields);
	free(linked.fields);
	return code;
}
