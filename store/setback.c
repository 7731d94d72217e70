/*
 * setback - a branch from which commits of ours are gone.
 *
 *   known tip --> commits of ours that are lost --> files that they removed
 *   and that are back --> documents of work package 0, which nobody claims,
 *   or of one that was withdrawn
 *
 * Unless a person committed such a file since: then it is the person's.
 */
#include "store/setback.h"

#include "store/history.h"
#include "store/notes.h"
#include "store/trees.h"

struct setback {
	struct store *store;
	git_oid before; /* trees: of what was known of the branch, */
	git_oid tree;   /* and of what it is now */
	bool any;       /* commits of ours are not on it any more */
};

/* 0, but for what was withdrawn: that goes again without the guard. */
#define OWNER                                                                  \
	"ifnull((SELECT work_package FROM withdrawn_file WHERE path = ?1"      \
	" AND work_package IN (SELECT work_package FROM withdrawn)), 0)"

/* A file that is recorded is somebody's, and no concern of ours here. */
static int claim(
	struct state *s, const char *path, const git_oid *oid, struct err *e)
{
	struct query q = query_open(s,
		"INSERT OR IGNORE INTO document (work_package, entry,"
		" natural_path, claim, keep_when_gone)"
		" SELECT " OWNER ", ?1, ?1, '/' || ?1, 0"
		" WHERE NOT EXISTS (SELECT 1 FROM file WHERE path = ?1)");
	int code;

	bind_text(&q, str_of(path));
	code = query_run(&q, e);
	if (code != 0)
		return code;
	q = query_open(s,
		"INSERT OR IGNORE INTO file (path, oid, attachment_id,"
		" work_package, entry) VALUES (?1, ?2, 0, " OWNER ", ?1)");
	bind_text(&q, str_of(path));
	bind_oid(&q, oid);
	return query_run(&q, e);
}

static int claim_removed(void *arg, const git_diff_delta *d, struct err *e)
{
	struct setback *b = arg;
	struct store *s = b->store;
	struct spot was;
	struct spot is;
	int code;

	if (d->status != GIT_DELTA_DELETED && d->status != GIT_DELTA_MODIFIED)
		return 0;
	code = tree_find(&s->trees, &b->before, d->old_file.path, &was, e);
	if (code == 0)
		code = tree_find(&s->trees, &b->tree, d->old_file.path, &is, e);
	if (code != 0 || was.kind == SPOT_FILE || is.kind != SPOT_FILE ||
		!git_oid_equal(&is.oid, &d->old_file.id))
		return code;
	return claim(s->state, d->old_file.path, &d->old_file.id, e);
}

/* What commits of ours removed, also as it was before they changed it. */
static int on_lost(void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct setback *b = arg;

	(void)on;
	if (!history_is_ours(b->store, commit))
		return 0;
	b->any = true;
	return history_deltas(b->store, commit, claim_removed, b, e);
}

int setback_unclaim(struct store *s, const char *path, struct err *e)
{
	struct query q = query_open(s->state,
		"DELETE FROM document WHERE work_package = " OWNER
		" AND entry = ?1");
	int code;

	bind_text(&q, str_of(path));
	code = query_run(&q, e);
	if (code != 0)
		return code;
	q = query_open(s->state,
		"DELETE FROM file WHERE path = ?1 AND entry = ?1"
		" AND work_package = " OWNER);
	bind_text(&q, str_of(path));
	return query_run(&q, e);
}

static int unclaim(void *arg, const git_diff_delta *d, struct err *e)
{
	return setback_unclaim(arg, d->new_file.path, e);
}

/* What a person committed since is the person's. */
static int on_new(void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct setback *b = arg;

	(void)on;
	return history_is_ours(b->store, commit)
		       ? 0
		       : history_deltas(b->store, commit, unclaim, b->store, e);
}

/* As long as all is read again, what is unclaimed may yet be a document. */
static int is_read_again(struct state *s, bool *is, struct err *e)
{
	bool found = false;
	int code = state_has(s, "cursor", &found, e);

	*is = !found;
	return code;
}

static int reclaim(struct setback *b, const git_oid *known, const git_oid *tip,
	struct err *e)
{
	struct store *s = b->store;
	bool again = false;
	int code = history_walk(s, known, tip, on_lost, b, e);

	if (code == 0 && b->any)
		code = notes_reread(s, tip, e);
	if (code == 0)
		code = is_read_again(s->state, &again, e);
	return code == 0 && !again ? history_walk(s, tip, known, on_new, b, e)
				   : code;
}

/*
 * Of commits that cannot be read any more nobody knows what they removed: what
 * is ours is asked of the history that is left.  What they said is said again.
 */
static int lose_track(struct store *s, const git_oid *tip, struct err *e)
{
	const git_oid none = {{0}};
	bool has = false;
	int code = history_has_more(s, tip, &none, &has, e);

	if (code == 0 && has)
		code = history_put_behind(s, tip, e);
	return code == 0 ? notes_reread(s, tip, e) : code;
}

int setback_claim(struct store *s, const git_oid *tip, struct err *e)
{
	struct setback b = {.store = s};
	git_commit *commit;
	git_oid known;
	bool told;
	int code = history_known_tip(s, &told, &known, e);

	if (code != 0 || !told || git_oid_is_zero(&known) ||
		git_oid_is_zero(tip) || git_oid_equal(&known, tip))
		return code;
	if (git_commit_lookup(&commit, s->repo, &known) != 0)
		return lose_track(s, tip, e);
	git_commit_free(commit);
	if (tree_of(s->repo, &known, &b.before, NULL) != 0)
		return lose_track(s, tip, e);
	code = tree_of(s->repo, tip, &b.tree, e);
	if (code == 0)
		code = state_nest(s->state, e);
	if (code != 0)
		return code;
	code = reclaim(&b, &known, tip, NULL);
	return state_unnest(s->state, code, NULL) == 0 ? 0
						       : lose_track(s, tip, e);
}
