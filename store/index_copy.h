#ifndef STORE_INDEX_COPY_H
#define STORE_INDEX_COPY_H

#include "store/index_image.h"

/* An entry that comes, or takes the place of one. */
struct index_new {
	const char *path;
	const git_index_entry *entry; /* NULL: it goes */
};

/* Must the file of an entry that stays be looked at? */
typedef bool index_doubt_fn(void *arg, const struct index_image_entry *entry);

/* What is copied, and where to; all borrowed. */
struct index_copy {
	int from; /* -1: there is no index yet */
	const char *from_name;
	int to;
	const char *to_name;
	bool check;            /* compare the digest of what is copied */
	index_doubt_fn *doubt; /* or NULL */
	void *arg;
};

/*
 * Write the index with these changes, sorted by path, each path once.  What
 * cannot stand beside a path that comes (a file that is its folder, files in
 * what is a file now, conflicts about it) goes.  The one that is copied is
 * read twice, and must not change meanwhile.  ERR_IO: also where it is no
 * index, or says what is unknown here.
 */
int index_copy(const struct index_copy *c, const struct index_new *news,
	size_t n, struct err *e);

#endif
