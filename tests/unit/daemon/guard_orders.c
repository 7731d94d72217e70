/*
 * Orders to the guard: all of one is in the state, or nothing.
 */
#include "daemon/guard_orders.h"

#include "store/state_guard.h"
#include "tests/unit/daemon/fixture.h"

/* To withdraw fails not before the transaction ends, as on a full disk. */
static const char late[] = "PRAGMA foreign_keys = ON;"
			   "CREATE TABLE whole (id INTEGER PRIMARY KEY);"
			   "CREATE TABLE part (id INTEGER REFERENCES whole (id)"
			   " DEFERRABLE INITIALLY DEFERRED);"
			   "CREATE TRIGGER late AFTER INSERT ON withdrawn BEGIN"
			   " INSERT INTO part VALUES (NEW.work_package); END";

static void test_end_fails(void **state)
{
	struct fixture *f = *state;
	struct state *s = f->s;
	struct buf out = {0};
	struct err e = {0};
	json_t *what = json_pack(
		"{s:s, s:[i]}", "command", "withdraw", "work_packages", 7);

	WELL(state_exec(s, late, &e));
	assert_int_equal(guard_order(s, what, &out, &e), ERR_IO);
	assert_int_equal(out.n, 0);
	WELL(state_exec(s, "DROP TRIGGER late", &e));
	WELL(guard_order(s, what, &out, &e));
	assert_string_equal(out.p, "{\"work_package\":7,\"known\":false}\n");
	buf_fini(&out);
	json_decref(what);
}

/* A document each of four work packages. */
static const char documents[] =
	"INSERT INTO document SELECT value, 'e', 'p' || value, 'p' || value, 0"
	" FROM json_each('[1, 2, 3, 4]')";

/* Removals of three work packages as set 2, a change as set 3. */
static void hold(struct state *s)
{
	const struct state_held change = {.kind = HELD_CHANGE,
		.work_package = 4,
		.entry = STR("e"),
		.path = STR("p"),
		.reason = STR("r")};
	struct err e = {0};
	int64_t set;

	WELL(state_exec(s, documents, &e));
	for (int64_t id = 1; id <= 3; id++) {
		struct state_held removal = change;

		removal.kind = HELD_REMOVAL;
		removal.work_package = id;
		removal.project_id = id;
		WELL(state_held_put(s, &removal, &e));
	}
	WELL(state_held_put(s, &change, &e));
	WELL(state_held_grown(s, HELD_REMOVAL, &set, &e));
	WELL(state_held_grown(s, HELD_REMOVAL, &set, &e));
	assert_int_equal(set, 2);
	WELL(state_held_grown(s, HELD_CHANGE, &set, &e));
	assert_int_equal(set, 3);
}

static const struct {
	const char *what, *error;
} refused[] = {
	{"{'command': 'release', 'set': 9}", "nothing is held as set 9"},
	{"{'command': 'release', 'set': 1}",
		"set 1 is no more: what is held has grown since, and is set 2 "
		"now (opsync held 2 lists it)"},
	{"{'command': 'release', 'set': 2, 'work_packages': [9]}",
		"nothing of set 2 is that"},
	{"{'command': 'release', 'set': 2, 'project': 'x'}",
		"no project 'x' is known"},
	{"{'command': 'release', 'set': 3, 'work_packages': [4]}",
		"a set of changes is released as a whole"},
	{"{'command': 'withdraw', 'work_packages': []}",
		"work_packages: is a list of work package ids"},
	{"{'command': 'withdraw', 'work_packages': [5, 0]}",
		"work_packages: is a list of ids above 0"},
	{"{'command': 'publish', 'work_packages': [5]}",
		"work package 5 was not withdrawn"},
};

/* How much is held, of any kind, and not released. */
static int64_t held(struct state *s)
{
	struct err e = {0};
	int64_t n;

	WELL(state_held_count(s, &n, &e));
	return n;
}

static void test_refused(void **state)
{
	struct fixture *f = *state;
	struct buf out = {0};

	hold(f->s);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct err e = {0};
		json_t *what = parse(refused[i].what);

		assert_int_equal(guard_order(f->s, what, &out, &e), ERR_USAGE);
		assert_string_equal(e.text, refused[i].error);
		assert_int_equal(out.n, 0);
		assert_int_equal(held(f->s), 4);
		json_decref(what);
	}
	buf_fini(&out);
}

static size_t lines(const struct buf *b)
{
	struct str rest = buf_str(b);
	struct str line;
	size_t n = 0;

	while (str_line(&rest, &line))
		n++;
	return n;
}

/* What is released is not listed, nor released again. */
static void test_released(void **state)
{
	static const struct {
		const char *what;
		size_t lines;
		int64_t held;
	} orders[] = {
		{"{'command': 'release', 'set': 2, 'dry_run': true}", 3, 4},
		{"{'command': 'release', 'set': 2, 'project': '3',"
		 " 'dry_run': true}",
			1, 4},
		{"{'command': 'release', 'set': 2, 'work_packages': [2]}", 1,
			3},
		{"{'command': 'release', 'set': 2, 'dry_run': true}", 2, 3},
		{"{'command': 'release', 'set': 2}", 2, 1},
		{"{'command': 'release', 'set': 3}", 1, 0},
	};
	struct fixture *f = *state;
	struct buf out = {0};
	struct err e = {0};
	json_t *what;

	hold(f->s);
	for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
		what = parse(orders[i].what);
		buf_clear(&out);
		WELL(guard_order(f->s, what, &out, &e));
		assert_int_equal(lines(&out), orders[i].lines);
		assert_int_equal(held(f->s), orders[i].held);
		json_decref(what);
	}
	what = parse("{}");
	buf_clear(&out);
	WELL(guard_ask_held(f->s, what, &out, &e));
	assert_int_equal(lines(&out), 2);
	json_decref(what);
	buf_clear(&out);
	WELL(guard_status(f->s, &out, &e));
	assert_non_null(strstr(out.p, "\"documents\":0,\"released\":3,"));
	assert_non_null(strstr(out.p, "},{\"set\":3,\"kind\":"));
	buf_fini(&out);
}

/* Of a state that was made again, nobody knows whose its documents are. */
static void test_may_be_unclaimed(void **state)
{
	struct fixture *f = *state;
	struct buf out = {0};
	struct err e = {0};
	json_t *what =
		parse("{'command': 'withdraw', 'work_packages': [2, 7]}");

	WELL(state_exec(f->s,
		"INSERT INTO document SELECT value, 'e' || key, 'p', 'p', 2"
		" FROM json_each('[0, 0, 2]');"
		"INSERT INTO document VALUES (0, 'kept', 'p', 'p', 1)",
		&e));
	WELL(guard_order(f->s, what, &out, &e));
	assert_string_equal(out.p,
		"{\"work_package\":2,\"known\":false}\n"
		"{\"work_package\":7,\"known\":false,\"unclaimed\":2}\n");
	buf_fini(&out);
	json_decref(what);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_end_fails),
		TEST(test_refused),
		TEST(test_may_be_unclaimed),
		TEST(test_released),
	};

	return cmocka_run_group_tests_name("guard orders", tests, NULL, NULL);
}
