#ifndef STORE_KEPT_H
#define STORE_KEPT_H

#include "store/changes.h"

#define KEPT_BRANCH 64 /* bytes of a branch's name */

/* A commit with a person's edits, and the branch that it is for. */
struct kept {
	git_oid commit; /* the zero id: nothing was kept */
	char branch[KEPT_BRANCH];
};

/* What goes into a commit of ours. */
struct commit_parts {
	const git_oid *parent; /* the zero id: none */
	const git_oid *tree;
	const char *message;
	const git_signature *author; /* NULL: the daemon, now */
};

/* Into the open batch of objects. */
int commit_make(struct store *s, const struct commit_parts *parts, git_oid *out,
	struct err *e);

/*
 * A commit on top of ours (tip) with what a person wrote where we write
 * (foreign, kept_oid), into the open batch, and a free name for its branch.
 * Where the tip has all that already, it is the tip.
 */
int kept_make(struct store *s, int64_t run, const git_oid *tip,
	const struct changes *c, struct kept *out, struct err *e);

/* A free name for one. */
int kept_name(
	struct store *s, int64_t run, char branch[KEPT_BRANCH], struct err *e);

/*
 * Make the branch, if it is not there.  Where a branch of somebody else's is in
 * its way by now it is given another name, which kept gets, and that is told.
 */
int kept_create(struct store *s, int64_t run, struct kept *kept, struct err *e);

#endif
