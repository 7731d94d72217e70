/*
 * The store following a branch that others moved, and knowing from the history
 * what is its own.
 */
#include "store/parts.h"
#include "store/query.h"
#include "tests/unit/store/fixture.h"

#define REMOTE "refs/opsync/remote"

static void start(struct fixture *f)
{
	open_with_two(f);
	run(GIT "update-ref " REMOTE " HEAD", f->path);
}

/* A commit on the remote's branch: the script runs in a work tree of it. */
static void theirs(struct fixture *f, const char *script, const char *message)
{
	run("cd '%s' && " SELF "worktree add -q --detach t " REMOTE
	    " && cd t && { %s; } && " SELF "add -A && " SELF
	    "commit -q -m \"%s\" && " SELF "update-ref " REMOTE
	    " HEAD && cd .. && " SELF "worktree remove --force t",
		f->path, script, message);
}

static struct store_follow follow(struct fixture *f)
{
	struct store_follow out;

	if (store_follow(f->store, REMOTE, &out, &f->err) != 0)
		fail_msg("store_follow: %s", f->err.text);
	return out;
}

static void check_at_remote(struct fixture *f)
{
	run(GIT "diff --exit-code HEAD " REMOTE, f->path);
	check_clean(f);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;

	start(f);
	assert_false(follow(f).moved);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	assert_false(follow(f).moved); /* it is only behind us */
}

static void test_forward(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	theirs(f, "mkdir b; echo x >b/x; echo y >run; chmod +x run; rm two.md",
		"theirs");
	out = follow(f);
	assert_true(out.moved);
	assert_false(out.again);
	assert_string_equal(text_of(f, "b/x"), "x\n");
	assert_string_equal(
		run("test -x '%s/run' && echo yes", f->path), "yes\n");
	check_at_remote(f);
}

/* What is no file does not come to the work tree, as git shows. */
static void test_their_link(void **state)
{
	struct fixture *f = *state;

	start(f);
	theirs(f, "ln -s two.md link", "theirs");
	assert_true(follow(f).moved);
	assert_string_equal(files(f), "a/one.md link two.md ");
	assert_string_equal(
		run(GIT "status --porcelain", f->path), "D  link\n");
	/* Nor with a commit of ours that a person took back. */
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	run(GIT "update-ref " REMOTE " HEAD", f->path);
	run(GIT "reset -q --hard HEAD~2", f->path);
	assert_true(follow(f).moved);
	assert_string_equal(files(f), "a/one.md link two.md ");
	assert_string_equal(
		run(GIT "status --porcelain", f->path), "D  link\n");
}

static void test_on_top(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	theirs(f, "echo theirs >theirs.md; echo edited >a/one.md", "theirs");
	put_well(f, 1, make("a/one.md", "newer\n", NULL), STORE_CHANGED);
	commit(f);
	put_well(f, 2, make("b/two.md", "two\n", NULL), STORE_MOVED);
	commit(f);
	out = follow(f);
	assert_int_equal(out.n_again, 2);
	assert_string_equal(files(f), "a/one.md b/two.md theirs.md ");
	assert_string_equal(text_of(f, "a/one.md"), "newer\n");
	assert_string_equal(run(GIT "rev-list --merges HEAD", f->path), "");
	assert_string_equal(
		run(GIT "rev-list --count " REMOTE "..HEAD", f->path), "2\n");
	check_clean(f);
	/* The rows hold: the next change is made of them. */
	put_well(f, 2, make("b/two.md", "three\n", NULL), STORE_CHANGED);
	commit(f);
	check_clean(f);
}

/* Each commit that is looked at, or made again, is a step of it. */
static void test_gets_on(void **state)
{
	struct fixture *f = *state;
	uint64_t looked;

	start(f);
	theirs(f, "echo theirs >theirs.md", "theirs");
	run("for i in 1 2 3 4 5 6 7 8 9; do " GIT
	    "commit -q --allow-empty -m $i; done",
		f->path);
	looked = store_n_looked(f->store);
	assert_true(follow(f).moved);
	assert_true(store_n_looked(f->store) - looked >= 20);
}

