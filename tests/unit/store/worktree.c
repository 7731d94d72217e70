/*
 * worktree - files and index in step with what was committed, in a work tree
 * that other people use, and abuse, too.
 */
#include "tests/unit/store/tree_fixture.h"

#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "store/beneath.h"
#include "store/index_file.h"
#include "store/index_lock.h"
#include "tests/unit/store/privileges.h"
#include "tests/unit/store/synced.h"

/* --- What goes well ------------------------------------------------------- */

static void files_come_change_and_go(void **state)
{
	struct fixture *f = *state;
	struct stat before;
	struct stat after;

	want(f, "a/b/index.md", NULL, "one\n");
	want(f, "a/b/pic.png", NULL, "png");
	want(f, "a/c/index.md", NULL, "two\n");
	want(f, "top.md", NULL, "");
	assert_int_equal(apply(f), 0);
	assert_text(f, "a/b/index.md", "one\n");
	assert_text(f, "a/b/pic.png", "png");
	assert_text(f, "top.md", "");
	assert_clean(f);
	assert_int_equal(
		scratch_run(f->s, "test \"$(git ls-files -s | sha1sum)\" = "
				  "\"$(git add . && git ls-files -s | "
				  "sha1sum)\""),
		0);
	assert_true(scratch_lstat(f->s, "a/b/index.md", &before));

	assert_true(scratch_write(f->s, "a/b/mine", "a person's\n"));
	want(f, "a/b/index.md", "one\n", "one, changed\n");
	want(f, "a/b/pic.png", "png", NULL);
	want(f, "a/c/index.md", "two\n", NULL);
	want(f, "top.md", "", "");
	assert_int_equal(apply(f), 0);
	assert_text(f, "a/b/index.md", "one, changed\n");
	assert_text(f, "a/b/mine", "a person's\n");
	assert_absent(f, "a/b/pic.png");
	assert_absent(f, "a/c");
	assert_clean(f);
	assert_int_equal(
		scratch_run(f->s, "test \"$(git ls-files | tr '\\n' ' ')\" = "
				  "'a/b/index.md top.md '"),
		0);

	want(f, "a/b/index.md", "one\n", "one, changed\n");
	assert_true(scratch_lstat(f->s, "a/b/index.md", &before));
	assert_int_equal(apply(f), 0); /* once more, as after a kill */
	assert_true(scratch_lstat(f->s, "a/b/index.md", &after));
	assert_int_equal(before.st_ino, after.st_ino);
	assert_clean(f);
}

/* Of each folder up to the root. */
static void names_are_put_on_disk(void **state)
{
	static const char *const folders[] = {"a/b", "a", "."};
	struct fixture *f = *state;
	struct stat st;

	want(f, "a/b/c.md", NULL, "one\n");
	synced.n = 0;
	assert_int_equal(apply(f), 0);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		assert_true(scratch_lstat(f->s, folders[i], &st));
		assert_true(is_synced(st.st_ino));
	}
}

static void modes_are_those_of_git(void **state)
{
	struct fixture *f = *state;
	mode_t mask = umask(027);
	struct stat st;

	want(f, "a/index.md", NULL, "one\n");
	assert_int_equal(apply(f), 0);
	umask(mask);
	assert_true(scratch_lstat(f->s, "a/index.md", &st));
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_true(scratch_lstat(f->s, "a", &st));
	assert_int_equal(st.st_mode & 07777, 0750);
}

static void many_files_are_as_few(void **state)
{
	struct fixture *f = *state;
	static char paths[300][40];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 300; i++) {
			snprintf(paths[i], sizeof(paths[i]), "p%d/%d/index.md",
				i % 7, i);
			want(f, paths[i], round == 0 ? NULL : paths[i],
				round == 0 ? paths[i] : NULL);
		}
		assert_int_equal(apply(f), 0);
		assert_clean(f);
		assert_int_equal(
			scratch_run(f->s, "test $(git ls-files | wc -l) = %d",
				round == 0 ? 300 : 0),
			0);
	}
	assert_int_equal(scratch_run(f->s, "test -z \"$(ls)\""), 0);
}

