/*
 * objects - batches of git objects, judged by the git program.
 */
#include "store/objects.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>

#include "store/pack_index.h"
#include "tests/unit/store/scratch.h"

#define BIG ((size_t)3 << 20)

static struct objects *open_batch(const struct scratch *s)
{
	struct objects *o;

	assert_int_equal(objects_new(s->repo, s->temp, &o, NULL), 0);
	return o;
}

/* Bytes that do not shrink, always the same for a seed. */
static char *noise(size_t n, uint32_t seed)
{
	char *bytes = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
	return bytes;
}

/* A file of those bytes, read-write, without a name. */
static int unnamed(const struct scratch *s, const char *bytes, size_t n)
{
	int fd = open(s->temp, O_TMPFILE | O_RDWR, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	return fd;
}

static git_oid add_text(struct objects *o, const char *text)
{
	git_oid oid;

	assert_int_equal(objects_blob(o, text, strlen(text), &oid, NULL), 0);
	return oid;
}

/* n blobs of text that differ by name. */
static void add_many(struct objects *o, const char *name, int n)
{
	for (int i = 0; i < n; i++) {
		char text[200];

		snprintf(text, sizeof(text), "%s %d\n%0*d\n", name, i, i % 90,
			i);
		add_text(o, text);
	}
}

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

/* A commit of a tree with one file, through libgit2; the first is HEAD. */
static void commit_one(const struct scratch *s, const git_oid *blob)
{
	git_treebuilder *builder;
	git_signature *who;
	git_tree *tree;
	git_oid id;
	const char *ref = git_repository_head_unborn(s->repo) ? "HEAD" : NULL;

	assert_int_equal(git_treebuilder_new(&builder, s->repo, NULL), 0);
	assert_int_equal(git_treebuilder_insert(
				 NULL, builder, "a", blob, GIT_FILEMODE_BLOB),
		0);
	assert_int_equal(git_treebuilder_write(&id, builder), 0);
	git_treebuilder_free(builder);
	assert_int_equal(git_tree_lookup(&tree, s->repo, &id), 0);
	assert_int_equal(git_signature_new(&who, "a", "a@b", 1, 0), 0);
	assert_int_equal(git_commit_create(&id, s->repo, ref, who, who, NULL,
				 "one", tree, 0, NULL),
		0);
	git_signature_free(who);
	git_tree_free(tree);
}

static void assert_sound(const struct scratch *s)
{
	assert_int_equal(
		scratch_run(s, "git fsck --strict --no-dangling 2>fsck.out && "
			       "! test -s fsck.out"),
		0);
}

static void assert_packs_sound(const struct scratch *s)
{
	assert_sound(s);
	assert_int_equal(
		scratch_run(s, "git verify-pack .git/objects/pack/*.idx"), 0);
}

static void assert_no_temporary_files(const struct scratch *s)
{
	assert_int_equal(scratch_run(s, "test -z \"$(ls .git/opsync)\""), 0);
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
	assert_sound(s);
	objects_free(o);
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
		char text[20];
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

/* Offsets beyond 2 GiB, as "git show-index" reads them. */
static void far_offsets_are_in_the_idx(void **state)
{
	struct scratch *s = *state;
	char *path = scratch_file(s, "far.idx");
	struct object_table table = {0};
	uint8_t checksum[20] = {0};

	for (unsigned i = 0; i < 4; i++) {
		struct object it = {.offset = 12 + i * UINT64_C(0x70000000)};

		it.oid.id[0] = (unsigned char)(0xff - i);
		it.crc = i;
		object_table_add(&table, &it);
	}
	assert_int_equal(pack_index_write(path, &table, checksum, NULL), 0);
	assert_int_equal(
		scratch_run(s,
			"git show-index <far.idx | cut -c1-13 >is && printf "
			"'5637144588 fc\\n3758096396 fd\\n1879048204 fe\\n"
			"12 ff00000000\\n' >want && cmp is want"),
		0);
	object_table_fini(&table);
	free(path);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(few_become_loose_objects),
		TEST(many_become_one_pack),
		TEST(about_as_large_as_the_room_for_it),
		TEST(one_that_comes_in_pieces_ends_anywhere),
		TEST(the_same_is_not_written_twice),
		TEST(a_file_that_changes_is_refused),
		TEST(a_dropped_batch_leaves_nothing),
		TEST(a_failed_seal_can_be_tried_again),
		TEST(a_pack_without_idx_is_taken_back),
		TEST(parcels_are_blobs_like_others),
		TEST(fresh_ones_may_be_there_already),
		TEST(packs_of_others_are_seen),
		TEST(a_full_disk_takes_one_object_back),
		TEST(far_offsets_are_in_the_idx),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
