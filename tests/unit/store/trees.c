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

#define MANY 5000
#define CHANGES 12

static git_oid oid_of(int value)
{
	git_oid oid;

	git_odb_hash(&oid, &value, sizeof(value), GIT_OBJECT_BLOB);
	return oid;
}

static struct trees open_trees(struct scratch *s)
{
	struct trees t = {0};

	assert_int_equal(objects_new(s->repo, s->temp, &t.objects, NULL), 0);
	for (int value = 0; value < CHANGES; value++) {
		git_oid oid;

		assert_int_equal(objects_blob(t.objects, &value, sizeof(value),
					 &oid, NULL),
			0);
	}
	return t;
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

static void trees_take_turns(void **state)
{
	struct scratch *s = *state;
	struct trees t = open_trees(s);
	git_oid one = make(s->repo, MANY, 0);
	git_oid two = make(s->repo, MANY + 1, 1000000);
	git_oid few = make(s->repo, 3, 2000000);
	struct spot spot;

	for (int i = 0; i < 9; i++) {
		expect(&t, &one, 7 * i, 7 * i);
		expect(&t, &one, MANY - 1 - i, MANY - 1 - i);
		expect(&t, &two, MANY - i, 1000000 + MANY - i);
		expect(&t, &few, i % 3, 2000000 + i % 3);
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
	assert_int_equal(t.n, 0);
	objects_free(t.objects);
}

/* The last trees on the way to a path are not looked up anew for the next. */
static void trees_on_the_way_are_kept(void **state)
{
	struct scratch *s = *state;
	struct trees t = open_trees(s);
	git_oid one = make(s->repo, 3, 0);
	const git_odb_object *top;
	const git_odb_object *folder;

	expect(&t, &one, 0, 0);
	assert_int_equal(t.n, 2);
	top = t.kept[0]->object;
	folder = t.kept[1]->object;
	expect(&t, &one, 2, 2);
	assert_ptr_equal(t.kept[0]->object, top);
	assert_ptr_equal(t.kept[1]->object, folder);
	trees_let_go(&t);
	objects_free(t.objects);
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
	struct trees t = {0};
	git_oid none = {{0}};
	git_oid tree;
	char *line;

	assert_int_equal(objects_new(s->repo, s->temp, &t.objects, NULL), 0);
	assert_true(objects_are_few(t.objects));
	tree = put_all(&t, &none, 200, 1);
	assert_false(objects_are_few(t.objects));
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

/* --- What becomes of a tree ----------------------------------------------- */

static struct worktree_change *change_of(const char *path, bool has, int value)
{
	static struct worktree_change changes[CHANGES];
	static size_t n;
	struct worktree_change *c = &changes[n++ % CHANGES];

	*c = (struct worktree_change){
		.path = path, .has = has, .new_oid = oid_of(value)};
	return c;
}

static void close_trees(struct trees *t)
{
	trees_let_go(t);
	objects_free(t->objects);
}

/* Folders and files that are one another's beginnings, but never the same. */
static void make_path(char *path, size_t size, unsigned *seed)
{
	static const char *const folders[] = {"x", "x.", "x-a", "xx0", "y"};
	static const char *const files[] = {"x0", "x.b", "x-", "xx", "w", "z"};
	int depth = rand_r(seed) % 4;
	size_t n = 0;

	for (int i = 0; i < depth; i++)
		n += (size_t)snprintf(path + n, size - n, "%s/",
			folders[(size_t)rand_r(seed) % ARRAY_LEN(folders)]);
	snprintf(path + n, size - n, "%s",
		files[(size_t)rand_r(seed) % ARRAY_LEN(files)]);
}

/* The same changes to an index of libgit2. */
static void change_index(
	git_index *index, const struct worktree_change *changes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		git_index_entry entry = {.path = changes[i].path,
			.mode = changes[i].mode,
			.id = changes[i].new_oid};

		if (changes[i].has)
			assert_int_equal(git_index_add(index, &entry), 0);
		else
			(void)git_index_remove(index, changes[i].path, 0);
	}
}

static size_t make_changes(
	struct worktree_change *changes, char (*paths)[64], unsigned *seed)
{
	static const uint32_t modes[] = {GIT_FILEMODE_BLOB,
		GIT_FILEMODE_BLOB_EXECUTABLE, GIT_FILEMODE_LINK};
	size_t n = 0;
	size_t most = 1 + (size_t)rand_r(seed) % CHANGES;

	while (n < most) {
		bool is_new = true;

		make_path(paths[n], sizeof(paths[n]), seed);
		for (size_t i = 0; i < n; i++)
			is_new &= strcmp(paths[i], paths[n]) != 0;
		if (!is_new)
			continue;
		changes[n] = *change_of(paths[n], rand_r(seed) % 2 == 0,
			rand_r(seed) % CHANGES);
		changes[n++].mode = modes[(size_t)rand_r(seed) % 3];
	}
	return n;
}

/* Trees are as git itself makes them, whatever comes and goes. */
static void any_changes(void **state)
{
	struct scratch *s = *state;
	struct trees t = open_trees(s);
	struct worktree_change changes[CHANGES];
	char paths[CHANGES][64];
	git_oid tree = {{0}};
	unsigned seed = 7;
	git_index *index;

	assert_int_equal(git_index_new(&index), 0);
	for (int round = 0; round < 2000; round++) {
		size_t n = make_changes(changes, paths, &seed);
		git_oid wanted;

		if (round == 1000)
			assert_int_equal(objects_seal(t.objects, NULL), 0);
		change_index(index, changes, n);
		assert_int_equal(
			git_index_write_tree_to(&wanted, index, s->repo), 0);
		assert_int_equal(
			tree_without(&t, &tree, changes, n, &tree, NULL), 0);
		assert_int_equal(
			tree_with(&t, &tree, changes, n, &tree, NULL), 0);
		if (!git_oid_is_zero(&tree))
			assert_true(git_oid_equal(&tree, &wanted));
	}
	git_index_free(index);
	close_trees(&t);
}

static void expect_refused(struct trees *t, const git_oid *from,
	const struct worktree_change *changes, size_t n, const char *words)
{
	struct err err = {0};
	git_oid tree;

	assert_int_equal(tree_with(t, from, changes, n, &tree, &err), ERR_IO);
	if (strstr(err.text, words) == NULL)
		fail_msg("'%s' does not say '%s'", err.text, words);
}

static void what_cannot_be(void **state)
{
	struct trees t = open_trees(*state);
	struct worktree_change both[] = {*change_of("a/x", true, 1),
		*change_of("a/x.md", true, 1), *change_of("a/x/y", true, 2)};
	struct worktree_change twice[] = {
		*change_of("b", true, 1), *change_of("b", true, 2)};
	git_oid none = {{0}};
	git_oid file;
	git_oid folder;

	expect_refused(&t, &none, both, 3, "x would be in it twice");
	expect_refused(&t, &none, twice, 2, "b would be in it twice");
	assert_int_equal(tree_with(&t, &none, both, 2, &file, NULL), 0);
	expect_refused(&t, &file, both + 2, 1, "x would be in it twice");
	assert_int_equal(tree_with(&t, &none, both + 1, 2, &folder, NULL), 0);
	expect_refused(&t, &folder, both, 1, "x would be in it twice");
	expect_refused(&t, &none, change_of("lost.md", true, 1000), 1,
		"of lost.md is not there");
	close_trees(&t);
}

/* Nothing is written for what is as it was; what gets empty is gone. */
static void what_stays_and_goes(void **state)
{
	static const char *const empty =
		"4b825dc642cb6eb9a060e54bf8d69288fbee4904";
	struct trees t = open_trees(*state);
	struct worktree_change c[] = {*change_of("a/b/1.md", true, 1),
		*change_of("a/b/2.md", true, 2), *change_of("c.md", true, 3)};
	struct worktree_change no_folder = *change_of("a/b", false, 0);
	git_oid none = {{0}};
	struct spot spot;
	git_oid all;
	git_oid tree;
	size_t n;

	assert_int_equal(tree_with(&t, &none, c, 3, &all, NULL), 0);
	n = objects_count(t.objects);
	assert_int_equal(tree_with(&t, &all, c, 3, &tree, NULL), 0);
	assert_true(git_oid_equal(&tree, &all));
	assert_int_equal(tree_without(&t, &all, &no_folder, 1, &tree, NULL), 0);
	assert_true(git_oid_equal(&tree, &all));
	assert_int_equal(objects_count(t.objects), n);
	c[0].has = c[1].has = false;
	assert_int_equal(tree_without(&t, &all, c, 3, &tree, NULL), 0);
	assert_int_equal(tree_find(&t, &tree, "a", &spot, NULL), 0);
	assert_int_equal(spot.kind, SPOT_FREE);
	c[2].has = false;
	assert_int_equal(tree_without(&t, &tree, c, 3, &tree, NULL), 0);
	assert_string_equal(git_oid_tostr_s(&tree), empty);
	assert_int_equal(tree_without(&t, &none, c, 3, &tree, NULL), 0);
	assert_true(git_oid_is_zero(&tree));
	close_trees(&t);
}

/* Each beginning of a tree, and each of its bytes another. */
static void damaged_trees(void **state)
{
	static const char bytes[] = "100644 a.md\0"
				    "aaaaaaaaaaaaaaaaaaaa"
				    "40000 b\0"
				    "bbbbbbbbbbbbbbbbbbbb"
				    "160000 c\0"
				    "cccccccccccccccccccc";
	struct scratch *s = *state;
	struct trees t = open_trees(s);
	const size_t size = sizeof(bytes) - 1;
	git_odb *odb;
	size_t n_refused = 0;

	assert_int_equal(git_repository_odb(&odb, s->repo), 0);
	for (size_t i = 0; i <= 2 * size; i++) {
		char text[sizeof(bytes)];
		size_t n = i < size ? i : size;
		git_oid from;
		git_oid tree;

		memcpy(text, bytes, sizeof(bytes));
		if (i > size)
			text[i - size - 1] ^= 0x55;
		assert_int_equal(
			git_odb_write(&from, odb, text, n, GIT_OBJECT_TREE), 0);
		n_refused += tree_with(&t, &from, change_of("z.md", true, 1), 1,
				     &tree, NULL) != 0;
	}
	assert_in_range(n_refused, size / 2, 2 * size - 60);
	git_odb_free(odb);
	close_trees(&t);
}

static git_oid write_raw(struct scratch *s, const char *bytes, size_t n)
{
	git_odb *odb;
	git_oid oid;

	assert_int_equal(git_repository_odb(&odb, s->repo), 0);
	assert_int_equal(
		git_odb_write(&oid, odb, bytes, n, GIT_OBJECT_TREE), 0);
	git_odb_free(odb);
	return oid;
}

/* They are put in order; what is there twice nobody can know. */
static void unordered_trees(void **state)
{
	static const char bytes[] = "100644 b\0"
				    "aaaaaaaaaaaaaaaaaaaa"
				    "100644 a\0"
				    "bbbbbbbbbbbbbbbbbbbb";
	static const char twice[] = "100644 b\0"
				    "aaaaaaaaaaaaaaaaaaaa"
				    "100644 a\0"
				    "bbbbbbbbbbbbbbbbbbbb"
				    "100644 b\0"
				    "cccccccccccccccccccc";
	struct scratch *s = *state;
	struct trees t = open_trees(s);
	struct worktree_change *c = change_of("z.md", true, 1);
	git_oid from = write_raw(s, bytes, sizeof(bytes) - 1);
	struct err e = {0};
	git_oid tree;
	char *line;

	assert_int_equal(tree_with(&t, &from, c, 1, &tree, NULL), 0);
	assert_int_equal(objects_seal(t.objects, NULL), 0);
	line = xasprintf("test \"$(git ls-tree --name-only %s | tr '\\n' ' ')\""
			 " = 'a b z.md '",
		git_oid_tostr_s(&tree));
	assert_int_equal(scratch_run(s, "%s", line), 0);
	free(line);
	from = write_raw(s, twice, sizeof(twice) - 1);
	assert_int_equal(tree_with(&t, &from, c, 1, &tree, &e), ERR_DATA);
	assert_non_null(strstr(e.text, "'b' is in it twice"));
	assert_int_equal(trees_blame(ERR_DATA, &from, &e), ERR_IO);
	assert_int_equal(e.code, ERR_IO);
	close_trees(&t);
}

/* A file and a folder of one name, with others between them. */
static void twins(void **state)
{
	static const char bytes[] = "100644 b\0"
				    "aaaaaaaaaaaaaaaaaaaa"
				    "100644 b.c\0"
				    "bbbbbbbbbbbbbbbbbbbb"
				    "40000 b\0"
				    "cccccccccccccccccccc";
	struct scratch *s = *state;
	struct trees t = open_trees(s);
	struct worktree_change *c = change_of("a/z.md", true, 1);
	git_oid in = write_raw(s, bytes, sizeof(bytes) - 1);
	char top[] = "40000 a\0____________________";
	struct err e = {0};
	git_oid from;
	git_oid tree;

	memcpy(top + sizeof(top) - 1 - GIT_OID_RAWSZ, in.id, GIT_OID_RAWSZ);
	from = write_raw(s, top, sizeof(top) - 1);
	assert_int_equal(tree_with(&t, &from, c, 1, &tree, &e), ERR_DATA);
	assert_non_null(strstr(e.text, "'a/b' is in it twice"));
	assert_non_null(strstr(e.text, "--ignore-unmatch 'a/b' and"));
	close_trees(&t);
}

/* In one pack all goes and comes again: the tree between is empty. */
static void all_goes_and_comes(void **state)
{
	struct scratch *s = *state;
	struct trees t = {0};
	struct worktree_change gone[200];
	char paths[200][32];
	git_oid none = {{0}};
	git_oid tree;
	git_oid empty;
	git_oid again;

	assert_int_equal(objects_new(s->repo, s->temp, &t.objects, NULL), 0);
	tree = put_all(&t, &none, 200, 1);
	assert_false(objects_are_few(t.objects));
	for (int i = 0; i < 200; i++) {
		snprintf(paths[i], sizeof(paths[i]), "a/%03d/index.md", i);
		gone[i] = (struct worktree_change){.path = paths[i]};
	}
	assert_int_equal(tree_without(&t, &tree, gone, 200, &empty, NULL), 0);
	again = put_all(&t, &empty, 200, 1);
	assert_true(git_oid_equal(&tree, &again));
	assert_int_equal(objects_seal(t.objects, NULL), 0);
	assert_int_equal(scratch_run(s, "git fsck --strict"), 0);
	trees_let_go(&t);
	objects_free(t.objects);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			trees_take_turns, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(trees_on_the_way_are_kept,
			scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			many_trees_are_made, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			any_changes, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			what_cannot_be, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			what_stays_and_goes, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			damaged_trees, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			unordered_trees, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			twins, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			all_goes_and_comes, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
