/*
 * model_attachment - attachments as expressions see them.
 *
 * The map that stands for one is made once for each document, and all copies
 * share its members: so that its address, once known, is seen in all.
 */
#include <stdlib.h>

#include "content/evaluate.h"
#include "content/model.h"

#define FILE_MEMBER 2 /* "file" among the members below */

static struct value attachment_value(
	struct evaluation *with, const struct attachment *at)
{
	struct arena *a = with->arena;
	struct value v = model_map(a,
		(struct member[]){
			model_pair("id", model_number(a, at->id)),
			model_pair("fileName", value_text(at->file_name)),
			model_pair("file", (struct value){0}),
			model_pair("contentType", value_text(at->content_type)),
			model_pair("fileSize", model_number(a, at->size)),
			model_pair("createdAt", value_text(at->created_at)),
			model_pair("author", model_read_link(with, STR_NONE,
						     &at->author, "name")),
			model_pair("link", value_text(at->href)),
		},
		8);

	v.attachment = at;
	return v;
}

static int by_name_and_id(const void *a, const void *b)
{
	const struct attachment *x = ((const struct value *)a)->attachment;
	const struct attachment *y = ((const struct value *)b)->attachment;
	int c = str_cmp(x->file_name, y->file_name);

	if (c != 0 || x->id == y->id)
		return c != 0 ? c : (x > y) - (x < y);
	return x->id > y->id ? 1 : -1;
}

/* Sorted by name and id, whatever the server's collation. */
int model_attachments(struct evaluation *with, struct value *out, struct err *e)
{
	const struct work_package *wp = with->wp;
	struct value *v = &with->attachments;

	if (!wp->attachments_known) {
		with->needs_list = true;
		return err_set(
			e, ERR_DATA, "the list of attachments is not known");
	}
	if (v->type == VALUE_NULL) {
		*v = (struct value){.type = VALUE_LIST, .n = wp->n_attachments};
		v->items = ARENA_ARRAY(with->arena, struct value, v->n);
		for (size_t i = 0; i < v->n; i++)
			v->items[i] =
				attachment_value(with, &wp->attachments[i]);
		if (v->n > 1)
			qsort(v->items, v->n, sizeof(*v->items),
				by_name_and_id);
	}
	*out = *v;
	return 0;
}

const struct value *model_attachment(
	struct evaluation *with, const struct attachment *a)
{
	const struct value key = {.attachment = a};
	struct value all;

	if (model_attachments(with, &all, NULL) != 0)
		return NULL;
	return bsearch(&key, with->attachments.items, with->attachments.n,
		sizeof(key), by_name_and_id);
}

void model_set_file(
	struct evaluation *with, const struct attachment *a, struct value file)
{
	const struct value *v = model_attachment(with, a);

	if (v != NULL)
		v->members[FILE_MEMBER].value = file;
}
