/*
 * loose_read - loose objects that are cut off, damaged, or elsewhere.
 */
#include "store/loose_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store/scratch.h"

#define TEXT "one two three four five six seven eight nine ten\n"

/* Its id in hex, the path of its file, and that file's content. */
struct loose {
	git_oid oid;
	char *path;
	uint8_t bytes[4096];
	size_t n;
};

static struct loose write_loose(const struct scratch *s)
{
	struct loose l = {0};
	char *name;
	FILE *f;
	const char *hex;

	assert_int_equal(
		git_odb_hash(&l.oid, TEXT, strlen(TEXT), GIT_OBJECT_BLOB), 0);
	assert_true(scratch_write(s, "text", TEXT));
	assert_int_equal(
		scratch_run(s, "git hash-object -w text >/dev/null"), 0);
	hex = git_oid_tostr_s(&l.oid);
	name = xasprintf(".git/objects/%.2s/%s", hex, hex + 2);
	l.path = scratch_file(s, name);
	free(name);
	chmod(l.path, 0644);
	f = fopen(l.path, "r");
	assert_non_null(f);
	l.n = fread(l.bytes, 1, sizeof(l.bytes), f);
	fclose(f);
	assert_int_equal(loose_read_plug_in(s->repo, NULL), 0);
	return l;
}

static void put(const struct loose *l, const uint8_t *bytes, size_t n)
{
	FILE *f = fopen(l->path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	fclose(f);
}

/* Whether it can be read; if so, it is what it was. */
static bool reads(const struct scratch *s, const git_oid *oid)
{
	git_odb_object *object;
	git_object_t type;
	git_odb *odb;
	size_t size;
	int rc;

	assert_int_equal(git_repository_odb(&odb, s->repo), 0);
	git_odb_refresh(odb);
	git_odb_read_header(&size, &type, odb, oid); /* comes to an end, too */
	rc = git_odb_read(&object, odb, oid);
	git_odb_free(odb);
	if (rc != 0)
		return false;
	assert_int_equal(git_odb_object_type(object), GIT_OBJECT_BLOB);
	assert_int_equal(git_odb_object_size(object), strlen(TEXT));
	assert_memory_equal(git_odb_object_data(object), TEXT, strlen(TEXT));
	git_odb_object_free(object);
	return true;
}

static void test_cut_off(void **state)
{
	const struct scratch *s = *state;
	struct loose l = write_loose(s);

	for (size_t n = 0; n < l.n; n++) {
		put(&l, l.bytes, n);
		assert_false(reads(s, &l.oid));
	}
	put(&l, l.bytes, l.n);
	assert_true(reads(s, &l.oid));
	free(l.path);
}

static void test_damaged(void **state)
{
	const struct scratch *s = *state;
	struct loose l = write_loose(s);

	for (size_t i = 0; i < l.n * 8; i++) {
		uint8_t was = l.bytes[i / 8];

		l.bytes[i / 8] ^= (uint8_t)(1U << i % 8);
		put(&l, l.bytes, l.n);
		reads(s, &l.oid);
		l.bytes[i / 8] = was;
	}
	put(&l, (const uint8_t *)"no stream", 9);
	assert_false(reads(s, &l.oid));
	free(l.path);
}

/* What a pack has is read there. */
static void test_packed(void **state)
{
	const struct scratch *s = *state;
	struct loose l = write_loose(s);

	assert_int_equal(
		scratch_run(s,
			"git add text && git commit -qm text && "
			"git repack -q && test -e .git/objects/pack/*.idx"),
		0);
	put(&l, l.bytes, l.n / 2);
	assert_true(reads(s, &l.oid));
	free(l.path);
}

static void test_elsewhere(void **state)
{
	const struct scratch *s = *state;
	struct loose l;

	assert_int_equal(scratch_run(s, "git init -q --bare other && "
					"echo ../../other/objects "
					">.git/objects/info/alternates && "
					"echo >text"),
		0);
	l = write_loose(s);
	assert_int_equal(
		scratch_run(s, "cp -r .git/objects/?? other/objects/"), 0);
	unlink(l.path);
	assert_true(reads(s, &l.oid));
	free(l.path);
}

#define TEST(name)                                                             \
	cmocka_unit_test_setup_teardown(name, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cut_off),
		TEST(test_damaged),
		TEST(test_packed),
		TEST(test_elsewhere),
	};

	alarm(60); /* a hang is a failure */
	git_libgit2_init();
	git_libgit2_opts(GIT_OPT_ENABLE_CACHING, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
