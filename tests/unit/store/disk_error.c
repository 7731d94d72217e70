/*
 * disk_error - what the disk could not take, and tells once.
 */
#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#include "tests/unit/store/fixture.h"

#define MANY 200 /* files, that are put on disk together */

static atomic_bool broken;
static atomic_int n_failed;

/* The system's, as long as the disk is well. */
int syncfs(int fd)
{
	if (!atomic_load(&broken))
		return (int)syscall(SYS_syncfs, fd);
	atomic_fetch_add(&n_failed, 1);
	errno = EIO;
	return -1;
}

static void wait_for_failure(void)
{
	for (int i = 0; i < 6000 && atomic_load(&n_failed) == 0; i++)
		usleep(10000);
	assert_int_not_equal(atomic_load(&n_failed), 0);
}

static void put_many(struct fixture *f, int64_t first)
{
	for (int64_t id = first; id < first + MANY; id++) {
		char path[32];
		char text[32];

		snprintf(path, sizeof(path), "%d/%d.md", (int)id % 7, (int)id);
		snprintf(text, sizeof(text), "number %d\n", (int)id);
		put_well(f, id, make(path, text, NULL), STORE_ADDED);
	}
}

/*
 * Their files have another name, too, and so tell when they get a third: as
 * many as are there still, for the error may be known already.
 */
static void hold_those_ahead(struct fixture *f)
{
	run("for i in $(seq 1000); do"
	    " test $(ls '%s'/.git/opsync/tmp/ahead*/tmp_file_* 2>/dev/null |"
	    " wc -l) -ge 128 && break; sleep .01; done; mkdir '%s/held' &&"
	    " ln '%s'/.git/opsync/tmp/ahead*/tmp_file_* '%s/held'"
	    " 2>/dev/null || true",
		f->path, f->folder, f->path, f->folder);
}

/*
 * An error while one commit's files are put on disk may be of those that are
 * written ahead of the next: they are made again.
 */
static void test_written_ahead(void **state)
{
	struct fixture *f = *state;
	struct store_commit c = commit_of(7);

	open_store(f);
	put_many(f, 1);
	c.partial = true;
	atomic_store(&broken, true);
	assert_int_equal(store_commit(f->store, &c, &f->err), 0);
	put_many(f, 1001);
	hold_those_ahead(f);
	wait_for_failure();
	atomic_store(&broken, false);
	commit(f);
	assert_string_equal(
		run("find '%s/held' -type f -links +1", f->folder), "");
	check_clean(f);
	assert_string_equal(
		run("find '%s' -name '*.md' | wc -l | tr -d '\\n'", f->path),
		"400");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_written_ahead),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
