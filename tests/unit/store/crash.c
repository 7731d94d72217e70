/*
 * A store's life in a few commits (create, edit, move, swap, delete), each of
 * which is begun only when the state says that the one before is done.  Run
 * with a folder as argument it does what is left to do there: the scenario
 * store_crash.py kills that at every step and runs it again.
 */
#include "tests/unit/store/fixture.h"

#define N_DOCUMENTS 80            /* enough to be packed */
#define BIG (3 * 1024 * 1024 / 2) /* enough to be spooled */

static void attach_big(struct fixture *f, int64_t id)
{
	char *bytes = xcalloc(1, BIG + 1);

	for (size_t i = 0; i < BIG; i++)
		bytes[i] = (char)('a' + i * i % 23);
	attach(f, id, bytes);
	free(bytes);
}

static void put_number(
	struct fixture *f, int i, const char *folder, const char *text)
{
	char *path = xasprintf("%s/%d.md", folder, i);
	char *body = xasprintf("%d %s\n", i, text);
	enum store_change change;

	if (put(f, i, make(path, body, NULL), &change) != 0)
		fail_msg("store_put: %s", f->err.text);
	free(path);
	free(body);
}

/* More comes: the work tree follows while create() stages. */
static void create_many(struct fixture *f)
{
	for (int i = 10; i < N_DOCUMENTS; i++)
		put_number(f, i, i % 2 == 0 ? "even" : "odd/deep", "made");
}

static void create(struct fixture *f)
{
	attach_big(f, 1000);
	attach(f, 1001, "small");
	put_well(f, 1, make("a/index.md", "a\n", "1000:a/big.bin", NULL),
		STORE_ADDED);
	put_well(f, 2, make("b/index.md", "b\n", "1001:b/small.png", NULL),
		STORE_ADDED);
	put_well(f, 3, make("c", "c\n", NULL), STORE_ADDED);
}

static void edit(struct fixture *f)
{
	write_file(f, "even/10.md", "a person wrote this");
	put_number(f, 10, "even", "edited");
	put_number(f, 11, "odd/deep", "edited");
	put_number(f, 5, "new", "made");
}

/* Nothing but changes: the index is changed in place of being made anew. */
static void edit_again(struct fixture *f)
{
	put_number(f, 11, "odd/deep", "edited again");
	put_number(f, 60, "even", "edited");
}

static void edit_once_more(struct fixture *f)
{
	put_number(f, 11, "odd/deep", "edited once more");
	put_number(f, 14, "even", "edited");
}

static void move(struct fixture *f)
{
	put_well(f, 1, make("b/index.md", "a\n", "1000:b/big.bin", NULL),
		STORE_MOVED);
	put_well(f, 2, make("a/index.md", "b\n", "1001:a/small.png", NULL),
		STORE_MOVED);
	put_well(f, 3, make("c/d/e.md", "c\n", NULL), STORE_MOVED);
}

static void drop(struct fixture *f)
{
	static const int64_t ids[] = {1, 5, 12, 13};

	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		assert_int_equal(
			store_drop(f->store, ids[i], STR("default"), &f->err),
			0);
}

static size_t steps_done(struct fixture *f)
{
	struct buf value = {0};
	long long n = 0;
	bool found;

	assert_int_equal(state_get(store_state(f->store), "step", &value,
				 &found, &f->err),
		0);
	if (found)
		assert_true(str_to_int64(buf_str(&value), &n));
	buf_fini(&value);
	return (size_t)n;
}

static void live(struct fixture *f)
{
	static void (*const steps[])(struct fixture *) = {create_many, create,
		edit, edit_again, edit_once_more, move, drop};

	open_store(f);
	for (size_t i = steps_done(f); i < ARRAY_LEN(steps); i++) {
		char digit[2] = {(char)('1' + i), '\0'};
		struct store_commit c = commit_of(7);

		c.partial = steps[i] == create_many;
		steps[i](f);
		store_put_value(f->store, "step", str_of(digit));
		assert_int_equal(store_commit(f->store, &c, &f->err), 0);
		assert_int_equal(strlen(c.id), 40);
	}
	store_close(f->store);
	f->store = NULL;
}

static void test_life(void **state)
{
	struct fixture *f = *state;

	live(f);
	check_clean(f);
	assert_string_equal(run(GIT "rev-list --count HEAD", f->path), "7\n");
	assert_string_equal(run(GIT "show opsync/kept/7:even/10.md", f->path),
		"a person wrote this");
	live(f);
	assert_string_equal(run(GIT "rev-list --count HEAD", f->path), "7\n");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, begin, end),
	};
	struct fixture f = {.path = argv[1], .branch = "main"};

	if (argc < 2)
		return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
	live(&f);
	return 0;
}
