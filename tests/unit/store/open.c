/*
 * Opening: new folders, odd folders, repositories that cannot be used, a
 * store in use, and what killed processes left.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/privileges.h"

#include <signal.h>
#include <spawn.h>
#include <sys/file.h>

static int try_open(struct fixture *f)
{
	struct store_options o = options(f);

	f->err = (struct err){0};
	return store_open(&o, &f->store, &f->err);
}

static void refuse(struct fixture *f, const char *words)
{
	assert_int_equal(try_open(f), ERR_CONFIG);
	f->store = NULL;
	if (strstr(f->err.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, f->err.text);
}

static void test_not_a_repository(void **state)
{
	struct fixture *f = *state;
	char *expected = xasprintf(
		"%s is not a git repository (it holds 3 files): name an empty "
		"folder, or run 'git init' there",
		f->path);

	run("mkdir '%s' && touch '%s/a' '%s/b' '%s/.c'", f->path, f->path,
		f->path, f->path);
	refuse(f, expected);
	assert_string_equal(
		run("ls -A '%s' | tr '\\n' ' '", f->path), ".c a b ");
	free(expected);
	run("rm -r '%s' && touch '%s'", f->path, f->path);
	refuse(f, "is not a folder");
}

static void test_inside_another(void **state)
{
	struct fixture *f = *state;

	run("git init -q '%s'", f->folder);
	open_store(f); /* missing: a repository of its own is made */
	assert_string_equal(run("ls -d '%s/.git'", f->path),
		run("echo '%s/.git'", f->path));
	store_close(f->store);
	f->store = NULL;
	run("rm -r '%s' && mkdir '%s' && touch '%s/x'", f->path, f->path,
		f->path);
	refuse(f, "is not a git repository (it holds 1 file)");
}

static void test_formats(void **state)
{
	struct fixture *f = *state;

	run("git init -q --object-format=sha256 '%s'", f->path);
	refuse(f, "SHA-256");
	run("rm -r '%s' && git init -q '%s' && cd '%s' && touch x && git add x "
	    "&& git update-index --split-index",
		f->path, f->path, f->path);
	refuse(f, "--no-split-index");
	run("cd '%s/.git' && truncate -s -20 index && head -c 20 /dev/zero "
	    ">>index", /* as with index.skipHash */
		f->path);
	refuse(f, "--no-split-index");
	run("cd '%s' && git update-index --no-split-index && git config "
	    "core.splitIndex true",
		f->path);
	refuse(f, "a split index");
	run("cd '%s' && git config --unset core.splitIndex && git config "
	    "core.repositoryFormatVersion 1 && git config "
	    "extensions.partialClone origin",
		f->path);
	refuse(f, "a partial clone");
	run("cd '%s' && git config --unset extensions.partialClone && git "
	    "config core.repositoryFormatVersion 0",
		f->path);
	open_store(f);
}

/* As git makes them, and once they were made whole as the refusal says. */
static void test_partial_clone(void **state)
{
	static const char *const clones[] = {"--filter=blob:none -n",
		"--filter=tree:0 -n", "--filter=blob:none --mirror"};
	struct fixture *f = *state;

	run(SELF
		"init -q -b main '%s/from' && cd '%s/from' && echo 1 >a && git "
		"config uploadpack.allowFilter true && git add a && " SELF
		"commit -qm 1 && echo 2 >a && " SELF "commit -qam 2",
		f->folder, f->folder);
	for (size_t i = 0; i < ARRAY_LEN(clones); i++) {
		run("git clone -q %s 'file://%s/from' '%s'", clones[i],
			f->folder, f->path);
		refuse(f, "clone it anew without --filter, or run 'git fetch "
			  "--refetch --no-filter', 'git config --unset "
			  "remote.origin.promisor' and 'git config --unset "
			  "remote.origin.partialclonefilter' there");
		run("cd '%s' && git -c gc.auto=0 fetch -q --refetch "
		    "--no-filter "
		    "&& git config --unset remote.origin.promisor",
			f->path);
		refuse(f, "a partial clone"); /* it is one for git, still */
		run("cd '%s' && git config --unset "
		    "remote.origin.partialclonefilter && mv ../from ../away "
		    "&& git fsck --full --strict 2>&1 && git rev-list "
		    "--objects --all && mv ../away ../from",
			f->path);
		open_store(f);
		store_close(f->store);
		f->store = NULL;
		run("rm -r '%s'", f->path);
	}
}

