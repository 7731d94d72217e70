#ifndef DAEMON_MAPPER_CLAIMS_H
#define DAEMON_MAPPER_CLAIMS_H

#include "daemon/mapper.h"

#define MAX_IDS 9 /* in a path */

/*
 * Where a document stands among those that claim its natural path: whatever
 * comes or goes, only the first has it, and only the one behind it may lose or
 * get it.
 */
struct rank {
	int64_t work_package;
	struct str entry; /* borrowed; none: of the work package as a whole */
	struct str was;   /* the same: the entry that has made it by now */
	int index;        /* of the entry */
	bool lower;       /* somebody goes before */
	bool contested;   /* by other work packages, of which */
	int64_t next;     /* is the first */
};

/*
 * A claim is a path, folded (content/words.h).  at has work package, entry and
 * was, and gets the rest.
 */
int claims_rank(
	struct mapper *m, struct str claim, struct rank *at, struct err *e);

/*
 * A document comes to claim a path, or does so no more: who may lose it, or
 * have it now, is mapped again in this pass.
 */
int claims_came(struct mapper *m, const struct rank *at, struct str claim,
	struct err *e);
int claims_left(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e);

/* The same of one that is as recorded again. */
int claims_back(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e);

/*
 * Another's document that cannot be made, or is made no more and kept, stays
 * where it is: then this one is behind it.  And where one leaves a path, or
 * comes to stay there, who claims that is mapped again.
 */
int claims_behind_stuck(struct mapper *m, struct str path, struct str claim,
	struct rank *at, struct err *e);
int claims_see_wanting(
	struct mapper *m, int64_t work_package, struct str path, struct err *e);

/* Does another document claim a path?  Then this one does not evade to it. */
int claims_by_others(struct mapper *m, const struct rank *at, struct str claim,
	bool *any, struct err *e);

/*
 * Another came first in this pass and has the path, or one of a file: take that
 * back, and have it mapped again, when it finds the first one there.
 */
int claims_make_room(struct mapper *m, const struct rank *at, struct str claim,
	const struct document *d, struct err *e);

#endif
