#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include "store/parts.h"

/*
 * The files of a commit (or zero: none), as table tip_path (path, oid, ours)
 * beside the staged ones; only plain files, as we write them.
 */
int history_list(struct store *s, const git_oid *tip, struct err *e);
int history_unlist(struct store *s, struct err *e); /* it is in memory */

/*
 * Files on the branch that a commit of ours changed last, and no row has: what
 * rows that are lost were of.  None where the history ends early, which would
 * have all be its first commit's, or while a commit is not in place yet.
 * ERR_CANCELED once stop (or NULL) is set.
 */
typedef void history_path_fn(void *arg, struct str path);
int history_orphans(struct store *s, const atomic_bool *stop,
	history_path_fn *fn, void *arg, struct err *e);

/*
 * Does the state know the branch as it is?  One that is empty, or older than
 * commits of our instance that are on the branch, is made again: the paths
 * that a commit of ours changed last become documents of work package 0,
 * which nobody claims yet, and the cursor is forgotten, so that everything
 * is read.  What is known of attachments stays.  *again (or NULL) says so.
 * ERR_CONFIG where it would have to be, and the clone is shallow.
 * While an intent is pending that only follows what is behind, the branch has
 * to be where it promised.
 */
int history_check(struct store *s, bool *again, struct err *e);

/*
 * The branch is, or is about to be, at a commit with what the state does not
 * know: history_check() sees to it, or store_check_history() where that could
 * not be done.
 */
int history_put_behind(struct store *s, const git_oid *to, struct err *e);

/* The same, for rows that are damaged: in which way. */
int history_distrust(struct store *s, const char *why, struct err *e);

/* Note, in the open transaction or by itself, where the branch is. */
int history_note(struct store *s, const git_oid *tip, struct err *e);

/* What a trailer "Opsync-NAME" of a commit says; false: it has none. */
bool history_trailer(
	const git_commit *commit, const char *name, struct buf *out);

/* Add one to a message; text may be NULL: then there is none. */
void history_put_trailer(
	struct buf *message, const char *name, const char *text);

/* Is an instance's name ours, or one that ours had before?  By one such. */
bool history_is_our_name(const struct store *s, struct str instance);
bool history_is_ours(const struct store *s, const git_commit *commit);

/*
 * Has tip commits of our instance that base (or zero) has not?  One of the
 * same run and cursor as one that only base has is that one, as an amend, a
 * squash or a rebase made it again, with whatever else is in it.
 */
int history_has_more(struct store *s, const git_oid *tip, const git_oid *base,
	bool *has, struct err *e);

/*
 * Have a walk from tip leave out what base (or zero: nothing) has.  Gives what
 * libgit2 does.
 */
int history_hide(struct store *s, git_revwalk *walk, const git_oid *tip,
	const git_oid *base);

/*
 * Commits from tip on, newest first, to where base (or zero) is reached, or
 * until *on is false.  Where one is not there, others may be left out; without
 * a base, the store's gap is the one.
 */
typedef int history_fn(
	void *arg, const git_commit *commit, bool *on, struct err *e);
int history_walk(struct store *s, const git_oid *tip, const git_oid *base,
	history_fn *fn, void *arg, struct err *e);

/* Gives code, with the way out of a shallow clone. */
int history_ends_early(
	const struct store *s, enum err_code code, struct err *e);

/* What differs between two trees (NULL: empty); *diff is the caller's. */
int history_compare(struct store *s, git_tree *before, git_tree *after,
	git_diff **diff, struct err *e);

/* What a commit changed; a merge brings nothing that its parents do not. */
typedef int history_delta_fn(void *arg, const git_diff_delta *d, struct err *e);
int history_deltas(struct store *s, const git_commit *commit,
	history_delta_fn *fn, void *arg, struct err *e);

/* Where the state knows the branch to be; *known false: it was never told. */
int history_known_tip(
	struct store *s, bool *known, git_oid *out, struct err *e);

/*
 * The commit that rows of files were written with: what they name was there,
 * whatever others, or a loss of objects, made of the branch since.
 */
int history_note_rows(struct store *s, const git_oid *commit, struct err *e);
int history_rows(struct store *s, bool *known, git_oid *out, struct err *e);

/* Which instance made a commit, by its trailer; false: none. */
bool history_instance(const git_commit *commit, struct buf *out);

#endif
