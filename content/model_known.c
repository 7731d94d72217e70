/*
 * model_known - names that a work package knows of things by their address.
 *
 * Its own links and those of its custom fields: their names are renewed when
 * somebody renames what they lead to, so what is written here never ages.
 * They are gathered once, as a body may ask for very many names.
 */
#include "content/evaluate.h"
#include "content/model.h"

#define AT_A_STEP 8 /* links are compared */

struct known_link {
	struct str address; /* as paths that are asked for end */
	struct link link;
};

/* A link, unless what it leads to is there no more. */
static void add(struct arena *a, struct known *known, struct link link)
{
	struct str address = link.href;
	enum read_kind kind;
	int64_t id;

	if (link.href.n == 0 || model_is_dangling(link.id, link.title))
		return;
	/* A program is a project, too, though its address has another name. */
	if (reads_link(link.href, &kind, &id) && kind == READ_PROJECT)
		address = arena_printf(a, "/projects/%lld", (long long)id);
	known->items = arena_grow(
		a, known->items, known->n, &known->cap, sizeof(*known->items));
	known->items[known->n++] = (struct known_link){address, link};
}

static void add_field(
	struct arena *a, struct known *known, const struct value *v)
{
	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++)
		add_field(a, known, &v->items[i]);
	add(a, known, model_field_link(v));
}

static void gather(struct evaluation *with, struct known *known)
{
	const struct work_package *wp = with->wp;
	const struct link *const own[] = {&wp->author, &wp->assignee,
		&wp->responsible, &wp->version, &wp->project};

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		add(with->arena, known, *own[i]);
	for (size_t i = 0; i < wp->n_fields; i++)
		add_field(with->arena, known, &wp->fields[i].value);
	known->gathered = true;
}

static struct str name_of(struct evaluation *with, const struct link *l)
{
	struct value v = model_read_link(with, STR_NONE, l, "name");
	const struct value *name = value_member(&v, STR("name"));

	return name != NULL ? name->text : STR_NONE;
}

int model_known_name(struct evaluation *with, struct known *known,
	struct str path, struct str *out, struct err *e)
{
	int rc;

	*out = STR_NONE;
	if (!known->gathered)
		gather(with, known);
	rc = evaluate_spend(with, 1 + known->n / AT_A_STEP, e);
	for (size_t i = 0; rc == 0 && out->p == NULL && i < known->n; i++)
		if (str_ends(known->items[i].address, path))
			*out = name_of(with, &known->items[i].link);
	return rc;
}
