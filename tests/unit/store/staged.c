/*
 * What is staged stands in the place of what is recorded, until a commit
 * records it or it is discarded; rows alone make no commit.
 */
#include "store/query.h"
#include "tests/unit/store/fixture.h"

static int count_documents(
	void *arg, const struct state_document *d, struct err *e)
{
	(void)e;
	assert_true(d->n_files > 0);
	assert_int_equal(d->files[0].attachment_id, 0);
	++*(int *)arg;
	return 0;
}

static void count_claim(void *arg, struct str entry)
{
	assert_true(entry.n > 0);
	++*(int *)arg;
}

static int64_t first_claim(struct fixture *f, const char *claim, int64_t but)
{
	int64_t id = 0;
	bool found;

	assert_int_equal(store_first_claim(f->store, str_of(claim), but, &found,
				 &id, &f->err),
		0);
	return found ? id : -1;
}

/* How many entries of the first that claims it. */
static int claims(struct fixture *f, const char *claim)
{
	int64_t id = first_claim(f, claim, 0);
	int n = 0;

	assert_int_equal(store_claims(f->store, str_of(claim), id, count_claim,
				 &n, &f->err),
		0);
	return n;
}

static int documents(struct fixture *f, int64_t id)
{
	int n = 0;

	assert_int_equal(
		store_documents(f->store, id, count_documents, &n, &f->err), 0);
	return n;
}

static void test_staged_in_place(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	assert_int_equal(documents(f, 1), 1);
	assert_int_equal(claims(f, "a.md"), 1);
	commit(f);
	assert_int_equal(claims(f, "a.md"), 1);
	put_well(f, 1, make("b.md", "one\n", NULL), STORE_MOVED);
	assert_int_equal(claims(f, "a.md"), 0);
	assert_int_equal(claims(f, "b.md"), 1);
	assert_int_equal(store_drop(f->store, 1, STR("default"), &f->err), 0);
	assert_int_equal(claims(f, "b.md"), 0);
	assert_int_equal(documents(f, 1), 0);
	store_discard(f->store);
	assert_int_equal(documents(f, 1), 1);
	assert_int_equal(n_staged(f), 0);
}

static void put_claiming(
	struct fixture *f, int64_t id, const char *path, const char *claim)
{
	struct document d = make(path, "text\n", NULL);
	enum store_change change;

	assert_int_equal(
		store_put(f->store, id, &d, str_of(claim), &change, &f->err),
		0);
	document_fini(&d);
}

/* Recorded or staged, the lowest counts; not who left or is left out. */
static void test_first_claim(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_claiming(f, 5, "a-5.md", "a.md");
	put_claiming(f, 3, "a.md", "a.md");
	assert_int_equal(first_claim(f, "a.md", 0), 3);
	commit(f);
	assert_int_equal(first_claim(f, "a.md", 0), 3);
	assert_int_equal(first_claim(f, "a.md", 3), 5);
	assert_int_equal(first_claim(f, "b.md", 0), -1);
	put_claiming(f, 4, "a-4.md", "a.md");
	assert_int_equal(first_claim(f, "a.md", 3), 4);
	assert_int_equal(store_drop(f->store, 3, STR("default"), &f->err), 0);
	assert_int_equal(first_claim(f, "a.md", 0), 4);
	put_claiming(f, 4, "b.md", "b.md");
	assert_int_equal(first_claim(f, "a.md", 0), 5);
	assert_int_equal(first_claim(f, "a.md", 5), -1);
	assert_int_equal(first_claim(f, "b.md", 0), 4);
}

/* What a fault took back with the look it ended is not taken for staged. */
static void test_held_and_lost(void **state)
{
	struct store_commit c = {.subject = "test"};
	struct fixture *f = *state;
	struct state *s;

	open_store(f);
	s = store_state(f->store);
	assert_int_equal(state_hold(s, &f->err), 0);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	store_let_go(f->store);
	assert_false(state_is_held(s));
	assert_int_equal(state_hold(s, &f->err), 0);
	put_well(f, 2, make("b.md", "two\n", NULL), STORE_ADDED);
	assert_int_equal(n_staged(f), 2);
	/* As SQLite does for a full disk. */
	assert_int_equal(state_exec(s, "ROLLBACK", &f->err), 0);
	assert_int_equal(state_hold(s, &f->err), ERR_IO);
	assert_int_equal(state_hold(s, &f->err), 0);
	assert_int_equal(state_exec(s, "ROLLBACK", &f->err), 0);
	assert_int_equal(n_staged(f), 1);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	assert_non_null(strstr(f->err.text, "a fault ended"));
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_IO);
	store_discard(f->store);
	put_well(f, 2, make("b.md", "two\n", NULL), STORE_ADDED);
	assert_int_equal(state_hold(s, &f->err), 0);
	put_well(f, 3, make("c.md", "three\n", NULL), STORE_ADDED);
	commit(f);
	assert_int_equal(documents(f, 1), 0);
	assert_int_equal(documents(f, 2), 1);
	assert_int_equal(documents(f, 3), 1);
}

