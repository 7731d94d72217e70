/*
 * batch - objects before they are sealed: in memory while they are few and
 * small, from then on in a pack.
 */
#include "store/batch.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "store/loose.h"

#define MEMORY_MAX ((uint64_t)4 << 20)

void batch_init(struct batch *b, const char *folder)
{
	*b = (struct batch){.folder = xstrdup(folder)};
}

void batch_fini(struct batch *b)
{
	batch_clear(b);
	free(b->folder);
}

static void clear_few(struct batch *b)
{
	object_table_fini(&b->few);
	b->few_bytes = 0;
}

void batch_clear(struct batch *b)
{
	clear_few(b);
	pack_free(b->pack);
	b->pack = NULL;
}

const struct object_table *batch_objects(const struct batch *b)
{
	return b->pack != NULL ? pack_objects(b->pack) : &b->few;
}

const struct object *batch_find(const struct batch *b, const git_oid *oid)
{
	return object_table_find(batch_objects(b), oid);
}

bool batch_has_room(const struct batch *b, uint64_t size)
{
	return b->pack == NULL && b->few.n < LOOSE_MAX && size <= MEMORY_MAX &&
	       b->few_bytes + size <= MEMORY_MAX;
}

int batch_outgrow(struct batch *b, struct err *e)
{
	struct pack *p;
	int r = pack_new(b->folder, 0, &p, e);

	if (r != 0)
		return r;
	for (size_t i = 0; i < b->few.n && r == 0; i++) {
		const struct object *it = &b->few.items[i];

		r = pack_add(
			p, it->type, it->bytes, (size_t)it->size, &it->oid, e);
	}
	if (r != 0) {
		pack_free(p);
		return r;
	}
	clear_few(b);
	b->pack = p;
	return 0;
}

int batch_add(struct batch *b, git_object_t type, const void *bytes, size_t n,
	const git_oid *oid, struct err *e)
{
	struct object it = {.oid = *oid, .type = type, .size = n};

	if (!batch_has_room(b, n)) {
		int r = b->pack == NULL ? batch_outgrow(b, e) : 0;

		return r != 0 ? r : pack_add(b->pack, type, bytes, n, oid, e);
	}
	it.bytes = xmalloc(n + 1);
	if (n > 0)
		memcpy(it.bytes, bytes, n);
	object_table_add(&b->few, &it);
	b->few_bytes += n;
	return 0;
}

int batch_add_parcel(struct batch *b, const struct parcel *p, struct err *e)
{
	int r = 0;

	if (p->how == PARCEL_RAW || batch_has_room(b, p->n))
		return batch_add(
			b, GIT_OBJECT_BLOB, p->bytes, p->n, &p->oid, e);
	if (b->pack == NULL)
		r = batch_outgrow(b, e);
	if (r != 0)
		return r;
	return pack_add_parcel(b->pack, GIT_OBJECT_BLOB, p, e);
}

int batch_read(struct batch *b, const struct object *object,
	inflate_sink_fn *fn, void *arg, struct err *e)
{
	if (object->bytes != NULL)
		return fn(arg, object->bytes, (size_t)object->size, e);
	return pack_read(b->pack, object, fn, arg, e);
}
