#ifndef STORE_BENEATH_H
#define STORE_BENEATH_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Paths below a folder, opened without following any link and without ever
 * leaving it, whatever was planted there.  Failures are ERR_IO that names the
 * path.
 */
struct beneath {
	char *root; /* its path, for words */
	int fd;
	char *folder;  /* opened last, "" for the root; NULL for none */
	int folder_fd; /* -1: there is no such folder */
};

/* Where a path leads: a name in a folder. */
struct place {
	int fd; /* borrowed until the next call; -1: there is no folder */
	const char *name; /* borrowed from the path */
};

int beneath_init(struct beneath *b, const char *root, struct err *e);
void beneath_fini(struct beneath *b); /* accepts one that was not begun */

/*
 * Open the folder that a path (a/b/name) is in.  With create it is made, with
 * its parents, and what stands in the way is an error; without, a folder
 * that is not there, or only by way of a link, leaves fd -1.  A path that is
 * absolute, or has a part that is empty, ".", ".." or ".git", is an error.
 */
int beneath_place(struct beneath *b, const char *path, bool create,
	struct place *out, struct err *e);

/*
 * Is nothing there?  In one call where openat2() works; true only if it is
 * certain.  Beside anything else.
 */
bool beneath_is_free(const struct beneath *b, const char *path);

/* Close the folder opened last: others may have moved it meanwhile. */
void beneath_forget(struct beneath *b);

/* Remove the folders above path that are empty. */
void beneath_prune(struct beneath *b, const char *path);

/* Put the folders above path on disk, but for those above skip (or NULL). */
int beneath_sync(
	struct beneath *b, const char *path, const char *skip, struct err *e);

#endif
