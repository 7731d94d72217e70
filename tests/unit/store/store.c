/*
 * The store as its callers see it: documents put, moved, swapped and dropped,
 * in commits that can be looked at with git.
 */
#include "store/parts.h"
#include "store/query.h"
#include "tests/unit/store/fixture.h"

#include <sqlite3.h>

static void test_put_commit_reopen(void **state)
{
	struct fixture *f = *state;
	struct store_commit c;

	open_store(f);
	attach(f, 11, "picture");
	put_well(f, 1, make("a/one.md", "one\n", "11:a/one.png", NULL),
		STORE_ADDED);
	put_well(f, 2, make("a/two.md", "two\n", NULL), STORE_ADDED);
	assert_int_equal(n_staged(f), 2);
	c = commit(f);
	assert_int_equal(strlen(c.id), 40);
	assert_string_equal(files(f), "a/one.md a/one.png a/two.md ");
	assert_string_equal(text_of(f, "a/one.png"), "picture");
	check_clean(f);
	check_log(f, c.id);

	reopen(f);
	put_well(f, 1, make("a/one.md", "one\n", "11:a/one.png", NULL),
		STORE_SAME);
	put_well(f, 2, make("a/two.md", "two\n", NULL), STORE_SAME);
	assert_int_equal(n_staged(f), 0);
	c = commit(f);
	assert_string_equal(c.id, "");
	assert_string_equal(run(GIT "rev-list --count HEAD", f->path), "1\n");
	check_clean(f);
}

static void test_bare(void **state)
{
	struct fixture *f = *state;

	f->bare = true;
	open_store(f);
	put_well(f, 1, make("a/one.md", "one\n", NULL), STORE_ADDED);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_string_equal(files(f), "a/one.md ");
	f->bare = false; /* an existing one is recognised */
	reopen(f);
	put_well(f, 1, make("a/one.md", "one more\n", NULL), STORE_CHANGED);
	commit(f);
	assert_string_equal(
		run(GIT "show HEAD:a/one.md", f->path), "one more\n");
}

static void test_rename_moves_attachments(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	attach(f, 11, "picture");
	put_well(f, 1, make("a/index.md", "one\n", "11:a/one.png", NULL),
		STORE_ADDED);
	commit(f);
	put_well(f, 1, make("b/index.md", "one\n", "11:b/one.png", NULL),
		STORE_MOVED);
	commit(f);
	assert_string_equal(files(f), "b/index.md b/one.png ");
	assert_int_not_equal(access(f->path, F_OK), -1);
	assert_string_equal(run("ls '%s' | tr '\\n' ' '", f->path), "b ");
	check_clean(f);

	/* An attachment that is not used any more goes too. */
	put_well(f, 1, make("b/index.md", "one\n", NULL), STORE_CHANGED);
	commit(f);
	assert_string_equal(files(f), "b/index.md ");
	check_clean(f);
}

static void test_drop(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	attach(f, 11, "picture");
	put_well(f, 1, make("a/one.md", "one\n", "11:a/one.png", NULL),
		STORE_ADDED);
	commit(f);
	assert_int_equal(store_drop(f->store, 1, STR("default"), &f->err), 0);
	assert_int_equal(n_staged(f), 1);
	commit(f);
	assert_string_equal(files(f), "");
	check_clean(f);

	/* Dropping what is only staged leaves nothing to do. */
	put_well(f, 2, make("a/two.md", "two\n", NULL), STORE_ADDED);
	assert_int_equal(store_drop(f->store, 2, STR("default"), &f->err), 0);
	assert_int_equal(n_staged(f), 0);
	assert_string_equal(commit(f).id, "");
}

static void test_swap(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("b.md", "two\n", NULL), STORE_ADDED);
	put_well(f, 3, make("c.md", "three\n", NULL), STORE_ADDED);
	commit(f);
	put_well(f, 1, make("b.md", "one\n", NULL), STORE_MOVED);
	put_well(f, 2, make("a.md", "two\n", NULL), STORE_MOVED);
	commit(f);
	assert_string_equal(text_of(f, "a.md"), "two\n");
	assert_string_equal(text_of(f, "b.md"), "one\n");
	check_clean(f);

	put_well(f, 1, make("c.md", "one\n", NULL), STORE_MOVED);
	put_well(f, 3, make("a.md", "three\n", NULL), STORE_MOVED);
	put_well(f, 2, make("b.md", "two\n", NULL), STORE_MOVED);
	commit(f);
	assert_string_equal(run("cat '%s'/*.md", f->path), "three\ntwo\none\n");
	check_clean(f);
}

