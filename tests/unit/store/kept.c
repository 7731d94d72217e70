/*
 * Edits of people, and what is none, where a commit was interrupted behind its
 * commit point; the branches that edits are kept on.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/privileges.h"
#include "tests/unit/store/promise.h"

/* An edit that was made while we were dead is kept, and told of. */
static int see(void *arg, const struct state_event *event, struct err *e)
{
	(void)e;
	*(bool *)arg |=
		str_is(event->kind, "kept") && str_is(event->path, "a/one.md");
	return 0;
}

static void test_late_edit_is_kept(void **state)
{
	struct fixture *f = *state;
	struct state_event_query all = {0};
	bool seen = false;

	open_with_two(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	write_file(f, "a/one.md", "edited late");
	reopen(f);
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	assert_string_equal(
		run(GIT "show opsync/kept/8:a/one.md", f->path), "edited late");
	assert_int_equal(
		state_events(store_state(f->store), &all, see, &seen, &f->err),
		0);
	assert_true(seen);
	check_clean(f);
}

static void commit_late(struct fixture *f, int64_t run_id)
{
	struct store_commit c = commit_of(run_id);

	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_int_equal(c.n_kept, 0);
}

static void assert_nothing_kept(struct fixture *f)
{
	assert_string_equal(run(GIT "branch --list 'opsync/*'", f->path), "");
}

/* A document that changes twice meanwhile was written by nobody else. */
static void test_ours_while_blocked(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	block(f);
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	commit_late(f, 9);
	put_well(f, 2, make("two.md", "third\n", NULL), STORE_CHANGED);
	commit_late(f, 10);
	assert_string_equal(text_of(f, "two.md"), "third\n");
	assert_nothing_kept(f);
	/* An edit is kept as ever. */
	write_file(f, "two.md", "edited");
	put_well(f, 2, make("two.md", "fourth\n", NULL), STORE_CHANGED);
	commit_late(f, 11);
	assert_string_equal(
		run(GIT "show opsync/kept/10:two.md", f->path), "edited");
}

/* Nor what stands there, and in the index, as it could not be written. */
static void test_ours_that_stayed(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	run("chmod 555 '%s/a'", f->path);
	set_privileges(false);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_late(f, 8);
	put_well(f, 1, make("a/one.md", "third\n", NULL), STORE_CHANGED);
	commit_late(f, 9);
	set_privileges(true);
	run("chmod 755 '%s/a'", f->path);
	commit(f);
	assert_nothing_kept(f);
	assert_string_equal(text_of(f, "a/one.md"), "third\n");
	check_clean(f);
}

/* Promised, with an edit that is to be kept. */
static void keep_in_vain(struct fixture *f)
{
	struct store_commit c = commit_of(8);

	open_with_two(f);
	write_file(f, "two.md", "edited");
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	run("cd '%s/.git/refs/heads' && mkdir -p opsync/kept && "
	    "touch opsync/kept/8.lock",
		f->path);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_int_equal(c.n_kept, 1);
	run("rm -r '%s/.git/refs/heads/opsync'", f->path);
}

static void check_kept(struct fixture *f, const char *expected)
{
	assert_string_equal(branches(f), expected);
	assert_string_equal(text_of(f, "two.md"), "more\n");
	check_clean(f);
}

static void without_room(struct fixture *f, const char *theirs,
	const char *expected, const char *kept)
{
	keep_in_vain(f);
	run(GIT "branch %s", f->path, theirs);
	reopen(f);
	check_kept(f, expected);
	assert_string_equal(run(GIT "show %s:two.md", f->path, kept), "edited");
}

/* The name was free when it was promised. */
static void test_kept_has_no_room(void **state)
{
	without_room(*state, "opsync", "main opsync opsync-kept/8 ",
		"opsync-kept/8");
}

static void test_kept_is_below_another(void **state)
{
	without_room(*state, "opsync/kept/8/mine",
		"main opsync/kept/8-2 opsync/kept/8/mine ", "opsync/kept/8-2");
}

static void test_kept_name_is_taken(void **state)
{
	without_room(*state, "opsync/kept/8",
		"main opsync/kept/8 opsync/kept/8-2 ", "opsync/kept/8-2");
}

/* A file with an edit, which is kept, but cannot be written. */
static void keep_what_stays(struct fixture *f)
{
	struct store_commit c = commit_of(8);

	open_with_two(f);
	write_file(f, "a/one.md", "edited");
	run("chmod 555 '%s/a'", f->path);
	set_privileges(false);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_int_equal(c.n_kept, 1);
	assert_string_equal(c.kept_branch, "opsync/kept/8");
	assert_string_equal(
		run(GIT "show opsync/kept/8:a/one.md", f->path), "edited");
	run(GIT "branch -q -D opsync/kept/8", f->path);
}

static void write_at_last(struct fixture *f)
{
	set_privileges(true);
	run("chmod 755 '%s/a'", f->path);
	commit(f);
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	check_clean(f);
}

static void test_kept_is_deleted(void **state)
{
	struct fixture *f = *state;

	keep_what_stays(f);
	commit_late(f, 9);
	assert_nothing_kept(f);
	write_at_last(f);
	assert_nothing_kept(f);
}

static void test_kept_is_gone(void **state)
{
	struct fixture *f = *state;

	keep_what_stays(f);
	run(GIT "reflog expire --expire=now --all && " GIT "gc -q --prune=now",
		f->path, f->path);
	reopen(f);
	write_at_last(f);
	assert_string_equal(
		run(GIT "show opsync/kept/8:a/one.md", f->path), "edited");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_late_edit_is_kept),
		TEST(test_ours_while_blocked),
		TEST(test_ours_that_stayed),
		TEST(test_kept_has_no_room),
		TEST(test_kept_is_below_another),
		TEST(test_kept_name_is_taken),
		TEST(test_kept_is_deleted),
		TEST(test_kept_is_gone),
	};

	return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
