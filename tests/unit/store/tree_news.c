/*
 * tree_news - what came from one tree to another is what libgit2 says of them,
 * whatever became of what; and along a history each tree is read once.
 */
#include "store/tree_news.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store/scratch.h"

#define GIT "git -c core.symlinks=true "

/* Files, folders and links take each other's place, with names around '/'. */
static const char *const steps[] = {
	"true",
	"echo 1 >a; echo 1 >a.b; echo 1 >a0; mkdir z; echo 1 >z/1",
	"echo 2 >a",
	"chmod +x a.b",
	"rm a; mkdir a; echo 1 >a/1; echo 2 >a/2",
	"echo 3 >a/2; rm a.b; mkdir a.b; echo 1 >a.b/x",
	"mkdir -p a/b/c/d; echo 4 >a/b/c/d/e; echo 4 >a/b/c/f",
	"echo 5 >a/b/c/f; echo 5 >z/1",
	"rm -r a/b; echo 5 >a/b; echo 5 >a-b",
	"rm a/b; ln -s 1 a/b; rm z/1",
	"rm a/b; printf 1 >a/b",
	"rm -r a; ln -s a0 a; mv a.b a.c",
	"rm a; echo 1 >a; mkdir -p z/z; echo 1 >z/z/1; echo 1 >z/z.1",
	"rm -r *",
	"echo 1 >last",
};

#define N (sizeof(steps) / sizeof(*steps))

static void make_trees(struct scratch *s, git_oid trees[N])
{
	for (size_t i = 0; i < N; i++) {
		git_object *tree;

		assert_int_equal(scratch_run(s,
					 "{ %s; } && " GIT "add -A && " GIT
					 "commit -q --allow-empty -m x",
					 steps[i]),
			0);
		assert_int_equal(
			git_revparse_single(&tree, s->repo, "HEAD^{tree}"), 0);
		trees[i] = *git_object_id(tree);
		git_object_free(tree);
	}
}

static void add_line(struct buf *out, const char *path, const git_oid *oid)
{
	buf_printf(out, "%s %s\n", git_oid_tostr_s(oid), path);
}

/* As libgit2 compares them. */
static void expected(git_repository *repo, const git_oid *old,
	const git_oid *new, struct buf *out)
{
	git_diff_options o;
	git_tree *trees[2];
	git_diff *diff;

	git_diff_options_init(&o, GIT_DIFF_OPTIONS_VERSION);
	o.flags = GIT_DIFF_SKIP_BINARY_CHECK | GIT_DIFF_INCLUDE_TYPECHANGE;
	assert_int_equal(git_tree_lookup(&trees[0], repo, old), 0);
	assert_int_equal(git_tree_lookup(&trees[1], repo, new), 0);
	assert_int_equal(
		git_diff_tree_to_tree(&diff, repo, trees[0], trees[1], &o), 0);
	for (size_t i = 0; i < git_diff_num_deltas(diff); i++) {
		const git_diff_delta *d = git_diff_get_delta(diff, i);

		if (d->status != GIT_DELTA_DELETED)
			add_line(out, d->new_file.path, &d->new_file.id);
	}
	git_diff_free(diff);
	git_tree_free(trees[0]);
	git_tree_free(trees[1]);
}

static int on_news(
	void *arg, const char *path, const git_oid *oid, struct err *e)
{
	(void)e;
	add_line(arg, path, oid);
	return 0;
}

struct fixture {
	git_oid made[N];
	struct tree_sides sides;
};

static void begin(struct scratch *s, struct fixture *f)
{
	*f = (struct fixture){0};
	make_trees(s, f->made);
	assert_int_equal(
		objects_new(s->repo, s->temp, &f->sides.objects, NULL), 0);
}

static void end(struct fixture *f)
{
	tree_sides_fini(&f->sides);
	objects_free(f->sides.objects);
}

static void test_each_from_each(void **state)
{
	struct scratch *s = *state;
	struct fixture f;

	begin(s, &f);
	for (size_t i = 0; i < N * N; i++) {
		const git_oid *old = &f.made[i / N];
		const git_oid *new = &f.made[i % N];
		struct buf is = {0};
		struct buf should = {0};

		buf_puts(&is, "");
		buf_puts(&should, "");
		expected(s->repo, old, new, &should);
		assert_int_equal(
			tree_news(&f.sides, old, new, on_news, &is, NULL), 0);
		assert_string_equal(is.p, should.p);
		buf_fini(&is);
		buf_fini(&should);
	}
	end(&f);
}

static void test_from_nothing(void **state)
{
	struct scratch *s = *state;
	const git_oid none = {{0}};
	struct buf is = {0};
	struct fixture f;

	begin(s, &f);
	assert_int_equal(
		tree_news(&f.sides, &none, &f.made[N - 1], on_news, &is, NULL),
		0);
	assert_string_equal(
		is.p, "d00491fd7e5bb6fa28c517a0bb32b8b506539d4d last\n");
	buf_clear(&is);
	assert_int_equal(
		tree_news(&f.sides, &f.made[1], &none, on_news, &is, NULL), 0);
	assert_int_equal(is.n, 0);
	buf_fini(&is);
	end(&f);
}

static int refuse(
	void *arg, const char *path, const git_oid *oid, struct err *e)
{
	(void)oid;
	++*(int *)arg;
	return err_set(e, ERR_CONFIG, "not %s", path);
}

/* The first is the last. */
static void test_refused(void **state)
{
	struct scratch *s = *state;
	struct err e = {0};
	struct fixture f;
	int n = 0;

	begin(s, &f);
	assert_int_equal(
		tree_news(&f.sides, &f.made[0], &f.made[6], refuse, &n, &e),
		ERR_CONFIG);
	assert_int_equal(n, 1);
	assert_string_equal(e.text, "not a.b/x");
	end(&f);
}

static void test_unreadable(void **state)
{
	struct scratch *s = *state;
	const git_oid absent = {{1}};
	struct err e = {0};
	struct buf is = {0};
	struct fixture f;

	begin(s, &f);
	assert_int_equal(
		tree_news(&f.sides, &f.made[1], &absent, on_news, &is, &e),
		ERR_IO);
	assert_int_equal(
		tree_news(&f.sides, &absent, &f.made[1], on_news, &is, &e),
		ERR_IO);
	assert_int_equal(is.n, 0);
	end(&f);
}

/* What is before the one is there when it is after the next. */
static void test_read_once(void **state)
{
	struct scratch *s = *state;
	const git_odb_object *kept;
	struct buf is = {0};
	struct fixture f;

	begin(s, &f);
	assert_int_equal(
		tree_news(&f.sides, &f.made[2], &f.made[3], on_news, &is, NULL),
		0);
	kept = f.sides.before.kept[0]->object;
	assert_int_equal(
		tree_news(&f.sides, &f.made[1], &f.made[2], on_news, &is, NULL),
		0);
	assert_ptr_equal(kept, f.sides.after.kept[0]->object);
	buf_fini(&is);
	end(&f);
}

#define EACH(test)                                                             \
	cmocka_unit_test_setup_teardown(test, scratch_setup, scratch_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_each_from_each),
		EACH(test_from_nothing),
		EACH(test_refused),
		EACH(test_unreadable),
		EACH(test_read_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
