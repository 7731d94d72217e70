/*
 * edits - a text copied with some of its pieces made others.
 */
#include "content/edits.h"

#include <assert.h>
#include <stdlib.h>

#include "base/buf.h"

void edits_add(struct edits *e, size_t start, size_t n, struct str text)
{
	e->items = grow(e->items, e->n, &e->cap, sizeof(*e->items));
	e->items[e->n++] = (struct edit){start, n, text};
}

struct str edits_apply(struct edits *e, struct arena *a, struct str in)
{
	struct buf out = {0};
	size_t at = 0;

	buf_reserve(&out, in.n);
	for (size_t i = 0; i < e->n; i++) {
		const struct edit *edit = &e->items[i];

		assert(edit->start >= at && edit->n <= in.n - edit->start);
		buf_add(&out, in.p + at, edit->start - at);
		buf_add_str(&out, edit->text);
		at = edit->start + edit->n;
	}
	buf_add(&out, in.p + at, in.n - at);
	free(e->items);
	*e = (struct edits){0};
	return arena_take(a, &out);
}
