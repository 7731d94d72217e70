/*
 * items - work packages and attachments in memory.
 *
 * A work package is the text of its element, as it is sent; what is asked for
 * often (stamp, project, type, status) is read out of it once, when it is
 * put.  Two indexes: by id, and by updated and id.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/openproject/model.h"

static int compare_id(const struct work_item *a, const struct work_item *b)
{
	return (a->id > b->id) - (a->id < b->id);
}

static int compare_stamp(const struct work_item *a, const struct work_item *b)
{
	int c = (a->updated > b->updated) - (a->updated < b->updated);

	return c != 0 ? c : compare_id(a, b);
}

typedef int compare_fn(const struct work_item *a, const struct work_item *b);

/* Index of the first of list that is not before key. */
static size_t find(struct work_item *const *list, size_t n,
	const struct work_item *key, compare_fn *compare)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;

		if (compare(list[mid], key) < 0)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

static void insert(struct work_item **list, size_t n, struct work_item *item,
	compare_fn *compare)
{
	size_t at = find(list, n, item, compare);

	memmove(list + at + 1, list + at,
		(n - at) * sizeof(struct work_item *));
	list[at] = item;
}

static void take_out(struct work_item **list, size_t n, struct work_item *item,
	compare_fn *compare)
{
	size_t at = find(list, n, item, compare);

	memmove(list + at, list + at + 1,
		(n - at - 1) * sizeof(struct work_item *));
}

struct work_item *model_item(const struct model *m, int64_t id)
{
	const struct work_item key = {.id = id};
	size_t at = find(m->items, m->n_items, &key, compare_id);

	if (at == m->n_items || m->items[at]->id != id)
		return NULL;
	return m->items[at];
}

size_t model_since(const struct model *m, int64_t stamp)
{
	const struct work_item key = {.id = INT64_MIN, .updated = stamp};

	return find(m->by_stamp, m->n_items, &key, compare_stamp);
}

/*
 * The microseconds that the server keeps and does not show: three digits
 * that are the work package's own, so that they are the same in every run.
 */
static int64_t hidden_micros(int64_t id)
{
	return 1 + id * 617 % 999;
}

static bool read_item(struct work_item *item, const struct json *j,
	int64_t updated, int digits)
{
	const struct json *links = json_get(j, "_links");
	const struct json *shown = json_get(j, "updatedAt");

	item->id = json_to_int(json_get(j, "id"), 0);
	item->project = href_number(json_get(links, "project"));
	item->type = href_number(json_get(links, "type"));
	item->status = href_number(json_get(links, "status"));
	item->digits = digits;
	item->updated = updated;
	if (updated == 0 && shown != NULL &&
		stamp_parse(str_of(shown->text), &item->updated) && digits < 6)
		item->updated += hidden_micros(item->id);
	return item->id > 0;
}

struct work_item *model_put_item(
	struct model *m, struct text *text, int64_t updated, int digits)
{
	struct work_item item = {.text = text};
	struct json *j = json_parse(text_str(text));
	bool ok = j != NULL && read_item(&item, j, updated, digits);

	json_free(j);
	if (ok)
		return model_insert_item(m, &item);
	text_drop(text);
	return NULL;
}

struct work_item *model_insert_item(
	struct model *m, const struct work_item *columns)
{
	struct work_item *item = xmalloc(sizeof(*item));
	size_t cap;

	*item = *columns;
	model_remove_item(m, item->id);
	cap = m->cap_items;
	m->by_stamp =
		grow(m->by_stamp, m->n_items, &cap, sizeof(struct work_item *));
	m->items = grow(m->items, m->n_items, &m->cap_items,
		sizeof(struct work_item *));
	insert(m->items, m->n_items, item, compare_id);
	insert(m->by_stamp, m->n_items, item, compare_stamp);
	m->n_items++;
	return item;
}

void model_remove_item(struct model *m, int64_t id)
{
	struct work_item *item = model_item(m, id);

	if (item == NULL)
		return;
	take_out(m->items, m->n_items, item, compare_id);
	take_out(m->by_stamp, m->n_items, item, compare_stamp);
	m->n_items--;
	text_drop(item->text);
	free(item);
}

/*
 * Index of the first file that is not before (work package, id); by id alone
 * in the list by_id.
 */
static size_t find_file(struct file *const *list, size_t n,
	int64_t work_package, int64_t id, bool by_id)
{
	size_t low = 0;

	while (low < n) {
		size_t mid = low + (n - low) / 2;
		const struct file *f = list[mid];
		bool same = by_id || f->work_package == work_package;

		if (same ? f->id < id : f->work_package < work_package)
			low = mid + 1;
		else
			n = mid;
	}
	return low;
}

struct file *model_file(const struct model *m, int64_t id)
{
	size_t at = find_file(m->files_by_id, m->n_files, 0, id, true);

	if (at == m->n_files || m->files_by_id[at]->id != id)
		return NULL;
	return m->files_by_id[at];
}

static void insert_file(
	struct file **list, size_t n, struct file *f, bool by_id)
{
	size_t at = find_file(list, n, f->work_package, f->id, by_id);

	memmove(list + at + 1, list + at, (n - at) * sizeof(struct file *));
	list[at] = f;
}

static void take_out_file(
	struct file **list, size_t n, const struct file *f, bool by_id)
{
	size_t at = find_file(list, n, f->work_package, f->id, by_id);

	memmove(list + at, list + at + 1, (n - at - 1) * sizeof(struct file *));
}

void model_add_file(struct model *m, const struct file *file)
{
	struct file *f = xmalloc(sizeof(*f));
	size_t cap = m->cap_files;

	*f = *file;
	m->files_by_id =
		grow(m->files_by_id, m->n_files, &cap, sizeof(struct file *));
	m->files = grow(
		m->files, m->n_files, &m->cap_files, sizeof(struct file *));
	insert_file(m->files, m->n_files, f, false);
	insert_file(m->files_by_id, m->n_files, f, true);
	m->n_files++;
}

void model_remove_file(struct model *m, int64_t id)
{
	struct file *f = model_file(m, id);

	if (f == NULL)
		return;
	take_out_file(m->files, m->n_files, f, false);
	take_out_file(m->files_by_id, m->n_files, f, true);
	m->n_files--;
	json_free(f->json);
	text_drop(f->head);
	free(f);
}

struct file *const *model_files_of(
	const struct model *m, int64_t work_package, size_t *n)
{
	size_t first = find_file(m->files, m->n_files, work_package, 0, false);
	size_t end =
		find_file(m->files, m->n_files, work_package + 1, 0, false);

	*n = end - first;
	return m->files + first;
}
