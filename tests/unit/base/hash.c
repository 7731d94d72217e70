/*
 * hash_md5_each: however many texts there are, and however long each is, they
 * have the digests that they have alone.
 */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#define MOST 20

static char bytes[100000];

static void fill(void)
{
	uint32_t x = 7;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		x = x * 1664525 + 1013904223;
		bytes[i] = (char)(x >> 24);
	}
}

static void assert_digests(const struct str *texts, size_t n)
{
	uint8_t out[MOST][MD5_SIZE];
	uint8_t alone[MD5_SIZE];

	hash_md5_each(texts, n, out);
	for (size_t i = 0; i < n; i++) {
		hash_md5(texts[i].p, texts[i].n, alone);
		assert_memory_equal(out[i], alone, MD5_SIZE);
	}
}

/* Of one length, which ends in each place of a block. */
static void test_of_one_length(void **state)
{
	struct str texts[MOST];

	(void)state;
	for (size_t size = 0; size < 200; size++)
		for (size_t n = 0; n <= MOST; n++) {
			for (size_t i = 0; i < n; i++)
				texts[i] = (struct str){bytes + 201 * i, size};
			assert_digests(texts, n);
		}
}

/* Some end while others go on, in any order. */
static void test_of_many_lengths(void **state)
{
	static const size_t sizes[] = {50 << 10, 0, 64, 63, 70001, 65, 127, 128,
		129, 1000, 51200, 4096, 1 << 16, 1, 99999, 55, 56};
	const size_t n_sizes = sizeof(sizes) / sizeof(*sizes);
	struct str texts[MOST];

	(void)state;
	for (size_t first = 0; first < n_sizes; first++)
		for (size_t n = 1; n <= MOST; n += 3) {
			for (size_t i = 0; i < n; i++)
				texts[i] = (struct str){bytes + i % 2,
					sizes[(first + i) % n_sizes]};
			assert_digests(texts, n);
		}
	texts[0] = texts[1] = STR_NONE;
	assert_digests(texts, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_one_length),
		cmocka_unit_test(test_of_many_lengths),
	};

	fill();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
