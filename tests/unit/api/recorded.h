#ifndef TESTS_UNIT_API_RECORDED_H
#define TESTS_UNIT_API_RECORDED_H

/* Answers that a real server gave. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buf.h"

#define RECORDED "tests/openproject/recorded/"

static inline struct buf recorded(const char *name)
{
	struct buf b = {0};
	char path[256];
	char piece[4096];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), RECORDED "%s.json", name);
	f = fopen(path, "rb");
	if (f == NULL)
		fail_msg("%s is missing", path);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&b, piece, n);
	fclose(f);
	return b;
}

#endif
