/*
 * The state: what is put can be got, in order.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/rows.h"

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

/* Callbacks write what they see into a buffer, one thing after the other. */
static int on_resource(
	void *arg, struct str name, struct str body, struct err *e)
{
	(void)e;
	buf_printf(arg, "%.*s=%.*s ", STR_ARGS(name), STR_ARGS(body));
	return 0;
}

static int on_work_package(
	void *arg, const struct state_work_package *wp, struct err *e)
{
	(void)e;
	buf_printf(arg, "%lld/%lld/%lld/%lld/%lld/%d/%.*s/%.*s/%d/%d ",
		(long long)wp->id, (long long)wp->project_id,
		(long long)wp->type_id, (long long)wp->updated_at,
		(long long)wp->generation, wp->outcome, STR_ARGS(wp->reason),
		STR_ARGS(wp->source), wp->attachments.p == NULL, wp->hash[31]);
	return 0;
}

static int on_document(void *arg, const struct state_document *d, struct err *e)
{
	(void)e;
	buf_printf(arg, "%lld %.*s %.*s %.*s %d:", (long long)d->work_package,
		STR_ARGS(d->entry), STR_ARGS(d->natural_path),
		STR_ARGS(d->claim), d->keep_when_gone);
	for (size_t i = 0; i < d->n_files; i++)
		buf_printf(arg, " %.*s=%.*s/%lld", STR_ARGS(d->files[i].path),
			STR_ARGS(d->files[i].oid),
			(long long)d->files[i].attachment_id);
	buf_puts(arg, "; ");
	return 0;
}

static int on_attachment(
	void *arg, const struct state_attachment *a, struct err *e)
{
	(void)e;
	buf_printf(arg, "%lld/%lld/%lld/%.*s/%.*s/%s/%ld/%ld", (long long)a->id,
		(long long)a->work_package, (long long)a->size,
		STR_ARGS(a->digest), STR_ARGS(a->oid), a->image.format,
		a->image.width, a->image.height);
	return 0;
}

static int on_run(void *arg, const struct state_run *r, struct err *e)
{
	(void)e;
	buf_printf(arg, "%lld %lld-%lld %.*s %.*s %d %.*s %lld %.*s; ",
		(long long)r->id, (long long)r->started, (long long)r->finished,
		STR_ARGS(r->kind), STR_ARGS(r->cause), r->result,
		STR_ARGS(r->error), (long long)r->bytes, STR_ARGS(r->commit));
	return 0;
}

static int on_event(void *arg, const struct state_event *v, struct err *e)
{
	(void)e;
	buf_printf(arg, "%lld ", (long long)v->id);
	assert_true(str_is(v->kind, "made"));
	return 0;
}

static void expect(struct buf *seen, const char *expected)
{
	assert_string_equal(buf_str(seen).p, expected);
	buf_clear(seen);
}

#define WELL(call) assert_int_equal(call, 0)

/* --- Rows ----------------------------------------------------------------- */

static void test_values(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	struct buf seen = {0};
	bool found;

	WELL(state_get(s, "cursor", &seen, &found, &f->err));
	assert_false(found);
	WELL(state_put(s, "cursor", STR("a\0b"), &f->err));
	WELL(state_put(s, "cursor", STR("b\0c"), &f->err));
	WELL(state_get(s, "cursor", &seen, &found, &f->err));
	assert_true(found && str_eq(buf_str(&seen), STR("b\0c")));
	WELL(state_delete(s, "cursor", &f->err));
	WELL(state_get(s, "cursor", &seen, &found, &f->err));
	assert_false(found);
	buf_clear(&seen);
	WELL(state_resource_put(s, STR("/b"), STR("{}"), &f->err));
	WELL(state_resource_put(s, STR("/a"), STR("1"), &f->err));
	WELL(state_resource_put(s, STR("/b"), STR("2"), &f->err));
	WELL(state_resources(s, on_resource, &seen, &f->err));
	expect(&seen, "/a=1 /b=2 ");
	buf_fini(&seen);
	state_close(s);
}

