#ifndef STORE_INDEX_WALK_H
#define STORE_INDEX_WALK_H

#include <sys/stat.h>

#include "base/buf.h"
#include "base/hash.h"
#include "store/index_image.h"

/*
 * git's index, entry by entry, of which no more than a part is in memory at a
 * time, however large it is.
 */
struct index_walk {
	struct index_image_header
		header; /* of an empty one, if there is none */
	/*
	 * What follows the entry that was given last; after index_walk_rest()
	 * all of it but the digest.
	 */
	struct index_image_reader reader;

	/* Private. */
	int fd;
	const char *name;
	uint64_t size; /* without the digest */
	uint64_t read; /* so much of it was */
	struct buf part;
	struct arena paths, others;
	struct digest *digest; /* of what was read; or NULL */
};

/*
 * Begin to read the index behind fd (-1: there is none), which errors call
 * name; both borrowed.  check: index_walk_end() compares the digest, too.
 * ERR_IO, also where it is no index, or says what is unknown here.  To be
 * disposed of in any case.
 */
int index_walk_begin(struct index_walk *w, int fd, const char *name, bool check,
	struct err *e);

/* The next of header.n entries, valid until the one after it.  ERR_IO. */
int index_walk_next(
	struct index_walk *w, struct index_image_entry *entry, struct err *e);

/* Where in the file it begins. */
uint64_t index_walk_offset(
	const struct index_walk *w, const struct index_image_entry *entry);

/* Read on to the end: what follows the entries.  ERR_IO. */
int index_walk_rest(struct index_walk *w, struct err *e);

/* One that git wrote without a digest (index.skipHash) has zeros for it. */
int index_walk_end(struct index_walk *w, struct err *e);
void index_walk_fini(struct index_walk *w);

/*
 * Can that file be read to its end, but for the digest?  *known: there is no
 * extension that must be understood (a split or sparse index has one).
 */
bool index_is_readable(const char *file, bool *known);

#endif
