#ifndef STORE_BRANCH_H
#define STORE_BRANCH_H

#include <git2.h>

#include "store/parts.h"

/*
 * Move our branch from one commit to another, if it is there, with its reflog
 * and that of HEAD.  *moved false: it is elsewhere, or locked.  branch_sync()
 * makes it durable: it was moved just now, or by one who was killed.
 *
 * branch_prepare() gives the disk the new value before its turn, once an
 * intent is in the making, and branch_prepare_sync() waits for it: what fails
 * is done by the move.  Until that, branch_unprepare() takes it back.
 */
void branch_prepare(struct store *s, const git_oid *to);
void branch_prepare_sync(struct store *s);
void branch_unprepare(struct store *s);
int branch_move(struct store *s, const git_oid *from, const git_oid *to,
	bool *moved, struct err *e);
int branch_sync(struct store *s, struct err *e);

/* Its files, and those of its reflogs, as shared.h says. */
void branch_share(struct store *s, const char *ref);

#endif