static void test_file_becomes_folder(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("b/x/y.md", "two\n", NULL), STORE_ADDED);
	commit(f);
	put_well(f, 1, make("a/b/c.md", "one\n", NULL), STORE_MOVED);
	put_well(f, 2, make("b", "two\n", NULL), STORE_MOVED);
	commit(f);
	assert_string_equal(files(f), "a/b/c.md b ");
	check_clean(f);
	put_well(f, 1, make("b/c.md", "one\n", NULL), STORE_MOVED);
	put_well(f, 2, make("a", "two\n", NULL), STORE_MOVED);
	commit(f);
	assert_string_equal(files(f), "a b/c.md ");
	check_clean(f);
}

/* --- Clashes of our own --------------------------------------------------- */

struct refusals {
	size_t n;
	int64_t work_package;
	char why[200];
};

static void on_refused(
	void *arg, int64_t work_package, struct str entry, const char *why)
{
	struct refusals *r = arg;

	assert_true(str_is(entry, "default"));
	r->n++;
	r->work_package = work_package;
	snprintf(r->why, sizeof(r->why), "%s", why);
}

static struct refusals commit_refusing(struct fixture *f)
{
	struct store_commit c = commit_of(7);
	struct refusals r = {0};

	c.refused = on_refused;
	c.arg = &r;
	if (store_commit(f->store, &c, &f->err) != 0)
		fail_msg("store_commit: %s", f->err.text);
	return r;
}

static int is_failed(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	(void)e;
	*(bool *)arg = wp->outcome == OUTCOME_FAILED && wp->reason.p != NULL;
	return 0;
}

static bool has_failed(struct fixture *f, int64_t id)
{
	bool failed = false;
	bool found;

	assert_int_equal(state_work_package(store_state(f->store), id, &found,
				 is_failed, &failed, &f->err),
		0);
	return failed;
}

static void test_two_for_one_path(void **state)
{
	struct fixture *f = *state;
	enum store_change change;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	assert_int_equal(
		put(f, 2, make("a.md", "two\n", NULL), &change), ERR_DATA);
	assert_string_equal(f->err.text,
		"a.md is taken by work package 1: "
		"save_as can give files a name with an id");
	attach(f, 11, "x");
	assert_int_equal(put(f, 2, make("b.md", "", "11:b.md", NULL), &change),
		ERR_DATA);
	assert_int_equal(put(f, 2, make("b.md", "", "12:c.md", NULL), &change),
		ERR_DATA);
	assert_string_equal(f->err.text,
		"c.md: the contents of attachment 12 are not stored");
	assert_int_equal(n_staged(f), 1);
}

static void test_refused_or_waiting(void **state)
{
	struct state_work_package wp = {.id = 2, .outcome = OUTCOME_MADE};
	struct store_commit c = commit_of(7);
	struct fixture *f = *state;
	struct refusals r;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	commit(f);

	/* More is to come: 2 waits for its path, with its row. */
	put_well(f, 2, make("a.md", "two\n", NULL), STORE_ADDED);
	put_well(f, 3, make("c.md", "three\n", NULL), STORE_ADDED);
	store_put_work_package(f->store, &wp);
	c.partial = true;
	assert_int_equal(store_commit(f->store, &c, &f->err), 0);
	assert_string_equal(files(f), "a.md c.md ");
	assert_int_equal(n_staged(f), 1);

	/* 1 moves away: 2 gets it. */
	put_well(f, 1, make("b.md", "one\n", NULL), STORE_MOVED);
	commit(f);
	assert_string_equal(text_of(f, "a.md"), "two\n");
	assert_false(has_failed(f, 2));
	assert_int_equal(n_staged(f), 0);

	/* 3 wants what 2 keeps, and 1 what 3 then keeps. */
	put_well(f, 3, make("a.md", "three\n", NULL), STORE_MOVED);
	put_well(f, 1, make("c.md", "one\n", NULL), STORE_MOVED);
	wp.id = 3;
	store_put_work_package(f->store, &wp);
	r = commit_refusing(f);
	assert_int_equal(r.n, 2);
	assert_string_equal(files(f), "a.md b.md c.md ");
	assert_string_equal(text_of(f, "c.md"), "three\n");
	assert_true(has_failed(f, 3));
	assert_int_equal(n_staged(f), 0);
	check_clean(f);
}

