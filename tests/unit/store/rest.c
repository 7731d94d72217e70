/*
 * rest - a store in which nothing happened is known by a few system calls, and
 * whatever anybody does to it ends that.
 */
#include "base/memory.h"
#include "store/parts.h"

#include "tests/unit/store/fixture.h"

/* As a pass begins; the trees' next turn does not come by itself. */
static void look(struct fixture *f)
{
	store_watch(f->store);
	n_adrift(f);
	f->store->walk_at = INT64_MAX;
}

static int start(void **state, bool bare)
{
	struct fixture *f;
	struct store_options o;

	if (begin(state) != 0)
		return -1;
	f = *state;
	f->bare = bare;
	o = options(f);
	o.watches = true;
	if (store_open(&o, &f->store, &f->err) != 0)
		return -1;
	put_well(f, 1, make("a/one.md", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("b/two.md", "two\n", NULL), STORE_ADDED);
	commit(f);
	look(f);
	look(f);
	return 0;
}

static int start_whole(void **state)
{
	return start(state, false);
}

static int start_bare(void **state)
{
	return start(state, true);
}

/* Once it was looked at, with what was found restored, it is at rest again. */
static void calm_down(struct fixture *f)
{
	look(f);
	commit(f);
	look(f);
	look(f);
	assert_true(store_is_at_rest(f->store));
}

#define assert_ends_rest(f, ...)                                               \
	do {                                                                   \
		assert_true(store_is_at_rest((f)->store));                     \
		run(__VA_ARGS__);                                              \
		assert_false(store_is_at_rest((f)->store));                    \
		calm_down(f);                                                  \
	} while (0)

static void test_at_rest(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3; i++)
		assert_true(store_is_at_rest(f->store));
	look(f);
	assert_true(store_is_at_rest(f->store));
}

static void test_own_commit(void **state)
{
	struct fixture *f = *state;

	put_well(f, 1, make("a/one.md", "another\n", NULL), STORE_CHANGED);
	commit(f);
	assert_false(store_is_at_rest(f->store));
	calm_down(f);
}

static void test_work_tree(void **state)
{
	struct fixture *f = *state;

	assert_ends_rest(f, "echo x > '%s/a/one.md'", f->path);
	assert_ends_rest(f, "rm -r '%s/b'", f->path);
	assert_ends_rest(f, GIT "rm -q --cached a/one.md", f->path);
	run(GIT "checkout -q -b other", f->path);
	assert_false(store_is_at_rest(f->store));
	look(f);
	run(GIT "checkout -q main", f->path);
	assert_false(store_is_at_rest(f->store));
	f->store->look_at = 0; /* the work tree's turn has come */
	calm_down(f);
}

static void test_branch(void **state)
{
	struct fixture *f = *state;

	assert_ends_rest(f,
		GIT "update-ref refs/heads/main \"$(" GIT
		    "commit-tree -m x -p main 'main^{tree}')\"",
		f->path, f->path);
	assert_ends_rest(f, GIT "pack-refs --all", f->path);
	assert_ends_rest(f, GIT "update-ref refs/heads/main main^", f->path);
	assert_ends_rest(f, GIT "update-ref -d refs/heads/main", f->path);
}

/* What another branch is tells only its own file. */
static void test_symbolic(void **state)
{
	struct fixture *f = *state;

	run(GIT "branch real main", f->path);
	run(GIT "symbolic-ref refs/heads/main refs/heads/real", f->path);
	look(f);
	look(f);
	assert_false(store_is_at_rest(f->store));
}

static const char *git_folder(struct fixture *f)
{
	return f->bare ? "" : "/.git";
}

static void test_state(void **state)
{
	struct fixture *f = *state;
	char *file = xasprintf("%s%s/opsync/state.db", f->path, git_folder(f));
	struct state *other;

	assert_true(store_is_at_rest(f->store));
	assert_int_equal(state_open(file, false, &other, &f->err), 0);
	look(f);
	assert_true(store_is_at_rest(f->store));
	assert_int_equal(state_put(other, "a", STR("b"), &f->err), 0);
	assert_false(store_is_at_rest(f->store));
	look(f);
	assert_true(store_is_at_rest(f->store));
	state_close(other);
	look(f);
	assert_int_equal(
		state_put(store_state(f->store), "a", STR("c"), &f->err), 0);
	assert_false(store_is_at_rest(f->store));
	free(file);
}

