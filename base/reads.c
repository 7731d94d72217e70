/*
 * reads - what documents were made of.
 */
#include "base/reads.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/util.h"
#include "base/work_package.h"

void reads_add(
	struct reads *r, enum read_kind kind, int64_t id, struct str name)
{
	if (id == 0)
		return;
	r->items = grow(r->items, r->n, &r->cap, sizeof(*r->items));
	r->items[r->n++] = (struct read){kind, id, name};
}

/* /api/v3/COLLECTION/ID */
static const struct {
	struct str collection;
	enum read_kind kind;
} collections[] = {
	{STR_INIT("work_packages"), READ_WORK_PACKAGE},
	{STR_INIT("projects"), READ_PROJECT}, /* and what has its id, too: */
	{STR_INIT("programs"), READ_PROJECT},
	{STR_INIT("portfolios"), READ_PROJECT},
	{STR_INIT("workspaces"), READ_PROJECT},
	{STR_INIT("types"), READ_TYPE},
	{STR_INIT("statuses"), READ_STATUS},
	{STR_INIT("priorities"), READ_PRIORITY},
	{STR_INIT("categories"), READ_CATEGORY},
	{STR_INIT("versions"), READ_VERSION},
	{STR_INIT("users"), READ_USER},
	{STR_INIT("groups"), READ_USER},
	{STR_INIT("placeholder_users"), READ_USER},
	{STR_INIT("custom_options"), READ_OPTION},
	{STR_INIT("custom_field_items"), READ_ITEM},
};

static bool find_kind(struct str collection, enum read_kind *kind)
{
	for (size_t i = 0; i < ARRAY_LEN(collections); i++) {
		if (str_eq(collection, collections[i].collection)) {
			*kind = collections[i].kind;
			return true;
		}
	}
	return false;
}

/* Without the last part, the slash before it included. */
static struct str above(struct str path)
{
	while (path.n > 0 && path.p[path.n - 1] != '/')
		path.n--;
	path.n -= path.n > 0;
	return path;
}

bool reads_link(struct str href, enum read_kind *kind, int64_t *id)
{
	const struct str root = STR("/api/v3/");
	struct str thing = above(href);
	struct str head = above(thing);
	size_t at = str_find(href, root);

	/* The server may itself be at /projects. */
	if (at + root.n > head.n + 1)
		return false;
	*id = href_id(href);
	return *id != 0 && find_kind(str_skip(thing, head.n + 1), kind);
}

void reads_add_link(struct reads *r, struct str href, struct str name)
{
	enum read_kind kind;
	int64_t id;

	if (reads_link(href, &kind, &id))
		reads_add(r, kind, id, name);
}

static int compare(const void *a, const void *b)
{
	const struct read *x = a;
	const struct read *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

void reads_sort(struct reads *r)
{
	size_t n = 0;

	if (r->n == 0)
		return;
	qsort(r->items, r->n, sizeof(*r->items), compare);
	for (size_t i = 0; i < r->n; i++) {
		struct read *last = n > 0 ? &r->items[n - 1] : NULL;

		if (last == NULL || compare(last, &r->items[i]) != 0)
			r->items[n++] = r->items[i];
		else if (last->name.p == NULL)
			last->name = r->items[i].name;
	}
	r->n = n;
}

void reads_fini(struct reads *r)
{
	free(r->items);
	*r = (struct reads){0};
}

int64_t reads_pair(int64_t project_id, int64_t type_id)
{
	return (int64_t)((uint64_t)project_id << 32 ^ (uint64_t)type_id);
}

int64_t reads_value(struct str value)
{
	uint8_t bytes[SHA256_SIZE];
	uint64_t id;

	hash_sha256(value.p, value.n, bytes);
	memcpy(&id, bytes, sizeof(id));
	return (int64_t)(id >> 1 | 1);
}