static void test_numbers(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	int64_t number = 7;
	bool found;

	WELL(state_get_int(s, "n", &found, &number, &f->err));
	assert_true(!found && number == 7);
	WELL(state_put_int(s, "n", INT64_MIN, &f->err));
	WELL(state_get_int(s, "n", &found, &number, &f->err));
	assert_true(found && number == INT64_MIN);
	WELL(state_put(s, "n", STR("2 "), &f->err));
	WELL(state_get_int(s, "n", &found, &number, &f->err));
	assert_true(!found && number == INT64_MIN);
	WELL(state_has(s, "n", &found, &f->err));
	assert_true(found);
	WELL(state_is(s, "n", STR("2 "), &found, &f->err));
	assert_true(found);
	WELL(state_is(s, "n", STR("2"), &found, &f->err));
	assert_false(found);
	WELL(state_is(s, "m", STR(""), &found, &f->err));
	assert_false(found);
	state_close(s);
}

static int on_head(void *arg, const struct state_head *head, struct err *e)
{
	(void)e;
	buf_printf(arg, "%d/%d/%d/%d/%d/%d ", (int)head->id,
		(int)head->project_id, (int)head->updated_at,
		(int)head->generation, (int)head->outcome,
		(int)head->has_source);
	return 0;
}

static void on_pair(void *arg, int64_t project_id, int64_t type_id)
{
	buf_printf(arg, "%d-%d ", (int)project_id, (int)type_id);
}

static void test_work_packages(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	struct buf seen = {0};
	struct state_work_package wp = {.id = 9,
		.project_id = 2,
		.type_id = 3,
		.updated_at = -4,
		.generation = 5,
		.outcome = OUTCOME_FAILED,
		.reason = STR("because"),
		.source = STR("{}"),
		.hash = {[31] = 200}};
	struct state_attachment a = {.id = 1,
		.work_package = 9,
		.size = INT64_MAX,
		.digest = STR("d"),
		.oid = STR("o"),
		.image = {"PNG", 7, 8}};
	bool found;

	WELL(put_work_package(s, &wp, &f->err));
	WELL(put_attachment(s, &a, &f->err));
	wp.id = 8;
	wp.outcome = OUTCOME_MADE;
	WELL(put_work_package(s, &wp, &f->err));
	WELL(state_work_package(s, 9, &found, on_work_package, &seen, &f->err));
	assert_true(found);
	expect(&seen, "9/2/3/-4/5/3/because/{}/1/200 ");
	WELL(state_work_packages_of(
		s, OUTCOME_FAILED, on_work_package, &seen, &f->err));
	expect(&seen, "9/2/3/-4/5/3/because/{}/1/200 ");
	WELL(state_work_package(s, 8, &found, on_work_package, &seen, &f->err));
	expect(&seen, "8/2/3/-4/5/1/because/{}/1/200 ");
	wp.id = 7;
	wp.source = STR_NONE;
	WELL(put_work_package(s, &wp, &f->err));
	WELL(state_heads(s, on_head, &seen, &f->err));
	expect(&seen, "7/2/-4/5/1/0 8/2/-4/5/1/1 9/2/-4/5/3/1 ");
	wp.id = 6;
	wp.project_id = 1;
	WELL(put_work_package(s, &wp, &f->err));
	WELL(state_pairs(s, on_pair, &seen, &f->err));
	expect(&seen, "1-3 2-3 ");
	WELL(state_attachment(s, 1, &found, on_attachment, &seen, &f->err));
	assert_true(found);
	expect(&seen, "1/9/9223372036854775807/d/o/PNG/7/8");
	WELL(state_attachment(s, 2, &found, on_attachment, &seen, &f->err));
	assert_false(found);
	WELL(state_work_package(s, 5, &found, on_work_package, &seen, &f->err));
	assert_false(found);
	buf_fini(&seen);
	state_close(s);
}

static void test_documents(void **state)
{
	const struct state_file files[] = {{STR("b.md"), STR("1"), 0},
		{STR("c.png"), STR("2"), 8}, {STR("a.png"), STR("3"), 9}};
	struct state_document d = {
		7, STR("x"), STR("B.md"), STR("b.md"), true, false, 3, files};
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	struct buf seen = {0};
	int64_t owner = 0;
	bool found;

	WELL(put_document(s, &d, &f->err));
	d.entry = STR("w");
	d.files = &(struct state_file){STR("w.md"), STR("4"), 0};
	d.n_files = 1;
	d.keep_when_gone = false;
	WELL(put_document(s, &d, &f->err));
	WELL(state_documents(s, 7, on_document, &seen, &f->err));
	expect(&seen, "7 w B.md b.md 0: w.md=4/0; "
		      "7 x B.md b.md 1: b.md=1/0 a.png=3/9 c.png=2/8; ");
	WELL(state_owner(s, STR("a.png"), &found, &owner, &f->err));
	assert_true(found && owner == 7);
	WELL(state_owner(s, STR("v.md"), &found, &owner, &f->err));
	assert_false(found);
	buf_fini(&seen);
	state_close(s);
}

