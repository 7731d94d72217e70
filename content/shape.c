/*
 * shape - which members the values of an expression have.
 *
 * What opsync makes itself has the same members for every work package, so a
 * misspelt one is found while the mapping is read, and not where some work
 * package happens to have a value there.  Nothing is known of what a text of
 * JSON holds, and of constants, which are others in each project.
 */
#include "content/shape.h"

#include <stdio.h>
#include <stdlib.h>

#include "content/filters.h"
#include "content/model.h"

#define MAX_JOINED 64 /* members; of more, nothing is known */
#define MAX_LEVELS 3  /* of maps in maps that are joined, likewise */
#define MAX_LISTED 8  /* members in an error */

const struct shape shape_plain = {.n = 0};
const struct shape shape_empty = {.n = 0};

static const struct shape_member *find(const struct shape *s, struct str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_is(name, s->members[i].name))
			return &s->members[i];
	return NULL;
}

bool shape_has(const struct shape *s, struct str name)
{
	return s == NULL || s == &shape_empty || find(s, name) != NULL;
}

bool shape_takes(const struct shape *s, struct str key)
{
	return shape_has(s, key) || s->table;
}

/* One that is not there is null, or is refused elsewhere. */
static const struct shape *member_shape(const struct shape *s, struct str name)
{
	const struct shape_member *m = s != NULL ? find(s, name) : NULL;

	return m != NULL ? m->shape : NULL;
}

static const struct shape *join(struct arena *a, const struct shape *x,
	const struct shape *y, size_t levels);

/* Add those of from; what both have may be either one's. */
static void join_members(struct arena *a, const struct shape *from,
	struct shape_member *to, size_t *n, size_t levels)
{
	for (size_t i = 0; i < from->n; i++) {
		const struct shape_member *m = &from->members[i];
		size_t j = 0;

		while (j < *n && strcmp(to[j].name, m->name) != 0)
			j++;
		if (j < *n)
			to[j].shape = join(a, to[j].shape, m->shape, levels);
		else
			to[(*n)++] = *m;
	}
}

static const struct shape *join(struct arena *a, const struct shape *x,
	const struct shape *y, size_t levels)
{
	struct shape_member *members;
	struct shape *out;

	if (x == y || y == &shape_empty)
		return x;
	if (x == &shape_empty)
		return y;
	if (y == &shape_plain)
		return x;
	if (x == &shape_plain)
		return y;
	if (x == NULL || y == NULL || levels == 0 || x->n + y->n > MAX_JOINED)
		return NULL;
	out = ARENA_NEW(a, struct shape);
	members = ARENA_ARRAY(a, struct shape_member, x->n + y->n);
	join_members(a, x, members, &out->n, levels - 1);
	join_members(a, y, members, &out->n, levels - 1);
	out->members = members;
	out->table = x->table || y->table;
	return out;
}

const struct shape *shape_join(
	struct arena *a, const struct shape *x, const struct shape *y)
{
	return join(a, x, y, MAX_LEVELS);
}

static const struct shape *join_args(
	const struct parsing *with, const struct expression *x, size_t from)
{
	const struct shape *s = &shape_empty;

	for (size_t i = from; i < x->n; i++)
		s = shape_join(with->arena, s, shape_of(with, &x->args[i]));
	return s;
}

/* A name in brackets may be worked out, and then anything may come of it. */
static const struct shape *index_shape(
	const struct parsing *with, const struct expression *x)
{
	const struct expression *at = &x->args[1];
	const struct shape *of = shape_of(with, &x->args[0]);

	if (at->op != OP_LITERAL)
		return NULL;
	return at->literal.type == VALUE_STRING
		       ? member_shape(of, at->literal.text)
		       : of;
}

static const struct shape *filtered_shape(
	const struct parsing *with, const struct expression *x)
{
	unsigned traits = x->filter->traits;

	if ((traits & GIVES_ITEMS) != 0)
		return shape_of(with, &x->args[0]);
	if ((traits & GIVES_MEMBERS) != 0)
		return index_shape(with, x);
	return (traits & GIVES_ANYTHING) != 0 ? NULL : &shape_plain;
}

const struct shape *shape_of(
	const struct parsing *with, const struct expression *x)
{
	switch (x->op) {
	case OP_LITERAL:
		return x->literal.type == VALUE_NULL ? &shape_empty
						     : &shape_plain;
	case OP_MODEL:
		return model_shape(x->slot);
	case OP_FIELD:
		return &model_field_shape;
	case OP_LOCAL:
		return with->scope->items[x->slot].shape;
	case OP_CONSTANT:
		return NULL;
	case OP_MEMBER:
		return member_shape(shape_of(with, &x->args[0]), x->name);
	case OP_INDEX:
		return index_shape(with, x);
	case OP_FILTER:
		return filtered_shape(with, x);
	case OP_IF:
		return join_args(with, x, 1);
	case OP_ELSE:
	case OP_LIST:
		return join_args(with, x, 0);
	default:
		return &shape_plain;
	}
}

/* ", but id, subject and type" */
static void list_members(const struct shape *s, struct err *e)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t used = strlen(e->text);

		snprintf(e->text + used, sizeof(e->text) - used, "%s%s",
			i == 0 ? ", but " : (i + 1 < s->n ? ", " : " and "),
			s->members[i].name);
	}
}

int shape_suggest(
	const struct shape *s, struct str name, struct err *e, int code)
{
	const char **names = xcalloc(s->n + 1, sizeof(*names));
	const char *near;

	for (size_t i = 0; i < s->n; i++)
		names[i] = s->members[i].name;
	near = str_nearest(name, names, s->n);
	if (near == NULL && s->n <= MAX_LISTED)
		list_members(s, e);
	free(names);
	return err_nearest(e, code, near);
}
