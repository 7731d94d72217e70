/*
 * changes - the paths that change, from what is staged or from an intent.
 */
#include "store/changes.h"

#include <stdlib.h>

#include "base/util.h"
#include "store/trees.h"

void changes_fini(struct changes *c)
{
	free(c->items);
	free(c->of);
	arena_fini(&c->texts);
	*c = (struct changes){0};
}

/* Columns: path, old, new, document. */
static void read_change(struct query *q, struct changes *c)
{
	struct worktree_change *to;

	c->items = grow(c->items, c->n, &c->cap, sizeof(*c->items));
	to = &c->items[c->n++];
	*to = (struct worktree_change){0};
	to->path = arena_str(&c->texts, column_text(q)).p;
	to->had = column_oid(q, &to->old_oid);
	to->has = column_oid(q, &to->new_oid);
	to->document = column_int(q) != 0;
}

#define READY                                                                  \
	"(SELECT 1 FROM staged_document d WHERE d.why IS NULL"                 \
	" AND d.work_package = f.work_package AND d.entry = f.entry)"

int changes_staged(struct state *s, struct changes *c, struct err *e)
{
	/*
	 * First what comes, with what is on record at its path (whoever's it
	 * is: one that is staged gives it up); then what only goes.  CROSS
	 * JOIN: from what is staged to what is on record, never all of that.
	 */
	struct query q = query_open(s,
		"SELECT n.path, coalesce(f.oid, x.oid), n.oid,"
		" n.attachment_id = 0,"
		" n.work_package, n.entry, CASE WHEN f.path IS NULL"
		" OR EXISTS " READY " THEN 0 ELSE f.work_package END AS owner"
		" FROM staged_document m CROSS JOIN staged_file n"
		" ON n.work_package = m.work_package AND n.entry = m.entry"
		" LEFT JOIN file f ON f.path = n.path"
		" LEFT JOIN staged_adopted x ON x.path = n.path"
		" WHERE m.why IS NULL AND (f.oid IS NOT n.oid OR owner <> 0"
		" OR EXISTS (SELECT 1 FROM adrift a WHERE"
		" a.work_package = m.work_package"
		" AND a.entry IN (m.entry, m.was)))"
		" UNION ALL"
		" SELECT f.path, f.oid, NULL, f.attachment_id = 0,"
		" f.work_package, f.entry, 0"
		" FROM staged_document m CROSS JOIN file f"
		" ON f.work_package = m.work_package AND f.entry = m.entry"
		" WHERE m.why IS NULL AND NOT EXISTS (SELECT 1"
		" FROM staged_file n JOIN staged_document d"
		" ON d.work_package = n.work_package AND d.entry = n.entry"
		" WHERE n.path = f.path AND d.why IS NULL)"
		" ORDER BY 1");

	while (query_next(&q)) {
		struct change_of *of;

		read_change(&q, c);
		c->of = grow(c->of, c->n - 1, &c->cap_of, sizeof(*c->of));
		of = &c->of[c->n - 1];
		of->work_package = column_int(&q);
		of->entry = arena_str(&c->texts, column_text(&q)).p;
		of->owner = column_int(&q);
	}
	return query_close(&q, e);
}

int changes_intended(struct state *s, struct changes *c, struct err *e)
{
	struct query q =
		query_open(s, "SELECT path, old, new, document, theirs, mode"
			      " FROM intent_change ORDER BY path");

	while (query_next(&q)) {
		read_change(&q, c);
		c->items[c->n - 1].theirs = column_int(&q) != 0;
		c->items[c->n - 1].mode = (uint32_t)column_int(&q);
	}
	return query_close(&q, e);
}