/* By the times of the renames: a.md is the last, though first by name. */
static void attachments_come_before_documents(void **state)
{
	struct fixture *f = *state;
	static char paths[300][40];
	struct stat document;

	want(f, "a.md", NULL, "ours");
	for (int i = 0; i < 300; i++) {
		snprintf(paths[i], sizeof(paths[i]), "z/%d/picture.png", i);
		want(f, paths[i], NULL, "png");
	}
	assert_int_equal(apply(f), 0);
	assert_true(scratch_lstat(f->s, "a.md", &document));
	for (int i = 0; i < 300; i++) {
		struct stat st;

		assert_true(scratch_lstat(f->s, paths[i], &st));
		assert_true(st.st_ctim.tv_sec < document.st_ctim.tv_sec ||
			    (st.st_ctim.tv_sec == document.st_ctim.tv_sec &&
				    st.st_ctim.tv_nsec <=
					    document.st_ctim.tv_nsec));
	}
}

static void a_file_becomes_a_folder_and_back(void **state)
{
	struct fixture *f = *state;

	want(f, "x/a", NULL, "file");
	assert_int_equal(apply(f), 0);
	want(f, "x/a", "file", NULL);
	want(f, "x/a/b/c.md", NULL, "below");
	want(f, "x/a/d", NULL, "below too");
	assert_int_equal(apply(f), 0);
	assert_text(f, "x/a/b/c.md", "below");
	assert_clean(f);
	want(f, "x/a", NULL, "file again");
	want(f, "x/a/b/c.md", "below", NULL);
	want(f, "x/a/d", "below too", NULL);
	assert_int_equal(apply(f), 0);
	assert_text(f, "x/a", "file again");
	assert_clean(f);
	assert_int_equal(
		scratch_run(f->s, "test \"$(git ls-files)\" = x/a"), 0);
}

/* --- Other people --------------------------------------------------------- */

static void foreign_paths_are_not_touched(void **state)
{
	struct fixture *f = *state;

	assert_true(scratch_write(f->s, "staged", "s"));
	assert_int_equal(scratch_run(f->s, "git add staged"), 0);
	assert_true(scratch_write(f->s, "loose", "l"));
	want(f, "a.md", NULL, "a");
	assert_int_equal(apply(f), 0);
	assert_int_equal(
		scratch_run(f->s, "test \"$(git status --porcelain)\" = \"$("
				  "printf 'A  a.md\\nA  staged\\n?? loose')\""),
		0);
}

static void an_edit_is_kept(void **state)
{
	struct fixture *f = *state;

	want(f, "a.md", NULL, "ours");
	want(f, "b.md", NULL, "ours too");
	want(f, "c.md", NULL, "gone soon");
	assert_int_equal(apply(f), 0);
	assert_true(scratch_write(f->s, "a.md", "theirs"));
	assert_true(scratch_write(f->s, "b.md", "new"));
	assert_true(scratch_write(f->s, "c.md", "saved?"));
	assert_true(scratch_write(f->s, "d.md", "was there"));
	want(f, "a.md", "ours", "ours, changed");
	want(f, "b.md", "ours too", "new");
	want(f, "c.md", "gone soon", NULL);
	want(f, "d.md", NULL, "ours");
	assert_int_equal(inspect(f), 3);
	assert_kept(f, &f->changes[0], "theirs");
	assert_false(f->changes[1].foreign);
	assert_kept(f, &f->changes[2], "saved?");
	assert_kept(f, &f->changes[3], "was there");
	assert_text(f, "a.md", "theirs");
	assert_int_equal(apply(f), 0);
	assert_text(f, "a.md", "ours, changed");
	assert_absent(f, "c.md");
	assert_text(f, "d.md", "ours");
	assert_clean(f);
}

static void an_edit_after_the_look_stays(void **state)
{
	struct fixture *f = *state;

	want(f, "a.md", NULL, "ours");
	want(f, "b.md", NULL, "ours");
	assert_int_equal(apply(f), 0);
	want(f, "a.md", "ours", "changed");
	want(f, "b.md", "ours", NULL);
	want(f, "c.md", NULL, "new");
	want(f, "d.md", NULL, "new");
	assert_int_equal(inspect(f), 0);
	assert_true(scratch_write(f->s, "a.md", "late"));
	assert_true(scratch_write(f->s, "b.md", "late"));
	assert_true(scratch_write(f->s, "c.md", "late"));
	assert_int_equal(apply_these(f, f->changes, f->n), ERR_IO);
	assert_said(f, "changes at this moment");
	assert_said(f, "(and 2 more)");
	assert_text(f, "a.md", "late");
	assert_text(f, "b.md", "late");
	assert_text(f, "c.md", "late");
	assert_text(f, "d.md", "new");
	assert_int_equal(apply(f), 0); /* looks again, and keeps them */
	assert_text(f, "a.md", "changed");
	assert_absent(f, "b.md");
	assert_clean(f);
}

