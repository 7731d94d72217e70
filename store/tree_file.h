#ifndef STORE_TREE_FILE_H
#define STORE_TREE_FILE_H

#include <stdatomic.h>

#include "base/str.h"
#include "store/worktree.h"

/*
 * The steps of one changed file on its way into (or out of) the work tree.
 * Failures are ERR_IO that names its path.
 */
enum tree_file_state {
	TREE_FILE_TODO,
	TREE_FILE_STAGED, /* the content is in a temporary file, or in place */
	TREE_FILE_DONE,
	TREE_FILE_FAILED,
};

struct tree_file {
	const struct worktree_change *change; /* borrowed */
	enum tree_file_state state;
	unsigned serial; /* names the temporary file; 0 for none */
	int fd;          /* of it, while there are few; or -1 */
	ino_t ino;       /* of it */
	struct stat st;  /* once done: of the file in place; zeroed: unknown */
};

#define TREE_DRAFTS 8

/* What they share. */
struct tree_files {
	struct beneath *tree;                 /* borrowed */
	struct objects *o;                    /* borrowed */
	int folder;                           /* of temporary files */
	atomic_uint serial;                   /* of the last one */
	atomic_uint n_staged;                 /* temporary files of this turn */
	struct tree_file drafts[TREE_DRAFTS]; /* staged before their turn */
	size_t n_drafts;
};

int tree_files_init(struct tree_files *t, struct beneath *tree,
	struct objects *o, struct err *e);
void tree_files_fini(struct tree_files *t);

void tree_file_init(struct tree_file *f, const struct worktree_change *change);

/*
 * Write a content that will be staged, for a change that is borrowed until it
 * is, or until tree_files_drop_drafts() removes those that were not; no more
 * than TREE_DRAFTS of them.  What fails is done when its turn comes.
 */
void tree_files_draft(
	struct tree_files *t, const struct worktree_change *change);
void tree_files_sync_drafts(struct tree_files *t);
void tree_files_drop_drafts(struct tree_files *t);

/*
 * A temporary file with a content, before it is known which file it will be;
 * one that nobody gets is removed again.  There are two turns, 1 and 2, to be
 * ended when nothing is left of them; 0 is of no turn.  On any threads.  ERR_IO
 * (-1): there is none.
 */
int tree_files_create(struct tree_files *t, unsigned turn, unsigned *serial);
int tree_files_write(struct tree_files *t, unsigned turn, struct str text,
	unsigned *serial, ino_t *ino);
void tree_files_unwrite(struct tree_files *t, unsigned serial);
void tree_files_end_turn(struct tree_files *t, unsigned turn);

/* Remove those that a killed process left in the folder. */
int tree_files_clean(const char *folder, struct err *e);

/*
 * Write the new content to a temporary file, unless it has one (serial, ino,
 * and fd or -1).  On any threads at once, while there are no drafts.
 */
int tree_file_stage(struct tree_files *t, struct tree_file *f, struct err *e);
/* Move it to its path, if that is as it was seen. */
int tree_file_place(struct tree_files *t, struct tree_file *f, struct err *e);
/* Remove the file, if it is as it was seen. */
int tree_file_remove(struct tree_files *t, struct tree_file *f, struct err *e);

/* Put all staged files on disk, and all that were placed and removed. */
int tree_files_sync_staged(struct tree_files *t, const struct tree_file *files,
	size_t n, struct err *e);
int tree_files_sync(struct tree_files *t, const struct tree_file *files,
	size_t n, struct err *e);
/* End the turn: remove temporary files that are left. */
void tree_files_drop_staged(
	struct tree_files *t, struct tree_file *files, size_t n);

#endif
