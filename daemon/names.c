/*
 * names - what the server calls its projects, types, statuses and fields.
 *
 * Each kind is one row of the state's resources: the elements of all pages
 * as one collection; each schema is a row of its own, "schema/1-15".
 */
#include "daemon/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "daemon/frozen.h"
#include "daemon/names_renamed.h"
#include "store/ids.h"

#define NO_SCHEMA "{}" /* a pair that the key's user may not see */

static const char *const kind_names[] = {
	[NAMES_PROJECTS] = "projects",
	[NAMES_TYPES] = "types",
	[NAMES_STATUSES] = "statuses",
};

void names_fini(struct names *n)
{
	arena_fini(&n->arena);
	free(n->schemas);
	free(n->renamed);
	buf_fini(&n->lost);
	*n = (struct names){.frozen = n->frozen};
}

/* --- Parsing what the state or the server gave -------------------------- */

static int by_id(const void *x, const void *y)
{
	const struct names_place *a = x;
	const struct names_place *b = y;

	return (a->id > b->id) - (a->id < b->id);
}

static void index_projects(struct names *n)
{
	n->by_id = ARENA_ARRAY(&n->arena, struct names_place, n->n_projects);
	for (size_t i = 0; i < n->n_projects; i++)
		n->by_id[i] = (struct names_place){
			n->projects[i].id, &n->projects[i]};
	if (n->n_projects > 0)
		qsort(n->by_id, n->n_projects, sizeof(*n->by_id), by_id);
}

/*
 * Archived ones, which an administrator is shown, are not there for us; nor is
 * one that cannot be read, unless it is so with all.
 */
static int parse_projects(
	struct names *n, const struct api_list *list, struct err *e)
{
	struct project *projects =
		ARENA_ARRAY(&n->arena, struct project, list->n);
	int64_t *left_out = ARENA_ARRAY(&n->arena, int64_t, list->n);
	struct err why = {0};
	size_t count = 0;
	size_t failed = 0;

	for (size_t i = 0; i < list->n; i++) {
		if (api_project_parse(&n->arena, list->elements[i],
			    &projects[count], &why) == 0)
			count += projects[count].active;
		else
			left_out[failed++] = projects[count].id;
	}
	if (failed > 0 && failed == list->n)
		return err_set(e, (enum err_code)why.code, "%s", why.text);
	n->unreadable[NAMES_PROJECTS] = why;
	n->left_out = left_out;
	n->n_left_out = failed;
	n->projects = projects;
	n->n_projects = count;
	index_projects(n);
	return 0;
}

/*
 * One whose name cannot be read goes behind the others, unless it is so with
 * all: that it is there, and closed, holds all the same.
 */
static int parse_named(struct names *n, enum names_kind kind,
	const struct api_list *list, struct err *e)
{
	const char *what = kind == NAMES_TYPES ? "type" : "status";
	struct api_name *named =
		ARENA_ARRAY(&n->arena, struct api_name, list->n);
	struct err why = {0};
	size_t count = 0;
	size_t failed = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct api_name one;

		if (api_name_parse(&n->arena, list->elements[i], what, &one,
			    &why) == 0)
			named[count++] = one;
		else if (one.id != 0)
			named[list->n - ++failed] = one;
		else
			break;
	}
	if (count + failed < list->n || (failed > 0 && count == 0))
		return err_set(e, (enum err_code)why.code, "%s", why.text);
	n->unreadable[kind] = why;
	n->n_nameless[kind] = failed;
	if (kind == NAMES_TYPES) {
		n->types = named;
		n->n_types = count;
	} else {
		n->statuses = named;
		n->n_statuses = count;
	}
	return 0;
}

static int parse_kind(
	struct names *n, enum names_kind kind, struct str body, struct err *e)
{
	struct arena scratch = {0};
	struct api_list list;
	int r = api_list_scan(&scratch, body, &list, e);

	if (r == 0 && kind == NAMES_PROJECTS)
		r = parse_projects(n, &list, e);
	else if (r == 0)
		r = parse_named(n, kind, &list, e);
	n->known[kind] |= r == 0;
	arena_fini(&scratch);
	return r;
}

static bool is_before(
	const struct schema *s, int64_t project_id, int64_t type_id)
{
	return s->project_id != project_id ? s->project_id < project_id
					   : s->type_id < type_id;
}