static void test_folder_clash(void **state)
{
	struct fixture *f = *state;
	struct refusals r;

	open_store(f);
	put_well(f, 1, make("a", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("a/b.md", "two\n", NULL), STORE_ADDED);
	put_well(f, 3, make("a-b", "three\n", NULL), STORE_ADDED);
	r = commit_refusing(f);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.work_package, 2);
	assert_string_equal(r.why,
		"a is a file of work package 1, not a folder for a/b.md");
	assert_string_equal(files(f), "a a-b ");
	put_well(f, 2, make("a/b/c.md", "two\n", NULL), STORE_ADDED);
	r = commit_refusing(f);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.why,
		"a is a file of work package 1, not a folder for a/b/c.md");
	put_well(f, 4, make("d/e.md", "four\n", NULL), STORE_ADDED);
	commit(f);
	put_well(f, 5, make("d", "five\n", NULL), STORE_ADDED);
	r = commit_refusing(f);
	assert_int_equal(r.work_package, 5);
	assert_string_equal(
		r.why, "d is a folder with files of work package 4");
	put_well(f, 2, make("b/c.md", "two\n", NULL), STORE_ADDED);
	put_well(f, 3, make("b", "three\n", NULL), STORE_MOVED);
	r = commit_refusing(f);
	assert_int_equal(r.work_package, 2);
	check_clean(f);
}

/* --- What is staged ------------------------------------------------------- */

/* With letters that do not shrink. */
static void fill_randomly(char *text, size_t n)
{
	unsigned seed = 1;

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)('!' + (seed >> 16) % 90);
	}
}

/* What a large commit needed is given back: SQLite's, in the end. */
static void test_rest(void **state)
{
	struct fixture *f = *state;
	char *source = xcalloc(1, 4096);

	fill_randomly(source, 4095);
	open_store(f);
	for (int64_t id = 1; id <= 2000; id++) {
		struct state_work_package wp = {.id = id,
			.outcome = OUTCOME_UNMATCHED,
			.source = str_of(source)};

		store_put_work_package(f->store, &wp);
	}
	assert_true(sqlite3_memory_used() > 8000000);
	commit(f);
	store_rest(f->store);
	assert_true(sqlite3_memory_used() < 3000000);
	free(source);
}

#define MANY 300 /* documents, whose files a thread writes */

static void commit_part(struct fixture *f, const char *text)
{
	struct store_commit c = commit_of(7);

	for (int64_t id = 1; id <= MANY; id++) {
		char *path = xasprintf("%d.md", (int)id);
		enum store_change change;

		assert_int_equal(
			put(f, id, make(path, text, NULL), &change), 0);
		free(path);
	}
	c.partial = true;
	assert_int_equal(store_commit(f->store, &c, &f->err), 0);
	assert_int_equal(c.n_kept, 0);
}

static void on_finding(void *arg, enum store_place place, int64_t work_package,
	struct str path, const char *text)
{
	size_t *n = arg;

	(void)work_package, (void)path, (void)text;
	*n += place == STORE_WORK_TREE;
}

/* A check that takes long is seen to get on, and can be ended. */
static void test_check_gets_on(void **state)
{
	struct fixture *f = *state;
	atomic_bool stop = false;
	uint64_t before;
	size_t n = 0;

	open_store(f);
	commit_part(f, "one\n");
	before = store_n_looked(f->store);
	assert_int_equal(
		store_check(f->store, &stop, on_finding, &n, &f->err), 0);
	assert_true(store_n_looked(f->store) > before);
	stop = true;
	assert_int_equal(store_check(f->store, &stop, on_finding, &n, &f->err),
		ERR_CANCELED);
	assert_int_equal(n, 0);
}

static void on_branch(void *arg, enum store_place place, int64_t work_package,
	struct str path, const char *text)
{
	size_t *n = arg;

	(void)work_package, (void)path, (void)text;
	*n += place == STORE_BRANCH;
}

