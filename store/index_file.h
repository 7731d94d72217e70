#ifndef STORE_INDEX_FILE_H
#define STORE_INDEX_FILE_H

#include <git2.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/beneath.h"
#include "store/index_memo.h"
#include "store/index_walk.h"

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
	int shared;              /* see shared.h */
	struct beneath *tree;    /* the work tree */
	struct index_memo *memo; /* of what was written here last; or NULL */
	struct stat *known;      /* as all of it was looked at last; or NULL */
};

/*
 * Change these entries of the index, which the caller has locked; index_sync()
 * puts its name on disk, as its content is, once it is let go.  ERR_IO.  An
 * index that was known stays so, with these entries.
 */
int index_update(const struct index_file *f, const struct index_change *changes,
	size_t n, struct err *e);

int index_sync(const struct index_file *f, struct err *e);

/* Forget what memo holds, and remove what was put beside the index for it. */
void index_forget(const struct index_file *f);

#define INDEX_VIEW_FEW 64 /* paths that are looked for one by one */

/*
 * The index as it is, to look for paths in: for few of them one by one, for
 * many from its beginning to its end, so that they should come sorted.  No
 * more than a part of it is in memory.  Zeroed, it is not open.
 */
struct index_view {
	struct index_file f;
	struct stat st;   /* zeroed: there is none */
	struct err fault; /* of index_view_find() */

	/* Private. */
	char *path; /* of the index; NULL: not open */
	int fd;
	bool in_parts;          /* they are looked for one by one, */
	size_t n_asked;         /* and so many were */
	struct index_walk walk; /* else, with what it gave last */
	struct index_image_entry at;
	size_t n_walked;
	struct buf asked; /* the last path */
};

/*
 * Open it; few paths: without reading all of it, where that can be.  ERR_IO,
 * also for one that somebody else wrote and that is damaged.
 */
int index_view_init(struct index_view *v, const struct index_file *f, bool few,
	struct err *e);
void index_view_fini(struct index_view *v);
bool index_view_is_open(const struct index_view *v);

/*
 * What it names at a path; false where that is no plain file, or a conflict,
 * or it cannot be read: then fault is set.
 */
bool index_view_find(
	struct index_view *v, const char *path, struct index_image_file *out);

/*
 * Does it tell the content of the file at a path, which is as st says?  Not
 * where that may have changed since the entry was made (git's racy-git.txt).
 */
bool index_view_tells(struct index_view *v, const char *path,
	const struct stat *st, git_oid *oid);

/*
 * What it names at these paths; the zero id where that is no plain file (or
 * nothing, or a conflict).  ERR_IO.
 */
int index_view_ids(struct index_view *v, const char *const *paths, size_t n,
	git_oid *ids, struct err *e);

/* Is the index the one that was seen? */
bool index_is_as_seen(const struct index_file *f, const struct stat *seen);

#endif
