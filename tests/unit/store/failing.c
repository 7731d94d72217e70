/*
 * failing - each place where the store asks SQLite or libgit2, which have no
 * memory then, or the system about a file, fails in turn, with a reason.  What
 * was begun goes well then in the same process, and in the next one the store
 * is whole.  "FAILING=NAME" in the environment runs the cases whose names begin
 * so, and shows their places.
 */
#include <inttypes.h>
#include <signal.h>

#include "tests/unit/store/failing.h"
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/operations.h"

static void copy(struct fixture *f, const char *from, const char *to)
{
	run("rm -rf '%s/%s' && cp -a '%s/%s' '%s/%s'", f->folder, to, f->folder,
		from, f->folder, to);
}

/*
 * The process in which it fails.  What could not be removed then, as a lock,
 * may be in the way for as long as that process lives.
 */
static int meet(struct fixture *f, const struct operation *o)
{
	struct err e = {0};
	int code;

	if (o->act != act_open && act_open(f, &e) != 0)
		return 1;
	if (o->ready != NULL && o->ready(f, &e) != 0)
		return 1;
	f->err = (struct err){0};
	atomic_store(&failing.armed, true);
	code = o->act(f, &e);
	atomic_store(&failing.armed, false);
	if (failing.place != 0 && !failing.failed)
		return 4;
	if (code != 0 && e.text[0] == '\0' && f->err.text[0] == '\0')
		return 2;
	if (code != 0 && f->store != NULL)
		store_discard(f->store);
	if (code != 0)
		code = o->act(f, &e);
	store_close(f->store);
	f->store = NULL;
	return code == 0 || code == ERR_LOCKED ? 0 : 3;
}

static int meet_alone(struct fixture *f, const struct operation *o)
{
	int status = -1;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL); /* not cmocka's */
		signal(SIGABRT, SIG_DFL);
		_exit(meet(f, o));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

/* As the server would have it: its contents are gone. */
static void put_lost(void *arg, int64_t work_package, struct str entry,
	struct str path, bool lost)
{
	struct fixture *f = arg;
	char *text = str_dup(path);

	(void)entry;
	if (lost)
		put_one(f, work_package, make(text, "anew\n", NULL));
	free(text);
}

/* Whatever became of it: the next process makes it whole. */
static void check_whole(struct fixture *f, const struct operation *o)
{
	open_store(f);
	assert_int_equal(store_look(f->store, false, put_lost, f, &f->err), 0);
	assert_int_equal(put_one(f, 9, make("last.md", "last\n", NULL)), 0);
	commit(f);
	assert_int_equal(n_adrift(f), 0);
	if (o->act != act_open && o->act != act_set_aside)
		run(GIT "fsck --full --strict --no-dangling 2>&1", f->path);
	run(GIT "rev-list --objects --all", f->path);
	run(GIT "diff --exit-code HEAD -- last.md", f->path);
	store_close(f->store);
	f->store = NULL;
}

static void prepare(struct fixture *f, const struct operation *o)
{
	copy(f, "kept", "content");
	if (o->leave != NULL)
		o->leave(f);
	run("cd '%s' && { %s; } 2>&1", f->path, o->before);
	copy(f, "content", "before");
}

static void note_places(
	struct fixture *f, const struct operation *o, enum failing kind)
{
	failing_begin(kind, 0, false);
	copy(f, "before", "content");
	if (meet(f, o) != 0)
		fail_msg("%s does not go well by itself", o->name);
}

/* Who cannot keep a promise aborts; libgit2 may crash without memory. */
static bool is_well(enum failing kind, int status)
{
	int killed = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	return status == 0 || (kind == FAILING_SQLITE && killed == SIGABRT) ||
	       (kind == FAILING_GIT &&
		       (killed == SIGSEGV || killed == SIGABRT));
}

/* What libgit2 frees twice without memory would be told as a fault of ours. */
static bool is_tried(enum failing kind)
{
#ifdef __SANITIZE_ADDRESS__
	return kind != FAILING_GIT;
#else
	(void)kind;
	return true;
#endif
}

static void fail_at(struct fixture *f, const struct operation *o,
	enum failing kind, uint64_t place, bool always)
{
	char *name = xasprintf("%s, %d, %" PRIx64 "%s", o->name, (int)kind,
		place, always ? " always" : "");
	const char *only = getenv("FAILING");
	int status;

	if (only == NULL || strncmp(name, only, strlen(only)) == 0) {
		copy(f, "before", "content");
		failing_begin(kind, place, always);
		status = meet_alone(f, o);
		if (!is_well(kind, status))
			fail_msg("%s: ended with %x", name, (unsigned)status);
		check_whole(f, o);
	}
	free(name);
}

/* Places that had their turn already, by whatever operation. */
static uint64_t met[N_FAILING][FAILING_MOST];
static size_t n_met[N_FAILING];

static bool was_met(enum failing kind, uint64_t place)
{
	for (size_t i = 0; i < n_met[kind]; i++)
		if (met[kind][i] == place)
			return true;
	assert_true(n_met[kind] < FAILING_MOST);
	met[kind][n_met[kind]++] = place;
	return false;
}

static void fail_each(
	struct fixture *f, const struct operation *o, enum failing kind)
{
	bool soak = getenv("SOAK") != NULL;

	note_places(f, o, kind);
	for (size_t i = 0; i < failing.n; i++) {
		uint64_t place = failing.places[i];

		if (was_met(kind, place))
			continue;
		fail_at(f, o, kind, place, false);
		if (soak)
			fail_at(f, o, kind, place, true);
	}
}

static void test_all(void **state)
{
	struct fixture *f = *state;

	open_with_two(f);
	snprintf(first, sizeof(first), "%.40s",
		run(GIT "rev-parse HEAD", f->path));
	put_well(f, 4, make("d/four.md", "four\n", NULL), STORE_ADDED);
	commit(f);
	store_close(f->store);
	f->store = NULL;
	copy(f, "content", "kept");
	for (size_t i = 0; i < ARRAY_LEN(operations); i++) {
		prepare(f, &operations[i]);
		for (int kind = 0; kind < N_FAILING; kind++)
			if (is_tried((enum failing)kind))
				fail_each(
					f, &operations[i], (enum failing)kind);
	}
	for (int kind = 0; kind < N_FAILING; kind++)
		if (is_tried((enum failing)kind))
			assert_true(n_met[kind] > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_all, begin, end),
	};

	if (access("/dev/shm", W_OK) == 0) /* where no sync takes time */
		setenv("TMPDIR", "/dev/shm", 1);
	failing_init();
	git_libgit2_init();
	return cmocka_run_group_tests_name("failing", tests, NULL, NULL);
}
