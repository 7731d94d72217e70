/*
 * Commits that were interrupted behind their commit point, and what others
 * did to the repository meanwhile.  (Kills are the scenario store_crash's.)
 */
#include "store/parts.h"
#include "store/query.h"
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/privileges.h"

static void start(struct fixture *f)
{
	open_store(f);
	put_well(f, 1, make("a/one.md", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("two.md", "two\n", NULL), STORE_ADDED);
	commit(f);
}

/* Commit while a git holds our branch: promised, but not done. */
static void commit_in_vain(struct fixture *f)
{
	struct store_commit c = commit_of(8);

	run("touch '%s/.git/refs/heads/main.lock'", f->path);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_LOCKED);
	assert_string_equal(f->err.text,
		"refs/heads/main is kept locked by a git: it is "
		"tried again");
	assert_string_equal(c.id, "");
	assert_int_equal(store_staged(f->store), 0);
	run("rm '%s/.git/refs/heads/main.lock'", f->path);
}

static void commit_theirs(struct fixture *f, const char *path)
{
	write_file(f, path, "theirs");
	run(GIT "add '%s'", f->path, path);
	run(GIT "commit -q -m theirs -- '%s'", f->path, path);
}

static const char *subjects(struct fixture *f)
{
	return run(GIT "log --format=%%s | tr '\\n' ' '", f->path);
}

static void test_next_commit_goes_on(void **state)
{
	struct fixture *f = *state;

	start(f);
	put_well(f, 1, make("a/one.md", "more\n", NULL), STORE_CHANGED);
	commit_in_vain(f);
	assert_string_equal(text_of(f, "a/one.md"), "one\n");
	assert_int_equal(n_told(f), 1);
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	assert_int_equal(strlen(commit(f).id), 40);
	assert_string_equal(subjects(f), "Sync Sync Sync ");
	assert_int_equal(n_told(f), 3);
	assert_string_equal(text_of(f, "a/one.md"), "more\n");
	check_clean(f);
}

static void test_made_anew_on_top(void **state)
{
	struct fixture *f = *state;

	start(f);
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

	start(f);
	put_well(f, 1, make("a/one.md", "theirs", NULL), STORE_CHANGED);
	commit_in_vain(f);
	commit_theirs(f, "a/one.md");
	reopen(f);
	assert_string_equal(subjects(f), "theirs Sync ");
	assert_int_equal(n_told(f), 1);
	check_clean(f);
}

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

	start(f);
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

