/*
 * commit - all that is staged, in one step that cannot be half done.
 *
 *   what was promised earlier is kept -> settled -> trees and commits made
 *   -> a person's edits found -> objects sealed, rows and intent written
 *   -> their transaction ended (the commit point) -> the intent is kept
 *   (intent.c)
 *
 * Before the transaction ends nothing has happened: objects that nothing
 * names do no harm, and all stays staged.  Behind it the commit is certain:
 * whoever opens the store next finishes it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/branch.h"
#include "store/content.h"
#include "store/git_error.h"
#include "store/git_names.h"
#include "store/history.h"
#include "store/intent.h"
#include "store/notes.h"
#include "store/staging.h"
#include "store/trees.h"

static char *message_of(const struct store *s, const struct store_commit *c,
	const struct notes *notes)
{
	struct buf message = {0};
	char run[32];

	snprintf(run, sizeof(run), "%lld", (long long)c->run);
	buf_printf(&message, "%s\n\n", c->subject);
	if (c->body != NULL && c->body[0] != '\0') {
		buf_puts(&message, c->body);
		while (message.n > 0 && message.p[message.n - 1] == '\n')
			message.n--;
		buf_puts(&message, "\n\n");
	}
	history_put_trailer(&message, "Instance", s->instance);
	history_put_trailer(&message, "Run", run);
	history_put_trailer(&message, "Cursor", c->cursor);
	history_put_trailer(&message, "Mapping", c->mapping);
	notes_put(notes, &message);
	return buf_take(&message);
}

/* What a commit works with. */
struct job {
	struct store *store;
	struct store_commit *commit;
	struct changes changes;
	struct intent intent;
	git_oid tree;       /* of the branch's commit, */
	git_oid without;    /* and less the files that go */
	struct notes notes; /* trailers that are due; */
	bool says;          /* for them alone a commit is made, too */
};

static int make_author(const struct store *s, const struct store_commit *c,
	git_signature **out, struct err *e)
{
	int64_t stamp = c->author_time > 0 ? c->author_time : stamp_now();

	stamp /= STAMP_SECOND;
	if (c->author_name != NULL &&
		git_names_check_author(c->author_name, NULL) == 0 &&
		git_signature_new(
			out, c->author_name, c->author_email, stamp, 0) == 0)
		return 0;
	if (git_signature_new(out, s->author_name, s->author_email, stamp, 0) !=
		0)
		return git_failed(e, "cannot make a commit");
	return 0;
}

static int make_commit(struct job *j, const git_oid *tree, struct err *e)
{
	struct store *s = j->store;
	const struct store_commit *c = j->commit;
	struct commit_parts parts = {.parent = &j->intent.old, .tree = tree};
	git_signature *author;
	char *message;
	int code = make_author(s, c, &author, e);

	if (code != 0)
		return code;
	message = message_of(s, c, &j->notes);
	parts.author = author;
	parts.message = message;
	code = commit_make(s, &parts, &j->intent.new, e);
	free(message);
	git_signature_free(author);
	return code;
}

/* Whoever finds another place since then is staged there. */
static int give_up_refused(struct job *j, struct err *e)
{
	const struct store_commit *c = j->commit;
	int code = staging_refuse(j->store->state, c->refused, c->arg, e);

	if (code == 0 && c->go_on != NULL)
		code = c->go_on(c->arg, e);
	j->store->looked = false; /* the branch has another commit soon */
	return code;
}

/* Documents that cannot be made wait, or are given up. */
static int settle_all(struct job *j, struct err *e)
{
	struct store *s = j->store;
	size_t n_refused = 1;
	int code = staging_try_again(s->state, e);

	while (code == 0 && n_refused > 0) {
		code = changes_settle(
			s, &j->tree, &j->changes, &j->without, &n_refused, e);
		if (code == 0 && n_refused > 0 && !j->commit->partial)
			code = give_up_refused(j, e);
	}
	return code;
}

