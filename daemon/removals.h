#ifndef DAEMON_REMOVALS_H
#define DAEMON_REMOVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/*
 * What a pass is to remove, each once, in the order of work packages: a
 * document by its entry, or with no entry (STR_NONE) a work package and all
 * its documents.  Zeroed, it is empty.  One thread.
 */
struct removal {
	int64_t work_package;
	struct str entry; /* owned */
	const char *why;  /* borrowed */
};

struct removals {
	size_t n;
	void *root; /* private */
};

void removals_fini(struct removals *r);

/* One that is there already keeps its reason. */
void removals_add(struct removals *r, int64_t work_package, struct str entry,
	const char *why);
void removals_forget(
	struct removals *r, int64_t work_package, struct str entry);
bool removals_have(
	const struct removals *r, int64_t work_package, struct str entry);

typedef void removals_fn(void *arg, const struct removal *removal);
void removals_each(const struct removals *r, removals_fn *fn, void *arg);

#endif
