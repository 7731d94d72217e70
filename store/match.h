#ifndef STORE_MATCH_H
#define STORE_MATCH_H

#include "store/parts.h"

/* A path where a commit's plain files and our rows are not the same. */
struct mismatch {
	struct str path;
	bool in_commit;
	bool recorded; /* then whose: */
	int64_t work_package;
	struct str entry;
};

/* Texts are valid until it returns.  What is no 0 ends it, and is given back,
 * with *e. */
typedef int mismatch_fn(void *arg, const struct mismatch *m, struct err *e);

/*
 * Hold the files of a commit (or zero: none) against what is recorded.
 * *n_others (or NULL) says how many links, programs and submodules the commit
 * has, which are no files here.  Rows of files must stay as they are meanwhile.
 */
int match_branch(struct store *s, const git_oid *commit, mismatch_fn *fn,
	void *arg, size_t *n_others, struct err *e);

#endif
