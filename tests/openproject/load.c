/*
 * load - the model that a folder of recorded answers speaks of.
 *
 * The recordings overlap: a work package is seen as an element of a list, on
 * its own and inside another.  Collections are read first, then what stands
 * alone; of two pictures of one thing the first that is read counts, except
 * that a whole work package replaces an element.  A file that is not a part
 * of the model (errors, what was recorded before the ids were changed) is
 * left out by its name.
 */
#include "tests/openproject/load.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define BIG_FILE 20971520 /* bytes of big20.bin, which is not kept */

/* Recorded while 4330, 3397 and 9311 had other ids. */
static const char *const old_ids[] = {"accept_", "content_", "double_slash",
	"err_", "head_", "sort_", "timestamps_", "list_select_", "syncbot_"};

/* These are shown with the microseconds that older servers gave. */
static const struct {
	int64_t id;
	const char *created;
	const char *updated;
} seeds[] = {
	{4330, "2021-01-20T04:33:56.131212Z", "2021-01-20T07:01:03.036000Z"},
	{3397, "2020-09-15T09:54:49.514163Z", "2020-10-14T11:10:40.671000Z"},
};

struct loader {
	struct model *m;
	const char *dir;
	struct err *err;
};

static int read_file(
	const char *dir, const char *name, struct buf *out, struct err *e)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "rb");
	char block[65536];
	size_t n;

	if (f == NULL) {
		err_errno(e, ERR_IO, errno, "%s", path);
		free(path);
		return ERR_IO;
	}
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(out, block, n);
	fclose(f);
	free(path);
	return 0;
}

/*
 * Python wrote the recordings, which says 1e-07 where Ruby says 1.0e-07.
 */
static void write_as_ruby(struct json *j)
{
	char *e = j->type == JSON_NUMBER ? strchr(j->text, 'e') : NULL;

	if (e != NULL && strchr(j->text, '.') == NULL) {
		char *text =
			xasprintf("%.*s.0%s", (int)(e - j->text), j->text, e);

		free(j->text);
		j->text = text;
	}
	for (struct json *c = j->first; c != NULL; c = c->next)
		write_as_ruby(c);
}

static void load_item(struct loader *l, const struct json *j, bool whole)
{
	struct json *copy;
	struct buf text = {0};
	int digits = 3;
	int64_t id = json_to_int(json_get(j, "id"), 0);

	if (!whole && model_item(l->m, id) != NULL)
		return;
	copy = json_copy(j);
	json_remove(copy, "_embedded");
	for (size_t i = 0; i < ARRAY_LEN(seeds); i++) {
		if (seeds[i].id != id)
			continue;
		json_set_text(copy, "createdAt", seeds[i].created);
		json_set_text(copy, "updatedAt", seeds[i].updated);
		digits = 6;
	}
	json_write(copy, &text);
	json_free(copy);
	model_put_item(l->m, text_take(&text), 0, digits);
}

/* Any 20 MiB will do, so that they need not be kept. */
static void big_content(struct buf *out)
{
	uint64_t state = 4711;

	buf_reserve(out, BIG_FILE);
	while (out->n < BIG_FILE) {
		state = state * UINT64_C(6364136223846793005) +
			1442695040888963407;
		buf_add(out, &state, sizeof(state));
	}
}

static void set_digest(struct json *j, struct str content)
{
	uint8_t md5[16];
	char hex[33];

	hash_md5(content.p, content.n, md5);
	hash_hex(md5, sizeof(md5), hex);
	json_set_text(json_get(j, "digest"), "hash", hex);
}

static int load_file(struct loader *l, const struct json *j)
{
	struct buf content = {0};
	struct file f = {
		.id = json_to_int(json_get(j, "id"), 0),
		.work_package =
			href_number(json_at(j, "_links", "container", NULL)),
	};
	char *name;

	if (model_file(l->m, f.id) != NULL)
		return 0;
	f.json = json_copy(j);
	json_remove(f.json, "_embedded");
	if (json_to_int(json_get(j, "fileSize"), 0) == BIG_FILE) {
		big_content(&content);
		set_digest(f.json, buf_str(&content));
	} else {
		name = xasprintf("../contents/%lld", (long long)f.id);
		read_file(l->dir, name, &content, l->err);
		free(name);
	}
	f.head = text_take(&content);
	model_add_file(l->m, &f);
	return l->err->code;
}

static void load_schema(struct loader *l, const struct json *j)
{
	const struct json *href = json_at(j, "_links", "self", "href", NULL);
	const char *pair = href != NULL ? strrchr(href->text, '/') : NULL;
	char *end;
	long long project;

	if (pair == NULL)
		return;
	project = strtoll(pair + 1, &end, 10);
	if (*end == '-')
		model_put_schema(l->m, project, strtoll(end + 1, NULL, 10),
			json_copy(j));
}

static void load_thing(struct loader *l, enum kind kind, const struct json *j)
{
	int64_t id = json_to_int(json_get(j, "id"), 0);

	/* To users that are no admins, less is shown. */
	if (kind == KIND_USER && json_get(j, "login") == NULL)
		return;
	if (model_thing(l->m, kind, id) == NULL)
		model_add_thing(l->m, kind, id, json_copy(j));
}