/*
 * The trees have their turn by the time, which has come, or when objects are
 * touched from then on.
 */
static void come_to_rest(struct fixture *f)
{
	f->store->walk_at = 0;
	look(f);
	f->store->walk_at = 0;
	assert_true(store_is_at_rest(f->store));
}

static void test_objects(void **state)
{
	struct fixture *f = *state;

	come_to_rest(f);
	run("touch '%s%s/objects/pack/x'", f->path, git_folder(f));
	assert_false(store_is_at_rest(f->store));
	f->store->walk_at = INT64_MAX;
	assert_true(store_is_at_rest(f->store));
	come_to_rest(f);
	run("mkdir '%s%s/objects/new'", f->path, git_folder(f));
	assert_false(store_is_at_rest(f->store));
	come_to_rest(f);
	run("touch '%s%s/objects/new/x'", f->path, git_folder(f));
	assert_false(store_is_at_rest(f->store));
	come_to_rest(f);
	f->store->walk_quiet_at = 0;
	assert_false(store_is_at_rest(f->store));
	come_to_rest(f);
	run("cd '%s%s/objects' && for f in $(find . -type f -path './?"
	    "?/*');"
	    " do chmod u+w $f && echo > $f; done",
		f->path, git_folder(f));
	assert_false(store_is_at_rest(f->store));
}

/* Who does not stay does not watch, and is never sure. */
static void test_unwatched(void **state)
{
	struct fixture *f = *state;

	reopen(f);
	look(f);
	look(f);
	assert_false(store_is_at_rest(f->store));
}

#define GONE ".idx (deleted)"

/* Those that another git put into one are let go, with nothing lost of ours. */
static void test_packs(void **state)
{
	struct fixture *f = *state;
	const git_oid none = {{1}};
	const char *texts[] = {"2\n", "3\n", "4\n"};

	for (int i = 0; i < 3; i++) {
		run(GIT "repack -adq", f->path);
		objects_has(f->store->objects, &none); /* it looks there */
		put_well(f, 1, make("a/one.md", i % 2 ? "x\n" : "y\n", NULL),
			STORE_CHANGED);
		commit(f);
		put_well(f, 2, make("b/two.md", texts[i], NULL), STORE_CHANGED);
		run(GIT "repack -adq", f->path);
		store_forget_packs(f->store);
		assert_true(memory_may_map(GONE)); /* it is staged */
		commit(f);
		store_forget_packs(f->store);
		assert_false(memory_may_map(GONE));
		run(GIT "diff --exit-code HEAD", f->path);
	}
}

/* What is at our place, but is another's, is not opened for that. */
static void test_packs_of_another(void **state)
{
	struct fixture *f = *state;
	const git_oid none = {{1}};
	const git_repository *repo = f->store->repo;

	run(GIT "repack -adq", f->path);
	objects_has(f->store->objects, &none);
	put_well(f, 1, make("a/one.md", "x\n", NULL), STORE_CHANGED);
	commit(f);
	run(GIT "repack -adq && mv '%s' '%s.away' && cp -r '%s.away' '%s'",
		f->path, f->path, f->path, f->path, f->path);
	run("rm '%s'/.git/objects/pack/*", f->path);
	assert_true(memory_may_map(GONE));
	store_forget_packs(f->store);
	assert_ptr_equal(f->store->repo, repo);
	assert_true(memory_may_map(GONE));
}

#define EACH(test, start) cmocka_unit_test_setup_teardown(test, start, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_at_rest, start_whole),
		EACH(test_at_rest, start_bare),
		EACH(test_own_commit, start_whole),
		EACH(test_own_commit, start_bare),
		EACH(test_work_tree, start_whole),
		EACH(test_branch, start_whole),
		EACH(test_branch, start_bare),
		EACH(test_symbolic, start_whole),
		EACH(test_state, start_whole),
		EACH(test_state, start_bare),
		EACH(test_objects, start_whole),
		EACH(test_objects, start_bare),
		EACH(test_unwatched, start_whole),
		EACH(test_packs, start_whole),
		EACH(test_packs_of_another, start_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