static void test_rows_only(void **state)
{
	struct state_work_package wp = {.id = 5, .outcome = OUTCOME_UNMATCHED};
	struct state_event event = {.kind = STR("made"), .work_package = 5};
	struct fixture *f = *state;
	struct buf value = {0};
	struct state_counts n;
	bool found;

	open_store(f);
	store_put_work_package(f->store, &wp);
	store_put_value(f->store, "cursor", STR("now"));
	store_put_event(f->store, &event);
	assert_string_equal(commit(f).id, "");
	reopen(f);
	assert_int_equal(state_get(store_state(f->store), "cursor", &value,
				 &found, &f->err),
		0);
	assert_true(found && str_is(buf_str(&value), "now"));
	buf_fini(&value);
	store_drop_work_package(f->store, 5);
	commit(f);
	assert_int_equal(state_count(store_state(f->store), &n, &f->err), 0);
	assert_int_equal(n.work_packages, 0);
}

static int64_t count(struct fixture *f, const char *sql)
{
	struct query q = query_open(store_state(f->store), sql);
	int64_t n;

	assert_true(query_next(&q));
	n = column_int(&q);
	assert_int_equal(query_close(&q, &f->err), 0);
	return n;
}

/* All that is known of a work package goes with it, of others nothing. */
static void test_rows_go_along(void **state)
{
	static const char rows[] = "SELECT (SELECT count(*) FROM work_package)"
				   " + (SELECT count(*) FROM attachment)"
				   " + (SELECT count(*) FROM document)"
				   " + (SELECT count(*) FROM file)";
	struct fixture *f = *state;

	open_store(f);
	for (int64_t id = 1; id <= 2; id++) {
		struct state_work_package wp = {.id = id};
		char file[32];
		char document[32];

		snprintf(file, sizeof(file), "%d:%d.png", (int)id, (int)id);
		snprintf(document, sizeof(document), "%d.md", (int)id);
		store_put_work_package(f->store, &wp);
		attach_to(f, id, id, "picture");
		put_well(f, id, make(document, "text\n", file, NULL),
			STORE_ADDED);
	}
	commit(f);
	assert_int_equal(count(f, rows), 10);
	assert_int_equal(store_drop(f->store, 1, STR("default"), &f->err), 0);
	store_drop_work_package(f->store, 1);
	commit(f);
	assert_int_equal(count(f, rows), 5);
	assert_int_equal(
		count(f, "SELECT sum(work_package) FROM attachment"), 2);
}

/* Who waits has the rows of before, those of what it still has included. */
static void test_files_of_who_waits(void **state)
{
	static const char is_old[] =
		"SELECT count(*) FROM file WHERE path = 'b.md' AND oid ="
		" 'f719efd430d52bcfc8566a43b2eb655688d38871'"; /* "two\n" */
	struct store_commit c = commit_of(7);
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("b.md", "two\n", NULL), STORE_ADDED);
	commit(f);
	assert_int_equal(count(f, is_old), 1);
	attach_to(f, 2, 11, "picture");
	put_well(f, 2, make("b.md", "three\n", "11:a.md", NULL), STORE_CHANGED);
	c.partial = true;
	assert_int_equal(store_commit(f->store, &c, &f->err), 0);
	assert_int_equal(count(f, is_old), 1);
	put_well(f, 1, make("c.md", "one\n", NULL), STORE_MOVED);
	commit(f);
	assert_int_equal(count(f, is_old), 0);
	assert_string_equal(files(f), "a.md b.md c.md ");
}

/* One whose entry was was until now. */
static void take_over(struct fixture *f, const char *was, const char *entry,
	const char *path, enum store_change expected)
{
	struct document d = make(path, "one\n", NULL);
	enum store_change change = STORE_SAME;

	free(d.entry);
	d.entry = xstrdup(entry);
	d.was = str_of(was);
	if (store_put(f->store, 1, &d, str_of(d.natural_path), &change,
		    &f->err) != 0)
		fail_msg("store_put: %s", f->err.text);
	assert_int_equal(change, expected);
	document_fini(&d);
}

