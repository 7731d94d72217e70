/*
 * Orders to the guard: all of one is in the state, or nothing.
 */
#include "daemon/guard_orders.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/util.h"
#include "store/query.h"

#define WELL(call) assert_int_equal(call, 0)

/* To withdraw fails not before the transaction ends, as on a full disk. */
static const char late[] = "PRAGMA foreign_keys = ON;"
			   "CREATE TABLE whole (id INTEGER PRIMARY KEY);"
			   "CREATE TABLE part (id INTEGER REFERENCES whole (id)"
			   " DEFERRABLE INITIALLY DEFERRED);"
			   "CREATE TRIGGER late AFTER INSERT ON withdrawn BEGIN"
			   " INSERT INTO part VALUES (NEW.work_package); END";

struct fixture {
	char folder[64]; /* removed at the end */
	struct state *s;
};

static int begin(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");
	struct err e = {0};
	char *file;

	snprintf(f->folder, sizeof(f->folder), "%s/opsync-orders-XXXXXX",
		tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	file = xasprintf("%s/state.db", f->folder);
	WELL(state_open(file, false, &f->s, &e));
	free(file);
	*state = f;
	return 0;
}

static int end(void **state)
{
	struct fixture *f = *state;
	char *file = xasprintf("%s/state.db", f->folder);

	state_close(f->s);
	unlink(file);
	rmdir(f->folder);
	free(file);
	free(f);
	return 0;
}

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

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_end_fails),
	};

	return cmocka_run_group_tests_name("guard orders", tests, NULL, NULL);
}
