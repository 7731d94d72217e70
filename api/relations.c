/*
 * relations - what work packages have to do with each other.
 *
 * An element names both ends.  The source of a work package's relations is a
 * list of those elements that it is an end of, by id, with what the model
 * needs of each.
 */
#include "api/read.h"
#include "api/source.h"

static void put_member(
	struct buf *out, struct str element, const char *key, const char *as)
{
	struct str value = api_member(element, key);

	if (value.n == 0 || scan_type(value) == SCAN_NULL)
		return;
	buf_printf(out, ",\"%s\":", as);
	source_put_value(out, value);
}

int api_relation_make(struct arena *a, struct str element,
	struct api_relation *out, struct err *e)
{
	struct str links = api_member(element, "_links");
	struct str from = api_member(links, "from");
	struct str to = api_member(links, "to");
	struct api_relation r = {0};
	struct buf source = {0};

	if (!read_id(api_member(element, "id"), &r.id))
		return err_set(
			e, ERR_UNAVAILABLE, "a relation of the list has no id");
	if (read_link(a, from, "from", &r.from, e) != 0 ||
		read_link(a, to, "to", &r.to, e) != 0)
		return err_prefix(e, "relation %lld", (long long)r.id),
		       ERR_DATA;
	buf_printf(&source, "{\"id\":%lld", (long long)r.id);
	put_member(&source, element, "type", "type");
	put_member(&source, element, "reverseType", "reverseType");
	put_member(&source, element, "description", "description");
	buf_puts(&source, ",\"_links\":{\"from\":");
	source_put_link(&source, from);
	buf_puts(&source, ",\"to\":");
	source_put_link(&source, to);
	buf_puts(&source, "}}");
	r.source = arena_take(a, &source);
	*out = r;
	return 0;
}

/* As it looks from one of its ends. */
static int parse_one(struct arena *a, struct str text, int64_t work_package,
	void *item, struct err *e)
{
	struct relation *out = item;
	struct str links = api_member(text, "_links");
	struct link from;
	struct link to;
	bool is_from;

	if (!read_id(api_member(text, "id"), &out->id))
		return err_set(e, ERR_DATA, "id: no number");
	if (read_link(a, api_member(links, "from"), "from", &from, e) != 0 ||
		read_link(a, api_member(links, "to"), "to", &to, e) != 0)
		return ERR_DATA;
	is_from = from.id == work_package;
	out->other = is_from ? to : from;
	if (read_text(a, api_member(text, is_from ? "type" : "reverseType"),
		    "type", &out->type, e) != 0 ||
		read_text(a, api_member(text, "description"), "description",
			&out->description, e) != 0)
		return ERR_DATA;
	return 0;
}

int api_relations_parse(struct arena *a, struct str source,
	struct work_package *wp, struct err *e)
{
	struct read_kept list = {.one = "relation",
		.size = sizeof(struct relation),
		.fn = parse_one};
	int code = read_kept(&list, a, source, wp->id, e);

	if (code != 0)
		return code;
	wp->n_relations = list.n;
	wp->relations = list.items;
	return 0;
}

static void add_source(struct buf *out, struct str source)
{
	buf_puts(out, out->n > 1 ? "," : "");
	buf_add_str(out, source);
}

int api_relations_with(struct str list, const struct api_relation *const *news,
	size_t n, struct buf *out, struct err *e)
{
	size_t next = 0;
	struct str text;
	struct scan j;

	buf_putc(out, '[');
	scan_init(&j, list);
	scan_enter(&j, '[');
	while (scan_item(&j) && scan_skip(&j, &text)) {
		int64_t id = 0;

		read_id(api_member(text, "id"), &id);
		while (next < n && news[next]->id < id)
			add_source(out, news[next++]->source);
		if (next < n && news[next]->id == id)
			text = news[next++]->source;
		add_source(out, text);
	}
	if (!scan_end(&j))
		return err_set(e, ERR_DATA, "a list of relations is damaged");
	while (next < n)
		add_source(out, news[next++]->source);
	buf_putc(out, ']');
	return 0;
}