static int64_t add_run(struct fixture *f, struct state *s, int64_t started)
{
	struct state_run run = {.started = started, .kind = STR("poll")};

	WELL(state_run_begin(s, &run, &f->err));
	run.finished = started + 1;
	run.error = STR("none");
	run.bytes = 5;
	WELL(state_run_put(s, &run, &f->err));
	return run.id;
}

static void add_event(struct fixture *f, struct state *s, int64_t run_id,
	int64_t work_package, int64_t at)
{
	char text[24];
	char path[24];
	struct state_event event = {.run = run_id,
		.work_package = work_package,
		.at = at,
		.level = at > 20 ? LOG_LEVEL_DEBUG : LOG_LEVEL_ERROR,
		.project = work_package == 7 ? STR("even") : STR_NONE,
		.kind = STR("made")};

	snprintf(text, sizeof(text), "a Größe %lld", (long long)at);
	snprintf(path, sizeof(path), "path/%lld", (long long)work_package);
	event.text = str_of(text);
	event.path = str_of(path);
	WELL(state_event_add(s, &event, &f->err));
}

static void test_log(void **state)
{
	const struct {
		struct state_event_query query;
		const char *ids;
	} cases[] = {
		{{0}, "1 2 3 4 5 "},
		{{.limit = 2}, "4 5 "},
		{{.limit = 2, .oldest = true}, "1 2 "},
		{{.limit = 2, .oldest = true, .after = 2}, "3 4 "},
		{{.limit = 1, .oldest = true, .run = 2}, "3 "},
		{{.limit = 1, .oldest = true, .work_package = 7}, "2 "},
		{{.after = 3}, "4 5 "},
		{{.run = 1}, "1 2 "},
		{{.work_package = 7}, "2 3 "},
		{{.work_package = 7, .run = 1}, "2 "},
		{{.work_package = 7, .after = 2}, "3 "},
		{{.since = 20}, "3 4 5 "},
		{{.since = 11, .until = 21}, "2 3 "},
		{{.max_level = LOG_LEVEL_INFO}, "1 2 3 "},
		{{.project = STR("even")}, "2 3 "},
		{{.kind = STR("made"), .after = 4}, "5 "},
		{{.kind = STR("mad")}, ""},
		{{.kinds = STR(" gone  made ")}, "1 2 3 4 5 "},
		{{.kinds = STR(" mad  made2 ade ")}, ""},
		{{.kinds = STR(" made "), .limit = 2}, "4 5 "},
		{{.text = STR("GRÖSSE 2")}, "3 4 5 "},
		{{.text = STR("Path/8")}, "4 "},
		{{.text = STR("%")}, ""},
		{{.max_level = LOG_LEVEL_INFO, .limit = 1}, "3 "},
	};
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	struct buf seen = {0};

	assert_int_equal(add_run(f, s, 10), 1);
	assert_int_equal(add_run(f, s, 20), 2);
	WELL(state_runs(s, 9, on_run, &seen, &f->err));
	expect(&seen, "2 20-21 poll  0 none 5 ; 1 10-11 poll  0 none 5 ; ");
	WELL(state_runs(s, 1, on_run, &seen, &f->err));
	expect(&seen, "2 20-21 poll  0 none 5 ; ");
	add_event(f, s, 1, 6, 10);
	add_event(f, s, 1, 7, 11);
	add_event(f, s, 2, 7, 20);
	add_event(f, s, 2, 8, 21);
	add_event(f, s, 0, 0, 22);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		WELL(state_events(
			s, &cases[i].query, on_event, &seen, &f->err));
		expect(&seen, cases[i].ids);
	}
	WELL(state_prune(s, 20, INT64_MAX, &f->err));
	WELL(state_events(s, &cases[0].query, on_event, &seen, &f->err));
	expect(&seen, "3 4 5 ");
	WELL(state_runs(s, 9, on_run, &seen, &f->err));
	expect(&seen, "2 20-21 poll  0 none 5 ; ");
	WELL(state_prune(s, 20, 200, &f->err)); /* room for two of them */
	WELL(state_events(s, &cases[0].query, on_event, &seen, &f->err));
	expect(&seen, "4 5 ");
	assert_int_equal(add_run(f, s, 30), 3); /* ids are not used again */
	for (int i = 0; i < 4; i++) { /* those that come are counted */
		add_event(f, s, 3, 9, 30 + i);
		WELL(state_prune(s, 20, i < 2 ? 400 : 200, &f->err));
	}
	WELL(state_events(s, &cases[0].query, on_event, &seen, &f->err));
	expect(&seen, "8 9 ");
	buf_fini(&seen);
	state_close(s);
}

