#ifndef DAEMON_CURSOR_H
#define DAEMON_CURSOR_H

#include "store/store.h"

/*
 * How far we have read.  Only the server's own times enter it, but for
 * seen_at, which tells how long ago we saw the newest of them.
 */
struct cursor {
	bool known;
	int64_t newest;  /* the newest updatedAt ever seen */
	int64_t low;     /* where the next poll begins */
	int64_t seen_at; /* monotonic: when newest was first seen */
	bool full_open;  /* a full read was interrupted */
};

/*
 * The first moment that is surely behind what the server shows as that one: it
 * shows milliseconds of more, or seconds alone where it is old.
 */
int64_t cursor_after(int64_t shown);

/*
 * Does it begin behind all that the server shows (newest; 0: not known), and
 * behind now?  Polls would miss what changes until then.
 */
bool cursor_is_ahead(const struct cursor *c, int64_t newest);

/* Read what the state remembers.  Worker's thread. */
int cursor_load(struct cursor *c, struct state *state, struct err *e);

/* Stage it with the next commit.  Worker's thread. */
void cursor_put(const struct cursor *c, struct store *store);

/*
 * The cursor after a pass in which all went well: newest is the newest
 * updatedAt that it saw (0: none); settled says that it was a poll which
 * began at least the overlap after the cursor's newest was first seen.
 */
struct cursor cursor_next(
	const struct cursor *c, int64_t newest, bool settled, int64_t overlap);

#endif
