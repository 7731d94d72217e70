/*
 * objects - batches of git objects: what becomes of few, many, and large ones,
 * judged by the git program.
 */
#include "tests/unit/store/batch.h"

/* The blob's content, by way of a file, is these bytes. */
static void assert_copies(const struct scratch *s, struct objects *o,
	const git_oid *oid, const char *bytes, size_t n)
{
	int fd = unnamed(s, "", 0);
	char *back = xmalloc(n + 1);

	assert_int_equal(objects_copy_blob(o, oid, fd, NULL), 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)n);
	assert_int_equal(pread(fd, back, n, 0), (ssize_t)n);
	assert_memory_equal(back, bytes, n);
	free(back);
	close(fd);
}

static void few_become_loose_objects(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	git_oid oid = add_text(o, "hello\n");
	git_odb *odb;

	assert_int_equal(git_repository_odb(&odb, s->repo), 0);
	assert_true(git_odb_exists(odb, &oid));
	git_odb_free(odb);
	assert_string_equal(git_oid_tostr_s(&oid),
		"ce013625030ba8dba906f756967f9e9ca394464a");
	commit_one(s, &oid);
	assert_int_equal(objects_count(o), 3);
	assert_copies(s, o, &oid, "hello\n", 6);
	assert_int_not_equal(scratch_run(s, "git cat-file -e %s 2>/dev/null",
				     git_oid_tostr_s(&oid)),
		0);

	assert_int_equal(objects_seal(o, NULL), 0);
	assert_int_equal(objects_count(o), 0);
	assert_int_equal(
		scratch_run(s, "test \"$(git show HEAD:a)\" = hello"), 0);
	assert_int_equal(scratch_run(s, "test -f .git/objects/ce/01*"), 0);
	assert_sound(s);
	assert_no_temporary_files(s);
	assert_copies(s, o, &oid, "hello\n", 6);
	objects_free(o);
}

static void many_become_one_pack(void **state)
{
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	char *bytes = noise(BIG, 7);
	int fd = unnamed(s, bytes, BIG);
	git_oid small = add_text(o, "small");
	git_oid empty = add_text(o, "");
	git_oid middle;
	git_oid big;

	add_many(o, "many", 300);
	assert_int_equal(objects_blob(o, bytes, 50000, &middle, NULL), 0);
	assert_int_equal(objects_blob_fd(o, fd, (int64_t)BIG, &big, NULL), 0);
	add_many(o, "more", 300);
	commit_one(s, &big);
	assert_int_equal(objects_count(o), 2 + 300 + 2 + 300 + 2);
	assert_copies(s, o, &big, bytes, BIG);
	assert_copies(s, o, &empty, "", 0);

	assert_int_equal(objects_seal(o, NULL), 0);
	assert_no_temporary_files(s);
	assert_packs_sound(s);
	assert_int_equal(
		scratch_run(s, "git index-pack -o theirs.idx "
			       ".git/objects/pack/*.pack >/dev/null && "
			       "cmp theirs.idx .git/objects/pack/*.idx"),
		0);
	assert_int_equal(scratch_run(s, "test $(git count-objects -v | sed -n "
					"'s/in-pack: //p') = 606"),
		0);
	assert_copies(s, o, &small, "small", 5); /* from the pack kept open */
	assert_copies(s, o, &middle, bytes, 50000);
	assert_copies(s, o, &big, bytes, BIG);
	objects_free(o);

	o = open_batch(s); /* and as libgit2 reads it */
	assert_copies(s, o, &small, "small", 5);
	assert_copies(s, o, &big, bytes, BIG);
	objects_free(o);
	close(fd);
	free(bytes);
}

/*
 * In memory, about as large as what a pack gathers before it writes (1 MiB),
 * or as what is left of that: noise, which is only stored, and text.
 */