struct worktree_change *changes_find(
	const struct changes *c, const char *path, size_t n)
{
	size_t low = 0;
	size_t high = c->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = str_cmp(
			str_of(c->items[mid].path), (struct str){path, n});

		if (order == 0)
			return &c->items[mid];
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* By an intent: there, or about to be. */
static int is_promised(struct state *s, const char *path, const git_oid *oid,
	bool *is, struct err *e)
{
	struct query q =
		query_open(s, "SELECT 1 FROM intent_change WHERE path = ?1"
			      " AND (old = ?2 OR new = ?2)");

	bind_text(&q, str_of(path));
	bind_oid(&q, oid);
	return query_any(&q, is, e);
}

static bool is_at(const struct spot *spot, const git_oid *oid)
{
	return spot->kind == SPOT_FILE && git_oid_equal(&spot->oid, oid);
}

int changes_were_ours(struct store *s, const git_oid *tree, struct changes *c,
	size_t *n_foreign, struct err *e)
{
	struct spot spot = {0};
	bool ours = false;
	int code = 0;

	for (size_t i = 0; code == 0 && i < c->n; i++) {
		struct worktree_change *at = &c->items[i];

		if (!at->foreign || !S_ISREG(at->st.st_mode))
			continue;
		code = is_promised(s->state, at->path, &at->kept_oid, &ours, e);
		if (code == 0 && !ours)
			code = tree_find(&s->trees, tree, at->path, &spot, e);
		if (code != 0 || (!ours && !is_at(&spot, &at->kept_oid)))
			continue;
		at->foreign = false;
		(*n_foreign)--;
	}
	return code;
}

int changes_kept_in_tree(struct store *s, const git_oid *tree,
	struct changes *c, size_t *n_kept, struct err *e)
{
	struct spot spot;
	int code;

	for (size_t i = 0; i < c->n; i++) {
		struct worktree_change *at = &c->items[i];

		if (at->foreign || !at->had)
			continue;
		code = tree_find(&s->trees, tree, at->path, &spot, e);
		if (code != 0)
			return code;
		if (spot.kind != SPOT_FILE ||
			git_oid_equal(&spot.oid, &at->old_oid) ||
			(at->has && git_oid_equal(&spot.oid, &at->new_oid)) ||
			!objects_has(s->objects, &spot.oid))
			continue;
		at->foreign = true;
		at->kept_oid = spot.oid;
		(*n_kept)++;
	}
	return 0;
}

/* Is it neither ours nor to be had elsewhere? */
static int is_lost(struct store *s, const git_oid *tree,
	const struct worktree_change *at, const git_oid *oid, bool *lost,
	struct err *e)
{
	struct spot spot;
	bool promised = false;
	int code;

	*lost = false;
	if (git_oid_is_zero(oid) ||
		(at->had && git_oid_equal(oid, &at->old_oid)) ||
		(at->has && git_oid_equal(oid, &at->new_oid)) ||
		(at->foreign && git_oid_equal(oid, &at->kept_oid)))
		return 0;
	code = tree_find(&s->trees, tree, at->path, &spot, e);
	if (code != 0 || is_at(&spot, oid))
		return code;
	code = is_promised(s->state, at->path, oid, &promised, e);
	*lost = !promised && objects_has(s->objects, oid);
	return code;
}

int changes_kept_in_index(struct store *s, const git_oid *tree,
	struct changes *c, size_t *n_kept, struct err *e)
{
	git_oid *ids = xcalloc(c->n, sizeof(*ids));
	int code = worktree_staged(s->worktree, c->items, c->n, ids, e);

	for (size_t i = 0; code == 0 && i < c->n; i++) {
		struct worktree_change *at = &c->items[i];
		bool lost;

		code = is_lost(s, tree, at, &ids[i], &lost, e);
		if (!lost)
			continue;
		at->staged = at->foreign;
		at->staged_oid = ids[i];
		if (at->foreign)
			continue;
		at->foreign = true;
		at->kept_oid = ids[i];
		(*n_kept)++;
	}
	free(ids);
	return code;
}

int changes_prune(
	struct store *s, const git_oid *tree, struct changes *c, struct err *e)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		struct worktree_change *at = &c->items[i];
		struct spot spot;
		int code = tree_find(&s->trees, tree, at->path, &spot, e);

		if (code != 0)
			return code;
		if (at->has ? is_at(&spot, &at->new_oid)
			    : spot.kind != SPOT_FILE && spot.kind != SPOT_OTHER)
			c->items[n++] = *at;
	}
	c->n = n;
	return 0;
}
