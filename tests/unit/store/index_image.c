/*
 * index_image - what git makes of an index that was changed here, and what
 * it would have made itself.
 */
#include "store/index_copy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/index_walk.h"
#include "tests/unit/store/scratch.h"

#define MAX_CHANGES 64

struct fixture {
	struct scratch *s;
	size_t n;
	struct index_new news[MAX_CHANGES];
	git_index_entry entries[MAX_CHANGES];
	struct err err;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	void *scratch;

	if (scratch_setup(&scratch) != 0)
		return -1;
	f->s = scratch;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *scratch = f->s;

	free(f);
	return scratch_teardown(&scratch);
}

#define RUN(f, ...) assert_int_equal(scratch_run((f)->s, __VA_ARGS__), 0)

/* In the index that git changes, too; paths must come sorted. */
static void set(struct fixture *f, const char *path, char digit)
{
	git_index_entry *entry = &f->entries[f->n];
	char hex[GIT_OID_HEXSZ + 1];

	memset(hex, digit, sizeof(hex) - 1);
	hex[sizeof(hex) - 1] = '\0';
	*entry = (git_index_entry){.mode = GIT_FILEMODE_BLOB};
	assert_int_equal(git_oid_fromstr(&entry->id, hex), 0);
	f->news[f->n++] = (struct index_new){path, entry};
	RUN(f,
		"GIT_INDEX_FILE=theirs git update-index --add --replace "
		"--cacheinfo 100644,%s,'%s'",
		hex, path);
}

static void drop(struct fixture *f, const char *path)
{
	f->news[f->n++] = (struct index_new){path, NULL};
	RUN(f, "GIT_INDEX_FILE=theirs git update-index --force-remove '%s'",
		path);
}

static void read_bytes(struct fixture *f, const char *name, struct buf *out)
{
	char *path = scratch_file(f->s, name);
	FILE *file = fopen(path, "r");
	char bytes[4096];
	size_t n;

	free(path);
	if (file == NULL)
		return;
	while ((n = fread(bytes, 1, sizeof(bytes), file)) > 0)
		buf_add(out, bytes, n);
	fclose(file);
}

/* Change the index; what came before stays known to git as it was. */
static int change(struct fixture *f, const struct buf *bytes)
{
	char *from = scratch_file(f->s, "before");
	char *to = scratch_file(f->s, "ours");
	struct index_copy copy = {.from_name = "before",
		.to_name = "ours",
		.check = true,
		.from = open(from, O_RDWR | O_CREAT | O_TRUNC, 0666),
		.to = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0666)};
	int r;

	assert_true(copy.from >= 0 && copy.to >= 0);
	assert_int_equal(
		write(copy.from, bytes->n > 0 ? bytes->p : "", bytes->n),
		bytes->n);
	r = index_copy(&copy, f->news, f->n, &f->err);
	close(copy.from);
	close(copy.to);
	free(from);
	free(to);
	f->n = 0;
	return r;
}

static void assert_as_git(struct fixture *f)
{
	struct buf bytes = {0};

	read_bytes(f, ".git/index", &bytes);
	assert_int_equal(change(f, &bytes), 0);
	buf_fini(&bytes);
	RUN(f, "cp ours .git/index && "
	       "git ls-files --stage --debug >is && "
	       "GIT_INDEX_FILE=theirs git ls-files --stage --debug "
	       ">due && diff due is >&2 && git ls-files -v -t >is && "
	       "GIT_INDEX_FILE=theirs git ls-files -v -t >due && "
	       "diff due is >&2 && "
	       "git fsck --no-dangling 2>&1 | (! grep -i 'index')");
}

static void git_begins(struct fixture *f)
{
	RUN(f, "mkdir -p a/b c && for i in 1 2 3 4 5 6 7 8 9; do "
	       "echo $i >a/$i.md; echo $i >a/b/long-name-$i.md; "
	       "echo $i >c/$i; done && echo x >a.md && echo x >a-b && "
	       "git add a a.md a-b c");
}

