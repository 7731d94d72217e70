#ifndef STORE_GC_H
#define STORE_GC_H

#include <stdbool.h>

#include "base/err.h"

/*
 * git repack, which consolidates the repository, and what it leaves behind when
 * it is killed.  folder is the repository's, common the one of
 * its objects and refs.  We hold the store's lock.
 */

/*
 * *fd is to be the standard input of a git that is started now; -1 if one
 * that outlived its daemon is still at work.  What a killed one left was
 * cleared before.
 */
int gc_begin(const char *folder, int *fd, struct err *e);

/* It has ended; whole: as it should.  Closes fd. */
void gc_end(const char *folder, const char *common, int fd, bool whole);

/* Remove what a killed one left.  What cannot be removed stays. */
void gc_clear(const char *folder, const char *common);

#endif
