/*
 * Unpacking gzip: whole answers, pieces of them, several members, caps, and
 * what is damaged or lies about its size.
 */
#include "api/gunzip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define MAX ((size_t)8 << 20)
#define LARGE ((size_t)3 << 20) /* more than is kept, if it does not shrink */

static void add_member(struct buf *out, const void *bytes, size_t n)
{
	z_stream z = {0};

	assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
	buf_reserve(out, deflateBound(&z, n));
	z.next_in = (Bytef *)bytes;
	z.avail_in = (uInt)n;
	z.next_out = (Bytef *)out->p + out->n;
	z.avail_out = (uInt)(out->cap - out->n);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	out->n += z.total_out;
	deflateEnd(&z);
}

static struct buf packed(const char *text)
{
	struct buf out = {0};

	add_member(&out, text, strlen(text));
	return out;
}

static struct buf noise(size_t n)
{
	struct buf out = {0};
	uint32_t seed = 7;

	buf_reserve(&out, n);
	for (; out.n < n; out.n++) {
		seed = seed * 1664525 + 1013904223;
		out.p[out.n] = (char)(seed >> 24);
	}
	return out;
}

/* What comes out of it in pieces of at most so many bytes. */
static enum gunzip_result unpack(struct gunzip *g, const struct buf *in,
	size_t piece, struct buf *out, size_t max)
{
	enum gunzip_result r = GUNZIP_OK;

	*g = (struct gunzip){0};
	for (size_t at = 0; r == GUNZIP_OK && at < in->n; at += piece) {
		size_t n = in->n - at < piece ? in->n - at : piece;

		r = gunzip_add(g, in->p + at, n, out, max);
	}
	return r == GUNZIP_OK ? gunzip_end(g, out, max) : r;
}

/* Frees in. */
static void assert_unpacks(struct buf in, const void *bytes, size_t n)
{
	static const size_t pieces[] = {1, 7, 100000, SIZE_MAX / 2};

	for (size_t i = in.n > 100000 ? 2 : 0; i < 4; i++) {
		struct gunzip g;
		struct buf out = {0};

		buf_puts(&out, "<");
		assert_int_equal(
			unpack(&g, &in, pieces[i], &out, MAX), GUNZIP_OK);
		assert_true(g.whole);
		assert_int_equal(out.n, n + 1);
		assert_memory_equal(out.p + 1, bytes, n);
		assert_int_equal(out.p[out.n], '\0');
		gunzip_fini(&g);
		buf_fini(&out);
	}
	buf_fini(&in);
}

static void test_whole(void **state)
{
	struct buf bytes = noise(LARGE);
	struct buf in = {0};

	(void)state;
	assert_unpacks(packed("hello"), "hello", 5);
	assert_unpacks(packed(""), "", 0);
	add_member(&in, bytes.p, bytes.n);
	assert_unpacks(in, bytes.p, bytes.n);
	buf_fini(&bytes);
}

static void test_members(void **state)
{
	struct buf in = packed("one, ");

	(void)state;
	add_member(&in, "two", 3);
	assert_unpacks(in, "one, two", 8);
	in = packed("one");
	add_member(&in, "two", 3);
	assert_unpacks(in, "onetwo", 6);
}

/* Frees in. */
static void assert_fails(struct buf in, enum gunzip_result r, bool whole)
{
	struct gunzip g;
	struct buf out = {0};

	assert_int_equal(unpack(&g, &in, SIZE_MAX / 2, &out, 100), r);
	assert_int_equal(g.whole, whole);
	assert_true(out.n <= 101);
	gunzip_fini(&g);
	buf_fini(&out);
	buf_fini(&in);
}

static void test_damage(void **state)
{
	struct buf in;

	(void)state;
	in = packed("hello");
	in.n -= 3;
	assert_fails(in, GUNZIP_OK, false);
	in = packed("hello");
	in.n = 5;
	assert_fails(in, GUNZIP_OK, false);
	in = packed("hello");
	in.p[in.n - 6] ^= 1; /* the checksum */
	assert_fails(in, GUNZIP_BAD, false);
	in = packed("hello");
	in.p[in.n - 4] ^= 1; /* the size */
	assert_fails(in, GUNZIP_BAD, false);
	in = packed("hello");
	in.p[in.n - 1] ^= 1; /* 16 MiB */
	assert_fails(in, GUNZIP_BAD, false);
	in = packed("hello");
	buf_puts(&in, "no gzip at all");
	assert_fails(in, GUNZIP_BAD, false);
	in = (struct buf){0};
	buf_puts(&in, "no gzip at all, but long enough");
	assert_fails(in, GUNZIP_BAD, false);
}

static void test_caps(void **state)
{
	struct buf bytes = noise(LARGE);
	struct buf in = {0};
	struct gunzip g;
	struct buf out = {0};

	(void)state;
	add_member(&in, bytes.p, 100);
	assert_int_equal(unpack(&g, &in, 10, &out, 100), GUNZIP_OK);
	gunzip_fini(&g);
	buf_clear(&out);
	assert_int_equal(unpack(&g, &in, 10, &out, 99), GUNZIP_TOO_BIG);
	gunzip_fini(&g);
	buf_clear(&in);
	add_member(&in, bytes.p, bytes.n);
	buf_clear(&out);
	assert_int_equal(
		unpack(&g, &in, 100000, &out, LARGE - 1), GUNZIP_TOO_BIG);
	gunzip_fini(&g);
	memset(bytes.p, 0, bytes.n); /* a bomb */
	buf_clear(&in);
	add_member(&in, bytes.p, bytes.n);
	assert_fails(in, GUNZIP_TOO_BIG, false);
	buf_fini(&bytes);
	buf_fini(&out);
}

static void test_nothing(void **state)
{
	struct gunzip g = {0};
	struct buf out = {0};

	(void)state;
	assert_int_equal(gunzip_end(&g, &out, MAX), GUNZIP_OK);
	assert_false(g.whole);
	gunzip_fini(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_damage),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
