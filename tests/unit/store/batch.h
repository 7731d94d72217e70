#ifndef TESTS_UNIT_STORE_BATCH_H
#define TESTS_UNIT_STORE_BATCH_H

/*
 * What goes into a batch of git objects, and how the git program judges what
 * became of it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/objects.h"
#include "tests/unit/store/scratch.h"

#define BIG ((size_t)3 << 20)

static inline struct objects *open_batch(const struct scratch *s)
{
	struct objects *o;

	assert_int_equal(objects_new(s->repo, s->temp, &o, NULL), 0);
	return o;
}

/* Bytes that do not shrink, always the same for a seed. */
static inline char *noise(size_t n, uint32_t seed)
{
	char *bytes = xmalloc(n + 1);

	for (size_t i = 0; i < n; i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
	return bytes;
}

/* A file of those bytes, read-write, without a name. */
static inline int unnamed(const struct scratch *s, const char *bytes, size_t n)
{
	int fd = open(s->temp, O_TMPFILE | O_RDWR, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, n), (ssize_t)n);
	return fd;
}

static inline git_oid add_text(struct objects *o, const char *text)
{
	git_oid oid;

	assert_int_equal(objects_blob(o, text, strlen(text), &oid, NULL), 0);
	return oid;
}

/* n blobs of text that differ by name. */
static inline void add_many(struct objects *o, const char *name, int n)
{
	for (int i = 0; i < n; i++) {
		char text[200];

		snprintf(text, sizeof(text), "%s %d\n%0*d\n", name, i, i % 90,
			i);
		add_text(o, text);
	}
}

/* A commit of a tree with one file, through libgit2; the first is HEAD. */
static inline void commit_one(const struct scratch *s, const git_oid *blob)
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

static inline void assert_sound(const struct scratch *s)
{
	assert_int_equal(
		scratch_run(s, "git fsck --strict --no-dangling 2>fsck.out && "
			       "! test -s fsck.out"),
		0);
}

static inline void assert_packs_sound(const struct scratch *s)
{
	assert_sound(s);
	assert_int_equal(
		scratch_run(s, "git verify-pack .git/objects/pack/*.idx"), 0);
}

static inline void assert_no_temporary_files(const struct scratch *s)
{
	assert_int_equal(scratch_run(s, "test -z \"$(ls .git/opsync)\""), 0);
}

#define TEST(f)                                                                \
	cmocka_unit_test_setup_teardown(f, scratch_setup, scratch_teardown)

#endif
