#ifndef STORE_REPOSITORY_H
#define STORE_REPOSITORY_H

#include <git2.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * Finding, making and checking the git repository of a store.
 */

/*
 * The folder of the repository whose work tree, or which itself, is at path;
 * *found false (and folder untouched) if there is none.  Looks into no folder
 * above.  ERR_IO, also for what cannot be looked at.
 */
int repository_find(
	const char *path, struct buf *folder, bool *found, struct err *e);

/*
 * Where a repository can be made: ERR_CONFIG if path is neither missing nor
 * empty nor the beginning of one that a killed process was making.
 */
int repository_may_make(const char *path, bool bare, struct err *e);

/* Is one being made, or was when its maker was killed? */
bool repository_is_unfinished(const char *folder);

/*
 * Make one in folder (PATH/.git, or PATH when bare), or finish making it.
 * We hold the lock, so folder/opsync exists.
 */
int repository_make(const char *path, const char *folder, const char *branch,
	bool bare, struct err *e);

/*
 * Open.  ERR_CONFIG, with the way out, for one that is another user's or
 * that libgit2 cannot read.
 */
int repository_open(const char *path, git_repository **out, struct err *e);

/*
 * Put all on disk that is in the file system of folder: libgit2 syncs none of
 * what it makes.  ERR_IO.
 */
int repository_sync(const char *folder, struct err *e);

/* mkdir -p, durably. */
int folder_make(const char *path, mode_t mode, struct err *e);

#endif
