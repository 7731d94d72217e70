/*
 * filters_text - filters from text to text.
 */
#include "base/buf.h"
#include "content/body.h"
#include "content/evaluate.h"
#include "content/filters.h"
#include "content/html.h"
#include "content/markdown_text.h"
#include "content/paths.h"
#include "content/utf8.h"
#include "content/words.h"

#define SLUG_STEPS 10 /* for a byte, as against other steps */

/* The shape that most of them have: one text in, one text out. */
typedef struct str text_fn(struct arena *a, struct str in);

static int apply(
	const struct call *c, text_fn *fn, struct value *out, struct err *e)
{
	struct str in;
	int rc = call_text(c, &in, e);

	if (rc == 0)
		*out = value_text(fn(call_arena(c), in));
	return rc;
}

static struct str trim(struct arena *a, struct str in)
{
	(void)a;
	return words_trim(in);
}

static struct str strip_www(struct arena *a, struct str in)
{
	(void)a;
	return words_strip_www(in);
}

static struct str strip_tld(struct arena *a, struct str in)
{
	(void)a;
	return words_strip_tld(in);
}

static struct str ext(struct arena *a, struct str in)
{
	(void)a;
	return words_ext(in);
}

static struct str last_part(struct arena *a, struct str in)
{
	(void)a;
	return words_basename(in);
}

static struct str escape_html(struct arena *a, struct str in)
{
	struct buf b = {0};

	html_escape(in, &b);
	return arena_take(a, &b);
}

/* As it may stand anywhere: at the beginning of a line, in a table's cell. */
static struct str escape_markdown(struct arena *a, struct str in)
{
	struct buf b = {0};

	markdown_escape_line(words_trim(in), true, &b);
	return arena_take(a, &b);
}

static struct str escape_shortcodes(struct arena *a, struct str in)
{
	struct buf b = {0};

	body_escape_shortcodes(in, &b);
	return arena_take(a, &b);
}

FILTER_FUNCTION(filter_lower)
{
	return apply(c, words_lower, out, e);
}

FILTER_FUNCTION(filter_upper)
{
	return apply(c, words_upper, out, e);
}

FILTER_FUNCTION(filter_trim)
{
	return apply(c, trim, out, e);
}

FILTER_FUNCTION(filter_url_host)
{
	return apply(c, words_url_host, out, e);
}

FILTER_FUNCTION(filter_url_path)
{
	return apply(c, words_url_path, out, e);
}

FILTER_FUNCTION(filter_strip_www)
{
	return apply(c, strip_www, out, e);
}

FILTER_FUNCTION(filter_strip_tld)
{
	return apply(c, strip_tld, out, e);
}

FILTER_FUNCTION(filter_ext)
{
	return apply(c, ext, out, e);
}

FILTER_FUNCTION(filter_basename)
{
	return apply(c, last_part, out, e);
}

FILTER_FUNCTION(filter_file_name)
{
	return apply(c, paths_clean_name, out, e);
}

FILTER_FUNCTION(filter_html)
{
	return apply(c, escape_html, out, e);
}

FILTER_FUNCTION(filter_escape_markdown)
{
	return apply(c, escape_markdown, out, e);
}

FILTER_FUNCTION(filter_escape_shortcodes)
{
	return apply(c, escape_shortcodes, out, e);
}

FILTER_FUNCTION(filter_text)
{
	struct str in;
	int rc = call_text(c, &in, e);

	*out = value_string(STR(""));
	if (rc == 0)
		rc = html_text(call_arena(c), in, &out->text, e);
	return rc;
}

int check_slug(const struct value *args, size_t n, struct err *e)
{
	(void)n;
	if (args[0].type == VALUE_STRING && str_is(args[0].text, "de"))
		return 0;
	return err_set(e, ERR_DATA, "slug knows only the language \"de\"");
}

/* What is not ASCII is spelt by rules that take their time. */
static int spend_slug(const struct call *c, struct str in, struct err *e)
{
	if (utf8_ascii(in))
		return 0;
	return evaluate_spend(c->with, in.n * SLUG_STEPS, e);
}

FILTER_FUNCTION(filter_slug)
{
	struct str in;
	int rc = call_text(c, &in, e);

	if (rc == 0 && c->n > 0)
		rc = check_slug(c->args, c->n, e);
	if (rc == 0)
		rc = spend_slug(c, in, e);
	if (rc == 0)
		*out = value_string(
			words_slug(call_arena(c), in, c->n > 0 ? "de" : NULL));
	return rc;
}

FILTER_FUNCTION(filter_truncate)
{
	struct str in;
	size_t n;
	int rc = call_text(c, &in, e);

	if (rc == 0)
		rc = call_arg_count(c, 0, &n, e);
	if (rc == 0)
		*out = value_string(words_truncate(in, n));
	return rc;
}

FILTER_FUNCTION(filter_truncate_words)
{
	struct str in;
	size_t n;
	int rc = call_text(c, &in, e);

	if (rc == 0)
		rc = call_arg_count(c, 0, &n, e);
	if (rc == 0)
		*out = value_string(words_truncate_words(in, n));
	return rc;
}

/* Every from in in becomes to; the caller saw that from is not empty. */
static int replace_all(const struct call *c, struct str from, struct str to,
	struct buf *b, struct err *e)
{
	struct str in = c->in->text;
	int rc = 0;

	while (rc == 0) {
		size_t at = str_find(in, from);

		buf_add(b, in.p, at);
		if (at == in.n)
			return 0;
		buf_add_str(b, to);
		in = str_skip(in, at + from.n);
		rc = evaluate_spend(c->with, 1 + to.n / 64, e);
		if (rc == 0)
			rc = evaluate_limit_text(b->n, e);
	}
	return rc;
}

FILTER_FUNCTION(filter_replace)
{
	struct buf b = {0};
	struct str in;
	struct str to;
	int rc = call_text(c, &in, e);

	if (rc == 0)
		rc = check_separator(c->args, c->n, e);
	if (rc == 0)
		rc = call_arg_text(c, 1, &to, e);
	if (rc == 0)
		rc = replace_all(c, c->args[0].text, to, &b, e);
	if (rc == 0)
		*out = value_string(arena_str(call_arena(c), buf_str(&b)));
	buf_fini(&b);
	return rc;
}

FILTER_FUNCTION(filter_split)
{
	struct str rest;
	struct str by;
	struct value v = {.type = VALUE_LIST};
	size_t n = 1;
	int rc = call_text(c, &rest, e);

	if (rc == 0)
		rc = check_separator(c->args, c->n, e);
	if (rc != 0)
		return rc;
	by = c->args[0].text;
	for (struct str s = rest; str_find(s, by) < s.n; n++)
		s = str_skip(s, str_find(s, by) + by.n);
	rc = evaluate_spend(c->with, n, e);
	if (rc != 0)
		return rc;
	v.items = ARENA_ARRAY(call_arena(c), struct value, n);
	while (v.n < n) {
		size_t at = str_find(rest, by);

		v.items[v.n++] = value_string((struct str){rest.p, at});
		rest = str_skip(rest, at < rest.n ? at + by.n : at);
	}
	*out = v;
	return 0;
}