static void a_link_is_kept_and_not_followed(void **state)
{
	struct fixture *f = *state;

	assert_true(scratch_write(f->s, "victim", "safe"));
	assert_int_equal(scratch_run(f->s, "ln -s victim a.md"), 0);
	want(f, "a.md", NULL, "ours");
	assert_int_equal(inspect(f), 1);
	assert_kept(f, &f->changes[0], "victim");
	assert_int_equal(apply(f), 0);
	assert_text(f, "a.md", "ours");
	assert_text(f, "victim", "safe");
	assert_clean(f);

	assert_int_equal(scratch_run(f->s, "ln -sf ours a.md"), 0);
	want(f, "a.md", "ours", "changed");
	assert_int_equal(inspect(f), 1); /* a link to the same text is not it */
	assert_int_equal(apply(f), 0);
	assert_text(f, "a.md", "changed");
}

static void a_linked_folder_leads_nowhere(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scratch_run(f->s, "mkdir -p real deep && "
					   "echo x >real/gone.md && "
					   "ln -s real linked && "
					   "ln -s ../real deep/linked"),
		0);
	want(f, "linked/a.md", NULL, "ours");
	want(f, "deep/linked/x/b.md", NULL, "ours");
	want(f, "linked/gone.md", "x\n", NULL);
	want(f, "other/c.md", NULL, "ours");
	assert_int_equal(apply(f), ERR_IO);
	assert_said(f, "/deep/linked is in the way");
	assert_said(f, "(and 1 more)");
	assert_int_equal(scratch_run(f->s, "test \"$(ls real)\" = gone.md"), 0);
	assert_text(f, "other/c.md", "ours");
}

static void what_is_no_file_is_left_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scratch_run(f->s, "mkfifo a.md e.md && mkdir -p "
					   "b.md/x d.md/empty/too && echo file "
					   ">folder && echo own >b.md/x/y"),
		0);
	want(f, "a.md", "ours", "ours, changed");
	want(f, "b.md", NULL, "ours");
	want(f, "folder/c.md", NULL, "ours");
	want(f, "d.md", NULL, "ours");
	want(f, "e.md", "ours", NULL);
	assert_int_equal(apply(f), ERR_IO);
	assert_said(f, "/a.md is in the way");
	assert_said(f, "(and 2 more)");
	assert_int_equal(
		scratch_run(f->s, "test -p a.md && test -f b.md/x/y && "
				  "test -f folder && test -p e.md"),
		0);
	assert_text(f, "d.md", "ours");
	assert_int_equal(scratch_run(f->s, "rm a.md folder; rm -r b.md"), 0);
	want(f, "a.md", "ours", "ours, changed");
	want(f, "b.md", NULL, "ours");
	want(f, "folder/c.md", NULL, "ours");
	assert_int_equal(apply(f), 0);
	assert_text(f, "folder/c.md", "ours");
	assert_clean(f);
}

static void no_path_leaves_the_work_tree(void **state)
{
	static const char *const paths[] = {"../x", "/tmp/x", "a/../../x",
		"a//b", "./a", "a/", ".git/hooks/x", "a/.GIT/x", ""};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		f->n = 0;
		want(f, paths[i], NULL, "ours");
		assert_int_equal(objects_seal(f->o, NULL), 0);
		assert_int_equal(apply_these(f, f->changes, 1), ERR_IO);
		assert_said(f, "is not a path in a work tree");
	}
	assert_int_equal(
		scratch_run(f->s, "test -z \"$(ls)\" && ! test -e ../x && "
				  "! test -e .git/hooks/x"),
		0);
}

static void a_folder_without_permission_fails_alone(void **state)
{
	struct fixture *f = *state;

	want(f, "closed/a.md", NULL, "ours");
	want(f, "open/a.md", NULL, "ours");
	want(f, "secret.md", NULL, "ours");
	assert_int_equal(apply(f), 0);
	assert_int_equal(
		scratch_run(f->s, "chmod 555 closed && echo x >secret.md && "
				  "chmod 0 secret.md"),
		0);
	want(f, "closed/a.md", "ours", "changed");
	want(f, "open/a.md", "ours", "changed");
	want(f, "secret.md", "ours", "changed");
	assert_int_equal(objects_seal(f->o, NULL), 0);
	set_privileges(false);
	assert_int_equal(apply(f), ERR_IO);
	set_privileges(true);
	assert_int_equal(
		scratch_run(f->s, "chmod 755 closed && chmod 644 secret.md"),
		0);
	assert_said(f, "/closed/a.md: Permission denied");
	assert_said(f, "(and 1 more)");
	assert_text(f, "closed/a.md", "ours");
	assert_text(f, "open/a.md", "changed");
	assert_text(f, "secret.md", "x\n");
}

