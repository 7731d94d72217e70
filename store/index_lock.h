#ifndef STORE_INDEX_LOCK_H
#define STORE_INDEX_LOCK_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

/* The file of the index; owned.  NULL: there can be none. */
char *index_path(git_repository *repo);

/*
 * git's own lock (index.lock): while it is held no git command changes the
 * index, or goes to another branch.  Temporary files go into folder.  ERR_IO;
 * one that somebody else holds for longer than wait_ms is named.
 */
struct index_lock {
	char *path; /* NULL: not held */
};

int index_lock(git_repository *repo, const char *folder, int wait_ms,
	struct index_lock *lock, struct err *e);
void index_unlock(struct index_lock *lock); /* accepts one not held */

/* Is one there that was made so many seconds ago, or earlier? */
bool index_is_locked_since(git_repository *repo, int64_t seconds);

/*
 * Remove an index.lock that a killed process of ours left; those of others
 * stay.  Only while no other process of ours can be at work.
 */
int index_unlock_stale(git_repository *repo, struct err *e);

#endif