/* What is made again is told, also where that is finished later. */
static void test_told(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	assert_int_equal(n_told(f), 1);
	theirs(f, "echo theirs >theirs.md", "theirs");
	follow(f);
	assert_int_equal(n_told(f), 1);
	theirs(f, "echo more >theirs.md", "more");
	put_well(f, 1, make("a/one.md", "newer\n", NULL), STORE_CHANGED);
	commit(f);
	assert_int_equal(n_told(f), 2);
	run("touch '%s/.git/refs/heads/main.lock'", f->path);
	assert_int_equal(
		store_follow(f->store, REMOTE, &out, &f->err), ERR_LOCKED);
	assert_int_equal(n_told(f), 2);
	run("rm '%s/.git/refs/heads/main.lock'", f->path);
	reopen(f);
	assert_string_equal(text_of(f, "theirs.md"), "more\n");
	assert_int_equal(n_told(f), 3);
	check_clean(f);
}

static void test_edited_here(void **state)
{
	struct fixture *f = *state;

	start(f);
	theirs(f, "echo 1 >theirs.md", "theirs");
	follow(f);
	write_file(f, "theirs.md", "edited");
	write_file(f, "new.md", "untracked");
	theirs(f, "echo 2 >theirs.md; echo 2 >new.md; echo 2 >other.md",
		"more");
	assert_true(follow(f).moved);
	assert_string_equal(text_of(f, "theirs.md"), "edited");
	assert_string_equal(text_of(f, "new.md"), "untracked");
	assert_string_equal(text_of(f, "other.md"), "2\n");
	assert_string_equal(run(GIT "branch --list 'opsync/*'", f->path), "");
}

static void test_two_instances(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;
	char *head;

	start(f);
	theirs(f, "echo theirs >a/one.md", "x\n\nOpsync-Instance: other");
	put_well(f, 1, make("a/one.md", "ours\n", NULL), STORE_CHANGED);
	commit(f);
	head = xstrdup(run(GIT "rev-parse HEAD", f->path));
	assert_int_equal(
		store_follow(f->store, REMOTE, &out, &f->err), ERR_CONFIG);
	assert_non_null(strstr(f->err.text, "test (this one) and other"));
	assert_non_null(strstr(f->err.text, "a/one.md"));
	assert_string_equal(run(GIT "rev-parse HEAD", f->path), head);
	free(head);
	check_clean(f);
}

/* Another by our own name, which has nothing that is news to us. */
static void test_rewritten(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	put_well(f, 1, make("a/one.md", "secret\n", NULL), STORE_CHANGED);
	commit(f);
	theirs(f, "echo censored >a/one.md",
		"$(git log -1 --format=%B refs/heads/main)");
	assert_int_equal(
		store_follow(f->store, REMOTE, &out, &f->err), ERR_CONFIG);
	assert_non_null(strstr(f->err.text, "was rewritten (a/one.md is"));
	assert_non_null(strstr(f->err.text, "by test itself"));
	assert_non_null(strstr(f->err.text, "git reset --hard FETCH_HEAD"));
	assert_non_null(strstr(f->err.text, "git push --force"));
	assert_string_equal(text_of(f, "a/one.md"), "secret\n");
	check_clean(f);
}

static int count_documents(struct fixture *f)
{
	struct state_counts n;

	assert_int_equal(state_count(store_state(f->store), &n, &f->err), 0);
	return (int)n.documents;
}

/* An old copy of us: there are commits of our own that it does not know. */
static void test_behind(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	theirs(f, "echo newer >a/one.md; echo 3 >three.md; echo t >theirs.md",
		"x\n\nOpsync-Instance: test");
	theirs(f, "echo more >theirs.md", "a person's");
	put_well(f, 2, make("two.md", "old\n", NULL), STORE_CHANGED);
	commit(f);
	out = follow(f);
	assert_true(out.moved && out.again);
	check_at_remote(f);
	/* What a person changed last is not ours. */
	assert_int_equal(count_documents(f), 3);
	put_well(f, 1, make("a/one.md", "newest\n", NULL), STORE_CHANGED);
	put_well(f, 2, make("two.md", "two\n", NULL), STORE_SAME);
	commit(f);
	assert_int_equal(count_documents(f), 3);
	check_clean(f);
}

