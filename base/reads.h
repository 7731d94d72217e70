#ifndef BASE_READS_H
#define BASE_READS_H

#include <stdint.h>

#include "base/str.h"

/*
 * What the documents of a work package were made of, beside its own source:
 * things with a name that may change, or other work packages.  When such a
 * thing changes, who read it is rendered again.
 */
enum read_kind {
	READ_WORK_PACKAGE = 1, /* its subject, and its document here */
	READ_CHILDREN,         /* of the work package with that id */
	READ_PROJECT,          /* or a program, a portfolio */
	READ_TYPE,
	READ_STATUS,
	READ_PRIORITY,
	READ_CATEGORY,
	READ_VERSION,
	READ_USER, /* or a group */
	READ_OPTION,
	READ_ITEM,      /* of a hierarchy */
	READ_SCHEMA,    /* reads_pair() */
	READ_RELATIONS, /* of the work package with that id */
	READ_VALUE,     /* reads_value(): who has it, of unique: */
};

struct read {
	enum read_kind kind;
	int64_t id;
	struct str name; /* that the source gave it, borrowed; or none */
};

/* Zeroed, it is empty. */
struct reads {
	size_t n, cap;
	struct read *items; /* owned */
};

void reads_add(
	struct reads *r, enum read_kind kind, int64_t id, struct str name);

/* The same by the API's address of the thing, if it is one of these. */
void reads_add_link(struct reads *r, struct str href, struct str name);
bool reads_link(struct str href, enum read_kind *kind, int64_t *id);

/* Sort by kind and id, and leave each thing once. */
void reads_sort(struct reads *r);
void reads_fini(struct reads *r);

/* Ids of things that have none of their own. */
int64_t reads_pair(int64_t project_id, int64_t type_id);
int64_t reads_value(struct str value);

#endif
