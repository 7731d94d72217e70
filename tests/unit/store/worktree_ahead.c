/*
 * worktree_ahead - files that are written before their turn, or beside what
 * the caller does.
 */
#include "store/ahead_stream.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/unit/store/descriptors.h"
#include "tests/unit/store/tree_fixture.h"

#define AHEAD 200 /* of which most are written ahead */
#define FEW 8     /* that may be prepared */

static pthread_t self;
static atomic_int n_elsewhere; /* temporary files that others remove */

/* The system's, which looks at who calls it. */
int unlinkat(int fd, const char *name, int flag)
{
	if (strncmp(name, "tmp_file_", 9) == 0 &&
		!pthread_equal(pthread_self(), self))
		n_elsewhere++;
	return (int)syscall(SYS_unlinkat, fd, name, flag);
}

static size_t n_temporary(const struct fixture *f)
{
	return (size_t)scratch_run(f->s, "exit $(ls .git/opsync | wc -l)");
}

/* What was prepared is what comes, if it is what is wanted by then. */
static void what_is_prepared_comes(void **state)
{
	struct fixture *f = *state;
	struct stat before;
	struct stat after;

	want(f, "a/index.md", NULL, "one\n");
	want(f, "a/pic.png", NULL, "png");
	want(f, "b.md", NULL, "two\n");
	inspect(f);
	worktree_prepare(f->w, f->changes, f->n);
	worktree_prepare_sync(f->w);
	assert_int_equal(n_temporary(f), 3);
	assert_absent(f, "b.md");
	assert_true(scratch_lstat(f->s, ".git/opsync/tmp_file_1", &before));
	assert_int_equal(apply(f), 0);
	assert_true(scratch_lstat(f->s, "a/index.md", &after));
	assert_int_equal(before.st_ino, after.st_ino);
	assert_text(f, "a/index.md", "one\n");
	assert_text(f, "a/pic.png", "png");
	assert_text(f, "b.md", "two\n");
	assert_clean(f);

	want(f, "b.md", "two\n", "three\n");
	inspect(f);
	worktree_prepare(f->w, f->changes, f->n);
	want(f, "c.md", NULL, "four\n"); /* another comes instead */
	inspect(f);
	assert_int_equal(apply_these(f, f->changes + 1, 1), 0);
	assert_int_equal(n_temporary(f), 1);
	worktree_unprepare(f->w);
	assert_int_equal(n_temporary(f), 0);
	assert_text(f, "b.md", "two\n");
	assert_text(f, "c.md", "four\n");
}

/* On a thread of their own, while the next batch fills. */
static void files_come_beside_other_work(void **state)
{
	struct fixture *f = *state;
	char paths[MANY][32];
	git_oid oid;

	want(f, "0.md", NULL, "stored before");
	assert_int_equal(apply(f), 0);
	f->n = 0;
	want(f, "few.md", NULL, "few");
	inspect(f);
	assert_false(worktree_begin(f->w, f->changes, f->n));
	f->n = 0;
	want(f, "again/0.md", NULL, "stored before");
	for (int i = 0; i < MANY; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%d/%d.md", i % 7, i);
		want(f, paths[i], NULL, paths[i]);
	}
	inspect(f);
	assert_int_equal(worktree_hold(f->w, NULL), 0);
	assert_true(worktree_begin(f->w, f->changes, f->n));
	for (int i = 0; i < MANY; i++)
		objects_blob(f->o, &i, sizeof(i), &oid, NULL);
	assert_true(worktree_is_free(f->w, "7/7.md"));
	assert_false(worktree_is_free(f->w, "0.md"));
	assert_int_equal(worktree_end(f->w, &f->err), 0);
	worktree_release(f->w);
	assert_false(worktree_is_free(f->w, "6/6.md"));
	for (int i = 0; i < MANY; i++)
		assert_text(f, paths[i], paths[i]);
	assert_text(f, "again/0.md", "stored before");
	assert_clean(f);
	f->n = 0;
	inspect(f); /* what was added meanwhile */
}

static void want_round(struct fixture *f, char paths[MANY][32], int round)
{
	f->n = 0;
	for (int i = 0; i < MANY; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%d/%d.md", round, i);
		want(f, paths[i], NULL, paths[i]);
	}
	inspect(f);
}

/* Some are prepared, and the others come. */
static void others_come(struct fixture *f, bool at_once)
{
	int before = n_open();

	worktree_prepare(f->w, f->changes, FEW);
	assert_int_equal(n_temporary(f), FEW);
	assert_int_equal(n_open(), before + FEW);
	assert_int_equal(worktree_hold(f->w, NULL), 0);
	assert_true(worktree_begin(f->w, f->changes + FEW, MANY - FEW));
	if (at_once)
		worktree_unprepare(f->w);
	assert_int_equal(worktree_end(f->w, NULL), 0);
	worktree_release(f->w);
	worktree_unprepare(f->w);
	assert_int_equal(n_temporary(f), 0);
	assert_int_equal(n_open(), before);
}

