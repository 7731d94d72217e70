/*
 * intent_rows - a promise as the state has it, and what the log says of it.
 */
#include "store/intent_rows.h"

#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/git_error.h"
#include "store/history.h"

/* --- Rows ----------------------------------------------------------------- */

/* No commit and no file is NULL. */
static void bind_any_oid(struct query *q, const git_oid *oid)
{
	if (git_oid_is_zero(oid))
		bind_text(q, STR_NONE);
	else
		bind_oid(q, oid);
}

static int put_change(
	struct state *s, const struct worktree_change *c, struct err *e)
{
	struct query q = query_open(s,
		"INSERT INTO intent_change (path, old, new, document, theirs,"
		" mode) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (path) DO UPDATE"
		" SET new = excluded.new, document = excluded.document,"
		" theirs = excluded.theirs, mode = excluded.mode");
	const git_oid none = {{0}};

	bind_text(&q, str_of(c->path));
	bind_any_oid(&q, c->had ? &c->old_oid : &none);
	bind_any_oid(&q, c->has ? &c->new_oid : &none);
	bind_int(&q, c->document);
	bind_int(&q, c->theirs);
	bind_int(&q, c->mode);
	return query_run(&q, e);
}

int intent_put(struct state *s, const struct intent *intent,
	const struct changes *c, struct err *e)
{
	struct query q = query_open(s,
		"INSERT OR REPLACE INTO intent (id, started, run, old, new,"
		" kept, kept_branch) VALUES (1, ?, ?, ?, ?, ?, ?)");
	int code;

	bind_int(&q, stamp_now());
	bind_int(&q, intent->run);
	bind_any_oid(&q, &intent->old);
	bind_any_oid(&q, &intent->new);
	bind_any_oid(&q, &intent->kept.commit);
	bind_text(&q, str_of(intent->kept.branch));
	code = query_run(&q, e);
	for (size_t i = 0; code == 0 && i < c->n; i++)
		code = put_change(s, &c->items[i], e);
	return code;
}

int intent_load(
	struct state *s, struct intent *intent, bool *found, struct err *e)
{
	struct query q = query_open(
		s, "SELECT run, old, new, kept, kept_branch FROM intent");
	struct str branch;

	*found = query_next(&q);
	if (*found) {
		intent->run = column_int(&q);
		column_oid(&q, &intent->old);
		column_oid(&q, &intent->new);
		column_oid(&q, &intent->kept.commit);
		branch = column_text(&q);
		if (branch.n < KEPT_BRANCH)
			memcpy(intent->kept.branch, branch.p, branch.n);
	}
	return query_close(&q, e);
}

int intent_since(struct state *s, int64_t *since, struct err *e)
{
	struct query q = query_open(s, "SELECT started FROM intent");

	return query_one(&q, INT64_MAX, since, e);
}

static int forget(struct store *store, const git_oid *tip, struct err *e)
{
	struct state *s = store->state;
	int code = state_begin(s, e);

	if (code != 0)
		return code;
	code = state_exec(
		s, "DELETE FROM intent; DELETE FROM intent_change", e);
	if (code == 0)
		code = history_note(store, tip, e);
	return state_end(s, code, e);
}

int intent_delete(struct store *store, const git_oid *tip, struct err *e)
{
	int code;

	state_relax(store->state);
	code = forget(store, tip, e);
	state_strict(store->state);
	return code;
}

/* --- Events --------------------------------------------------------------- */

int intent_log_kept(struct store *s, int64_t run, const char *path,
	const char *branch, struct err *e)
{
	char *text = xasprintf("was edited in the store: what was written is "
			       "kept on the branch %s",
		branch);
	struct state_event event = {
		.run = run,
		.at = stamp_now(),
		.level = LOG_LEVEL_WARNING,
		.kind = STR("kept"),
		.path = str_of(path),
		.text = str_of(text),
	};
	int code = state_event_add(s->state, &event, e);

	free(text);
	return code;
}

/* The commit of a run that was told last; the zero id: none. */
static int last_told(struct state *s, int64_t run, git_oid *out, struct err *e)
{
	struct query q = query_open(s,
		"SELECT substr(text, 1, 40) FROM event WHERE run = ?"
		" AND kind = 'committed' ORDER BY id DESC LIMIT 1");

	bind_int(&q, run);
	*out = (git_oid){{0}};
	if (query_next(&q))
		column_oid(&q, out);
	return query_close(&q, e);
}

/* As "ID SUBJECT", but for what others made.  Not waited for: what follows it
 * here is lost with it. */
static int log_commit(struct store *s, const struct intent *intent,
	git_commit *commit, bool late, struct err *e)
{
	char id[GIT_OID_HEXSZ + 1];
	struct state_event event = {
		.run = intent->run,
		.at = stamp_now(),
		.level = LOG_LEVEL_INFO,
		.kind = STR("committed"),
	};
	char *text;
	int code;

	if (!history_is_ours(s, commit))
		return 0;
	git_oid_tostr(id, sizeof(id), &intent->new);
	text = xasprintf("%s %s", id, git_commit_summary(commit));
	event.text = str_of(text);
	state_relax(s->state);
	code = state_event_add(s->state, &event, e);
	state_strict(s->state);
	if (code == 0 && late)
		store_tell(s, LOG_LEVEL_INFO, "%s", text);
	free(text);
	return code;
}

int intent_log_commit(
	struct store *s, const struct intent *intent, bool late, struct err *e)
{
	git_commit *commit;
	git_oid told;
	int code;

	if (git_oid_equal(&intent->new, &intent->old))
		return 0;
	code = last_told(s->state, intent->run, &told, e);
	if (code != 0 || git_oid_equal(&told, &intent->new))
		return code;
	if (git_commit_lookup(&commit, s->repo, &intent->new) != 0)
		return git_failed(e, "cannot read commit %s",
			git_oid_tostr_s(&intent->new));
	code = log_commit(s, intent, commit, late, e);
	git_commit_free(commit);
	return code;
}