/* --- The index ------------------------------------------------------------ */

static void a_lock_of_others_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct index_lock lock;

	assert_true(scratch_write(f->s, ".git/index.lock", "theirs"));
	assert_int_equal(
		index_lock(f->s->repo, f->s->temp, 50, &lock, &f->err), ERR_IO);
	assert_said(f, ".git/index.lock is there");
	assert_int_equal(worktree_unlock(f->s->repo, NULL), 0);
	assert_text(f, ".git/index.lock", "theirs");

	assert_int_equal(scratch_run(f->s, "(sleep 0.3; rm .git/index.lock) "
					   ">/dev/null 2>&1 &"),
		0);
	want(f, "a.md", NULL, "ours");
	assert_int_equal(apply(f), 0);
	assert_clean(f);
}

static void a_held_work_tree_stays_on_its_branch(void **state)
{
	struct fixture *f = *state;

	want(f, "a.md", NULL, "ours");
	assert_int_equal(apply(f), 0);
	assert_int_equal(scratch_run(f->s, "git commit -qm ours"), 0);
	assert_int_equal(worktree_hold(f->w, NULL), 0);
	assert_int_equal(
		scratch_run(f->s, "! git checkout -qb other HEAD 2>/dev/null"),
		0);
	worktree_release(f->w);
	assert_int_equal(scratch_run(f->s, "git checkout -qb other HEAD"), 0);
}

/* As long as a commit's message is written: no reason for files to wait. */
static void files_come_beside_an_old_lock(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		scratch_run(f->s, "touch -d '2 minutes ago' .git/index.lock"),
		0);
	want(f, "a.md", NULL, "ours");
	inspect(f);
	assert_int_equal(apply_these(f, f->changes, f->n), ERR_IO);
	assert_said(f, ".git/index.lock is there");
	assert_text(f, "a.md", "ours");
	assert_int_equal(scratch_run(f->s, "rm .git/index.lock"), 0);
	assert_int_equal(apply(f), 0);
	assert_clean(f);
}

static void our_own_stale_lock_is_removed(void **state)
{
	struct fixture *f = *state;

	assert_true(scratch_write(
		f->s, ".git/index.lock", "opsync holds this lock\n"));
	assert_int_equal(worktree_unlock(f->s->repo, NULL), 0);
	assert_absent(f, ".git/index.lock");
	assert_int_equal(worktree_unlock(f->s->repo, NULL), 0);
	/* A live git's lock is empty at first. */
	assert_true(scratch_write(f->s, ".git/index.lock", ""));
	assert_int_equal(worktree_unlock(f->s->repo, NULL), 0);
	assert_text(f, ".git/index.lock", "");
}

/* Changed right after it was staged, with the same size: git must see it. */
static void a_racy_edit_of_others_shows(void **state)
{
	struct fixture *f = *state;
	char *index = scratch_file(f->s, ".git/index");
	struct stat st;

	assert_true(scratch_write(f->s, "theirs", "1"));
	assert_true(scratch_write(f->s, "still", "1"));
	assert_int_equal(scratch_run(f->s, "git add theirs still"), 0);
	assert_true(scratch_lstat(f->s, "theirs", &st));
	assert_true(scratch_write(f->s, "theirs", "2"));
	assert_int_equal(
		utimensat(AT_FDCWD, index,
			(struct timespec[]){st.st_mtim, st.st_mtim}, 0),
		0);
	want(f, "a.md", NULL, "ours");
	assert_int_equal(apply(f), 0);
	assert_int_equal(scratch_run(f->s, "git ls-files --debug theirs | "
					   "grep -q 'size: 0' && "
					   "git ls-files --debug still | "
					   "grep -q 'size: 1'"),
		0);
	free(index);
}

#define LOOKED (2 * MANY) /* so many that the index is asked */

static size_t edits_among_many(struct fixture *f, char paths[LOOKED][32])
{
	char text[16];

	f->n = 0;
	for (int i = 0; i < LOOKED; i++) {
		memcpy(text, paths[i], sizeof(text));
		want(f, paths[i], text, "new");
	}
	return inspect(f);
}

