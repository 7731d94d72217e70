/*
 * MD5 of several contents at once: the same as one by one, whatever their
 * number and sizes.
 */
#include "base/md5.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/util.h"

#define MOST 40

static char bytes[1 << 18];

static void make_bytes(void)
{
	uint32_t seed = 7;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		seed = seed * 1664525 + 1013904223;
		bytes[i] = (char)(seed >> 24);
	}
}

static void compare(const struct str *contents, size_t n)
{
	uint8_t out[MOST][MD5_SIZE];

	md5_each(contents, n, out);
	for (size_t i = 0; i < n; i++) {
		uint8_t expected[MD5_SIZE];

		hash_md5(contents[i].p, contents[i].n, expected);
		assert_memory_equal(out[i], expected, MD5_SIZE);
	}
}

static void test_equal_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, 55, 56, 63, 64, 65, 128, 50000};

	(void)state;
	for (size_t s = 0; s < ARRAY_LEN(sizes); s++) {
		struct str contents[MOST];

		for (size_t i = 0; i < MOST; i++)
			contents[i] = (struct str){bytes + 77 * i, sizes[s]};
		for (size_t n = 0; n <= MOST; n++)
			compare(contents, n);
	}
}

static void test_other_sizes(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct str contents[MOST];

		for (size_t i = 0; i < MOST; i++) {
			seed = seed * 1664525 + 1013904223;
			contents[i].p = bytes + (seed >> 15);
			contents[i].n = (seed >> 8 & 0xfff) >> (i % 12);
		}
		compare(contents, (size_t)round % (MOST + 1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_sizes),
		cmocka_unit_test(test_other_sizes),
	};

	make_bytes();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
