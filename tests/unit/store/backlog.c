/*
 * What a remote has not got, and which part of it can be pushed first.
 */
#include "tests/unit/store/promise.h"

#define UNKNOWN "0000000000000000000000000000000000000001"

/* The id of a commit, until the next call. */
static const char *id_of(struct fixture *f, const char *name)
{
	return strtok((char *)run(GIT "rev-parse '%s'", f->path, name), "\n");
}

static void add(struct fixture *f, int n)
{
	for (int i = 0; i < n; i++)
		run(GIT "commit -q --allow-empty -m more", f->path);
}

/* most of the line: the part is there, n of all come with it. */
static void check(struct fixture *f, const char *old, size_t most,
	const char *part, int64_t n, size_t n_line)
{
	struct store_backlog b;

	assert_int_equal(store_backlog(f->store, old, most, &b, &f->err), 0);
	assert_string_equal(b.tip, id_of(f, "main"));
	assert_string_equal(b.part, id_of(f, part));
	assert_int_equal(b.n_part, n);
	assert_int_equal(b.n_line, n_line);
}

static void test_nothing(void **state)
{
	struct fixture *f = *state;
	struct store_backlog b;

	open_store(f);
	assert_int_equal(store_backlog(f->store, "", 0, &b, &f->err), 0);
	assert_string_equal(b.tip, "");
	assert_int_equal(b.n, 0);
}

static void test_line(void **state)
{
	struct fixture *f = *state;
	char old[41];

	open_store(f);
	put_well(f, 1, make("one.md", "one\n", NULL), STORE_ADDED);
	commit(f);
	add(f, 7);
	check(f, "", 0, "main", 8, 8);
	check(f, UNKNOWN, 0, "main", 8, 8);
	check(f, "", 4, "main~4", 4, 4);
	check(f, "", 1, "main~7", 1, 1);
	check(f, "", 8, "main", 8, 8);
	check(f, "", 9, "main", 8, 8);
	snprintf(old, sizeof(old), "%s", id_of(f, "main~3"));
	check(f, old, 0, "main", 3, 3);
	check(f, old, 2, "main~1", 2, 2);
	snprintf(old, sizeof(old), "%s", id_of(f, "main"));
	check(f, old, 2, "main", 0, 0);
}

/* The remote has two commits, whose last goes to old; we have five others. */
static void part_ways(struct fixture *f, char old[41])
{
	open_store(f);
	put_well(f, 1, make("one.md", "one\n", NULL), STORE_ADDED);
	commit(f);
	run(GIT "checkout -q -b theirs", f->path);
	add(f, 2);
	snprintf(old, 41, "%s", id_of(f, "theirs"));
	run(GIT "checkout -q main", f->path);
	run(GIT "commit -q --allow-empty -m ours", f->path);
	add(f, 4);
}

/* What the remote has was merged: nothing of ours below has it. */
static void test_merged(void **state)
{
	struct fixture *f = *state;
	char old[41];

	part_ways(f, old);
	run(GIT "merge -q --no-ff -m merged theirs", f->path);
	add(f, 3);
	check(f, old, 0, "main", 9, 4);
	check(f, old, 2, "main~2", 7, 2);
	check(f, old, 1, "main~3", 6, 1);
}

/* How often that is asked does not grow with what there is to ask of. */
static void test_long(void **state)
{
	struct fixture *f = *state;
	struct store_backlog b;
	uint64_t looked;
	char old[41];

	part_ways(f, old);
	run("cd '%s' && i=0 && while [ $i -lt 500 ]; do i=$((i + 1)); printf "
	    "'commit refs/heads/main\ncommitter p <p@x> %%d +0000\ndata 0\n' "
	    "$((1700000000 + i)); [ $i -gt 1 ] || echo from "
	    "refs/heads/main^0; done | " SELF "fast-import --quiet",
		f->path);
	run(GIT "merge -q --no-ff -m merged theirs", f->path);
	looked = store_n_looked(f->store);
	assert_int_equal(store_backlog(f->store, old, 0, &b, &f->err), 0);
	looked = store_n_looked(f->store) - looked;
	assert_int_equal(b.n, 506);
	assert_int_equal(b.n_line, 1);
	/* All were listed, and then those of the line. */
	assert_in_range(looked, 506 + 506 + 2, 506 + 506 + 40);
}

/* The remote has gone another way: only the whole can be tried. */
static void test_apart(void **state)
{
	struct fixture *f = *state;
	char old[41];

	part_ways(f, old);
	check(f, old, 2, "main", 5, 1);
}

/* And by a clock that was behind: what both have is not counted. */
static void test_wrong_clock(void **state)
{
	struct fixture *f = *state;
	char old[41];

	part_ways(f, old);
	for (int i = 0; i < 12; i++)
		run("GIT_COMMITTER_DATE='@%d +0000' " GIT
		    "commit -q --allow-empty -m late",
			1000000000 + i, f->path);
	check(f, old, 0, "main", 17, 1);
	snprintf(old, sizeof(old), "%s", id_of(f, "main"));
	run(GIT "reset -q --hard theirs", f->path);
	check(f, old, 0, "main", 2, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, begin, end),
		cmocka_unit_test_setup_teardown(test_line, begin, end),
		cmocka_unit_test_setup_teardown(test_merged, begin, end),
		cmocka_unit_test_setup_teardown(test_long, begin, end),
		cmocka_unit_test_setup_teardown(test_apart, begin, end),
		cmocka_unit_test_setup_teardown(test_wrong_clock, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
