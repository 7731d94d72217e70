/*
 * filters - the table of filters, and what their bodies share.
 */
#include "content/filters.h"

#include "content/evaluate.h"

static const struct filter filters[] = {
	{"basename", 0, 0, filter_basename, NULL, 0},
	{"bool", 0, 0, filter_bool, NULL, TAKES_NULL},
	{"capture", 1, 2, filter_capture, check_pattern, 0},
	{"compact", 0, 0, filter_compact, NULL, GIVES_ITEMS},
	{"date", 1, 2, filter_date, check_date, 0},
	{"escape_markdown", 0, 0, filter_escape_markdown, NULL, 0},
	{"escape_shortcodes", 0, 0, filter_escape_shortcodes, NULL, 0},
	{"ext", 0, 0, filter_ext, NULL, 0},
	{"file_name", 0, 0, filter_file_name, NULL, 0},
	{"first", 0, 0, filter_first, NULL, GIVES_ITEMS},
	{"float", 0, 0, filter_float, NULL, 0},
	{"glob", 1, 1, filter_glob, NULL, GIVES_ITEMS},
	{"html", 0, 0, filter_html, NULL, 0},
	{"image_format", 0, 0, filter_image_format, NULL, 0},
	{"image_size", 0, 0, filter_image_size, NULL, 0},
	{"int", 0, 0, filter_int, NULL, 0},
	{"join", 1, 1, filter_join, NULL, 0},
	{"json", 0, 0, filter_json, NULL, TAKES_NULL | GIVES_ANYTHING},
	{"last", 0, 0, filter_last, NULL, GIVES_ITEMS},
	{"length", 0, 0, filter_length, NULL, TAKES_NULL},
	{"links", 0, 0, filter_links, NULL, 0},
	{"lower", 0, 0, filter_lower, NULL, 0},
	{"map", 1, 4, filter_map, check_map, GIVES_ANYTHING},
	{"markdown", 0, 0, filter_markdown, NULL, 0},
	{"match", 1, 1, filter_match, check_pattern, GIVES_ITEMS},
	{"pluck", 1, 1, filter_pluck, NULL, GIVES_MEMBERS},
	{"replace", 2, 2, filter_replace, check_separator, 0},
	{"sanitize", 0, 1, filter_sanitize, check_sanitize, 0},
	{"sha256", 0, 0, filter_sha256, NULL, 0},
	{"shift_headings", 1, 1, filter_shift_headings, check_shift, 0},
	{"slug", 0, 1, filter_slug, check_slug, 0},
	{"sort", 0, 0, filter_sort, NULL, GIVES_ITEMS},
	{"split", 1, 1, filter_split, check_separator, 0},
	{"string", 0, 0, filter_string, NULL, TAKES_NULL},
	{"strip_tld", 0, 0, filter_strip_tld, NULL, 0},
	{"strip_www", 0, 0, filter_strip_www, NULL, 0},
	{"text", 0, 0, filter_text, NULL, 0},
	{"to_json", 0, 0, filter_to_json, NULL, 0},
	{"trim", 0, 0, filter_trim, NULL, 0},
	{"truncate", 1, 1, filter_truncate, check_count, 0},
	{"truncate_words", 1, 1, filter_truncate_words, check_count, 0},
	{"unique", 0, 0, filter_unique, NULL, GIVES_ITEMS},
	{"upper", 0, 0, filter_upper, NULL, 0},
	{"url_host", 0, 0, filter_url_host, NULL, 0},
	{"url_path", 0, 0, filter_url_path, NULL, 0},
	{"uuid5", 1, 1, filter_uuid5, check_uuid5, 0},
};

const struct filter *filter_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (str_is(name, filters[i].name))
			return &filters[i];
	return NULL;
}

const char *filter_nearest(struct str name)
{
	const char *names[ARRAY_LEN(filters)];

	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		names[i] = filters[i].name;
	return str_nearest(name, names, ARRAY_LEN(filters));
}

int filter_run(const struct call *c, struct value *out, struct err *e)
{
	size_t steps = 1 + c->in->text.n / 64 + c->in->n;
	int rc;

	if (c->in->type == VALUE_NULL &&
		(c->filter->traits & TAKES_NULL) == 0) {
		*out = (struct value){0};
		return 0;
	}
	rc = evaluate_spend(c->with, steps, e);
	return rc == 0 ? c->filter->run(c, out, e) : rc;
}

const char *value_type_name(const struct value *v)
{
	static const char *const names[] = {
		[VALUE_NULL] = "nothing (null)",
		[VALUE_BOOL] = "true or false",
		[VALUE_NUMBER] = "a number",
		[VALUE_STRING] = "text",
		[VALUE_LIST] = "a list",
		[VALUE_MAP] = "a map",
	};

	return v->attachment != NULL ? "an attachment" : names[v->type];
}

struct arena *call_arena(const struct call *c)
{
	return c->with->arena;
}

int call_text(const struct call *c, struct str *out, struct err *e)
{
	const char *name = c->filter->name;

	if (c->in->type == VALUE_LIST)
		return err_set(e, ERR_DATA,
			"%s needs text, but this is a list: use "
			"map(\"%s\") for each of its items",
			name, name);
	if (c->in->type != VALUE_STRING)
		return err_set(e, ERR_DATA, "%s needs text, but this is %s",
			name, value_type_name(c->in));
	*out = c->in->text;
	return 0;
}

int call_list(const struct call *c, struct err *e)
{
	if (c->in->type == VALUE_LIST)
		return 0;
	return err_set(e, ERR_DATA, "%s needs a list, but this is %s",
		c->filter->name, value_type_name(c->in));
}

int call_arg_text(
	const struct call *c, size_t i, struct str *out, struct err *e)
{
	if (c->args[i].type != VALUE_STRING)
		return err_set(e, ERR_DATA,
			"argument %zu of %s must be text, but is %s", i + 1,
			c->filter->name, value_type_name(&c->args[i]));
	*out = c->args[i].text;
	return 0;
}

int value_count(const struct value *v, size_t *out, struct err *e)
{
	long long n;

	if (v->type != VALUE_NUMBER || !str_to_int64(v->text, &n) || n < 0)
		return err_set(e, ERR_DATA,
			"this filter's argument must be a whole number that "
			"is not negative");
	*out = (size_t)n;
	return 0;
}

int call_arg_count(const struct call *c, size_t i, size_t *out, struct err *e)
{
	return value_count(&c->args[i], out, e);
}

int check_count(const struct value *args, size_t n, struct err *e)
{
	size_t ignored;

	(void)n;
	return value_count(&args[0], &ignored, e);
}

int check_separator(const struct value *args, size_t n, struct err *e)
{
	(void)n;
	if (args[0].type == VALUE_STRING && args[0].text.n > 0)
		return 0;
	return err_set(e, ERR_DATA,
		"the first argument of this filter must be text that is not "
		"empty");
}
