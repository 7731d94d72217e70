#ifndef TESTS_UNIT_DAEMON_FIXTURE_H
#define TESTS_UNIT_DAEMON_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/util.h"
#include "store/query.h"

/*
 * A state in a temporary folder, and what is asked of it.
 */
struct fixture {
	char folder[64]; /* removed at the end */
	char *file;
	struct state *s;
};

#define WELL(call) assert_int_equal(call, 0)

static inline int begin(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");
	struct err e = {0};

	snprintf(f->folder, sizeof(f->folder), "%s/opsync-state-XXXXXX",
		tmp != NULL ? tmp : "/tmp");
	if (mkdtemp(f->folder) == NULL)
		return -1;
	f->file = xasprintf("%s/state.db", f->folder);
	WELL(state_open(f->file, false, &f->s, &e));
	*state = f;
	return 0;
}

static inline int end(void **state)
{
	struct fixture *f = *state;
	int r;

	state_close(f->s);
	unlink(f->file);
	r = rmdir(f->folder);
	free(f->file);
	free(f);
	return r;
}

/* JSON, in which ' is written for ". */
static inline json_t *parse(const char *text)
{
	char *json = xstrdup(text);
	json_t *what;

	for (char *p = json; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	what = json_loads(json, 0, NULL);
	assert_non_null(what);
	free(json);
	return what;
}

#endif
