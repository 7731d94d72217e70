/*
 * index_patch - an index of which a few entries change, time and again.
 */
#include "store/index_patch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/index_mend.h"
#include "tests/unit/store/scratch.h"

#define N 9000 /* more than one step of the digest */

struct fixture {
	struct scratch *s;
	struct beneath tree;
	struct index_memo memo;
	struct index_file file;
	char *index;
	char *folder;
	git_oid ids[N]; /* as they should be */
	char paths[N][32];
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	void *scratch;

	if (scratch_setup(&scratch) != 0)
		return -1;
	f->s = scratch;
	f->index = scratch_file(f->s, ".git/index");
	f->folder = scratch_file(f->s, ".git/opsync/tmp");
	f->file = (struct index_file){.repo = f->s->repo,
		.folder = f->folder,
		.tree = &f->tree,
		.memo = &f->memo};
	*state = f;
	return mkdir(f->folder, 0777) != 0 ||
	       beneath_init(&f->tree, f->s->path, NULL) != 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *scratch = f->s;

	index_forget(&f->file);
	beneath_fini(&f->tree);
	free(f->index);
	free(f->folder);
	free(f);
	return scratch_teardown(&scratch);
}

static struct index_change change_of(struct fixture *f, int i, int value)
{
	struct index_change c = {.path = f->paths[i], .has = true};

	git_odb_hash(&c.oid, &value, sizeof(value), GIT_OBJECT_BLOB);
	f->ids[i] = c.oid;
	return c;
}

static void fill(struct fixture *f)
{
	struct index_change *all = xcalloc(N, sizeof(*all));

	for (int i = 0; i < N; i++) {
		snprintf(
			f->paths[i], sizeof(f->paths[i]), "%d/%d.md", i % 9, i);
		all[i] = change_of(f, i, i);
	}
	assert_int_equal(index_update(&f->file, all, N, NULL), 0);
	free(all);
}

static void set(struct fixture *f, int i, int value)
{
	struct index_change c = change_of(f, i, value);

	assert_int_equal(index_update(&f->file, &c, 1, NULL), 0);
}

