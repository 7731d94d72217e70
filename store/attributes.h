#ifndef STORE_ATTRIBUTES_H
#define STORE_ATTRIBUTES_H

#include <git2.h>
#include <stdbool.h>

struct store;

/* Of paths. */
struct kinds {
	size_t n;
	unsigned long hashes[64];
};

/*
 * Tells, once, of a git attribute that is meant to change a file of ours.
 * Zeroed at the start; a path of each kind is looked at.
 */

struct attributes {
	struct kinds wide;   /* seen by now: extension and top folder, */
	struct kinds narrow; /* and the one in that */
	bool told;
};

void attributes_look(struct store *s, const char *path, const git_oid *oid);

#endif
