#ifndef DAEMON_LOOKUP_H
#define DAEMON_LOOKUP_H

#include "base/reads.h"
#include "base/work_package.h"
#include "content/program.h"
#include "store/store.h"

/*
 * What is known here beside a work package's own source: the newest names of
 * the things that it names, and the documents of others.  It asks a store
 * (with what is staged) or a state.
 */
struct mapper;

struct lookup {
	struct mapper *mapper; /* or NULL: remembers names (mapper.h) */
	const struct program *program;
	struct store *store; /* or NULL: then the state is asked */
	struct state *state;
	struct neighbours neighbours; /* for struct work_package */
	int64_t work_package;         /* that is mapped */

	/* What was asked for by now. */
	struct reads reads; /* owned; without names */
	struct err err;     /* of the store: then nobody was found */
};

void lookup_init(struct lookup *l, const struct program *program,
	struct store *store, struct state *state, int64_t work_package);
void lookup_fini(struct lookup *l);

/* Give a work package from a kept source the newest names, which live in a. */
int lookup_rename(struct lookup *l, struct arena *a, struct work_package *wp,
	struct err *e);

/*
 * The same for a kept list of attachments alone, beside a source that came
 * just now: who wrote them is called as the source says, if it does.
 */
int lookup_rename_attachments(struct lookup *l, struct arena *a,
	struct work_package *wp, struct err *e);

/*
 * Give comments the names of who wrote them, which the server leaves out;
 * *unknown is somebody of whom none is known yet, or 0.
 */
int lookup_authors(struct lookup *l, struct arena *a, struct work_package *wp,
	int64_t *unknown, struct err *e);

/* A user's name; "": not shown.  *unknown is the user if it is not known. */
int lookup_user(struct lookup *l, struct arena *a, int64_t user,
	struct str *name, int64_t *unknown, struct err *e);

/*
 * Another work package's subject: its newest name, or that of its own source
 * if none is known; else STR_NONE.
 */
int lookup_subject(struct lookup *l, struct arena *a, int64_t id,
	struct str *out, struct err *e);

/* Give a work package its relations, with the newest names. */
int lookup_relations(struct lookup *l, struct arena *a, struct work_package *wp,
	struct err *e);

/* The documents that the work package has, in the order of their entries. */
int lookup_own(struct lookup *l, struct arena *a, struct own_document **out,
	size_t *n, struct err *e);

#endif
