/*
 * filters_pattern - glob, and regular expressions by PCRE2.
 *
 * Patterns come from the mapping, texts from the server: matching has limits
 * on its steps and memory, without JIT, and over them it is an error.
 */
#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>
#include <stdlib.h>

#include "content/evaluate.h"
#include "content/filters.h"
#include "content/words.h"

#define MAX_PATTERN 1024
#define MAX_MATCH 1000000 /* of PCRE2's own steps */
#define MAX_DEPTH 10000
#define MAX_HEAP 20000 /* KiB */

static int compile_pattern(
	const struct value *pattern, pcre2_code **out, struct err *e)
{
	PCRE2_UCHAR words[120];
	PCRE2_SIZE at;
	int code;

	if (pattern->type != VALUE_STRING || pattern->text.n > MAX_PATTERN)
		return err_set(e, ERR_DATA,
			"a pattern must be text of at most %d bytes",
			MAX_PATTERN);
	*out = pcre2_compile((PCRE2_SPTR)pattern->text.p, pattern->text.n,
		PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &at,
		NULL);
	if (*out != NULL)
		return 0;
	pcre2_get_error_message(code, words, sizeof(words));
	return err_set(e, ERR_DATA,
		"the pattern '%.*s' is wrong at byte %zu: %s",
		STR_ARGS(pattern->text), at + 1, (const char *)words);
}

/* The number of groups set, 0 for no match, or ERR_DATA. */
static int run_pattern(const pcre2_code *code, struct str text,
	pcre2_match_data *data, struct err *e)
{
	pcre2_match_context *limits = pcre2_match_context_create(NULL);
	PCRE2_UCHAR words[120];
	int rc;

	pcre2_set_match_limit(limits, MAX_MATCH);
	pcre2_set_depth_limit(limits, MAX_DEPTH);
	pcre2_set_heap_limit(limits, MAX_HEAP);
	rc = pcre2_match(code, (PCRE2_SPTR)text.p, text.n, 0, 0, data, limits);
	pcre2_match_context_free(limits);
	if (rc == PCRE2_ERROR_NOMATCH)
		return 0;
	if (rc >= 0)
		return rc;
	pcre2_get_error_message(rc, words, sizeof(words));
	return err_set(e, ERR_DATA, "the pattern cannot be matched here: %s",
		(const char *)words);
}

/* Does a text fit?  1, 0 or an error. */
typedef int fits_fn(const void *pattern, struct str text, struct err *e);

static int glob_fits(const void *pattern, struct str text, struct err *e)
{
	const struct str *glob = pattern;

	(void)e;
	return words_glob(*glob, text);
}

static int pattern_fits(const void *pattern, struct str text, struct err *e)
{
	pcre2_match_data *data =
		pcre2_match_data_create_from_pattern(pattern, NULL);
	int rc = run_pattern(pattern, text, data, e);

	pcre2_match_data_free(data);
	return rc > 0 ? 1 : rc;
}

/* What a pattern looks at: a text, or an attachment's file name. */
static int text_of(const struct call *c, const struct value *v, struct str *out,
	struct err *e)
{
	if (v->attachment != NULL)
		*out = v->attachment->file_name;
	else if (v->type == VALUE_STRING)
		*out = v->text;
	else
		return err_set(e, ERR_DATA,
			"%s needs text or attachments, or a list of them, but "
			"this is %s",
			c->filter->name, value_type_name(v));
	return 0;
}

/* true or false for a text; the items that fit for a list. */
static int choose(const struct call *c, fits_fn *fits, const void *pattern,
	struct value *out, struct err *e)
{
	bool is_list = c->in->type == VALUE_LIST;
	size_t n = is_list ? c->in->n : 1;
	const struct value *items = is_list ? c->in->items : c->in;
	struct value list = {.type = VALUE_LIST};
	int rc;

	list.items = ARENA_ARRAY(call_arena(c), struct value, n);
	for (size_t i = 0; i < n; i++) {
		struct str text = STR_NONE;

		rc = text_of(c, &items[i], &text, e);
		if (rc == 0)
			rc = evaluate_spend(c->with, 10 + text.n / 8, e);
		if (rc == 0)
			rc = fits(pattern, text, e);
		if (rc < 0)
			return rc;
		if (rc > 0)
			list.items[list.n++] = items[i];
	}
	*out = is_list ? list : value_bool(list.n > 0);
	return 0;
}

FILTER_FUNCTION(filter_glob)
{
	struct str pattern;
	int rc = call_arg_text(c, 0, &pattern, e);

	return rc == 0 ? choose(c, glob_fits, &pattern, out, e) : rc;
}

FILTER_FUNCTION(filter_match)
{
	pcre2_code *code = NULL;
	int rc = compile_pattern(&c->args[0], &code, e);

	if (rc == 0)
		rc = choose(c, pattern_fits, code, out, e);
	pcre2_code_free(code);
	return rc;
}

static int named_group(
	const pcre2_code *code, struct str text, int *out, struct err *e)
{
	char *name = str_dup(text);

	*out = pcre2_substring_number_from_name(code, (PCRE2_SPTR)name);
	free(name);
	if (*out > 0)
		return 0;
	return err_set(
		e, ERR_DATA, "the pattern has no group '%.*s'", STR_ARGS(text));
}

/* Which group capture() is to give: the second argument, else 1 or 0. */
static int group_of(const struct value *args, size_t n_args,
	const pcre2_code *code, int *out, struct err *e)
{
	uint32_t groups = 0;
	size_t n = 0;
	int rc;

	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	*out = groups > 0 ? 1 : 0;
	if (n_args < 2)
		return 0;
	if (args[1].type == VALUE_STRING)
		return named_group(code, args[1].text, out, e);
	rc = value_count(&args[1], &n, e);
	if (rc == 0 && n > groups)
		rc = err_set(e, ERR_DATA, "the pattern has only %u group%s",
			(unsigned)groups, groups == 1 ? "" : "s");
	*out = (int)n;
	return rc;
}

int check_pattern(const struct value *args, size_t n, struct err *e)
{
	pcre2_code *code = NULL;
	int group;
	int rc = compile_pattern(&args[0], &code, e);

	if (rc == 0)
		rc = group_of(args, n, code, &group, e);
	pcre2_code_free(code);
	return rc;
}

static struct value captured(
	const pcre2_match_data *data, struct str text, int group)
{
	PCRE2_SIZE *ends =
		pcre2_get_ovector_pointer((pcre2_match_data *)(void *)data);
	PCRE2_SIZE start = ends[2 * (size_t)group];
	PCRE2_SIZE end = ends[2 * (size_t)group + 1];

	if (start == PCRE2_UNSET || end < start)
		return (struct value){0};
	return value_string((struct str){text.p + start, end - start});
}

FILTER_FUNCTION(filter_capture)
{
	pcre2_code *code = NULL;
	pcre2_match_data *data = NULL;
	struct str text;
	int group = 0;
	int rc = call_text(c, &text, e);

	if (rc == 0)
		rc = compile_pattern(&c->args[0], &code, e);
	if (rc == 0)
		rc = group_of(c->args, c->n, code, &group, e);
	if (rc == 0) {
		data = pcre2_match_data_create_from_pattern(code, NULL);
		rc = run_pattern(code, text, data, e);
	}
	if (rc >= 0) {
		*out = rc > 0 ? captured(data, text, group) : (struct value){0};
		rc = 0;
	}
	pcre2_match_data_free(data);
	pcre2_code_free(code);
	return rc;
}