static void start_behind(struct fixture *f)
{
	start(f);
	theirs(f, "rm two.md; echo 3 >three.md", "x\n\nOpsync-Instance: test");
}

/* The branch has come there, the work tree not yet. */
static void test_behind_late(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;
	bool again;

	start_behind(f);
	run("touch '%s/.git/index.lock'", f->path);
	assert_int_equal(store_follow(f->store, REMOTE, &out, &f->err), ERR_IO);
	assert_true(out.moved && out.again);
	assert_int_equal(count_documents(f), 2);
	run("rm '%s/.git/index.lock'", f->path);
	assert_int_equal(store_check_history(f->store, &again, &f->err), 0);
	assert_false(again);
	assert_false(follow(f).again);
	check_at_remote(f);
	put_well(f, 2, make("three.md", "3\n", NULL), STORE_SAME);
	commit(f);
	check_at_remote(f);
}

/* A git held the branch: what is promised comes before the next pass. */
static void test_behind_before_a_pass(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;
	bool again;

	start_behind(f);
	run("touch '%s/.git/refs/heads/main.lock'", f->path);
	assert_int_equal(
		store_follow(f->store, REMOTE, &out, &f->err), ERR_LOCKED);
	assert_false(out.moved || out.again);
	assert_int_equal(
		store_check_history(f->store, &again, &f->err), ERR_LOCKED);
	assert_false(again);
	run("rm '%s/.git/refs/heads/main.lock'", f->path);
	assert_int_equal(store_check_history(f->store, &again, &f->err), 0);
	assert_true(again);
	check_at_remote(f);
	assert_int_equal(count_documents(f), 2);
}

/* One that is empty stays so until the history can be read. */
static void test_damaged_state(void **state)
{
	struct fixture *f = *state;
	bool again;

	start(f);
	reopen(f); /* libgit2 keeps what was just made */
	f->store->state->damaged = true;
	run("mv '%s/.git/objects' '%s/away' && mkdir '%s/.git/objects'",
		f->path, f->folder, f->path);
	assert_int_not_equal(store_mend_state(f->store, &again, &f->err), 0);
	assert_true(again);
	assert_int_equal(count_documents(f), 0);
	run("rmdir '%s/.git/objects' && mv '%s/away' '%s/.git/objects'",
		f->path, f->folder, f->path);
	assert_int_equal(store_check_history(f->store, &again, &f->err), 0);
	assert_true(again);
	assert_int_equal(count_documents(f), 2);
	assert_int_equal(store_check_history(f->store, &again, &f->err), 0);
	assert_false(again);
}

/* A person's, by a clock that was behind. */
static void commit_late(struct fixture *f)
{
	for (int i = 0; i < 12; i++)
		run("cd '%s' && echo %d >mine.md && " SELF
		    "add mine.md && GIT_COMMITTER_DATE='@%d +0000' " SELF
		    "commit -q -m mine",
			f->path, i, 1000000000 + i);
}

/* What both have is nothing new, whatever the clock said where it was made. */
static void test_wrong_clock(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	theirs(f, "echo theirs >theirs.md", "theirs");
	commit_late(f);
	out = follow(f);
	assert_true(out.moved);
	assert_false(out.again);
	assert_int_equal(out.n_again, 12);
	assert_string_equal(out.kept_branch, "");
	assert_string_equal(files(f), "a/one.md mine.md theirs.md two.md ");
	check_clean(f);
}

/* Nor where they pulled it into what they had begun before. */
static void test_pulled_by_a_wrong_clock(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	commit_late(f);
	run("cd '%s' && " SELF "worktree add -q --detach t main~12 && cd t && "
	    "echo x >own.md && " SELF "add . && " SELF "commit -qm own && " SELF
	    "merge -q --no-edit main && " SELF "update-ref " REMOTE
	    " HEAD && cd .. && " SELF "worktree remove --force t",
		f->path);
	out = follow(f);
	assert_true(out.moved);
	assert_false(out.again);
	assert_string_equal(files(f), "a/one.md mine.md own.md two.md ");
	check_clean(f);
}

