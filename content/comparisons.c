/*
 * comparisons - the texts that a mapping compares the server's names with.
 *
 *   draft: ${ status.name == 'New' }      'New' may be a status
 *   ${ const.labels[type.name] }          and each key of labels a type
 *
 * What is called otherwise gives another answer there, and so another document.
 * A mapping is looked at as it is written, not run: a text may be a name of the
 * kinds of which names are read beside it, through let, $each and constants.
 */
#include <stdlib.h>
#include <string.h>

#include "content/filters.h"
#include "content/mapping.h"

#define KIND(kind) (1u << (kind))
#define FIELD_KINDS                                                            \
	(KIND(READ_VERSION) | KIND(READ_USER) | KIND(READ_OPTION) |            \
		KIND(READ_ITEM))

/* What a name stands for. */
struct holder {
	unsigned kinds; /* of the names that are read in it */
	unsigned with;  /* kinds that its texts are compared with */
};

/* The name of $each, and those in scope before it. */
struct binding {
	struct binding *outer;
	size_t slot;
	struct holder items;
};

struct looking {
	const struct program *program;
	size_t n, cap;
	struct comparison *found;

	/* Of an entry: let, as far as it is in scope. */
	size_t n_lets;
	struct holder *lets;
};

/* --- What stands in a comparison ---------------------------------------- */

struct adding {
	struct looking *looking;
	unsigned with;
};

static bool add(void *arg, struct str text)
{
	const struct adding *adding = arg;
	struct looking *l = adding->looking;

	l->found = grow(l->found, l->n, &l->cap, sizeof(*l->found));
	l->found[l->n++] = (struct comparison){text, adding->with};
	return false;
}

/*
 * The kinds of the names that are read there.  If with is any, the texts there
 * are compared with it; and what let and $each hold will be, once for all of
 * the comparisons: there may be very many of them, one in the other.
 */
static unsigned gather(struct looking *l, const struct expression *x,
	unsigned with, struct binding *scope);

/* Names before its own are in scope of $each. */
static struct binding bind_each(
	struct looking *l, const struct template *t, struct binding *outer)
{
	struct binding each = {.outer = outer, .slot = t->slot};

	if (t->each != NULL)
		each.items.kinds = gather(l, t->each, 0, outer);
	return each;
}

static void unbind_each(
	struct looking *l, const struct template *t, const struct binding *each)
{
	if (each->items.with != 0)
		gather(l, t->each, each->items.with, each->outer);
}

static unsigned gather_template(struct looking *l, const struct template *t,
	unsigned with, struct binding *scope)
{
	struct binding each = bind_each(l, t, scope);
	struct adding adding = {l, with};
	unsigned kinds = 0;

	if (t->each != NULL)
		scope = &each;
	if (t->type == TEMPLATE_SCALAR)
		kinds = gather(l, &t->scalar, with, scope);
	for (size_t i = 0; t->type == TEMPLATE_LIST && i < t->n; i++)
		kinds |= gather_template(l, &t->items[i], with, scope);
	for (size_t i = 0; t->type == TEMPLATE_MAP && i < t->n; i++) {
		if (with != 0)
			add(&adding, t->members[i].name);
		kinds |= gather_template(l, &t->members[i].value, with, scope);
	}
	unbind_each(l, t, &each);
	return kinds;
}

/* The slots of let come first.  All other names stand for attachments. */
static struct holder *find_local(
	struct looking *l, size_t slot, struct binding *scope)
{
	while (scope != NULL && scope->slot != slot)
		scope = scope->outer;
	if (scope != NULL)
		return &scope->items;
	return slot < l->n_lets ? &l->lets[slot] : NULL;
}

static unsigned gather_local(
	struct looking *l, size_t slot, unsigned with, struct binding *scope)
{
	struct holder *local = find_local(l, slot, scope);

	if (local == NULL)
		return 0;
	local->with |= with;
	return local->kinds;
}

static unsigned kinds_of_model(struct str name)
{
	for (int key = 0; key < MATCH_KEYS; key++)
		if (str_is(name, match_keys[key].name))
			return KIND(match_keys[key].kind);
	return 0;
}

static unsigned gather(struct looking *l, const struct expression *x,
	unsigned with, struct binding *scope)
{
	bool member = x->op == OP_MEMBER && x->args[0].op == OP_MODEL;
	struct adding adding = {l, with};
	unsigned kinds = 0;

	if (member && !str_is(x->name, "name") &&
		!str_is(x->name, "identifier"))
		return 0;
	if (with != 0)
		texts_any(l->program, x, add, &adding);
	if (x->op == OP_LOCAL)
		kinds = gather_local(l, x->slot, with, scope);
	else if (x->op == OP_FIELD)
		kinds = FIELD_KINDS;
	else if (x->op == OP_MODEL)
		kinds = kinds_of_model(x->name);
	for (size_t i = 0; i < x->n; i++)
		kinds |= gather(l, &x->args[i], with, scope);
	return kinds;
}

