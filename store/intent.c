/*
 * intent - what a commit promised, and keeping it.
 *
 *   kept branch made -> our branch moved by compare-and-swap -> work tree and
 *   index brought in step -> the branch on disk -> the commit told in the log
 *   -> intent deleted
 *
 * The work tree's turn may be a thread's, while the caller goes on: what comes
 * behind it waits for that (intent_catch_up).
 *
 * Each step sees by itself whether it was done before, so the whole may be
 * interrupted and repeated anywhere.  Where somebody else moved the branch
 * since the commit was made, ours is made anew on top: our paths over their
 * tree, never a merge and never by force.
 */
#include "store/intent.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/util.h"
#include "store/branch.h"
#include "store/git_error.h"
#include "store/heal.h"
#include "store/history.h"
#include "store/intent_rows.h"
#include "store/trees.h"

#define TRIES 40       /* to get the branch, */
#define PAUSE 50000000 /* with so many nanoseconds between them */

/* --- The branch ----------------------------------------------------------- */

static int seal_and_note(struct store *s, struct intent *intent, struct err *e)
{
	struct changes none = {0};
	int code = objects_seal(s->objects, e);

	return code == 0 ? intent_put(s->state, intent, &none, e) : code;
}

/* Our commit once more, on top of what the branch has become. */
static int make_anew(struct store *s, struct intent *intent, const git_oid *tip,
	const struct changes *c, struct err *e)
{
	struct commit_parts parts = {.parent = tip};
	git_commit *ours;
	git_oid before;
	git_oid tree;
	int code = tree_of(s->repo, tip, &before, e);

	if (code == 0)
		code = tree_changed(
			&s->trees, &before, c->items, c->n, &tree, e);
	if (code != 0)
		return trees_blame(code, tip, e);
	if (git_commit_lookup(&ours, s->repo, &intent->new) != 0)
		return git_failed(e, "cannot read commit %s",
			git_oid_tostr_s(&intent->new));
	intent->old = *tip;
	intent->new = *tip;
	if (!git_oid_equal(&tree, &before)) {
		parts.tree = &tree;
		parts.message = git_commit_message(ours);
		parts.author = git_commit_author(ours);
		code = commit_make(s, &parts, &intent->new, e);
	}
	git_commit_free(ours);
	return code == 0 ? seal_and_note(s, intent, e) : code;
}

/* *moved false: the branch is not where the intent says, or locked. */
static int swap(struct store *s, const struct intent *intent, bool *moved,
	struct err *e)
{
	git_reference *ref = NULL;
	int rc;

	if (!git_oid_is_zero(&intent->old))
		return branch_move(s, &intent->old, &intent->new, moved, e);
	rc = git_reference_create(
		&ref, s->repo, s->ref, &intent->new, 0, "opsync: commit");
	git_reference_free(ref);
	*moved = rc == 0;
	if (rc == 0)
		branch_share(s, s->ref);
	if (rc == 0 || rc == GIT_EEXISTS || rc == GIT_ELOCKED)
		return 0;
	return git_failed(e, "cannot make %s", s->ref);
}

/* Is the promised commit on the branch, or none was promised? */
static int is_on_branch(struct store *s, const struct intent *intent,
	const git_oid *tip, bool *is, struct err *e)
{
	int rc;

	*is = git_oid_equal(&intent->new, tip) ||
	      git_oid_equal(&intent->new, &intent->old);
	if (*is || git_oid_is_zero(tip) || git_oid_equal(tip, &intent->old))
		return 0;
	rc = git_graph_descendant_of(s->repo, tip, &intent->new);
	*is = rc == 1;
	return rc < 0 ? git_failed(e, "cannot read the history") : 0;
}

static int try_move(struct store *s, struct intent *intent,
	const struct changes *c, bool *done, struct err *e)
{
	git_oid tip;
	int code = store_tip(s, &tip, e);

	if (code == 0)
		code = is_on_branch(s, intent, &tip, done, e);
	if (code != 0 || *done)
		return code;
	if (git_oid_is_zero(&tip))
		intent->old = tip; /* the branch was deleted: it comes back */
	else if (!git_oid_equal(&tip, &intent->old))
		code = make_anew(s, intent, &tip, c, e);
	return code == 0 ? swap(s, intent, done, e) : code;
}

