/*
 * model_field - custom fields, found by the names that the schema gives them.
 *
 * What a field is decides what its value looks like; what the server sends
 * for it is taken as far as it can be.  A link that leads nowhere (an option
 * that was deleted, somebody whom the server hides) is null, and not in a
 * list.
 */
#include "content/evaluate.h"
#include "content/model.h"

static bool is_multiple(const struct schema_field *field)
{
	return str_starts(field->type, STR("[]"));
}

bool model_is_dangling(int64_t id, struct str title)
{
	char digits[STR_INT];
	struct str number = str_int(digits, id);

	return id != 0 && str_starts(title, number) &&
	       str_is(str_skip(title, number.n), " not found");
}

struct link model_field_link(const struct value *v)
{
	const struct value *href = value_member(v, STR("href"));
	const struct value *title = value_member(v, STR("title"));
	struct link link = {0};

	if (href != NULL)
		link.href = href->text;
	if (title != NULL)
		link.title = title->text;
	link.id = href_id(link.href);
	return link;
}

/* A link of a custom field: an option's title, or {id, name}. */
static struct value field_link(struct evaluation *with,
	const struct schema_field *field, const struct value *v)
{
	struct link link = model_field_link(v);
	struct value out = model_read_link(with, field->name, &link, "name");

	if (model_is_dangling(link.id, link.title))
		return (struct value){0};
	if (out.type == VALUE_MAP && !str_ends(field->type, STR("User")) &&
		!str_ends(field->type, STR("Version")))
		out = *value_member(&out, STR("name"));
	return out;
}

static struct value field_links(struct evaluation *with,
	const struct schema_field *field, const struct value *items, size_t n)
{
	struct value out = {.type = VALUE_LIST};

	out.items = ARENA_ARRAY(with->arena, struct value, n);
	for (size_t i = 0; i < n; i++) {
		struct value v = items[i];

		if (v.type == VALUE_MAP)
			v = field_link(with, field, &items[i]);
		if (v.type != VALUE_NULL)
			out.items[out.n++] = v;
	}
	return out;
}

/* {raw, html} of long text; ERR_DATA where html of another is asked for. */
static int field_text(const struct schema_field *field, enum field_form form,
	const struct value *v, struct value *out, struct err *e)
{
	const struct value *raw = value_member(v, STR("raw"));
	const struct value *html = value_member(v, STR("html"));

	if (form == FIELD_HTML && raw == NULL && v->type != VALUE_NULL)
		return err_set(e, ERR_DATA,
			"the custom field '%.*s' is no long text, so it has "
			"no html",
			STR_ARGS(field->name));
	if (raw == NULL)
		*out = *v;
	else
		*out = form == FIELD_HTML && html != NULL ? *html : *raw;
	return 0;
}

static int field_value(struct evaluation *with,
	const struct schema_field *field, enum field_form form,
	struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	struct value v = {0};
	int rc;

	for (size_t i = 0; i < wp->n_fields; i++)
		if (str_eq(wp->fields[i].key, field->key))
			v = wp->fields[i].value;
	rc = field_text(field, form, &v, out, e);
	if (rc != 0 || value_member(&v, STR("raw")) != NULL)
		return rc;
	if (v.type == VALUE_LIST)
		*out = field_links(with, field, v.items, v.n);
	else if (is_multiple(field))
		*out = field_links(with, field, &v, 1);
	else if (v.type == VALUE_MAP)
		*out = field_link(with, field, &v);
	return 0;
}

/* By name, or by key (customField12) where no field has it as its name. */
static int find_field(const struct schema *schema, struct str name,
	const struct schema_field **out, struct err *e)
{
	const struct schema_field *by_key = NULL;

	*out = NULL;
	for (size_t i = 0; i < schema->n_fields; i++) {
		const struct schema_field *field = &schema->fields[i];

		if (str_eq(field->key, name))
			by_key = field;
		if (!str_eq(field->name, name))
			continue;
		if (*out != NULL)
			return err_set(e, ERR_DATA,
				"two custom fields are called '%.*s' here: "
				"write cf.%.*s or cf.%.*s",
				STR_ARGS(name), STR_ARGS((*out)->key),
				STR_ARGS(field->key));
		*out = field;
	}
	if (*out == NULL)
		*out = by_key;
	return 0;
}

/* A field that cannot be read may be the one, if no other is. */
static int refuse_unreadable(const struct schema *schema, struct str name,
	const struct schema_field *found, struct err *e)
{
	const struct schema_field *lost =
		found != NULL ? found : schema_unreadable(schema);

	if (lost == NULL || lost->type.p != NULL)
		return 0;
	return err_set(e, ERR_DATA,
		"the custom field '%.*s' cannot be looked up: the server does "
		"not say what %.*s is%s",
		STR_ARGS(name), STR_ARGS(lost->key),
		lost->name.p == NULL ? " called here, and of what type it is"
				     : ", a text or a number or what");
}

int model_field(struct evaluation *with, struct str name, enum field_form form,
	struct value *out, struct err *e)
{
	const struct schema *schema = with->wp->schema;
	const struct schema_field *field;
	int rc;

	if (schema == NULL)
		return err_set(e, ERR_DATA,
			"the custom fields of its project and type are not "
			"known");
	reads_add(&with->reads, READ_SCHEMA,
		reads_pair(with->wp->project.id, with->wp->type.id), STR_NONE);
	rc = find_field(schema, name, &field, e);
	if (rc == 0)
		rc = refuse_unreadable(schema, name, field, e);
	if (rc != 0)
		return rc;
	if (field != NULL)
		return field_value(with, field, form, out, e);
	if (with->in_match)
		return err_set(e, ERR_DATA,
			"the custom field '%.*s' is not active for the "
			"work package's project and type",
			STR_ARGS(name));
	*out = (struct value){0};
	return 0;
}
