/*
 * Commits that were interrupted behind their commit point, and what others
 * did to the repository meanwhile.  (Kills are the scenario store_crash's.)
 * waits for most of its time
 */
#include "store/parts.h"
#include "store/query.h"
#include "tests/unit/store/promise.h"

static void note(void *arg, enum log_level level, const char *text)
{
	(void)level;
	snprintf(arg, 200, "%s", text);
}

static void test_next_commit_goes_on(void **state)
{
	struct fixture *f = *state;
	char told[200] = "";

	open_with_two(f);
	f->store->told = note;
	f->store->told_arg = told;
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	assert_string_equal(text_of(f, "a/one.md"), "one\n");
	assert_int_equal(n_told(f), 1);
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_string_equal(subjects(f), "Sync Sync Sync ");
	assert_int_equal(n_told(f), 3);
	assert_string_equal(
		told, run(GIT "log -1 --format='%%H %%s' HEAD^ | tr -d '\\n'",
			      f->path));
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	check_clean(f);
}

static void test_made_anew_on_top(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	put_well(f, 1, make("b/one.md", "more\n", NULL), STORE_MOVED);
	commit_in_vain(f);
	commit_theirs(f, "theirs.md");
	reopen(f);
	assert_string_equal(subjects(f), "Sync theirs Sync ");
	assert_int_equal(n_told(f), 2);
	assert_string_equal(files(f), "b/one.md theirs.md two.md ");
	assert_string_equal(
		run(GIT "log -1 --format='%%ad %%P' --date=unix", f->path),
		run("printf '1700000000 ' && " GIT "rev-parse HEAD^", f->path));
	check_clean(f);
	assert_string_equal(commit(f).id, "");
}

/* They made just the same change. */
static void test_nothing_left_to_make(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	put_well(f, 1, make("a/one.md", "theirs", NULL), STORE_CHANGED);
	commit_in_vain(f);
	commit_theirs(f, "a/one.md");
	reopen(f);
	assert_string_equal(subjects(f), "theirs Sync ");
	assert_int_equal(n_told(f), 1);
	check_clean(f);
}

/*
 * They went to another branch while files were to be put into place: their git
 * lets the index go first, while we ask for it often.
 */
static void test_branch_left_in_between(void **state)
{
	struct fixture *f = *state;
	FILE *git;

	open_with_two(f);
	run("cd '%s' && git branch other && touch .git/index.lock", f->path);
	git = start_command(run("printf '%%s' 'cd %s/.git && until test -e "
				"opsync/tmp/tmp_lock; do sleep 0.01; done; "
				"sleep 0.3; rm index.lock; until test -e "
				"index.lock; do :; done; "
				"echo ref: refs/heads/other >HEAD'",
		f->path));
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	assert_int_equal(pclose(git), 0);
	assert_string_equal(text_of(f, "a/one.md"), "one\n");
	check_clean(f);
	run("cd '%s' && git checkout -q main", f->path);
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	check_clean(f);
}

/* So many that a thread puts them into place. */
static void commit_many(struct fixture *f, const char *text)
{
	struct store_commit c = commit_of(8);
	char path[32];

	for (int i = 0; i < 40; i++) {
		snprintf(path, sizeof(path), "many/%d.md", i);
		put_well(f, 10 + i, make(path, text, NULL), STORE_ADDED);
	}
	c.partial = true;
	if (store_commit(f->store, &c, &f->err) != 0)
		fail_msg("store_commit: %s", f->err.text);
	assert_int_equal(strlen(c.id), 40);
}

/* While the next ones come, people may work in the store. */
static void test_lock_is_let_go(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	commit_many(f, "one\n");
	run("cd '%s' && for i in $(seq 200); do test -e many/9.md && "
	    "! test -e .git/index.lock && exit 0; sleep 0.05; done; exit 1",
		f->path);
	write_file(f, "theirs.md", "theirs");
	run(GIT "add theirs.md", f->path);
	commit(f);
	assert_string_equal(
		run(GIT "status --porcelain", f->path), "A  theirs.md\n");
}

/* Another git at work is no reason to end a pass in its middle. */
static void test_many_beside_a_git(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	run("touch '%s/.git/index.lock'", f->path);
	commit_many(f, "one\n");
	run("! test -e '%s/many'", f->path);
	run("rm '%s/.git/index.lock'", f->path);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	assert_string_equal(text_of(f, "many/39.md"), "one\n");
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	check_clean(f);
}