static int try_often(struct store *s, struct intent *intent,
	const struct changes *c, struct err *e)
{
	const struct timespec pause = {.tv_nsec = PAUSE};
	bool done = false;
	int code = 0;

	for (int i = 0; code == 0 && !done; i++) {
		if (i == TRIES)
			return err_set(e, ERR_LOCKED,
				"%s is kept locked by a git: it is tried again",
				s->ref);
		if (i > 0)
			nanosleep(&pause, NULL);
		code = try_move(s, intent, c, &done, e);
	}
	return code;
}

/* Once it was made, it is a person's to delete. */
static int make_kept(struct store *s, struct intent *intent, struct err *e)
{
	int code;

	if (git_oid_is_zero(&intent->kept.commit) ||
		intent->kept.branch[0] == '\0')
		return 0;
	code = kept_create(s, intent->run, &intent->kept, e);
	if (code != 0)
		return code;
	intent->kept.branch[0] = '\0';
	return state_exec(s->state, "UPDATE intent SET kept_branch = ''", e);
}

static int move_branch(struct store *s, struct intent *intent,
	const struct changes *c, struct err *e)
{
	int code = make_kept(s, intent, e);

	if (code == 0)
		code = try_often(s, intent, c, e);
	branch_unprepare(s);
	return code;
}

/* --- The work tree -------------------------------------------------------- */

/* What was kept before the commit need not be kept again. */
static int forget_kept(struct store *s, const struct intent *intent,
	struct changes *c, size_t *n, struct err *e)
{
	git_oid tree;
	struct spot spot;
	int code = tree_of(s->repo, &intent->kept.commit, &tree, e);

	for (size_t i = 0; code == 0 && i < c->n; i++) {
		struct worktree_change *at = &c->items[i];

		if (!at->foreign)
			continue;
		code = tree_find(&s->trees, &tree, at->path, &spot, e);
		if (code != 0 || spot.kind != SPOT_FILE ||
			!git_oid_equal(&spot.oid, &at->kept_oid))
			continue;
		at->foreign = at->staged = false;
		(*n)--;
	}
	return code;
}

/*
 * Files of others that were edited, and what is no file, stay as they are;
 * git status shows them, as after a git pull that was refused.
 */
static void leave_theirs(struct changes *c, size_t *n_foreign)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct worktree_change *at = &c->items[i];
		bool plain = at->mode == 0 || at->mode == GIT_FILEMODE_BLOB ||
			     at->mode == GIT_FILEMODE_BLOB_EXECUTABLE;

		if (at->theirs && (at->foreign || (at->has && !plain)))
			*n_foreign -= at->foreign;
		else
			c->items[n++] = *at;
	}
	c->n = n;
}

/* Edits that were made since the commit (most often: while we were dead). */
static int keep_late(struct store *s, const struct intent *intent,
	const git_oid *tip, struct changes *c, struct err *e)
{
	struct kept kept = {0};
	int code = kept_make(s, intent->run, tip, c, &kept, e);

	if (code == 0)
		code = objects_seal(s->objects, e);
	if (code == 0)
		code = kept_create(s, intent->run, &kept, e);
	for (size_t i = 0; code == 0 && i < c->n; i++)
		if (c->items[i].foreign)
			code = intent_log_kept(s, intent->run, c->items[i].path,
				kept.branch, e);
	return code;
}

/* --- All of it ------------------------------------------------------------ */

/* A promise that is being kept. */
struct keeping {
	struct intent intent;
	struct changes changes;
	git_oid old; /* where the branch was when it was promised, */
	git_oid tip; /* and where it came to be */
	bool moved;  /* it did: only the work tree may be left to do */
	bool later;  /* which may be done beside what comes next, */
	bool begun;  /* and is, */
	bool left;   /* or was not, as another git is at work there */
	bool late;   /* nobody waits for the commit: it was promised before */
};

static void keeping_free(struct keeping *k)
{
	changes_fini(&k->changes);
	free(k);
}