/* A commit of ours with another's file in it, made again in a clone. */
static void test_amended(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	run("cd '%s' && " SELF "worktree add -q --detach t && cd t && "
	    "echo 1 >theirs.md && " SELF "add . && " SELF
	    "commit -q --amend --no-edit && " SELF "update-ref " REMOTE
	    " HEAD && cd .. && " SELF "worktree remove --force t",
		f->path);
	out = follow(f);
	assert_true(out.moved);
	assert_false(out.again);
	assert_int_equal(count_documents(f), 2);
	check_at_remote(f);
	/* And here. */
	write_file(f, "notes.md", "mine");
	run(GIT "add notes.md", f->path);
	run(GIT "commit -q --amend --no-edit", f->path);
	reopen(f);
	assert_int_equal(count_documents(f), 2);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	assert_string_equal(files(f), "a/one.md notes.md theirs.md two.md ");
	check_clean(f);
}

static void no_adopted(void *arg, int64_t work_package, struct str path)
{
	(void)work_package;
	(void)path;
	(*(int *)arg)++;
}

/* The branch's paths, listed in memory, and not needed any more. */
static int64_t n_listed(struct fixture *f)
{
	struct query q =
		query_open(f->store->state, "SELECT count(*) FROM tip_path");
	int64_t n = query_next(&q) ? column_int(&q) : -1;

	assert_int_equal(query_close(&q, NULL), 0);
	return n;
}

static void test_lost_state(void **state)
{
	struct fixture *f = *state;
	int n = 0;

	start(f);
	run("echo theirs >'%s/theirs.md'", f->path);
	run(GIT "add -A && " GIT "commit -q -m theirs", f->path, f->path);
	store_close(f->store);
	f->store = NULL;
	run("rm '%s'/.git/opsync/state.db*", f->path);
	open_store(f);
	assert_int_equal(count_documents(f), 2);
	assert_int_equal(n_listed(f), 0);
	put_well(f, 1, make("a/one.md", "one\n", NULL), STORE_SAME);
	put_well(f, 2, make("two.md", "other\n", NULL), STORE_CHANGED);
	assert_int_equal(store_adopted(f->store, no_adopted, &n, NULL), 0);
	assert_int_equal(n, 1); /* theirs.md, beside one of ours */
	assert_int_equal(n_listed(f), 0);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_int_equal(count_documents(f), 2);
	assert_string_equal(files(f), "a/one.md theirs.md two.md ");
	check_clean(f);
}

static void count_up(void *arg)
{
	++*(int *)arg;
}

/* Who waits for it is told that it gets on, until it is open. */
static void test_lost_state_gets_on(void **state)
{
	struct fixture *f = *state;
	struct store_options o = options(f);
	uint64_t looked;
	int n = 0;

	start(f);
	run("for i in 1 2 3 4 5; do " GIT "commit -q --allow-empty -m $i; done",
		f->path);
	store_close(f->store);
	f->store = NULL;
	run("rm '%s'/.git/opsync/state.db*", f->path);
	o.gets_on = count_up;
	o.told_arg = &n;
	assert_int_equal(store_open(&o, &f->store, &f->err), 0);
	/* All are counted, and looked through three times. */
	assert_true(n >= 4 * 6);
	looked = store_n_looked(f->store);
	assert_int_equal(looked, n);
	put_well(f, 1, make("a/one.md", "one\n", NULL), STORE_SAME);
	commit(f);
	assert_int_equal(store_look(f->store, true, NULL, NULL, &f->err), 0);
	assert_true(store_n_looked(f->store) > looked);
	assert_int_equal(n, looked);
}

/* A person's commit on what the branch was first, and ours merged into it. */
static void merge(struct fixture *f)
{
	run("cd '%s' && " SELF "worktree add -q --detach t "
	    "$(" SELF "rev-list HEAD | tail -n 1) && cd t && "
	    "echo x >own.md && " SELF "add . && " SELF "commit -qm own && " SELF
	    "merge -q --no-edit main && " SELF "update-ref " REMOTE
	    " HEAD && cd .. && " SELF "worktree remove --force t",
		f->path);
}

