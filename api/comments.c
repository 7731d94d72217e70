/*
 * comments - what people wrote about a work package.
 *
 * An activity is a comment where it has text.  Internal ones never come into
 * the source: not even a mistake further on could let them out.  Who made the
 * newest activity has edited the work package last.
 */
#include "api/read.h"
#include "api/source.h"

#include <stdlib.h>

/* What OpenProject itself writes there for somebody who took a change back. */
#define RETRACTED "_The changes were retracted._"

struct item {
	int64_t id;
	struct str text;
};

static int by_id(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

/*
 * Only what says plainly that it is not internal, or knows no such thing;
 * before OpenProject 16 they were called restricted.
 */
static bool is_public(struct str activity)
{
	static const char *const words[] = {"internal", "restricted"};
	bool is = true;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct str word = api_member(activity, words[i]);

		is &= word.p == NULL || str_is(word, "false");
	}
	return is;
}

/* Has it a text, and is that a person's? */
static bool is_comment(struct str activity)
{
	struct str raw =
		read_raw(api_member(api_member(activity, "comment"), "raw"));

	return raw.n > 0 && !str_eq(raw, STR(RETRACTED));
}

static void put_comment(struct buf *out, struct str activity)
{
	static const char *const kept[] = {"id", "createdAt"};
	struct str comment = api_member(activity, "comment");
	struct str html = api_member(comment, "html");
	struct str links = api_member(activity, "_links");

	buf_putc(out, '{');
	for (size_t i = 0; i < ARRAY_LEN(kept); i++) {
		struct str value = api_member(activity, kept[i]);

		if (value.n == 0)
			continue;
		buf_printf(out, "\"%s\":", kept[i]);
		source_put_value(out, value);
		buf_putc(out, ',');
	}
	buf_puts(out, "\"raw\":");
	source_put_value(out, api_member(comment, "raw"));
	buf_puts(out, ",\"html\":");
	source_put_value(out, html.n > 0 ? html : STR("null"));
	buf_puts(out, ",\"_links\":{\"user\":");
	source_put_link(out, api_member(links, "user"));
	buf_puts(out, "}}");
}

static int collect(struct arena *a, const struct api_list *list,
	struct item **out, size_t *n, struct err *e)
{
	struct item *items = ARENA_ARRAY(a, struct item, list->n);

	*out = items;
	for (size_t i = 0; i < list->n; i++) {
		struct str activity = list->elements[i];

		if (!is_comment(activity) || !is_public(activity))
			continue;
		items[*n].text = activity;
		if (!read_id(api_member(activity, "id"), &items[*n].id))
			return err_set(e, ERR_UNAVAILABLE,
				"activity %zu of the list has no id", i + 1);
		++*n;
	}
	if (*n > 1)
		qsort(items, *n, sizeof(*items), by_id);
	return 0;
}

int api_comments_source_make(
	struct str collection, struct buf *out, struct err *e)
{
	struct arena a = {0};
	struct api_list list = {0};
	struct item *items = NULL;
	size_t n = 0;
	int code = api_list_scan(&a, collection, &list, e);

	if (code == 0 && list.count < list.total)
		code = err_set(e, ERR_UNAVAILABLE,
			"the server gives %lld of %lld activities only",
			(long long)list.count, (long long)list.total);
	if (code == 0)
		code = collect(&a, &list, &items, &n, e);
	if (code == 0) {
		buf_putc(out, '[');
		for (size_t i = 0; i < n; i++) {
			buf_puts(out, i > 0 ? "," : "");
			put_comment(out, items[i].text);
		}
		buf_putc(out, ']');
	}
	arena_fini(&a);
	return code;
}

int api_last_editor(struct str collection, int64_t *user, struct err *e)
{
	struct arena a = {0};
	struct api_list list = {0};
	int64_t newest = 0;
	int code = api_list_scan(&a, collection, &list, e);

	*user = 0;
	for (size_t i = 0; code == 0 && i < list.n; i++) {
		struct str activity = list.elements[i];
		struct link by = {0};
		int64_t id;

		if (!read_id(api_member(activity, "id"), &id) || id <= newest ||
			!is_public(activity) ||
			read_link(&a,
				api_member(
					api_member(activity, "_links"), "user"),
				"user", &by, NULL) != 0)
			continue;
		newest = id;
		*user = by.id;
	}
	arena_fini(&a);
	return code;
}

static int parse_one(struct arena *a, struct str text, int64_t work_package,
	void *item, struct err *e)
{
	struct comment *out = item;
	struct str links = api_member(text, "_links");

	(void)work_package;
	if (!read_id(api_member(text, "id"), &out->id))
		return err_set(e, ERR_DATA, "id: no number");
	if (read_text(a, api_member(text, "createdAt"), "createdAt",
		    &out->created_at, e) != 0 ||
		read_text(a, api_member(text, "raw"), "comment.raw", &out->raw,
			e) != 0 ||
		read_text(a, api_member(text, "html"), "comment.html",
			&out->html, e) != 0 ||
		read_link(a, api_member(links, "user"), "user", &out->author,
			e) != 0)
		return ERR_DATA;
	return 0;
}

int api_comments_parse(struct arena *a, struct str source,
	struct work_package *wp, struct err *e)
{
	struct read_kept list = {.one = "comment",
		.size = sizeof(struct comment),
		.fn = parse_one};
	int code = read_kept(&list, a, source, wp->id, e);

	if (code != 0)
		return code;
	wp->comments_known = true;
	wp->n_comments = list.n;
	wp->comments = list.items;
	return 0;
}
