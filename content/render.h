#ifndef CONTENT_RENDER_H
#define CONTENT_RENDER_H

#include "base/document.h"
#include "content/saves.h"

/*
 * Begin with an entry that fits: the values of let, the paths of d, and what
 * picks save, with -ID so often.  On an error d is to be finished all the same;
 * the caller frees saves->items.
 */
int render_begin(struct evaluation *with, const struct entry *entry, int n_ids,
	struct document *d, struct saves *saves, struct err *e);

/* The body as it will stand in the document; what it refers to is saved. */
int render_body(struct evaluation *with, const struct entry *entry,
	struct saves *saves, struct buf *out, struct err *e);

#endif
