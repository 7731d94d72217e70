#ifndef STORE_BRANCH_H
#define STORE_BRANCH_H

#include <git2.h>

#include "store/parts.h"

/*
 * Move our branch from one commit to another, if it is there, with its reflog
 * and that of HEAD.  *moved false: it is elsewhere, or locked.  branch_sync()
 * makes it durable: it was moved just now, or by one who was killed.
 */
int branch_move(struct store *s, const git_oid *from, const git_oid *to,
	bool *moved, struct err *e);
int branch_sync(struct store *s, struct err *e);

#endif
