/*
 * What documents read: the readers of a thing become stale, whether what was
 * read is staged or stored; and the marks last until they are taken off.
 */
#include "store/ids.h"
#include "store/state_guard.h"
#include "tests/unit/store/fixture.h"

/* "2 5u ": who is stale; u: to be asked for; l: with its list. */
static void add_stale(void *arg, int64_t work_package, enum store_stale stale)
{
	static const char *const marks[] = {"", "", "u", "l"};

	buf_printf(arg, "%lld%s ", (long long)work_package, marks[stale]);
}

static void check_stale(struct fixture *f, const char *wanted)
{
	struct buf got = {0};

	assert_int_equal(
		store_stale(f->store, 100, add_stale, &got, &f->err), 0);
	buf_putc(&got, '\0');
	assert_string_equal(got.p, wanted);
	buf_fini(&got);
}

static void read_things(struct fixture *f, int64_t work_package, ...)
{
	struct reads reads = {0};
	va_list ap;
	int id;

	va_start(ap, work_package);
	while ((id = va_arg(ap, int)) != 0)
		reads_add(&reads, READ_VERSION, id, STR_NONE);
	va_end(ap);
	reads_sort(&reads);
	store_put_reads(f->store, work_package, false, &reads);
	reads_fini(&reads);
}

static bool change(struct fixture *f, int64_t id)
{
	bool any = false;

	assert_int_equal(store_put_readers_stale(f->store, READ_VERSION, id,
				 STORE_STALE, &any, &f->err),
		0);
	return any;
}

static void test_readers(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	read_things(f, 1, 7, 8, 7, 0);
	read_things(f, 2, 8, 0);
	assert_true(change(f, 7));
	assert_false(change(f, 9));
	check_stale(f, "1 ");
	assert_true(change(f, 8));
	check_stale(f, "1 2 ");
	commit(f);
	check_stale(f, "1 2 ");
	reopen(f);
	check_stale(f, "1 2 ");
	store_put_fresh(f->store, 1, STORE_UNREAD);
	check_stale(f, "2 ");
	commit(f);
	reopen(f);
	check_stale(f, "2 ");
}

static void test_replaced(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	read_things(f, 1, 7, 8, 0);
	commit(f);
	read_things(f, 1, 9, 0);
	assert_false(change(f, 7));
	assert_true(change(f, 9));
	read_things(f, 1, 0);
	store_put_fresh(f->store, 1, STORE_UNREAD);
	assert_false(change(f, 9));
	commit(f);
	reopen(f);
	assert_false(change(f, 7));
	assert_false(change(f, 9));
	check_stale(f, "");
}

/* What is to be asked for stays so, whatever else comes. */
static void test_unread(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	read_things(f, 1, 7, 0);
	store_put_stale(f->store, 1, STORE_UNREAD);
	assert_true(change(f, 7));
	check_stale(f, "1u ");
	commit(f);
	assert_true(change(f, 7));
	check_stale(f, "1u ");
	store_put_fresh(f->store, 1, STORE_UNREAD);
	check_stale(f, "");
	commit(f);
	reopen(f);
	check_stale(f, "");
}

/* Who had no list asked for takes no such mark off. */
static void test_unlisted(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	read_things(f, 1, 7, 0);
	store_put_stale(f->store, 1, STORE_UNLISTED);
	assert_true(change(f, 7));
	store_put_stale(f->store, 1, STORE_UNREAD);
	store_put_fresh(f->store, 1, STORE_UNREAD);
	check_stale(f, "1l ");
	commit(f);
	reopen(f);
	store_put_fresh(f->store, 1, STORE_UNREAD);
	check_stale(f, "1l ");
	store_put_fresh(f->store, 1, STORE_UNLISTED);
	check_stale(f, "");
	store_put_stale(f->store, 1, STORE_STALE);
	check_stale(f, "1 ");
	commit(f);
	reopen(f);
	check_stale(f, "1 ");
}

/* Nor is it lowered by what marks at once. */
static void test_marked(void **state)
{
	struct fixture *f = *state;
	bool was;

	open_store(f);
	for (int id = 1; id <= 2; id++) {
		struct state_work_package wp = {.id = id, .project_id = 4};

		store_put_work_package(f->store, &wp);
	}
	store_put_stale(f->store, 1, STORE_UNLISTED);
	store_put_stale(f->store, 2, STORE_STALE);
	commit(f);
	assert_int_equal(store_mark_unread(f->store, 4, 0, &f->err), 0);
	check_stale(f, "1l 2u ");
	for (int id = 1; id <= 3; id++)
		assert_int_equal(
			state_publish(store_state(f->store), id, &was, &f->err),
			0);
	check_stale(f, "1l 2u 3u ");
}

static void test_dropped(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	read_things(f, 1, 7, 0);
	commit(f);
	store_drop_work_package(f->store, 1);
	commit(f);
	reopen(f);
	assert_false(change(f, 7));
}

static void test_forgotten(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	read_things(f, 1, 7, 0);
	commit(f);
	read_things(f, 1, 8, 0);
	read_things(f, 1, 7, 0); /* as recorded: nothing is staged */
	assert_false(change(f, 8));
	assert_true(change(f, 7));
	read_things(f, 1, 8, 0);
	store_discard(f->store);
	assert_false(change(f, 8));
	assert_true(change(f, 7));
}

#define MANY 3000
#define POPULAR 1000000

/* The stale ones below each other, as the test knows them. */
static void expect_many(struct fixture *f, int64_t id, int from, int step)
{
	struct buf got = {0};
	struct buf wanted = {0};

	change(f, id);
	assert_int_equal(
		store_stale(f->store, MANY, add_stale, &got, &f->err), 0);
	for (int i = from; i <= MANY; i += step)
		buf_printf(&wanted, "%d ", i);
	assert_true(str_eq(buf_str(&got), buf_str(&wanted)));
	buf_fini(&got);
	buf_fini(&wanted);
	for (int i = 1; i <= MANY; i++)
		store_put_fresh(f->store, i, STORE_STALE);
}

