#ifndef STORE_INTENT_H
#define STORE_INTENT_H

#include "store/changes.h"
#include "store/kept.h"

/*
 * What a commit has promised by its transaction and not yet done: to move the
 * branch, and to bring the work tree in step.
 */
struct intent {
	int64_t run;
	git_oid old;      /* the branch's commit; the zero id: none */
	git_oid new;      /* the same as old: no commit */
	struct kept kept; /* without the name of its branch: that was made */
};

/*
 * Write it, inside of the commit's transaction.  Changes of an earlier one
 * that are not in the work tree yet stay with it.
 */
int intent_put(struct state *s, const struct intent *intent,
	const struct changes *c, struct err *e);

/* The moment from which an intent is pending; INT64_MAX if none is. */
int intent_since(struct state *s, int64_t *since, struct err *e);

/*
 * Do what is promised, but that the work tree may be brought in step by a
 * thread of its own, until intent_catch_up(): before anything else looks at
 * the work tree, its index, the intent, or seals objects.
 */
int intent_begin(struct store *s, git_oid *commit, struct err *e);

/*
 * Wait for it, if something was begun; intent_finish() does, too.  What failed
 * is still promised: who finishes it next is told why it fails.
 */
void intent_catch_up(struct store *s);

/*
 * Do what is promised, if anything is; may be repeated after a kill at any
 * place.  *commit (or NULL) becomes the commit that is on the branch now, if
 * one was promised; *ref_done (or NULL) says, also on a failure, that only
 * the work tree may be left to do.  A commit of ours is an event then.
 */
int intent_finish(
	struct store *s, git_oid *commit, bool *ref_done, struct err *e);

/* The same before something new: what only the work tree lacks is no failure,
 * since the next commit meets it again and tells of it. */
int intent_settle(struct store *s, struct err *e);

#endif
