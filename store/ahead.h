#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include <git2.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"
#include "store/tree_file.h"

/*
 * Temporary files for the work tree that are written before their commit is
 * made, by a thread of their own beside what the owner does meanwhile.  They
 * are nothing but a start: what is not written here is written later.  One
 * thread at a time.
 */
struct ahead;

/* files are borrowed; turn is 1 or 2, and no other's that has not ended. */
struct ahead *ahead_new(struct tree_files *files, unsigned turn);

/*
 * A content that is to come into the work tree by the next commit.  Of few,
 * and where the disk is nearly full, nothing is written.
 */
void ahead_add(struct ahead *a, const git_oid *oid, struct str text);

/* The same of one that is in a file already, which is open and taken. */
void ahead_add_file(struct ahead *a, const git_oid *oid, unsigned serial,
	ino_t ino, int fd);

/* Is one of those there? */
bool ahead_has_file(const struct ahead *a, const git_oid *oid);

/* Is there room on the disk for so much, and for what must come? */
bool ahead_has_room(const struct tree_files *files, uint64_t size);

/*
 * Wait for the thread, give each file that is to get one of the contents its
 * temporary file (serial, ino and fd), remove those that nobody gets, and free
 * a.
 */
void ahead_end(struct ahead *a, struct tree_file *files, size_t n);

#endif
