/*
 * generate - a big OpenProject out of nothing, the same in every run.
 *
 * Texts are made of syllables, long and short as people write them; contents
 * of attachments are a number and a piece of one block of random bytes, which
 * is kept once.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/openproject/attach.h"
#include "tests/openproject/element.h"
#include "tests/openproject/load.h"
#include "tests/openproject/words.h"

#define BLOCK (8 << 20)
#define N_USERS 40
#define N_VERSIONS 20
#define FIRST_USER 6                     /* admin, and then syncbot */
#define NEWEST INT64_C(1767225600000000) /* 2026-01-01 */

static const char *const types[] = {
	"Task", "Milestone", "Phase", "Feature", "Epic", "User story", "Bug"};
static const char *const statuses[] = {"New", "In specification", "Specified",
	"Confirmed", "To be scheduled", "Scheduled", "In progress", "Closed",
	"Rejected"};
static const char *const priorities[] = {"Low", "Normal", "High", "Immediate"};

struct maker {
	struct model *m;
	const struct generate *how;
	struct words words;
};

static struct thing *add_named(struct maker *g, enum kind kind, int64_t id,
	const char *type, const char *more)
{
	char *text = xasprintf(
		"{\"_type\":\"%s\",\"id\":%" PRId64 ",%s}", type, id, more);
	struct json *j = json_parse(str_of(text));
	char *href = xasprintf("/api/v3/%s/%" PRId64, kind_path(kind), id);
	struct json *links = json_get(j, "_links");

	if (links == NULL) {
		json_set(j, "_links", json_new(JSON_OBJECT));
		links = json_get(j, "_links");
	}
	json_set(links, "self", json_new(JSON_OBJECT));
	json_set_text(json_get(links, "self"), "href", href);
	json_set(json_get(links, "self"), "title",
		json_copy(json_get(j, kind == KIND_OPTION ? "value" : "name")));
	free(href);
	free(text);
	return model_add_thing(g->m, kind, id, j);
}

static void add_user(struct maker *g, int64_t id, const char *name)
{
	char *more = xasprintf("\"name\":\"%s\",\"login\":\"user%" PRId64
			       "\",\"admin\":%s,"
			       "\"status\":\"active\",\"language\":\"en\","
			       "\"createdAt\":\"2020-01-01T08:00:00.000Z\"",
		name, id, id == FIRST_USER ? "true" : "false");

	add_named(g, KIND_USER, id, "User", more);
	free(more);
}

static void add_table(struct maker *g, enum kind kind, const char *type,
	const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *more = xasprintf(
			"\"name\":\"%s\",\"position\":%zu,\"isDefault\":%s,"
			"\"isClosed\":%s,\"isMilestone\":false,"
			"\"color\":\"#1A67A3\"",
			names[i], i + 1, i == 0 ? "true" : "false",
			kind == KIND_STATUS && i >= 7 ? "true" : "false");

		add_named(g, kind, (int64_t)i + 1, type, more);
		free(more);
	}
}

static void add_schema(struct maker *g, int64_t project, int64_t type)
{
	static const char fields[] =
		"{'_type':'Schema','_dependencies':[],"
		"'id':{'type':'Integer','name':'ID'},"
		"'subject':{'type':'String','name':'Subject'},"
		"'description':{'type':'Formattable','name':'Description'},"
		"'customField1':{'type':'CustomOption','name':'Audience',"
		"'location':'_links'},"
		"'customField2':{'type':'Formattable','name':'Notes'},"
		"'customField3':{'type':'String','name':'Source'},"
		"'customField4':{'type':'Float','name':'Weight'},"
		"'customField5':{'type':'Boolean','name':'Checked'},"
		"'_links':{'self':{'href':"
		"'/api/v3/work_packages/schemas/%lld-%lld'}}}";
	char *text = xasprintf(fields, (long long)project, (long long)type);

	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	model_put_schema(g->m, project, type, json_parse(str_of(text)));
	free(text);
}