/*
 * Both threads take back what was prepared and did not come: only the caller
 * finds any, whether it does so at once or later.
 */
static void what_was_prepared_is_taken_back_once(void **state)
{
	struct fixture *f = *state;
	char paths[MANY][32];

	self = pthread_self();
	n_elsewhere = 0;
	for (int round = 0; round < 8; round++) {
		want_round(f, paths, round);
		others_come(f, round % 2 == 0);
		assert_int_equal(n_elsewhere, 0);
		assert_absent(f, paths[FEW - 1]);
		for (int i = FEW; i < MANY; i++)
			assert_text(f, paths[i], paths[i]);
	}
	assert_clean(f);
}

static void what_fails_beside_other_work_is_told(void **state)
{
	struct fixture *f = *state;
	char paths[MANY][32];

	for (int i = 0; i < MANY; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%d/%d.md", i % 7, i);
		want(f, paths[i], NULL, paths[i]);
	}
	inspect(f);
	scratch_run(f->s, "ln -s /tmp 3");
	assert_true(worktree_is_free(f->w, "4/4.md"));
	assert_false(worktree_is_free(f->w, "3/none.md"));
	assert_int_equal(worktree_hold(f->w, NULL), 0);
	assert_true(worktree_begin(f->w, f->changes, f->n));
	assert_int_equal(worktree_end(f->w, &f->err), ERR_IO);
	worktree_release(f->w);
	assert_said(f, "is in the way");
	assert_absent(f, "3/3.md");
	assert_text(f, "4/4.md", "4/4.md");
	f->n = 0;
}

/* Texts of a generation at so many paths. */
struct many {
	char paths[AHEAD][32];
	char texts[AHEAD][24];
};

static void want_expected(struct fixture *f, struct many *m, const char *word)
{
	f->n = 0;
	for (int i = 0; i < AHEAD; i++) {
		const struct worktree_change *c;

		snprintf(
			m->paths[i], sizeof(m->paths[i]), "%d/%d.md", i % 7, i);
		snprintf(m->texts[i], sizeof(m->texts[i]), "%s %d", word,
			i / 2); /* each at two paths */
		c = want(f, m->paths[i], NULL, m->texts[i]);
		worktree_expect(
			f->w, &c->new_oid, m->texts[i], strlen(m->texts[i]));
	}
}

/* In a while. */
static void assert_written_ahead(const struct fixture *f, int least)
{
	assert_int_equal(
		scratch_run(f->s,
			"for i in $(seq 1000); do"
			" test $(ls .git/opsync/ahead* 2>/dev/null"
			" | grep -c tmp_file) -ge %d && exit; sleep .01; done;"
			" exit 1",
			least),
		0);
}

static void assert_none_ahead(const struct fixture *f)
{
	assert_int_equal(scratch_run(f->s, "test -z \"$(ls -d .git/opsync/"
					   "ahead* 2>/dev/null)\""),
		0);
}

static void assert_many(const struct fixture *f, const struct many *m)
{
	for (int i = 0; i < AHEAD; i++)
		assert_text(f, m->paths[i], m->texts[i]);
	assert_clean(f);
}

/* While the commit is not made; two turns, of which one is placed beside. */
static void what_is_expected_is_written_ahead(void **state)
{
	struct fixture *f = *state;
	struct many one;
	struct many two;
	struct worktree_change changes[AHEAD];

	want_expected(f, &one, "one");
	assert_written_ahead(f, AHEAD / 2);
	assert_false(scratch_exists(f->s, one.paths[0]));
	inspect(f);
	memcpy(changes, f->changes, sizeof(changes));
	assert_int_equal(worktree_hold(f->w, NULL), 0);
	assert_true(worktree_begin(f->w, changes, AHEAD));
	want_expected(f, &two, "two");
	assert_int_equal(worktree_end(f->w, NULL), 0);
	worktree_release(f->w);
	assert_many(f, &one);
	assert_written_ahead(f, AHEAD / 2);
	for (int i = 0; i < AHEAD; i++) {
		f->changes[i].had = true;
		f->changes[i].old_oid = changes[i].new_oid;
	}
	f->changes[5].has = false;
	assert_int_equal(apply(f), 0);
	assert_absent(f, two.paths[5]);
	assert_text(f, two.paths[4], two.texts[4]);
	assert_text(f, two.paths[AHEAD - 1], two.texts[AHEAD - 1]);
	assert_clean(f);
}

