/*
 * Long texts: whatever is kept is got back as it was, and takes less room.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/rows.h"

#include <sqlite3.h>

#define WELL(call) assert_int_equal(call, 0)

static char *state_file(struct fixture *f)
{
	return xasprintf("%s/state.db", f->folder);
}

static struct state *open_state(struct fixture *f)
{
	char *file = state_file(f);
	struct state *s = NULL;

	WELL(state_open(file, false, &s, &f->err));
	free(file);
	return s;
}

static void put_source(struct state *s, struct str source)
{
	struct state_work_package wp = {.id = 1, .source = source};
	struct err e = {0};

	WELL(put_work_package(s, &wp, &e));
}

static int on_source(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	(void)e;
	buf_clear(arg);
	buf_add_str(arg, wp->source);
	return 0;
}

static void fill(struct buf *text, size_t n, bool repeats)
{
	unsigned seed = 1;

	buf_clear(text);
	while (text->n < n) {
		seed = seed * 1103515245 + 12345;
		buf_putc(
			text, (char)(repeats ? 'a' + text->n % 7 : seed >> 24));
	}
}

/* Of the one column, as SQLite has it. */
static int source_bytes(struct fixture *f)
{
	char *file = state_file(f);
	sqlite3_stmt *stmt = NULL;
	sqlite3 *db = NULL;
	int n;

	WELL(sqlite3_open(file, &db));
	WELL(sqlite3_prepare_v2(db,
		"SELECT length(CAST(source AS BLOB)) FROM work_package", -1,
		&stmt, NULL));
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	n = sqlite3_column_int(stmt, 0);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	free(file);
	return n;
}

/* Whatever their size and what is in them. */
static void test_long_texts(void **state)
{
	static const size_t sizes[] = {0, 1, 127, 128, 129, 5000, 3000000};
	struct fixture *f = *state;
	struct state *s = open_state(f);
	struct buf text = {0};
	struct buf seen = {0};
	bool found;

	for (size_t i = 0; i < 2 * ARRAY_LEN(sizes); i++) {
		fill(&text, sizes[i / 2], i % 2 == 0);
		put_source(s, buf_str(&text));
		WELL(state_work_package(
			s, 1, &found, on_source, &seen, &f->err));
		assert_true(found && str_eq(buf_str(&seen), buf_str(&text)));
		assert_true((size_t)source_bytes(f) <= text.n);
	}
	fill(&text, 5000, true);
	put_source(s, buf_str(&text));
	assert_true(source_bytes(f) < 500);
	buf_fini(&text);
	buf_fini(&seen);
	state_close(s);
}

static void set_source(
	struct fixture *f, const char *value, const char *checksum)
{
	char *file = state_file(f);
	char *sql =
		xasprintf("UPDATE work_package SET source = %s, checksum = %s",
			value, checksum);
	sqlite3 *db = NULL;

	WELL(sqlite3_open(file, &db));
	WELL(sqlite3_exec(db, sql, NULL, NULL, NULL));
	sqlite3_close(db);
	free(file);
	free(sql);
}

/* Nobody else's rows are touched by it, so that only this one is left out. */
static void test_damaged_texts(void **state)
{
	static const char *const bad[] = {"x''", "x'00'", "x'ffffffff00'",
		"x'00000010ffffff'", "x'0a000000206162'", "'{]'"};
	struct fixture *f = *state;
	struct state *s = open_state(f);
	struct buf seen = {0};
	bool found;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		put_source(s, STR("{}"));
		set_source(f, bad[i], "checksum");
		WELL(state_work_package(
			s, 1, &found, on_source, &seen, &f->err));
		assert_true(found && seen.n == 0);
		assert_false(state_is_damaged(s));
	}
	buf_fini(&seen);
	state_close(s);
}

/* A state from before has texts, and no checksums. */
static void test_texts_of_others(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f);
	struct buf seen = {0};
	bool found;

	put_source(s, STR("{}"));
	set_source(f, "printf('%.*c', 1000, 'x')", "NULL");
	WELL(state_work_package(s, 1, &found, on_source, &seen, &f->err));
	assert_int_equal(seen.n, 1000);
	buf_fini(&seen);
	state_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_long_texts),
		TEST(test_damaged_texts),
		TEST(test_texts_of_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
