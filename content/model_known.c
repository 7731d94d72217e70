/*
 * model_known - names that a work package knows of things by their address.
 *
 * Its own links and those of its custom fields: their names are renewed when
 * somebody renames what they lead to, so what is written here never ages.
 */
#include "content/evaluate.h"
#include "content/model.h"

/* Does the link lead there, and to something that is still there? */
static bool leads_to(const struct link *l, struct str path)
{
	enum read_kind kind;
	int64_t id;
	/* A program is a project, too, though its address has another name. */
	bool same = str_starts(path, STR("/projects/"))
			    ? reads_link(l->href, &kind, &id) &&
				      kind == READ_PROJECT &&
				      id == href_id(path)
			    : str_ends(l->href, path);

	return same && !model_is_dangling(l->id, l->title);
}

static struct str name_of(struct evaluation *with, const struct link *l)
{
	struct value v = model_read_link(with, STR_NONE, l, "name");
	const struct value *name = value_member(&v, STR("name"));

	return name != NULL ? name->text : STR_NONE;
}

static struct str own_name(struct evaluation *with, struct str path)
{
	const struct work_package *wp = with->wp;
	const struct link *const links[] = {&wp->author, &wp->assignee,
		&wp->responsible, &wp->version, &wp->project};

	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (leads_to(links[i], path))
			return name_of(with, links[i]);
	return STR_NONE;
}

static struct str field_name(
	struct evaluation *with, const struct value *v, struct str path)
{
	struct link link;

	for (size_t i = 0; v->type == VALUE_LIST && i < v->n; i++) {
		struct str name = field_name(with, &v->items[i], path);

		if (name.p != NULL)
			return name;
	}
	link = model_field_link(v);
	return leads_to(&link, path) ? name_of(with, &link) : STR_NONE;
}

struct str model_known_name(struct evaluation *with, struct str path)
{
	const struct work_package *wp = with->wp;
	struct str name = own_name(with, path);

	for (size_t i = 0; name.p == NULL && i < wp->n_fields; i++)
		name = field_name(with, &wp->fields[i].value, path);
	return name;
}
