#ifndef DAEMON_WANTED_H
#define DAEMON_WANTED_H

#include "daemon/pass.h"

/* What somebody asks to be synced again. */
struct wanted_what {
	uint64_t number; /* of the pass that does it; the caller's to set */
	enum pass_kind kind;
	bool repair;    /* PASS_VERIFY: what it finds */
	bool dry;       /* PASS_ADOPT: only tell, */
	char *paths;    /* of these, one a line; NULL: of all; owned */
	bool reconcile; /* PASS_SOME: as PASS_RECONCILE does, after them */
	struct ids ids; /* PASS_SOME: these, which may be none; owned */
};

#define WANTED_MOST (PASS_KINDS + 1) /* adopt waits dry, too */

/*
 * Passes that were asked for and have not begun, in the order in which they
 * were asked for; what is asked for twice is done once.  Zeroed, it is empty.
 */
struct wanted {
	size_t n;
	struct wanted_what what[WANTED_MOST];
};

/* Takes what's ids and paths.  Gives its place: 0 comes next. */
size_t wanted_add(struct wanted *w, struct wanted_what *what);

/* The next one, taken out, whose ids and paths go to the caller; false: there
 * is none. */
bool wanted_take(struct wanted *w, struct wanted_what *out);

/* Of what needs no server: does any wait, and is it taken out? */
bool wanted_has_local(const struct wanted *w);
bool wanted_take_local(struct wanted *w, struct wanted_what *out);

void wanted_fini(struct wanted *w); /* frees, and empties it */

#endif
