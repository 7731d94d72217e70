#ifndef TESTS_UNIT_STORE_PROMISE_H
#define TESTS_UNIT_STORE_PROMISE_H

#include "tests/unit/store/fixture.h"

/* Commit while a git holds our branch: promised, but not done. */
static inline void commit_in_vain(struct fixture *f)
{
	struct store_commit c = commit_of(8);

	run("touch '%s/.git/refs/heads/main.lock'", f->path);
	assert_int_equal(store_commit(f->store, &c, &f->err), ERR_LOCKED);
	assert_string_equal(f->err.text,
		"refs/heads/main is kept locked by a git: it is "
		"tried again");
	assert_string_equal(c.id, "");
	assert_int_equal(n_staged(f), 0);
	run("rm '%s/.git/refs/heads/main.lock'", f->path);
}

/* A link, which is followed nowhere, is where the folder a was. */
static inline void block(struct fixture *f)
{
	run("mv '%s/a' '%s/a.theirs' && ln -s a.theirs '%s/a'", f->path,
		f->path, f->path);
}

static inline void unblock(struct fixture *f)
{
	run("rm '%s/a' && mv '%s/a.theirs' '%s/a'", f->path, f->path, f->path);
}

#endif
