/*
 * watch - what people do below a folder is told, whatever it is, and how it
 * comes about that everything must be looked at.
 */
#include "store/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/unit/store/scratch.h"

struct fixture {
	struct scratch *s;
	struct watch *w;
};

/* As in our unit, whose /proc holds processes only. */
static bool proc_is_bare;

/* glibc's. NOLINTNEXTLINE(*-parameter-name) */
int open(const char *path, int flags, ...)
{
	unsigned mode = 0;
	va_list ap;

	if (proc_is_bare && strncmp(path, "/proc/sys/", 10) == 0) {
		errno = ENOENT;
		return -1;
	}
	va_start(ap, flags);
	if (flags & O_CREAT)
		mode = va_arg(ap, unsigned);
	va_end(ap);
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static const char *const files[] = {
	"a/b/one.md", "a/b/two.md", "a/c/three.md", "top.md"};

static void look_at_all(struct fixture *f)
{
	watch_begin(f->w);
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		watch_cover(f->w, files[i]);
	watch_end(f->w, true);
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	void *scratch;

	if (scratch_setup(&scratch) != 0)
		return -1;
	f->s = scratch;
	*state = f;
	scratch_run(f->s, "mkdir -p a/b a/c d");
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		scratch_write(f->s, files[i], "x");
	f->w = watch_new(f->s->path);
	look_at_all(f);
	return watch_is_whole(f->w) ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	void *scratch = f->s;

	watch_free(f->w);
	free(f);
	return scratch_teardown(&scratch);
}

/* Is a path among what was touched, or below it? */
static bool is_touched(struct fixture *f, const char *path)
{
	size_t n;
	const char *const *all = watch_touched(f->w, &n);

	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(all[i]);

		if (strncmp(all[i], path, length) == 0 &&
			(path[length] == '\0' || path[length] == '/'))
			return true;
	}
	return false;
}

#define assert_touches(f, path, ...)                                           \
	do {                                                                   \
		assert_int_equal(watch_read((f)->w), WATCH_QUIET);             \
		assert_int_equal(scratch_run((f)->s, __VA_ARGS__), 0);         \
		assert_int_equal(watch_read((f)->w), WATCH_TOUCHED);           \
		assert_true(is_touched(f, path));                              \
		look_again(f);                                                 \
	} while (0)

/* As a look at what was touched does. */
static void look_again(struct fixture *f)
{
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (is_touched(f, files[i]))
			watch_cover(f->w, files[i]);
	watch_end(f->w, false);
	assert_true(watch_is_whole(f->w));
}

static void test_files(void **state)
{
	struct fixture *f = *state;

	assert_touches(f, "a/b/one.md", "echo y > a/b/one.md");
	assert_touches(f, "a/b/one.md", "truncate -s 0 a/b/one.md");
	assert_touches(f, "a/b/one.md", "touch -d 2020-01-01 a/b/one.md");
	assert_touches(f, "a/b/one.md", "chmod 600 a/b/one.md");
	assert_touches(f, "a/b/one.md", "echo z > d/t && mv d/t a/b/one.md");
	assert_touches(f, "a/b/two.md", "mv a/b/two.md a/c/three.md");
	assert_touches(f, "top.md", "rm top.md");
	assert_touches(f, "top.md", "ln -s a top.md");
	assert_touches(f, "a/b/new.md", "touch a/b/new.md");
	assert_int_equal(
		scratch_run(f->s, "{ cat a/b/one.md; ls -R; } >/dev/null"), 0);
	assert_int_equal(watch_read(f->w), WATCH_QUIET);
}

/* What is done in a folder that came in another's place is told, too. */
static void test_folders(void **state)
{
	struct fixture *f = *state;

	assert_touches(f, "a/b/one.md", "mv a/b d/b && cp -r d/b a/b");
	assert_touches(f, "a/b/one.md", "echo 1 > a/b/one.md");
	assert_touches(f, "a/c/three.md", "mv a/b t && mv a/c a/b && mv t a/c");
	assert_touches(f, "a/b/one.md", "echo 2 > a/b/one.md");
	assert_touches(f, "a/c/three.md", "echo 3 > a/c/three.md");
	assert_touches(f, "a/b/two.md", "mv a away");
	assert_int_equal(scratch_run(f->s, "echo 4 > away/b/one.md"), 0);
	assert_touches(f, "a/b/two.md", "mkdir -p a/b a/c");
	assert_touches(f, "a/b/two.md", "echo 5 > a/b/two.md");
	assert_touches(f, "a/b/two.md", "rm -r a && mkdir -p a/b");
	assert_touches(f, "a/b/two.md", "echo 6 > a/b/two.md");
	assert_touches(f, "a/b/two.md", "chmod 700 a/b");
	assert_touches(f, "a/b/two.md", "mv a d/a && ln -s d/a a");
}

