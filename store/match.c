/*
 * match - the branch beside what is recorded of it.
 *
 *   tree:  a/1  a/2  a/4       both in the order of their paths, so that one
 *   rows:  a/1  a/3  a/4       goes along with the other; nothing is kept
 */
#include "store/match.h"

#include "base/buf.h"
#include "store/git_error.h"
#include "store/query.h"
#include "store/trees.h"

struct matching {
	struct query rows;
	bool more; /* a row is at hand: */
	struct str path, oid, entry;
	int64_t work_package;

	struct buf last; /* the tree's path, with its folders */
	size_t n_others;
	mismatch_fn *fn;
	void *arg;
	int code;
	struct err err;
};

static void next_row(struct matching *m)
{
	m->more = query_next(&m->rows);
	if (!m->more)
		return;
	m->path = column_text(&m->rows);
	m->oid = column_text(&m->rows);
	m->work_package = column_int(&m->rows);
	m->entry = column_text(&m->rows);
}

static void tell(struct matching *m, const struct mismatch *it)
{
	if (m->code == 0)
		m->code = m->fn(m->arg, it, &m->err);
}

static void tell_row(struct matching *m, bool in_commit)
{
	const struct mismatch it = {
		.path = m->path,
		.in_commit = in_commit,
		.recorded = true,
		.work_package = m->work_package,
		.entry = m->entry,
	};

	tell(m, &it);
}

static void meet(struct matching *m, struct str path, const git_oid *oid)
{
	const struct mismatch unknown = {.path = path, .in_commit = true};
	char hex[GIT_OID_HEXSZ];
	int order = 1;

	while (m->more && m->code == 0 &&
		(order = str_cmp(m->path, path)) < 0) {
		tell_row(m, false);
		next_row(m);
	}
	if (!m->more || order > 0) {
		tell(m, &unknown);
		return;
	}
	git_oid_fmt(hex, oid);
	if (!str_eq(m->oid, (struct str){hex, sizeof(hex)}))
		tell_row(m, true);
	next_row(m);
}

/* What others wrote may have a path twice, see tree_write.h. */
static int on_entry(const char *folder, const git_tree_entry *entry, void *arg)
{
	struct matching *m = arg;
	struct str name = str_of(git_tree_entry_name(entry));
	struct str above = str_of(folder);
	struct str last = buf_str(&m->last);
	bool again = last.n == above.n + name.n && str_starts(last, above) &&
		     str_ends(last, name);

	if (git_tree_entry_filemode(entry) == GIT_FILEMODE_TREE)
		return 0;
	if (git_tree_entry_filemode(entry) != GIT_FILEMODE_BLOB) {
		m->n_others++;
		return 0;
	}
	if (again)
		return 0;
	buf_clear(&m->last);
	buf_add(&m->last, above.p, above.n);
	buf_add(&m->last, name.p, name.n);
	meet(m, buf_str(&m->last), git_tree_entry_id(entry));
	return m->code != 0 ? -1 : 0;
}

static int walk(struct matching *m, git_repository *repo, const git_oid *commit)
{
	git_tree *t = NULL;
	git_oid tree;
	int code = tree_of(repo, commit, &tree, &m->err);

	if (code != 0 || git_oid_is_zero(&tree))
		return code;
	if (git_tree_lookup(&t, repo, &tree) != 0 ||
		git_tree_walk(t, GIT_TREEWALK_PRE, on_entry, m) != 0)
		code = m->code != 0 ? m->code
				    : git_failed(&m->err, "cannot read tree %s",
					      git_oid_tostr_s(&tree));
	git_tree_free(t);
	return code;
}

int match_branch(struct store *s, const git_oid *commit, mismatch_fn *fn,
	void *arg, size_t *n_others, struct err *e)
{
	struct matching m = {.fn = fn, .arg = arg};

	m.rows = query_open(s->state,
		"SELECT path, oid, work_package, entry FROM file"
		" ORDER BY path");
	next_row(&m);
	m.code = walk(&m, s->repo, commit);
	while (m.more && m.code == 0) {
		tell_row(&m, false);
		next_row(&m);
	}
	buf_fini(&m.last);
	if (n_others != NULL)
		*n_others = m.n_others;
	if (m.code != 0)
		query_fail(&m.rows, m.code, &m.err);
	return query_close(&m.rows, e);
}
