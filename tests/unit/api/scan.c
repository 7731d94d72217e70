/*
 * The cursor and the decoder, beside jansson: what it takes we take, and with
 * the same text, but for what is listed here.
 */
#include "api/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/buf.h"

static bool accepts(struct str text)
{
	struct scan j;
	struct str value;

	scan_init(&j, text);
	return scan_skip(&j, &value) && scan_end(&j);
}

static bool jansson_accepts(struct str text)
{
	json_t *json = json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL);
	bool ok = json != NULL;

	json_decref(json);
	return ok;
}

static void test_grammar(void **state)
{
	static const char *const texts[] = {"{}", "[]", " [ ] ", "{\"a\":1}",
		"{\"a\":{\"b\":[1,2,{}]}}", "[1,2,3]", "[[],[[]],{}]", "true",
		"false", "null", "0", "-0", "1.5e-7", "1E+2", "0.0", "\"\"",
		"\"\\\"\"", "\"\\\\\"", "[\"\\\\\\\"\"]", "\t\r\n {} \n",
		/* refused */
		"", " ", "{", "}", "[", "]", "[}", "{]", "[1,]", "[,1]",
		"[1 2]", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
		"{\"a\" 1}", "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "[1]]",
		"{}{}", "[] x", "01", "-", "+1", ".5", "1.", "1e", "1e+", "--1",
		"0x1", "1.e1", "tru", "True", "nulL", "NaN", "\"", "\"\\\"",
		"'a'", "[\"a]", "{\"a\":[}", "[{\"a\":1]", "[[[", "\v[]",
		"[1,,2]", "[\"a\" \"b\"]", "[true false]", "{\"a\"::1}",
		"\"a\"b", "[-]", "[1.5.5]"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct str text = str_of(texts[i]);

		if (accepts(text) != jansson_accepts(text))
			fail_msg("%s: we say %d", texts[i], accepts(text));
	}
}

/* Only we take these: numbers keep their digits, whatever they are. */
static void test_numbers_jansson_refuses(void **state)
{
	static const char *const texts[] = {"1e400", "[9223372036854775808]",
		"-99999999999999999999999999"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		assert_true(accepts(str_of(texts[i])));
		assert_false(jansson_accepts(str_of(texts[i])));
	}
}

static bool accepts_depth(size_t depth, char open, char close)
{
	struct buf b = {0};
	bool ok;

	for (size_t i = 0; i < depth; i++) {
		buf_putc(&b, open);
		if (open == '{')
			buf_puts(&b, "\"a\":");
	}
	buf_puts(&b, "1");
	for (size_t i = 0; i < depth; i++)
		buf_putc(&b, close);
	ok = accepts(buf_str(&b));
	buf_fini(&b);
	return ok;
}

static void test_depth(void **state)
{
	(void)state;
	assert_true(accepts_depth(SCAN_DEPTH, '[', ']'));
	assert_true(accepts_depth(SCAN_DEPTH, '{', '}'));
	assert_false(accepts_depth(SCAN_DEPTH + 1, '[', ']'));
	assert_false(accepts_depth(100000, '[', ']'));
	assert_false(accepts_depth(100000, '{', '}'));
}

/* A run of backslashes or quotes takes linear time: 8 MB of each. */
static void test_long_strings(void **state)
{
	static const char *const pieces[] = {"\\\\", "\\\"", "a", "\\\\\\\""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct buf b = {0};

		buf_putc(&b, '"');
		while (b.n < 8000000)
			buf_puts(&b, pieces[i]);
		assert_false(accepts(buf_str(&b)));
		buf_putc(&b, '"');
		assert_true(accepts(buf_str(&b)));
		buf_fini(&b);
	}
}

