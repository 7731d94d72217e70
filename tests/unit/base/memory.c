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
#include <sys/mman.h>
#include <unistd.h>

#define MANY 4096
#define SIZE 2000
#define FILE_SIZE ((size_t)8 << 20)

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

static char *map(const char *name, int protection)
{
	char path[] = "/tmp/opsync-memory-XXXXXX.idx";
	char other[64];
	int fd = mkstemps(path, 4);
	char *bytes;

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, FILE_SIZE), 0);
	snprintf(other, sizeof(other), "%s%s", path, name);
	if (*name != '\0')
		assert_int_equal(rename(path, other), 0);
	bytes = mmap(NULL, FILE_SIZE, protection, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(bytes, MAP_FAILED);
	close(fd);
	for (size_t i = 0; i < FILE_SIZE; i += 4096) {
		assert_int_equal(bytes[i], 0);
		if ((protection & PROT_WRITE) != 0)
			bytes[i] = 1;
	}
	assert_int_equal(unlink(*name != '\0' ? other : path), 0);
	return bytes;
}

/* Of a file that has no name any more, the system says so behind its name. */
static void test_mapped_files(void **state)
{
	char *one = map("", PROT_READ);
	char *other = map(".pack", PROT_READ);
	char *ours = map("", PROT_READ | PROT_WRITE);
	long before = resident("RssFile:");

	(void)state;
	assert_true(memory_may_map(".pack (deleted)"));
	assert_false(memory_may_map(".pack"));
	memory_let_go(".pack (deleted)");
	assert_in_range(before - resident("RssFile:"), FILE_SIZE / 1024 - 256,
		FILE_SIZE / 1024);
	memory_let_go(".idx (deleted)");
	assert_in_range(before - resident("RssFile:"),
		2 * FILE_SIZE / 1024 - 512, 2 * FILE_SIZE / 1024);
	assert_int_equal(ours[FILE_SIZE / 2], 1);
	assert_int_equal(one[FILE_SIZE / 2], 0);
	munmap(one, FILE_SIZE);
	munmap(other, FILE_SIZE);
	assert_false(memory_may_map(".pack (deleted)"));
	munmap(ours, FILE_SIZE);
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
		cmocka_unit_test(test_mapped_files),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test(test_heap), /* theirs is another */
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