static int settle(struct job *j, struct err *e)
{
	struct store *s = j->store;
	int code = store_tip(s, &j->intent.old, e);

	j->intent.new = j->intent.old;
	if (code == 0)
		code = notes_due(s, &j->notes, e);
	j->says = notes_any(&j->notes) && !j->commit->partial &&
		  !git_oid_is_zero(&j->intent.old);
	if (code == 0)
		code = tree_of(s->repo, &j->intent.old, &j->tree, e);
	if (code == 0)
		code = settle_all(j, e);
	if (code == 0 && j->commit->settled != NULL)
		j->commit->settled(j->commit->arg);
	j->intent.run = j->commit->run;
	return code;
}

static void tell_kept(const struct job *j)
{
	const struct store_commit *c = j->commit;

	for (size_t i = 0; c->kept != NULL && i < j->changes.n; i++)
		if (j->changes.items[i].foreign)
			c->kept(c->arg, j->changes.of[i].work_package,
				str_of(j->changes.items[i].path),
				c->kept_branch);
}

/* Edits of a person, in the work tree or committed, go to their branch. */
static int keep_edits(struct job *j, struct err *e)
{
	struct store *s = j->store;
	struct changes *c = &j->changes;
	const git_oid none = {{0}};
	size_t n = 0;
	int code = 0;

	if (store_is_checked_out(s))
		code = worktree_inspect(s->worktree, c->items, c->n, &n, e);
	if (code == 0 && n > 0)
		code = changes_were_ours(s, &none, c, &n, e);
	if (code == 0 && store_is_checked_out(s))
		code = changes_kept_in_index(s, &j->tree, c, &n, e);
	if (code == 0)
		code = changes_kept_in_tree(s, &j->tree, c, &n, e);
	j->commit->n_kept = n;
	if (code != 0 || n == 0)
		return code;
	code = kept_make(
		s, j->commit->run, &j->intent.old, c, &j->intent.kept, e);
	snprintf(j->commit->kept_branch, sizeof(j->commit->kept_branch), "%s",
		j->intent.kept.branch);
	if (code == 0)
		tell_kept(j);
	return code;
}

static int make_objects(struct job *j, struct err *e)
{
	struct store *s = j->store;
	struct changes *c = &j->changes;
	git_oid tree;
	int code = tree_with(&s->trees, &j->without, c->items, c->n, &tree, e);

	if (code != 0)
		return code;
	return git_oid_equal(&tree, &j->tree) && !j->says
		       ? 0
		       : make_commit(j, &tree, e);
}

static int write_rows(struct job *j, struct err *e)
{
	struct state *s = j->store->state;
	bool made = !git_oid_equal(&j->intent.new, &j->intent.old);
	int code = staging_apply(s, e);

	if (code == 0)
		code = staged_reads_apply(&j->store->reads, s, e);
	if (code == 0 && (made || j->changes.n > 0)) {
		code = history_note_rows(j->store, &j->intent.new, e);
		if (code == 0)
			code = intent_put(s, &j->intent, &j->changes, e);
	}
	if (code == 0 && made)
		code = notes_said(j->store, &j->notes, e);
	return code;
}

/*
 * What will be renamed into place goes to the disk with the objects, and waits
 * for it with them.  What fails here is done when its turn comes.
 */
static void write_ahead(struct job *j)
{
	struct store *s = j->store;

	if (!git_oid_equal(&j->intent.new, &j->intent.old))
		branch_prepare(s, &j->intent.new);
	if (objects_are_few(s->objects) && store_is_checked_out(s))
		worktree_prepare(s->worktree, j->changes.items, j->changes.n);
}

/* The objects are on disk before the transaction ends. */
static int record(struct job *j, struct err *e)
{
	struct store *store = j->store;
	struct state *s = store->state;
	int code = state_begin(s, e);
	int sealed;

	if (code != 0)
		return code;
	objects_seal_begin(store->objects);
	code = write_rows(j, e);
	if (code == 0)
		write_ahead(j);
	sealed = objects_seal_end(store->objects, code == 0 ? e : NULL);
	branch_prepare_sync(store);
	if (store->worktree != NULL)
		worktree_prepare_sync(store->worktree);
	if (code == 0)
		code = sealed;
	if (code == 0)
		code = contents_check(store, &j->changes, e);
	code = state_end(s, code, e);
	if (code != 0)
		return code;
	staged_reads_clear(&store->reads);
	store->staged_bytes = 0;
	return 0;
}

