#ifndef STORE_AHEAD_H
#define STORE_AHEAD_H

#include <git2.h>
#include <stdbool.h>

#include "base/behind.h"
#include "base/str.h"
#include "store/tree_file.h"

/*
 * Temporary files for the work tree that are written before their commit is
 * made, by a thread of their own beside what the owner does meanwhile.  They
 * are nothing but a start: what is not written here is written later.  One
 * thread.
 */
struct ahead {
	struct tree_files *files; /* borrowed */

	/* Private. */
	struct ahead_group *gathering;
	struct ahead_group *written; /* or being written, behind */
	struct behind behind;
	bool second; /* of two turns */
	bool closed; /* no more of them in this turn */
	size_t n, cap;
	struct ahead_file *items; /* of groups before */
};

void ahead_init(struct ahead *a, struct tree_files *files);
void ahead_fini(struct ahead *a); /* removes what nobody got */

/*
 * A content that is to come into the work tree by the next commit.  Of few,
 * and where the disk is nearly full, nothing is written.
 */
void ahead_add(struct ahead *a, const git_oid *oid, struct str text);

/*
 * End the turn: give each file that is to get one of the contents its
 * temporary file (serial and ino), and remove those that nobody gets.
 */
void ahead_give(struct ahead *a, struct tree_file *files, size_t n);

/* End the turn with all of them removed. */
void ahead_drop(struct ahead *a);

#endif
