#ifndef STORE_GC_H
#define STORE_GC_H

#include <stdbool.h>

#include "base/err.h"

/*
 * git repack, which consolidates the repository, git fetch, and what they leave
 * behind when they are killed.  folder is the repository's, common the one of
 * its objects and refs; name is "gc" or "fetch".  We hold the store's lock.
 */

/*
 * *fd is to be the standard input of a git that is started now; -1 if one
 * that outlived its daemon is still at work, or what it left could not be
 * cleared.
 */
int gc_begin(const char *folder, const char *name, int *fd, struct err *e);

/* It has ended; whole: as it should.  Closes fd. */
void gc_end(const char *folder, const char *common, const char *name, int fd,
	bool whole);

/*
 * Remove what a killed one left, but while the other is at work.  What cannot
 * be removed stays.
 */
void gc_clear(const char *folder, const char *common, const char *name);

#endif
