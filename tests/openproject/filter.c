/*
 * filter - the filters of a list of work packages.
 *
 * As on the real server, one value that does not exist, or is not visible to
 * the reader, fails the whole request with a 400.
 */
#include "tests/openproject/filter.h"

#include <stdlib.h>
#include <string.h>

static int compare_ids(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a;
	int64_t y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

bool id_set_has(const struct id_set *set, int64_t id)
{
	bool found;

	if (!set->given)
		return true;
	found = bsearch(&id, set->ids, set->n, sizeof(id), compare_ids) != NULL;
	return found != set->negated;
}

static bool exists_project(const struct view *v, int64_t id)
{
	return account_sees(v->who, v->m, id);
}

static bool exists_type(const struct view *v, int64_t id)
{
	return model_thing(v->m, KIND_TYPE, id) != NULL;
}

static bool exists_status(const struct view *v, int64_t id)
{
	return model_thing(v->m, KIND_STATUS, id) != NULL;
}

static bool exists_item(const struct view *v, int64_t id)
{
	return view_item(v, id) != NULL;
}

struct filter {
	const struct json *operator;
	const struct json *values; /* an array */
};

typedef bool exists_fn(const struct view *v, int64_t id);

static bool read_ids(struct id_set *set, const struct view *v,
	const struct filter *f, exists_fn *exists)
{
	size_t n = json_count(f->values);

	set->negated = json_is(f->operator, "!");
	if (n == 0 || (!set->negated && !json_is(f->operator, "=")))
		return false;
	free(set->ids);
	set->given = true;
	set->n = 0;
	set->ids = xcalloc(n, sizeof(*set->ids));
	for (struct json *c = f->values->first; c != NULL; c = c->next) {
		int64_t id = json_to_id(c, 0);

		if (!exists(v, id))
			return false;
		set->ids[set->n++] = id;
	}
	qsort(set->ids, set->n, sizeof(*set->ids), compare_ids);
	return true;
}

/* One end of <>d: "" leaves it open, a date is its midnight. */
static bool read_end(const struct json *value, int64_t *out, bool *given)
{
	char *text = json_dup_text(value);
	char *date;
	bool ok;

	if (text == NULL || *text == '\0') {
		free(text);
		return true;
	}
	date = xasprintf("%sT00:00:00Z", text);
	ok = stamp_parse(str_of(text), out) || stamp_parse(str_of(date), out);
	free(text);
	free(date);
	*given = true;
	return ok;
}

static bool read_updated(
	struct query *q, const struct view *v, const struct filter *f)
{
	const struct json *low = f->values->first;
	bool given = false;

	(void)v;
	if (!json_is(f->operator, "<>d") || json_count(f->values) != 2)
		return false;
	return read_end(low, &q->low, &given) &&
	       read_end(low->next, &q->high, &given) && given;
}

static bool read_status(
	struct query *q, const struct view *v, const struct filter *f)
{
	q->status = STATUS_ANY;
	if (json_is(f->operator, "*"))
		return true;
	if (json_is(f->operator, "o"))
		q->status = STATUS_OPEN;
	else if (json_is(f->operator, "c"))
		q->status = STATUS_CLOSED;
	else
		return read_ids(&q->statuses, v, f, exists_status);
	return true;
}

static bool read_project(
	struct query *q, const struct view *v, const struct filter *f)
{
	return read_ids(&q->projects, v, f, exists_project);
}

static bool read_type(
	struct query *q, const struct view *v, const struct filter *f)
{
	return read_ids(&q->types, v, f, exists_type);
}

static bool read_id(
	struct query *q, const struct view *v, const struct filter *f)
{
	return read_ids(&q->ids, v, f, exists_item);
}

static const struct {
	const char *name;
	bool (*read)(
		struct query *q, const struct view *v, const struct filter *f);
	const char *refused;
} filters[] = {
	{"project", read_project, "Project filter has invalid values."},
	{"type", read_type, "Type filter has invalid values."},
	{"status", read_status, "Status filter has invalid values."},
	{"id", read_id, "Id filter has invalid values."},
	{"updatedAt", read_updated, "Updated on is not a valid date time."},
};

static bool read_filter(struct query *q, struct answer *a, const struct view *v,
	const struct json *named)
{
	struct filter f = {
		json_get(named, "operator"), json_get(named, "values")};

	for (size_t i = 0; i < ARRAY_LEN(filters); i++) {
		if (strcmp(named->key, filters[i].name) != 0)
			continue;
		if (f.values != NULL && f.values->type == JSON_ARRAY &&
			filters[i].read(q, v, &f))
			return true;
		answer_error(a, 400, "InvalidQuery", "%s", filters[i].refused);
		return false;
	}
	answer_error(a, 400, "InvalidQuery", "%s filter does not exist.",
		named->key);
	return false;
}

bool filter_parse(struct query *q, struct answer *a, const struct view *v,
	const char *text)
{
	struct json *j = json_parse(str_of(text));
	struct buf compact = {0};
	bool ok = true;

	if (j == NULL || j->type != JSON_ARRAY) {
		/* Ruby's parser names what is left to read. */
		answer_error(a, 400, "InvalidQuery", "unexpected token at '%s'",
			*text == '[' || *text == '{' ? "" : text);
		json_free(j);
		return false;
	}
	for (struct json *c = j->first; c != NULL && ok; c = c->next) {
		struct json *named = c->type == JSON_OBJECT ? c->first : NULL;

		for (; named != NULL && ok; named = named->next)
			ok = read_filter(q, a, v, named);
	}
	json_write(j, &compact);
	q->filters = buf_take(&compact);
	json_free(j);
	return ok;
}
