/*
 * attachments - the files at a work package, by their metadata.
 *
 * The source is a list of what the model needs of each, sorted by id, since
 * the server's order by name says nothing.  The digest is an MD5 or none.
 *
 * One in which the server's scanner found something, and one whose upload has
 * not ended, are as if they were not there; their status is kept, so that the
 * source is another one when it changes.
 */
#include "api/paths.h"
#include "api/read.h"
#include "api/source.h"

#include <stdlib.h>

#define MD5_HEX 32

enum {
	ID,
	FILE_NAME,
	FILE_SIZE,
	CONTENT_TYPE,
	DIGEST,
	CREATED_AT,
	STATUS,
	LINKS,
	N
};
static const char *const kept[N] = {
	[ID] = "id",
	[FILE_NAME] = "fileName",
	[FILE_SIZE] = "fileSize",
	[CONTENT_TYPE] = "contentType",
	[DIGEST] = "digest",
	[CREATED_AT] = "createdAt",
	[STATUS] = "status",
	[LINKS] = "_links",
};

/* One of the list, and what was found in it. */
struct item {
	int64_t id;
	struct str values[N];
};

static int by_id(const void *a, const void *b)
{
	const struct item *x = a;
	const struct item *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static bool is_quarantined(struct str status)
{
	return str_is(status, "quarantined");
}

static bool is_withheld(struct str status)
{
	return is_quarantined(status) || str_is(status, "prepared");
}

enum { AUTHOR, CONTENT, N_LINKS };
static const char *const links[N_LINKS] = {
	[AUTHOR] = "author",
	[CONTENT] = "staticDownloadLocation",
};

static void put_attachment(struct buf *out, const struct str *values)
{
	const char *before = "{\"";
	struct str linked[N_LINKS];

	api_members(values[LINKS], links, N_LINKS, linked);
	for (size_t i = 0; i < LINKS; i++) {
		if (values[i].n == 0 ||
			(i == STATUS && !is_withheld(read_raw(values[i]))))
			continue;
		buf_puts(out, before);
		buf_puts(out, kept[i]);
		buf_puts(out, "\":");
		source_put_value(out, values[i]);
		before = ",\"";
	}
	buf_puts(out, ",\"_links\":{\"author\":");
	source_put_link(out, linked[AUTHOR]);
	buf_puts(out, ",\"staticDownloadLocation\":");
	source_put_link(out, linked[CONTENT]);
	buf_puts(out, "}}");
}

static int put_sorted(struct arena *a, const struct api_list *list,
	struct buf *out, struct err *e)
{
	struct item *items = ARENA_ARRAY(a, struct item, list->n);

	for (size_t i = 0; i < list->n; i++) {
		api_members(list->elements[i], kept, N, items[i].values);
		if (!read_id(items[i].values[ID], &items[i].id))
			return err_set(e, ERR_UNAVAILABLE,
				"attachment %zu of the list has no id", i + 1);
	}
	if (list->n > 1)
		qsort(items, list->n, sizeof(*items), by_id);
	/* What is fetched is told by its id alone. */
	for (size_t i = 1; i < list->n; i++)
		if (items[i].id == items[i - 1].id)
			return err_set(e, ERR_UNAVAILABLE,
				"attachment %lld stands twice in the list",
				(long long)items[i].id);
	buf_putc(out, '[');
	for (size_t i = 0; i < list->n; i++) {
		buf_puts(out, i > 0 ? "," : "");
		put_attachment(out, items[i].values);
	}
	buf_putc(out, ']');
	return 0;
}

int api_attachments_source_make(
	struct str collection, struct buf *out, struct err *e)
{
	struct arena a = {0};
	struct api_list list = {0};
	int code = api_list_scan(&a, collection, &list, e);

	if (code == 0 && list.count < list.total)
		code = err_set(e, ERR_UNAVAILABLE,
			"the server gives %lld of %lld attachments only",
			(long long)list.count, (long long)list.total);
	if (code == 0)
		code = put_sorted(&a, &list, out, e);
	arena_fini(&a);
	return code;
}

int api_whole_make(struct str element, struct buf *source,
	struct buf *attachments, struct api_source *head, struct err *e)
{
	struct str list = api_embedded(element, "attachments");
	int code = api_source_make(element, source, head, e);

	return code == 0 && list.p != NULL
		       ? api_attachments_source_make(list, attachments, e)
		       : code;
}

/* The hex of an MD5 in lower case, or none. */
static struct str md5_of(struct arena *a, struct str digest)
{
	enum { ALGORITHM, HASH, N_KEYS };
	static const char *const keys[N_KEYS] = {"algorithm", "hash"};
	struct str values[N_KEYS];
	struct str hash;
	char *hex;

	api_members(digest, keys, N_KEYS, values);
	hash = read_raw(values[HASH]);
	if (!str_is(read_raw(values[ALGORITHM]), "md5") || hash.n != MD5_HEX)
		return STR_NONE;
	hex = arena_alloc(a, MD5_HEX + 1);
	for (size_t i = 0; i < MD5_HEX; i++) {
		if (hex_value(hash.p[i]) < 0)
			return STR_NONE;
		hex[i] = (char)(hash.p[i] | 0x20); /* digits have that bit */
	}
	return (struct str){hex, MD5_HEX};
}

/* The server's own path to the contents; ours where it names another. */
static struct str content_href(struct arena *a, int64_t id, struct str given)
{
	struct buf path = {0};
	struct str made;

	api_path_content(&path, id);
	made = buf_str(&path);
	if (str_starts(given, STR("/")) && !str_starts(given, STR("//")) &&
		str_ends(given, made))
		made = given;
	made = arena_str(a, made);
	buf_fini(&path);
	return made;
}

static int parse_shown(struct arena *a, const struct str *values,
	struct attachment *out, struct err *e)
{
	struct str linked[N_LINKS];
	struct link content;

	api_members(values[LINKS], links, N_LINKS, linked);
	if (!read_count(values[FILE_SIZE], &out->size))
		return err_set(e, ERR_DATA, "fileSize: %s, not a size",
			scan_type_name(values[FILE_SIZE]));
	if (read_text(a, values[FILE_NAME], "fileName", &out->file_name, e) !=
			0 ||
		read_text(a, values[CONTENT_TYPE], "contentType",
			&out->content_type, e) != 0 ||
		read_text(a, values[CREATED_AT], "createdAt", &out->created_at,
			e) != 0 ||
		read_link(a, linked[AUTHOR], "author", &out->author, e) != 0 ||
		read_link(a, linked[CONTENT], links[CONTENT], &content, e) != 0)
		return ERR_DATA;
	if (out->file_name.n == 0)
		return err_set(e, ERR_DATA, "fileName: none");
	out->digest = md5_of(a, values[DIGEST]);
	out->href = content_href(a, out->id, content.href);
	return 0;
}

/* What has not arrived yet need have neither a size nor a digest. */
static int parse_one(struct arena *a, struct str text, int64_t work_package,
	void *item, struct err *e)
{
	struct attachment *out = item;
	struct str values[N];
	struct str status;

	(void)work_package;
	api_members(text, kept, N, values);
	if (!read_id(values[ID], &out->id))
		return err_set(e, ERR_DATA, "id: no number");
	status = read_raw(values[STATUS]);
	if (!is_withheld(status))
		return parse_shown(a, values, out, e);
	out->status = arena_str(a, status);
	read_text(a, values[FILE_NAME], "", &out->file_name, NULL);
	return 0;
}

/* Those that are shown stay in front. */
static void sort_out(struct arena *a, struct attachment *items, size_t n,
	struct work_package *wp)
{
	wp->attachments = items;
	wp->n_attachments = wp->n_quarantined = 0;
	wp->quarantined = ARENA_ARRAY(a, struct attachment, n);
	for (size_t i = 0; i < n; i++) {
		if (items[i].status.n == 0)
			items[wp->n_attachments++] = items[i];
		else if (is_quarantined(items[i].status))
			wp->quarantined[wp->n_quarantined++] = items[i];
	}
}

int api_attachments_parse(struct arena *a, struct str source,
	struct work_package *wp, struct err *e)
{
	struct read_kept list = {.one = "attachment",
		.size = sizeof(struct attachment),
		.fn = parse_one};
	int code = read_kept(&list, a, source, wp->id, e);

	if (code != 0)
		return code;
	wp->attachments_known = true;
	sort_out(a, list.items, list.n, wp);
	return 0;
}
