#ifndef STORE_HEAL_H
#define STORE_HEAL_H

#include "store/parts.h"

/*
 * See that our branch, if it has a commit, names one that can be read with
 * its trees; else bring it back to the newest that is known.  ERR_IO if there
 * is none; ERR_CONFIG if it has none, and another ref has ours (elsewhere.h).
 */
int heal_branch(struct store *s, struct err *e);

/*
 * Finish what a process that was killed began to put aside, and read it: a part
 * of it may be where it was, and is of no use by itself.  ERR_IO.
 */
int heal_put_aside(struct store *s, struct err *e);

/* Can a commit be read, with all its trees? */
bool heal_is_whole(struct store *s, const git_oid *oid);

/* Is it time for another look at the trees of a commit that was whole? */
bool heal_is_due(struct store *s);

#endif