/* Let the index say that path, as it is now, holds a text, and be that new. */
static void say_in_index(
	struct fixture *f, const char *path, const char *text, int seconds)
{
	struct beneath tree;
	struct index_file file = {
		.repo = f->s->repo, .folder = f->s->temp, .tree = &tree};
	struct index_change c = {.path = path, .has = true};
	char *index = scratch_file(f->s, ".git/index");
	struct timespec times[2];

	assert_int_equal(beneath_init(&tree, f->s->path, NULL), 0);
	objects_blob(f->o, text, strlen(text), &c.oid, NULL);
	assert_true(scratch_lstat(f->s, path, &c.st));
	assert_int_equal(index_update(&file, &c, 1, &f->err), 0);
	times[0] = times[1] = c.st.st_mtim;
	times[1].tv_sec += seconds;
	assert_int_equal(utimensat(AT_FDCWD, index, times, 0), 0);
	beneath_fini(&tree);
	free(index);
}

/* What the index tells is not read, but where an edit may have come behind. */
static void edits_are_found_among_many(void **state)
{
	struct fixture *f = *state;
	char paths[LOOKED][32];
	struct timespec times[2];
	struct stat st;
	char *file;

	for (int i = 0; i < LOOKED; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%d/%d.md", i % 7, i);
		want(f, paths[i], NULL, paths[i]);
	}
	assert_int_equal(apply(f), 0);
	assert_int_equal(edits_among_many(f, paths), 0);
	file = scratch_file(f->s, paths[9]);
	assert_true(scratch_lstat(f->s, paths[9], &st));
	assert_true(scratch_write(f->s, paths[9], "2/?.md"));
	times[0] = times[1] = st.st_mtim;
	assert_int_equal(utimensat(AT_FDCWD, file, times, 0), 0);
	assert_int_equal(edits_among_many(f, paths), 1);
	assert_true(f->changes[9].foreign);
	say_in_index(f, paths[9], paths[9], 0);
	assert_int_equal(edits_among_many(f, paths), 1);
	say_in_index(f, paths[9], paths[9], 1);
	assert_int_equal(edits_among_many(f, paths), 0);
	f->n = 0;
	free(file);
}

/* A repository on another file system than its work tree. */
static void another_file_system_will_do(void **state)
{
	struct fixture *f = *state;
	char folder[] = "/dev/shm/opsync-test-XXXXXX";
	struct objects *o;
	struct worktree *w;
	struct stat here;
	struct stat there;

	if (mkdtemp(folder) == NULL)
		skip();
	assert_int_equal(stat(f->s->path, &here), 0);
	assert_int_equal(stat(folder, &there), 0);
	if (here.st_dev == there.st_dev) {
		rmdir(folder);
		skip();
	}
	assert_int_equal(objects_new(f->s->repo, folder, &o, NULL), 0);
	assert_int_equal(worktree_new(f->s->repo, f->s->path, o, &w, NULL), 0);
	want(f, "x/a.md", NULL, "ours");
	want(f, "b.md", NULL, "ours too");
	assert_int_equal(objects_seal(f->o, NULL), 0);
	/* The index cannot be renamed from there; the files are written. */
	worktree_apply(w, f->changes, f->n, &f->err);
	worktree_free(w);
	objects_free(o);
	assert_int_equal(rmdir(folder), 0);
	assert_text(f, "x/a.md", "ours");
	assert_text(f, "b.md", "ours too");
	assert_int_equal(
		scratch_run(f->s, "test -z \"$(find . -name '.opsync*')\""), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_come_change_and_go),
		TEST(names_are_put_on_disk),
		TEST(modes_are_those_of_git),
		TEST(many_files_are_as_few),
		TEST(attachments_come_before_documents),
		TEST(a_file_becomes_a_folder_and_back),
		TEST(foreign_paths_are_not_touched),
		TEST(an_edit_is_kept),
		TEST(an_edit_after_the_look_stays),
		TEST(a_link_is_kept_and_not_followed),
		TEST(a_linked_folder_leads_nowhere),
		TEST(what_is_no_file_is_left_alone),
		TEST(no_path_leaves_the_work_tree),
		TEST(a_folder_without_permission_fails_alone),
		TEST(a_lock_of_others_is_waited_for),
		TEST(a_held_work_tree_stays_on_its_branch),
		TEST(files_come_beside_an_old_lock),
		TEST(our_own_stale_lock_is_removed),
		TEST(a_racy_edit_of_others_shows),
		TEST(edits_are_found_among_many),
		TEST(another_file_system_will_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
