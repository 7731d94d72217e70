#ifndef STORE_LOOK_H
#define STORE_LOOK_H

#include "store/beneath.h"
#include "store/parts.h"

/* A look at our files, one by one.  Zero it, set the first part. */
struct sight {
	struct store *store;
	bool contents;          /* look whether they are there */
	bool deep;              /* read all, trust no times */
	store_finding_fn *tell; /* only tell of it; or NULL */
	void *arg;
	const atomic_bool *stop; /* set when it is to end early; or NULL */

	/* Private. */
	bool worktree; /* is looked at: */
	struct index_view index;
	struct beneath tree; /* of the work tree */
	struct watch *watch; /* of it; or NULL */
	enum { MODES_UNKNOWN, MODES_HEEDED, MODES_IGNORED } modes;
};

/* How much of the work tree is looked at. */
enum extent {
	LOOK_NOWHERE,
	LOOK_TOUCHED, /* where its watch saw something */
	LOOK_ALL,
};

/*
 * Hold the branch's files, at tip, against the rows: what is not as recorded is
 * put into adrift.  ERR_IO: rows are damaged, and the state is made again.
 */
int look_at_branch(struct store *s, const git_oid *tip, struct err *e);

int look_put_adrift(struct store *s, int64_t work_package, struct str entry,
	struct str path, struct err *e);

/*
 * Those whose content is gone are put into the table gone, their documents and
 * those that are not in the work tree into adrift; or both are only told.
 */
int look_around(struct sight *g, enum extent extent, struct err *e);

/* Before each of what it reads: counts it; ERR_CANCELED when it is to end. */
int look_goes_on(struct sight *g, struct err *e);

/*
 * Attachments' contents against their digests and what is known of pictures;
 * one that is another is forgotten.
 */
int look_at_contents(struct sight *g, struct err *e);
int look_forget(struct store *s, int64_t attachment, struct err *e);

#endif
