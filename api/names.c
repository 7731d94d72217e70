/*
 * names - projects, schemas, types, statuses and users.
 *
 * Small answers that are read seldom.  An id, and what the mapping names a
 * thing by, must be there; all else may be missing.
 */
#include "api/read.h"
#include "api/resources.h"

static int fail(const char *what, const char *member, struct err *e)
{
	return err_set(e, ERR_UNAVAILABLE, "the answer is no %s: %s is missing",
		what, member);
}

/* The members id and name; ERR_UNAVAILABLE if it is something else. */
static int read_named(struct arena *a, struct str object, const char *what,
	struct api_name *out, struct err *e)
{
	struct scan j;
	struct str all;

	scan_init(&j, object);
	scan_skip(&j, &all);
	if (!scan_end(&j))
		return read_fault(&j, what, e);
	if (!read_id(api_member(object, "id"), &out->id))
		return fail(what, "id", e);
	if (read_text(a, api_member(object, "name"), "name", &out->name, e) !=
		0)
		return err_prefix(e, "%s %lld", what, (long long)out->id),
		       ERR_DATA;
	if (out->name.p != NULL)
		return 0;
	return err_set(e, ERR_UNAVAILABLE, "%s %lld: its name is missing", what,
		(long long)out->id);
}

static bool is_true(struct str object, const char *key)
{
	return str_is(api_member(object, key), "true");
}

int api_name_parse(struct arena *a, struct str element, const char *what,
	struct api_name *out, struct err *e)
{
	struct api_name name = {0};
	int code = read_named(a, element, what, &name, e);

	if (name.id != 0)
		name.is_closed = is_true(element, "isClosed");
	if (code != 0)
		name.name = STR_NONE;
	*out = name;
	return code;
}

int api_user_parse(
	struct arena *a, struct str body, struct api_user *out, struct err *e)
{
	struct api_name name = {0};
	struct str language = STR_NONE;
	int code = read_named(a, body, "user", &name, e);

	if (code == 0)
		(void)read_text(a, api_member(body, "language"), "language",
			&language, NULL);
	if (code != 0)
		return code;
	*out = (struct api_user){.id = name.id,
		.name = name.name,
		.admin = is_true(body, "admin"),
		.language = language};
	return 0;
}

static int read_ancestors(
	struct arena *a, struct str links, struct project *out, struct err *e)
{
	struct link *list;
	size_t n;
	int code = read_links(
		a, api_member(links, "ancestors"), "ancestors", &list, &n, e);

	if (code != 0)
		return code;
	out->ancestors = ARENA_ARRAY(a, int64_t, n);
	for (size_t i = 0; i < n; i++) /* one may be undisclosed */
		if (list[i].id != 0)
			out->ancestors[out->n_ancestors++] = list[i].id;
	return 0;
}

int api_project_parse(
	struct arena *a, struct str element, struct project *out, struct err *e)
{
	struct api_name name = {0};
	struct project p = {0};
	int code = read_named(a, element, "project", &name, e);

	p.id = name.id;
	*out = (struct project){.id = name.id};
	if (code != 0)
		return code;
	p.name = name.name;
	p.active = is_true(element, "active");
	if (read_text(a, api_member(element, "identifier"), "identifier",
		    &p.identifier, e) != 0 ||
		read_text(a, api_member(element, "createdAt"), "createdAt",
			&p.created_at, e) != 0 ||
		read_ancestors(a, api_member(element, "_links"), &p, e) != 0)
		return err_prefix(e, "project %lld", (long long)p.id), ERR_DATA;
	if (p.identifier.p == NULL)
		return err_set(e, ERR_DATA,
			"project %lld: its identifier is missing",
			(long long)p.id);
	*out = p;
	return 0;
}

/* PROJECT-TYPE at the end of the schema's own address. */
static bool read_pair(struct str href, struct schema *out)
{
	size_t dash;
	size_t at = href.n;

	while (at > 0 && href.p[at - 1] != '/')
		at--;
	if (at == 0)
		return false;
	href = str_skip(href, at);
	dash = str_find(href, STR("-"));
	return dash < href.n &&
	       read_id((struct str){href.p, dash}, &out->project_id) &&
	       read_id(str_skip(href, dash + 1), &out->type_id);
}

/* Of one that cannot be read the key is known, or the name, too. */
static void add_field(struct arena *a, struct schema *s, size_t *cap,
	struct str key, struct str value)
{
	struct schema_field f = {.key = arena_str(a, key)};

	if (read_text(a, api_member(value, "name"), "name", &f.name, NULL) !=
			0 ||
		f.name.p == NULL ||
		read_text(a, api_member(value, "type"), "type", &f.type,
			NULL) != 0)
		f.type = STR_NONE;
	s->fields = arena_grow(a, s->fields, s->n_fields, cap, sizeof(f));
	s->fields[s->n_fields++] = f;
}

int api_schema_parse(
	struct arena *a, struct str element, struct schema *out, struct err *e)
{
	struct schema s = {.shown = true};
	struct link self = {0};
	struct str links = STR_NONE;
	struct str key;
	struct str value;
	struct scan j;
	size_t cap = 0;
	long long number;

	scan_init(&j, element);
	scan_enter(&j, '{');
	while (scan_member(&j, &key) && scan_skip(&j, &value)) {
		if (str_is(key, "_links"))
			links = value;
		if (read_field_key(key, &number))
			add_field(a, &s, &cap, key, value);
	}
	if (!scan_end(&j))
		return read_fault(&j, "schema", e);
	if (read_link(a, api_member(links, "self"), "self", &self, e) != 0 ||
		!read_pair(self.href, &s))
		return fail("schema", "_links.self", e);
	*out = s;
	return 0;
}
