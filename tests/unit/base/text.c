/*
 * The plain types: text, buffers, arenas, values, errors, digests.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/value.h"
#include "base/work_package.h"

static void test_integers(void **state)
{
	static const struct {
		const char *text;
		bool ok;
		long long value;
	} cases[] = {
		{"0", true, 0},
		{"-7", true, -7},
		{"123456789012345678", true, 123456789012345678},
		{"9223372036854775807", true, INT64_MAX},
		{"9223372036854775808", false, 0},
		{"", false, 0},
		{"-", false, 0},
		{"+1", false, 0},
		{" 1", false, 0},
		{"1x", false, 0},
		{"1.0", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		long long got = 0;

		assert_int_equal(
			str_to_int64(str_of(cases[i].text), &got), cases[i].ok);
		assert_true(got == cases[i].value);
	}
}

static void test_digits(void **state)
{
	char bytes[STR_INT];

	(void)state;
	assert_true(str_is(str_int(bytes, 0), "0"));
	assert_true(str_is(str_int(bytes, -70), "-70"));
	assert_true(str_is(str_int(bytes, INT64_MIN), "-9223372036854775808"));
}

static void test_clean(void **state)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"plain, \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
			"plain, \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"a\nb\tc\x1b[1m\x7f", "a?b?c?[1m?"},
		{"\xc2\x9b"
		 "1m \xc2\x80 \xc2\xa0",
			"??1m ?? \xc2\xa0"},
		/* cut, or of another encoding */
		{"a\xc3", "a?"}, {"a\xe2\x82", "a??"},
		{"a\xf0\x9f\x98", "a???"},
		{"\xe4"
		 "bc\x9b\xff",
			"?bc??"},
		{"a\xe2\x80\xae"
		 "b",
			"a???b"},
		{"\xd8\x9c\xe2\x80\x8b\xe2\x80\x8e\xe2\x80\x8f", "???????????"},
		{"\xe2\x80\xa8\xe2\x80\xaa\xe2\x81\xa6\xe2\x81\xa9",
			"????????????"},
		{"\xef\xbb\xbf", "???"},
		{"\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xa5",
			"\xe2\x80\x8c\xe2\x80\x8d\xe2\x80\xaf\xe2\x81\xa5"},
		{"\xed\xa0\x80", "???"}, /* half a pair */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char *text = str_dup(str_of(rows[i][0]));

		str_clean(text);
		assert_string_equal(text, rows[i][1]);
		free(text);
	}
}

static void test_str(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
	assert_int_equal(str_find(STR("abc"), STR("x")), 3);
	assert_int_equal(str_find(STR(""), STR("x")), 0);
	assert_true(str_cmp(STR("a"), STR("ab")) < 0);
	assert_true(str_cmp(STR("b"), STR("ab")) > 0);
	assert_true(str_cmp(STR("\xc3\xa4"), STR("z")) > 0);
	assert_true(str_ends(STR("a.yaml"), STR(".yaml")));
	assert_false(str_ends(STR("yaml"), STR(".yaml")));
	assert_true(str_eq(STR_NONE, STR("")));
}

#define TEN "aaaaaaaaaa"
#define LONG TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void test_nearest(void **state)
{
	static const char *const names[] = {"slug", "split", "text"};
	static const char *const longer[] = {LONG "x", "slug"};

	(void)state;
	assert_string_equal(str_nearest(STR("slugg"), names, 3), "slug");
	assert_string_equal(str_nearest(STR("SLUG"), names, 3), "slug");
	assert_string_equal(str_nearest(STR("splti"), names, 3), "split");
	assert_null(str_nearest(STR("uuid5"), names, 3));
	assert_null(str_nearest(STR("x"), names, 0));
	assert_null(str_nearest(STR(LONG "y"), longer, 2));
	assert_string_equal(str_nearest(STR("slog"), longer, 2), "slug");
}

static void test_buf(void **state)
{
	struct buf b = {0};
	char *taken;

	(void)state;
	assert_int_equal(buf_str(&b).n, 0);
	for (int i = 0; i < 1000; i++)
		buf_printf(&b, "%d,", i);
	assert_int_equal(b.n, 3890);
	assert_int_equal(b.p[b.n], '\0');
	buf_clear(&b);
	buf_puts(&b, "x");
	taken = buf_take(&b);
	assert_string_equal(taken, "x");
	assert_null(b.p);
	free(taken);
	taken = buf_take(&b);
	assert_string_equal(taken, "");
	free(taken);
}

static void test_arena(void **state)
{
	struct arena a = {0};
	struct buf b = {0};
	struct str s;

	(void)state;
	assert_null(arena_str(&a, STR_NONE).p);
	s = arena_str(&a, STR("abc"));
	assert_string_equal(s.p, "abc");
	for (size_t n = 1; n < 100000; n = n * 3 + 1) {
		unsigned char *p = arena_alloc(&a, n);

		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
	}
	assert_string_equal(s.p, "abc");
	arena_reset(&a);
	assert_int_equal(a.total, 0);
	/* Memory that was used before is zeroed again. */
	assert_int_equal(*(char *)arena_alloc(&a, 100), 0);
	assert_string_equal(arena_printf(&a, "%d-%s", 7, "x").p, "7-x");
	assert_string_equal(arena_take(&a, &b).p, "");
	buf_puts(&b, "abc");
	assert_string_equal(arena_take(&a, &b).p, "abc");
	assert_null(b.p);
	arena_fini(&a);
}

