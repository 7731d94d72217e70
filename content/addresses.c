/*
 * addresses - where an entry makes an address of the title alone.
 *
 * A mapping is looked at as it is written, not run: an address that reads the
 * subject and nothing that tells two work packages of one title apart is a
 * poor one.
 */
#include <stdlib.h>

#include "content/mapping.h"
#include "content/model.h"

/* What an expression is made of, as far as it matters here. */
enum made { MADE_TITLE = 1, MADE_UNIQUE = 2 };

/* An entry, and what the values of let that are known so far are made of. */
struct looking {
	const struct entry *entry;
	size_t n;
	unsigned *lets;
};

static unsigned made_of(const struct looking *l, const struct expression *x);

static unsigned made_of_template(
	const struct looking *l, const struct template *t)
{
	unsigned made = 0;

	if (t->each != NULL)
		made |= made_of(l, t->each);
	if (t->type == TEMPLATE_SCALAR)
		return made | made_of(l, &t->scalar);
	for (size_t i = 0; i < t->n; i++)
		made |= made_of_template(l, t->type == TEMPLATE_LIST
						    ? &t->items[i]
						    : &t->members[i].value);
	return made;
}

/* A value of let is what it is made of; of other names we know nothing. */
static unsigned made_of_local(const struct looking *l, size_t slot)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->entry->lets[i].slot == slot)
			return l->entry->lets[i].unique ? MADE_UNIQUE
							: l->lets[i];
	return MADE_UNIQUE;
}

/* The members of the model that many work packages share. */
static unsigned made_of_model(size_t name)
{
	static const char *const shared[] = {"description", "type", "status",
		"priority", "project", "author", "assignee", "responsible",
		"version", "category", "parent", "children", "startDate",
		"dueDate", "date", "percentageDone", "estimatedTime"};

	if ((int)name == model_find(STR("subject")))
		return MADE_TITLE;
	for (size_t i = 0; i < ARRAY_LEN(shared); i++)
		if ((int)name == model_find(str_of(shared[i])))
			return 0;
	return MADE_UNIQUE;
}

static unsigned made_of(const struct looking *l, const struct expression *x)
{
	unsigned made = 0;

	if (x->op == OP_MODEL)
		return made_of_model(x->slot);
	if (x->op == OP_LOCAL)
		return made_of_local(l, x->slot);
	if (x->op == OP_FIELD)
		return MADE_UNIQUE;
	for (size_t i = 0; i < x->n; i++)
		made |= made_of(l, &x->args[i]);
	return made;
}

/* What stands in an address of the front matter, as written. */
static struct str text_of(const struct template *t)
{
	while (t->type != TEMPLATE_SCALAR && t->n > 0)
		t = t->type == TEMPLATE_LIST ? &t->items[0]
					     : &t->members[0].value;
	return t->type == TEMPLATE_SCALAR ? t->scalar.text : STR("");
}

/* The addresses that site generators read in front matter. */
static bool is_address(struct str key)
{
	static const char *const keys[] = {
		"slug", "url", "permalink", "aliases"};

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_is(key, keys[i]))
			return true;
	return false;
}

static void look_at(const struct looking *l, size_t entry,
	program_address_fn *fn, void *arg)
{
	const struct template *map = &l->entry->front_matter;

	if (made_of(l, &l->entry->path) == MADE_TITLE)
		fn(arg, entry, STR("path"), l->entry->path.text);
	if (!l->entry->has_front_matter || l->entry->n_uniques > 0)
		return; /* those that clash are told of */
	for (size_t i = 0; i < map->n; i++) {
		const struct template *t = &map->members[i].value;

		if (is_address(map->members[i].name) &&
			made_of_template(l, t) == MADE_TITLE)
			fn(arg, entry, t->key, text_of(t));
	}
}

/* What the values of let are made of; the caller frees l->lets. */
static void look_at_lets(struct looking *l, const struct entry *entry)
{
	*l = (struct looking){.entry = entry};
	l->lets = xcalloc(entry->n_lets + 1, sizeof(*l->lets));
	while (l->n < entry->n_lets) {
		unsigned made = made_of_template(l, &entry->lets[l->n].value);

		l->lets[l->n++] = made;
	}
}

void program_poor_addresses(
	const struct program *p, program_address_fn *fn, void *arg)
{
	for (size_t i = 0; i < p->n_entries; i++) {
		struct looking l;

		look_at_lets(&l, &p->entries[i]);
		look_at(&l, i, fn, arg);
		free(l.lets);
	}
}

bool program_shares_path(const struct program *p, size_t entry)
{
	const struct entry *of = &p->entries[entry];
	struct looking l;
	bool shares;

	look_at_lets(&l, of);
	shares = of->match.where == NULL && made_of(&l, &of->path) == 0;
	free(l.lets);
	return shares;
}
