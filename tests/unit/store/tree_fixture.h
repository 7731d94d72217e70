#ifndef TESTS_UNIT_STORE_TREE_FIXTURE_H
#define TESTS_UNIT_STORE_TREE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/worktree.h"
#include "tests/unit/store/scratch.h"

#define MAX_CHANGES 400
#define MANY 64 /* worth a thread of their own */

/* A store in small: what is wanted, path by path. */
struct fixture {
	struct scratch *s;
	struct objects *o;
	struct worktree *w;
	size_t n;
	struct worktree_change changes[MAX_CHANGES];
	struct err err;
};

static inline int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	void *scratch;

	if (scratch_setup(&scratch) != 0)
		return -1;
	f->s = scratch;
	*state = f;
	return objects_new(f->s->repo, f->s->temp, &f->o, NULL) != 0 ||
	       worktree_new(f->s->repo, f->s->path, f->o, &f->w, NULL) != 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	void *scratch = f->s;

	worktree_free(f->w);
	objects_free(f->o);
	free(f);
	return scratch_teardown(&scratch);
}

/* A change from one text to another; NULL is no file. */
static inline struct worktree_change *want(
	struct fixture *f, const char *path, const char *old, const char *new)
{
	struct worktree_change *c = &f->changes[f->n++];

	assert_true(f->n <= MAX_CHANGES);
	*c = (struct worktree_change){
		.path = path, .had = old != NULL, .has = new != NULL};
	c->document = strstr(path, ".md") != NULL;
	if (old != NULL)
		objects_blob(f->o, old, strlen(old), &c->old_oid, NULL);
	if (new != NULL)
		objects_blob(f->o, new, strlen(new), &c->new_oid, NULL);
	return c;
}

static inline size_t inspect(struct fixture *f)
{
	size_t n_foreign = SIZE_MAX;

	assert_int_equal(objects_seal(f->o, NULL), 0);
	assert_int_equal(
		worktree_inspect(f->w, f->changes, f->n, &n_foreign, NULL), 0);
	return n_foreign;
}

static inline int apply_these(
	struct fixture *f, struct worktree_change *changes, size_t n)
{
	int r = worktree_hold(f->w, &f->err);

	if (r == 0)
		r = worktree_apply(f->w, changes, n, &f->err);
	worktree_release(f->w);
	return r;
}

/* Inspect and apply what is wanted, and want nothing from then on. */
static inline int apply(struct fixture *f)
{
	int r;

	f->err = (struct err){0};
	inspect(f);
	r = apply_these(f, f->changes, f->n);
	f->n = 0;
	assert_int_equal(scratch_run(f->s, "test -z \"$(ls .git/opsync)\" && "
					   "! test -e .git/index.lock"),
		0);
	return r;
}

/* All that git knows of is as committed, and it knows so without reading. */
static inline void assert_clean(const struct fixture *f)
{
	assert_int_equal(
		scratch_run(f->s, "git diff-files --exit-code >/dev/null"), 0);
}

static inline void assert_text(
	const struct fixture *f, const char *path, const char *text)
{
	if (!scratch_has(f->s, path, text))
		fail_msg("%s does not hold '%s'", path, text);
}

static inline void assert_absent(const struct fixture *f, const char *path)
{
	if (scratch_exists(f->s, path))
		fail_msg("%s is there", path);
}

static inline void assert_said(const struct fixture *f, const char *words)
{
	if (strstr(f->err.text, words) == NULL)
		fail_msg("'%s' does not say '%s'", f->err.text, words);
}

static inline void assert_kept(const struct fixture *f,
	const struct worktree_change *c, const char *text)
{
	git_oid oid;

	git_odb_hash(&oid, text, strlen(text), GIT_OBJECT_BLOB);
	assert_true(c->foreign);
	assert_true(git_oid_equal(&c->kept_oid, &oid));
	assert_int_equal(objects_seal(f->o, NULL), 0);
	assert_int_equal(
		scratch_run(f->s, "git cat-file -e %s", git_oid_tostr_s(&oid)),
		0);
}

#endif
