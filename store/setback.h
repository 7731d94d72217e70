#ifndef STORE_SETBACK_H
#define STORE_SETBACK_H

#include "store/parts.h"

/*
 * Where commits of ours are not on the branch any more (git reset), what they
 * had removed is a document of work package 0 again, which nobody claims; where
 * they cannot be read, history_put_behind().
 */
int setback_claim(struct store *s, const git_oid *tip, struct err *e);

/* What is at a path is nobody's of ours any more. */
int setback_unclaim(struct store *s, const char *path, struct err *e);

#endif
