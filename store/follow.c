/*
 * follow - the branch as somebody else has moved it (on a remote).
 *
 *   nothing of ours is new            -> to their commit
 *   commits of our own, unknown here  -> to their commit; the state is older
 *                                        than that and is made again
 *   else: each of our commits once more on top of theirs: its paths over
 *   their tree; a person's only if nobody else changed its files
 *
 * Then as every commit: objects sealed, intent, branch, work tree.  In the
 * work tree a file of others is brought along like git pull does, unless it
 * was edited.  What does not fit stays on a branch of its own.  Where another
 * instance wrote something else to a path that is ours, nothing is done; what
 * is not ours any more is left to it.
 */
#include "store/store.h"

#include <stdio.h>

#include "base/util.h"
#include "store/git_error.h"
#include "store/history.h"
#include "store/intent.h"
#include "store/notes.h"
#include "store/trees.h"

struct following {
	struct store *store;
	struct store_follow *out;
	git_oid ours;   /* the branch */
	git_oid theirs; /* what it follows */
	git_oid their_tree;
	git_oid base; /* the zero id: they have nothing in common */
	git_oid new;
	bool ahead;  /* ours has commits that theirs has not */
	bool behind; /* theirs has more commits of our instance */
	bool left;   /* a person's commit did not fit */
};

/* --- Their commits and ours ----------------------------------------------- */

static int cannot_walk(const struct store *s, struct err *e)
{
	if (git_repository_is_shallow(s->repo) != 1)
		return git_failed(e, "cannot read the history");
	return history_ends_early(s, ERR_IO, e);
}

typedef int commit_fn(struct following *f, git_commit *commit, struct err *e);

/* Commits of one that the other has not, the oldest first or last. */
static int each_commit(struct following *f, const git_oid *one,
	const git_oid *other, unsigned order, commit_fn *fn, struct err *e)
{
	git_revwalk *walk = NULL;
	git_commit *commit;
	git_oid oid;
	int code = 0;
	int rc = 0;

	if (git_revwalk_new(&walk, f->store->repo) != 0 ||
		git_revwalk_push(walk, one) != 0 ||
		history_hide(f->store, walk, one, other) != 0)
		code = cannot_walk(f->store, e);
	else
		git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | order);
	while (code == 0 && (rc = git_revwalk_next(&oid, walk)) == 0) {
		store_gets_on(f->store);
		if (git_commit_lookup(&commit, f->store->repo, &oid) != 0) {
			code = git_failed(e, "cannot read commit %s",
				git_oid_tostr_s(&oid));
			break;
		}
		code = fn(f, commit, e);
		git_commit_free(commit);
	}
	if (code == 0 && rc != GIT_ITEROVER)
		code = cannot_walk(f->store, e);
	git_revwalk_free(walk);
	return code;
}

/* --- Who else writes what ------------------------------------------------- */

struct noting {
	struct following *f;
	struct str instance;
};

/* From the newest commit on: the last that names itself wrote it. */
static int note_theirs(void *arg, const git_diff_delta *delta, struct err *e)
{
	const struct noting *n = arg;
	struct query q = query_open(n->f->store->state,
		"INSERT INTO their (path, instance) VALUES (?, ?)"
		" ON CONFLICT (path) DO UPDATE SET"
		" instance = coalesce(instance, excluded.instance)");

	bind_text(&q, str_of(delta->new_file.path));
	bind_text(&q, n->instance);
	return query_run(&q, e);
}

static int note_commit(
	void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct noting n = {.f = arg};
	struct buf name = {0};
	int code;

	(void)on;
	if (history_instance(commit, &name))
		n.instance = buf_str(&name);
	code = history_deltas(n.f->store, commit, note_theirs, &n, e);
	buf_fini(&name);
	return code;
}

