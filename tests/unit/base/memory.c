/*
 * memory - what is not needed any more goes back to the system, and what is
 * comes again.
 */
#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 4096
#define SIZE 2000

/* "RssFile:" and the like, in KiB. */
static long resident(const char *what)
{
	FILE *f = fopen("/proc/self/status", "re");
	char line[200];
	long n = -1;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, what, strlen(what)) == 0)
			n = strtol(line + strlen(what), NULL, 10);
	fclose(f);
	assert_true(n >= 0);
	return n;
}

static void test_libraries(void **state)
{
	long before = resident("RssFile:");
	long after;

	(void)state;
	memory_rest();
	after = resident("RssFile:");
	assert_true(after < before);
	for (int i = 0; i < 3; i++)
		memory_rest();
	assert_true(resident("RssFile:") < before);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void test_heap(void **state)
{
	static char *pieces[MANY];
	long before;

	(void)state;
	for (size_t i = 0; i < MANY; i++)
		pieces[i] = memset(malloc(SIZE), 1, SIZE);
	before = resident("RssAnon:");
	for (size_t i = 0; i < MANY - 1; i++) /* below one that stays */
		free(pieces[i]);
	memory_rest();
	assert_true(resident("RssAnon:") < before - MANY * SIZE / 2048);
	free(pieces[MANY - 1]);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_libraries),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test(test_heap), /* theirs is another */
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
