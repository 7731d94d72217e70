/*
 * retitle - what else the API shows of something when its name changes.
 *
 * Every work package whose text names the href is parsed, changed and put
 * back with the stamp that it had.
 */
#include "tests/openproject/retitle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool is_link_to(const struct json *j, const char *href)
{
	const struct json *at = json_get(j, "href");

	return at != NULL && at->type == JSON_STRING &&
	       strcmp(at->text, href) == 0;
}

/* In all of j: another title, or (title NULL) no href any more. */
static void retitle_in(
	struct json *j, const char *href, const struct json *title)
{
	for (struct json *c = j->first; c != NULL; c = c->next)
		retitle_in(c, href, title);
	if (!is_link_to(j, href))
		return;
	if (title == NULL)
		json_set(j, "href", json_new(JSON_NULL));
	if (json_get(j, "title") != NULL)
		json_set(j, "title",
			title != NULL ? json_copy(title) : json_new(JSON_NULL));
}

static void put_back(struct model *m, int64_t id, const struct json *element)
{
	const struct work_item *item = model_item(m, id);
	struct buf out = {0};

	json_write(element, &out);
	model_put_item(m, text_take(&out), item->updated, item->digits);
}

static void retitle_items(
	struct model *m, const char *href, const struct json *title)
{
	char *quoted = xasprintf("\"%s\"", href);

	for (size_t i = 0; i < m->n_items; i++) {
		struct str text = text_str(m->items[i]->text);
		struct json *element;

		if (str_find(text, str_of(quoted)) == text.n)
			continue;
		element = json_parse(text);
		if (element == NULL)
			continue;
		retitle_in(element, href, title);
		put_back(m, m->items[i]->id, element);
		json_free(element);
	}
	free(quoted);
}

static void retitle_all(
	struct model *m, const char *href, const struct json *title)
{
	retitle_items(m, href, title);
	for (size_t i = 0; i < m->n_things; i++)
		retitle_in(m->things[i]->json, href, title);
	for (size_t i = 0; i < m->n_files; i++)
		retitle_in(m->files[i]->json, href, title);
}

void retitle(struct model *m, const char *href, const struct json *title)
{
	retitle_all(m, href, title);
}

void retitle_gone(struct model *m, const char *href)
{
	retitle_all(m, href, NULL);
}

/* The end of the title, which is the old subject, makes way for the new one. */
static void end_with(struct json *title, const char *old, const char *subject)
{
	char *text;
	size_t n;

	if (title == NULL || title->type != JSON_STRING ||
		!str_ends(str_of(title->text), str_of(old)))
		return;
	n = strlen(title->text) - strlen(old);
	text = xasprintf("%.*s%s", (int)n, title->text, subject);
	free(title->text);
	title->text = text;
}

void retitle_own(struct json *element, const struct json *subject)
{
	/* "Move ", and the subject. */
	static const char *const names[] = {"self", "logTime", "move", "copy",
		"addChild", "changeParent", "logCosts"};
	struct json *to = json_get(element, "_links");
	char *old = xstrdup(json_raw(json_get(element, "subject")));

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		end_with(json_get(json_get(to, names[i]), "title"), old,
			subject->text);
	json_set(element, "subject", json_copy(subject));
	json_set(json_get(to, "self"), "title", json_copy(subject));
	free(old);
}

void retitle_work_package(
	struct model *m, int64_t id, const struct json *subject)
{
	char *href = xasprintf("/api/v3/work_packages/%" PRId64, id);
	char *quoted = xasprintf("\"%s\"", href);

	/* Its own links to itself have other titles. */
	for (size_t i = 0; i < m->n_items; i++) {
		struct str text = text_str(m->items[i]->text);
		struct json *element;
		struct json *to;

		if (m->items[i]->id == id ||
			str_find(text, str_of(quoted)) == text.n)
			continue;
		element = json_parse(text);
		to = json_get(element, "_links");
		if (to != NULL) {
			retitle_in(to, href, subject);
			put_back(m, m->items[i]->id, element);
		}
		json_free(element);
	}
	for (size_t i = 0; i < m->n_files; i++)
		retitle_in(m->files[i]->json, href, subject);
	free(href);
	free(quoted);
}

static struct json *link_to_item(int64_t id, const struct json *title)
{
	struct json *link = json_new(JSON_OBJECT);
	char *href = xasprintf("/api/v3/work_packages/%" PRId64, id);

	json_set_text(link, "href", href);
	json_set(link, "title", json_copy(title));
	free(href);
	return link;
}

void retitle_parent(struct model *m, struct json *element, int64_t parent)
{
	const struct work_item *item = model_item(m, parent);
	struct json *to = json_get(element, "_links");
	struct json *ancestors = json_new(JSON_ARRAY);
	struct json *above;

	json_set(to, "ancestors", ancestors);
	if (item == NULL) {
		json_set(to, "parent",
			json_parse(STR("{\"href\":null,\"title\":null}")));
		return;
	}
	above = json_parse(text_str(item->text));
	for (struct json *c =
			json_at(above, "_links", "ancestors", NULL)
				? json_at(above, "_links", "ancestors", NULL)
					  ->first
				: NULL;
		c != NULL; c = c->next)
		json_append(ancestors, json_copy(c));
	json_set(
		to, "parent", link_to_item(parent, json_get(above, "subject")));
	json_append(ancestors, json_copy(json_get(to, "parent")));
	json_free(above);
}

void retitle_children(struct model *m, int64_t parent)
{
	const struct work_item *item = model_item(m, parent);
	char *needle = xasprintf(
		"\"parent\":{\"href\":\"/api/v3/work_packages/%" PRId64 "\"",
		parent);
	struct json *children = json_new(JSON_ARRAY);
	struct json *element =
		item != NULL ? json_parse(text_str(item->text)) : NULL;

	for (size_t i = 0; i < m->n_items && element != NULL; i++) {
		struct str text = text_str(m->items[i]->text);
		struct json *child;

		if (str_find(text, str_of(needle)) == text.n)
			continue;
		child = json_parse(text);
		json_append(children, link_to_item(m->items[i]->id,
					      json_get(child, "subject")));
		json_free(child);
	}
	free(needle);
	if (element != NULL) {
		json_remove(json_get(element, "_links"), "children");
		if (children->first != NULL)
			json_set(json_get(element, "_links"), "children",
				json_copy(children));
		put_back(m, parent, element);
	}
	json_free(children);
	json_free(element);
}
