/*
 * filters_markup - filters of markdown and HTML.
 */
#include "content/evaluate.h"
#include "content/filters.h"
#include "content/markup.h"

#define MOST_LEVELS 5 /* from 1 to 6 */
#define TAG_STEPS 20  /* of parsing one, as against other steps */

int check_shift(const struct value *args, size_t n, struct err *e)
{
	long long levels;

	(void)n;
	if (args[0].type == VALUE_NUMBER &&
		str_to_int64(args[0].text, &levels) && levels >= -MOST_LEVELS &&
		levels <= MOST_LEVELS)
		return 0;
	return err_set(e, ERR_DATA,
		"shift_headings needs a whole number from -5 to 5");
}

FILTER_FUNCTION(filter_shift_headings)
{
	long long levels = 0;
	struct str in;
	int rc = call_text(c, &in, e);

	if (rc == 0)
		rc = check_shift(c->args, c->n, e);
	if (rc != 0)
		return rc;
	str_to_int64(c->args[0].text, &levels);
	*out = value_string(
		markup_shift_headings(call_arena(c), in, (int)levels));
	return 0;
}

FILTER_FUNCTION(filter_links)
{
	struct value list = {.type = VALUE_LIST};
	struct str *links = NULL;
	struct str in;
	int rc = call_text(c, &in, e);

	if (rc != 0)
		return rc;
	list.n = markup_links(call_arena(c), in, &links);
	rc = evaluate_spend(c->with, list.n, e);
	if (rc != 0)
		return rc;
	list.items = ARENA_ARRAY(call_arena(c), struct value, list.n);
	for (size_t i = 0; i < list.n; i++)
		list.items[i] = value_string(links[i]);
	*out = list;
	return 0;
}

/* Tags and links cost, as each may be parsed by itself. */
static int spend_tags(const struct call *c, struct str in, struct err *e)
{
	size_t tags = 0;

	for (size_t i = 0; i < in.n; i++)
		tags += in.p[i] == '<' || in.p[i] == ']';
	return evaluate_spend(c->with, tags * TAG_STEPS, e);
}

FILTER_FUNCTION(filter_markdown)
{
	struct str in;
	int rc = call_text(c, &in, e);

	if (rc == 0)
		rc = spend_tags(c, in, e);
	if (rc == 0)
		*out = value_string(markup_markdown(call_arena(c), in));
	return rc;
}

int check_sanitize(const struct value *args, size_t n, struct err *e)
{
	(void)n;
	if (args[0].type == VALUE_STRING && str_is(args[0].text, "html"))
		return 0;
	return err_set(e, ERR_DATA,
		"sanitize takes markdown or, as sanitize(\"html\"), HTML");
}

FILTER_FUNCTION(filter_sanitize)
{
	struct str in;
	int rc = call_text(c, &in, e);

	if (rc == 0 && c->n > 0)
		rc = check_sanitize(c->args, c->n, e);
	if (rc == 0)
		rc = spend_tags(c, in, e);
	*out = value_string(STR(""));
	if (rc == 0 && c->n > 0)
		rc = markup_sanitize_html(call_arena(c), in, &out->text, e);
	else if (rc == 0)
		out->text = markup_sanitize(call_arena(c), in);
	return rc;
}
