/*
 * trees - what is found in large ones, in turn and again; many that are made.
 */
#include "store/trees.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store/scratch.h"

#define MANY 5000 /* more than are looked up anew each time */

static git_oid oid_of(int value)
{
	git_oid oid;

	git_odb_hash(&oid, &value, sizeof(value), GIT_OBJECT_BLOB);
	return oid;
}

/* A tree whose folder "all" has n files, of values from first on. */
static git_oid make(git_repository *repo, int n, int first)
{
	git_treebuilder *files;
	git_treebuilder *top;
	git_oid oid;
	char name[16];

	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 0);
	assert_int_equal(git_treebuilder_new(&files, repo, NULL), 0);
	assert_int_equal(git_treebuilder_new(&top, repo, NULL), 0);
	for (int i = 0; i < n; i++) {
		git_oid value = oid_of(first + i);

		snprintf(name, sizeof(name), "%d.md", i);
		assert_int_equal(git_treebuilder_insert(NULL, files, name,
					 &value, GIT_FILEMODE_BLOB),
			0);
	}
	assert_int_equal(git_treebuilder_write(&oid, files), 0);
	assert_int_equal(git_treebuilder_insert(
				 NULL, top, "all", &oid, GIT_FILEMODE_TREE),
		0);
	assert_int_equal(git_treebuilder_write(&oid, top), 0);
	git_treebuilder_free(files);
	git_treebuilder_free(top);
	git_libgit2_opts(GIT_OPT_ENABLE_STRICT_OBJECT_CREATION, 1);
	return oid;
}

static void expect(struct trees *t, const git_oid *tree, int i, int value)
{
	git_oid oid = oid_of(value);
	struct spot spot;
	char path[32];

	snprintf(path, sizeof(path), "all/%d.md", i);
	assert_int_equal(tree_find(t, tree, path, &spot, NULL), 0);
	assert_int_equal(spot.kind, SPOT_FILE);
	assert_true(git_oid_equal(&spot.oid, &oid));
}

static void large_trees_take_turns(void **state)
{
	struct scratch *s = *state;
	struct trees t = {.repo = s->repo};
	git_oid one = make(s->repo, MANY, 0);
	git_oid two = make(s->repo, MANY + 1, 1000000);
	git_oid few = make(s->repo, 3, 2000000);
	struct spot spot;

	for (int i = 0; i < 9; i++) {
		expect(&t, &one, 7 * i, 7 * i);
		expect(&t, &one, MANY - 1 - i, MANY - 1 - i);
		assert_non_null(t.large);
		expect(&t, &two, MANY - i, 1000000 + MANY - i);
		expect(&t, &few, i % 3, 2000000 + i % 3);
		assert_non_null(t.large);
		if (i % 4 == 3)
			trees_let_go(&t);
	}
	assert_int_equal(tree_find(&t, &one, "all/5000.md", &spot, NULL), 0);
	assert_int_equal(spot.kind, SPOT_FREE);
	assert_int_equal(tree_find(&t, &one, "all/1.md/x", &spot, NULL), 0);
	assert_int_equal(spot.kind, SPOT_BLOCKED);
	assert_int_equal(spot.length, strlen("all/1.md"));
	trees_let_go(&t);
	trees_let_go(&t);
	assert_null(t.large);
}

/* Each of n documents is in a folder of its own; value is what is in it. */
static git_oid put_all(struct trees *t, const git_oid *from, int n, int value)
{
	struct worktree_change *changes = xcalloc((size_t)n, sizeof(*changes));
	git_oid tree;

	for (int i = 0; i < n; i++) {
		char text[32];
		struct worktree_change *c = &changes[i];

		snprintf(text, sizeof(text), "text %d of %d", i, value);
		c->path = xasprintf("a/%03d/index.md", i);
		c->has = true;
		assert_int_equal(objects_blob(t->objects, text, strlen(text),
					 &c->new_oid, NULL),
			0);
	}
	assert_int_equal(
		tree_changed(t, from, changes, (size_t)n, &tree, NULL), 0);
	for (int i = 0; i < n; i++)
		free((char *)(uintptr_t)changes[i].path);
	free(changes);
	return tree;
}

/* The same as one by one, upon what is in a pack, and what is in the batch. */
static void many_trees_are_made(void **state)
{
	struct scratch *s = *state;
	struct trees t = {.repo = s->repo};
	git_oid none = {{0}};
	git_oid tree;
	char *line;

	assert_int_equal(objects_new(s->repo, s->temp, &t.objects, NULL), 0);
	assert_ptr_equal(objects_workshop(t.objects), s->repo);
	tree = put_all(&t, &none, 200, 1);
	assert_ptr_not_equal(objects_workshop(t.objects), s->repo);
	tree = put_all(&t, &tree, 5, 2);
	assert_int_equal(objects_seal(t.objects, NULL), 0);
	tree = put_all(&t, &tree, 100, 3);
	tree = put_all(&t, &tree, 100, 3); /* again, as it is */
	assert_int_equal(objects_seal(t.objects, NULL), 0);
	line = xasprintf("for i in $(seq 0 199); do d=$(printf w/a/%%03d $i); "
			 "mkdir -p $d; v=1; test $i -lt 100 && v=3; "
			 "printf 'text %%d of %%d' $i $v >$d/index.md; done; "
			 "git --work-tree=w add . && "
			 "test $(git write-tree) = %s && git fsck --strict",
		git_oid_tostr_s(&tree));
	assert_int_equal(scratch_run(s, "%s", line), 0);
	free(line);
	trees_let_go(&t);
	objects_free(t.objects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(large_trees_take_turns,
			scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			many_trees_are_made, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
