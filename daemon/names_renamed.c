/*
 * names_renamed - what custom fields were called before, or when they were
 * last there.
 *
 * A row for each old name, "renamed/NAME", with the key of the field that had
 * it last.
 */
#include "daemon/names_renamed.h"

#include "base/util.h"

struct names_renamed {
	struct str was;
	struct str key; /* customField12 */
};

static void add(struct names *n, struct str was, struct str key)
{
	struct names_renamed *r = NULL;

	for (size_t i = 0; i < n->n_renamed; i++)
		if (str_eq(n->renamed[i].was, was))
			r = &n->renamed[i];
	if (r == NULL) {
		n->renamed = grow(n->renamed, n->n_renamed, &n->cap_renamed,
			sizeof(*n->renamed));
		r = &n->renamed[n->n_renamed++];
	}
	*r = (struct names_renamed){
		arena_str(&n->arena, was), arena_str(&n->arena, key)};
}

static int note(struct names *n, struct state *state, struct str was,
	struct str key, struct err *e)
{
	struct buf name = {0};
	int r = 0;

	add(n, was, key);
	buf_printf(&name, "renamed/%.*s", STR_ARGS(was));
	if (state != NULL)
		r = state_resource_put(state, buf_str(&name), key, e);
	buf_fini(&name);
	return r;
}

int names_note_fields(struct names *n, struct state *state,
	const struct schema *old, const struct schema *now, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < old->n_fields; i++) {
		const struct schema_field *was = &old->fields[i];
		struct str is = schema_name_of(now, was->key);

		if (was->name.p != NULL && !str_eq(is, was->name))
			r = note(n, state, was->name, was->key, e);
	}
	return r;
}

void names_take_renamed(struct names *n, const struct names *old)
{
	for (size_t i = 0; i < old->n_renamed; i++)
		add(n, old->renamed[i].was, old->renamed[i].key);
	for (size_t i = 0; i < old->n_schemas; i++)
		for (size_t k = 0; k < old->schemas[i].n_fields; k++) {
			const struct schema_field *f =
				&old->schemas[i].fields[k];

			if (f->name.p != NULL)
				add(n, f->name, f->key);
		}
}

bool names_load_renamed(struct names *n, struct str name, struct str body)
{
	const struct str prefix = STR("renamed/");

	if (!str_starts(name, prefix))
		return false;
	add(n, str_skip(name, prefix.n), body);
	return true;
}

static struct str key_of(const struct names *n, struct str was)
{
	for (size_t i = 0; i < n->n_renamed; i++)
		if (str_eq(n->renamed[i].was, was))
			return n->renamed[i].key;
	return STR_NONE;
}

bool names_field_renamed(
	const struct names *n, const struct schema *schema, struct str was)
{
	struct str key = key_of(n, was);

	return key.p != NULL && schema_name_of(schema, key).p != NULL &&
	       !str_eq(schema_name_of(schema, key), was);
}

struct str names_field_now(const struct names *n, struct str was)
{
	struct str key = key_of(n, was);
	struct str name = STR_NONE;

	for (size_t i = 0; key.p != NULL && name.p == NULL && i < n->n_schemas;
		i++) {
		name = schema_name_of(&n->schemas[i], key);
		if (str_eq(name, was)) /* of a project that is not shown */
			name = STR_NONE;
	}
	return name;
}
