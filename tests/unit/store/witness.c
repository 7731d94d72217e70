/*
 * Who shows whom: what is an address in a source or in a list of attachments,
 * and that each text is unpacked once, however many people it is asked about.
 */
#include <dlfcn.h>

#include <lz4.h>

#include "store/ids.h"
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/rows.h"

static size_t n_unpacked;

/* In the place of the library's. */
int LZ4_decompress_safe(const char *packed, char *text, int n, int room)
{
	int (*real)(const char *, char *, int, int);

	*(void **)&real = dlsym(RTLD_NEXT, "LZ4_decompress_safe");
	n_unpacked++;
	return real(packed, text, n, room);
}

static void run_sql(struct fixture *f, const char *sql)
{
	assert_int_equal(state_exec(store_state(f->store), sql, &f->err), 0);
}

/* A work package that read people, from the first one to the last. */
static void put_reader(struct fixture *f, int64_t id, struct str source,
	struct str attachments, int first, int last)
{
	struct state *s = store_state(f->store);
	struct state_work_package wp = {
		.id = id, .source = source, .attachments = attachments};
	struct buf sql = {0};

	assert_int_equal(put_work_package(s, &wp, &f->err), 0);
	buf_puts(&sql, "BEGIN;");
	for (int user = first; user <= last; user++)
		buf_printf(&sql,
			"INSERT INTO read VALUES (%lld, %d, %d);"
			"INSERT OR IGNORE INTO name VALUES (%d, %d, 'x');",
			(long long)id, READ_USER, user, READ_USER, user);
	buf_puts(&sql, "COMMIT");
	run_sql(f, sql.p);
	buf_fini(&sql);
}

/* A text that names those from first to last, and is long enough to be packed.
 */
static struct str naming(struct buf *out, const char *head, int first, int last)
{
	buf_clear(out);
	for (int user = first; user <= last; user++)
		buf_printf(out, "{\"href\":\"/api/v3/%s%d\"},", head, user);
	for (int i = 0; i < 100; i++)
		buf_puts(out, "and more, ");
	return buf_str(out);
}

static struct ids shown_until(int64_t last)
{
	struct ids shown = {0};

	for (int64_t id = 1; id <= last; id++)
		ids_add(&shown, id);
	return shown;
}

static void add_witness(void *arg, int64_t work_package, int64_t user)
{
	if (work_package != 0)
		buf_printf(arg, "#%lld ", (long long)work_package);
	else
		buf_printf(arg, "%lld ", (long long)user);
}

/* "#2 7 ": a work package, and a user whom none shows.  The caller frees it. */
static char *witnesses(struct fixture *f, int64_t last)
{
	struct ids shown = shown_until(last);
	struct buf got = {0};

	if (store_witnesses(f->store, &shown, add_witness, &got, &f->err) != 0)
		fail_msg("store_witnesses: %s", f->err.text);
	free(shown.items);
	return buf_take(&got);
}

static int64_t lister(struct fixture *f, int64_t last, int64_t user)
{
	struct ids shown = shown_until(last);
	int64_t id = -1;

	assert_int_equal(store_lister(f->store, &shown, user, &id, &f->err), 0);
	free(shown.items);
	return id;
}

static const struct {
	const char *text;
	bool shows, lists;
} addresses[] = {
	{"\"/api/v3/users/12\"", true, true},
	{"\"/api/v3/groups/12\"", true, false},
	{"users/12\"", true, true},
	{"a users/ users/users/12\"", true, true},
	{"\"/api/v3/users/123\",\"/api/v3/users/1\"", false, false},
	{"\"/api/v3/users/12\\\"", false, false},
	{"\"/api/v3/users/12", false, false},
	{"\"/api/v3/users/012\"", false, false},
	{"\"/api/v3/users/+12\"", false, false},
	{"\"/api/v3/users/12/avatar\"", false, false},
	{"\"/api/v3/users/99999999999999999999999999\"", false, false},
	{"\"/api/v3/versions/12\"", false, false},
	{"users/", false, false},
	{"", false, false},
};

