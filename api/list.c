/*
 * list - cut a collection into its elements.
 *
 * The elements stay pieces of the answer; nothing in them is decoded, so that
 * one that cannot be read is that element's fault and not the page's.  An
 * answer that ends early, or that holds less than it says, is refused as a
 * whole: a page that only looks complete would hide work packages.
 */
#include "api/read.h"
#include "api/resources.h"
#include "api/scan.h"

/* The members of _embedded; only elements matters. */
static void scan_embedded(struct arena *a, struct scan *j, struct api_list *out)
{
	struct str key;
	struct str skipped;
	size_t cap = 0;

	if (!scan_enter(j, '{'))
		return;
	while (scan_member(j, &key)) {
		if (!str_is(key, "elements")) {
			scan_skip(j, &skipped);
			continue;
		}
		out->n = 0;
		cap = 0;
		out->elements =
			arena_grow(a, NULL, 0, &cap, sizeof(*out->elements));
		if (!scan_enter(j, '['))
			return;
		while (scan_item(j)) {
			out->elements = arena_grow(a, out->elements, out->n,
				&cap, sizeof(*out->elements));
			if (scan_skip(j, &out->elements[out->n]))
				out->n++;
		}
	}
}

static void scan_members(struct arena *a, struct scan *j, struct api_list *out)
{
	struct str key;
	struct str value;
	struct {
		const char *key;
		int64_t *number;
	} const numbers[] = {
		{"total", &out->total},
		{"count", &out->count},
		{"pageSize", &out->page_size},
		{"offset", &out->offset},
	};

	if (!scan_enter(j, '{'))
		return;
	while (scan_member(j, &key)) {
		if (str_is(key, "_embedded")) {
			scan_embedded(a, j, out);
			continue;
		}
		if (!scan_skip(j, &value))
			return;
		for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
			if (str_is(key, numbers[i].key))
				read_count(value, numbers[i].number);
	}
}

int api_list_scan(
	struct arena *a, struct str body, struct api_list *out, struct err *e)
{
	struct api_list list = {
		.total = -1, .count = -1, .page_size = -1, .offset = -1};
	struct scan j;

	scan_init(&j, body);
	scan_members(a, &j, &list);
	if (!scan_end(&j))
		return read_fault(&j, "the list", e);
	if (list.elements == NULL || list.total < 0 || list.count < 0)
		return err_set(e, ERR_UNAVAILABLE,
			"the answer is no list: total, count or elements is "
			"missing");
	if ((size_t)list.count != list.n)
		return err_set(e, ERR_UNAVAILABLE,
			"the list says that it has %lld elements, but has %zu",
			(long long)list.count, list.n);
	*out = list;
	return 0;
}

int api_ids_parse(struct arena *a, struct str body, struct api_list *list,
	int64_t **ids, struct err *e)
{
	struct api_list found = {0};
	int64_t *numbers;
	int code = api_list_scan(a, body, &found, e);

	if (code != 0)
		return code;
	numbers = ARENA_ARRAY(a, int64_t, found.n);
	for (size_t i = 0; i < found.n; i++)
		if (!read_id(api_member(found.elements[i], "id"), &numbers[i]))
			return err_set(e, ERR_UNAVAILABLE,
				"element %zu of the list of ids has none",
				i + 1);
	*list = found;
	*ids = numbers;
	return 0;
}
