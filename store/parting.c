/*
 * parting - where a history parts from another.
 *
 * libgit2 goes by the times of commits, and gives up behind a few that are
 * hidden and older than all others: where a clock was wrong, from a base that
 * is beside the tip it may not come to what both have.  So that is hidden where
 * the tip's history comes to it:
 *
 *   tip -> its merge bases, which are found whatever the times are
 *     `- along its line -> a merge -> each parent's merge bases, and so on
 *
 * Along a line without merges nothing that both have comes before a merge base,
 * also where they were merged crosswise.  Beside it, by way of a merge, what is
 * behind a merge base may come sooner: hence each parent has its own.
 */
#include <stdlib.h>

#include "base/util.h"
#include "store/history.h"

#define LINES 100 /* so many are looked at: of more, the times are believed */

struct parting {
	struct store *store;
	git_revwalk *walk;
	const git_oid *base;
	git_oid lines[LINES]; /* where they begin */
	size_t n_lines;
	git_oid *both; /* that are hidden */
	size_t n;
	size_t cap;
};

static bool is_among(const git_oid *oids, size_t n, const git_oid *oid)
{
	for (size_t i = 0; i < n; i++)
		if (git_oid_equal(&oids[i], oid))
			return true;
	return false;
}

static void add_line(struct parting *p, const git_oid *oid)
{
	if (p->n_lines < LINES && !is_among(p->lines, p->n_lines, oid))
		p->lines[p->n_lines++] = *oid;
}

static int hide(struct parting *p, const git_oid *oid)
{
	if (is_among(p->both, p->n, oid))
		return 0;
	p->both = grow(p->both, p->n, &p->cap, sizeof(*p->both));
	p->both[p->n++] = *oid;
	return git_revwalk_hide(p->walk, oid);
}

/* To where both have it, or a merge, or where the history ends early. */
static void go_along(struct parting *p, const git_oid *line)
{
	git_commit *commit;
	git_oid at = *line;
	unsigned int n = 1;

	while (n == 1 && !is_among(p->both, p->n, &at) &&
		git_commit_lookup(&commit, p->store->repo, &at) == 0) {
		n = git_commit_parentcount(commit);
		for (unsigned int i = 0; n > 1 && i < n; i++)
			add_line(p, git_commit_parent_id(commit, i));
		if (n == 1)
			at = *git_commit_parent_id(commit, 0);
		git_commit_free(commit);
	}
}

/* Where nothing is in common, or not all is there, the base itself must do. */
static int part(struct parting *p, const git_oid *line)
{
	git_oidarray both = {0};
	int rc = 0;

	store_gets_on(p->store);
	if (git_merge_bases(&both, p->store->repo, line, p->base) != 0)
		return git_revwalk_hide(p->walk, p->base);
	for (size_t i = 0; rc == 0 && i < both.count; i++)
		rc = hide(p, &both.ids[i]);
	git_oidarray_dispose(&both);
	if (rc == 0)
		go_along(p, line);
	return rc;
}

int history_hide(struct store *s, git_revwalk *walk, const git_oid *tip,
	const git_oid *base)
{
	struct parting p = {.store = s, .walk = walk, .base = base};
	int rc = 0;

	if (git_oid_is_zero(base))
		return 0;
	add_line(&p, tip);
	for (size_t i = 0; rc == 0 && i < p.n_lines; i++)
		rc = part(&p, &p.lines[i]);
	free(p.both);
	return rc;
}
