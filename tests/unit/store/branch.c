/*
 * How the branch moves, where git may have put it away.
 */
#include "tests/unit/store/promise.h"
#include "tests/unit/store/synced.h"

static void start(struct fixture *f)
{
	open_store(f);
	put_well(f, 1, make("one.md", "one\n", NULL), STORE_ADDED);
	commit(f);
}

static void change(struct fixture *f, const char *text)
{
	put_well(f, 1, make("one.md", text, NULL), STORE_CHANGED);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_string_equal(text_of(f, "one.md"), text);
	assert_string_equal(run(GIT "cat-file -p HEAD:one.md", f->path), text);
	run("! test -e '%s/.git/refs/heads/main.lock'", f->path);
	check_clean(f);
}

static void check_synced(struct fixture *f)
{
	static const char *const names[] = {"main", "."};
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path =
			xasprintf("%s/.git/refs/heads/%s", f->path, names[i]);

		assert_int_equal(stat(path, &st), 0);
		assert_true(is_synced(st.st_ino));
		free(path);
	}
	synced.n = 0;
}

/* The ref and its name, also where nothing was prepared. */
static void test_on_disk(void **state)
{
	struct fixture *f = *state;

	start(f);
	synced.n = 0;
	change(f, "two\n");
	check_synced(f);
	put_well(f, 1, make("one.md", "three\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	reopen(f);
	check_synced(f);
	check_clean(f);
}

/* Each move is in both reflogs, and they lead from one to the next. */
static void check_reflog(struct fixture *f, const char *name, const char *n)
{
	assert_string_equal(run(GIT "reflog show --format=%%gs %s | grep -c "
				    "'^opsync: commit$' | tr -d '\\n'",
				    f->path, name),
		n);
	run("cd '%s' && awk 'NR > 1 && $1 != last { exit 1 } "
	    "{ last = $2 } END { if (last != head) exit 1 }' "
	    "head=$(git rev-parse HEAD) .git/logs/%s",
		f->path, name);
}

static void test_reflogs(void **state)
{
	struct fixture *f = *state;

	start(f);
	change(f, "two\n");
	change(f, "three\n");
	check_reflog(f, "refs/heads/main", "3");
	check_reflog(f, "HEAD", "3");
}

/* git passes over a line that is not whole, and what is behind it counts. */
static void test_half_a_line(void **state)
{
	struct fixture *f = *state;

	start(f);
	change(f, "two\n");
	run("printf 0123456789abcdef >>'%s/.git/logs/HEAD'", f->path);
	run("printf 'half a line' >>'%s/.git/logs/refs/heads/main'", f->path);
	change(f, "three\n");
	change(f, "four\n");
	run("sed -i '/^0123456789abcdef$/d' '%s/.git/logs/HEAD'", f->path);
	run("sed -i '/^half a line$/d' '%s/.git/logs/refs/heads/main'",
		f->path);
	check_reflog(f, "refs/heads/main", "4");
	check_reflog(f, "HEAD", "4");
}

static void test_without_reflogs(void **state)
{
	struct fixture *f = *state;

	start(f);
	run(GIT "config core.logAllRefUpdates false", f->path);
	run("rm -r '%s/.git/logs'", f->path);
	change(f, "two\n");
	run("! test -e '%s/.git/logs/HEAD'", f->path);
	run("! test -e '%s/.git/logs/refs/heads/main'", f->path);
	run(GIT "config core.logAllRefUpdates always", f->path);
	change(f, "three\n");
	check_reflog(f, "refs/heads/main", "1");
	check_reflog(f, "HEAD", "1");
	/* What is there is gone on with. */
	run(GIT "config core.logAllRefUpdates false", f->path);
	change(f, "four\n");
	check_reflog(f, "refs/heads/main", "2");
}

static void test_packed(void **state)
{
	struct fixture *f = *state;

	start(f);
	run(GIT "pack-refs --all --prune", f->path);
	run("! test -e '%s/.git/refs/heads/main'", f->path);
	change(f, "two\n");
	run(GIT "pack-refs --all --prune", f->path);
	run("rmdir '%s/.git/refs/heads'", f->path);
	change(f, "three\n");
	/* The folder of a branch main/x that is gone. */
	run(GIT "pack-refs --all --prune", f->path);
	run("mkdir '%s/.git/refs/heads/main'", f->path);
	change(f, "four\n");
	check_reflog(f, "refs/heads/main", "4");
}

/* What waits for a lock leaves nothing behind, and goes on without it. */
static void test_locked(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = commit_of(7);

	start(f);
	run("touch '%s/.git/refs/heads/main.lock'", f->path);
	put_well(f, 1, make("one.md", "two\n", NULL), STORE_CHANGED);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_LOCKED);
	assert_string_equal(run("ls '%s/.git/opsync/tmp'", f->path), "");
	run("rm '%s/.git/refs/heads/main.lock'", f->path);
	change(f, "three\n");
	check_reflog(f, "refs/heads/main", "3");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_on_disk),
		TEST(test_reflogs),
		TEST(test_half_a_line),
		TEST(test_without_reflogs),
		TEST(test_packed),
		TEST(test_locked),
	};

	return cmocka_run_group_tests_name("branch", tests, NULL, NULL);
}
