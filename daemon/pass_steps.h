#ifndef DAEMON_PASS_STEPS_H
#define DAEMON_PASS_STEPS_H

#include "daemon/pass.h"

/*
 * Between pass.c, which goes from step to step, and the files in which the
 * steps are.  The drawing is in pass.c.
 */
enum step {
	BEGINNING,  /* pass_begin.c */
	RESOLVING,  /* pass_begin.c */
	REMAPPING,  /* pass_remap.c */
	WEIGHING,   /* pass_remap.c */
	REREADING,  /* pass_remap.c */
	READING,    /* pass_read.c */
	DRAINING,   /* items.c */
	RENEWING,   /* pass_renew.c */
	RELATING,   /* pass_renew.c */
	DECIDING,   /* pass_renew.c */
	COMMITTING, /* pass_commit.c */
	END
};

/*
 * To the next step; after an error, which is in p->err by then, and after a
 * cancel to the next that is done all the same.
 */
void pass_proceed(struct pass *p, enum step next);

/* After COMMITTING: what went wrong cannot change any more.  p may be gone. */
void pass_end(struct pass *p);

/*
 * Each starts its step, which proceeds by itself.  Remapping is called again
 * once there is room among the items for what was held back, weighing
 * whenever an item ends, since it waits for all of their attachments.
 */
void pass_begin(struct pass *p);
void pass_resolve(struct pass *p);
void pass_remap(struct pass *p);
void pass_weigh(struct pass *p);
void pass_reread(struct pass *p);
void pass_read(struct pass *p);
void pass_renew(struct pass *p);
void pass_relate(struct pass *p);
void pass_decide(struct pass *p);
void pass_commit(struct pass *p);

/*
 * What is to be tried again, or made again, into p->page and p->unread: in
 * BEGINNING, or behind WEIGHING, with which it has nothing to do.
 */
void pass_retry(struct pass *p);

/* READING: there may be room among the items. */
void pass_read_continue(struct pass *p);
void pass_read_cancel(struct pass *p); /* pass_proceed() still comes */

/*
 * Does p->err say that a project of the scope is gone, and is this the first
 * time?  Then it is cleared, and RESOLVING is next.
 */
bool pass_try_again(struct pass *p);

/*
 * Some work packages into p->batches, whether they changed or not.  ids are
 * borrowed until done(), which has the batches to fini.
 */
void pass_read_ids(
	struct pass *p, const int64_t *ids, size_t n, batches_done_fn *done);

/*
 * What BEGINNING does first: where only the server can have news it is asked,
 * and either that is the end or pass_begin() comes again.  False: there is more
 * to do.
 */
bool pass_glance(struct pass *p);

/* Is the overlap after the newest change over, for a poll that begins now? */
bool pass_settles(const struct pass *p);

/* At the end: the list that was read is known from now on, or none is. */
void pass_know_list(struct pass *p);

/* The projects in scope, as the state remembers them. */
void pass_put_scope(const int64_t *ids, size_t n, struct buf *out);

#endif
