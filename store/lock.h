#ifndef STORE_LOCK_H
#define STORE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

/*
 * The store's own lock: a lock on an open file, which dies with its process
 * (and is not inherited by programs that it starts).  The file says who holds
 * it, as "PID\nNOTE\n".
 */

/*
 * Take it.  ERR_LOCKED "WHAT is in use by opsyncd (pid N)".  The caller owns
 * the descriptor; closing it gives the lock up.
 */
int lock_take(const char *file, const char *what, const char *note, int *fd,
	struct err *e);

/* Who holds it (*pid 0: nobody does), without disturbing anybody. */
int lock_holder(
	const char *file, int64_t *pid, struct buf *note, struct err *e);

/*
 * Remove a lock file of git's (index.lock and so on) that a dead process
 * left; wait for a live one.  We hold the store's lock.  since is the moment
 * (stamp) from which our predecessor may have made such files, or
 * INT64_MAX.  ERR_LOCKED if it is used for too long.
 */
int lock_clear(const char *file, int64_t since, struct err *e);

/* Has its owner a git, at work in that folder, that is older than it? */
bool lock_is_held(const char *file, const char *folder);

#endif