static void test_merged(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	start(f);
	write_file(f, "theirs.md", "1");
	run(GIT "add theirs.md && " GIT "commit -q -m theirs", f->path,
		f->path);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	merge(f);
	/* What was merged is no other change of this. */
	write_file(f, "theirs.md", "2");
	run(GIT "commit -q -a -m theirs", f->path);
	out = follow(f);
	assert_int_equal(out.n_again, 1);
	assert_string_equal(out.kept_branch, "");
	assert_string_equal(text_of(f, "theirs.md"), "2");
	/* And what is ours stays so. */
	store_close(f->store);
	f->store = NULL;
	run("rm '%s'/.git/opsync/state.db*", f->path);
	open_store(f);
	assert_int_equal(count_documents(f), 2);
	put_well(f, 1, make("a/one.md", "newest\n", NULL), STORE_CHANGED);
	put_well(f, 2, make("two.md", "two\n", NULL), STORE_SAME);
	commit(f);
	assert_string_equal(files(f), "a/one.md own.md theirs.md two.md ");
	check_clean(f);
}

#ifndef __SANITIZE_ADDRESS__ /* libgit2 leaks a little there */
/* Where the history ends early, what goes on top of what is not known. */
static void test_shallow(void **state)
{
	struct fixture *f = *state;
	struct store_follow out;

	run("git init -q -b main '%s' && cd '%s' && for i in 1 2; do " SELF
	    "commit -q --allow-empty -m $i; done && git clone -q . ../o && "
	    "git remote add origin ../o",
		f->path, f->path);
	start(f);
	run("cd '%s' && c=$(git rev-parse HEAD~2) && git rev-parse HEAD^ "
	    ">.git/shallow && rm -f .git/objects/$(echo $c | cut -c1-2)/$(echo "
	    "$c | cut -c3-)",
		f->path);
	theirs(f, "echo 1 >theirs.md", "theirs");
	write_file(f, "mine.md", "mine");
	run(GIT "add mine.md && " GIT "commit -q -m mine", f->path, f->path);
	put_well(f, 1, make("a/one.md", "last\n", NULL), STORE_CHANGED);
	commit(f);
	assert_int_equal(store_follow(f->store, REMOTE, &out, &f->err), ERR_IO);
	assert_non_null(strstr(f->err.text, "git fetch --unshallow"));
	assert_string_equal(text_of(f, "mine.md"), "mine");
	run(GIT "fetch -q --unshallow", f->path);
	out = follow(f);
	assert_int_equal(out.n_again, 2);
	assert_string_equal(files(f), "a/one.md mine.md theirs.md two.md ");
	check_clean(f);
}
#endif

static void note(void *arg, enum log_level level, const char *text)
{
	(void)level;
	snprintf((char *)arg + strlen(arg), 300, "%s\n", text);
}

/* The newest commit is not there any more, or half of it. */
static void test_half_a_commit(void **state)
{
	struct fixture *f = *state;
	struct store_options o = options(f);
	char told[1000] = "";

	start(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	store_close(f->store);
	f->store = NULL;
	run("cd '%s' && t=$(" SELF "rev-parse HEAD:a) && rm -f "
	    ".git/objects/$(echo $t | cut -c1-2)/$(echo $t | cut -c3-) && " SELF
	    "read-tree --empty",
		f->path);
	o.told = note;
	o.told_arg = told;
	assert_int_equal(store_open(&o, &f->store, &f->err), 0);
	assert_non_null(strstr(told, "a commit that is damaged"));
	assert_string_equal(run(GIT "rev-list --count HEAD", f->path), "1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_forward),
		TEST(test_their_link),
		TEST(test_on_top),
		TEST(test_gets_on),
		TEST(test_told),
		TEST(test_edited_here),
		TEST(test_two_instances),
		TEST(test_rewritten),
		TEST(test_behind),
		TEST(test_behind_late),
		TEST(test_behind_before_a_pass),
		TEST(test_damaged_state),
		TEST(test_wrong_clock),
		TEST(test_pulled_by_a_wrong_clock),
		TEST(test_amended),
		TEST(test_lost_state),
		TEST(test_lost_state_gets_on),
		TEST(test_merged),
#ifndef __SANITIZE_ADDRESS__
		TEST(test_shallow),
#endif
		TEST(test_half_a_commit),
	};

	return cmocka_run_group_tests_name("follow", tests, NULL, NULL);
}
