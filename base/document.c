/*
 * document - what passes between the mapping and the store.
 */
#include "base/document.h"

#include <stdlib.h>

void document_fini(struct document *d)
{
	free(d->entry);
	free(d->natural_path);
	free(d->path);
	buf_fini(&d->text);
	for (size_t i = 0; i < d->n_files; i++)
		free(d->files[i].path);
	free(d->files);
	for (size_t i = 0; i < d->n_values; i++)
		free(d->values[i].value);
	free(d->values);
	*d = (struct document){0};
}

void rendered_fini(struct rendered *r)
{
	for (size_t i = 0; i < r->n; i++)
		document_fini(&r->items[i].document);
	free(r->items);
	free(r->needs);
	reads_fini(&r->reads);
	*r = (struct rendered){0};
}
