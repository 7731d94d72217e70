/*
 * trees - looking into trees, and making new ones from them.
 *
 * The files that go are taken out before others come: so a file may be where
 * there was a folder, and the other way round.
 */
#include "store/trees.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/util.h"
#include "store/git_error.h"
#include "store/tree_write.h"

int trees_blame(int code, const git_oid *commit, struct err *e)
{
	if (code != ERR_DATA)
		return code;
	err_prefix(e, "commit %s", git_oid_tostr_s(commit));
	if (e != NULL)
		e->code = ERR_IO;
	return ERR_IO;
}

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

/* What is above is borrowed, and so stays where it is. */
static struct tree *place_of(struct trees *t, size_t level)
{
	while (t->n <= level) {
		t->kept = grow(t->kept, t->n, &t->cap, sizeof(struct tree *));
		t->kept[t->n++] = xcalloc(1, sizeof(**t->kept));
	}
	return t->kept[level];
}

int trees_get(struct trees *t, size_t level, const git_oid *oid,
	const struct tree **out, struct err *e)
{
	struct tree *tree = place_of(t, level);

	*out = tree;
	if (git_oid_equal(&tree->oid, oid))
		return 0;
	tree_fini(tree);
	return tree_read(t->objects, oid, tree, e);
}

void trees_let_go(struct trees *t)
{
	for (size_t i = 0; i < t->n; i++) {
		tree_fini(t->kept[i]);
		free(t->kept[i]);
	}
	free(t->kept);
	t->kept = NULL;
	t->n = t->cap = 0;
}

static enum spot_kind kind_of(const struct tree_entry *entry)
{
	switch (entry->mode & S_IFMT) {
	case S_IFDIR:
		return SPOT_FOLDER;
	case S_IFREG:
		return SPOT_FILE;
	default:
		return SPOT_OTHER;
	}
}

/* What is called so in the tree that a spot is. */
static int look_into(struct trees *t, size_t level, struct str name,
	struct spot *spot, struct err *e)
{
	const struct tree *tree;
	const struct tree_entry *entry;
	int code = trees_get(t, level, &spot->oid, &tree, e);

	if (code != 0)
		return code;
	entry = tree_entry(tree, name);
	spot->kind = entry != NULL ? kind_of(entry) : SPOT_FREE;
	if (entry != NULL)
		spot->oid = entry->oid;
	return 0;
}

int tree_find(struct trees *t, const git_oid *tree, const char *path,
	struct spot *out, struct err *e)
{
	struct spot spot = {.kind = SPOT_FOLDER, .oid = *tree};
	const char *name = path;

	if (git_oid_is_zero(tree) && *path != '\0')
		spot.kind = SPOT_FREE;
	for (size_t level = 0; *name != '\0' && spot.kind == SPOT_FOLDER;
		level++) {
		size_t n = strcspn(name, "/");
		int code = look_into(t, level, (struct str){name, n}, &spot, e);

		if (code != 0)
			return code;
		name += n + (name[n] == '/');
	}
	if (*name != '\0' && spot.kind != SPOT_FREE) {
		spot.kind = SPOT_BLOCKED;
		spot.length = (size_t)(name - path) - 1;
	}
	*out = spot;
	return 0;
}

/* Updates of a tree in the making. */
struct updates {
	size_t n, cap;
	struct tree_update *items;
	bool sorted; /* so far */
};

/* mode 0: it goes. */
static void add_update(
	struct updates *u, const char *path, const git_oid *oid, uint32_t mode)
{
	u->sorted = u->n == 0 ||
		    (u->sorted && strcmp(u->items[u->n - 1].path, path) < 0);
	u->items = grow(u->items, u->n, &u->cap, sizeof(*u->items));
	u->items[u->n++] =
		(struct tree_update){.path = path, .oid = *oid, .mode = mode};
}

static uint32_t mode_of(const struct worktree_change *c)
{
	return c->mode != 0 ? c->mode : (uint32_t)GIT_FILEMODE_BLOB;
}

static int by_path(const void *a, const void *b)
{
	const struct tree_update *x = a;
	const struct tree_update *y = b;

	return strcmp(x->path, y->path);
}

/* Make the tree, and free the updates. */
static int make(struct trees *t, const git_oid *from, struct updates *u,
	git_oid *out, struct err *e)
{
	int code;

	if (u->n > 0 && !u->sorted)
		qsort(u->items, u->n, sizeof(*u->items), by_path);
	code = tree_write(t, from, u->items, u->n, out, e);
	free(u->items);
	return code;
}

int tree_without(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e)
{
	struct updates u = {0};

	if (!git_oid_is_zero(tree))
		for (size_t i = 0; i < n; i++)
			if (!changes[i].has)
				add_update(&u, changes[i].path,
					&changes[i].old_oid, 0);
	return make(t, tree, &u, out, e);
}

int tree_with(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e)
{
	struct updates u = {0};

	for (size_t i = 0; i < n; i++)
		if (changes[i].has)
			add_update(&u, changes[i].path, &changes[i].new_oid,
				mode_of(&changes[i]));
	return make(t, tree, &u, out, e);
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

int tree_with_kept(struct trees *t, const git_oid *tree,
	const struct worktree_change *changes, size_t n, git_oid *out,
	struct err *e)
{
	struct updates u = {0};

	for (size_t i = 0; i < n; i++)
		if (changes[i].foreign)
			add_update(&u, changes[i].path, &changes[i].kept_oid,
				GIT_FILEMODE_BLOB);
	return make(t, tree, &u, out, e);
}
