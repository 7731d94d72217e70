#ifndef TESTS_UNIT_CONTENT_ROWS_H
#define TESTS_UNIT_CONTENT_ROWS_H

/*
 * Rows of what is given and what comes of it, as outcome_of() says, which is
 * for whoever includes this to define.
 */
#include <string.h>

#include "base/util.h"

struct row {
	const char *given;
	const char *result;
};

/* The caller frees it. */
static inline char *outcome_of(const char *given);

static inline void check_rows(const struct row *rows, size_t n)
{
	size_t wrong = 0;

	for (size_t i = 0; i < n; i++) {
		char *result = outcome_of(rows[i].given);

		if (strcmp(result, rows[i].result) != 0) {
			print_error("%s\n--- gives\n%s\n--- expected\n%s\n",
				rows[i].given, result, rows[i].result);
			wrong++;
		}
		free(result);
	}
	assert_int_equal(wrong, 0);
}

#define CHECK(...)                                                             \
	do {                                                                   \
		static const struct row rows[] = {__VA_ARGS__};                \
		(void)state;                                                   \
		check_rows(rows, ARRAY_LEN(rows));                             \
	} while (0)

#endif
