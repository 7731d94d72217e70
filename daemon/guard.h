#ifndef DAEMON_GUARD_H
#define DAEMON_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "daemon/removals.h"
#include "store/ids.h"

/*
 * The guard: removals wait for the end of a pass, when all of them are known,
 * and what looks like a mistake is held until a person releases it.  So are
 * changes that come from a changed mapping or program alone.  Worker's
 * thread.
 */
struct mapper;
struct mapper_item;

#define GUARD_FLOOR 5 /* fewer removals are never held */
#define GUARD_WOULD_HOLD                                                       \
	": the guard would hold that (opsync held lists what it holds)"

/* A document whose removal is held, or was released. */
struct guard_held {
	int64_t work_package;
	char *entry;
	char *reason;
	bool gone;
	bool released;
	bool made; /* again, and not yet committed: it counts no more */
};

/* A person released it, and it was not made again since. */
bool guard_may_go(const struct guard_held *held);

struct guard {
	struct removals removals; /* decided when the pass has seen all */
	size_t n_held, cap_held, n_made;
	struct guard_held *held; /* by work package and entry */
	struct ids withdrawn;    /* ascending */
	bool weighing;     /* changes are counted before any is committed */
	bool changes_held; /* the documents are another mapping's */
	int64_t n_changes; /* that were held when the pass began */
};

void guard_fini(struct guard *g);

/* Begin a pass: read what the state says now. */
int guard_begin(struct mapper *m, struct err *e);

/* Forget the removals of this pass: it did not see everything. */
void guard_forget(struct guard *g);

/* Is there something for guard_decide() to do? */
bool guard_pending(const struct guard *g);

/* A work package that the server does not show any more: to be removed. */
void guard_gone(struct mapper *m, int64_t id);

bool guard_finds_gone(const struct guard *g, int64_t id); /* in this pass */

/* A document of it that no entry makes any more. */
void guard_remove(struct mapper *m, int64_t work_package, struct str entry,
	const char *why);

/*
 * A document is made again: neither held nor to be removed any more, unless
 * its work package is gone, and it is made of what is kept.
 */
void guard_made(
	struct mapper *m, const struct mapper_item *item, struct str entry);

/* Those that were made again go from the state; before a commit. */
int guard_settle_made(struct mapper *m, struct err *e);

bool guard_withdrawn(const struct guard *g, int64_t id);

/* Is a document of it held since the server does not show it? */
bool guard_holds_gone(const struct guard *g, int64_t id);

/* A document that is held, or NULL. */
struct guard_held *guard_find_held(
	const struct guard *g, int64_t work_package, struct str entry);

/*
 * When a pass has read everything: carry out what was released and what may
 * go, and hold the rest.  Others may become stale by it, and then it is asked
 * again.
 */
int guard_decide(struct mapper *m, struct err *e);

/* Behind the pass's last commit: how many documents are held by now. */
int guard_count(struct mapper *m, struct err *e);

/* Is a removal held, and was not released? */
bool guard_holds(const struct guard *g, const struct removal *removal);

/* Read again what is held; released says whether with what was released. */
int guard_load(struct mapper *m, bool released, struct err *e);

/* Take out the documents of all that were withdrawn, or of a work package. */
int guard_withdraw(struct mapper *m, struct err *e);
int guard_take_out(struct mapper *m, int64_t id, struct err *e);

/*
 * Changes that come from the mapping alone are all staged: may they be
 * committed?  If not they are held, and nothing is staged any more.  In a
 * rehearsal it is only told, as of removals.
 */
int guard_weigh(struct mapper *m, struct err *e);

/* With the last commit of what was let through: no changes are held then. */
void guard_settle_changes(struct mapper *m);

/*
 * Could so many work packages, rendered by another mapping, be held?  If not,
 * they are committed as they come.
 */
int guard_may_hold(struct mapper *m, size_t n, bool *may, struct err *e);

/*
 * Did a person let the changes go that are held, or has all of them been made
 * by now?  Then a pass compares mappings again.
 */
bool guard_weighs_again(const struct mapper *m);

#endif
