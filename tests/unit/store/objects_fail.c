/*
 * objects: batches that are dropped, or that go wrong midway, leave nothing
 * half done and can go on.
 */
#include <signal.h>
#include <sys/resource.h>

#include "tests/unit/store/batch.h"

static void a_file_that_changes_is_refused(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	char *bytes = noise(BIG, 11);
	int fd = unnamed(s, bytes, BIG);
	struct err err = {0};
	git_oid oid;

	add_many(o, "many", 100);
	assert_int_equal(
		objects_blob_fd(o, fd, (int64_t)BIG + 1, &oid, &err), ERR_IO);
	assert_non_null(strstr(err.text, "shorter"));
	assert_int_equal(
		objects_blob_fd(o, fd, (int64_t)BIG - 1, &oid, &err), ERR_IO);
	assert_non_null(strstr(err.text, "longer"));
	assert_int_equal(objects_count(o), 100);
	oid = add_text(o, "goes on");
	commit_one(s, &oid);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_sound(s);
	objects_free(o);
	close(fd);
	free(bytes);
}

static void a_dropped_batch_leaves_nothing(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);

	add_many(o, "many", 100);
	assert_int_not_equal(
		scratch_run(s, "test -z \"$(ls .git/opsync)\""), 0);
	objects_drop(o);
	assert_int_equal(objects_count(o), 0);
	assert_no_temporary_files(s);
	assert_int_equal(objects_seal(o, NULL), 0);
	add_many(o, "again", 100);
	objects_free(o);
	assert_no_temporary_files(s);
	assert_int_equal(
		scratch_run(s, "test -z \"$(find .git/objects -type f)\""), 0);

	assert_int_equal(scratch_run(s, "touch .git/opsync/tmp_pack_x "
					".git/opsync/tmp_obj_y "
					".git/opsync/state"),
		0);
	assert_int_equal(objects_clean(s->temp, NULL), 0);
	assert_int_equal(
		scratch_run(s, "test \"$(ls .git/opsync)\" = state"), 0);
}

static void a_failed_seal_can_be_tried_again(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	struct err err = {0};
	git_oid oid = add_text(o, "few");

	assert_int_equal(scratch_run(s, "mv .git/objects away && "
					"touch .git/objects"),
		0);
	assert_int_equal(objects_seal(o, &err), ERR_IO);
	assert_int_equal(objects_count(o), 1);
	add_many(o, "many", 100);
	assert_int_equal(objects_seal(o, &err), ERR_IO);
	assert_int_equal(objects_count(o), 101);
	assert_int_equal(
		scratch_run(s, "rm .git/objects && mv away .git/objects"), 0);
	add_many(o, "more", 10);
	commit_one(s, &oid);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_sound(s);
	assert_no_temporary_files(s);
	objects_free(o);
}

/* The pack was in its place already when its idx could not be put there. */
static void a_pack_without_idx_is_taken_back(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);

	add_many(o, "many", 100);
	assert_int_equal(objects_seal(o, NULL), 0);
	objects_free(o);
	assert_int_equal(
		scratch_run(s, "cd .git/objects/pack && rm -f *.pack && for i "
			       "in *.idx; do rm -f $i; mkdir -p $i/x; done"),
		0);
	o = open_batch(s);
	add_many(o, "many", 100);
	assert_int_equal(objects_seal(o, NULL), ERR_IO);
	assert_int_equal(
		scratch_run(s, "! ls .git/objects/pack/*.pack 2>/dev/null"), 0);
	add_many(o, "more", 10);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_int_equal(scratch_run(s, "rmdir -p .git/objects/pack/*.idx/x "
					"2>/dev/null; git verify-pack "
					".git/objects/pack/*.idx"),
		0);
	assert_no_temporary_files(s);
	objects_free(o);
}

/* As a full disk does, but where a test can arrange it. */
static void limit_file_size(rlim_t n)
{
	struct rlimit limit = {n, RLIM_INFINITY};

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_full_disk_takes_one_object_back(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	char *bytes = noise(BIG, 13);
	git_oid oid;

	signal(SIGXFSZ, SIG_IGN);
	add_many(o, "many", 100);
	limit_file_size(BIG / 2);
	assert_int_equal(objects_blob(o, bytes, BIG, &oid, NULL), ERR_IO);
	assert_int_equal(objects_count(o), 100);
	assert_int_equal(objects_blob(o, bytes, BIG, &oid, NULL), ERR_IO);
	limit_file_size(RLIM_INFINITY);
	oid = add_text(o, "there is room again");
	commit_one(s, &oid);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_packs_sound(s);
	objects_free(o);
	free(bytes);
}

/* So large that its end needs room in a buffer that is full. */
static void a_full_disk_ends_no_large_blob(void **state)
{
	enum { SIZE = 2 * 1048496 - 18 };
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	char *bytes = noise(SIZE, 17);
	struct blob_stream *b;
	git_oid oid;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(blob_stream_begin(o, SIZE, &b, NULL), 0);
	limit_file_size(SIZE / 4);
	assert_int_equal(blob_stream_add(b, bytes, SIZE, NULL), 0);
	assert_int_equal(blob_stream_end(b, &oid, NULL), ERR_IO);
	limit_file_size(RLIM_INFINITY);
	blob_stream_drop(b);
	assert_no_temporary_files(s);
	objects_free(o);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_changes_is_refused),
		TEST(a_dropped_batch_leaves_nothing),
		TEST(a_failed_seal_can_be_tried_again),
		TEST(a_pack_without_idx_is_taken_back),
		TEST(a_full_disk_takes_one_object_back),
		TEST(a_full_disk_ends_no_large_blob),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