static ino_t inode(const struct fixture *f)
{
	struct stat st;

	assert_int_equal(stat(f->index, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	return st.st_ino;
}

/* Libgit2 compares the digest; what is found one by one is the same. */
static void check(struct fixture *f)
{
	const char *few[] = {f->paths[0], f->paths[N / 2], "none", "0/"};
	git_index *index;
	git_oid ids[4];
	struct index_view view;

	assert_int_equal(git_index_open(&index, f->index), 0);
	for (int i = 0; i < N; i++) {
		const git_index_entry *entry =
			git_index_get_bypath(index, f->paths[i], 0);

		assert_non_null(entry);
		assert_true(git_oid_equal(&entry->id, &f->ids[i]));
	}
	git_index_free(index);
	assert_int_equal(index_view_init(&view, &f->file, true, NULL), 0);
	assert_int_equal(index_view_ids(&view, few, 4, ids, NULL), 0);
	assert_true(index_is_as_seen(&f->file, &view.st));
	index_view_fini(&view);
	assert_true(git_oid_equal(&ids[0], &f->ids[0]));
	assert_true(git_oid_equal(&ids[1], &f->ids[N / 2]));
	assert_true(git_oid_is_zero(&ids[2]));
	assert_true(git_oid_is_zero(&ids[3]));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void assert_found(
	struct fixture *f, bool few, const char *const *paths, int n)
{
	git_oid *ids = xcalloc((size_t)n, sizeof(*ids));
	struct index_view view;

	assert_int_equal(index_view_init(&view, &f->file, few, NULL), 0);
	assert_true(index_is_as_seen(&f->file, &view.st));
	assert_int_equal(index_view_ids(&view, paths, (size_t)n, ids, NULL), 0);
	index_view_fini(&view);
	for (int i = 0; i < n; i++) {
		int k = 0;

		while (k < N && paths[i] != f->paths[k])
			k++;
		if (k < N)
			assert_true(git_oid_equal(&ids[i], &f->ids[k]));
		else
			assert_true(git_oid_is_zero(&ids[i]));
	}
	free(ids);
}

#define SOME (N / 3 + 2)

/* Many are found as they were set, whatever is between them. */
static void many_are_found(void **state)
{
	struct fixture *f = *state;
	const char *paths[SOME];

	fill(f);
	for (size_t i = 0; i < N / 3; i++)
		paths[i] = f->paths[3 * i];
	paths[N / 3] = "3/none";
	paths[N / 3 + 1] = "zzz";
	qsort(paths, SOME, sizeof(*paths), by_name);
	assert_found(f, false, paths, SOME);
	assert_found(f, true, paths, SOME); /* few at first */
	f->file.memo = NULL;                /* as if others had written it */
	assert_found(f, true, paths, SOME);
	f->file.memo = &f->memo;
}

/* Twice, too, and in any order. */
static void found_in_any_order(void **state)
{
	struct fixture *f = *state;
	const char *paths[] = {f->paths[N - 1], f->paths[0], f->paths[0], "zzz",
		"", f->paths[8], f->paths[7], "zzz", f->paths[7]};

	fill(f);
	assert_found(f, false, paths, (int)ARRAY_LEN(paths));
}

/* What is in conflict, or is no file, is no id. */
static void no_file_is_not_found(void **state)
{
	static const char *const paths[] = {"a", "b", "c", "d", "e"};
	struct fixture *f = *state;
	struct index_view view;
	git_oid ids[5];

	assert_int_equal(
		scratch_run(f->s,
			"printf '100644 %040d 0\\ta\\n100644 %040d 2\\tb\\n"
			"100644 %040d 3\\tb\\n120000 %040d 0\\tc\\n"
			"160000 %040d 0\\td\\n' | "
			"git update-index --index-info",
			1, 1, 2, 1, 1),
		0);
	assert_int_equal(index_view_init(&view, &f->file, false, NULL), 0);
	assert_int_equal(index_view_ids(&view, paths, 5, ids, NULL), 0);
	index_view_fini(&view);
	assert_false(git_oid_is_zero(&ids[0]));
	for (int i = 1; i < 5; i++)
		assert_true(git_oid_is_zero(&ids[i]));
}

/* One that others wrote, and that is damaged, is not opened. */
static void damaged_is_refused(void **state)
{
	struct fixture *f = *state;
	struct index_view view;
	struct err err;
	int fd;

	fill(f);
	fd = open(f->index, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 200000), 1);
	close(fd);
	for (int few = 0; few <= 1; few++) {
		assert_int_equal(
			index_view_init(&view, &f->file, few, &err), ERR_IO);
		assert_non_null(strstr(err.text, "it is damaged"));
		assert_false(index_view_is_open(&view));
	}
	assert_int_equal(unlink(f->index), 0);
	assert_int_equal(index_view_init(&view, &f->file, false, &err), 0);
	assert_int_equal(view.st.st_ino, 0);
	index_view_fini(&view);
}

/* Git writes zeros for the digest where it is told to (index.skipHash). */
static void no_digest_will_do(void **state)
{
	struct fixture *f = *state;
	const uint8_t none[20] = {0};
	struct stat st;
	int fd;

	fill(f);
	fd = open(f->index, O_WRONLY);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(pwrite(fd, none, 20, st.st_size - 20), 20);
	close(fd);
	assert_false(index_is_damaged(f->index));
	assert_true(index_has_no_digest(f->index));
	set(f, 5, 1000000);
	check(f); /* ours has one */
	assert_false(index_has_no_digest(f->index));
	fd = open(f->index, O_WRONLY); /* lost with the power */
	assert_int_equal(fstat(fd, &st), 0);
	for (long i = 1; i < 100; i++)
		assert_int_equal(pwrite(fd, none, 20, st.st_size - i * 20), 20);
	close(fd);
	assert_true(index_is_damaged(f->index));
	assert_false(index_has_no_digest(f->index));
}

static void two_files_take_turns(void **state)
{
	struct fixture *f = *state;
	ino_t one;
	ino_t two;

	fill(f);
	check(f);
	one = inode(f);
	set(f, 5, 1000000);
	check(f);
	two = inode(f);
	for (int i = 0; i < 40; i++) {
		set(f, i * 211 % N, 2000000 + i);
		check(f);
		assert_int_equal(inode(f), i % 2 == 0 ? one : two);
	}
}

static void what_is_more_than_a_change_is_written_whole(void **state)
{
	struct fixture *f = *state;
	struct index_change c;

	fill(f);
	check(f);
	set(f, 1, 1000000);
	c = change_of(f, 2, 1000001);
	c.path = "new.md";
	f->ids[2] = change_of(f, 2, 2).oid;
	assert_int_equal(index_update(&f->file, &c, 1, NULL), 0);
	check(f);
	set(f, 1, 1000002);
	check(f);
	c.has = false;
	assert_int_equal(index_update(&f->file, &c, 1, NULL), 0);
	check(f);
	assert_int_equal(scratch_run(f->s, "git ls-files --error-unmatch "
					   "new.md 2>/dev/null"),
		1);
}

static void what_others_stage_stays(void **state)
{
	struct fixture *f = *state;

	fill(f);
	check(f);
	set(f, 1, 1000000);
	set(f, 2, 1000001);
	assert_true(scratch_write(f->s, "+theirs", "1"));
	assert_int_equal(scratch_run(f->s, "git add +theirs"), 0);
	for (int i = 0; i < 2; i++) {
		set(f, 3, 1000002 + i);
		check(f);
	}
	change_of(f, 0, 1000004);
	assert_int_equal(
		scratch_run(f->s, "git update-index --cacheinfo 100644,%s,%s",
			git_oid_tostr_s(&f->ids[0]), f->paths[0]),
		0);
	for (int i = 0; i < 5; i++) {
		set(f, 3, 1000002 + i);
		check(f);
	}
	assert_int_equal(scratch_run(f->s, "git ls-files --error-unmatch "
					   "+theirs >/dev/null"),
		0);
}

static char *bytes_of(int fd, size_t *n)
{
	struct stat st;
	char *bytes;

	assert_int_equal(fstat(fd, &st), 0);
	*n = (size_t)st.st_size;
	bytes = xmalloc(*n);
	assert_int_equal(pread(fd, bytes, *n, 0), *n);
	return bytes;
}

/* Whoever opened the index, or gave it another name, has it as it was. */
static void nobody_sees_it_change(void **state)
{
	struct fixture *f = *state;

	fill(f);
	check(f);
	for (int i = 0; i < 6; i++) {
		char *copy = scratch_file(f->s, ".git/copy");
		int fd = open(f->index, O_RDONLY | O_CLOEXEC);
		size_t n;
		size_t m;
		char *before = bytes_of(fd, &n);
		char *after;

		if (i % 2 == 1) {
			assert_int_equal(link(f->index, copy), 0);
			close(fd);
		}
		for (int k = 0; k < 3; k++)
			set(f, 7 + k, 1000000 + 10 * i + k);
		if (i % 2 == 1)
			fd = open(copy, O_RDONLY | O_CLOEXEC);
		after = bytes_of(fd, &m);
		assert_int_equal(m, n);
		assert_memory_equal(after, before, n);
		close(fd);
		unlink(copy);
		free(before);
		free(after);
		free(copy);
		check(f);
	}
}

/* A file as new as the index was changed since: git must look at it. */
static void a_racy_edit_shows(void **state)
{
	struct fixture *f = *state;
	struct timespec late[2] = {{.tv_sec = INT32_MAX - 1, .tv_nsec = 5},
		{.tv_sec = INT32_MAX - 1, .tv_nsec = 5}};
	char *path;
	struct index_change c;

	fill(f);
	check(f);
	path = scratch_file(f->s, f->paths[3]);
	assert_int_equal(scratch_run(f->s, "mkdir 3"), 0);
	assert_true(scratch_write(f->s, f->paths[3], "one"));
	assert_int_equal(utimensat(AT_FDCWD, path, late, 0), 0);
	c = change_of(f, 3, 0);
	git_odb_hash(&c.oid, "one", 3, GIT_OBJECT_BLOB);
	f->ids[3] = c.oid;
	assert_true(scratch_lstat(f->s, f->paths[3], &c.st));
	assert_int_equal(index_update(&f->file, &c, 1, NULL), 0);
	set(f, 8, 1000000);
	assert_int_equal(scratch_run(f->s, "git ls-files --debug 3/3.md | "
					   "grep -q 'size: 3'"),
		0);
	assert_true(scratch_write(f->s, f->paths[3], "two"));
	set(f, 9, 1000001);
	assert_int_equal(scratch_run(f->s, "git ls-files --debug 3/3.md | "
					   "grep -q 'size: 0'"),
		0);
	check(f);
	set(f, 9, 1000002);
	check(f);
	assert_int_equal(scratch_run(f->s, "git ls-files --debug 3/3.md | "
					   "grep -q 'size: 0'"),
		0);
	free(path);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(many_are_found),
		TEST(found_in_any_order),
		TEST(no_file_is_not_found),
		TEST(damaged_is_refused),
		TEST(no_digest_will_do),
		TEST(two_files_take_turns),
		TEST(what_is_more_than_a_change_is_written_whole),
		TEST(what_others_stage_stays),
		TEST(nobody_sees_it_change),
		TEST(a_racy_edit_shows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
