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

/* What the name of $each stands for, and those in scope before it. */
struct binding {
	struct binding *outer;
	size_t slot;
	const struct expression *items;
	size_t seen; /* the last comparison that came by it */
};

struct looking {
	const struct program *program;
	size_t n, cap;
	struct comparison *found;

	/* Of an entry: let, as far as it is in scope. */
	const struct entry *entry;
	size_t n_lets;
	size_t *seen; /* as above */

	/* Of the comparison that is looked at. */
	size_t number;
	unsigned kinds;
	size_t lets; /* it came by none from there on */
};

/* --- What stands in a comparison ---------------------------------------- */

static void gather(
	struct looking *l, const struct expression *x, struct binding *scope);

static bool add(void *arg, struct str text)
{
	struct looking *l = arg;

	l->found = grow(l->found, l->n, &l->cap, sizeof(*l->found));
	l->found[l->n++] = (struct comparison){.text = text};
	return false;
}

static struct binding bind_each(const struct template *t, struct binding *outer)
{
	return (struct binding){
		.outer = outer, .slot = t->slot, .items = t->each};
}

static void gather_template(
	struct looking *l, const struct template *t, struct binding *scope)
{
	struct binding each = bind_each(t, scope);

	if (t->each != NULL)
		scope = &each;
	if (t->type == TEMPLATE_SCALAR)
		gather(l, &t->scalar, scope);
	for (size_t i = 0; t->type == TEMPLATE_LIST && i < t->n; i++)
		gather_template(l, &t->items[i], scope);
	for (size_t i = 0; t->type == TEMPLATE_MAP && i < t->n; i++) {
		add(l, t->members[i].name);
		gather_template(l, &t->members[i].value, scope);
	}
}

/*
 * A value of let, whose slots come first, is only marked: there may be very
 * many of them, one in the other.  All other names stand for attachments.
 */
static void gather_local(struct looking *l, size_t slot, struct binding *scope)
{
	while (scope != NULL && scope->slot != slot)
		scope = scope->outer;
	if (scope != NULL && scope->seen != l->number) {
		scope->seen = l->number;
		gather(l, scope->items, scope->outer);
	} else if (scope == NULL && slot < l->n_lets) {
		l->seen[slot] = l->number;
		if (slot >= l->lets)
			l->lets = slot + 1;
	}
}

/* Each reads those above it alone. */
static void gather_lets(struct looking *l)
{
	for (size_t i = l->lets; i-- > 0;)
		if (l->seen[i] == l->number)
			gather_template(l, &l->entry->lets[i].value, NULL);
}

static unsigned kinds_of_model(struct str name)
{
	for (int key = 0; key < MATCH_KEYS; key++)
		if (str_is(name, match_key_names[key]))
			return KIND(match_kinds[key]);
	return 0;
}

static void gather(
	struct looking *l, const struct expression *x, struct binding *scope)
{
	bool member = x->op == OP_MEMBER && x->args[0].op == OP_MODEL;

	texts_any(l->program, x, add, l);
	if (x->op == OP_LOCAL)
		gather_local(l, x->slot, scope);
	else if (x->op == OP_FIELD)
		l->kinds |= FIELD_KINDS;
	else if (x->op == OP_MODEL)
		l->kinds |= kinds_of_model(x->name);
	if (member && !str_is(x->name, "name") &&
		!str_is(x->name, "identifier"))
		return;
	for (size_t i = 0; i < x->n; i++)
		gather(l, &x->args[i], scope);
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

static void look(
	struct looking *l, const struct expression *x, struct binding *scope)
{
	size_t first = l->n;

	if (compares(x)) {
		l->number++;
		l->kinds = 0;
		l->lets = 0;
		gather(l, x, scope);
		gather_lets(l);
		if (l->kinds == 0)
			l->n = first;
		for (size_t i = first; i < l->n; i++)
			l->found[i].kinds = l->kinds;
	}
	for (size_t i = 0; i < x->n; i++)
		look(l, &x->args[i], scope);
}

static void look_template(
	struct looking *l, const struct template *t, struct binding *scope)
{
	struct binding each = bind_each(t, scope);

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
	l->entry = e;
	l->seen = xcalloc(e->n_lets + 1, sizeof(*l->seen));
	for (l->n_lets = 0; l->n_lets < e->n_lets; l->n_lets++)
		look_template(l, &e->lets[l->n_lets].value, NULL);
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
	free(l->seen);
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