static void check_decode(struct str text)
{
	struct arena a = {0};
	struct str ours = STR_NONE;
	const char *fault = NULL;
	json_t *json = json_loadb(text.p, text.n, JSON_DECODE_ANY, NULL);
	bool ok = scan_decode(&a, text, &ours, &fault);

	if (ok != (json != NULL))
		fail_msg("%.*s: we say %d", STR_ARGS(text), ok);
	if (ok)
		assert_true(str_eq(ours, (struct str){json_string_value(json),
						 json_string_length(json)}));
	else
		assert_non_null(fault);
	json_decref(json);
	arena_fini(&a);
}

static void test_decode(void **state)
{
	static const char *const texts[] = {"", "plain", "exactly8",
		"longer than 8", "\\n\\t\\r\\b\\f\\/\\\\\\\"",
		"\\u0041\\u00e9\\u20AC", "é€😀", "\\ud83d\\ude00",
		"\\uD83D\\uDE00x", "\x7f", "\xc2\x80", "\xf4\x8f\xbf\xbf",
		"\xed\x9f\xbf", "\xee\x80\x80", "\\u0001", "1234567\xc3\xa9",
		"12345678\\n12345678", "  ~!#[]",
		/* refused */
		"\\u0000", "a\\u0000b", "\\ud83d", "\\ude00", "\\ud83dx",
		"\\ud83d\\n", "\\ud83d\\u0041", "\\ud83d\\ud83d", "\\u12",
		"\\u12g4", "\\x41", "\\", "\\'", "\x1f", "\n", "1234567\t",
		"\x80", "\xc3", "\xc3(", "\xc0\x80", "\xc1\xbf", "\xe0\x80\x80",
		"\xe2\x82", "\xed\xa0\x80", "\xf0\x80\x80\x80",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x28\xa1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct buf b = {0};

		buf_printf(&b, "\"%s\"", texts[i]);
		check_decode(buf_str(&b));
		buf_fini(&b);
	}
}

/* Every byte at every place of a word, which the quick path looks at. */
static void test_decode_every_byte(void **state)
{
	(void)state;
	for (int byte = 1; byte < 256; byte++) {
		for (size_t at = 1; at < 18; at++) {
			char text[] = "\"aaaaaaaaaaaaaaaaa\"";

			text[at] = (char)byte;
			if (byte != '"')
				check_decode(str_of(text));
		}
	}
}

static void test_no_text(void **state)
{
	struct arena a = {0};
	struct str text = STR_NONE;
	const char *fault = NULL;

	(void)state;
	assert_false(scan_decode(&a, STR("5"), &text, &fault));
	assert_string_equal(fault, "no text");
	assert_null(text.p);
	arena_fini(&a);
}

/* Behind the first fault, which stays, nothing is read. */
static void test_fault(void **state)
{
	struct scan j;
	struct str value;

	(void)state;
	scan_init(&j, STR("1[]"));
	assert_false(scan_enter(&j, '['));
	assert_false(scan_enter(&j, '1'));
	assert_false(scan_skip(&j, &value));
	assert_int_equal(scan_peek(&j), SCAN_NONE);
	assert_false(scan_end(&j));
	assert_string_equal(j.fault, "no list");
	scan_init(&j, STR("1 [ ]"));
	assert_true(scan_skip(&j, &value));
	assert_false(scan_end(&j));
	assert_string_equal(j.fault, "something follows the end");
}

static void test_enter_depth(void **state)
{
	struct buf b = {0};
	struct scan j;

	(void)state;
	for (size_t i = 0; i <= SCAN_DEPTH; i++)
		buf_putc(&b, '[');
	scan_init(&j, buf_str(&b));
	for (size_t i = 0; i < SCAN_DEPTH; i++)
		assert_true(scan_enter(&j, '['));
	assert_false(scan_enter(&j, '['));
	assert_string_equal(j.fault, "nested too deep");
	buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grammar),
		cmocka_unit_test(test_numbers_jansson_refuses),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_long_strings),
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_decode_every_byte),
		cmocka_unit_test(test_no_text),
		cmocka_unit_test(test_fault),
		cmocka_unit_test(test_enter_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
