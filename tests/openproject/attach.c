/*
 * attach - attachments that are added by the side door.
 */
#include "tests/openproject/attach.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/openproject/base64.h"

static void set_link(struct json *links, const char *name, const char *href,
	const char *title)
{
	struct json *link = json_new(JSON_OBJECT);

	json_set_text(link, "href", href);
	if (title != NULL)
		json_set_text(link, "title", title);
	json_set(links, name, link);
}

static struct json *file_links(const struct file_facts *f)
{
	struct json *links = json_new(JSON_OBJECT);
	char *self = xasprintf("/api/v3/attachments/%" PRId64, f->id);
	char *content = xasprintf("%s/content", self);
	char *container =
		xasprintf("/api/v3/work_packages/%" PRId64, f->work_package);

	set_link(links, "self", self, f->file_name);
	set_link(links, "author", "/api/v3/users/6", f->author);
	set_link(links, "container", container, f->title);
	set_link(links, "staticDownloadLocation", content, NULL);
	set_link(links, "downloadLocation", content, NULL);
	set_link(links, "delete", self, NULL);
	json_set_text(json_get(links, "delete"), "method", "delete");
	free(self);
	free(content);
	free(container);
	return links;
}

struct json *file_json(const struct file_facts *f)
{
	struct json *j = json_new(JSON_OBJECT);

	json_set_text(j, "_type", "Attachment");
	json_set(j, "id", json_int(f->id));
	json_set_text(j, "fileName", f->file_name);
	json_set(j, "fileSize", json_int((int64_t)f->size));
	json_set(j, "description",
		json_parse(STR("{\"format\":\"plain\",\"raw\":\"\","
			       "\"html\":\"\"}")));
	json_set_text(j, "status", "uploaded");
	json_set_text(j, "contentType", f->content_type);
	json_set(j, "digest", json_parse(STR("{\"algorithm\":\"md5\"}")));
	json_set_text(json_get(j, "digest"), "hash", f->md5);
	json_set_text(j, "createdAt", f->created);
	json_set(j, "_links", file_links(f));
	return j;
}

/* The bytes that the order speaks of: content, base64, or size of anything. */
static bool read_content(const struct json *order, struct buf *out)
{
	char *text = json_dup_text(json_get(order, "content"));
	const struct json *coded = json_get(order, "base64");
	int64_t size = json_to_int(json_get(order, "size"), 0);
	bool ok = true;

	if (text != NULL)
		buf_puts(out, text);
	else if (coded != NULL && coded->type == JSON_STRING)
		ok = base64_decode(str_of(coded->text), out);
	for (uint32_t i = 1; text == NULL && coded == NULL && size > 0;
		size--, i = i * 1664525 + 1013904223)
		buf_putc(out, (char)(i >> 24));
	free(text);
	return ok;
}

/* What the server sniffs, as far as tests need it. */
static const char *content_type_of(const char *name)
{
	static const struct {
		const char *ending;
		const char *type;
	} types[] = {
		{".png", "image/png"},
		{".jpg", "image/jpeg"},
		{".jpeg", "image/jpeg"},
		{".gif", "image/gif"},
		{".webp", "image/webp"},
		{".svg", "image/svg+xml"},
		{".pdf", "application/pdf"},
		{".txt", "text/plain"},
		{".html", "text/html"},
	};

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		if (str_ends(str_of(name), str_of(types[i].ending)))
			return types[i].type;
	}
	return "application/octet-stream";
}

/* Lies that the order asks for: fileSize, digest, contentType and so on. */
static void override(struct json *j, const struct json *order)
{
	const struct json *set = json_get(order, "set");

	for (struct json *c = json_members(set); c != NULL; c = c->next)
		json_set(j, c->key, json_copy(c));
}

static struct file new_file(struct model *m, const struct json *order,
	struct buf *content, const char *name)
{
	const struct work_item *item =
		model_item(m, json_to_id(json_get(order, "work_package"), 0));
	struct json *element = json_parse(text_str(item->text));
	char *title = json_dup_text(json_get(element, "subject"));
	const struct thing *admin = model_thing(m, KIND_USER, 6);
	char *author = json_dup_text(
		admin != NULL ? json_get(admin->json, "name") : NULL);
	struct file f = {
		.id = json_to_id(json_get(order, "id"), 0),
		.work_package = item->id,
	};
	char created[STAMP_TEXT];
	uint8_t md5[16];
	char hex[33];

	if (f.id == 0)
		f.id = m->next_id++;
	hash_md5(content->p, content->n, md5);
	hash_hex(md5, sizeof(md5), hex);
	stamp_format(model_now(m), 3, created);
	f.json = file_json(&(struct file_facts){.id = f.id,
		.work_package = item->id,
		.file_name = name,
		.content_type = content_type_of(name),
		.size = content->n,
		.md5 = hex,
		.created = created,
		.title = title,
		.author = author});
	override(f.json, order);
	f.head = text_take(content);
	json_free(element);
	free(title);
	free(author);
	return f;
}

int64_t attach(struct model *m, const struct json *order, const char **why)
{
	char *name = json_dup_text(json_get(order, "file_name"));
	struct buf content = {0};
	struct file f = {0};

	if (name == NULL)
		*why = "file_name is missing";
	else if (model_item(m, json_to_id(json_get(order, "work_package"),
				       0)) == NULL)
		*why = "work_package is not there";
	else if (!read_content(order, &content))
		*why = "base64 is none";
	else
		f = new_file(m, order, &content, name);
	buf_fini(&content);
	free(name);
	if (f.id != 0) {
		model_remove_file(m, f.id);
		model_add_file(m, &f);
	}
	return f.id;
}
