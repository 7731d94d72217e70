/*
 * backlog - what of the branch a remote has not got, and a part of it.
 *
 * A part ends on the branch's own line, that of first parents, where what the
 * remote has is behind it: so one can be pushed after the other.
 */
#include "store/store.h"

#include <stdlib.h>

#include "store/git_error.h"
#include "store/history.h"

/* The newest first. */
struct commits {
	git_oid *oids;
	size_t n;
	size_t cap;
};

static void walk_all(struct store *s, git_revwalk *walk, struct commits *out)
{
	git_oid oid;

	out->n = 0;
	while (git_revwalk_next(&oid, walk) == 0) {
		store_gets_on(s);
		out->oids =
			grow(out->oids, out->n, &out->cap, sizeof(*out->oids));
		out->oids[out->n++] = oid;
	}
}

/* Commits of tip that old (zero: nothing) has not. */
static int list(struct store *s, const git_oid *tip, const git_oid *old,
	bool line, struct commits *out, struct err *e)
{
	git_revwalk *walk = NULL;
	int code = 0;

	if (git_revwalk_new(&walk, s->repo) != 0 ||
		git_revwalk_push(walk, tip) != 0 ||
		history_hide(s, walk, tip, old) != 0 ||
		(line && git_revwalk_simplify_first_parent(walk) != 0))
		code = git_failed(e, "cannot read the history");
	else
		walk_all(s, walk, out);
	git_revwalk_free(walk);
	return code;
}

static bool has(struct store *s, const git_oid *commit, const git_oid *old)
{
	store_gets_on(s);
	return git_graph_descendant_of(s->repo, commit, old) != 0;
}

/*
 * A merge has brought old in: what is older than that lacks it.  Each question
 * may take as long as git log, so few are asked: of both ends first, since as a
 * rule the whole line has it, or nothing.
 */
static void drop_beside(
	struct store *s, const git_oid *old, struct commits *line)
{
	size_t n = 1;               /* the newest so many are to stay, */
	size_t lacks = line->n - 1; /* and this and all behind it are not */

	if (line->n < 2 || has(s, &line->oids[line->n - 1], old))
		return;
	if (!has(s, &line->oids[0], old))
		lacks = n;
	while (n < lacks) {
		size_t middle = n + (lacks - n) / 2;

		if (has(s, &line->oids[middle], old))
			n = middle + 1;
		else
			lacks = middle;
	}
	line->n = n;
}

static int measure(struct store *s, const git_oid *tip, const git_oid *old,
	size_t most, struct store_backlog *out, struct err *e)
{
	struct commits found = {0};
	git_oid part = *tip;
	int code = list(s, tip, old, false, &found, e);

	out->n = out->n_part = (int64_t)found.n;
	if (code == 0)
		code = list(s, tip, old, true, &found, e);
	if (code == 0 && !git_oid_is_zero(old))
		drop_beside(s, old, &found);
	out->n_line = found.n;
	if (code == 0 && most > 0 && most < found.n) {
		out->n_line = most;
		part = found.oids[found.n - most];
		code = list(s, &part, old, false, &found, e);
		out->n_part = (int64_t)found.n;
	}
	free(found.oids);
	git_oid_tostr(out->tip, GIT_OID_HEXSZ + 1, tip);
	git_oid_tostr(out->part, GIT_OID_HEXSZ + 1, &part);
	return code;
}

static git_oid find(struct store *s, const char *commit)
{
	git_commit *found;
	git_oid oid;

	if (git_oid_fromstr(&oid, commit) != 0 ||
		git_commit_lookup(&found, s->repo, &oid) != 0)
		return (git_oid){{0}};
	git_commit_free(found);
	return oid;
}

int store_backlog(struct store *s, const char *old, size_t most,
	struct store_backlog *out, struct err *e)
{
	const git_oid there = find(s, old);
	git_oid tip;
	int code = store_tip(s, &tip, e);

	*out = (struct store_backlog){0};
	if (code != 0 || git_oid_is_zero(&tip))
		return code;
	return measure(s, &tip, &there, most, out, e);
}
