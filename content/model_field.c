/*
 * model_field - custom fields, found by the names that the schema gives them.
 */
#include "content/evaluate.h"
#include "content/model.h"

/* A link of a custom field: an option's title, or {id, name}. */
static struct value field_link(
	struct evaluation *with, struct str type, const struct value *v)
{
	const struct value *href = value_member(v, STR("href"));
	const struct value *title = value_member(v, STR("title"));
	struct link link = {0};
	struct value out;

	if (href != NULL)
		link.href = href->text;
	if (title != NULL)
		link.title = title->text;
	link.id = href_id(link.href);
	out = model_read_link(with, &link, "name");
	if (out.type == VALUE_MAP && !str_ends(type, STR("User")) &&
		!str_ends(type, STR("Version")))
		out = *value_member(&out, STR("name"));
	return out;
}

static struct value field_links(
	struct evaluation *with, struct str type, const struct value *list)
{
	struct value out = {.type = VALUE_LIST};

	out.items = ARENA_ARRAY(with->arena, struct value, list->n);
	for (size_t i = 0; i < list->n; i++) {
		struct value v = list->items[i];

		if (v.type == VALUE_MAP)
			v = field_link(with, type, &list->items[i]);
		if (v.type != VALUE_NULL)
			out.items[out.n++] = v;
	}
	return out;
}

static int field_value(struct evaluation *with,
	const struct schema_field *field, enum field_form form,
	struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	struct value v = {0};
	const struct value *raw;

	for (size_t i = 0; i < wp->n_fields; i++)
		if (str_eq(wp->fields[i].key, field->key))
			v = wp->fields[i].value;
	raw = value_member(&v, STR("raw"));
	if (form == FIELD_HTML && raw == NULL && v.type != VALUE_NULL)
		return err_set(e, ERR_DATA,
			"the custom field '%.*s' is no long text, so it has "
			"no html",
			STR_ARGS(field->name));
	if (raw != NULL) {
		const struct value *html = value_member(&v, STR("html"));

		*out = form == FIELD_HTML && html != NULL ? *html : *raw;
	} else if (v.type == VALUE_MAP) {
		*out = field_link(with, field->type, &v);
	} else if (v.type == VALUE_LIST) {
		*out = field_links(with, field->type, &v);
	} else {
		*out = v;
		if (v.type == VALUE_NULL && str_starts(field->type, STR("[]")))
			out->type = VALUE_LIST;
	}
	return 0;
}

int model_field(struct evaluation *with, struct str name, enum field_form form,
	struct value *out, struct err *e)
{
	const struct schema *schema = with->wp->schema;

	if (schema == NULL)
		return err_set(e, ERR_DATA,
			"the custom fields of its project and type are not "
			"known");
	reads_add(&with->reads, READ_SCHEMA,
		reads_pair(with->wp->project.id, with->wp->type.id), STR_NONE);
	for (size_t i = 0; i < schema->n_fields; i++)
		if (str_eq(schema->fields[i].name, name))
			return field_value(
				with, &schema->fields[i], form, out, e);
	if (with->in_match)
		return err_set(e, ERR_DATA,
			"the custom field '%.*s' is not active for the "
			"work package's project and type",
			STR_ARGS(name));
	*out = (struct value){0};
	return 0;
}