static int apply(struct store *s, struct keeping *k, struct err *e)
{
	struct changes *c = &k->changes;

	k->begun = k->later && worktree_begin(s->worktree, c->items, c->n);
	return k->begun ? 0 : worktree_apply(s->worktree, c->items, c->n, e);
}

/* On what others committed not all of it could be put. */
static int prune(
	struct store *s, const git_oid *tip, struct changes *c, struct err *e)
{
	git_oid tree;
	int code = tree_of(s->repo, tip, &tree, e);

	return code == 0 ? changes_prune(s, &tree, c, e) : code;
}

/*
 * While one file is blocked, the next commits put others into place: these
 * are as the branch had them, though not as when they were promised first.
 */
static int inspect(
	struct store *s, struct keeping *k, size_t *n_foreign, struct err *e)
{
	struct changes *c = &k->changes;
	git_oid tree;
	int code = worktree_inspect(s->worktree, c->items, c->n, n_foreign, e);

	if (code != 0 || *n_foreign == 0)
		return code;
	if (tree_of(s->repo, &k->old, &tree, NULL) != 0)
		tree = (git_oid){{0}};
	return changes_were_ours(s, &tree, c, n_foreign, e);
}

static int update_files(struct store *s, struct keeping *k, struct err *e)
{
	struct changes *c = &k->changes;
	size_t n_foreign = 0;
	git_oid before;
	int code = tree_of(s->repo, &k->intent.old, &before, e);

	if (code == 0 && (git_oid_is_zero(&k->tip) ||
				 !git_oid_equal(&k->tip, &s->promised)))
		code = prune(s, &k->tip, c, e);
	if (code == 0)
		code = inspect(s, k, &n_foreign, e);
	if (code == 0 && !worktree_index_rests(s->worktree))
		code = changes_kept_in_index(s, &before, c, &n_foreign, e);
	if (code == 0)
		leave_theirs(c, &n_foreign);
	if (code == 0 && n_foreign > 0)
		code = forget_kept(s, &k->intent, c, &n_foreign, e);
	if (code == 0 && n_foreign > 0)
		code = keep_late(s, &k->intent, &k->tip, c, e);
	return code == 0 ? apply(s, k, e) : code;
}

/*
 * Nobody goes to another branch meanwhile; who just did is left alone.  Where
 * nobody knows what the work tree shows it stays promised.
 */
static int update_worktree(struct store *s, struct keeping *k, struct err *e)
{
	enum shown shown = store_shown(s);
	int code = 0;

	if (shown == SHOWS_OURS) {
		code = worktree_hold(s->worktree, e);
		if (code != 0 && k->later) {
			k->left = true;
			return 0;
		}
		shown = store_shown(s);
		if (code == 0 && shown == SHOWS_OURS)
			code = update_files(s, k, e);
		if (!k->begun)
			worktree_release(s->worktree);
	}
	k->left = shown == SHOWS_UNKNOWN;
	return code;
}

/*
 * A commit that was lost before it came to the branch, or was taken from it
 * and removed since: what lacks now is found, and made again.
 */
static int give_up_lost(struct store *s, struct keeping *k, struct err *e)
{
	struct intent *intent = &k->intent;
	git_oid tip;
	int code = store_tip(s, &tip, e);

	if (code != 0 || git_oid_equal(&tip, &intent->new) ||
		(git_oid_equal(&tip, &intent->old) &&
			git_oid_equal(&intent->new, &s->promised)) ||
		heal_is_whole(s, &intent->new))
		return code;
	store_tell(s, LOG_LEVEL_WARNING,
		"commit %.10s, which was to be on %s, cannot be read: what was "
		"in it is made again",
		git_oid_tostr_s(&intent->new), s->ref);
	intent->old = intent->new = tip;
	if (!heal_is_whole(s, &intent->kept.commit))
		intent->kept.commit = (git_oid){{0}};
	k->changes.n = 0;
	return 0;
}

