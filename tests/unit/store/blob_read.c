/*
 * blob_read: contents of any size, wherever git keeps them.
 */
#include "store/blob_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "store/pack_find.h"
#include "tests/unit/store/scratch.h"

#define LARGE ((size_t)3 << 20) /* bytes, of which few come at a time */
#define PIECES ((size_t)256 << 10)

struct seen {
	struct buf bytes;
	size_t most; /* in a piece */
	size_t stop; /* with so much, unless it is 0 */
};

static int take(void *arg, const void *bytes, size_t n, struct err *e)
{
	struct seen *seen = arg;

	buf_add(&seen->bytes, bytes, n);
	seen->most = n > seen->most ? n : seen->most;
	if (seen->stop > 0 && seen->bytes.n >= seen->stop)
		return err_set(e, ERR_CANCELED, "enough");
	return 0;
}

/* Bytes that do not shrink, always the same for a seed. */
static void make_noise(
	const struct scratch *s, const char *name, size_t n, uint32_t seed)
{
	char *file = scratch_file(s, name);
	FILE *out = fopen(file, "w");

	assert_non_null(out);
	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		fputc((int)(seed >> 24), out);
	}
	assert_int_equal(fclose(out), 0);
	free(file);
}

static void read_id(const struct scratch *s, git_oid *oid)
{
	char hex[GIT_OID_HEXSZ + 1] = "";
	char *file = scratch_file(s, "id");
	FILE *in = fopen(file, "r");

	assert_non_null(in);
	assert_int_equal(fread(hex, 1, GIT_OID_HEXSZ, in), GIT_OID_HEXSZ);
	fclose(in);
	free(file);
	assert_int_equal(git_oid_fromstr(oid, hex), 0);
}

static void add(const struct scratch *s, const char *name, git_oid *oid)
{
	assert_int_equal(scratch_run(s, "git hash-object -w %s > id", name), 0);
	read_id(s, oid);
}

static void pack(const struct scratch *s, const char *options)
{
	assert_int_equal(scratch_run(s,
				 "git add . && git commit -qm . &&"
				 " git repack -adq %s && git prune",
				 options),
		0);
}

static int blob(const struct scratch *s, const git_oid *oid, struct seen *seen,
	struct err *e)
{
	char *folder = scratch_file(s, ".git/objects");
	git_odb *odb;
	int r;

	assert_int_equal(git_repository_odb(&odb, s->repo), 0);
	assert_int_equal(git_odb_refresh(odb), 0);
	r = blob_read(odb, folder, oid, take, seen, e);
	git_odb_free(odb);
	free(folder);
	return r;
}

static bool is_packed_whole(const struct scratch *s, const git_oid *oid)
{
	char *folder = scratch_file(s, ".git/objects/pack");
	struct object it;
	int fd;
	bool found = pack_find(folder, oid, &fd, &it);

	if (found)
		close(fd);
	free(folder);
	return found;
}

static void assert_reads(const struct scratch *s, const git_oid *oid,
	const char *name, size_t most)
{
	struct seen seen = {0};
	char *file = scratch_file(s, "out");
	FILE *out;

	assert_int_equal(blob(s, oid, &seen, NULL), 0);
	out = fopen(file, "w");
	assert_non_null(out);
	assert_int_equal(
		fwrite(seen.bytes.p, 1, seen.bytes.n, out), seen.bytes.n);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(scratch_run(s, "cmp out %s && rm out", name), 0);
	assert_true(seen.most <= most);
	buf_fini(&seen.bytes);
	free(file);
}

static void loose_and_packed(void **state)
{
	const struct scratch *s = *state;
	git_oid large;
	git_oid small;
	git_oid zeros;

	make_noise(s, "large", LARGE, 1);
	make_noise(s, "small", 1000, 2);
	assert_int_equal(scratch_run(s, "head -c 3000000 /dev/zero >zeros"), 0);
	add(s, "large", &large);
	add(s, "small", &small);
	add(s, "zeros", &zeros);
	assert_reads(s, &large, "large", PIECES);
	assert_reads(s, &small, "small", 1000);
	assert_false(is_packed_whole(s, &large));
	pack(s, "");
	assert_true(is_packed_whole(s, &large));
	assert_true(is_packed_whole(s, &small));
	assert_reads(s, &large, "large", PIECES);
	assert_reads(s, &small, "small", 1000);
	assert_reads(s, &zeros, "zeros", PIECES);
}