/* It is the same document, however often it changes hands. */
static void test_taken_over(void **state)
{
	static const char is_next[] =
		"SELECT count(*) + sum(entry <> 'next') FROM document";
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	commit(f);
	take_over(f, "default", "next", "a.md", STORE_SAME);
	assert_int_equal(documents(f, 1), 1);
	assert_int_equal(claims(f, "a.md"), 1);
	assert_string_equal(commit(f).id, "");
	assert_int_equal(count(f, is_next), 1);
	take_over(f, "next", "default", "b.md", STORE_MOVED);
	take_over(f, "default", "default", "c.md", STORE_MOVED);
	take_over(f, "default", "third", "d.md", STORE_MOVED);
	assert_int_equal(n_staged(f), 1);
	assert_int_equal(documents(f, 1), 1);
	take_over(f, "third", "next", "a.md", STORE_SAME);
	assert_int_equal(n_staged(f), 0);
	take_over(f, "next", "default", "b.md", STORE_MOVED);
	commit(f);
	assert_string_equal(files(f), "b.md ");
	assert_int_equal(documents(f, 1), 1);
	check_clean(f);
}

/* What does not come takes nothing with it; what goes leaves nothing. */
static void test_taken_over_in_vain(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	put_well(f, 2, make("b", "two\n", NULL), STORE_ADDED);
	commit(f);
	take_over(f, "default", "next", "c.md", STORE_MOVED);
	assert_int_equal(store_unstage(f->store, 1, STR("next"), &f->err), 0);
	assert_int_equal(documents(f, 1), 1);
	assert_string_equal(commit(f).id, "");
	take_over(f, "default", "next", "b/a.md", STORE_MOVED);
	assert_string_equal(commit(f).id, "");
	assert_string_equal(files(f), "a.md b ");
	assert_int_equal(count(f, "SELECT count(*) FROM document"
				  " WHERE entry = 'default'"),
		2);
	take_over(f, "default", "next", "c.md", STORE_MOVED);
	assert_int_equal(store_drop(f->store, 1, STR("next"), &f->err), 0);
	assert_int_equal(documents(f, 1), 0);
	commit(f);
	assert_string_equal(files(f), "b ");
}

/* Once what it was is made by itself, it is a new one. */
static void test_taken_over_no_more(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	commit(f);
	take_over(f, "default", "next", "c.md", STORE_MOVED);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_SAME);
	take_over(f, "next", "next", "c.md", STORE_ADDED);
	commit(f);
	assert_string_equal(files(f), "a.md c.md ");
	check_clean(f);
}

/* The same bytes, of another attachment. */
static void test_file_of_another_attachment(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	attach(f, 11, "picture");
	put_well(f, 1, make("a.md", "one\n", "11:a.png", NULL), STORE_ADDED);
	commit(f);
	attach(f, 12, "picture");
	put_well(f, 1, make("a.md", "two\n", "12:a.png", NULL), STORE_CHANGED);
	commit(f);
	assert_int_equal(count(f, "SELECT max(attachment_id) FROM file"), 12);
}

/* What has an owner by the time of the commit is not taken over. */
static void test_file_of_another(void **state)
{
	struct fixture *f = *state;

	open_store(f);
	put_well(f, 1, make("a.md", "one\n", NULL), STORE_ADDED);
	assert_int_equal(state_exec(store_state(f->store),
				 "INSERT INTO file (path, oid, attachment_id,"
				 " work_package, entry)"
				 " VALUES ('a.md', 'x', 0, 9, 'default')",
				 &f->err),
		0);
	assert_string_equal(commit(f).id, "");
	assert_int_equal(count(f, "SELECT work_package FROM file"), 9);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_staged_in_place),
		TEST(test_first_claim),
		TEST(test_held_and_lost),
		TEST(test_rows_only),
		TEST(test_rows_go_along),
		TEST(test_files_of_who_waits),
		TEST(test_taken_over),
		TEST(test_taken_over_in_vain),
		TEST(test_taken_over_no_more),
		TEST(test_file_of_another_attachment),
		TEST(test_file_of_another),
	};

	return cmocka_run_group_tests_name("staged", tests, NULL, NULL);
}