static void test_lines(void **state)
{
	struct str rest = STR("one\n\ntwo");
	struct str line;

	(void)state;
	assert_true(str_line(&rest, &line) && str_is(line, "one"));
	assert_true(str_line(&rest, &line) && line.n == 0);
	assert_true(str_line(&rest, &line) && str_is(line, "two"));
	assert_false(str_line(&rest, &line));
	rest = STR("end\n");
	assert_true(str_line(&rest, &line) && str_is(line, "end"));
	assert_false(str_line(&rest, &line));
}

static void test_values(void **state)
{
	struct member one[] = {{STR("a"), {.type = VALUE_NULL}},
		{STR("b"), {.type = VALUE_NUMBER, .text = STR("1")}}};
	struct value x = {.type = VALUE_MAP, .n = 2, .members = one};

	(void)state;
	assert_ptr_equal(value_member(&x, STR("b")), &one[1].value);
	assert_null(value_member(&x, STR("c")));
	assert_int_equal(value_text(STR_NONE).type, VALUE_NULL);
	assert_int_equal(value_text(STR("")).type, VALUE_STRING);
}

static void test_errors(void **state)
{
	struct err e = {0};

	(void)state;
	assert_int_equal(err_set(NULL, ERR_IO, "x"), ERR_IO);
	assert_int_equal(err_set(&e, ERR_DATA, "%d is odd", 3), ERR_DATA);
	assert_int_equal(err_prefix(&e, "number"), ERR_DATA);
	assert_string_equal(e.text, "number: 3 is odd");
	for (int i = 0; i < 300; i++)
		err_prefix(&e, "again");
	assert_true(strlen(e.text) < sizeof(e.text));
}

/* What no person can mend is none of the configuration. */
static void test_system_errors(void **state)
{
	static const int mended_by_none[] = {
		EIO, EMFILE, ENFILE, ENOMEM, EINTR, EAGAIN};
	struct err e = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(mended_by_none); i++)
		assert_int_equal(
			err_errno(&e, ERR_CONFIG, mended_by_none[i], "x"),
			ERR_IO);
	assert_int_equal(err_errno(&e, ERR_CONFIG, ENOENT, "x"), ERR_CONFIG);
	assert_int_equal(e.code, ERR_CONFIG);
	assert_string_equal(e.text, "x: No such file or directory");
	assert_int_equal(err_errno(NULL, ERR_DATA, EIO, "x"), ERR_DATA);
}

static void test_exit_codes(void **state)
{
	static const struct {
		int code;
		int status;
	} rows[] = {
		{0, 0},
		{ERR_CANCELED, 75},
		{ERR_AGAIN, 75},
		{ERR_UNAVAILABLE, 69},
		{ERR_AUTH, 77},
		{ERR_NOT_FOUND, 65},
		{ERR_QUERY, 65},
		{ERR_DATA, 65},
		{ERR_NEED, 65},
		{ERR_CONFIG, 78},
		{ERR_USAGE, 64},
		{ERR_IO, 74},
		{ERR_LOCKED, 75},
		{ERR_PARTIAL, 3},
		{ERR_BUG, 70},
		{ERR_REPLACED, 74},
		{-99, 70},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		assert_int_equal(err_exit_code(rows[i].code), rows[i].status);
}

static void test_digests(void **state)
{
	uint8_t raw[SHA256_SIZE];
	char hex[SHA256_HEX];
	struct digest *d = digest_md5();

	(void)state;
	digest_add(d, "a", 1);
	digest_add(d, "bc", 2);
	digest_end(d, raw);
	hash_hex(raw, 16, hex);
	assert_string_equal(hex, "900150983cd24fb0d6963f7d28e17f72");
	hash_sha1("abc", 3, raw);
	hash_hex(raw, 20, hex);
	assert_string_equal(hex, "a9993e364706816aba3e25717850c26c9cd0d89d");
	hash_sha256("", 0, raw);
	hash_hex(raw, 32, hex);
	assert_memory_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924", 32);
	digest_end(digest_sha256(), NULL);
}

static void test_hrefs(void **state)
{
	struct schema_field field = {
		STR("customField2"), STR("cleanUrl"), STR("String")};
	struct schema schema = {.n_fields = 1, .fields = &field};

	(void)state;
	assert_int_equal(href_id(STR("/api/v3/types/15")), 15);
	assert_int_equal(href_id(STR("/api/v3/types/")), 0);
	assert_int_equal(href_id(STR("/api/v3/types/x15")), 0);
	assert_int_equal(href_id(STR("15")), 0);
	assert_int_equal(href_id(STR_NONE), 0);
	assert_int_equal(
		href_id(STR("urn:openproject-org:api:v3:undisclosed")), 0);
	assert_string_equal(
		schema_name_of(&schema, STR("customField2")).p, "cleanUrl");
	assert_null(schema_name_of(&schema, STR("customField1")).p);
	assert_null(schema_name_of(NULL, STR("customField1")).p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_digits),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_str),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_buf),
		cmocka_unit_test(test_arena),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_system_errors),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_hrefs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
