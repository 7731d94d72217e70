/*
 * The store shared with people: their files, their edits, their commits,
 * their branches, and what they leave in our way.
 */
#include "tests/unit/store/fixture.h"

static size_t n_refused;

static void on_refused(
	void *arg, int64_t work_package, struct str entry, const char *why)
{
	(void)work_package;
	(void)entry;
	n_refused++;
	snprintf(arg, 200, "%s", why);
}

static struct store_commit commit_refusing(struct fixture *f, char why[200])
{
	struct store_commit c = commit_of(8);

	n_refused = 0;
	c.refused = on_refused;
	c.arg = why;
	if (store_commit(f->store, &c, &f->err) != 0)
		fail_msg("store_commit: %s", f->err.text);
	return c;
}

/* --- Their files ---------------------------------------------------------- */

static void test_foreign_files_stay(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	write_file(f, "theirs.md", "untracked");
	write_file(f, "staged.md", "staged");
	run(GIT "add staged.md", f->path);
	put_well(f, 1, make("b/one.md", "one\n", NULL), STORE_MOVED);
	commit(f);
	assert_string_equal(files(f), "b/one.md two.md ");
	assert_string_equal(run(GIT "status --porcelain", f->path),
		"A  staged.md\n?? theirs.md\n");

	/* Committed by them: it stays in all that follows. */
	run(GIT "commit -q -m theirs", f->path);
	put_well(f, 1, make("b/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	assert_string_equal(files(f), "b/one.md staged.md two.md ");
	assert_string_equal(run(GIT "rev-list --count HEAD", f->path), "4\n");
}

static void note(void *arg, enum log_level level, const char *text)
{
	(void)level;
	snprintf(arg, 400, "%s", text);
}

/* Also of a kind that comes behind many documents in folders of their own. */
static void test_attribute_is_told(void **state)
{
	struct fixture *f = *state;
	struct store_options o = options(f);
	char told[400] = "";
	char path[32];

	o.told = note;
	o.told_arg = told;
	assert_int_equal(store_open(&o, &f->store, &f->err), 0);
	write_file(f, ".gitattributes", "*.txt ident");
	run(GIT "add .gitattributes && " GIT "commit -qm theirs", f->path,
		f->path);
	for (int i = 0; i < 200; i++) {
		snprintf(path, sizeof(path), "docs/%d/index.md", i);
		put_well(f, i + 1, make(path, "text\n", NULL), STORE_ADDED);
	}
	put_well(f, 201, make("docs/last/index.txt", "text\n", NULL),
		STORE_ADDED);
	commit(f);
	assert_non_null(strstr(
		told, "the attribute 'ident' is set for docs/last/index.txt"));
}

static void test_taken(void **state)
{
	struct fixture *f = *state;
	enum store_change change;

	open_with_two(f);
	write_file(f, "untracked.md", "theirs");
	commit_theirs(f, "committed.md");
	assert_int_equal(put(f, 3, make("untracked.md", "ours", NULL), &change),
		ERR_DATA);
	assert_string_equal(f->err.text,
		"untracked.md is taken by a file that opsync did not write: "
		"move it away, change the mapping's path, or let opsync adopt "
		"take it over");
	assert_int_equal(put(f, 3, make("committed.md", "ours", NULL), &change),
		ERR_DATA);
	run("rm '%s/committed.md'", f->path); /* it is in the branch still */
	assert_int_equal(put(f, 3, make("committed.md", "ours", NULL), &change),
		ERR_DATA);
	assert_int_equal(n_staged(f), 0);
}

static void test_equal_bytes_are_adopted(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	write_file(f, "untracked.md", "same");
	write_file(f, "committed.md", "same");
	run(GIT "add committed.md && " GIT "commit -q -m theirs", f->path,
		f->path);
	put_well(f, 3, make("committed.md", "same", NULL), STORE_SAME);
	assert_string_equal(commit(f).id, "");
	put_well(f, 4, make("untracked.md", "same", NULL), STORE_ADDED);
	assert_int_equal(strlen(commit(f).id), 40);
	check_clean(f);
	put_well(f, 3, make("committed.md", "ours", NULL), STORE_CHANGED);
	commit(f);
	check_clean(f);
}

/* --- In our way ----------------------------------------------------------- */

static void test_links_lead_nowhere(void **state)
{
	struct fixture *f = *state;
	char why[200] = "";

	open_with_two(f);
	run("mkdir '%s/outside' && ln -s ../outside '%s/link'", f->folder,
		f->path);
	put_well(f, 3, make("link/x.md", "x\n", NULL), STORE_ADDED);
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	commit_refusing(f, why);
	assert_int_equal(n_refused, 1);
	assert_string_equal(why,
		"link in the work tree is not a folder for link/x.md: move it "
		"away, or change the mapping's path");
	assert_string_equal(run("ls '%s/outside'", f->folder), "");
	assert_string_equal(text_of(f, "two.md"), "more\n");

	/* Our own folder, replaced by a link: nothing is removed through it. */
	run("mv '%s/a' '%s/outside/a' && ln -s ../outside/a '%s/a'", f->path,
		f->folder, f->path);
	assert_int_equal(store_drop(f->store, 1, STR("default"), &f->err), 0);
	commit_refusing(f, why);
	assert_int_equal(n_refused, 1);
	assert_string_equal(
		run("cat '%s/outside/a/one.md'", f->folder), "one\n");
}

static void test_folder_in_the_way(void **state)
{
	struct fixture *f = *state;
	char why[200] = "";

	open_with_two(f);
	write_file(f, "x.md/theirs", "theirs");
	put_well(f, 3, make("x.md", "x\n", NULL), STORE_ADDED);
	commit_refusing(f, why);
	assert_int_equal(n_refused, 1);
	assert_non_null(strstr(why, "x.md in the work tree is a folder"));

	/* A folder of ours becomes a file, but somebody's file is in it. */
	write_file(f, "a/theirs", "theirs");
	put_well(f, 1, make("a", "one\n", NULL), STORE_MOVED);
	commit_refusing(f, why);
	assert_int_equal(n_refused, 1);
	run("rm '%s/a/theirs'", f->path);
	put_well(f, 1, make("a", "one\n", NULL), STORE_MOVED);
	commit_refusing(f, why);
	assert_int_equal(n_refused, 0);
	assert_string_equal(text_of(f, "a"), "one\n");
}

static void test_unsafe_paths(void **state)
{
	static const char *const paths[] = {"../x", "/etc/x", "a/../x", "a//x",
		".git/config", ".GIT/x", "a/.git./x", "git~1/x", "", "a/", ".",
		"a\\b", ".git::$INDEX_ALLOCATION/x", ".git "};
	struct fixture *f = *state;
	enum store_change change;

	open_with_two(f);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		assert_int_equal(put(f, 3, make(paths[i], "x", NULL), &change),
			ERR_DATA);
	put_well(f, 3, make(".gitignored/.gitx/..x", "x", NULL), STORE_ADDED);
}

/* --- Their edits ---------------------------------------------------------- */

static void test_edit_is_kept(void **state)
{
	struct fixture *f = *state;
	struct store_commit c;

	open_with_two(f);
	write_file(f, "a/one.md", "edited");
	write_file(f, "two.md", "two edited");
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	store_drop(f->store, 2, STR("default"), &f->err);
	c = commit(f);
	assert_int_equal(c.n_kept, 2);
	assert_string_equal(c.kept_branch, "opsync/kept/7");
	assert_string_equal(files(f), "a/one.md ");
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	assert_string_equal(
		run(GIT "show opsync/kept/7:a/one.md opsync/kept/7:two.md",
			f->path),
		"editedtwo edited");
	assert_string_equal(
		run(GIT "rev-list --count main..opsync/kept/7", f->path),
		"1\n");
	check_clean(f);

	/* Once more in the same run. */
	write_file(f, "a/one.md", "again");
	put_well(f, 1, make("a/one.md", "most\n", NULL), STORE_CHANGED);
	assert_string_equal(commit(f).kept_branch, "opsync/kept/7-2");
	check_clean(f);
}

static void test_committed_edit_is_kept(void **state)
{
	struct fixture *f = *state;
	struct store_commit c;

	open_with_two(f);
	write_file(f, "a/one.md", "edited");
	run(GIT "commit -q -a -m edit", f->path);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	c = commit(f);
	assert_int_equal(c.n_kept, 1);
	assert_string_equal(
		run(GIT "show %s:a/one.md", f->path, c.kept_branch), "edited");
	assert_string_equal(run(GIT "rev-list --count HEAD", f->path), "3\n");
	check_clean(f);
}

static void test_branch_called_opsync(void **state)
{
	struct fixture *f = *state;

	f->branch = "opsync";
	open_with_two(f);
	write_file(f, "a/one.md", "edited");
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	assert_string_equal(commit(f).kept_branch, "opsync-kept/7");
	check_clean(f);
}

static void test_removed_by_hand(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	run("rm '%s/two.md'", f->path);
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(commit(f).n_kept, 0);
	assert_string_equal(text_of(f, "two.md"), "more\n");
	run(GIT "rm -q a/one.md && " GIT "commit -q -m gone", f->path, f->path);
	store_drop(f->store, 1, STR("default"), &f->err);
	assert_string_equal(commit(f).id, "");
	check_clean(f);
}

/* It is no damage of the state that a commit of ours is without it. */
static void test_removed_amid_a_pass(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	assert_int_equal(n_adrift(f), 0);
	run(GIT "rm -q two.md && " GIT "commit -q -m gone", f->path, f->path);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit(f);
	assert_string_equal(files(f), "a/one.md ");
	assert_int_equal(n_adrift(f), 1);
	commit(f);
	assert_string_equal(files(f), "a/one.md two.md ");
	check_clean(f);
}

/* Nor that a folder of theirs stays in its place. */
static void test_folder_instead(void **state)
{
	struct fixture *f = *state;
	char why[200] = "";

	open_with_two(f);
	run("rm '%s/two.md'", f->path);
	write_file(f, "two.md/theirs", "theirs");
	run(GIT "add -A && " GIT "commit -q -m folder", f->path, f->path);
	assert_int_equal(n_adrift(f), 1);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_refusing(f, why);
	assert_int_equal(n_refused, 1);
	assert_string_equal(files(f), "a/one.md two.md/theirs ");
	reopen(f);
	assert_int_equal(n_adrift(f), 1);
}

/* --- Their branches ------------------------------------------------------- */

static void test_other_branch_checked_out(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	run(GIT "checkout -q -b theirs", f->path);
	write_file(f, "two.md", "theirs");
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_string_equal(text_of(f, "two.md"), "theirs");
	assert_string_equal(
		run(GIT "status --porcelain", f->path), " M two.md\n");
	run(GIT "checkout -q -f main", f->path);
	assert_string_equal(text_of(f, "two.md"), "more\n");

	run(GIT "checkout -q --detach", f->path);
	put_well(f, 2, make("two.md", "most\n", NULL), STORE_CHANGED);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_string_equal(text_of(f, "two.md"), "more\n");
	assert_string_equal(run(GIT "show main:two.md", f->path), "most\n");
}

static void test_branch_deleted(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	run(GIT "checkout -q -b theirs && " GIT "branch -q -D main", f->path,
		f->path);
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_string_equal(run(GIT "show main:two.md", f->path), "more\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_foreign_files_stay),
		TEST(test_attribute_is_told),
		TEST(test_taken),
		TEST(test_equal_bytes_are_adopted),
		TEST(test_links_lead_nowhere),
		TEST(test_folder_in_the_way),
		TEST(test_unsafe_paths),
		TEST(test_edit_is_kept),
		TEST(test_committed_edit_is_kept),
		TEST(test_branch_called_opsync),
		TEST(test_removed_by_hand),
		TEST(test_removed_amid_a_pass),
		TEST(test_folder_instead),
		TEST(test_other_branch_checked_out),
		TEST(test_branch_deleted),
	};

	return cmocka_run_group_tests_name("foreign", tests, NULL, NULL);
}
