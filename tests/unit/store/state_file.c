/*
 * The state's file: new, old, damaged, and read by others while it is used.
 */
#include "tests/unit/store/fixture.h"

#include <sqlite3.h>

#define WELL(call) assert_int_equal(call, 0)

static char *state_file(struct fixture *f)
{
	return xasprintf("%s/state.db", f->folder);
}

static struct state *open_state(struct fixture *f, bool read_only)
{
	char *file = state_file(f);
	struct state *s = NULL;

	if (state_open(file, read_only, &s, &f->err) != 0)
		fail_msg("state_open: %s", f->err.text);
	free(file);
	return s;
}

static void refuse(struct fixture *f, int code, const char *words)
{
	char *file = state_file(f);
	struct state *s;

	assert_int_equal(state_open(file, false, &s, &f->err), code);
	if (strstr(f->err.text, words) == NULL)
		fail_msg("'%s' is not in '%s'", words, f->err.text);
	free(file);
}

static void make_newer(struct fixture *f)
{
	char *file = state_file(f);
	sqlite3 *db;

	WELL(sqlite3_open(file, &db));
	WELL(sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL));
	sqlite3_close(db);
	free(file);
}

static void test_newer(void **state)
{
	struct fixture *f = *state;

	state_close(open_state(f, false));
	make_newer(f);
	refuse(f, ERR_CONFIG,
		"was written by a newer opsync (schema 99, this one knows ");
	refuse(f, ERR_CONFIG,
		"): install that one, or move the file away: it is rebuilt");
}

static void test_damaged(void **state)
{
	struct fixture *f = *state;

	run("head -c 9000 /dev/urandom > '%s/state.db'", f->folder);
	refuse(f, ERR_DATA, "is damaged");
	assert_non_null(strstr(f->err.text, "/state.db"));
	assert_non_null(strstr(f->err.text, "it is made again"));
}

static void test_no_folder(void **state)
{
	struct fixture *f = *state;
	struct state *s;

	assert_int_equal(
		state_open("/nowhere/state.db", false, &s, &f->err), ERR_IO);
	assert_int_equal(state_open("/nowhere/state.db", true, &s, &f->err),
		ERR_NOT_FOUND);
}

static void test_read_only(void **state)
{
	struct fixture *f = *state;
	struct state *writer = open_state(f, false);
	struct state *reader = open_state(f, true);
	struct buf seen = {0};
	bool found;

	/* While the daemon runs, one sees what it commits. */
	WELL(state_put(writer, "a", STR("1"), &f->err));
	WELL(state_get(reader, "a", &seen, &found, &f->err));
	assert_string_equal(seen.p, "1");
	assert_int_equal(state_put(reader, "a", STR("2"), &f->err), ERR_IO);
	state_close(reader);
	state_close(writer);
	assert_string_equal(
		run("ls '%s'", f->folder), "state.db\n"); /* no WAL left */
	reader = open_state(f, true);
	WELL(state_get(reader, "a", &seen, &found, &f->err));
	assert_string_equal(seen.p, "1");
	state_close(reader);
	buf_fini(&seen);
}

/* Another user, who may read the file but make nothing beside it. */
static void read_as_another(struct fixture *f)
{
	struct buf seen = {0};
	struct state *s;
	bool found;

	if (setgid(12345) != 0 || setuid(12345) != 0)
		_exit(2);
	s = open_state(f, true);
	if (state_get(s, "a", &seen, &found, &f->err) != 0 || !found)
		_exit(1);
	state_close(s);
	buf_fini(&seen);
	_exit(0);
}

static void test_read_by_another(void **state)
{
	struct fixture *f = *state;
	struct state *writer = open_state(f, false);
	int status;
	int running;

	if (geteuid() != 0) {
		state_close(writer);
		skip();
	}
	WELL(state_put(writer, "a", STR("1"), &f->err));
	run("chmod 755 '%s' && chmod 644 '%s'/*", f->folder, f->folder);
	for (running = 1; running >= 0; running--) {
		pid_t pid = fork();

		if (pid == 0)
			read_as_another(f);
		waitpid(pid, &status, 0);
		assert_int_equal(status, 0);
		if (running)
			state_close(writer);
	}
}

/* Commits of two mebibytes each; gives the largest that the log was. */
static off_t write_much(struct fixture *f, struct state *s, int n)
{
	const size_t size = 2 << 20;
	char *text = xmalloc(size);
	char *log = xasprintf("%s/state.db-wal", f->folder);
	off_t most = 0;
	struct stat st;

	for (int i = 0; i < n; i++) {
		char key[20];

		snprintf(key, sizeof(key), "%d", i);
		memset(text, 'a' + i % 26, size);
		WELL(state_put(s, key, (struct str){text, size}, &f->err));
		WELL(stat(log, &st));
		if (st.st_size > most)
			most = st.st_size;
	}
	free(log);
	free(text);
	return most;
}

/*
 * The log begins anew before it is large, but not while somebody looks at what
 * was before: nobody waits for that.
 */
static void test_log(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	char *file = state_file(f);
	sqlite3 *reader;
	struct stat st;

	assert_true(write_much(f, s, 60) < 60 << 20);
	WELL(stat(file, &st));
	assert_true(st.st_size > 60 << 20); /* before it is closed */
	WELL(sqlite3_open(file, &reader));
	WELL(sqlite3_exec(
		reader, "BEGIN; SELECT count(*) FROM value", NULL, NULL, NULL));
	assert_true(write_much(f, s, 60) > 100 << 20);
	sqlite3_close(reader);
	state_close(s);
	s = open_state(f, false);
	assert_true(write_much(f, s, 60) < 60 << 20);
	state_close(s);
	free(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_newer),
		TEST(test_damaged),
		TEST(test_no_folder),
		TEST(test_read_only),
		TEST(test_read_by_another),
		TEST(test_log),
	};

	return cmocka_run_group_tests_name("state_file", tests, NULL, NULL);
}