static int prepare(struct job *j, struct err *e)
{
	struct store *s = j->store;
	int code = settle(j, e);

	if (code == 0 && (j->says || j->changes.n > 0))
		code = make_objects(j, e);
	if (code == 0 && s->begun != NULL) /* beside all that */
		code = intent_settle(s, e);
	if (code == 0 && j->changes.n > 0)
		code = keep_edits(j, e);
	code = trees_blame(code, &j->intent.old, e);
	trees_let_go(&s->trees); /* the branch has another soon */
	return code == 0 ? record(j, e) : code;
}

static int commit_staged(struct store *s, struct store_commit *c, struct err *e)
{
	struct job j = {
		.store = s,
		.commit = c,
	};
	git_oid made = {{0}};
	int code = prepare(&j, e);

	c->promised = code == 0;
	if (code == 0)
		s->promised = j.intent.new;
	if (code == 0 && c->partial)
		code = intent_begin(s, &made, e);
	else if (code == 0)
		code = intent_finish(s, &made, NULL, e);
	branch_unprepare(s);
	worktree_unprepare(s->worktree);
	if (!c->partial)
		worktree_expect_none(s->worktree);
	if (!c->partial && c->promised)
		contents_forget(s);
	worktree_forget_index(s->worktree);
	for (size_t i = 0; i < j.changes.n; i++)
		watch_touch(s->watch, j.changes.items[i].path);
	for (size_t i = 0; code == 0 && i < j.changes.n; i++)
		if (j.changes.items[i].has)
			attributes_look(s, j.changes.items[i].path,
				&j.changes.items[i].new_oid);
	if (!git_oid_is_zero(&made))
		git_oid_tostr(c->id, sizeof(c->id), &made);
	changes_fini(&j.changes);
	notes_fini(&j.notes);
	return code;
}

int store_settle(struct store *s, struct store_commit *c, struct err *e)
{
	struct job j = {.store = s, .commit = c};
	int code;

	store_let_go(s);
	intent_catch_up(s);
	code = settle(&j, e);
	trees_let_go(&s->trees);
	changes_fini(&j.changes);
	notes_fini(&j.notes);
	return code;
}

void store_let_go(struct store *s)
{
	struct err e = {0};

	if (state_let_go(s->state, &e) != 0 && s->broken.code == 0)
		s->broken = e;
}

/*
 * While files of an earlier one are written, the next may be made as far as it
 * touches none.  What seems to be in its way then waits, as for a later one.
 */
int store_commit(struct store *s, struct store_commit *c, struct err *e)
{
	struct err late = {0};
	bool ref_done = false;
	bool any = false;
	int code = 0;

	store_let_go(s);
	s->looked = false;
	c->promised = false;
	c->id[0] = '\0';
	c->n_kept = 0;
	c->kept_branch[0] = '\0';
	if (s->broken.code != 0) {
		if (e != NULL)
			*e = s->broken;
		return s->broken.code;
	}
	if (s->begun == NULL || !c->partial)
		code = intent_finish(s, NULL, &ref_done, &late);
	if (code == 0 || ref_done) {
		int asked = staging_any(s->state, &any, e);

		if (asked == 0 && !any && !c->partial)
			asked = store_has_notes(s, &any, e);
		if (asked != 0)
			return asked;
		if (any || staged_reads_any(&s->reads))
			return commit_staged(s, c, e);
	}
	if (code != 0 && e != NULL)
		*e = late;
	return code;
}

int store_restored(
	struct store *s, store_adrift_fn *fn, void *arg, struct err *e)
{
	return staging_restored(s->state, fn, arg, e);
}

void store_discard(struct store *s)
{
	struct err e = {0};

	store_let_go(s);
	intent_catch_up(s);
	objects_drop(s->objects);
	contents_forget(s);
	worktree_expect_none(s->worktree);
	s->looked = false;
	s->seen_tip = (git_oid){{0}}; /* what was found is found again */
	s->look_at = 0;
	s->broken = (struct err){0};
	staged_reads_clear(&s->reads);
	s->staged_bytes = 0;
	if (staging_clear(s->state, &e) != 0)
		s->broken = e;
}