/* Also where only that is another. */
static void test_check_sees_the_branch(void **state)
{
	struct fixture *f = *state;
	size_t n = 0;

	open_with_two(f);
	run(GIT "update-ref refs/heads/main $(" GIT
		"commit-tree -m theirs -p main $(" GIT "mktree </dev/null))",
		f->path, f->path, f->path);
	assert_int_equal(
		store_check(f->store, NULL, on_branch, &n, &f->err), 0);
	assert_int_equal(n, 2);
}

static bool is_made_again_in_doubt(struct fixture *f)
{
	bool again;

	assert_int_equal(
		state_exec(store_state(f->store),
			"INSERT INTO value SELECT * FROM value", &f->err),
		ERR_IO);
	assert_int_equal(store_mend_state(f->store, &again, &f->err), 0);
	return again;
}

/* A constraint that fails is a fault of ours, unless the state is not sound. */
static void test_constraint_fails(void **state)
{
	const struct state_work_package wp = {.id = 1};
	struct fixture *f = *state;

	open_store(f);
	store_put_work_package(f->store, &wp);
	put_well(f, 1, make("a.md", "a\n", NULL), STORE_ADDED);
	commit(f);
	assert_false(is_made_again_in_doubt(f));
	assert_int_equal(state_exec(store_state(f->store),
				 "UPDATE document SET entry = 'b'", &f->err),
		0);
	f->store->doubt_at = INT64_MAX;
	assert_false(is_made_again_in_doubt(f));
	f->store->doubt_at = 0;
	assert_true(is_made_again_in_doubt(f));
}

/* Whoever looks at the work tree sees it as the last commit left it. */
static void test_part_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;
	size_t n = 0;

	open_store(f);
	commit_part(f, "one\n");
	assert_int_equal(
		store_check(f->store, NULL, on_finding, &n, &f->err), 0);
	assert_int_equal(n, 0);
	commit_part(f, "two\n");
	assert_int_equal(store_follow(f->store, "refs/none", &out, &f->err), 0);
	check_clean(f);
	commit_part(f, "three\n");
	store_discard(f->store);
	check_clean(f);
	commit_part(f, "four\n");
	reopen(f);
	check_clean(f);
}

/* What is made while files are written is not held against them. */
static void test_parts_follow_each_other(void **state)
{
	struct store_commit c = commit_of(7);
	struct fixture *f = *state;

	open_store(f);
	for (int i = 0; i < 5; i++)
		commit_part(f, i % 2 == 0 ? "one\n" : "two\n");
	put_well(f, 1, make("moved.md", "one\n", NULL), STORE_MOVED);
	for (int64_t id = 2; id <= MANY; id++) {
		char *path = xasprintf("%d.md", (int)id);

		put_well(f, id, make(path, "three\n", NULL), STORE_CHANGED);
		free(path);
	}
	c.partial = true;
	assert_int_equal(store_commit(f->store, &c, &f->err), 0);
	put_well(f, MANY + 1, make("1.md/x.md", "four\n", NULL), STORE_ADDED);
	assert_int_equal(store_commit(f->store, &c, &f->err), 0);
	commit(f);
	check_clean(f);
	assert_string_equal(text_of(f, "moved.md"), "one\n");
	assert_string_equal(text_of(f, "1.md/x.md"), "four\n");
	assert_string_equal(text_of(f, "300.md"), "three\n");
}

/* A person's name that would be headers of the commit. */
static void test_author_whom_git_does_not_take(void **state)
{
	struct store_commit c = commit_of(7);
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("one.md", "one\n", NULL), STORE_ADDED);
	c.author_name = "a\nencoding b";
	c.author_email = "a@b";
	assert_int_equal(store_commit(f->store, &c, &f->err), 0);
	assert_string_equal(
		run(GIT "log -1 --format='%%an %%e'", f->path), "opsync \n");
	check_clean(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	sqlite3_initialize(); /* with its memory counted, for test_rest() */
	const struct CMUnitTest tests[] = {
		TEST(test_put_commit_reopen),
		TEST(test_bare),
		TEST(test_rename_moves_attachments),
		TEST(test_drop),
		TEST(test_swap),
		TEST(test_file_becomes_folder),
		TEST(test_two_for_one_path),
		TEST(test_refused_or_waiting),
		TEST(test_folder_clash),
		TEST(test_rest),
		TEST(test_check_gets_on),
		TEST(test_check_sees_the_branch),
		TEST(test_constraint_fails),
		TEST(test_part_is_waited_for),
		TEST(test_parts_follow_each_other),
		TEST(test_author_whom_git_does_not_take),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
