/*
 * evaluate_value - truth, equality, order, text and size of values, and the
 * caps that make every evaluation end.
 */
#include "content/evaluate.h"
#include "content/filters.h"
#include "content/number.h"

#define MAX_STEPS ((size_t)2000000)
#define MAX_MEMORY ((size_t)256 * 1024 * 1024)
#define MAX_VALUE ((size_t)16 * 1024 * 1024) /* bytes in one document */
#define MAX_LEVELS 100
bool value_truth(const struct value *v)
{
	switch (v->type) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
		return v->boolean;
	case VALUE_NUMBER:
		return true;
	case VALUE_STRING:
		return v->text.n > 0;
	case VALUE_LIST:
	case VALUE_MAP:
		return v->n > 0;
	}
	return false;
}

bool value_is_empty(const struct value *v)
{
	return v->type == VALUE_NULL ||
	       (v->type == VALUE_STRING && v->text.n == 0) ||
	       (v->type == VALUE_LIST && v->n == 0);
}

int evaluate_spend(struct evaluation *with, size_t steps, struct err *e)
{
	with->steps += steps;
	if (with->steps > MAX_STEPS || steps > MAX_STEPS)
		return err_set(e, ERR_DATA,
			"this takes too long (more than %zu steps for one "
			"work package)",
			MAX_STEPS);
	if (with->arena->total - with->start > MAX_MEMORY)
		return err_set(e, ERR_DATA,
			"this gets too large (more than %zu MiB for one work "
			"package)",
			MAX_MEMORY >> 20);
	return 0;
}

int evaluate_limit_text(size_t n, struct err *e)
{
	if (n <= MAX_VALUE)
		return 0;
	return err_set(e, ERR_DATA, "this text gets larger than %zu MiB",
		MAX_VALUE >> 20);
}

void evaluate_need(struct evaluation *with, const struct attachment *a)
{
	const struct work_package *wp = with->wp;
	bool *needed;

	if (with->needed == NULL)
		with->needed =
			ARENA_ARRAY(with->arena, bool, wp->n_attachments);
	needed = &with->needed[a - wp->attachments];
	if (*needed)
		return;
	*needed = true;
	with->needs = grow(with->needs, with->n_needs, &with->cap_needs,
		sizeof(*with->needs));
	with->needs[with->n_needs++] = a->id;
}

static int lists_equal(struct evaluation *with, const struct value *a,
	const struct value *b, bool *out, struct err *e)
{
	int rc = 0;

	*out = a->n == b->n;
	for (size_t i = 0; rc == 0 && *out && i < a->n; i++)
		rc = evaluate_equal(with, &a->items[i], &b->items[i], out, e);
	return rc;
}

static int maps_equal(struct evaluation *with, const struct value *a,
	const struct value *b, bool *out, struct err *e)
{
	int rc = 0;

	*out = a->n == b->n;
	for (size_t i = 0; rc == 0 && *out && i < a->n; i++) {
		const struct value *other = value_member(b, a->members[i].key);

		*out = other != NULL;
		if (*out)
			rc = evaluate_equal(
				with, &a->members[i].value, other, out, e);
		if (rc == 0)
			rc = evaluate_spend(with, b->n / 8, e);
	}
	return rc;
}

int evaluate_equal(struct evaluation *with, const struct value *a,
	const struct value *b, bool *out, struct err *e)
{
	int rc = evaluate_spend(with, 1, e);

	if (rc != 0)
		return rc;
	*out = false;
	if (a->type != b->type)
		return 0;
	switch (a->type) {
	case VALUE_NULL:
		*out = true;
		return 0;
	case VALUE_BOOL:
		*out = a->boolean == b->boolean;
		return 0;
	case VALUE_NUMBER:
		*out = number_compare(a->text, b->text) == 0;
		return 0;
	case VALUE_STRING:
		*out = str_eq(a->text, b->text);
		return 0;
	case VALUE_LIST:
		return lists_equal(with, a, b, out, e);
	case VALUE_MAP:
		return maps_equal(with, a, b, out, e);
	}
	return 0;
}

int evaluate_order(
	const struct value *a, const struct value *b, int *out, struct err *e)
{
	if (a->type == VALUE_NUMBER && b->type == VALUE_NUMBER)
		*out = number_compare(a->text, b->text);
	else if (a->type == VALUE_STRING && b->type == VALUE_STRING)
		*out = str_cmp(a->text, b->text);
	else
		return err_set(e, ERR_DATA,
			"%s and %s cannot be put in order: only two numbers "
			"or two texts can",
			value_type_name(a), value_type_name(b));
	return 0;
}

static int add_note(struct err *e, const char *what)
{
	return err_set(e, ERR_DATA, "%s cannot be part of a text", what);
}

int evaluate_as_text(const struct value *v, struct str *out, struct err *e)
{
	switch (v->type) {
	case VALUE_NULL:
		return err_set(e, ERR_DATA,
			"is empty (null) and cannot be part of a text: give "
			"it another value with ??, or leave the whole out "
			"with $when");
	case VALUE_BOOL:
		*out = v->boolean ? STR("true") : STR("false");
		return 0;
	case VALUE_NUMBER:
	case VALUE_STRING:
		*out = v->text;
		return 0;
	case VALUE_LIST:
		return add_note(e, "is a list (join it first) and");
	case VALUE_MAP:
		return add_note(e, "is a map (pick one of its members) and");
	}
	return 0;
}

int evaluate_add_text(struct buf *b, const struct value *v, struct err *e)
{
	struct str text = STR_NONE;
	int rc = evaluate_as_text(v, &text, e);

	if (rc == 0)
		buf_add_str(b, text);
	return rc;
}

/* Take v's size from left; false where it is too large or too deep. */
static bool measure(const struct value *v, unsigned level, size_t *left)
{
	size_t size = 8 + v->text.n;

	if (level > MAX_LEVELS || size > *left)
		return false;
	*left -= size;
	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++)
		if (!measure(&v->items[i], level + 1, left))
			return false;
	for (size_t i = 0; v->type == VALUE_MAP && i < v->n; i++) {
		if (v->members[i].key.n > *left)
			return false;
		*left -= v->members[i].key.n;
		if (!measure(&v->members[i].value, level + 1, left))
			return false;
	}
	return true;
}

int evaluate_limit(const struct value *v, struct err *e)
{
	size_t left = MAX_VALUE;

	if (measure(v, 0, &left))
		return 0;
	return err_set(e, ERR_DATA,
		"too large or too deep for a document (%zu MiB, %d levels)",
		MAX_VALUE >> 20, MAX_LEVELS);
}
