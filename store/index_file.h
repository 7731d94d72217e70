#ifndef STORE_INDEX_FILE_H
#define STORE_INDEX_FILE_H

#include <git2.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/beneath.h"
#include "store/index_memo.h"

/* An entry of the index to be set or removed. */
struct index_change {
	const char *path;
	bool has;
	git_oid oid;
	uint32_t mode;  /* git's; 0: a plain file */
	struct stat st; /* of the file that holds it; zeroed: unknown */
};

/* What index_update() works with; all borrowed. */
struct index_file {
	git_repository *repo;
	const char *folder;      /* for temporary files */
	struct beneath *tree;    /* the work tree */
	int wait_ms;             /* for somebody else's lock */
	struct index_memo *memo; /* of what was written here last; or NULL */
};

/*
 * Change these entries of the index, under git's own lock (index.lock), so
 * that nothing that others stage is lost, and put it on disk.  ERR_IO; a lock
 * that somebody else holds for longer than wait_ms is named.
 */
int index_update(const struct index_file *f, const struct index_change *changes,
	size_t n, struct err *e);

/* Forget what memo holds, and remove what was put beside the index for it. */
void index_forget(const struct index_file *f);

/*
 * What the index names at these paths; the zero id where that is no plain file
 * (or nothing, or a conflict).  ERR_IO.  Later, has it changed since?
 */
int index_ids(const struct index_file *f, const char *const *paths, size_t n,
	git_oid *ids, struct stat *seen, struct err *e);
bool index_is_as_seen(const struct index_file *f, const struct stat *seen);

/*
 * Remove an index.lock that a killed process of ours left; those of others
 * stay.  Only while no other process of ours can be at work.
 */
int index_unlock_stale(git_repository *repo, struct err *e);

#endif
