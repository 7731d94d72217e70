/*
 * Where the state fails, at whichever statement: who asks it or writes to it
 * says so, and the next time goes well.
 */
#include "daemon/life.h"
#include "daemon/lookup.h"
#include "daemon/pause.h"
#include "daemon/pushed.h"
#include "daemon/questions.h"
#include "tests/unit/daemon/fixture.h"

static const struct config_push remote = {.remote = "r", .branch = "b"};
static const char commit[] = "1111111111111111111111111111111111111111";

/* Is it one that reads or writes?  Others begin and end transactions. */
static bool is_use(const char *sql)
{
	static const char *const words[] = {
		"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strncmp(sql, words[i], strlen(words[i])) == 0)
			return true;
	return false;
}

static int until_failure;

static int on_statement(unsigned type, void *db, void *stmt, void *sql)
{
	(void)type;
	(void)stmt;
	if (is_use(sql) && --until_failure == 0)
		sqlite3_interrupt(db);
	return 0;
}

typedef int use_fn(struct state *s, struct buf *out, struct err *e);

static void each_fails(use_fn *use, struct state *s)
{
	int n = 0;
	int r;

	sqlite3_trace_v2(s->db, SQLITE_TRACE_STMT, on_statement, s->db);
	do {
		struct buf out = {0};
		struct err e = {0};

		until_failure = ++n;
		r = use(s, &out, &e);
		assert_int_equal(r != 0, until_failure <= 0);
		assert_int_equal(r, e.code);
		buf_fini(&out);
	} while (r != 0);
	assert_true(n > 1);
	sqlite3_trace_v2(s->db, 0, NULL, NULL);
}

static int ask(
	const char *text, struct state *s, struct buf *out, struct err *e)
{
	json_t *what = parse(text);
	const char *name = json_string_value(json_object_get(what, "command"));
	int r = question_find(name)(s, what, out, e);

	json_decref(what);
	return r;
}

static int use_status(struct state *s, struct buf *out, struct err *e)
{
	return ask("{'command':'status'}", s, out, e);
}

static int use_log(struct state *s, struct buf *out, struct err *e)
{
	return ask("{'command':'log','run':1,'level':7}", s, out, e);
}

/* Nothing is found: can it be? */
static int use_log_words(struct state *s, struct buf *out, struct err *e)
{
	return ask(
		"{'command':'log','work_package':7,'event':'held','level':7}",
		s, out, e);
}

static int use_show(struct state *s, struct buf *out, struct err *e)
{
	return ask("{'command':'show','work_package':7}", s, out, e);
}

static int use_show_path(struct state *s, struct buf *out, struct err *e)
{
	return ask("{'command':'show','path':'x'}", s, out, e);
}

static int use_life_begin(struct state *s, struct buf *out, struct err *e)
{
	(void)out;
	return life_begin(s, e);
}

static int use_life_end(struct state *s, struct buf *out, struct err *e)
{
	(void)out;
	return life_end(s, "told to", false, e);
}

static int use_pause(struct state *s, struct buf *out, struct err *e)
{
	(void)out;
	return pause_begin(s, "why", e);
}

static int use_resume(struct state *s, struct buf *out, struct err *e)
{
	(void)out;
	return pause_end(s, e);
}

static int use_pushed(struct state *s, struct buf *out, struct err *e)
{
	(void)out;
	return pushed_done(s, &remote, commit, 1, e);
}

static int use_not_pushed(struct state *s, struct buf *out, struct err *e)
{
	bool said = false;

	(void)out;
	return pushed_fail(s, "refused", &said, e);
}

static int use_pushed_well(struct state *s, struct buf *out, struct err *e)
{
	(void)out;
	return pushed_well(s, "goes on", e);
}

#define USER                                                                   \
	{                                                                      \
		.id = 5, .href = STR("/api/v3/users/5"), .title = STR("Old")   \
	}

/* What one work package looks up, twice of each: it ends at the first. */
static int use_rename(struct state *s, struct buf *out, struct err *e)
{
	struct member links[2][2] = {
		{{STR("href"), value_string(STR("/api/v3/users/5"))},
			{STR("title"), value_string(STR("Old"))}},
		{{STR("href"), value_string(STR("/api/v3/users/5"))},
			{STR("title"), value_string(STR("Old"))}},
	};
	struct value maps[] = {
		{.type = VALUE_MAP, .n = 2, .members = links[0]},
		{.type = VALUE_MAP, .n = 2, .members = links[1]},
	};
	struct custom_field fields[] = {
		{.value = {.type = VALUE_LIST, .n = 2, .items = maps}}};
	struct link children[] = {USER, USER};
	struct attachment attachments[] = {{.author = USER}, {.author = USER}};
	struct work_package wp = {
		.id = 7,
		.assignee = USER,
		.n_children = 2,
		.children = children,
		.n_fields = 1,
		.fields = fields,
		.n_attachments = 2,
		.attachments = attachments,
	};
	struct arena a = {0};
	struct lookup l;
	int r;

	(void)out;
	lookup_init(&l, NULL, NULL, s, wp.id);
	r = lookup_rename(&l, &a, &wp, e);
	wp.assignee = (struct link){0};
	if (r == 0)
		r = lookup_rename_attachments(&l, &a, &wp, e);
	if (r == 0) {
		assert_true(str_is(links[1][1].value.text, "New"));
		assert_true(str_is(children[1].title, "New"));
		assert_true(str_is(attachments[1].author.title, "New"));
	}
	lookup_fini(&l);
	arena_fini(&a);
	return r;
}

static int use_authors(struct state *s, struct buf *out, struct err *e)
{
	struct comment comments[] = {{.author = USER}, {.author = {.id = 6}}};
	struct work_package wp = {
		.id = 7,
		.n_comments = 2,
		.comments = comments,
	};
	struct arena a = {0};
	struct str name;
	int64_t unknown = 0;
	struct lookup l;
	int r;

	(void)out;
	lookup_init(&l, NULL, NULL, s, wp.id);
	r = lookup_authors(&l, &a, &wp, &unknown, e);
	if (r == 0)
		r = lookup_user(&l, &a, 5, &name, &unknown, e);
	if (r == 0) {
		assert_true(str_is(comments[0].author.title, "New"));
		assert_true(str_is(name, "New"));
		assert_int_equal(unknown, 6);
	}
	lookup_fini(&l);
	arena_fini(&a);
	return r;
}

static int use_related(struct state *s, struct buf *out, struct err *e)
{
	struct relation relations[] = {{.other = USER}, {.other = USER}};
	struct work_package wp = {
		.id = 7,
		.n_relations = 2,
		.relations = relations,
	};
	struct arena a = {0};
	struct own_document *own;
	struct neighbour next;
	struct lookup l;
	size_t n;
	int r;

	(void)out;
	lookup_init(&l, NULL, NULL, s, wp.id);
	r = lookup_relations(&l, &a, &wp, e);
	if (r == 0)
		r = lookup_own(&l, &a, &own, &n, e);
	if (r == 0) {
		assert_int_equal(n, 0);
		assert_false(l.neighbours.find(&l, &a, 8, &next));
		r = l.err.code;
		*e = l.err;
	}
	lookup_fini(&l);
	arena_fini(&a);
	return r;
}

static void test_lookup(void **state)
{
	struct fixture *f = *state;

	each_fails(use_rename, f->s);
	each_fails(use_authors, f->s);
	each_fails(use_related, f->s);
}

static void test_questions(void **state)
{
	struct fixture *f = *state;

	each_fails(use_status, f->s);
	each_fails(use_log, f->s);
	each_fails(use_log_words, f->s);
	each_fails(use_show, f->s);
	each_fails(use_show_path, f->s);
}

/* What is known of the end is told as a whole, or nothing. */
static void test_words(void **state)
{
	struct state *s = ((struct fixture *)*state)->s;
	struct buf out = {0};

	sqlite3_trace_v2(s->db, SQLITE_TRACE_STMT, on_statement, s->db);
	for (int n = 1; n <= 2; n++) {
		until_failure = n;
		life_words(s, &out);
		assert_int_equal(out.n, 0);
	}
	sqlite3_trace_v2(s->db, 0, NULL, NULL);
	life_words(s, &out);
	assert_non_null(strstr(buf_str(&out).p, ": told to"));
	buf_fini(&out);
}

static int64_t count_events(struct state *s)
{
	struct err e = {0};
	struct query q = query_open(s, "SELECT count(*) FROM event");
	int64_t n = query_next(&q) ? column_int(&q) : -1;

	WELL(query_close(&q, &e));
	return n;
}

/* What is an event, and a value, is one as often as the other. */
static void test_events(void **state)
{
	static use_fn *const uses[] = {use_life_begin, use_life_end, use_pause,
		use_resume, use_pushed, use_not_pushed, use_pushed_well};
	struct state *s = ((struct fixture *)*state)->s;

	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		int64_t n = count_events(s);

		each_fails(uses[i], s);
		assert_int_equal(count_events(s), n + 1);
	}
}

static int begin_with_rows(void **state)
{
	struct fixture *f;
	struct err e = {0};

	if (begin(state) != 0)
		return -1;
	f = *state;
	WELL(life_begin(f->s, &e));
	WELL(life_end(f->s, "told to", false, &e));
	WELL(pushed_put(f->s, &remote, commit, &e));
	WELL(state_exec(f->s,
		"INSERT INTO name VALUES (9, 5, 'New');" /* READ_USER */
		"INSERT INTO run VALUES (1, 1, 1, 'full', NULL, 0, NULL,"
		" 0, 0, 0, 0, 0, 0, 0, NULL, 0);"
		"INSERT INTO event (run, at, level, kind, work_package,"
		" path) VALUES (1, 1, 1, 'added', 7, 'x')",
		&e));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_questions),
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests_name(
		"state fails", tests, begin_with_rows, end);
}