static void add_project(struct maker *g, int64_t id)
{
	char *more = xasprintf(
		"\"identifier\":\"demo-%" PRId64
		"\",\"name\":\"Demo project %" PRId64
		"\",\"active\":true,\"public\":false,"
		"\"createdAt\":\"2020-01-01T08:00:00.000Z\","
		"\"updatedAt\":\"2020-01-01T08:00:00.000Z\","
		"\"_links\":{\"parent\":{\"href\":null},\"ancestors\":[]}",
		id, id);

	add_named(g, KIND_PROJECT, id, "Project", more);
	free(more);
	for (size_t t = 1; t <= ARRAY_LEN(types); t++)
		add_schema(g, id, (int64_t)t);
}

static void add_things(struct maker *g)
{
	for (int64_t p = 1; p <= g->how->n_projects; p++)
		add_project(g, p);
	add_table(g, KIND_TYPE, "Type", types, ARRAY_LEN(types));
	add_table(g, KIND_STATUS, "Status", statuses, ARRAY_LEN(statuses));
	add_table(g, KIND_PRIORITY, "Priority", priorities,
		ARRAY_LEN(priorities));
	add_user(g, FIRST_USER, "OpenProject Admin");
	add_user(g, FIRST_USER + 1, "Sync Bot");
	for (int64_t i = 2; i < N_USERS; i++) {
		char *name = xasprintf("User %" PRId64 " Müller", i);

		add_user(g, FIRST_USER + i, name);
		free(name);
	}
	for (int64_t i = 1; i <= 5; i++) {
		char *more = xasprintf("\"value\":\"Option %" PRId64 "\"", i);

		add_named(g, KIND_OPTION, i, "CustomOption", more);
		free(more);
	}
	for (int64_t i = 1; i <= N_VERSIONS; i++) {
		char *more = xasprintf(
			"\"name\":\"Sprint %" PRId64 "\",\"status\":\"open\","
			"\"_links\":{\"definingProject\":{\"href\":"
			"\"/api/v3/projects/%" PRId64 "\"}}",
			i, 1 + i % g->how->n_projects);

		add_named(g, KIND_VERSION, i, "Version", more);
		free(more);
	}
}

/* Fields as the schema has them; text of several words in some. */
static void add_fields(
	struct maker *g, int64_t id, struct buf *fields, struct buf *links)
{
	struct words *w = &g->words;
	int64_t option = 1 + (int64_t)words_below(w, 5);

	buf_puts(
		fields, "\"customField2\":{\"format\":\"markdown\",\"raw\":\"");
	words_add(w, fields, words_below(w, 3) * 20);
	buf_puts(fields, "\",\"html\":\"\"},\"customField3\":\"");
	words_add(w, fields, 4);
	buf_printf(fields,
		"\",\"customField4\":%" PRId64 ".5,\"customField5\":%s,",
		id * 3 / 2, id % 2 != 0 ? "true" : "false");
	buf_puts(links, "\"customField1\":");
	element_link(links, model_thing(g->m, KIND_OPTION, option));
	buf_putc(links, ',');
}

static void add_subject(struct maker *g, int64_t id, struct buf *out)
{
	words_add(&g->words, out, 3 + words_below(&g->words, 7));
	if (id % 37 == 0)
		buf_puts(out, ": \\\"a/b\\\" & <c> #1 — Größe");
}

/* Stamps go up with the ids, a few minutes apart, and end at NEWEST. */
static int64_t updated_at(struct maker *g, int64_t id)
{
	int64_t gap = (int64_t)words_below(&g->words, 240000000);

	return NEWEST - (g->how->n - id) * 300 * STAMP_SECOND - gap;
}

static struct thing *any(
	struct maker *g, enum kind kind, size_t first, size_t n)
{
	int64_t id = (int64_t)(first + words_below(&g->words, n));

	return model_thing(g->m, kind, id);
}

/* The texts of a work package, as JSON. */
struct texts {
	struct buf subject;
	struct buf raw;
	struct buf html;
	struct buf fields;
	struct buf links;
	char created[STAMP_TEXT];
	char updated[STAMP_TEXT];
};

static void texts_fini(struct texts *t)
{
	buf_fini(&t->subject);
	buf_fini(&t->raw);
	buf_fini(&t->html);
	buf_fini(&t->fields);
	buf_fini(&t->links);
}

static void make_texts(
	struct maker *g, int64_t id, int64_t updated, struct texts *t)
{
	add_subject(g, id, &t->subject);
	words_description(&g->words, &t->raw, &t->html);
	add_fields(g, id, &t->fields, &t->links);
	stamp_format(updated - 86400 * STAMP_SECOND, 3, t->created);
	stamp_format(updated, 3, t->updated);
}