static void test_addresses(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		struct str text = str_of(addresses[i].text);
		char *got;

		open_store(f);
		put_reader(f, 3, text, text, 12, 12);
		got = witnesses(f, 3);
		if (strcmp(got, addresses[i].shows ? "#3 " : "12 ") != 0)
			fail_msg("'%s': %s", text.p, got);
		free(got);
		if (lister(f, 3, 12) != (addresses[i].lists ? 3 : 0))
			fail_msg("'%s' in a list", text.p);
		run_sql(f, "DELETE FROM read; DELETE FROM name");
		store_close(f->store);
		f->store = NULL;
	}
}

/* Neither who is not shown, nor whose source is damaged or not there. */
static void test_no_witness(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};
	char *got;

	open_store(f);
	put_reader(f, 1, naming(&text, "users/", 7, 7), STR_NONE, 7, 7);
	put_reader(f, 2, STR_NONE, STR_NONE, 7, 7);
	put_reader(f, 4, buf_str(&text), buf_str(&text), 7, 7);
	run_sql(f, "UPDATE work_package SET source = x'ff00000000'"
		   " WHERE id = 1");
	got = witnesses(f, 3);
	assert_string_equal(got, "7 ");
	free(got);
	got = witnesses(f, 4);
	assert_string_equal(got, "#4 ");
	free(got);
	assert_int_equal(lister(f, 3, 7), 0);
	assert_int_equal(lister(f, 4, 7), 4);
	buf_fini(&text);
}

/* 1 names n people, and many that comment everywhere are named by none. */
static void test_once(void **state)
{
	enum { LAST = 20, N = 400 };
	struct fixture *f = *state;
	struct buf text = {0};
	struct buf list = {0};
	char *got;

	open_store(f);
	put_reader(f, 1, naming(&text, "users/", 1, N), STR_NONE, 1, N);
	naming(&text, "users/", 1, 1);
	for (int64_t id = 2; id <= LAST; id++)
		put_reader(f, id, buf_str(&text),
			naming(&list, "users/", 1, id == LAST ? 2 * N : 1),
			N + 1, 2 * N);
	n_unpacked = 0;
	got = witnesses(f, LAST);
	assert_int_equal(strncmp(got, "#1 401 402 ", 11), 0);
	assert_non_null(strstr(got, " 800 "));
	free(got);
	if (n_unpacked > LAST)
		fail_msg("%zu unpacked for witnesses", n_unpacked);
	n_unpacked = 0;
	for (int user = N + 1; user <= 2 * N; user++)
		assert_int_equal(lister(f, LAST, user), LAST);
	if (n_unpacked > LAST)
		fail_msg("%zu unpacked for listers", n_unpacked);
	buf_fini(&text);
	buf_fini(&list);
}

/* A list that a commit brings is another, and so is one in the same place. */
static void test_another_list(void **state)
{
	struct fixture *f = *state;
	struct state_work_package wp = {.id = 2, .source = STR("{}")};
	struct buf text = {0};

	open_store(f);
	put_reader(f, 2, STR("{}"), naming(&text, "users/", 7, 7), 7, 8);
	put_reader(f, 2 + 4096, STR("{}"), naming(&text, "users/", 8, 8), 7, 8);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(lister(f, 2 + 4096, 7), 2);
		assert_int_equal(lister(f, 2 + 4096, 8), 2 + 4096);
	}
	wp.attachments = naming(&text, "users/", 8, 8);
	store_put_work_package(f->store, &wp);
	assert_int_equal(lister(f, 2 + 4096, 7), 2);
	commit(f);
	assert_int_equal(lister(f, 2 + 4096, 7), 0);
	assert_int_equal(lister(f, 2 + 4096, 8), 2);
	buf_fini(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_addresses, begin, end),
		cmocka_unit_test_setup_teardown(test_no_witness, begin, end),
		cmocka_unit_test_setup_teardown(test_once, begin, end),
		cmocka_unit_test_setup_teardown(test_another_list, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