static void what_is_expected_and_does_not_come_goes(void **state)
{
	struct fixture *f = *state;
	struct many many;

	want_expected(f, &many, "one");
	f->n = 0;
	want(f, "other.md", NULL, "other");
	assert_int_equal(apply(f), 0);
	assert_absent(f, many.paths[0]);
	assert_none_ahead(f);
	want_expected(f, &many, "two");
	f->n = 0;
	worktree_expect_none(f->w);
	assert_none_ahead(f);
	assert_int_equal(apply(f), 0);
	assert_absent(f, many.paths[0]);
}

/* Two of them are too much for one group. */
static void large_ones_are_written_ahead_too(void **state)
{
	enum { SIZE = 300 << 10 };
	struct fixture *f = *state;
	char *text = test_malloc(SIZE);
	git_oid oid;

	memset(text, 'x', SIZE);
	for (int c = 'a'; c < 'i'; c++) {
		text[0] = (char)c;
		git_odb_hash(&oid, text, SIZE, GIT_OBJECT_BLOB);
		worktree_expect(f->w, &oid, text, SIZE);
	}
	assert_written_ahead(f, 3);
	worktree_expect_none(f->w);
	assert_none_ahead(f);
	test_free(text);
}

/* Not even the folder stays. */
static void what_cannot_be_written_ahead_leaves_nothing(void **state)
{
	const struct rlimit none = {0, RLIM_INFINITY};
	const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
	struct fixture *f = *state;
	char text[16];
	git_oid oid;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	for (int i = 0; i < AHEAD; i++) {
		int n = snprintf(text, sizeof(text), "%d", i);

		git_odb_hash(&oid, text, (size_t)n, GIT_OBJECT_BLOB);
		worktree_expect(f->w, &oid, text, (size_t)n);
	}
	worktree_expect_none(f->w);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &any), 0);
	assert_none_ahead(f);
}

/* So many that not all of them stay open. */
static void those_that_come_in_pieces(void **state)
{
	struct fixture *f = *state;
	struct many many;
	int before = n_open();

	for (int i = 0; i < 50; i++) {
		struct ahead_stream *s;
		const struct worktree_change *c;
		size_t n;

		snprintf(many.paths[i], sizeof(many.paths[i]), "%d.bin", i);
		snprintf(many.texts[i], sizeof(many.texts[i]), "number %d", i);
		n = strlen(many.texts[i]);
		c = want(f, many.paths[i], NULL, many.texts[i]);
		s = worktree_expect_large(f->w, n);
		assert_non_null(s);
		assert_true(ahead_stream_add(s, many.texts[i], 3));
		assert_true(ahead_stream_add(s, many.texts[i] + 3, n - 3));
		if (i % 10 == 0)
			ahead_stream_drop(s);
		else
			worktree_expect_end(f->w, s, &c->new_oid);
	}
	assert_in_range(n_open(), before + 30, before + 40);
	assert_int_equal(n_temporary(f), 45);
	assert_int_equal(apply(f), 0);
	assert_int_equal(n_open(), before);
	for (int i = 0; i < 50; i++)
		assert_text(f, many.paths[i], many.texts[i]);
	assert_clean(f);
}

/* It is given up, and made from the repository when its turn comes. */
static void one_that_cannot_be_written(void **state)
{
	const struct rlimit little = {3 << 20, RLIM_INFINITY};
	const struct rlimit any = {RLIM_INFINITY, RLIM_INFINITY};
	struct fixture *f = *state;
	struct ahead_stream *s = worktree_expect_large(f->w, 8 << 20);
	char *bytes = test_calloc(1, 8 << 20);

	assert_non_null(s);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	assert_false(ahead_stream_add(s, bytes, 8 << 20));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &any), 0);
	ahead_stream_drop(s);
	assert_int_equal(n_temporary(f), 0);
	assert_null(worktree_expect_large(f->w, UINT64_C(1) << 60));
	test_free(bytes);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_prepared_comes),
		TEST(files_come_beside_other_work),
		TEST(what_was_prepared_is_taken_back_once),
		TEST(what_fails_beside_other_work_is_told),
		TEST(what_is_expected_is_written_ahead),
		TEST(what_is_expected_and_does_not_come_goes),
		TEST(large_ones_are_written_ahead_too),
		TEST(what_cannot_be_written_ahead_leaves_nothing),
		TEST(those_that_come_in_pieces),
		TEST(one_that_cannot_be_written),
	};

	return cmocka_run_group_tests_name("worktree_ahead", tests, NULL, NULL);
}
