/*
 * filters_value - filters that change what kind of value something is, and
 * those of dates, digests and pictures.
 */
#include "base/buf.h"
#include "base/hash.h"
#include "content/emit.h"
#include "content/evaluate.h"
#include "content/filters.h"
#include "content/json.h"
#include "content/number.h"
#include "content/words.h"

FILTER_FUNCTION(filter_json)
{
	struct str in;
	int rc;

	*out = (struct value){0};
	if (c->in->type == VALUE_NULL)
		return 0;
	rc = call_text(c, &in, e);
	if (rc != 0 || in.n == 0)
		return rc;
	return json_parse(call_arena(c), in, out, e);
}

FILTER_FUNCTION(filter_to_json)
{
	struct buf b = {0};
	int rc = evaluate_limit(c->in, e);

	if (rc != 0)
		return rc;
	emit_json(c->in, &b);
	*out = value_string(arena_take(call_arena(c), &b));
	return evaluate_spend(c->with, out->text.n / 64, e);
}

int check_uuid5(const struct value *args, size_t n, struct err *e)
{
	(void)n;
	if (args[0].type == VALUE_STRING)
		return words_check_space(args[0].text, e);
	return err_set(e, ERR_DATA,
		"the name space of uuid5 must be text, but is %s",
		value_type_name(&args[0]));
}

FILTER_FUNCTION(filter_uuid5)
{
	struct str name;
	struct str space;
	int rc = call_text(c, &name, e);

	if (rc == 0)
		rc = call_arg_text(c, 0, &space, e);
	*out = value_string(STR(""));
	if (rc == 0)
		rc = words_uuid5(call_arena(c), space, name, &out->text, e);
	return rc;
}

FILTER_FUNCTION(filter_sha256)
{
	uint8_t digest[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct str in;
	int rc = call_text(c, &in, e);

	if (rc != 0)
		return rc;
	hash_sha256(in.p, in.n, digest);
	hash_hex(digest, sizeof(digest), hex);
	*out = value_string(arena_str(call_arena(c), str_of(hex)));
	return 0;
}

/* date("format") or date("format", "Zone/Name"), where in is set already. */
static int format_date(struct arena *a, const struct call *c, struct str in,
	struct str *out, struct err *e)
{
	const char *zone = c->with->zone;

	if (c->args[0].type != VALUE_STRING ||
		(c->n > 1 && c->args[1].type != VALUE_STRING))
		return err_set(e, ERR_DATA,
			"date needs a format, as in date(\"%%Y-%%m-%%d\"), and "
			"may have a time zone");
	if (c->n > 1)
		zone = arena_str(a, c->args[1].text).p;
	return words_date(a, in, c->args[0].text, zone, out, e);
}

int check_date(const struct value *args, size_t n, struct err *e)
{
	struct evaluation with = {.zone = "UTC"};
	struct call c = {.with = &with, .args = args, .n = n};
	struct arena a = {0};
	struct str ignored;
	int rc = format_date(&a, &c, STR("2020-01-02T03:04:05Z"), &ignored, e);

	arena_fini(&a);
	return rc;
}

FILTER_FUNCTION(filter_date)
{
	struct str in;
	int rc = call_text(c, &in, e);

	*out = value_string(STR(""));
	if (rc == 0)
		rc = format_date(call_arena(c), c, in, &out->text, e);
	return rc;
}

/* People may write zeros in front, which a number has none of. */
static struct str without_zeros(struct arena *a, struct str s)
{
	bool negative = s.n > 0 && s.p[0] == '-';
	size_t first = negative ? 1 : 0;
	size_t at = first;

	while (at + 1 < s.n && s.p[at] == '0' && s.p[at + 1] >= '0' &&
		s.p[at + 1] <= '9')
		at++;
	if (at == first)
		return s;
	s = str_skip(s, at);
	return negative ? arena_printf(a, "-%.*s", STR_ARGS(s)) : s;
}

/* The digits of a number, or of a text that holds one. */
static int digits_of(const struct call *c, struct str *out, struct err *e)
{
	struct str s = c->in->text;

	if (c->in->type == VALUE_STRING) {
		*out = without_zeros(call_arena(c), words_trim(s));
		if (out->n > 0 && number_span(*out) == out->n)
			return 0;
		return err_set(e, ERR_DATA, "'%.*s' is not a number",
			STR_ARGS(words_truncate(s, 40)));
	}
	if (c->in->type == VALUE_BOOL)
		s = c->in->boolean ? STR("1") : STR("0");
	else if (c->in->type != VALUE_NUMBER)
		return err_set(e, ERR_DATA,
			"%s needs a number or text, but this is %s",
			c->filter->name, value_type_name(c->in));
	*out = s;
	return 0;
}

FILTER_FUNCTION(filter_int)
{
	struct str s = STR_NONE;
	int rc = digits_of(c, &s, e);

	if (rc != 0)
		return rc;
	*out = value_number(number_integer(call_arena(c), s));
	if (out->type == VALUE_NULL)
		return err_set(e, ERR_DATA, "'%.*s' is too large a number",
			STR_ARGS(words_truncate(s, 40)));
	return 0;
}

FILTER_FUNCTION(filter_float)
{
	struct str s = STR_NONE;
	int rc = digits_of(c, &s, e);

	if (rc != 0)
		return rc;
	if (str_find(s, STR(".")) == s.n && str_find(s, STR("e")) == s.n &&
		str_find(s, STR("E")) == s.n)
		s = arena_printf(call_arena(c), "%.*s.0", STR_ARGS(s));
	*out = value_number(s);
	return 0;
}

FILTER_FUNCTION(filter_string)
{
	struct buf b = {0};
	int rc = 0;

	if (c->in->type != VALUE_NULL)
		rc = evaluate_add_text(&b, c->in, e);
	if (rc == 0)
		*out = value_string(arena_str(call_arena(c), buf_str(&b)));
	buf_fini(&b);
	return rc;
}

FILTER_FUNCTION(filter_bool)
{
	(void)e;
	*out = value_bool(value_truth(c->in));
	return 0;
}

/* The picture that is piped in; false, and a need, if it is not here yet. */
static int picture(
	const struct call *c, const struct image_info **out, struct err *e)
{
	const struct attachment *a = c->in->attachment;

	if (a == NULL)
		return err_set(e, ERR_DATA,
			"%s needs an attachment, but this is %s",
			c->filter->name, value_type_name(c->in));
	*out = a->fetched && a->image.format[0] != '\0' ? &a->image : NULL;
	if (!a->fetched)
		evaluate_need(c->with, a);
	return 0;
}

FILTER_FUNCTION(filter_image_format)
{
	const struct image_info *image = NULL;
	int rc = picture(c, &image, e);

	*out = (struct value){0};
	if (rc == 0 && image != NULL)
		*out = value_string(str_of(image->format));
	return rc;
}

FILTER_FUNCTION(filter_image_size)
{
	const struct image_info *image = NULL;
	int rc = picture(c, &image, e);

	*out = (struct value){0};
	if (rc != 0 || image == NULL || image->width <= 0)
		return rc;
	out->type = VALUE_LIST;
	out->n = 2;
	out->items = ARENA_ARRAY(call_arena(c), struct value, 2);
	out->items[0] =
		value_number(arena_printf(call_arena(c), "%ld", image->width));
	out->items[1] =
		value_number(arena_printf(call_arena(c), "%ld", image->height));
	return 0;
}
