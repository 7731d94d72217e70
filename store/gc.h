#ifndef STORE_GC_H
#define STORE_GC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/*
 * git maintenance and gc, which consolidate the repository, and what they leave
 * behind when they are killed.  folder is the repository's, common the one of
 * its objects and refs.  We hold the store's lock.
 */

/*
 * *fd is to be the standard input of a git gc that is started now; -1 if one
 * that outlived its daemon is still at work.
 */
int gc_begin(const char *folder, const char *common, int *fd, struct err *e);

/* How many packs have more than so many bytes. */
size_t gc_count_larger(const char *common, int64_t bytes);

/* It has ended; whole: as it should.  Closes fd. */
void gc_end(const char *folder, const char *common, int fd, bool whole);

/* Remove what a killed one left.  What cannot be removed stays. */
void gc_clear(const char *folder, const char *common);

#endif
