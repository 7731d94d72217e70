/*
 * objects: what is there already, from this batch, from one before or from
 * others, is not written again.
 */
#include "tests/unit/store/batch.h"

/* Two blobs for one content, however it comes, are one. */
static void the_same_is_not_written_twice(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	char *bytes = noise(BIG, 9);
	int fd = unnamed(s, bytes, BIG);
	git_oid one;
	git_oid two;

	add_text(o, "same");
	add_text(o, "same");
	assert_int_equal(objects_count(o), 1);
	add_many(o, "many", 100);
	assert_int_equal(objects_blob(o, bytes, BIG, &one, NULL), 0);
	assert_int_equal(objects_count(o), 102);
	assert_int_equal(objects_blob_fd(o, fd, (int64_t)BIG, &two, NULL), 0);
	assert_int_equal(objects_count(o), 102);
	assert_true(git_oid_equal(&one, &two));
	add_text(o, "behind it");
	commit_one(s, &two);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_sound(s);

	add_text(o, "same");
	add_many(o, "many", 100);
	commit_one(s, &one);
	assert_int_equal(objects_count(o), 0);
	add_many(o, "other", 99);
	assert_int_equal(objects_blob(o, bytes, BIG / 8, &two, NULL), 0);
	assert_int_equal(ftruncate(fd, (off_t)BIG / 8), 0);
	assert_int_equal(
		objects_blob_fd(o, fd, (int64_t)BIG / 8, &two, NULL), 0);
	assert_int_equal(objects_count(o), 100);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(pwrite(fd, bytes, BIG, 0), (ssize_t)BIG);
	assert_int_equal(objects_blob_fd(o, fd, (int64_t)BIG, &two, NULL), 0);
	assert_int_equal(objects_count(o), 100);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_sound(s);
	objects_free(o);
	close(fd);
	free(bytes);
}

/* Among few it is looked for; among many a second copy does no harm. */
static void fresh_ones_may_be_there_already(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	const char text[] = "was there before";
	struct parcel p = {.bytes = text, .n = sizeof(text)};
	git_oid oid;

	assert_int_equal(objects_blob(o, text, sizeof(text), &p.oid, NULL), 0);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_int_equal(objects_parcel(o, &p, true, &oid, NULL), 0);
	assert_int_equal(objects_count(o), 0);
	add_many(o, "many", 100);
	assert_int_equal(objects_parcel(o, &p, false, &oid, NULL), 0);
	assert_int_equal(objects_count(o), 100);
	assert_int_equal(objects_parcel(o, &p, true, &oid, NULL), 0);
	assert_int_equal(objects_parcel(o, &p, true, &oid, NULL), 0);
	assert_int_equal(objects_count(o), 101);
	assert_true(git_oid_equal(&oid, &p.oid));
	commit_one(s, &oid);
	assert_int_equal(objects_seal(o, NULL), 0);
	/* The first after many are not looked for; behind few, they are. */
	assert_int_equal(objects_parcel(o, &p, true, &oid, NULL), 0);
	assert_int_equal(objects_count(o), 1);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_int_equal(objects_parcel(o, &p, true, &oid, NULL), 0);
	assert_int_equal(objects_count(o), 0);
	assert_sound(s);
	objects_free(o);
}

static git_oid by_file(struct objects *o, int fd)
{
	git_oid oid;

	assert_int_equal(objects_blob_fd(o, fd, (int64_t)BIG, &oid, NULL), 0);
	return oid;
}

static git_oid by_stream(struct objects *o, int fd)
{
	char *bytes = xmalloc(BIG);
	struct blob_stream *in;
	git_oid oid;

	assert_int_equal(pread(fd, bytes, BIG, 0), (ssize_t)BIG);
	assert_int_equal(blob_stream_begin(o, BIG, &in, NULL), 0);
	assert_int_equal(blob_stream_add(in, bytes, BIG, NULL), 0);
	assert_int_equal(blob_stream_end(in, &oid, NULL), 0);
	blob_stream_drop(in);
	free(bytes);
	return oid;
}

/* Another git has made it, long ago. */
static void make_old(const struct scratch *s, const char *bytes, bool packed)
{
	int fd = unnamed(s, bytes, BIG);

	assert_int_equal(
		scratch_run(s,
			"git hash-object -w /proc/%d/fd/%d | %s && "
			"find .git/objects -type f -exec "
			"touch -d '2 months ago' {} +",
			(int)getpid(), fd,
			packed ? "git pack-objects -q .git/objects/pack/pack "
				 ">/dev/null && git prune-packed -q"
			       : "cat >/dev/null"),
		0);
	close(fd);
}

/*
 * One that is there is marked as used, so that no "git gc" takes it, which goes
 * by the time of its file; one that is just gone is written again.
 */
static void large_ones_are_marked_as_used(void **state)
{
	struct scratch *s = *state;

	for (uint32_t i = 0; i < 8; i++) {
		char *bytes = noise(BIG, 23 + i);
		int fd = unnamed(s, bytes, BIG);
		struct objects *o = open_batch(s);
		bool gone = i & 2;
		git_oid oid;

		make_old(s, bytes, i & 1);
		git_odb_hash(&oid, bytes, BIG, GIT_OBJECT_BLOB);
		assert_true(objects_has(o, &oid));
		if (gone)
			scratch_run(s, "rm -r .git/objects/*/*");
		oid = i & 4 ? by_stream(o, fd) : by_file(o, fd);
		assert_int_equal(objects_count(o), gone && !(i & 4));
		assert_int_equal(objects_seal(o, NULL), 0);
		assert_int_equal(scratch_run(s, "git cat-file -e %s",
					 git_oid_tostr_s(&oid)),
			0);
		assert_int_equal(
			scratch_run(s,
				"test $(find .git/objects -type f -size +1000k "
				"-newermt '1 hour ago' | wc -l) = 1"),
			0);
		scratch_run(s, "rm -r .git/objects/*/*");
		objects_free(o);
		close(fd);
		free(bytes);
	}
}

/*
 * Another process packs what is there again and again: at once, and when the
 * folder has rested so that it is not read each time.
 */
static void packs_of_others_are_seen(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	git_odb *odb;

	assert_int_equal(git_repository_odb(&odb, s->repo), 0);
	for (int i = 0; i < 12; i++) {
		char text[32];
		git_oid oid;

		snprintf(text, sizeof(text), "by another %d", i);
		git_odb_hash(&oid, text, strlen(text), GIT_OBJECT_BLOB);
		usleep(i % 3 == 0 ? 150000 : 0);
		add_text(o, text);
		assert_true(git_odb_exists(odb, &oid));
		objects_drop(o);
		assert_false(git_odb_exists(odb, &oid));
		assert_false(git_odb_exists(odb, &oid));
		assert_int_equal(
			scratch_run(s,
				"printf '%s' | git hash-object -w --stdin | "
				"git pack-objects -q .git/objects/pack/pack "
				">/dev/null && git prune-packed -q",
				text),
			0);
		assert_true(git_odb_exists(odb, &oid));
	}
	git_odb_free(odb);
	objects_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_same_is_not_written_twice),
		TEST(fresh_ones_may_be_there_already),
		TEST(large_ones_are_marked_as_used),
		TEST(packs_of_others_are_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
