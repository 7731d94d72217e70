/*
 * history - what the repository's history tells of the branch.
 *
 * Its commits say by trailers which instance made them, and what else is to be
 * known when the state is lost (history_state.c).
 */
#include "store/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "store/git_error.h"
#include "store/notes.h"

bool history_trailer(
	const git_commit *commit, const char *name, struct buf *out)
{
	char *key = xasprintf("\nOpsync-%s: ", name);
	const char *message = git_commit_message(commit);
	const char *at = NULL;

	for (const char *next = message; (next = strstr(next, key)) != NULL;
		next++)
		at = next + strlen(key);
	buf_clear(out);
	if (at != NULL)
		buf_add(out, at, strcspn(at, "\r\n"));
	free(key);
	return at != NULL;
}

void history_put_trailer(
	struct buf *message, const char *name, const char *text)
{
	if (text != NULL)
		buf_printf(message, "Opsync-%s: %s\n", name, text);
}

bool history_instance(const git_commit *commit, struct buf *out)
{
	return history_trailer(commit, "Instance", out);
}

bool history_is_our_name(const struct store *s, struct str instance)
{
	return str_is(instance, s->instance) || notes_were_called(s, instance);
}

bool history_is_ours(const struct store *s, const git_commit *commit)
{
	struct buf name = {0};
	bool ours = history_instance(commit, &name) &&
		    history_is_our_name(s, buf_str(&name));

	buf_fini(&name);
	return ours;
}

/* --- The files of a tree -------------------------------------------------- */

struct listing {
	struct store *store;
	struct err err;
};

static int add_path(const char *root, const git_tree_entry *entry, void *arg)
{
	struct listing *l = arg;
	struct query q;
	char *path;
	int code;

	store_gets_on(l->store);
	if (git_tree_entry_filemode(entry) != GIT_FILEMODE_BLOB)
		return 0;
	/* What others wrote may have a path twice, see tree_write.h. */
	path = xasprintf("%s%s", root, git_tree_entry_name(entry));
	q = query_open(l->store->state,
		"INSERT OR IGNORE INTO tip_path (path, oid, ours)"
		" VALUES (?, ?, 0)");
	bind_text(&q, str_of(path));
	bind_oid(&q, git_tree_entry_id(entry));
	code = query_run(&q, &l->err);
	free(path);
	return code != 0 ? -1 : 0;
}

int history_list(struct store *s, const git_oid *tip, struct err *e)
{
	struct listing l = {.store = s};
	git_tree *t = NULL;
	git_oid tree;
	int code = state_exec(s->state,
		"CREATE TEMP TABLE IF NOT EXISTS tip_path (path TEXT PRIMARY"
		" KEY, oid TEXT, ours INTEGER) WITHOUT ROWID;"
		"DELETE FROM tip_path",
		e);

	if (code == 0)
		code = tree_of(s->repo, tip, &tree, e);
	if (code != 0 || git_oid_is_zero(&tree))
		return code;
	code = state_nest(s->state, e);
	if (code != 0)
		return code;
	if (git_tree_lookup(&t, s->repo, &tree) != 0 ||
		git_tree_walk(t, GIT_TREEWALK_PRE, add_path, &l) != 0) {
		if (l.err.code == 0)
			git_failed(&l.err, "cannot read tree %s",
				git_oid_tostr_s(&tree));
		if (e != NULL)
			*e = l.err;
		code = l.err.code;
	}
	git_tree_free(t);
	return state_unnest(s->state, code, e);
}

int history_unlist(struct store *s, struct err *e)
{
	return state_exec(s->state, "DELETE FROM tip_path", e);
}

/* --- Who made them what they are ------------------------------------------ */

int history_compare(struct store *s, git_tree *before, git_tree *after,
	git_diff **diff, struct err *e)
{
	git_diff_options o;

	git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_INCLUDE_TYPECHANGE;
	if (git_diff_tree_to_tree(diff, s->repo, before, after, &o) != 0)
		return git_failed(e, "cannot compare two trees");
	return 0;
}

/* What a commit changed; *diff is the caller's. */
static int diff_of(struct store *s, const git_commit *commit, git_diff **diff,
	struct err *e)
{
	git_commit *parent = NULL;
	git_tree *before = NULL;
	git_tree *after = NULL;
	int code = 0;

	if (git_commit_tree(&after, commit) != 0 ||
		(git_commit_parentcount(commit) > 0 &&
			(git_commit_parent(&parent, commit, 0) != 0 ||
				git_commit_tree(&before, parent) != 0)))
		code = git_failed(e, "cannot read commit %s",
			git_oid_tostr_s(git_commit_id(commit)));
	else
		code = history_compare(s, before, after, diff, e);
	git_tree_free(before);
	git_tree_free(after);
	git_commit_free(parent);
	return code;
}

