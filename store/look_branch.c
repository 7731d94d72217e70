/*
 * look_branch - is the branch as the rows say?
 *
 * What it has not, or with other contents, is restored by the next commit.  A
 * row whose file was never there is damaged, and with it the state.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "store/history.h"
#include "store/look.h"
#include "store/match.h"
#include "store/setback.h"
#include "store/trees.h"

int look_put_adrift(struct store *s, int64_t work_package, struct str entry,
	struct str path, struct err *e)
{
	struct query q = query_open(s->state,
		"INSERT OR IGNORE INTO adrift (work_package, entry, path)"
		" VALUES (?, ?, ?)");

	bind_int(&q, work_package);
	bind_text(&q, entry);
	bind_text(&q, path);
	return query_run(&q, e);
}

struct comparison {
	struct store *store;
	int64_t n_foreign;
	size_t n_gone, cap_gone;
	char **gone; /* paths of files that nobody claims, and are not there */
	bool torn;   /* a row names what is not there, and nobody took away */
};

/* What cannot be read may have held it; a folder in its place is a person's. */
static bool had(struct store *s, const git_oid *commit, const char *path)
{
	struct spot spot;
	git_oid tree;

	return tree_of(s->repo, commit, &tree, NULL) != 0 ||
	       tree_find(&s->trees, &tree, path, &spot, NULL) != 0 ||
	       spot.kind != SPOT_FREE;
}

/*
 * A person may have taken the file away just before a commit of ours, which is
 * without it then: what was seen before had it.
 */
static bool was_never_there(struct store *s, const char *path)
{
	git_oid rows;
	bool known = false;

	return history_rows(s, &known, &rows, NULL) == 0 && known &&
	       !had(s, &rows, path) && !had(s, &s->seen_tip, path);
}

static int on_mismatch(void *arg, const struct mismatch *m, struct err *e)
{
	struct comparison *c = arg;

	if (!c->torn && m->recorded && !m->in_commit)
		c->torn = was_never_there(c->store, m->path.p);
	if (!m->recorded)
		c->n_foreign++;
	else if (m->work_package != 0)
		return look_put_adrift(
			c->store, m->work_package, m->entry, m->path, e);
	else if (!m->in_commit) {
		c->gone =
			grow(c->gone, c->n_gone, &c->cap_gone, sizeof(char *));
		c->gone[c->n_gone++] = str_dup(m->path);
	}
	return 0;
}

/*
 * Restored, it would come to a path that no document has; and the file that it
 * is of would be a stranger's.
 */
static int distrust(struct store *s, struct err *e)
{
	int code = history_distrust(s, "do not fit the branch", e);

	return code != 0 ? code
			 : err_set(e, ERR_IO,
				   "the state is damaged: it is made again");
}

int look_at_branch(struct store *s, const git_oid *tip, struct err *e)
{
	struct comparison c = {.store = s};
	size_t n_others;
	int code = state_nest(s->state, e);

	if (code != 0)
		return code;
	code = match_branch(s, tip, on_mismatch, &c, &n_others, e);
	/* What nobody claims and is not there needs no document. */
	for (size_t i = 0; code == 0 && i < c.n_gone; i++)
		code = setback_unclaim(s, c.gone[i], e);
	code = state_unnest(s->state, code, e);
	if (code == 0)
		s->n_foreign = c.n_foreign + (int64_t)n_others;
	if (code == 0 && c.torn && !git_oid_is_zero(tip))
		code = distrust(s, e);
	for (size_t i = 0; i < c.n_gone; i++)
		free(c.gone[i]);
	free(c.gone);
	return code;
}