static void test_sparse_index(void **state)
{
	struct fixture *f = *state;

	run("git init -q '%s' && cd '%s' && mkdir a b && touch a/x b/x && git "
	    "add . && git -c user.name=p -c user.email=p@x commit -q -m x && "
	    "git sparse-checkout init --cone --sparse-index && git "
	    "sparse-checkout set a",
		f->path, f->path);
	refuse(f, "sparse-checkout disable");
}

static void test_another_users(void **state)
{
	struct fixture *f = *state;

	if (geteuid() != 0)
		skip();
	run("git init -q '%s' && chown -R 12345 '%s'", f->path, f->path);
	refuse(f, "belongs to another user, who could not write what root "
		  "makes there: run it as that user, 'setpriv --reuid=12345 "
		  "--regid=12345 --clear-groups -- opsyncd ...'");
	assert_null(strstr(f->err.text, "safe.directory"));
	assert_string_equal(run("find '%s' -name opsync", f->path), "");
	run("chown -R nobody '%s'", f->path);
	refuse(f, "'runuser -u nobody -- opsyncd ...'");
	run("chmod 755 '%s'", f->folder);
	assert_int_equal(seteuid(12345), 0); /* who cannot become that one */
	refuse(f, "run opsyncd as that user, give the folder to this one "
		  "(chown -R), or allow it with 'git config --global --add "
		  "safe.directory ");
	assert_int_equal(seteuid(0), 0);
}

/* What cannot be looked into is not taken for none. */
static void test_unreadable(void **state)
{
	struct fixture *f = *state;
	int code;

	if (geteuid() != 0)
		skip();
	run("git init -q '%s' && chmod 0 '%s/.git'", f->path, f->path);
	run("echo x >'%s/a.md'", f->path);
	set_privileges(false);
	code = try_open(f);
	set_privileges(true);
	assert_int_equal(code, ERR_IO);
	f->store = NULL;
	assert_non_null(strstr(f->err.text, "cannot read "));
	assert_non_null(strstr(f->err.text, "/.git/"));
	assert_non_null(strstr(f->err.text, ": Permission denied"));
	run("chmod 755 '%s/.git'", f->path);
}

static void test_bad_options(void **state)
{
	struct fixture *f = *state;
	struct store_options o = options(f);

	f->branch = "a..b";
	refuse(f, "cannot be the name of a branch");
	o.author_name = "<>";
	assert_int_equal(store_open(&o, &f->store, &f->err), ERR_CONFIG);
	f->store = NULL;
}

/* --- The lock ------------------------------------------------------------- */

static void check_holder(struct fixture *f, int64_t expected)
{
	struct buf note = {0};
	int64_t pid = -1;

	assert_int_equal(store_holder(f->path, &pid, &note, &f->err), 0);
	assert_int_equal(pid, expected);
	assert_string_equal(
		buf_str(&note).p, expected != 0 ? "/run/opsync/socket" : "");
	buf_fini(&note);
}