int history_deltas(struct store *s, const git_commit *commit,
	history_delta_fn *fn, void *arg, struct err *e)
{
	git_diff *diff = NULL;
	int code;

	if (git_commit_parentcount(commit) > 1)
		return 0;
	code = diff_of(s, commit, &diff, e);
	for (size_t i = 0; code == 0 && i < git_diff_num_deltas(diff); i++)
		code = fn(arg, git_diff_get_delta(diff, i), e);
	git_diff_free(diff);
	return code;
}

static int visit(struct store *s, const git_oid *oid, history_fn *fn, void *arg,
	bool *on, struct err *e)
{
	git_commit *commit;
	int code;

	store_gets_on(s);
	if (git_commit_lookup(&commit, s->repo, oid) != 0)
		return git_failed(
			e, "cannot read commit %s", git_oid_tostr_s(oid));
	code = fn(arg, commit, on, e);
	git_commit_free(commit);
	return code;
}

/*
 * In order of time all commits are read before the first is known.  Where one
 * is not there, the first parents are followed to it.
 */
static int walk_to_gap(struct store *s, const git_oid *tip, history_fn *fn,
	void *arg, struct err *e)
{
	git_commit *commit;
	git_oid at = *tip;
	bool on = true;
	int code = 0;
	int rc;

	while (code == 0 && on) {
		rc = git_commit_lookup(&commit, s->repo, &at);
		if (rc == GIT_ENOTFOUND)
			s->gap = at;
		if (rc != 0)
			return rc == GIT_ENOTFOUND
				       ? 0
				       : git_failed(e, "cannot read commit %s",
						 git_oid_tostr_s(&at));
		store_gets_on(s);
		code = fn(arg, commit, &on, e);
		if (git_commit_parentcount(commit) > 0)
			at = *git_commit_parent_id(commit, 0);
		else
			on = false;
		git_commit_free(commit);
	}
	return code;
}

int history_walk(struct store *s, const git_oid *tip, const git_oid *base,
	history_fn *fn, void *arg, struct err *e)
{
	bool any = false;
	git_revwalk *walk = NULL;
	bool on = true;
	git_oid oid;
	int code = 0;
	int rc = 0;

	if (git_revwalk_new(&walk, s->repo) != 0)
		return git_failed(e, "cannot read the history");
	git_revwalk_sorting(walk, GIT_SORT_TOPOLOGICAL | GIT_SORT_TIME);
	if (git_revwalk_push(walk, tip) != 0 ||
		history_hide(s, walk, tip, base) != 0)
		code = git_failed(e, "cannot read the history");
	while (code == 0 && on && (rc = git_revwalk_next(&oid, walk)) == 0) {
		any = true;
		code = visit(s, &oid, fn, arg, &on, e);
	}
	if (code == 0 && rc != 0 && rc != GIT_ITEROVER && rc != GIT_ENOTFOUND)
		code = git_failed(e, "cannot read the history");
	git_revwalk_free(walk);
	if (code == 0 && rc == GIT_ENOTFOUND && !any && git_oid_is_zero(base))
		code = walk_to_gap(s, tip, fn, arg, e);
	return code;
}

int history_ends_early(const struct store *s, enum err_code code, struct err *e)
{
	return err_set(e, code,
		"the history ends early, as in a shallow clone: run 'git fetch "
		"--unshallow' in %s",
		s->path);
}

struct ours {
	const struct store *store;
	struct buf known; /* lines, each for a commit */
	bool any;         /* one that is not known */
};

/*
 * What stays when a commit is made again.  Of several in a run only the last
 * has a cursor; else it is the time of what they changed.
 */
static void add_line(const git_commit *commit, struct buf *out)
{
	struct buf text = {0};

	history_trailer(commit, "Run", &text);
	buf_printf(out, "\n%.*s ", STR_ARGS(buf_str(&text)));
	if (history_trailer(commit, "Cursor", &text))
		buf_printf(out, "%.*s\n", STR_ARGS(buf_str(&text)));
	else
		buf_printf(out, "%lld\n",
			(long long)git_commit_author(commit)->when.time);
	buf_fini(&text);
}

static int note_ours(
	void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct ours *ours = arg;

	(void)on;
	(void)e;
	if (history_is_ours(ours->store, commit))
		add_line(commit, &ours->known);
	return 0;
}

static int look_for_ours(
	void *arg, const git_commit *commit, bool *on, struct err *e)
{
	struct ours *ours = arg;
	struct buf line = {0};

	(void)e;
	if (history_is_ours(ours->store, commit)) {
		add_line(commit, &line);
		ours->any = str_find(buf_str(&ours->known), buf_str(&line)) ==
			    ours->known.n;
		*on = !ours->any;
	}
	buf_fini(&line);
	return 0;
}

int history_has_more(struct store *s, const git_oid *tip, const git_oid *base,
	bool *has, struct err *e)
{
	struct ours ours = {.store = s};
	int code = 0;

	if (!git_oid_is_zero(tip) && !git_oid_is_zero(base))
		code = history_walk(s, base, tip, note_ours, &ours, e);
	if (code == 0 && !git_oid_is_zero(tip))
		code = history_walk(s, tip, base, look_for_ours, &ours, e);
	*has = ours.any;
	buf_fini(&ours.known);
	return code;
}
