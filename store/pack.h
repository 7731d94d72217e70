#ifndef STORE_PACK_H
#define STORE_PACK_H

#include <stdbool.h>

#include "base/err.h"
#include "store/inflate.h"
#include "store/object_table.h"
#include "store/parcel.h"

/*
 * A pack file while it is written (gitformat-pack, version 2, no deltas),
 * and read back: before it is sealed and after.  Failures are ERR_IO; an
 * entry that failed leaves nothing in the pack.
 */
struct pack;

/*
 * Begin a temporary file in folder.  n: so many objects will be in it, and
 * none is taken back: its checksum is made on the way; 0: not known.
 */
int pack_new(const char *folder, uint32_t n, struct pack **out, struct err *e);
void pack_free(struct pack *p); /* accepts NULL; removes what is not sealed */

/*
 * What is written of it need not stay in the system's memory, where it would
 * take the place of what is read again.  Before the first entry.
 */
void pack_let_go(struct pack *p);

/* What is in it. */
const struct object_table *pack_objects(const struct pack *p);

/*
 * One entry, in pieces: size bytes of content in all, of which the first
 * piece shows whether it is worth deflating.  pack_end() names it, and
 * pack_cancel() takes it back (a failure has done so already).
 */
int pack_begin(struct pack *p, git_object_t type, uint64_t size,
	const void *first, size_t n, struct err *e);
int pack_piece(struct pack *p, const void *bytes, size_t n, struct err *e);
int pack_end(struct pack *p, const git_oid *oid, struct err *e);
void pack_cancel(struct pack *p);

/* One entry whose content is in memory. */
int pack_add(struct pack *p, git_object_t type, const void *bytes, size_t n,
	const git_oid *oid, struct err *e);

/* One that was made ready, and takes so much. */
bool pack_takes(size_t packed);
int pack_add_parcel(struct pack *p, git_object_t type,
	const struct parcel *parcel, struct err *e);

/* Give an object's content to fn, in pieces.  Once sealed: any threads. */
int pack_read(struct pack *p, const struct object *object, inflate_sink_fn *fn,
	void *arg, struct err *e);

/*
 * Complete the pack, write its idx, put both on disk and into folder
 * (objects/pack); shared: see shared.h.  After a failure it is as before.  Once
 * sealed, it can only be read.
 */
int pack_seal(struct pack *p, const char *folder, int shared, struct err *e);

#endif
