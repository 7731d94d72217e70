#ifndef TESTS_UNIT_CONTENT_CHANGES_H
#define TESTS_UNIT_CONTENT_CHANGES_H

#include "base/arena.h"
#include "base/buf.h"

/* A text, and what becomes of it. */
typedef struct str change_fn(struct arena *a, struct str text);

static inline void check(
	change_fn *change, const char *const (*rows)[2], size_t n)
{
	struct arena a = {0};

	for (size_t i = 0; i < n; i++) {
		struct str out = change(&a, str_of(rows[i][0]));

		if (!str_is(out, rows[i][1]))
			fail_msg("%s\n--- gives\n%.*s\n--- expected\n%s",
				rows[i][0], STR_ARGS(out), rows[i][1]);
	}
	arena_fini(&a);
}

static inline void put_times(struct buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		buf_puts(b, s);
}

#endif