/* Options are seen as links only. */
static void load_options(struct loader *l, const struct json *links)
{
	for (struct json *c = links != NULL ? links->first : NULL; c != NULL;
		c = c->next) {
		struct json *href = json_get(c, "href");
		bool many = c->type == JSON_ARRAY;
		struct thing *t;
		struct json *j;

		if (many)
			load_options(l, c);
		if (href == NULL || href->type != JSON_STRING ||
			strstr(href->text, "/custom_options/") == NULL)
			continue;
		j = json_new(JSON_OBJECT);
		json_set_text(j, "_type", "CustomOption");
		json_set(j, "id", json_int(href_number(c)));
		json_set(j, "value", json_copy(json_get(c, "title")));
		json_set(j, "_links", json_new(JSON_OBJECT));
		json_set(json_get(j, "_links"), "self", json_copy(c));
		t = model_add_thing(l->m, KIND_OPTION, href_number(c), j);
		t->hidden = links->type == JSON_ARRAY;
	}
}

/* What j itself is. */
static int load_one(struct loader *l, const struct json *j, bool whole)
{
	static const char *const types[N_KINDS] = {"Project", "Type", "Status",
		"Priority", "Category", "Version", "User", "CustomOption"};
	const struct json *type = json_get(j, "_type");

	for (size_t i = 0; i < N_KINDS; i++) {
		if (json_is(type, types[i]))
			load_thing(l, (enum kind)i, j);
	}
	if (json_is(type, "Schema"))
		load_schema(l, j);
	if (json_is(type, "WorkPackage")) {
		load_item(l, j, whole);
		load_options(l, json_get(j, "_links"));
	}
	return json_is(type, "Attachment") ? load_file(l, j) : 0;
}

/* j, and all that is embedded in it. */
static int load_any(struct loader *l, const struct json *j, bool whole)
{
	const struct json *embedded = json_get(j, "_embedded");
	const struct json *c = json_members(embedded);
	int rc = j->type == JSON_OBJECT ? load_one(l, j, whole) : 0;

	if (j->type == JSON_ARRAY)
		c = j->first;
	for (; c != NULL && rc == 0; c = c->next)
		rc = load_any(l, c, false);
	return rc;
}

/* Answers that are kept as they are. */
static void load_fixed(struct loader *l, const char *name, const struct json *j)
{
	struct json *self = json_at(j, "_links", "self", "href", NULL);

	if (strcmp(name, "root.json") == 0)
		l->m->root = json_copy(j);
	if (strcmp(name, "configuration.json") == 0)
		l->m->configuration = json_copy(j);
	if (str_ends(str_of(name), STR("_activities.json")) && self != NULL)
		json_set(l->m->activities, self->text, json_copy(j));
}

static int load_name(struct loader *l, const char *name)
{
	struct buf text = {0};
	struct json *j;
	int rc = read_file(l->dir, name, &text, l->err);

	if (rc == 0) {
		j = json_parse(buf_str(&text));
		if (j == NULL) {
			rc = err_set(l->err, ERR_DATA, "%s/%s: not JSON",
				l->dir, name);
		} else {
			write_as_ruby(j);
			load_fixed(l, name, j);
			rc = load_any(l, j, true);
		}
		json_free(j);
	}
	buf_fini(&text);
	return rc;
}

static int is_wanted(const struct dirent *d)
{
	if (!str_ends(str_of(d->d_name), STR(".json")))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(old_ids); i++) {
		if (str_starts(str_of(d->d_name), str_of(old_ids[i])))
			return 0;
	}
	return 1;
}

/* Of syncbot only his answers were recorded, not he himself. */
static void add_syncbot(struct model *m)
{
	static const char text[] =
		"{\"_type\":\"User\",\"id\":7,\"name\":\"Sync Bot\","
		"\"login\":\"syncbot\",\"admin\":false,"
		"\"status\":\"active\",\"language\":\"en\",\"_links\":"
		"{\"self\":{\"href\":\"/api/v3/users/7\","
		"\"title\":\"Sync Bot\"}}}";

	model_add_thing(m, KIND_USER, 7, json_parse(str_of(text)));
}

int load_recorded(struct model *m, const char *dir, struct err *e)
{
	/*
	 * Lists give the order; then the one that was recorded after a user
	 * got his last name; then all else, by name.
	 */
	static const char *const first[] = {"projects.json", "types.json",
		"statuses.json", "priorities.json", "project_1_categories.json",
		"project_1_versions.json", "users_me.json",
		"work_package_4.json"};
	struct err err = {0};
	struct loader l = {m, dir, &err};
	struct dirent **names;
	int n;
	int rc = 0;

	for (size_t i = 0; i < ARRAY_LEN(first) && rc == 0; i++)
		rc = load_name(&l, first[i]);
	n = scandir(dir, &names, is_wanted, alphasort);
	if (n < 0)
		return err_errno(e, ERR_IO, errno, "%s", dir);
	for (int i = 0; i < n; i++) {
		if (rc == 0)
			rc = load_name(&l, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	add_syncbot(m);
	if (rc != 0 && e != NULL)
		*e = err;
	return rc;
}
