/*
 * together - small objects deflated side by side.
 */
#include "store/together.h"

#include <stdlib.h>

#include "base/parallel.h"
#include "store/deflate.h"

#define SLICE 16 /* that a thread takes at a time */

static void deflate_some(struct together *t, size_t from, size_t to)
{
	struct deflater deflater = {0};

	for (size_t i = from; i < to && i < t->n; i++) {
		struct parcel *p = &t->items[i].parcel;
		struct buf *out = &p->deflated;

		buf_reserve(out, deflater_bound(p->n));
		out->n = deflater_whole(
			&deflater, p->bytes, p->n, out->p, out->cap);
	}
	deflater_fini(&deflater);
}

static void *deflate_all(void *arg)
{
	struct together *t = arg;

	deflate_some(t, 0, t->n);
	return NULL;
}

static void deflate_slice(void *arg, size_t slice)
{
	deflate_some(arg, slice * SLICE, (slice + 1) * SLICE);
}

void together_begin(struct together *t)
{
	t->begun = thread_begin(&t->thread, deflate_all, t);
	if (!t->begun)
		deflate_all(t);
}

void together_do(struct together *t)
{
	parallel_each((t->n + SLICE - 1) / SLICE, deflate_slice, t);
}

void together_join(struct together *t)
{
	if (t->begun)
		pthread_join(t->thread, NULL);
	t->begun = false;
}

void together_free(struct together *t)
{
	if (t == NULL)
		return;
	together_join(t);
	for (size_t i = 0; i < t->n; i++)
		parcel_fini(&t->items[i].parcel);
	free(t);
}