/* Table their (path, instance or NULL): what theirs changed since base. */
static int note_all(struct following *f, struct err *e)
{
	int code = state_exec(f->store->state,
		"CREATE TEMP TABLE IF NOT EXISTS their (path TEXT PRIMARY KEY,"
		" instance TEXT) WITHOUT ROWID; DELETE FROM their",
		e);

	if (code == 0)
		code = tree_of(f->store->repo, &f->theirs, &f->their_tree, e);
	return code == 0 ? history_walk(f->store, &f->theirs, &f->ours,
				   note_commit, f, e)
			 : code;
}

/* Did they change a path?  instance gets who, if it was one. */
static int changed_there(struct following *f, const char *path, bool *changed,
	struct buf *instance, struct err *e)
{
	struct query q = query_open(
		f->store->state, "SELECT instance FROM their WHERE path = ?");

	bind_text(&q, str_of(path));
	buf_clear(instance);
	*changed = query_next(&q);
	if (*changed)
		buf_add_str(instance, column_text(&q));
	return query_close(&q, e);
}

/* A file of ours is there what it is not here, as another instance made it. */
static int check_ours(struct following *f, struct query *q, struct err *e)
{
	struct str path = column_text(q);
	struct str instance = column_text(q);
	struct spot spot;
	git_oid oid;
	int code;

	if (history_is_our_name(f->store, instance) || !column_oid(q, &oid))
		return 0;
	code = tree_find(&f->store->trees, &f->their_tree, path.p, &spot, e);
	if (code != 0 || spot.kind != SPOT_FILE ||
		git_oid_equal(&spot.oid, &oid))
		return code;
	return err_set(e, ERR_CONFIG,
		"the instances %s (this one) and %s both write %s: nothing is "
		"pushed until one of them is given another path or another "
		"branch",
		f->store->instance, instance.p, path.p);
}

static int check_all_ours(struct following *f, struct err *e)
{
	struct query q = query_open(f->store->state,
		"SELECT path, instance, oid FROM their JOIN file USING (path)"
		" WHERE instance IS NOT NULL ORDER BY path");

	while (query_next(&q))
		query_take(&q, check_ours(f, &q, &q.err));
	return query_close(&q, e);
}

/* --- A commit once more --------------------------------------------------- */

struct again {
	struct following *f;
	struct changes changes;
	git_oid tree; /* that it goes onto */
	bool ours;
	bool fits;
};

/*
 * What has our own name is there what it is not here, and no news: somebody
 * made the history anew.  Which of both is meant, only a person knows.
 */
static int rewritten(const struct store *s, const char *path, struct err *e)
{
	return err_set(e, ERR_CONFIG,
		"the history on the remote was rewritten (%s is another there, "
		"by %s itself): nothing is pushed until the store takes that "
		"one ('git fetch REMOTE BRANCH && git reset --hard FETCH_HEAD' "
		"in %s) or the remote takes this one ('git push --force REMOTE "
		"BRANCH' there)",
		path, s->instance, s->path);
}

/* *yields: what another instance has there is what we have, or not ours. */
static int check_theirs(struct again *a, const struct worktree_change *c,
	bool *yields, struct err *e)
{
	struct following *f = a->f;
	struct buf instance = {0};
	struct spot spot;
	bool changed;
	bool other;
	bool equal;
	int code = changed_there(f, c->path, &changed, &instance, e);

	other = a->ours && instance.n > 0 &&
		!history_is_our_name(f->store, buf_str(&instance));
	if (code == 0 && changed)
		code = tree_find(&f->store->trees,
			other ? &f->their_tree : &a->tree, c->path, &spot, e);
	if (code == 0 && changed) {
		equal = c->has ? spot.kind == SPOT_FILE &&
					 git_oid_equal(&spot.oid, &c->new_oid)
			       : spot.kind == SPOT_FREE;
		*yields = other && spot.kind == SPOT_FILE;
		if (!equal && !a->ours)
			a->fits = false;
		else if (!equal && !other && instance.n > 0)
			code = rewritten(f->store, c->path, e);
	}
	buf_fini(&instance);
	return code;
}

