#ifndef CONTENT_FILTERS_H
#define CONTENT_FILTERS_H

#include "base/err.h"
#include "base/value.h"

struct evaluation;

/* One use of a filter: in | filter(args …). */
struct call {
	struct evaluation *with;
	const struct filter *filter;
	const struct value *in;
	const struct value *args;
	size_t n;
};

/* A filter takes no null, and what it gives holds no maps, but for these. */
enum filter_trait {
	TAKES_NULL = 1,     /* else null stays null */
	GIVES_ITEMS = 2,    /* what it got, or items of it */
	GIVES_MEMBERS = 4,  /* the members of that name */
	GIVES_ANYTHING = 8, /* maps of which nothing is known */
};

/*
 * A pure function from a value to a value.  run gives 0 or ERR_DATA with a
 * sentence that needs no more than the expression before it; check looks at
 * arguments that are literals when the mapping is compiled (a pattern, a date
 * format), and may be NULL.
 */
struct filter {
	const char *name;
	size_t min; /* arguments, without the piped value */
	size_t max;
	int (*run)(const struct call *c, struct value *out, struct err *e);
	int (*check)(const struct value *args, size_t n, struct err *e);
	unsigned traits;
};

const struct filter *filter_find(struct str name);

/* The nearest filter's name to a misspelt one, or NULL. */
const char *filter_nearest(struct str name);

/* Run a filter, with the rule for null. */
int filter_run(const struct call *c, struct value *out, struct err *e);

/* "text", "a list" … for messages. */
const char *value_type_name(const struct value *v);

/* The filters, by what they work on. */
#define FILTER_FUNCTION(name)                                                  \
	int name(const struct call *c, struct value *out, struct err *e)

FILTER_FUNCTION(filter_lower);
FILTER_FUNCTION(filter_upper);
FILTER_FUNCTION(filter_trim);
FILTER_FUNCTION(filter_slug);
FILTER_FUNCTION(filter_truncate);
FILTER_FUNCTION(filter_truncate_words);
FILTER_FUNCTION(filter_replace);
FILTER_FUNCTION(filter_split);
FILTER_FUNCTION(filter_text);
FILTER_FUNCTION(filter_html);
FILTER_FUNCTION(filter_url_host);
FILTER_FUNCTION(filter_url_path);
FILTER_FUNCTION(filter_strip_www);
FILTER_FUNCTION(filter_strip_tld);
FILTER_FUNCTION(filter_ext);
FILTER_FUNCTION(filter_file_name);
FILTER_FUNCTION(filter_basename);
FILTER_FUNCTION(filter_escape_markdown);
FILTER_FUNCTION(filter_escape_shortcodes);

FILTER_FUNCTION(filter_shift_headings);
FILTER_FUNCTION(filter_links);
FILTER_FUNCTION(filter_markdown);
FILTER_FUNCTION(filter_sanitize);

FILTER_FUNCTION(filter_join);
FILTER_FUNCTION(filter_map);
FILTER_FUNCTION(filter_first);
FILTER_FUNCTION(filter_last);
FILTER_FUNCTION(filter_sort);
FILTER_FUNCTION(filter_unique);
FILTER_FUNCTION(filter_compact);
FILTER_FUNCTION(filter_pluck);
FILTER_FUNCTION(filter_length);

FILTER_FUNCTION(filter_glob);
FILTER_FUNCTION(filter_match);
FILTER_FUNCTION(filter_capture);

FILTER_FUNCTION(filter_json);
FILTER_FUNCTION(filter_to_json);
FILTER_FUNCTION(filter_uuid5);
FILTER_FUNCTION(filter_sha256);
FILTER_FUNCTION(filter_date);
FILTER_FUNCTION(filter_int);
FILTER_FUNCTION(filter_float);
FILTER_FUNCTION(filter_string);
FILTER_FUNCTION(filter_bool);
FILTER_FUNCTION(filter_image_format);
FILTER_FUNCTION(filter_image_size);

int check_pattern(const struct value *args, size_t n, struct err *e);
int check_date(const struct value *args, size_t n, struct err *e);
int check_map(const struct value *args, size_t n, struct err *e);
int check_slug(const struct value *args, size_t n, struct err *e);
int check_uuid5(const struct value *args, size_t n, struct err *e);
int check_count(const struct value *args, size_t n, struct err *e);
int check_shift(const struct value *args, size_t n, struct err *e);
int check_sanitize(const struct value *args, size_t n, struct err *e);
int check_separator(const struct value *args, size_t n, struct err *e);

/* For their bodies: the piped text, and arguments; ERR_DATA with words. */
int call_text(const struct call *c, struct str *out, struct err *e);
int call_list(const struct call *c, struct err *e);
int call_arg_text(
	const struct call *c, size_t i, struct str *out, struct err *e);
/* A whole number that is not negative. */
int value_count(const struct value *v, size_t *out, struct err *e);
int call_arg_count(const struct call *c, size_t i, size_t *out, struct err *e);
struct arena *call_arena(const struct call *c);

#endif