/* --- Where they are ----------------------------------------------------- */

static bool seeks(const struct filter *f)
{
	return strcmp(f->name, "match") == 0 || strcmp(f->name, "glob") == 0 ||
	       strcmp(f->name, "replace") == 0 || strcmp(f->name, "map") == 0;
}

static bool compares(const struct expression *x)
{
	return x->op == OP_EQUAL || x->op == OP_UNEQUAL || x->op == OP_IN ||
	       (x->op == OP_FILTER && seeks(x->filter)) ||
	       (x->op == OP_INDEX && x->args[1].op != OP_LITERAL);
}

/* One within another has no texts or kinds beside that one's. */
static void look(
	struct looking *l, const struct expression *x, struct binding *scope)
{
	unsigned kinds;

	if (compares(x)) {
		kinds = gather(l, x, 0, scope);
		if (kinds != 0)
			gather(l, x, kinds, scope);
		return;
	}
	for (size_t i = 0; i < x->n; i++)
		look(l, &x->args[i], scope);
}

static void look_template(
	struct looking *l, const struct template *t, struct binding *scope)
{
	struct binding each = bind_each(l, t, scope);

	if (t->each != NULL) {
		look(l, t->each, scope);
		scope = &each;
	}
	if (t->when != NULL)
		look(l, t->when, scope);
	if (t->type == TEMPLATE_SCALAR)
		look(l, &t->scalar, scope);
	for (size_t i = 0; t->type == TEMPLATE_LIST && i < t->n; i++)
		look_template(l, &t->items[i], scope);
	for (size_t i = 0; t->type == TEMPLATE_MAP && i < t->n; i++)
		look_template(l, &t->members[i].value, scope);
	unbind_each(l, t, &each);
}

/* Each reads those above it alone. */
static void look_lets(struct looking *l, const struct entry *e)
{
	l->lets = xcalloc(e->n_lets + 1, sizeof(*l->lets));
	for (l->n_lets = 0; l->n_lets < e->n_lets; l->n_lets++) {
		const struct template *value = &e->lets[l->n_lets].value;

		look_template(l, value, NULL);
		l->lets[l->n_lets].kinds = gather_template(l, value, 0, NULL);
	}
}

static void gather_lets(struct looking *l, const struct entry *e)
{
	for (size_t i = e->n_lets; i-- > 0;)
		if (l->lets[i].with != 0)
			gather_template(
				l, &e->lets[i].value, l->lets[i].with, NULL);
	free(l->lets);
}

static void look_saving(struct looking *l, const struct saving *s)
{
	if (s->save_as != NULL)
		look(l, &s->save_as->expression, NULL);
	if (s->link_as != NULL)
		look(l, &s->link_as->expression, NULL);
}

static void look_entry(struct looking *l, const struct entry *e)
{
	look_lets(l, e);
	for (size_t i = 0; i < e->n_uniques; i++)
		look(l, &e->uniques[i].value, NULL);
	look(l, &e->path, NULL);
	look_saving(l, &e->saving);
	for (size_t i = 0; i < e->n_picks; i++) {
		look(l, &e->picks[i].pick.expression, NULL);
		look_saving(l, &e->picks[i].saving);
	}
	look_template(l, &e->front_matter, NULL);
	look_template(l, &e->body, NULL);
	gather_lets(l, e);
}

/* --- All of them -------------------------------------------------------- */

static int by_text(const void *a, const void *b)
{
	const struct comparison *x = a;
	const struct comparison *y = b;

	return str_cmp(x->text, y->text);
}

void comparisons_find(struct program *p)
{
	struct looking l = {.program = p};

	for (size_t i = 0; i < p->n_entries; i++)
		look_entry(&l, &p->entries[i]);
	if (l.n > 0)
		qsort(l.found, l.n, sizeof(*l.found), by_text);
	p->comparisons = ARENA_ARRAY(&p->arena, struct comparison, l.n);
	for (size_t i = 0; i < l.n; i++) {
		size_t last = p->n_comparisons - 1;

		if (i > 0 && str_eq(l.found[i].text, l.found[i - 1].text))
			p->comparisons[last].kinds |= l.found[i].kinds;
		else
			p->comparisons[p->n_comparisons++] = l.found[i];
	}
	free(l.found);
}

bool program_compares(
	const struct program *p, enum read_kind kind, struct str name)
{
	const struct comparison key = {.text = name};
	const struct comparison *found;

	for (size_t i = 0; name.p == NULL && i < p->n_comparisons; i++)
		if ((p->comparisons[i].kinds & KIND(kind)) != 0)
			return true;
	if (name.p == NULL || p->n_comparisons == 0)
		return false;
	found = bsearch(
		&key, p->comparisons, p->n_comparisons, sizeof(key), by_text);
	return found != NULL && (found->kinds & KIND(kind)) != 0;
}