/* Sets of up to 17 things, each put twice, half of them as another one. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	struct reads reads = {0};

	open_store(f);
	for (int i = 1; i <= 2 * MANY; i++) {
		int at = i <= MANY ? i : i - MANY;
		bool other = i > MANY && at % 2 == 0;

		reads.n = 0;
		reads_add(&reads, READ_VERSION, POPULAR + other, STR_NONE);
		for (int k = 0; k < at % 17; k++)
			reads_add(&reads, READ_VERSION, at * 17 + k, STR_NONE);
		reads_sort(&reads);
		store_put_reads(f->store, at, true, &reads);
	}
	for (int stored = 0; stored < 2; stored++) {
		expect_many(f, POPULAR, 1, 2);
		expect_many(f, POPULAR + 1, 2, 2);
		expect_many(f, 16 * 17 + 15, 16, MANY);
		expect_many(f, 15 * 17 + 15, MANY + 1, 1);
		commit(f);
	}
	reads_fini(&reads);
}

static void read_relations(
	struct fixture *f, int64_t work_package, int64_t a, int64_t b)
{
	struct reads reads = {0};

	reads_add(&reads, READ_RELATIONS, a, STR_NONE);
	reads_add(&reads, READ_RELATIONS, b, STR_NONE);
	reads_sort(&reads);
	store_put_reads(f->store, work_package, false, &reads);
	reads_fini(&reads);
}

static void check_relating(struct fixture *f, const struct ids *shown,
	const struct ids *projects, const char *wanted)
{
	struct buf got = {0};
	int64_t *ids;
	size_t n;

	assert_int_equal(
		store_relating(f->store, shown, projects, &ids, &n, &f->err),
		0);
	for (size_t i = 0; i < n; i++)
		buf_printf(&got, "%lld ", (long long)ids[i]);
	assert_true(str_is(buf_str(&got), wanted));
	free(ids);
	buf_fini(&got);
}

static void test_relating(void **state)
{
	struct fixture *f = *state;
	int64_t shown[] = {1, 2};
	const struct ids all = {.items = shown, .n = 2};
	int64_t back[] = {5, 4};
	const struct ids projects = {.items = back, .n = 2};
	const struct ids other = {.items = back, .n = 1};
	struct state_work_package wps[] = {
		{.id = 1, .project_id = 4}, {.id = 9, .project_id = 5}};

	open_store(f);
	check_relating(f, &all, NULL, "");
	read_relations(f, 2, 2, 9);
	read_relations(f, 1, 1, 2);
	check_relating(f, NULL, NULL, "1 2 9 ");
	commit(f);
	check_relating(f, NULL, NULL, "1 2 9 ");
	read_relations(f, 2, 2, 3);
	store_put_relations(f->store, 1, STR("[]"));
	store_put_relations(f->store, 9, STR("[]"));
	check_relating(f, NULL, NULL, "2 3 ");
	check_relating(f, &all, NULL, "1 2 3 ");
	commit(f);
	reopen(f);
	check_relating(f, NULL, NULL, "2 3 ");
	check_relating(f, &all, NULL, "1 2 3 ");
	store_put_work_package(f->store, &wps[0]);
	store_put_work_package(f->store, &wps[1]);
	read_relations(f, 2, 2, 9);
	commit(f);
	check_relating(f, NULL, &projects, "1 2 9 ");
	check_relating(f, NULL, &other, "2 9 ");
}

/* Where they cannot be staged, a commit would go on without them. */
static void test_not_staged(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = commit_of(7);

	open_store(f);
	assert_int_equal(state_exec(store_state(f->store),
				 "CREATE TEMP TRIGGER full BEFORE INSERT ON"
				 " staged_relations BEGIN"
				 " SELECT RAISE(ABORT, 'full'); END",
				 &f->err),
		0);
	store_put_relations(f->store, 1, STR("[]"));
	store_put_name(f->store, READ_VERSION, 7, STR("1.0"));
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_non_null(strstr(f->err.text, "full"));
}

static void check_name(struct fixture *f, const char *wanted)
{
	struct buf name = {0};
	bool found;

	assert_int_equal(
		store_name(f->store, READ_VERSION, 7, &found, &name, &f->err),
		0);
	assert_true(found == (wanted != NULL));
	if (wanted != NULL)
		assert_true(str_is(buf_str(&name), wanted));
	buf_fini(&name);
}

static void test_names(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	check_name(f, NULL);
	store_put_name(f->store, READ_VERSION, 7, STR("1.0"));
	check_name(f, "1.0");
	commit(f);
	store_put_name(f->store, READ_VERSION, 7, STR("2.0"));
	check_name(f, "2.0");
	store_discard(f->store);
	check_name(f, "1.0");
	reopen(f);
	check_name(f, "1.0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_readers, begin, end),
		cmocka_unit_test_setup_teardown(test_replaced, begin, end),
		cmocka_unit_test_setup_teardown(test_unread, begin, end),
		cmocka_unit_test_setup_teardown(test_unlisted, begin, end),
		cmocka_unit_test_setup_teardown(test_marked, begin, end),
		cmocka_unit_test_setup_teardown(test_dropped, begin, end),
		cmocka_unit_test_setup_teardown(test_forgotten, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),
		cmocka_unit_test_setup_teardown(test_relating, begin, end),
		cmocka_unit_test_setup_teardown(test_not_staged, begin, end),
		cmocka_unit_test_setup_teardown(test_names, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