static void begin(struct fixture *f, int version)
{
	RUN(f,
		"git update-index --index-version %d && "
		"cp .git/index theirs",
		version);
}

static void change_some(struct fixture *f)
{
	set(f, "a-c", '1');
	set(f, "a/1.md", '2');
	drop(f, "a/2.md");
	set(f, "a/b/long-name-3.md", '3');
	set(f, "a/b/long-name-31.md", '4');
	drop(f, "a/b/long-name-9.md");
	set(f, "b", '5');
	drop(f, "not/there");
	set(f, "z", '6');
	assert_as_git(f);
}

static void test_versions(void **state)
{
	struct fixture *f = *state;

	git_begins(f);
	begin(f, 2);
	change_some(f);
	begin(f, 4);
	change_some(f);
	/* What is only announced needs version 3. */
	RUN(f, "echo >new && git add -N new && git update-index "
	       "--skip-worktree c/3");
	begin(f, 3);
	change_some(f);
	drop(f, "new");
	assert_as_git(f);
	begin(f, 4);
	change_some(f);
}

static void test_from_nothing(void **state)
{
	struct fixture *f = *state;
	char *deep = xcalloc(1, 4400);

	begin(f, 2);
	RUN(f, "rm -f .git/index theirs");
	set(f, "a/1", '1');
	set(f, "a/2", '2');
	assert_as_git(f);
	/* A path of more than 4,095 bytes. */
	for (size_t i = 0; i < 2100; i++)
		memcpy(deep + 2 * i, "d/x", 4);
	f->entries[0] = (git_index_entry){.mode = GIT_FILEMODE_BLOB};
	git_oid_fromstr(
		&f->entries[0].id, "1111111111111111111111111111111111111111");
	for (int version = 2; version <= 4; version += 2) {
		struct buf bytes = {0};

		RUN(f, "git update-index --index-version %d", version);
		read_bytes(f, ".git/index", &bytes);
		f->news[0] = (struct index_new){deep, &f->entries[0]};
		f->n = 1;
		assert_int_equal(change(f, &bytes), 0);
		RUN(f, "cp ours .git/index && "
		       "test $(git ls-files | wc -L) = 4201");
		buf_fini(&bytes);
		buf_clear(&bytes);
		read_bytes(f, ".git/index", &bytes);
		f->news[0] = (struct index_new){"d/e", &f->entries[0]};
		f->n = 1;
		assert_int_equal(change(f, &bytes), 0);
		RUN(f, "cp ours .git/index && "
		       "test $(git ls-files | wc -l) = 4 && "
		       "git update-index --force-remove d/e");
		buf_fini(&bytes);
	}
	free(deep);
}

static void test_folders_and_files(void **state)
{
	struct fixture *f = *state;

	for (int version = 2; version <= 4; version += 2) {
		RUN(f, "rm -rf .git/index theirs a a.md a-b c");
		git_begins(f);
		begin(f, version);
		set(f, "a/b", '1');   /* was a folder */
		set(f, "c/1/x", '2'); /* was a file */
		set(f, "c/1/y", '2');
		assert_as_git(f);
	}
}

/* In a merge that a person has stopped, and after it. */
static void test_conflicts(void **state)
{
	struct fixture *f = *state;

	git_begins(f);
	RUN(f, "git commit -qm 1 && git checkout -qb other && "
	       "echo other >a/1.md && echo other >c/1 && git commit -qam 2 && "
	       "git checkout -q - && echo more >a/1.md && echo more >c/1 && "
	       "git commit -qam 3 && (! git merge -q other >/dev/null) && "
	       "git ls-files -u | grep -q a/1.md && "
	       "echo solved >c/1 && git add c/1");
	begin(f, 2);
	set(f, "a/2.md", '1');
	assert_as_git(f);
	RUN(f, "git ls-files -u | grep -q a/1.md && "
	       "git ls-files --resolve-undo | grep -q c/1");
	set(f, "a/1.md", '2');
	assert_as_git(f);
	RUN(f, "test -z \"$(git ls-files -u)\"");
}