/* A process that holds the store until it is killed. */
static pid_t start_holder(struct fixture *f)
{
	int ready[2];
	char c;
	pid_t pid;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		open_store(f);
		if (write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	close(ready[0]);
	close(ready[1]);
	return pid;
}

static void test_locked(void **state)
{
	struct fixture *f = *state;
	char *expected;
	pid_t pid;

	check_holder(f, 0);
	pid = start_holder(f);
	check_holder(f, pid);
	expected = xasprintf(
		"%s is in use by opsyncd (pid %d)", f->path, (int)pid);
	assert_int_equal(try_open(f), ERR_LOCKED);
	f->store = NULL;
	assert_string_equal(f->err.text, expected);
	free(expected);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check_holder(f, 0);
	open_store(f);
	check_holder(f, getpid());
	store_close(f->store);
	f->store = NULL;
	check_holder(f, 0);
}

/* A program that we start does not keep the store. */
static void test_lock_is_not_inherited(void **state)
{
	struct fixture *f = *state;
	FILE *child;

	open_store(f);
	child = start_command("sleep 2");
	store_close(f->store);
	open_store(f);
	assert_int_not_equal(pclose(child), -1);
}

/* --- Left by the dead ----------------------------------------------------- */

static void test_unfinished_repository(void **state)
{
	struct fixture *f = *state;

	run("mkdir -p '%s/.git/opsync' && cd '%s/.git' && touch "
	    "opsync/unfinished config.lock HEAD.lock && mkdir objects",
		f->path, f->path);
	open_store(f);
	put_well(f, 1, make("a.md", "a\n", NULL), STORE_ADDED);
	commit(f);
	check_clean(f);
	assert_int_equal(
		access(run("printf '%%s' '%s/.git/opsync/unfinished'", f->path),
			F_OK),
		-1);
}

static void test_stale_locks(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "a\n", NULL), STORE_ADDED);
	commit(f);
	store_close(f->store);
	run("cd '%s/.git' && mkdir opsync/tmp/ahead2 && "
	    "touch opsync/tmp/ahead2/tmp_file_1 && "
	    "touch -d '1 minute ago' HEAD.lock index.lock "
	    "config.lock refs/heads/main.lock packed-refs.lock "
	    "opsync/tmp/spool-1-abc opsync/tmp/tmp_x",
		f->path);
	open_store(f);
	check_clean(f);
}

static void test_live_lock_is_waited_for(void **state)
{
	struct fixture *f = *state;
	int64_t begun;
	FILE *git;

	open_store(f);
	store_close(f->store);
	f->store = NULL;
	begun = stamp_monotonic();
	run("touch '%s/.git/index.lock'", f->path);
	git = start_command(
		run("printf '%%s' 'sleep 1; rm %s/.git/index.lock'", f->path));
	open_store(f);
	assert_true(stamp_monotonic() - begun > STAMP_SECOND * 9 / 10);
	assert_int_equal(pclose(git), 0); /* it was there to be removed */
}

/* A git that waits for a person's message holds the index. */
static void test_held_lock_stays(void **state)
{
	struct fixture *f = *state;
	FILE *git;

	open_store(f);
	put_well(f, 1, make("a.md", "a\n", NULL), STORE_ADDED);
	commit(f);
	store_close(f->store);
	f->store = NULL;
	write_file(f, "a.md", "edited");
	write_file(f, ".git/wait", "");
	git = start_command(run("printf '%%s' 'GIT_EDITOR=\"while test -e "
				"%s/.git/wait; "
				"do sleep 0.05; done; echo edited >\" git -C "
				"%s/.git/.. -c safe.directory=* -c user.name=p "
				"-c user.email=p@x commit -q -a'",
		f->path, f->path));
	run("until test -e '%s/.git/COMMIT_EDITMSG'; do sleep 0.05; done",
		f->path);
	open_store(f);
	run("test -e '%s/.git/index.lock' && rm '%s/.git/wait'", f->path,
		f->path);
	assert_int_equal(pclose(git), 0);
	assert_string_equal(
		run(GIT "log -1 --format=%%s", f->path), "edited\n");
}

/* What is there of "old" and "new" ones, a letter each. */
static const char *left(struct fixture *f)
{
	return run("cd '%s/.git' && for i in refs/heads/old.lock "
		   "refs/heads/tmp_branch gc.pid.lock "
		   "objects/pack/tmp_pack_new objects/pack/.tmp-%d-pack-new "
		   "objects/pack/.tmp-1234567-pack-new; do "
		   "test -e $i && printf y || printf n; done",
		f->path, (int)getpid());
}

