#ifndef STORE_BATCH_H
#define STORE_BATCH_H

#include <stdbool.h>

#include "base/err.h"
#include "store/inflate.h"
#include "store/object_table.h"
#include "store/pack.h"
#include "store/parcel.h"

/*
 * The open batch of objects: few in memory, or many in a pack that grows.
 * Failures are ERR_IO and leave it without the object in question.
 */
struct batch {
	char *folder; /* owned; of temporary files */
	struct object_table few;
	uint64_t few_bytes;
	struct pack *pack; /* owned; NULL while there are few */
};

void batch_init(struct batch *b, const char *folder);
void batch_fini(struct batch *b);
void batch_clear(struct batch *b); /* forgets all objects */

const struct object_table *batch_objects(const struct batch *b);
const struct object *batch_find(const struct batch *b, const git_oid *oid);

/* Whether one more object of that size would stay in memory. */
bool batch_has_room(const struct batch *b, uint64_t size);

/* Add an object that is not in it. */
int batch_add(struct batch *b, git_object_t type, const void *bytes, size_t n,
	const git_oid *oid, struct err *e);

/* The same for one that was made ready, if that helps. */
int batch_add_parcel(struct batch *b, const struct parcel *p, struct err *e);

/* Move what there is into a pack, from now on b->pack. */
int batch_outgrow(struct batch *b, struct err *e);

/* Give the content of an object of the batch to fn, in pieces. */
int batch_read(struct batch *b, const struct object *object,
	inflate_sink_fn *fn, void *arg, struct err *e);

#endif
