#ifndef TESTS_OPENPROJECT_FILTER_H
#define TESTS_OPENPROJECT_FILTER_H

#include "tests/openproject/query.h"

/*
 * Read the parameter filters into q.  False, and an error in a, if the real
 * server refuses it: it does so when any value does not exist or cannot be
 * seen by the reader.
 */
bool filter_parse(struct query *q, struct answer *a, const struct view *v,
	const char *text);

#endif
