/*
 * The branch held against the rows: in one go, in the order of paths.
 */
#include "store/match.h"

#include "store/query.h"
#include "tests/unit/store/fixture.h"

/* The id of one line of text. */
static const char *id_of(struct fixture *f, const char *line)
{
	static char hex[41];

	snprintf(hex, sizeof(hex), "%s",
		run("echo '%s' | " GIT "hash-object -w --stdin", line,
			f->path));
	return hex;
}

static void record(struct fixture *f, const char *path, const char *line,
	int64_t work_package)
{
	struct query q = query_open(f->store->state,
		"INSERT INTO file (path, oid, attachment_id, work_package,"
		" entry) VALUES (?, ?, 0, ?, 'e')");

	bind_text(&q, str_of(path));
	bind_text(&q, str_of(id_of(f, line)));
	bind_int(&q, work_package);
	assert_int_equal(query_run(&q, NULL), 0);
}

/* "PATH": only there; "PATH=N": another there than N has; "PATH-N": gone. */
static int write_down(void *arg, const struct mismatch *m, struct err *e)
{
	struct buf *out = arg;

	(void)e;
	buf_add(out, m->path.p, m->path.n);
	if (m->recorded) {
		assert_true(str_is(m->entry, "e"));
		buf_printf(out, "%c%d", m->in_commit ? '=' : '-',
			(int)m->work_package);
	}
	buf_putc(out, ' ');
	return 0;
}

static void assert_match(struct fixture *f, const char *commit,
	const char *expected, size_t n_others)
{
	struct buf out = {0};
	git_oid oid = {{0}};
	size_t n = 99;

	if (commit != NULL)
		assert_int_equal(git_oid_fromstrn(&oid, commit, 40), 0);
	assert_int_equal(
		match_branch(f->store, &oid, write_down, &out, &n, NULL), 0);
	assert_string_equal(
		buf_str(&out).n > 0 ? buf_str(&out).p : "", expected);
	assert_int_equal(n, n_others);
	buf_fini(&out);
}

/* Where names begin alike, trees have folders behind files: "d-", "d/", "d0" */
static void test_order_of_trees(void **state)
{
	struct fixture *f = *state;
	char commit[41];

	open_store(f);
	run("cd '%s' && mkdir d e && for i in a d-b d.c d/x d/y d0 e/x z; do"
	    " echo $i >$i; done && ln -s a l && chmod +x e/x",
		f->path);
	run(GIT "add . && " GIT "commit -q -m theirs", f->path, f->path);
	snprintf(commit, sizeof(commit), "%s",
		run(GIT "rev-parse HEAD", f->path));
	assert_match(f, commit, "a d-b d.c d/x d/y d0 z ", 2);
	record(f, "d-b", "d-b", 1);
	record(f, "d.c", "another", 2);
	record(f, "d/w", "gone", 3);
	record(f, "d/x", "d/x", 4);
	record(f, "d0", "d0", 5);
	record(f, "e/x", "e/x", 6);
	record(f, "l", "a", 7);
	record(f, "zz", "of none", 0);
	assert_match(f, commit, "a d.c=2 d/w-3 d/y e/x-6 l-7 z zz-0 ", 2);
	assert_match(
		f, NULL, "d-b-1 d.c-2 d/w-3 d/x-4 d0-5 e/x-6 l-7 zz-0 ", 0);
}

static void test_a_name_twice(void **state)
{
	struct fixture *f = *state;
	char commit[41];
	char one[41];
	char two[41];

	open_store(f);
	snprintf(one, sizeof(one), "%s", id_of(f, "one"));
	snprintf(two, sizeof(two), "%s", id_of(f, "two"));
	snprintf(commit, sizeof(commit), "%s",
		run("printf '100644 blob %s\\ta\\n100644 blob %s\\ta\\n"
		    "100644 blob %s\\tb\\n' | " GIT "mktree | xargs " GIT
		    "commit-tree -m twice",
			one, two, one, f->path, f->path));
	record(f, "a", "one", 1);
	assert_match(f, commit, "b ", 0);
}

static int refuse(void *arg, const struct mismatch *m, struct err *e)
{
	(*(int *)arg)++;
	return err_set(e, ERR_IO, "%.*s", STR_ARGS(m->path));
}

static void test_failures(void **state)
{
	struct fixture *f = *state;
	const git_oid unknown = {{1}};
	const git_oid none = {{0}};
	git_oid commit;
	int n = 0;

	open_store(f);
	record(f, "a", "one", 1);
	record(f, "b", "two", 1);
	assert_int_equal(
		match_branch(f->store, &none, refuse, &n, NULL, &f->err),
		ERR_IO);
	assert_string_equal(f->err.text, "a");
	assert_int_equal(n, 1);
	assert_true(match_branch(f->store, &unknown, refuse, &n, NULL,
			    &f->err) != 0);
	assert_int_equal(n, 1);

	/* In the middle of a tree, nothing more is told. */
	run("cd '%s' && touch w x y", f->path);
	run(GIT "add . && " GIT "commit -q -m theirs", f->path, f->path);
	assert_int_equal(git_oid_fromstrn(&commit,
				 run(GIT "rev-parse HEAD", f->path), 40),
		0);
	assert_int_equal(
		match_branch(f->store, &commit, refuse, &n, NULL, &f->err),
		ERR_IO);
	assert_string_equal(f->err.text, "a");
	assert_int_equal(n, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_order_of_trees),
		TEST(test_a_name_twice),
		TEST(test_failures),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