static void among_many_in_several_packs(void **state)
{
	const struct scratch *s = *state;
	git_oid one;
	git_oid two;
	git_oid none = {{1}};

	make_noise(s, "one", LARGE, 3);
	add(s, "one", &one);
	pack(s, "");
	assert_int_equal(scratch_run(s, "for i in $(seq 600); do echo $i >f$i;"
					" done"),
		0);
	make_noise(s, "two", LARGE + 1, 4);
	add(s, "two", &two);
	assert_int_equal(scratch_run(s, "git add . && git commit -qm 2 &&"
					" git repack -dq"),
		0);
	assert_reads(s, &one, "one", PIECES);
	assert_reads(s, &two, "two", PIECES);
	assert_false(is_packed_whole(s, &none));
	assert_int_equal(blob(s, &none, &(struct seen){0}, NULL), ERR_IO);
}

static void what_is_a_delta(void **state)
{
	const struct scratch *s = *state;
	git_oid one;
	git_oid two;

	make_noise(s, "one", LARGE, 5);
	assert_int_equal(scratch_run(s, "cp one two && echo more >>two"), 0);
	add(s, "one", &one);
	add(s, "two", &two);
	pack(s, "--window=10 --depth=10");
	assert_false(is_packed_whole(s, &one) && is_packed_whole(s, &two));
	assert_reads(s, &one, "one", LARGE + 5);
	assert_reads(s, &two, "two", LARGE + 5);
}

/* What is borrowed (info/alternates), loose and in a pack. */
static void elsewhere(void **state)
{
	const struct scratch *s = *state;
	git_oid large;
	git_oid own;

	make_noise(s, "large", LARGE, 9);
	make_noise(s, "own", LARGE, 10);
	assert_int_equal(
		scratch_run(s, "git init -q o && git -C o hash-object -w "
			       "../large >/dev/null &&"
			       " echo ../../o/.git/objects"
			       " >.git/objects/info/alternates"),
		0);
	assert_int_equal(
		scratch_run(s, "git -C o hash-object ../large >id"), 0);
	read_id(s, &large);
	add(s, "own", &own);
	assert_reads(s, &large, "large", PIECES);
	assert_reads(s, &own, "own", PIECES);
	assert_int_equal(
		scratch_run(s, "cp large o && cd o && git add . &&"
			       " git commit -qm . && git repack -adq &&"
			       " git prune-packed"),
		0);
	assert_reads(s, &large, "large", PIECES);
}

/* A loose one that is damaged, cut off, or another's. */
static void what_is_loose_and_damaged(void **state)
{
	static const char *const damages[] = {
		"printf XXXX | dd of=$f bs=1 seek=1500000 conv=notrunc 2>>log",
		"truncate -s 1000000 $f", "truncate -s 0 $f", "cp $g $f"};
	const struct scratch *s = *state;
	git_oid oid;

	for (size_t i = 0; i < ARRAY_LEN(damages); i++) {
		struct seen seen = {0};

		make_noise(s, "other", LARGE, 11);
		make_noise(s, "large", LARGE, 12 + (uint32_t)i);
		add(s, "other", &oid);
		add(s, "large", &oid);
		assert_int_equal(
			scratch_run(s,
				"at() { i=$(git hash-object $1); echo "
				".git/objects/$(echo $i | cut -c-2)/$(echo $i "
				"| cut -c3-); }; f=$(at large); g=$(at other);"
				" chmod +w $f && %s",
				damages[i]),
			0);
		assert_int_equal(blob(s, &oid, &seen, NULL), ERR_IO);
		buf_fini(&seen.bytes);
	}
}

