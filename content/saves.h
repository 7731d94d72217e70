#ifndef CONTENT_SAVES_H
#define CONTENT_SAVES_H

#include "content/evaluate.h"
#include "content/mapping.h"

/* An attachment that a document saves, and the address that links to it. */
struct save {
	const struct attachment *attachment;
	struct str path;    /* in the store */
	struct str folded;  /* the same, as file systems compare it */
	struct str address; /* in the body */
};

/* The files of one document.  In the evaluation's arena but for items. */
struct saves {
	struct str document; /* its path in the store */
	struct save *items;  /* owned */
	size_t n;
	size_t cap;
	size_t *of;      /* by attachment: which item, counted from 1; or 0 */
	int64_t unknown; /* an attachment that is referred to, and is none of
			    the work package's; or 0 */
};

/* Save what picks choose, and bind their names. */
int saves_picks(struct evaluation *with, const struct entry *entry,
	struct saves *saves, struct err *e);

/*
 * Save these attachments of the work package, but for those that are saved
 * already or are over the entry's limits.
 */
int saves_files(struct evaluation *with, const struct entry *entry,
	const struct attachment *const *files, size_t n, struct saves *saves,
	struct err *e);

/* The address of wp's attachment; STR_NONE if it is not saved. */
struct str saves_address(const struct saves *saves,
	const struct work_package *wp, const struct attachment *a);

#endif
