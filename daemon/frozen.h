#ifndef DAEMON_FROZEN_H
#define DAEMON_FROZEN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/reads.h"
#include "base/work_package.h"

/*
 * Things that the configuration names, and that the server calls otherwise
 * now, or does not show or have any more.  What depends on them stays as it is:
 * to take the old name literally would take documents away.  Worker's thread.
 */
struct mapper;
struct mapper_item;
struct state;

struct frozen_thing {
	enum read_kind kind; /* READ_SCHEMA: a custom field of a pair */
	int64_t id;
	char *was; /* as the configuration names it */
	char *now; /* as the server does */
};

struct frozen {
	size_t n, cap;
	struct frozen_thing *items;
	bool known;      /* which projects of documents are not shown */
	size_t n_hidden; /* of them, those that are left alone */
};

void frozen_fini(struct frozen *f);

/* Find out what is frozen now: at the beginning of a pass; after lists came. */
int frozen_load(struct mapper *m, struct err *e);

/*
 * A thing is not called was any more: put that down; and find out what is
 * frozen by it.
 */
int frozen_add(struct mapper *m, enum read_kind kind, int64_t id,
	struct str was, struct err *e);
int frozen_note(struct mapper *m, enum read_kind kind, int64_t id,
	struct str was, struct err *e);

/*
 * Does a work package, with the names that the server gave or that are the
 * newest, depend on something frozen?  Then it is recorded so, and its
 * documents stay.
 */
int frozen_keeps(struct mapper *m, const struct mapper_item *item,
	const struct work_package *wp, bool *kept, struct err *e);

/*
 * Is a project left alone: it is called otherwise, or is not shown though the
 * configuration asks for it?
 */
bool frozen_project(struct mapper *m, int64_t id);

/*
 * Why a work package is in error that depends on it: ERR_DATA.  Not told for
 * each, as that is one cause.
 */
void frozen_why(const struct frozen_thing *t, struct err *why);
bool frozen_is_why(const char *text);

/*
 * Stage for status what is frozen, with an event for what begins or ends to be.
 * When all is staged, once a pass.  All documents are counted for it only after
 * the projects or the configuration came anew, and while one is not shown.
 */
int frozen_report(struct mapper *m, struct err *e);

/* Add "frozen", a member of status: the lines that were staged so. */
int frozen_status(struct state *s, struct buf *out, struct err *e);

#endif
