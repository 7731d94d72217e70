#ifndef STORE_PARCEL_H
#define STORE_PARCEL_H

#include <git2.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * A blob made ready for a batch of objects: what takes long (hashing and
 * deflating) can be done on any thread.  Zeroed, it is none.
 */
struct parcel {
	const void *bytes; /* borrowed */
	size_t n;
	git_oid oid;
	enum { PARCEL_RAW, PARCEL_PLAIN, PARCEL_DEFLATED } how;
	uint32_t sum;        /* of a plain one, that does not shrink */
	struct buf deflated; /* as how says, or empty */
};

void parcel_make(struct parcel *p, const void *bytes, size_t n);
void parcel_fini(struct parcel *p);

/* What it takes in a pack, unless it is raw: too large to be made ready. */
size_t parcel_packed(const struct parcel *p);

/* SHA-1 of a blob's content, its header included; to be ended. */
struct digest *blob_digest(uint64_t size);

/* The id of a blob, or of another object, by its type's name. */
void blob_name(const void *bytes, size_t n, git_oid *oid);
void object_name(const char *type, const void *bytes, size_t n, git_oid *oid);

#endif
