#ifndef STORE_SHADOW_H
#define STORE_SHADOW_H

#include "base/err.h"
#include "store/state.h"

#define SHADOW_ID 41 /* a commit's id in hex, or "" */

/*
 * Make a bare repository in folder, which is empty, that stands where the
 * store at path stands: its branch and a copy of its state, with the objects
 * borrowed.  What is committed there touches nothing of the store.  commit
 * gets the branch's, "" where there is none yet.  ERR_IO, ERR_CONFIG;
 * ERR_AGAIN if the store never stands still.
 */
int shadow_make(const char *path, const char *branch, const char *folder,
	char commit[SHADOW_ID], struct err *e);

/* The commit of a shadow's branch by now. */
int shadow_tip(const char *folder, const char *branch, char commit[SHADOW_ID],
	struct err *e);

/* A file that differs between two commits of a repository. */
struct shadow_change {
	const char *was; /* path before; NULL: added */
	const char *is;  /* path now; NULL: removed */
	bool binary;
	struct str patch; /* unified, with its head */
};

/*
 * Tell fn of each difference, in order of paths; a file that only moved, or
 * moved and changed a little, is one.  Commits are ids, or "" for nothing.
 * What is too large for a document is compared by its id, not read, and called
 * binary.
 */
typedef int shadow_change_fn(
	void *arg, const struct shadow_change *change, struct err *e);
int shadow_compare(const char *folder, const char *old, const char *new,
	shadow_change_fn *fn, void *arg, struct err *e);

/* Remove a shadow, files and folders. */
void shadow_remove(const char *folder);

#endif