static void about_as_large_as_the_room_for_it(void **state)
{
	const size_t room = (size_t)1 << 20;
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	char *bytes = noise(2 * room, 17);
	git_oid first;
	git_oid oid;

	add_many(o, "many", 100);
	assert_int_equal(objects_blob(o, bytes, room / 2, &first, NULL), 0);
	for (size_t n = room - 700; n <= room + 20; n += 17)
		assert_int_equal(objects_blob(o, bytes, n, &oid, NULL), 0);
	assert_copies(s, o, &first, bytes, room / 2);
	assert_copies(s, o, &oid, bytes, room + 14);
	for (size_t i = 0; i < 2 * room; i++)
		bytes[i] = (char)('a' + (bytes[i] & 15));
	for (size_t n = room / 2; n <= 2 * room; n += room / 8)
		assert_int_equal(objects_blob(o, bytes, n, &oid, NULL), 0);
	assert_copies(s, o, &oid, bytes, 2 * room);
	commit_one(s, &oid);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_packs_sound(s);
	objects_free(o);
	free(bytes);
}

/* A blob of its own, as it comes. */
static git_oid add_stream(
	struct objects *o, const char *bytes, size_t size, size_t piece)
{
	struct blob_stream *in;
	git_oid oid;

	assert_int_equal(blob_stream_begin(o, size, &in, NULL), 0);
	for (size_t at = 0; at < size; at += piece)
		assert_int_equal(
			blob_stream_add(in, bytes + at,
				size - at < piece ? size - at : piece, NULL),
			0);
	assert_int_equal(blob_stream_end(in, &oid, NULL), 0);
	blob_stream_drop(in);
	return oid;
}

/*
 * Its last bytes are in what is written first, or in what follows, or in both:
 * that has room for 1 MiB.
 */
static void one_that_comes_in_pieces_ends_anywhere(void **state)
{
	const size_t piece = 50000;
	const size_t around = 12 + 4 + 2 + 21 * 5; /* headers, of blocks too */
	const size_t room = ((size_t)1 << 20) - around;
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	char *bytes = noise(2 * room, 23);
	git_oid oid;

	for (size_t n = room - 12; n <= room + 6; n++) {
		oid = add_stream(o, bytes, n, piece);
		assert_copies(s, o, &oid, bytes, n);
	}
	oid = add_stream(o, bytes, 2 * room, 2 * room);
	commit_one(s, &oid);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_sound(s);
	assert_int_equal(scratch_run(s, "for i in .git/objects/pack/*.idx; do "
					"git verify-pack $i || exit; done"),
		0);
	objects_free(o);
	free(bytes);
}

/*
 * Made elsewhere: small ones, noise that takes one block of deflate's or a few,
 * and one that is too large for that.
 */
static void parcels_are_blobs_like_others(void **state)
{
	static const size_t sizes[] = {
		0, 5, 50000, 65535, 65536, 131070, 900000, 1 << 20, BIG};
	struct scratch *s = *state;
	struct objects *o = open_batch(s);
	git_oid oid;

	add_many(o, "many", 100); /* so that it is a pack */
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		char *bytes = noise(sizes[i], (uint32_t)i + 77);
		struct parcel p;
		git_oid expected;

		parcel_make(&p, bytes, sizes[i]);
		assert_int_equal(objects_parcel(o, &p, false, &oid, NULL), 0);
		assert_int_equal(objects_parcel(o, &p, false, &oid, NULL), 0);
		git_odb_hash(&expected, bytes, sizes[i], GIT_OBJECT_BLOB);
		assert_true(git_oid_equal(&oid, &expected));
		parcel_fini(&p);
		free(bytes);
	}
	assert_int_equal(objects_count(o), 100 + ARRAY_LEN(sizes));
	commit_one(s, &oid);
	assert_int_equal(objects_seal(o, NULL), 0);
	assert_packs_sound(s);
	objects_free(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(few_become_loose_objects),
		TEST(many_become_one_pack),
		TEST(about_as_large_as_the_room_for_it),
		TEST(one_that_comes_in_pieces_ends_anywhere),
		TEST(parcels_are_blobs_like_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