/* What happens between the question and the look is told by the next. */
static void test_meanwhile(void **state)
{
	struct fixture *f = *state;

	scratch_write(f->s, "a/b/one.md", "1");
	assert_int_equal(watch_read(f->w), WATCH_TOUCHED);
	scratch_write(f->s, "a/b/one.md", "2");
	look_again(f);
	assert_int_equal(watch_read(f->w), WATCH_TOUCHED);
	assert_true(is_touched(f, "a/b/one.md"));
}

static void test_added(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scratch_run(f->s, "echo 1 > d/not.md"), 0);
	assert_int_equal(watch_read(f->w), WATCH_QUIET);
	watch_touch(f->w, "d/ours.md");
	assert_int_equal(watch_read(f->w), WATCH_TOUCHED);
	watch_cover(f->w, "d/ours.md");
	watch_end(f->w, false);
	assert_touches(f, "d/ours.md", "echo 1 > d/ours.md");
}

static void test_everything(void **state)
{
	struct fixture *f = *state;

	for (int i = 0; i < 3000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "d/%d", i);
		watch_touch(f->w, name);
	}
	assert_int_equal(watch_read(f->w), WATCH_ALL);
	look_at_all(f);
	assert_int_equal(watch_read(f->w), WATCH_QUIET);
	assert_int_equal(scratch_run(f->s,
				 "n=$(cat /proc/sys/fs/inotify/"
				 "max_queued_events); i=0; while [ $i -le $n ];"
				 " do echo >> a/b/one.md; echo >> a/b/two.md;"
				 " i=$((i + 1)); done"),
		0);
	assert_int_equal(watch_read(f->w), WATCH_ALL);
	look_at_all(f);
	assert_int_equal(watch_read(f->w), WATCH_QUIET);
	assert_touches(f, "top.md", "rm top.md");
}

static void test_root(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(scratch_run(f->s, "mv ../${PWD##*/} ../moved-root && "
					   "mv ../moved-root $PWD"),
		0);
	assert_int_equal(watch_read(f->w), WATCH_ALL);
	look_at_all(f);
	assert_touches(f, "a/b/one.md", "rm a/b/one.md");
}

/* Files of another file system, which may be one that others write to. */
static void test_off(void **state)
{
	struct fixture *f = *state;
	struct watch *other = watch_new("/proc");
	struct stat st;

	watch_begin(other);
	watch_end(other, true);
	assert_false(watch_is_whole(other));
	assert_int_equal(watch_read(other), WATCH_OFF);
	watch_free(other);
	assert_int_equal(stat(f->s->path, &st), 0);
	watch_met(f->w, st.st_dev);
	assert_true(watch_is_whole(f->w));
	watch_met(f->w, st.st_dev + 1);
	assert_false(watch_is_whole(f->w));
	look_at_all(f);
	assert_int_equal(watch_read(f->w), WATCH_OFF);
	assert_int_equal(watch_read(NULL), WATCH_OFF);
}

/* Above the bound nothing is watched; what is not there does not count. */
static void test_too_many(void **state)
{
	struct fixture *f = *state;
	char path[32];

	watch_touch(f->w, "many");
	assert_int_equal(watch_read(f->w), WATCH_TOUCHED);
	for (int i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "many/%d/x", i);
		watch_cover(f->w, path);
	}
	assert_true(watch_is_whole(f->w)); /* they are not there */
	assert_int_equal(scratch_run(f->s, "mkdir many && cd many && "
					   "seq 17000 | xargs mkdir"),
		0);
	for (int i = 0; i < 17000; i++) {
		snprintf(path, sizeof(path), "many/%d/x", i + 1);
		watch_cover(f->w, path);
	}
	assert_false(watch_is_whole(f->w));
	assert_int_equal(watch_read(f->w), WATCH_OFF);
}

/* How many a user may have is not told: some thousand are watched. */
static void test_hidden_limit(void **state)
{
	struct fixture *f = *state;

	watch_lose(f->w);
	proc_is_bare = true;
	look_at_all(f);
	proc_is_bare = false;
	assert_true(watch_is_whole(f->w));
	assert_touches(f, "a/b/one.md", "echo y > a/b/one.md");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_files),
		TEST(test_folders),
		TEST(test_meanwhile),
		TEST(test_added),
		TEST(test_everything),
		TEST(test_root),
		TEST(test_off),
		TEST(test_too_many),
		TEST(test_hidden_limit),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
