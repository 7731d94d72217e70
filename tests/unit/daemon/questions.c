/*
 * Questions of the state: what is answered, and what is asked for in vain.
 */
#include "daemon/questions.h"

#include "tests/unit/daemon/fixture.h"

/* Runs 5 and 6 are kept; 7 is held and withdrawn, 8 once was at old.md. */
static const char rows[] =
	"INSERT INTO run VALUES (5, 1, 1, 'full', NULL, 0, NULL,"
	" 0, 0, 0, 0, 0, 0, 0, NULL, 0), (6, 1, 1, 'poll', NULL, 0, NULL,"
	" 0, 0, 0, 0, 0, 0, 0, NULL, 0);"
	"INSERT INTO usage VALUES"
	" (0, 1, 2, 3, 4000000), (86400000000, 1, 2, 3, 4000000);"
	"INSERT INTO event (run, at, level, kind, work_package, path) VALUES"
	" (5, 1, 6, 'added', 7, 'd/a.md'), (6, 1, 6, 'removed', 8, 'old.md'),"
	" (6, 1, 6, 'kept', 0, 'old.md');"
	"INSERT INTO document VALUES (7, 'e', 'd/a.md', '', 0),"
	" (9, 'e', 'b/b.md', '', 0);"
	"INSERT INTO file VALUES ('d/a.md', '', 0, 7, 'e'),"
	" ('d/a.png', '', 3, 7, 'e'), ('b/b.md', '', 0, 9, 'e');"
	"INSERT INTO held VALUES (1, 7, 'e', 1, 'd/a.md', 'gone', 0, 0, 1),"
	" (2, 7, 'e', 1, 'd/a.md', 'smaller', 0, 0, 1),"
	" (1, 9, 'e', 1, 'b/b.md', 'gone', 0, 0, 1);"
	"INSERT INTO withdrawn VALUES (6), (7), (8);";

static const struct {
	const char *what;
	int code;
	const char *words; /* of the answer, or of the error; NULL: nothing */
	const char *without;
} asked[] = {
	{"{'command':'usage'}", 0, "\"day\":\"1970-01-01\"", NULL},
	{"{'command':'usage','limit':1}", 0, "\"day\":\"1970-01-02\"",
		"\"1970-01-01\""},
	{"{'command':'log','run':6,'level':7,'limit':20000}", 0,
		"\"event\":\"removed\"", "\"added\""},
	{"{'command':'log','run':4}", ERR_USAGE,
		"--run: run 4 is not kept any more (the first is 5)", NULL},
	{"{'command':'log','run':-1}", ERR_USAGE, "is not kept any more", NULL},
	{"{'command':'log','run':7}", ERR_USAGE,
		"--run: there is no run 7 (the last is 6)", NULL},
	{"{'command':'log','event':'addde'}", ERR_USAGE,
		"--event: the log knows no 'addde' (did you mean 'added'?)",
		NULL},
	{"{'command':'log','event':'xyz'}", ERR_USAGE,
		"--event: the log knows no 'xyz'", "did you mean"},
	{"{'command':'log','event':'removed','level':7}", 0,
		"\"event\":\"removed\"", "\"kept\""},
	{"{'command':'log','event':'moved','level':7}", 0, NULL, NULL},
	{"{'command':'log','work_package':5,'level':7}", ERR_USAGE,
		"--wp: work package 5 is not known here", NULL},
	{"{'command':'show'}", ERR_USAGE, "show: which work package?", NULL},
	{"{'command':'show','work_package':7}", 0,
		"\"held\":[{\"kind\":\"removal\",\"path\":\"d/a.md\","
		"\"reason\":\"gone\"},{\"kind\":\"change\","
		"\"path\":\"d/a.md\",\"reason\":\"smaller\"}],"
		"\"withdrawn\":true",
		"b.md"},
	{"{'command':'show','path':'d/a.png'}", 0,
		"{\"path\":\"d/a.png\",\"oid\":\"\",\"attachment\":3,"
		"\"name\":null}",
		NULL},
	{"{'command':'show','path':'old.md'}", 0, "{\"work_package\":8,", NULL},
	{"{'command':'show','path':'never.md'}", 0,
		"{\"work_package\":null,\"known\":false", NULL},
	{"{'command':'show','path':'d/'}", ERR_USAGE,
		"d is a folder with 2 files of opsync's: name one of them, as "
		"d/a.md",
		NULL},
	{"{'command':'show','path':'b'}", ERR_USAGE,
		"b is a folder with 1 file of opsync's", NULL},
	{"{'command':'show','path':'.'}", ERR_USAGE,
		"the store is a folder with 3 files of opsync's", NULL},
};

static void test_answers(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
		const char *words = asked[i].words;
		const char *without = asked[i].without;
		json_t *what = parse(asked[i].what);
		struct buf out = {0};
		struct err e = {0};
		const char *said;
		int r;

		r = question_find(json_string_value(json_object_get(
			what, "command")))(f->s, what, &out, &e);
		said = r != 0 ? e.text : buf_str(&out).p;
		if (r != asked[i].code || (words == NULL && out.n != 0) ||
			(words != NULL && strstr(said, words) == NULL) ||
			(without != NULL && strstr(said, without) != NULL))
			fail_msg("%s: %d: %s", asked[i].what, r, said);
		if (r != 0)
			assert_int_equal(out.n, 0);
		json_decref(what);
		buf_fini(&out);
	}
}

static void test_none(void **state)
{
	(void)state;
	assert_null(question_find("resync"));
}

static int begin_with_rows(void **state)
{
	struct fixture *f;
	struct err e = {0};

	if (begin(state) != 0)
		return -1;
	f = *state;
	WELL(state_exec(f->s, rows, &e));
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests_name(
		"questions", tests, begin_with_rows, end);
}