/* They went to another branch while files were to be put into place. */
static void test_branch_left_in_between(void **state)
{
	struct fixture *f = *state;
	FILE *git;

	start(f);
	run("cd '%s' && git branch other && touch .git/index.lock", f->path);
	git = start_command(run("printf '%%s' 'cd %s && sleep 0.5 && "
				"rm .git/index.lock && sleep 0.02 && "
				"git symbolic-ref HEAD refs/heads/other'",
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

	start(f);
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

	start(f);
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

	start(f);
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

/* A link, which is followed nowhere, is where the folder a was. */
static void block(struct fixture *f)
{
	run("mv '%s/a' '%s/a.theirs' && ln -s a.theirs '%s/a'", f->path,
		f->path, f->path);
}

static void unblock(struct fixture *f)
{
	run("rm '%s/a' && mv '%s/a.theirs' '%s/a'", f->path, f->path, f->path);
}

/* What stands in the way of the work tree does not stop commits. */
static void test_blocked_worktree(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = commit_of(8);

	start(f);
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

	start(f);
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

	start(f);
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

/* The commit was lost with the power, and the branch may name it. */
static void lose_promised(struct fixture *f, bool moved)
{
	struct query q;
	char *id;

	start(f);
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

	start(f);
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

	start(f);
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

/* --- Branches for edits --------------------------------------------------- */

/* Promised, with an edit that is to be kept. */
static void keep_in_vain(struct fixture *f)
{
	struct store_commit c = commit_of(8);

	start(f);
	write_file(f, "two.md", "edited");
	put_well(f, 2, make("two.md", "more\n", NULL), STORE_CHANGED);
	run("cd '%s/.git/refs/heads' && mkdir -p opsync/kept && "
	    "touch opsync/kept/8.lock",
		f->path);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_int_equal(c.n_kept, 1);
	run("rm -r '%s/.git/refs/heads/opsync'", f->path);
}

static void check_kept(struct fixture *f, const char *branches)
{
	assert_string_equal(
		run(GIT "for-each-ref --format='%%(refname:short)' refs/heads "
			"| tr '\\n' ' '",
			f->path),
		branches);
	assert_string_equal(text_of(f, "two.md"), "more\n");
	check_clean(f);
}

static void without_room(struct fixture *f, const char *theirs,
	const char *branches, const char *kept)
{
	keep_in_vain(f);
	run(GIT "branch %s", f->path, theirs);
	reopen(f);
	check_kept(f, branches);
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

	start(f);
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

/* --- What cannot be opened ------------------------------------------------ */

/* What is nobody's to read now is not damaged: it stays where it is. */
static void open_without(struct fixture *f, const char *file)
{
	struct store_options o = options(f);

	store_close(f->store);
	f->store = NULL;
	run("chmod 0 %s", file);
	set_privileges(false);
	f->err = (struct err){0};
	assert_int_equal(store_open(&o, &f->store, &f->err), ERR_IO);
	set_privileges(true);
	assert_non_null(strstr(f->err.text, "Permission denied"));
	assert_string_equal(
		run("find '%s/.git/opsync' -name 'damaged*'", f->path), "");
	run("chmod 644 %s", file);
	open_store(f);
	assert_string_equal(
		run(GIT "for-each-ref --format='%%(refname:short)' refs/heads "
			"| tr '\\n' ' '",
			f->path),
		"early main zlate ");
	check_clean(f);
}

static void test_unreadable_refs(void **state)
{
	struct fixture *f = *state;
	char *file = xasprintf("'%s/.git/packed-refs'", f->path);

	start(f);
	run(GIT "branch early && " GIT "branch zlate && " GIT "pack-refs --all",
		f->path, f->path, f->path);
	open_without(f, file);
	free(file);
}

static void test_unreadable_pack(void **state)
{
	struct fixture *f = *state;
	char *file = xasprintf("'%s'/.git/objects/pack/*.pack", f->path);

	start(f);
	run(GIT "branch early && " GIT "branch zlate && " GIT "gc -q", f->path,
		f->path, f->path);
	open_without(f, file);
	free(file);
}

/* The branch goes not back behind it. */
static void test_unreadable_object(void **state)
{
	struct fixture *f = *state;
	char *file;

	start(f);
	run(GIT "branch early && " GIT "branch zlate", f->path, f->path);
	commit_theirs(f, "theirs.md");
	file = xasprintf("'%s/.git/objects/%s'", f->path,
		run(GIT "rev-parse HEAD | sed 's,..,&/,' | tr -d '\\n'",
			f->path));
	open_without(f, file);
	assert_string_equal(subjects(f), "theirs Sync ");
	free(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_next_commit_goes_on),
		TEST(test_made_anew_on_top),
		TEST(test_nothing_left_to_make),
		TEST(test_late_edit_is_kept),
		TEST(test_branch_left_in_between),
		TEST(test_lock_is_let_go),
		TEST(test_many_beside_a_git),
		TEST(test_their_change_on_top),
		TEST(test_blocked_worktree),
		TEST(test_ours_while_blocked),
		TEST(test_ours_that_stayed),
		TEST(test_lost_promise),
		TEST(test_lost_promise_on_branch),
		TEST(test_erased_promise),
		TEST(test_old_promise),
		TEST(test_kept_has_no_room),
		TEST(test_kept_is_below_another),
		TEST(test_kept_name_is_taken),
		TEST(test_kept_is_deleted),
		TEST(test_kept_is_gone),
		TEST(test_unreadable_refs),
		TEST(test_unreadable_pack),
		TEST(test_unreadable_object),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
