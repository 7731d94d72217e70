#ifndef TESTS_OPENPROJECT_SIDE_H
#define TESTS_OPENPROJECT_SIDE_H

#include "tests/openproject/server.h"

/*
 * One order of the side door: does it, and gives what is said about it (an
 * object that the caller owns), or NULL and what is wrong in *why.
 */
typedef struct json *side_fn(
	struct server *s, const struct json *order, const char **why);

/* Orders about things, in side_things.c. */
side_fn side_comment;
side_fn side_relate;
side_fn side_unrelate;
side_fn side_rename;
side_fn side_thing;
side_fn side_forget;
side_fn side_archive;
side_fn side_grant;
side_fn side_field;

/* {"ok":true} */
struct json *side_ok(void);

#endif