/* Where a pair is, or would be, among those that are sorted. */
static size_t schema_at(
	const struct names *n, int64_t project_id, int64_t type_id)
{
	size_t from = 0;
	size_t to = n->n_schemas;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (is_before(&n->schemas[middle], project_id, type_id))
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static struct schema *find_schema(
	const struct names *n, int64_t project_id, int64_t type_id)
{
	struct schema *s = n->schemas + schema_at(n, project_id, type_id);

	return s < n->schemas + n->n_schemas && s->project_id == project_id &&
			       s->type_id == type_id
		       ? s
		       : NULL;
}

static void append_schema(struct names *n, const struct schema *schema)
{
	n->schemas = grow(
		n->schemas, n->n_schemas, &n->cap_schemas, sizeof(*n->schemas));
	n->schemas[n->n_schemas++] = *schema;
}

static void set_schema(struct names *n, const struct schema *schema)
{
	size_t at = schema_at(n, schema->project_id, schema->type_id);

	if (find_schema(n, schema->project_id, schema->type_id) == NULL) {
		append_schema(n, schema);
		memmove(n->schemas + at + 1, n->schemas + at,
			(n->n_schemas - 1 - at) * sizeof(*n->schemas));
	}
	n->schemas[at] = *schema;
}

static int by_pair(const void *x, const void *y)
{
	const struct schema *a = x;
	const struct schema *b = y;

	return is_before(a, b->project_id, b->type_id)   ? -1
	       : is_before(b, a->project_id, a->type_id) ? 1
							 : 0;
}

/* "schema/1-15" */
static bool parse_pair(struct str name, struct schema *out)
{
	struct str rest = str_skip(name, strlen("schema/"));
	size_t dash = str_find(rest, STR("-"));
	long long project;
	long long type;

	if (dash == rest.n ||
		!str_to_int64((struct str){rest.p, dash}, &project) ||
		!str_to_int64(str_skip(rest, dash + 1), &type))
		return false;
	*out = (struct schema){.project_id = project, .type_id = type};
	return true;
}

/* Each has a row; they are sorted at the end. */
static int load_schema(
	struct names *n, struct str name, struct str body, struct err *e)
{
	struct schema schema;
	int r = 0;

	if (!parse_pair(name, &schema))
		return err_set(e, ERR_DATA, "its name has no ids");
	if (!str_is(body, NO_SCHEMA))
		r = api_schema_parse(&n->arena, body, &schema, e);
	if (r == 0)
		append_schema(n, &schema);
	return r;
}

static int load_row(
	struct names *n, struct str name, struct str body, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(kind_names); i++)
		if (str_is(name, kind_names[i]))
			return parse_kind(n, (enum names_kind)i, body, e);
	if (names_load_renamed(n, name, body))
		return 0;
	return str_starts(name, STR("schema/")) ? load_schema(n, name, body, e)
						: 0;
}

/* One row that is damaged must not keep the server from being asked again. */
static int load_resource(
	void *arg, struct str name, struct str body, struct err *e)
{
	struct names *n = arg;
	struct err why = {0};

	(void)e;
	if (load_row(n, name, body, &why) != 0)
		buf_printf(&n->lost, "%.*s: %s\n", STR_ARGS(name), why.text);
	return 0;
}

int names_load(struct names *n, struct state *state, struct err *e)
{
	int r = state_resources(state, load_resource, n, e);

	if (n->n_schemas > 0)
		qsort(n->schemas, n->n_schemas, sizeof(*n->schemas), by_pair);
	return r;
}

int names_drop_lost(const struct names *n, struct state *state, struct err *e)
{
	struct str rest = buf_str(&n->lost);
	struct str line;
	int r = 0;

	while (r == 0 && str_line(&rest, &line)) {
		struct str name = {line.p, str_find(line, STR(": "))};

		if (str_starts(name, STR("schema/")))
			r = state_resource_drop(state, name, e);
	}
	return r;
}

int names_whole(const struct names *n, struct err *e)
{
	struct str rest = buf_str(&n->lost);
	struct str line;

	if (!str_line(&rest, &line))
		return 0;
	return err_set(e, ERR_DATA,
		"the state is damaged (%.*s): opsyncd's next pass asks the "
		"server for it again",
		STR_ARGS(line));
}

bool names_have_lists(const struct names *n)
{
	for (size_t i = 0; i < N_NAMES_KINDS; i++)
		if (!n->known[i])
			return false;
	return true;
}

/* --- Remembering answers ------------------------------------------------ */

/* Elements without an id are not told from each other. */
static bool any_twice(struct arena *a, struct str whole)
{
	struct api_list list;
	int64_t *ids;

	return api_ids_parse(a, whole, &list, &ids, NULL) == 0 &&
	       ids_distinct(ids, list.n) != list.n;
}

/*
 * What is not on them all is not gone: a part counts for nothing, nor does a
 * list that has one twice, and so may have skipped another.
 */
