#ifndef STORE_OBJECT_TABLE_H
#define STORE_OBJECT_TABLE_H

#include <git2.h>
#include <stddef.h>
#include <stdint.h>

/* An object of a batch, in memory or in a pack. */
struct object {
	git_oid oid;
	git_object_t type;
	uint64_t size;   /* of its content */
	uint8_t *bytes;  /* the content, owned; NULL when it is in a file */
	uint64_t offset; /* of its entry in the pack */
	uint64_t length; /* of its entry in the pack, header included */
	uint32_t crc;    /* of those bytes */
};

/* Objects by id, in the order in which they came.  Zeroed, it is empty. */
struct object_table {
	size_t n;
	size_t cap;
	struct object *items;
	size_t n_slots; /* a power of two, or 0 */
	uint32_t *slots;
};

void object_table_fini(struct object_table *t); /* frees, and zeroes t */

/* The object with that id, or NULL; valid until the next is added. */
struct object *object_table_find(
	const struct object_table *t, const git_oid *oid);

/* Add one that is not there yet; takes its bytes. */
void object_table_add(struct object_table *t, const struct object *object);

#endif
