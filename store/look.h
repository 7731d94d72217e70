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

	/* Private. */
	git_odb *odb;
	git_index *index;    /* NULL: the work tree is not looked at */
	struct beneath tree; /* of the work tree */
};

/*
 * Those whose content is gone are put into the table gone, their documents and
 * those that are not in the work tree into adrift; or both are only told.
 */
int look_around(struct sight *g, bool worktree, struct err *e);

/* The SHA-256 of attachments' contents; one that is another is forgotten. */
int look_at_digests(struct sight *g, struct err *e);
int look_forget(struct store *s, int64_t attachment, struct err *e);

#endif