static int join_pages(
	const struct str *pages, size_t n_pages, struct buf *out, struct err *e)
{
	struct arena scratch = {0};
	struct buf elements = {0};
	struct api_list list = {0};
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < n_pages; i++) {
		r = api_list_scan(&scratch, pages[i], &list, e);
		for (size_t k = 0; r == 0 && k < list.n; k++) {
			if (n++ > 0)
				buf_putc(&elements, ',');
			buf_add_str(&elements, list.elements[k]);
		}
	}
	buf_printf(out,
		"{\"total\":%zu,\"count\":%zu,\"_embedded\":{\"elements\":[", n,
		n);
	buf_add_str(out, buf_str(&elements));
	buf_puts(out, "]}}");
	if (r == 0 && n_pages > 1 && any_twice(&scratch, buf_str(out)))
		r = err_set(e, ERR_AGAIN,
			"the server's list changed while it was read");
	if (r == 0 && (int64_t)n < list.total)
		r = err_set(e, ERR_UNAVAILABLE,
			"the server gives %zu of %lld only", n,
			(long long)list.total);
	buf_fini(&elements);
	arena_fini(&scratch);
	return r;
}

int names_put(struct names *n, struct state *state, enum names_kind kind,
	const struct str *pages, size_t n_pages, struct err *e)
{
	struct buf whole = {0};
	int r = join_pages(pages, n_pages, &whole, e);

	if (r == 0)
		r = parse_kind(n, kind, buf_str(&whole), e);
	if (r == 0 && state != NULL)
		r = state_resource_put(
			state, str_of(kind_names[kind]), buf_str(&whole), e);
	buf_fini(&whole);
	return r;
}

static int put_schema(struct names *n, struct state *state, struct str element,
	const struct schema *schema, struct err *e)
{
	const struct schema *old =
		find_schema(n, schema->project_id, schema->type_id);
	char name[64];
	int r = 0;

	if (old != NULL)
		r = names_note_fields(n, state, old, schema, e);
	set_schema(n, schema);
	if (r != 0 || state == NULL)
		return r;
	snprintf(name, sizeof(name), "schema/%lld-%lld",
		(long long)schema->project_id, (long long)schema->type_id);
	return state_resource_put(state, str_of(name), element, e);
}

static int put_answered(
	struct names *n, struct state *state, struct str body, struct err *e)
{
	struct arena scratch = {0};
	struct api_list list;
	int r = api_list_scan(&scratch, body, &list, e);

	for (size_t i = 0; r == 0 && i < list.n; i++) {
		struct schema schema;

		r = api_schema_parse(&n->arena, list.elements[i], &schema, e);
		if (r == 0)
			r = put_schema(n, state, list.elements[i], &schema, e);
	}
	arena_fini(&scratch);
	return r;
}

int names_put_schemas(struct names *n, struct state *state, struct str body,
	const struct api_pair *asked, size_t n_asked, struct err *e)
{
	int r = put_answered(n, state, body, e);

	for (size_t i = 0; r == 0 && i < n_asked; i++) {
		struct schema none = {.project_id = asked[i].project_id,
			.type_id = asked[i].type_id};

		if (find_schema(n, none.project_id, none.type_id) == NULL)
			r = put_schema(n, state, STR(NO_SCHEMA), &none, e);
	}
	return r;
}

/* --- Looking up --------------------------------------------------------- */

const struct project *names_project(const struct names *n, int64_t id)
{
	const struct names_place key = {.id = id};
	const struct names_place *found = NULL;

	if (n->n_projects > 0)
		found = bsearch(&key, n->by_id, n->n_projects,
			sizeof(*n->by_id), by_id);
	return found != NULL ? found->project : NULL;
}

bool names_have_project(const struct names *n, int64_t id)
{
	return names_project(n, id) != NULL ||
	       ids_contain(n->left_out, n->n_left_out, id);
}

const struct schema *names_schema(
	const struct names *n, int64_t project_id, int64_t type_id)
{
	return find_schema(n, project_id, type_id);
}

static const struct api_name *find_status(const struct names *n, int64_t id)
{
	for (size_t i = 0; i < n->n_statuses + n->n_nameless[NAMES_STATUSES];
		i++)
		if (n->statuses[i].id == id)
			return &n->statuses[i];
	return NULL;
}

bool names_status_is_closed(const struct names *n, int64_t id)
{
	const struct api_name *status = find_status(n, id);

	return status != NULL && status->is_closed;
}

bool names_have_status(const struct names *n, int64_t id)
{
	return find_status(n, id) != NULL;
}

bool names_have_type(const struct names *n, int64_t id)
{
	for (size_t i = 0; i < n->n_types + n->n_nameless[NAMES_TYPES]; i++)
		if (n->types[i].id == id)
			return true;
	return false;
}