/* One more change, for a file that differs between two trees. */
static struct worktree_change *note_delta(
	struct changes *c, const git_diff_delta *delta)
{
	struct worktree_change *to;

	c->items = grow(c->items, c->n, &c->cap, sizeof(*c->items));
	to = &c->items[c->n++];
	*to = (struct worktree_change){
		.path = arena_str(&c->texts, str_of(delta->new_file.path)).p,
		.had = delta->status != GIT_DELTA_ADDED,
		.old_oid = delta->old_file.id,
		.has = delta->status != GIT_DELTA_DELETED,
		.new_oid = delta->new_file.id,
		.mode = delta->new_file.mode,
		.document = true,
	};
	return to;
}

static int add_change(void *arg, const git_diff_delta *delta, struct err *e)
{
	struct again *a = arg;
	bool yields = false;
	int code = check_theirs(a, note_delta(&a->changes, delta), &yields, e);

	if (yields)
		a->changes.n--;
	return code;
}

static int make(
	struct following *f, git_commit *commit, struct again *a, struct err *e)
{
	struct store *s = f->store;
	struct commit_parts parts = {.parent = &f->new,
		.message = git_commit_message(commit),
		.author = git_commit_author(commit)};
	git_oid tree;
	int code = tree_changed(
		&s->trees, &a->tree, a->changes.items, a->changes.n, &tree, e);

	code = trees_blame(code, &f->new, e);
	parts.tree = &tree;
	if (code == 0 && (!git_oid_equal(&tree, &a->tree) ||
				 (a->ours && notes_are_in(commit)))) {
		code = commit_make(s, &parts, &f->new, e);
		f->out->n_again++;
	}
	return code;
}

static int make_again(struct following *f, git_commit *commit, struct err *e)
{
	struct again a = {.f = f,
		.ours = history_is_ours(f->store, commit),
		.fits = true};
	int code = tree_of(f->store->repo, &f->new, &a.tree, e);

	if (code == 0)
		code = history_deltas(f->store, commit, add_change, &a, e);
	if (code == 0 && a.fits)
		code = make(f, commit, &a, e);
	f->left |= !a.fits;
	changes_fini(&a.changes);
	return code;
}

/* A person's commit, where ours are given up for what is newer. */
static int see_left(struct following *f, git_commit *commit, struct err *e)
{
	(void)e;
	if (!history_is_ours(f->store, commit))
		f->left = true;
	return 0;
}

/* --- Going there ---------------------------------------------------------- */

static int add_step(struct following *f, const git_diff_delta *delta,
	struct changes *c, struct err *e)
{
	int64_t owner;
	bool ours = false;
	int code = state_owner(f->store->state, str_of(delta->new_file.path),
		&ours, &owner, e);

	if (code != 0)
		return code;
	note_delta(c, delta)->theirs = !ours;
	return 0;
}

static int add_steps(struct following *f, git_tree *before, git_tree *after,
	struct changes *c, struct err *e)
{
	git_diff *diff = NULL;
	int code = history_compare(f->store, before, after, &diff, e);

	for (size_t i = 0; code == 0 && i < git_diff_num_deltas(diff); i++)
		code = add_step(f, git_diff_get_delta(diff, i), c, e);
	git_diff_free(diff);
	return code;
}

static int list_steps(struct following *f, struct changes *c, struct err *e)
{
	git_oid ids[2];
	git_tree *trees[2] = {NULL, NULL};
	int code = tree_of(f->store->repo, &f->ours, &ids[0], e);

	if (code == 0)
		code = tree_of(f->store->repo, &f->new, &ids[1], e);
	for (int i = 0; code == 0 && i < 2; i++)
		if (!git_oid_is_zero(&ids[i]) &&
			git_tree_lookup(&trees[i], f->store->repo, &ids[i]) !=
				0)
			code = git_failed(e, "cannot read a tree");
	if (code == 0)
		code = add_steps(f, trees[0], trees[1], c, e);
	git_tree_free(trees[0]);
	git_tree_free(trees[1]);
	return code;
}

