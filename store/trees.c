/*
 * trees - looking into trees, and making new ones from them.
 *
 * git_tree_create_updated() reads and writes only the folders that change.
 * It refuses a file where a folder was (and back) and two changes of one
 * path, so the files that go are taken out in a call of their own.
 */
#include "store/trees.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/util.h"
#include "store/git_error.h"

#define LARGE 4096 /* entries; libgit2 itself keeps small ones */

int tree_of(git_repository *repo, const git_oid *commit, git_oid *out,
	struct err *e)
{
	git_commit *c;

	*out = (git_oid){{0}};
	if (git_oid_is_zero(commit))
		return 0;
	if (git_commit_lookup(&c, repo, commit) != 0)
		return git_failed(
			e, "cannot read commit %s", git_oid_tostr_s(commit));
	*out = *git_commit_tree_id(c);
	git_commit_free(c);
	return 0;
}

/* A tree to be looked into; let go by put_back(). */
static int take(
	struct trees *t, const git_oid *oid, git_tree **out, struct err *e)
{
	if (t->large != NULL && git_oid_equal(git_tree_id(t->large), oid)) {
		*out = t->large;
		return 0;
	}
	if (git_tree_lookup(out, t->repo, oid) != 0)
		return git_failed(
			e, "cannot read tree %s", git_oid_tostr_s(oid));
	return 0;
}

static void put_back(struct trees *t, git_tree *tree)
{
	if (tree == t->large)
		return;
	if (git_tree_entrycount(tree) < LARGE) {
		git_tree_free(tree);
		return;
	}
	git_tree_free(t->large);
	t->large = tree;
}

void trees_let_go(struct trees *t)
{
	git_tree_free(t->large);
	t->large = NULL;
}

/* The entry called name (n bytes) in a tree. */
static int entry_of(struct trees *t, const git_oid *oid, const char *name,
	size_t n, git_tree_entry **out, struct err *e)
{
	git_tree *tree;
	int code = take(t, oid, &tree, e);
	const git_tree_entry *entry;
	char *text;

	*out = NULL;
	if (code != 0)
		return code;
	text = str_dup((struct str){name, n});
	entry = git_tree_entry_byname(tree, text);
	if (entry != NULL && git_tree_entry_dup(out, entry) != 0)
		code = git_failed(e, "cannot read %s", text);
	free(text);
	put_back(t, tree);
	return code;
}

static enum spot_kind kind_of(const git_tree_entry *entry)
{
	switch (git_tree_entry_filemode(entry)) {
	case GIT_FILEMODE_TREE:
		return SPOT_FOLDER;
	case GIT_FILEMODE_BLOB:
	case GIT_FILEMODE_BLOB_EXECUTABLE:
		return SPOT_FILE;
	default:
		return SPOT_OTHER;
	}
}

int tree_find(struct trees *t, const git_oid *tree, const char *path,
	struct spot *out, struct err *e)
{
	struct spot spot = {.kind = SPOT_FOLDER, .oid = *tree};
	const char *name = path;
	git_tree_entry *entry;
	size_t n;
	int code;

	while (*name != '\0') {
		if (spot.kind != SPOT_FOLDER) {
			spot.kind = SPOT_BLOCKED;
			spot.length = (size_t)(name - path) - 1;
			break;
		}
		n = strcspn(name, "/");
		entry = NULL;
		code = git_oid_is_zero(&spot.oid)
			       ? 0
			       : entry_of(t, &spot.oid, name, n, &entry, e);
		if (code != 0)
			return code;
		if (entry == NULL) {
			spot.kind = SPOT_FREE;
			break;
		}
		spot.kind = kind_of(entry);
		spot.oid = *git_tree_entry_id(entry);
		git_tree_entry_free(entry);
		name += n + (name[n] == '/');
	}
	*out = spot;
	return 0;
}

/* Changes to a tree in the making. */
struct updates {
	size_t n, cap;
	git_tree_update *items;
};

static void add_update(struct updates *u, git_tree_update_t action,
	const char *path, const git_oid *oid, uint32_t mode)
{
	u->items = grow(u->items, u->n, &u->cap, sizeof(*u->items));
	u->items[u->n++] = (git_tree_update){
		.action = action,
		.id = *oid,
		.filemode =
			mode != 0 ? (git_filemode_t)mode : GIT_FILEMODE_BLOB,
		.path = path,
	};
}

/* Make the tree, and free the updates. */
static int update(git_repository *repo, const git_oid *from, struct updates *u,
	git_oid *out, struct err *e)
{
	git_tree *tree = NULL;
	int code = 0;

	if (u->n == 0) {
		*out = *from;
	} else if (!git_oid_is_zero(from) &&
		   git_tree_lookup(&tree, repo, from) != 0) {
		code = git_failed(
			e, "cannot read tree %s", git_oid_tostr_s(from));
	} else if (git_tree_create_updated(out, repo, tree, u->n, u->items) !=
		   0) {
		code = git_failed(e, "cannot make a tree");
	}
	git_tree_free(tree);
	free(u->items);
	return code;
}

int tree_without(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e)
{
	struct updates u = {0};
	struct spot spot;
	int code;

	for (size_t i = 0; i < n; i++) {
		const struct worktree_change *c = &changes[i];

		if (c->has)
			continue;
		code = tree_find(t, tree, c->path, &spot, e);
		if (code != 0) {
			free(u.items);
			return code;
		}
		if (spot.kind == SPOT_FILE || spot.kind == SPOT_OTHER)
			add_update(&u, GIT_TREE_UPDATE_REMOVE, c->path,
				&c->old_oid, 0);
	}
	return update(objects_workshop(t->objects), tree, &u, out, e);
}

int tree_with(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e)
{
	struct updates u = {0};

	for (size_t i = 0; i < n; i++)
		if (changes[i].has)
			add_update(&u, GIT_TREE_UPDATE_UPSERT, changes[i].path,
				&changes[i].new_oid, changes[i].mode);
	return update(objects_workshop(t->objects), tree, &u, out, e);
}

int tree_changed(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e)
{
	struct worktree_change *fitting = xcalloc(n + 1, sizeof(*fitting));
	size_t n_fitting = 0;
	git_oid without;
	int code = tree_without(t, tree, changes, n, &without, e);

	for (size_t i = 0; code == 0 && i < n; i++) {
		struct spot spot;

		if (!changes[i].has)
			continue;
		code = tree_find(t, &without, changes[i].path, &spot, e);
		if (code == 0 && spot.kind != SPOT_FOLDER &&
			spot.kind != SPOT_BLOCKED)
			fitting[n_fitting++] = changes[i];
	}
	if (code == 0)
		code = tree_with(t, &without, fitting, n_fitting, out, e);
	free(fitting);
	return code;
}

int tree_with_kept(git_repository *repo, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e)
{
	struct updates u = {0};

	for (size_t i = 0; i < n; i++)
		if (changes[i].foreign)
			add_update(&u, GIT_TREE_UPDATE_UPSERT, changes[i].path,
				&changes[i].kept_oid, 0);
	return update(repo, tree, &u, out, e);
}
