/*
 * tree_mend - trees that cannot be read, made again from the index.
 *
 *   index --> all its trees, in memory
 *   trees of the commit that cannot be read, and are there --> opsync/damaged,
 *   and those of memory in their place
 *
 * What the index has not as the commit has it is not found there: it stays as
 * it is.
 */
#include "store/tree_mend.h"

#include <git2/sys/mempack.h>
#include <git2/sys/odb_backend.h>
#include <git2/sys/repository.h>

#include "base/util.h"
#include "store/git_error.h"

struct mending {
	struct store *store;
	git_repository *made; /* in memory */
	struct buf lost;      /* ids, one a line, of those that it has */
};

/* --- From the index ------------------------------------------------------- */

/* A copy has no remembered trees, which would not be written. */
static int copy_index(struct store *s, git_index *to)
{
	git_index *from;
	int rc = git_repository_index(&from, s->repo);

	if (rc != 0)
		return rc;
	for (size_t i = 0; rc == 0 && i < git_index_entrycount(from); i++) {
		const git_index_entry *at = git_index_get_byindex(from, i);

		if (git_index_entry_stage(at) == 0)
			rc = git_index_add(to, at);
	}
	git_index_free(from);
	return rc;
}

static int open_memory(git_repository **out)
{
	git_odb_backend *memory;
	git_odb *odb;
	int rc = git_odb_new(&odb);

	if (rc != 0)
		return rc;
	rc = git_mempack_new(&memory);
	if (rc == 0)
		rc = git_odb_add_backend(odb, memory, 1);
	if (rc == 0)
		rc = git_repository_wrap_odb(out, odb);
	git_odb_free(odb);
	return rc;
}

/* Its contents are not there, which libgit2 is not to mind. */
static bool make_trees(struct mending *m)
{
	git_index *index = NULL;
	git_oid oid;
	int rc = open_memory(&m->made);

	if (rc == 0)
		rc = git_index_new(&index);
	if (rc == 0)
		rc = copy_index(m->store, index);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	if (rc == 0)
		rc = git_index_write_tree_to(&oid, index, m->made);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	git_index_free(index);
	return rc == 0;
}

/* --- To the repository ---------------------------------------------------- */

static void find_lost(struct mending *m, const git_oid *oid)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_tree *tree;

	if (git_tree_lookup(&tree, m->store->repo, oid) != 0) {
		if (git_tree_lookup(&tree, m->made, oid) != 0)
			return;
		git_oid_tostr(hex, sizeof(hex), oid);
		buf_printf(&m->lost, "%s\n", hex);
	}
	for (size_t i = 0; i < git_tree_entrycount(tree); i++) {
		const git_tree_entry *at = git_tree_entry_byindex(tree, i);

		if (git_tree_entry_type(at) == GIT_OBJECT_TREE)
			find_lost(m, git_tree_entry_id(at));
	}
	git_tree_free(tree);
}

static int write_tree(
	struct mending *m, git_odb *from, const git_oid *oid, struct err *e)
{
	git_odb_object *object;
	git_oid id;
	int code;

	if (git_odb_read(&object, from, oid) != 0)
		return git_failed(e, "cannot make a tree again");
	code = objects_made(m->store->objects, GIT_OBJECT_TREE,
		git_odb_object_data(object), git_odb_object_size(object), &id,
		e);
	git_odb_object_free(object);
	return code;
}

static int write_lost(struct mending *m, struct err *e)
{
	struct str rest = buf_str(&m->lost);
	git_odb *from;
	git_oid oid;
	int code = 0;

	if (git_repository_odb(&from, m->made) != 0)
		return git_failed(e, "cannot make trees again");
	for (; code == 0 && rest.n > 0;
		rest = str_skip(rest, GIT_OID_HEXSZ + 1))
		if (git_oid_fromstrn(&oid, rest.p, GIT_OID_HEXSZ) == 0)
			code = write_tree(m, from, &oid, e);
	git_odb_free(from);
	return code == 0 ? objects_seal(m->store->objects, e) : code;
}

static int replace_lost(struct mending *m, struct err *e)
{
	struct buf packs = {0};
	struct buf indexes = {0};
	int code = store_set_aside(m->store, &m->lost, &packs, &indexes, e);

	if (code == 0)
		code = store_reopen(m->store, e);
	if (code == 0)
		code = write_lost(m, e);
	if (code == 0)
		code = store_reopen(m->store, e);
	buf_fini(&packs);
	buf_fini(&indexes);
	return code;
}

int tree_mend(struct store *s, const git_oid *commit, struct err *e)
{
	struct mending m = {.store = s};
	git_oid root;
	int code = 0;

	if (!store_is_checked_out(s) ||
		tree_of(s->repo, commit, &root, NULL) != 0)
		return 0;
	if (make_trees(&m))
		find_lost(&m, &root);
	if (m.lost.n > 0)
		code = replace_lost(&m, e);
	if (code == 0 && m.lost.n > 0)
		store_tell(s, LOG_LEVEL_WARNING,
			"the tree of commit %.10s was damaged: it is made "
			"again from the index",
			git_oid_tostr_s(commit));
	git_repository_free(m.made);
	buf_fini(&m.lost);
	return code;
}
