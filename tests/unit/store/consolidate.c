/*
 * consolidate - when there is enough to make one pack of, and of which packs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/str.h"
#include "store/consolidate.h"
#include "tests/unit/store/scratch.h"

#define MIB ((off_t)1 << 20)

static void write_file(const struct scratch *s, const char *name,
	const uint8_t *end, off_t size)
{
	char *inside = xasprintf(".git/objects/pack/%s", name);
	char *path = scratch_file(s, inside);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	if (end != NULL)
		assert_int_equal(pwrite(fd, end, 4, 1028), 4);
	close(fd);
	free(path);
	free(inside);
}

/* What is looked at of a pack: its size, and its idx's number of objects. */
static void make_pack(
	const struct scratch *s, const char *stem, uint32_t n, off_t size)
{
	char *pack = xasprintf("%s.pack", stem);
	char *idx = xasprintf("%s.idx", stem);
	uint8_t end[4];

	put_be32(end, n);
	write_file(s, idx, end, 1100);
	write_file(s, pack, NULL, size);
	free(pack);
	free(idx);
}

static void make_small(const struct scratch *s, int n)
{
	for (int i = 0; i < n; i++) {
		char stem[32];

		snprintf(stem, sizeof(stem), "small-%d", i);
		make_pack(s, stem, 10, 1000);
	}
}

/* Is it time, and do these stay (as listed, sorted), and no others? */
static void check(const struct scratch *s, bool due, const char *stay)
{
	struct buf keep = {0};
	char *common = scratch_file(s, ".git");

	assert_int_equal(consolidate_is_due(common, &keep), due);
	assert_string_equal(buf_str(&keep).n > 0 ? keep.p : "", stay);
	buf_fini(&keep);
	free(common);
}

static void test_packs(void **state)
{
	const struct scratch *s = *state;

	check(s, false, "");
	make_small(s, 50);
	make_pack(s, "objects", 100001, 1000);
	make_pack(s, "bytes", 1, 256 * MIB + 1);
	make_pack(s, ".tmp-1-pack-a", 10, 1000);
	make_pack(s, "marked", 10, 1000);
	write_file(s, "marked.keep", NULL, 0);
	write_file(s, "without.pack", NULL, 1000);
	check(s, false, "");
	make_pack(s, "another", 100000, 1000);
	check(s, true, "bytes.pack\nanother.pack\nobjects.pack\n");
}

static void test_loose(void **state)
{
	const struct scratch *s = *state;

	scratch_run(s, "mkdir -p .git/objects/ab .git/objects/ff && "
		       "cd .git/objects/ab && seq -f %%038.0f 1990 | "
		       "xargs touch tmp_obj_1 && cd ../ff && "
		       "seq -f %%038.0f 8 | xargs touch");
	check(s, false, "");
	scratch_run(s, "touch .git/objects/ff/$(printf %%038d 0)");
	check(s, false, "");
	scratch_run(s, "touch .git/objects/ab/$(printf %%038d 0)");
	check(s, true, "");
}

static void test_large_loose(void **state)
{
	const struct scratch *s = *state;

	scratch_run(s, "mkdir -p .git/objects/ab && cd .git/objects/ab && "
		       "truncate -s 64M $(printf %%038d 0)");
	check(s, false, "");
	scratch_run(s, "truncate -s 64M .git/objects/ab/$(printf %%038d 1)");
	check(s, true, "");
}

/* As many as fit, the smallest first. */
static void test_bounds(void **state)
{
	const struct scratch *s = *state;

	make_small(s, 51);
	make_pack(s, "a", 11, 200 * MIB);
	make_pack(s, "b", 12, 100 * MIB);
	make_pack(s, "c", 13, 50 * MIB);
	make_pack(s, "d", 90000, 1000);
	make_pack(s, "e", 90001, 1000);
	check(s, true, "b.pack\ne.pack\n");
}

/* Two at least: else it would never end. */
static void test_two(void **state)
{
	const struct scratch *s = *state;
	char *common = scratch_file(s, ".git");
	struct buf keep = {0};
	size_t lines = 0;

	for (int i = 0; i < 51; i++) {
		char stem[32];

		snprintf(stem, sizeof(stem), "p%d", i);
		make_pack(s, stem, 90000, 1000);
	}
	assert_true(consolidate_is_due(common, &keep));
	for (size_t i = 0; i < keep.n; i++)
		lines += keep.p[i] == '\n';
	assert_int_equal(lines, 49);
	buf_fini(&keep);
	free(common);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_packs),
		TEST(test_loose),
		TEST(test_large_loose),
		TEST(test_bounds),
		TEST(test_two),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