static int stop(void *arg, const struct state_head *wp, struct err *e)
{
	(void)wp;
	++*(int *)arg;
	return err_set(e, ERR_CANCELED, "enough");
}

static void test_walk_can_be_ended(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	struct state_work_package wp = {.outcome = OUTCOME_MADE};
	int n = 0;

	for (wp.id = 1; wp.id < 4; wp.id++)
		WELL(put_work_package(s, &wp, &f->err));
	assert_int_equal(state_heads(s, stop, &n, &f->err), ERR_CANCELED);
	assert_int_equal(n, 1);
	assert_string_equal(f->err.text, "enough");
	state_close(s);
}

/* A callback may ask what its caller is asking. */
struct nested {
	struct fixture *f;
	struct state *s;
	struct buf seen;
	int depth;
};

static int nest(void *arg, const struct state_head *wp, struct err *e)
{
	struct nested *n = arg;
	int code = 0;

	buf_printf(&n->seen, "%lld", (long long)wp->id);
	if (n->depth++ == 0)
		code = state_heads(n->s, nest, n, e);
	n->depth--;
	return code;
}

static void test_nested_walks(void **state)
{
	struct fixture *f = *state;
	struct nested n = {.f = f, .s = open_state(f, false)};
	struct state_work_package wp = {.outcome = OUTCOME_MADE};

	for (wp.id = 1; wp.id < 3; wp.id++)
		WELL(put_work_package(n.s, &wp, &f->err));
	WELL(state_heads(n.s, nest, &n, &f->err));
	expect(&n.seen, "112212");
	buf_fini(&n.seen);
	state_close(n.s);
}

static void test_transactions(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f, false);
	struct state_counts n;
	struct state_work_package wp = {.id = 1, .outcome = OUTCOME_MADE};

	WELL(state_begin(s, &f->err));
	WELL(put_work_package(s, &wp, &f->err));
	assert_int_equal(state_end(s, ERR_DATA, &f->err), ERR_DATA);
	WELL(state_count(s, &n, &f->err));
	assert_int_equal(n.work_packages, 0);
	WELL(state_begin(s, &f->err));
	WELL(put_work_package(s, &wp, &f->err));
	WELL(state_end(s, 0, &f->err));
	WELL(state_count(s, &n, &f->err));
	assert_int_equal(n.made, 1);
	state_close(s);
}

/* What is wrong with a row shows when the transaction ends. */
static void test_end_fails(void **state)
{
	struct fixture *f = *state;
	struct state *s = open_state(f, false);

	WELL(state_exec(s,
		"PRAGMA foreign_keys = ON;"
		"CREATE TABLE part (id INTEGER REFERENCES work_package (id)"
		" DEFERRABLE INITIALLY DEFERRED)",
		&f->err));
	WELL(state_begin(s, &f->err));
	WELL(state_exec(s, "INSERT INTO part VALUES (1)", &f->err));
	assert_int_equal(state_end(s, 0, &f->err), ERR_IO);
	WELL(state_begin(s, &f->err));
	WELL(state_end(s, 0, &f->err));
	state_close(s);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_values),
		TEST(test_numbers),
		TEST(test_work_packages),
		TEST(test_documents),
		TEST(test_log),
		TEST(test_walk_can_be_ended),
		TEST(test_nested_walks),
		TEST(test_transactions),
		TEST(test_end_fails),
	};

	return cmocka_run_group_tests_name("state", tests, NULL, NULL);
}