/* As git reads it: what is in a pack goes before what is loose. */
static void what_is_packed_and_loose(void **state)
{
	const struct scratch *s = *state;
	git_oid oid;

	make_noise(s, "large", LARGE, 20);
	add(s, "large", &oid);
	assert_int_equal(
		scratch_run(s,
			"git add . && git commit -qm . &&"
			" git repack -aq && f=$(git rev-parse HEAD:large |"
			" sed 's|^..|.git/objects/&/|') &&"
			" chmod +w $f && truncate -s 1000000 $f"),
		0);
	assert_reads(s, &oid, "large", PIECES);
}

/* In the middle of a stored block, which no checksum of a piece tells. */
static void what_is_damaged(void **state)
{
	const struct scratch *s = *state;
	struct seen seen = {0};
	git_oid oid;

	make_noise(s, "large", LARGE, 6);
	add(s, "large", &oid);
	pack(s, "");
	assert_int_equal(
		scratch_run(s,
			"chmod +w .git/objects/pack/*.pack && printf XXXX | dd "
			"of=$(ls .git/objects/pack/*.pack) bs=1 seek=1500000 "
			"conv=notrunc 2>/dev/null"),
		0);
	assert_int_equal(blob(s, &oid, &seen, NULL), ERR_IO);
	buf_fini(&seen.bytes);
}

/* Its head says that it is a third as long: so much is enough to know. */
static void what_is_longer_than_it_says(void **state)
{
	const struct scratch *s = *state;
	struct seen seen = {0};
	git_oid oid;

	make_noise(s, "large", LARGE, 9);
	add(s, "large", &oid);
	pack(s, "");
	assert_int_equal(
		scratch_run(s,
			"p=$(ls .git/objects/pack/*.pack) && chmod +w $p &&"
			" at=$(git verify-pack -v $p | awk '/^%s/ {print $5}')"
			" && printf '\\260\\200\\200\\004' |"
			" dd of=$p bs=1 seek=$at conv=notrunc 2>/dev/null",
			git_oid_tostr_s(&oid)),
		0);
	assert_int_equal(blob(s, &oid, &seen, NULL), ERR_IO);
	assert_true(seen.bytes.n > 0 && seen.bytes.n <= LARGE / 3);
	buf_fini(&seen.bytes);
}

/* An idx that is none, or cut off, is passed over. */
static void what_is_no_idx(void **state)
{
	const struct scratch *s = *state;
	git_oid oid;
	git_oid none = {{1}};

	make_noise(s, "large", LARGE, 7);
	add(s, "large", &oid);
	pack(s, "");
	assert_int_equal(
		scratch_run(s, "cd .git/objects/pack && i=$(ls *.idx) &&"
			       " head -c 2000 /dev/zero >a.idx &&"
			       " head -c 1100 $i >b.idx && : >c.idx &&"
			       " mkdir d.idx && ln -s none e.idx &&"
			       " mkfifo f.idx"),
		0);
	assert_true(is_packed_whole(s, &oid));
	assert_false(is_packed_whole(s, &none));
}

static void enough_is_enough(void **state)
{
	const struct scratch *s = *state;
	struct seen seen = {.stop = 100000};
	struct err e = {0};
	git_oid oid;

	make_noise(s, "large", LARGE, 8);
	add(s, "large", &oid);
	assert_int_equal(blob(s, &oid, &seen, &e), ERR_CANCELED);
	buf_clear(&seen.bytes);
	pack(s, "");
	assert_int_equal(blob(s, &oid, &seen, &e), ERR_CANCELED);
	assert_string_equal(e.text, "enough");
	assert_true(seen.bytes.n < LARGE);
	buf_fini(&seen.bytes);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(loose_and_packed),
		TEST(among_many_in_several_packs),
		TEST(what_is_a_delta),
		TEST(elsewhere),
		TEST(what_is_damaged),
		TEST(what_is_loose_and_damaged),
		TEST(what_is_packed_and_loose),
		TEST(what_is_longer_than_it_says),
		TEST(what_is_no_idx),
		TEST(enough_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
