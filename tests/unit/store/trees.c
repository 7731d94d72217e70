/*
 * trees - what is found in large ones, in turn and again.
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(large_trees_take_turns,
			scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
