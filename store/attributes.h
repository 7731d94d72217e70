#ifndef STORE_ATTRIBUTES_H
#define STORE_ATTRIBUTES_H

#include <git2.h>

struct store;

/*
 * Tells, once, of a git attribute that is meant to change a file of ours.
 * Zeroed at the start; a path of each kind is looked at.
 */
struct attributes {
	size_t n;
	unsigned long kinds[64]; /* seen by now: top folders and extensions */
};

void attributes_look(struct store *s, const char *path, const git_oid *oid);

#endif