static int promise(struct following *f, const struct intent *intent,
	const struct changes *c, struct err *e)
{
	struct state *s = f->store->state;
	int code = state_begin(s, e);

	if (code != 0)
		return code;
	code = intent_put(s, intent, c, e);
	if (code == 0 && f->behind)
		code = history_put_behind(f->store, &f->new, e);
	return state_end(s, code, e);
}

/* What the state lacks is also on a branch that the work tree waits for. */
static int look_back(struct following *f, int code, struct err *e)
{
	bool again;
	int checked = history_check(f->store, &again, code == 0 ? e : NULL);

	f->out->again |= again;
	return code == 0 ? checked : code;
}

static int go(struct following *f, struct err *e)
{
	struct store *s = f->store;
	struct intent intent = {.old = f->ours, .new = f->new};
	struct changes c = {0};
	bool ref_done = false;
	int code = 0;

	if (f->left) {
		intent.kept.commit = f->ours;
		code = kept_name(s, 0, intent.kept.branch, e);
		snprintf(f->out->kept_branch, sizeof(f->out->kept_branch), "%s",
			intent.kept.branch);
	}
	if (code == 0)
		code = list_steps(f, &c, e);
	if (code == 0)
		code = objects_seal(s->objects, e);
	if (code == 0)
		code = promise(f, &intent, &c, e);
	changes_fini(&c);
	if (code == 0)
		code = intent_finish(s, NULL, &ref_done, e);
	f->out->moved = ref_done;
	s->seen_tip = (git_oid){{0}}; /* they may have changed ours */
	s->look_at = 0;
	return ref_done ? look_back(f, code, e) : code;
}

static int prepare(struct following *f, struct err *e)
{
	int code =
		history_has_more(f->store, &f->theirs, &f->ours, &f->behind, e);

	f->new = f->theirs;
	if (code == 0 && f->behind)
		return f->ahead ? each_commit(f, &f->ours, &f->theirs,
					  GIT_SORT_NONE, see_left, e)
				: 0;
	if (code == 0)
		code = note_all(f, e);
	if (code == 0)
		code = check_all_ours(f, e);
	if (code == 0 && f->ahead)
		code = each_commit(f, &f->ours, &f->theirs, GIT_SORT_REVERSE,
			make_again, e);
	return code;
}

/* *there false: there is nothing to follow. */
static int find_ends(
	struct following *f, const char *ref, bool *there, struct err *e)
{
	struct store *s = f->store;
	int rc = git_reference_name_to_id(&f->theirs, s->repo, ref);
	int code;

	*there = false;
	if (rc == GIT_ENOTFOUND)
		return 0;
	if (rc != 0)
		return git_failed(e, "cannot read %s", ref);
	code = store_tip(s, &f->ours, e);
	if (code != 0 || git_oid_equal(&f->ours, &f->theirs))
		return code;
	if (!git_oid_is_zero(&f->ours)) {
		rc = git_merge_base(&f->base, s->repo, &f->ours, &f->theirs);
		if (rc == GIT_ENOTFOUND)
			f->base = (git_oid){{0}};
		else if (rc != 0)
			return cannot_walk(s, e);
	}
	f->ahead = !git_oid_equal(&f->base, &f->ours);
	*there = !git_oid_equal(&f->base, &f->theirs);
	return 0;
}

int store_follow(struct store *s, const char *ref, struct store_follow *out,
	struct err *e)
{
	struct following f = {.store = s, .out = out};
	bool there = false;
	int code = intent_settle(s, e);

	*out = (struct store_follow){0};
	if (code == 0)
		code = store_check_history(s, &out->again, e);
	if (code == 0)
		code = find_ends(&f, ref, &there, e);
	if (code != 0 || !there)
		return code;
	code = prepare(&f, e);
	if (code == 0)
		code = go(&f, e);
	else
		objects_drop(s->objects);
	return code;
}