/* A commit's trees and other caches in it are not what they were. */
static void test_caches(void **state)
{
	struct fixture *f = *state;

	git_begins(f);
	RUN(f, "git update-index --untracked-cache && git status -s >status && "
	       "git commit -qm 1 && git status -s >status && grep -q TREE "
	       ".git/index");
	begin(f, 2);
	set(f, "a/2.md", '1');
	drop(f, "a/3.md");
	assert_as_git(f);
	RUN(f, "git diff --cached --name-status >is && "
	       "printf 'M\\ta/2.md\\nD\\ta/3.md\\n' >due && diff is due");
}

static void refuse(struct fixture *f, struct buf *bytes, const char *words)
{
	f->err = (struct err){0};
	assert_int_equal(change(f, bytes), ERR_IO);
	if (strstr(f->err.text, words) == NULL)
		fail_msg("'%s' does not say '%s'", f->err.text, words);
}

/* More than is read at a time. */
static void test_many(void **state)
{
	struct fixture *f = *state;

	for (int version = 2; version <= 4; version += 2) {
		RUN(f,
			"rm -f .git/index && seq 10000 19999 | awk "
			"'{printf \"100644 %%040d 0\\tn/%%d/%%d.md\\n\", $1, "
			"$1 / 7, $1}' | git update-index --index-info && "
			"git update-index --index-version %d && "
			"cp .git/index theirs",
			version);
		set(f, "a", '1');
		drop(f, "n/1428/10000.md");
		set(f, "n/1800", '2');
		set(f, "n/2000/14003.md", '3');
		set(f, "n/2000/14003.md~", '4');
		set(f, "n/2500/17501.md/deep", '5');
		drop(f, "n/2857/19999.md");
		set(f, "z", '6');
		assert_as_git(f);
	}
}

/* Unchecked, what change() was given must not be believed either. */
static void walk_unchecked(struct fixture *f)
{
	char *path = scratch_file(f->s, "before");
	int fd = open(path, O_RDONLY);
	struct index_image_entry entry;
	struct index_walk walk;
	int r = index_walk_begin(&walk, fd, "before", false, NULL);

	for (uint32_t i = 0; r == 0 && i < walk.header.n; i++)
		r = index_walk_next(&walk, &entry, NULL);
	index_walk_fini(&walk);
	close(fd);
	free(path);
}

/* Each byte that is not as it was written, and each end that comes early. */
static void test_damaged(void **state)
{
	struct fixture *f = *state;

	RUN(f, "echo 1 >a && echo 2 >ab && git add a ab && git commit -qm 1");
	for (int version = 2; version <= 4; version += 2) {
		struct buf bytes = {0};

		RUN(f, "git update-index --index-version %d", version);
		read_bytes(f, ".git/index", &bytes);
		for (size_t i = 0; i < bytes.n; i++) {
			bytes.p[i] ^= 0x55;
			assert_int_equal(change(f, &bytes), ERR_IO);
			walk_unchecked(f);
			bytes.p[i] ^= 0x55;
		}
		for (size_t n = 1; n < bytes.n; n++) {
			struct buf part = {0};

			buf_add(&part, bytes.p, n);
			assert_int_equal(change(f, &part), ERR_IO);
			walk_unchecked(f);
			buf_fini(&part);
		}
		bytes.p[7] = 9;
		refuse(f, &bytes, "version 9 is unknown");
		buf_fini(&bytes);
	}
}

static void test_of_another_kind(void **state)
{
	struct fixture *f = *state;
	struct buf bytes = {0};

	git_begins(f);
	RUN(f, "git update-index --split-index");
	read_bytes(f, ".git/index", &bytes);
	refuse(f, &bytes, "must be understood");
	buf_fini(&bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_versions),
		TEST(test_from_nothing),
		TEST(test_folders_and_files),
		TEST(test_conflicts),
		TEST(test_caches),
		TEST(test_many),
		TEST(test_damaged),
		TEST(test_of_another_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