static void add_item(struct maker *g, int64_t id)
{
	int64_t updated = updated_at(g, id);
	struct texts t = {0};
	struct element e = {
		.id = id,
		.lock_version = (long)(id % 17),
		.percent = (long)(id % 11 * 10),
		.start_date = id % 2 != 0 ? "\"2024-02-01\"" : "null",
		.project = model_thing(
			g->m, KIND_PROJECT, 1 + id % g->how->n_projects),
	};
	struct buf out = {0};

	make_texts(g, id, updated, &t);
	e.subject = t.subject.p;
	e.raw = t.raw.p;
	e.html = t.html.p;
	e.fields = t.fields.p;
	e.field_links = t.links.p;
	e.created = t.created;
	e.updated = t.updated;
	e.type = any(g, KIND_TYPE, 1, ARRAY_LEN(types));
	e.status = any(g, KIND_STATUS, 1, ARRAY_LEN(statuses));
	e.priority = any(g, KIND_PRIORITY, 1, ARRAY_LEN(priorities));
	e.author = any(g, KIND_USER, FIRST_USER, N_USERS);
	e.assignee = any(g, KIND_USER, FIRST_USER, 2UL * N_USERS);
	e.version = any(g, KIND_VERSION, 1, 2UL * N_VERSIONS);
	element_write(&out, &e);
	model_insert_item(
		g->m, &(struct work_item){id, updated, 3, e.project->id,
			      e.type->id, e.status->id, text_take(&out)});
	texts_fini(&t);
}

static void add_file(struct maker *g, int64_t id)
{
	size_t size = (size_t)g->how->file_size;
	size_t n_head = size < 16 ? size : 16;
	size_t at = (size_t)id * 7919 * 64 % BLOCK;
	int64_t owner = 1 + (id - 1) % g->how->n;
	struct digest *md5 = digest_md5();
	uint8_t bytes[16];
	char head[24];
	char name[40];
	char hex[33];
	struct file f = {.id = id, .work_package = owner};

	snprintf(head, sizeof(head), "%016" PRId64, id);
	snprintf(name, sizeof(name), "report %" PRId64 ".bin", id);
	f.head = text_new(head, n_head);
	f.tail = (struct str){g->m->block + at, size - n_head};
	digest_add(md5, head, n_head);
	digest_add(md5, f.tail.p, f.tail.n);
	digest_end(md5, bytes);
	hash_hex(bytes, sizeof(bytes), hex);
	f.json = file_json(&(struct file_facts){.id = id,
		.work_package = owner,
		.file_name = name,
		.content_type = "application/octet-stream",
		.size = size,
		.md5 = hex,
		.created = "2024-05-05T05:05:05.000Z",
		.title = "a work package",
		.author = "OpenProject Admin"});
	model_add_file(g->m, &f);
}

static void add_fixed(struct model *m)
{
	m->root = json_parse(
		STR("{\"_type\":\"Root\",\"instanceName\":\"Demo\","
		    "\"coreVersion\":\"14.1.0\",\"_links\":{\"self\":"
		    "{\"href\":\"/api/v3\"}}}"));
	m->configuration = json_parse(STR(
		"{\"_type\":\"Configuration\",\"maximumAttachmentFileSize\":"
		"536870912,\"perPageOptions\":[20,100],\"_links\":{\"self\":"
		"{\"href\":\"/api/v3/configuration\"}}}"));
}

static void make_block(struct maker *g, size_t size)
{
	char *block = xmalloc(size + sizeof(uint64_t));

	for (size_t i = 0; i < size; i += sizeof(uint64_t)) {
		uint64_t r = words_draw(&g->words);

		memcpy(block + i, &r, sizeof(r));
	}
	g->m->block = block;
}

void generate(struct model *m, const struct generate *how)
{
	struct maker *g = xcalloc(1, sizeof(*g));

	g->m = m;
	g->how = how;
	words_init(&g->words, how->seed);
	add_fixed(m);
	add_things(g);
	for (int64_t id = 1; id <= how->n; id++)
		add_item(g, id);
	make_block(g, BLOCK + (size_t)how->file_size);
	for (int64_t id = 1; id <= how->n_files; id++)
		add_file(g, id);
	free(g);
}