/* Its branch was deleted, say, and git gc has removed it. */
static void give_up_kept(struct store *s, struct intent *intent)
{
	git_commit *commit = NULL;
	struct kept *kept = &intent->kept;

	if (git_oid_is_zero(&kept->commit))
		return;
	if (git_commit_lookup(&commit, s->repo, &kept->commit) ==
		GIT_ENOTFOUND) {
		if (kept->branch[0] != '\0')
			store_tell(s, LOG_LEVEL_WARNING,
				"commit %.10s, which was to be kept on %s, is "
				"gone",
				git_oid_tostr_s(&kept->commit), kept->branch);
		*kept = (struct kept){0};
		state_exec(s->state,
			"UPDATE intent SET kept = NULL, kept_branch = ''",
			NULL); /* else it is told again */
	}
	git_commit_free(commit);
}

static int keep_promise(struct store *s, struct keeping *k, struct err *e)
{
	int code = changes_intended(s->state, &k->changes, e);
	int synced = 0;

	give_up_kept(s, &k->intent);
	if (code == 0)
		code = give_up_lost(s, k, e);
	if (code == 0)
		code = move_branch(s, &k->intent, &k->changes, e);
	if (code == 0)
		code = store_tip(s, &k->tip, e);
	if (code == 0 && k->later)
		code = branch_sync(s, e);
	if (code != 0)
		return code;
	code = update_worktree(s, k, e);
	if (!k->later)
		synced = branch_sync(s, code == 0 ? e : NULL);
	if (synced == 0)
		synced = intent_log_commit(
			s, &k->intent, k->late, code == 0 ? e : NULL);
	k->moved = synced == 0;
	if (code == 0)
		code = synced;
	return code == 0 && !k->begun && !k->left
		       ? intent_delete(s, &k->intent.new, e)
		       : code;
}

void intent_catch_up(struct store *s)
{
	struct keeping *k = s->begun;
	int code;

	if (k == NULL)
		return;
	s->begun = NULL;
	code = worktree_end(s->worktree, NULL);
	/* The disk tells an error once: it may be of what is written ahead. */
	if (code != 0) {
		worktree_expect_none(s->worktree);
		s->seen_tip = (git_oid){{0}};
	} else if (intent_delete(s, &k->intent.new, NULL) != 0) {
		s->seen_tip = (git_oid){{0}};
	}
	keeping_free(k);
}

/* Do what k says, and dispose of it. */
static int keep(struct store *s, struct keeping *k, git_oid *commit,
	bool *ref_done, struct err *e)
{
	struct intent *intent = &k->intent;
	bool found = false;
	int code;

	intent_catch_up(s);
	code = store_check_place(s, e);
	if (code == 0)
		code = intent_load(s->state, intent, &found, e);
	k->old = intent->old;
	if (code == 0 && found)
		code = keep_promise(s, k, e);
	else if (code == 0)
		k->moved = true;
	/* Where nobody else moved the branch, it needs no new look. */
	if (code == 0 && found && !k->left &&
		git_oid_equal(&k->old, &s->seen_tip) &&
		git_oid_equal(&intent->old, &k->old) &&
		git_oid_equal(&k->tip, &intent->new))
		s->seen_tip = k->tip;
	if (commit != NULL && k->moved &&
		!git_oid_equal(&intent->new, &intent->old))
		*commit = intent->new;
	if (ref_done != NULL)
		*ref_done = k->moved;
	if (k->begun)
		s->begun = k;
	else
		keeping_free(k);
	return code;
}

int intent_finish(
	struct store *s, git_oid *commit, bool *ref_done, struct err *e)
{
	struct keeping *k = xcalloc(1, sizeof(*k));

	k->late = commit == NULL;
	return keep(s, k, commit, ref_done, e);
}

int intent_begin(struct store *s, git_oid *commit, struct err *e)
{
	struct keeping *k = xcalloc(1, sizeof(*k));

	k->later = true;
	return keep(s, k, commit, NULL, e);
}

int intent_settle(struct store *s, struct err *e)
{
	struct err fault = {0};
	bool ref_done = false;
	int code = intent_finish(s, NULL, &ref_done, &fault);

	if (code == 0 || ref_done)
		return 0;
	if (e != NULL)
		*e = fault;
	return code;
}
