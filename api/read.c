/*
 * read - the small things that answers are made of: ids, texts and links.
 *
 * A value of another type than the API has there is ERR_DATA with the name
 * of the member and what was found, so that the work package is skipped and
 * not half understood.
 */
#include "api/read.h"

#include "api/resources.h"

int read_fault(const struct scan *j, const char *what, struct err *e)
{
	if (j->p == j->end)
		return err_set(e, ERR_UNAVAILABLE,
			"%s is cut short after %zu bytes", what,
			(size_t)(j->end - j->begin));
	return err_set(e, ERR_UNAVAILABLE, "%s is no JSON: byte %zu: %s", what,
		(size_t)(j->p - j->begin), j->fault);
}

bool read_count(struct str value, int64_t *out)
{
	long long number;

	if (!str_to_int64(value, &number) || number < 0)
		return false;
	*out = number;
	return true;
}

bool read_id(struct str value, int64_t *out)
{
	int64_t number;

	if (!read_count(value, &number) || number == 0)
		return false;
	*out = number;
	return true;
}

struct str read_raw(struct str value)
{
	if (scan_type(value) != SCAN_STRING)
		return STR_NONE;
	return (struct str){value.p + 1, value.n - 2};
}

int read_text(struct arena *a, struct str value, const char *key,
	struct str *out, struct err *e)
{
	const char *fault;

	switch (scan_type(value)) {
	case SCAN_NONE:
	case SCAN_NULL:
		*out = STR_NONE;
		return 0;
	case SCAN_STRING:
		if (scan_decode(a, value, out, &fault))
			return 0;
		return err_set(e, ERR_DATA, "%s: %s", key, fault);
	default:
		return err_set(e, ERR_DATA, "%s: %s, not text", key,
			scan_type_name(value));
	}
}

int64_t read_href_id(struct str href)
{
	return str_find(href, STR("/api/v3/")) < href.n ? href_id(href) : 0;
}

bool read_field_key(struct str key, long long *number)
{
	const struct str prefix = STR("customField");

	return str_starts(key, prefix) && key.n > prefix.n &&
	       key.p[prefix.n] >= '1' && key.p[prefix.n] <= '9' &&
	       str_to_int64(str_skip(key, prefix.n), number);
}

int read_next_link(struct arena *a, struct scan *j, const char *key,
	struct link *out, struct err *e)
{
	enum { HREF, TITLE, N };
	static const char *const keys[N] = {"href", "title"};
	struct str texts[N];
	struct str value = STR_NONE;
	struct link link = {0};

	scan_pick(j, keys, N, texts, &value);
	if (value.n > 0 && scan_type(value) != SCAN_NULL &&
		scan_type(value) != SCAN_OBJECT)
		return err_set(e, ERR_DATA, "%s: %s, not a link", key,
			scan_type_name(value));
	if (read_text(a, texts[HREF], key, &link.href, e) != 0 ||
		read_text(a, texts[TITLE], key, &link.title, e) != 0)
		return ERR_DATA;
	link.id = read_href_id(link.href);
	*out = link;
	return 0;
}

int read_link(struct arena *a, struct str value, const char *key,
	struct link *out, struct err *e)
{
	struct scan j;

	scan_init(&j, value);
	return read_next_link(a, &j, key, out, e);
}

int read_links(struct arena *a, struct str value, const char *key,
	struct link **out, size_t *n, struct err *e)
{
	struct link *links = NULL;
	size_t n_links = 0;
	size_t cap = 0;
	struct scan j;

	if (value.n == 0 || scan_type(value) == SCAN_NULL) {
		*out = NULL;
		*n = 0;
		return 0;
	}
	if (scan_type(value) != SCAN_ARRAY)
		return err_set(e, ERR_DATA, "%s: %s, not a list of links", key,
			scan_type_name(value));
	scan_init(&j, value);
	scan_enter(&j, '[');
	while (scan_item(&j)) {
		links = arena_grow(a, links, n_links, &cap, sizeof(*links));
		if (read_next_link(a, &j, key, &links[n_links], e) != 0)
			return ERR_DATA;
		n_links++;
	}
	*out = links;
	*n = n_links;
	return 0;
}

int read_kept(struct read_kept *kept, struct arena *a, struct str source,
	int64_t work_package, struct err *e)
{
	char *list = NULL;
	size_t count = 0;
	size_t cap = 0;
	struct str text;
	struct scan j;

	scan_init(&j, source);
	scan_enter(&j, '[');
	while (scan_item(&j) && scan_skip(&j, &text)) {
		char *item;

		list = arena_grow(a, list, count, &cap, kept->size);
		item = list + count++ * kept->size;
		if (kept->fn(a, text, work_package, item, e) != 0) {
			int64_t id = 0;

			read_id(api_member(text, "id"), &id);
			err_prefix(e, "%s %lld", kept->one, (long long)id);
			return ERR_DATA;
		}
	}
	if (!scan_end(&j))
		return err_set(e, ERR_DATA,
			"work package %lld: the source of its %ss is damaged",
			(long long)work_package, kept->one);
	kept->items = list;
	kept->n = count;
	return 0;
}

void api_members(struct str object, const char *const *keys, size_t n,
	struct str *values)
{
	struct str whole;
	struct scan j;

	scan_init(&j, object);
	scan_pick(&j, keys, n, values, &whole);
}

struct str api_member(struct str object, const char *key)
{
	struct str value;

	api_members(object, &key, 1, &value);
	return value;
}

struct str api_embedded(struct str object, const char *key)
{
	return api_member(api_member(object, "_embedded"), key);
}