/*
 * A process with this standard input, and no other file of ours: posix_spawn()
 * comes back when it has let go of those.
 */
static pid_t start_sleep(int input)
{
	char *argv[] = {"sleep", "60", NULL};
	posix_spawn_file_actions_t actions;
	pid_t pid;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
	assert_int_equal(
		posix_spawnp(&pid, "sleep", &actions, NULL, argv, environ), 0);
	posix_spawn_file_actions_destroy(&actions);
	return pid;
}

/* As many as are worth it. */
static void make_loose(struct fixture *f)
{
	run("mkdir -p '%s/.git/objects/00' && cd '%s/.git/objects/00' && "
	    "seq -f %%038.0f 2000 | xargs touch",
		f->path, f->path);
}

/* A process that has ended, and that nobody has waited for. */
static pid_t start_zombie(void)
{
	char *argv[] = {"true", NULL};
	siginfo_t info;
	pid_t pid;

	assert_int_equal(
		posix_spawnp(&pid, "true", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	return pid;
}

/* What it made is nobody's. */
static void test_gc_is_zombie(void **state)
{
	struct fixture *f = *state;
	struct store_gc gc;
	pid_t pid = start_zombie();

	open_store(f);
	make_loose(f);
	assert_int_equal(store_gc_begin(f->store, &gc, &f->err), 0);
	run("touch '%s/.git/objects/pack/.tmp-%d-pack-new'", f->path, (int)pid);
	store_gc_end(f->store, gc.fd, false);
	assert_string_equal(
		run("ls -A '%s/.git/objects/pack' | wc -l", f->path), "0\n");
	waitpid(pid, NULL, 0);
}

/* It may go on when its daemon is dead; what it left then is cleared. */
static void test_gc_was_killed(void **state)
{
	struct fixture *f = *state;
	struct store_gc gc;
	pid_t pid;

	open_store(f);
	run("cd '%s/.git' && touch -d '1 hour ago' refs/heads/old.lock",
		f->path);
	make_loose(f);
	assert_int_equal(store_gc_begin(f->store, &gc, &f->err), 0);
	assert_true(gc.fd >= 0);
	run("cd '%s/.git' && touch gc.pid.lock refs/heads/tmp_branch "
	    "objects/pack/tmp_pack_new objects/pack/.tmp-%d-pack-new "
	    "objects/pack/.tmp-1234567-pack-new",
		f->path, (int)getpid());
	pid = start_sleep(gc.fd);
	store_gc_end(f->store, gc.fd, false);
	store_close(f->store);
	open_store(f);
	assert_string_equal(left(f), "yyyyyy");
	assert_int_equal(store_gc_begin(f->store, &gc, &f->err), 0);
	assert_int_equal(gc.fd, -1);
	store_close(f->store);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	open_store(f);
	assert_string_equal(left(f), "yynnyn");
	assert_int_equal(store_gc_begin(f->store, &gc, &f->err), 0);
	assert_true(gc.fd >= 0);
	store_gc_end(f->store, gc.fd, true);
}

static void check_lock(struct fixture *f, const char *there)
{
	run("touch -d '1 minute ago' '%s/.git/opsync/gc'", f->path);
	reopen(f);
	assert_string_equal(
		run("cd '%s/.git' && ls *.lock 2>/dev/null || true", f->path),
		there);
}

/* A git that was at work beside the killed one, and still is. */
static void test_gc_leaves_live_locks(void **state)
{
	struct fixture *f = *state;
	char *file;
	int fd;

	open_store(f);
	file = xasprintf("%s/.git/shallow.lock", f->path);
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	check_lock(f, "shallow.lock\n");
	close(fd);
	check_lock(f, "");
	free(file);
}

/* So does a fetch; while git repack is at work, what that has stays. */
static void test_fetch_was_killed(void **state)
{
	struct fixture *f = *state;
	struct store_gc gc;
	int fd;
	int another;

	open_store(f);
	make_loose(f);
	assert_int_equal(store_fetch_begin(f->store, &fd, &f->err), 0);
	assert_true(fd >= 0);
	assert_int_equal(store_fetch_begin(f->store, &another, &f->err), 0);
	assert_int_equal(another, -1);
	run("touch '%s/.git/objects/pack/tmp_pack_new'", f->path);
	assert_int_equal(store_gc_begin(f->store, &gc, &f->err), 0);
	assert_true(gc.fd >= 0);
	store_fetch_end(f->store, fd, false);
	assert_string_equal(left(f), "nnnynn");
	store_gc_end(f->store, gc.fd, true);
	assert_int_equal(store_fetch_begin(f->store, &fd, &f->err), 0);
	assert_string_equal(left(f), "nnnnnn");
	run("touch '%s/.git/objects/pack/tmp_pack_new'", f->path);
	store_fetch_end(f->store, fd, false);
	assert_string_equal(left(f), "nnnnnn");
	assert_int_equal(store_fetch_begin(f->store, &fd, &f->err), 0);
	assert_true(fd >= 0);
	store_fetch_end(f->store, fd, true);
}

/* --- Without opening ------------------------------------------------------ */

static void test_state_path(void **state)
{
	struct fixture *f = *state;
	struct buf path = {0};

	assert_int_equal(
		store_state_path(f->path, &path, &f->err), ERR_NOT_FOUND);
	open_store(f);
	assert_int_equal(store_state_path(f->path, &path, &f->err), 0);
	assert_int_equal(access(path.p, R_OK), 0);
	store_close(f->store);
	run("rm -r '%s'", f->path);
	f->bare = true;
	open_store(f);
	assert_int_equal(store_state_path(f->path, &path, &f->err), 0);
	assert_int_equal(access(path.p, R_OK), 0);
	assert_true(str_ends(buf_str(&path), STR("content/opsync/state.db")));
	buf_fini(&path);
}

/* A work tree of git worktree has its own folder, and shares refs. */
static void test_linked_worktree(void **state)
{
	struct fixture *f = *state;

	run("git init -q '%s/main' && cd '%s/main' && git -c user.name=p -c "
	    "user.email=p@x commit -q --allow-empty -m x && git worktree add "
	    "-q -b site '%s'",
		f->folder, f->folder, f->path);
	f->branch = "site";
	open_store(f);
	put_well(f, 1, make("a.md", "a\n", NULL), STORE_ADDED);
	commit(f);
	assert_string_equal(text_of(f, "a.md"), "a\n");
	assert_string_equal(run(GIT "status --porcelain", f->path), "");
	reopen(f);
	/* Another's, there, may be fetching. */
	assert_string_equal(
		store_fetched(f->store), "refs/opsync/fetched/site");
	store_close(f->store);
	f->store = NULL;
	run("cd '%s/main/.git' && git update-ref refs/opsync/remote "
	    "HEAD && mkdir -p refs/opsync/fetched && "
	    "touch refs/opsync/fetched/site.lock refs/opsync/fetched/main.lock",
		f->folder);
	open_store(f);
	assert_string_equal(run("cd '%s/main/.git/refs/opsync' && ls && ls "
				"fetched",
				    f->folder),
		"fetched\nmain.lock\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_not_a_repository),
		TEST(test_inside_another),
		TEST(test_formats),
		TEST(test_partial_clone),
		TEST(test_sparse_index),
		TEST(test_another_users),
		TEST(test_unreadable),
		TEST(test_bad_options),
		TEST(test_locked),
		TEST(test_lock_is_not_inherited),
		TEST(test_unfinished_repository),
		TEST(test_stale_locks),
		TEST(test_live_lock_is_waited_for),
		TEST(test_held_lock_stays),
		TEST(test_gc_was_killed),
		TEST(test_gc_leaves_live_locks),
		TEST(test_fetch_was_killed),
		TEST(test_gc_is_zombie),
		TEST(test_state_path),
		TEST(test_linked_worktree),
	};

	return cmocka_run_group_tests_name("open", tests, NULL, NULL);
}