/* A change of theirs on top of ours is not undone in the work tree. */
static void test_their_change_on_top(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = commit_of(8);

	open_with_two(f);
	run("touch '%s/.git/index.lock'", f->path);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_int_equal(strlen(c.id), 40);
	assert_int_equal(n_told(f), 2);
	run("rm '%s/.git/index.lock'", f->path);
	commit_theirs(f, "a/one.md");
	reopen(f);
	assert_string_equal(text_of(f, "a/one.md"), "theirs");
	assert_string_equal(subjects(f), "theirs Sync Sync ");
	assert_int_equal(n_told(f), 2);
	check_clean(f);
}

/* Nor does a file of theirs go where ours went; and nothing else is to do. */
static void test_their_file_where_ours_went(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = commit_of(8);

	open_with_two(f);
	run("touch '%s/.git/index.lock'", f->path);
	assert_int_equal(store_drop(f->store, 2, STR("default"), &f->err), 0);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	run("rm '%s/.git/index.lock'", f->path);
	commit_theirs(f, "two.md");
	reopen(f);
	assert_string_equal(text_of(f, "two.md"), "theirs");
	check_clean(f);
}

/* What stands in the way of the work tree does not stop commits. */
static void test_blocked_worktree(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = commit_of(8);

	open_with_two(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	block(f);
	reopen(f);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_non_null(strstr(f->err.text, "content/a is in the way"));
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_int_equal(strlen(c.id), 40);
	assert_string_equal(text_of(f, "two.md"), "more\n");
	unblock(f);
	commit(f);
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	check_clean(f);
}

/* The commit was lost with the power, and the branch may name it. */
static void lose_promised(struct fixture *f, bool moved)
{
	struct query q;
	char *id;

	open_with_two(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	q = query_open(store_state(f->store), "SELECT new FROM intent");
	assert_true(query_next(&q));
	id = str_dup(column_text(&q));
	assert_int_equal(query_close(&q, NULL), 0);
	store_close(f->store);
	f->store = NULL;
	run("rm -f '%s/.git/objects/%.2s/%s'", f->path, id, id + 2);
	if (moved)
		run("echo %s >'%s/.git/refs/heads/main'", id, f->path);
	free(id);
	open_store(f);
	assert_string_equal(subjects(f), "Sync ");
	assert_int_equal(n_adrift(f), 1);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_SAME);
	commit(f);
	assert_string_equal(subjects(f), "Sync Sync ");
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	check_clean(f);
}

static void test_lost_promise(void **state)
{
	lose_promised(*state, false);
}

static void test_lost_promise_on_branch(void **state)
{
	lose_promised(*state, true);
}

/* The work tree waits for it, but it was erased from the history. */
static void test_erased_promise(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	block(f);
	reopen(f);
	store_close(f->store);
	f->store = NULL;
	unblock(f);
	run(GIT "update-ref refs/heads/main $(" GIT
		"commit-tree -m erased -p HEAD^ HEAD^{tree})",
		f->path, f->path);
	run(GIT "reflog expire --expire=now --all && " GIT "gc -q --prune=now",
		f->path, f->path);
	open_store(f);
	assert_string_equal(subjects(f), "erased Sync ");
}

static int n_documents(struct fixture *f)
{
	struct state_counts n;

	assert_int_equal(state_count(store_state(f->store), &n, &f->err), 0);
	return (int)n.documents;
}

/* A copy of the state from amid a commit, when more were made since. */
static void test_old_promise(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	store_close(f->store);
	f->store = NULL;
	run("cp '%s/.git/opsync/state.db' '%s/copy'", f->path, f->folder);
	open_store(f);
	assert_int_equal(store_drop(f->store, 2, STR("default"), &f->err), 0);
	commit(f);
	store_close(f->store);
	f->store = NULL;
	run("mv '%s/copy' '%s/.git/opsync/state.db'", f->folder, f->path);
	open_store(f);
	assert_int_equal(n_documents(f), 1);
	assert_int_equal(n_adrift(f), 0);
	check_clean(f);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_next_commit_goes_on),
		TEST(test_made_anew_on_top),
		TEST(test_nothing_left_to_make),
		TEST(test_branch_left_in_between),
		TEST(test_lock_is_let_go),
		TEST(test_many_beside_a_git),
		TEST(test_their_change_on_top),
		TEST(test_their_file_where_ours_went),
		TEST(test_blocked_worktree),
		TEST(test_lost_promise),
		TEST(test_lost_promise_on_branch),
		TEST(test_erased_promise),
		TEST(test_old_promise),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
