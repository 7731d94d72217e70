/*
 * Relations as they come: who was not asked about is told of all at once, by
 * id, and of nothing that it knows.
 */
#include "daemon/mapper.h"
#include "tests/unit/store/fixture.h"

enum { HUB = 1, N = 200 };

static size_t n_loaded; /* lists of relations */
static size_t n_put;
static size_t n_read; /* work packages */

static int on_statement(unsigned type, void *arg, void *stmt, void *sql)
{
	(void)type;
	(void)arg;
	(void)stmt;
	n_loaded +=
		strstr(sql, "SELECT source, checksum FROM staged_rel") != NULL;
	n_put += strstr(sql, "INTO staged_relations") != NULL;
	n_read += strstr(sql, "FROM staged_work_package") != NULL;
	return 0;
}

static struct mapper *open_mapper(struct fixture *f)
{
	struct mapper *m = xcalloc(1, sizeof(*m));
	struct reads reads = {0};

	open_store(f);
	m->store = f->store;
	reads_add(&reads, READ_RELATIONS, HUB, STR_NONE);
	store_put_reads(f->store, HUB, true, &reads);
	reads_fini(&reads);
	sqlite3_trace_v2(store_state(f->store)->db, SQLITE_TRACE_STMT,
		on_statement, NULL);
	return m;
}

static void close_mapper(struct fixture *f, struct mapper *m)
{
	sqlite3_trace_v2(store_state(f->store)->db, 0, NULL, NULL);
	arena_fini(&m->arena);
	free(m);
}

/* Those from first to last, each of the hub and one other. */
static void put_elements(struct buf *out, int first, int last, const char *type)
{
	for (int i = first; i <= last; i++)
		buf_printf(out,
			"%s{\"id\":%d,\"type\":\"%s\",\"_links\":{"
			"\"from\":{\"href\":\"/api/v3/work_packages/%d\"},"
			"\"to\":{\"href\":\"/api/v3/work_packages/%d\"}}}",
			i > first ? "," : "", i, type, HUB, HUB + i);
}

/* A batch of all that those have to do with. */
static void take(struct fixture *f, struct mapper *m, int first, int last,
	const char *type)
{
	struct ids ids = {0};
	struct buf body = {0};
	struct str page;

	buf_printf(&body,
		"{\"_type\":\"Collection\",\"total\":%d,\"count\":%d,"
		"\"_embedded\":{\"elements\":[",
		last - first + 1, last - first + 1);
	put_elements(&body, first, last, type);
	buf_puts(&body, "]}}");
	page = buf_str(&body);
	for (int i = first; i <= last; i++)
		ids_add(&ids, HUB + i);
	n_loaded = n_put = n_read = 0;
	if (mapper_take_relations(m, ids.items, ids.n, &page, 1, &f->err) != 0)
		fail_msg("mapper_take_relations: %s", f->err.text);
	free(ids.items);
	buf_fini(&body);
}

/* "1a 2b ": the hub's relations, and the first letter of what they are. */
static char *relations_of_hub(struct fixture *f)
{
	struct arena a = {0};
	struct work_package wp = {.id = HUB};
	struct buf known = {0};
	struct buf out = {0};
	bool found;

	assert_int_equal(
		store_relations(f->store, HUB, &found, &known, &f->err), 0);
	assert_true(found);
	assert_int_equal(
		api_relations_parse(&a, buf_str(&known), &wp, &f->err), 0);
	for (size_t i = 0; i < wp.n_relations; i++)
		buf_printf(&out, "%lld%.1s ", (long long)wp.relations[i].id,
			wp.relations[i].type.p);
	arena_fini(&a);
	buf_fini(&known);
	return buf_take(&out);
}

static void check_hub(struct fixture *f, const char *wanted)
{
	char *got = relations_of_hub(f);

	assert_string_equal(got, wanted);
	free(got);
}

static void test_merged(void **state)
{
	struct fixture *f = *state;
	struct mapper *m = open_mapper(f);

	store_put_relations(f->store, HUB, STR("[]"));
	take(f, m, 4, 5, "blocks");
	check_hub(f, "4b 5b ");
	take(f, m, 2, 4, "follows");
	check_hub(f, "2f 3f 4f 5b ");
	take(f, m, 7, 7, "relates");
	take(f, m, 6, 6, "relates");
	check_hub(f, "2f 3f 4f 5b 6r 7r ");
	close_mapper(f, m);
}

/* Nobody knows yet which it has: it is asked about itself. */
static void test_unknown(void **state)
{
	struct fixture *f = *state;
	struct mapper *m = open_mapper(f);
	struct buf known = {0};
	bool found;

	take(f, m, 1, 3, "blocks");
	assert_int_equal(
		store_relations(f->store, HUB, &found, &known, &f->err), 0);
	assert_false(found);
	store_put_relations(f->store, HUB, STR("[{\"id\":9"));
	take(f, m, 1, 3, "blocks");
	assert_int_equal(
		store_relations(f->store, HUB, &found, &known, &f->err), 0);
	assert_false(found);
	buf_fini(&known);
	close_mapper(f, m);
}

/*
 * It is read once a batch, and so is its list, which is put if there is
 * something new.
 */
static void test_once(void **state)
{
	struct fixture *f = *state;
	struct mapper *m = open_mapper(f);

	store_put_relations(f->store, HUB, STR("[]"));
	take(f, m, 1, N, "blocks");
	assert_int_equal(n_loaded, N + 1);
	assert_int_equal(n_put, N + 1);
	assert_int_equal(n_read, N + 1);
	take(f, m, 1, N, "blocks");
	assert_int_equal(n_loaded, N + 1);
	assert_int_equal(n_put, 0);
	close_mapper(f, m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_merged, begin, end),
		cmocka_unit_test_setup_teardown(test_unknown, begin, end),
		cmocka_unit_test_setup_teardown(test_once, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
