/*
 * Text to text: slugs, cutting, patterns, dates, URLs, names of files.
 */
#include "content/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/util.h"

static void check(struct str got, const char *want)
{
	char text[512];

	if (want == NULL) {
		assert_null(got.p);
		return;
	}
	snprintf(text, sizeof(text), "%.*s", STR_ARGS(got));
	assert_string_equal(text, want);
}

static void test_slug(void **state)
{
	static const struct {
		const char *in;
		const char *language;
		const char *out;
	} cases[] = {
		{"How Technology Powers Connections", NULL,
			"how-technology-powers-connections"},
		{"How can it -- improve?", NULL, "how-can-it-improve"},
		{"  x  ", NULL, "x"},
		{"", NULL, ""},
		{"?!", NULL, ""},
		{"C++ & C#", NULL, "c-c"},
		{"a_b.c", NULL, "a-b-c"},
		{"\xC3\xA4 \xC3\xB8 \xC3\x9F \xC3\xA9", NULL, "a-o-ss-e"},
		{"\xC3\x84\xC3\x96\xC3\x9C \xC3\xA4\xC3\xB6\xC3\xBC \xC3\x9F",
			"de", "aeoeue-aeoeue-ss"},
		{"a\xCC\x88", "de", "ae"},
		{"a\xCC\x88", NULL, "a"},
		{"\xC3\xA4", "fr", "a"},
		{"plain", "de", "plain"},
		{"\xD0\x96", NULL, "z"},
		{"\xE6\x9D\xB1", NULL, "dong"},
		{"\xE6\x9D\xB1\xE4\xBA\xAC", NULL, "dong-jing"},
		{"\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82", NULL,
			"privet"},
		{"it\xE2\x80\x99s", NULL, "it-s"},
		{"\xF0\x9F\x9A\x80", NULL, ""},
		{"\xF0\x9F\x9A\x80 go", NULL, "go"},
		{"a\xC2\xA0z", NULL, "a-z"},
		{"bad\xFF"
		 "byte",
			NULL, "bad-byte"},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		check(words_slug(&a, str_of(cases[i].in), cases[i].language),
			cases[i].out);
	arena_fini(&a);
}

/* A long text takes no more than its share of time, and loses nothing. */
static void test_long_slug(void **state)
{
	struct arena a = {0};
	struct buf text = {0};
	struct str slug;

	(void)state;
	for (int i = 0; i < 20000; i++)
		buf_puts(&text, "\xE6\x9D\xB1 ");
	slug = words_slug(&a, buf_str(&text), NULL);
	assert_int_equal(slug.n, 20000 * 5 - 1);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == ' ')
			text.p[i] = '\n';
	slug = words_slug(&a, buf_str(&text), NULL);
	assert_int_equal(slug.n, 20000 * 5 - 1);
	buf_clear(&text);
	for (int i = 0; i < 5000; i++)
		buf_puts(&text, "\xD0\x96");
	assert_int_equal(words_slug(&a, buf_str(&text), NULL).n, 5000);
	buf_fini(&text);
	arena_fini(&a);
}

static void test_case(void **state)
{
	struct arena a = {0};

	(void)state;
	check(words_lower(&a, STR("ABC xyz 1")), "abc xyz 1");
	check(words_upper(&a, STR("abc XYZ 1")), "ABC XYZ 1");
	check(words_upper(&a, STR("stra\xC3\x9F"
				  "e")),
		"STRASSE");
	check(words_lower(&a, STR("\xC3\x84")), "\xC3\xA4");
	check(words_upper(&a, STR("\xEF\xAC\x83\xCE\x90")),
		"FFI\xCE\x99\xCC\x88\xCC\x81");
	check(words_fold(&a, STR("Stra\xC3\x9F"
				 "e")),
		"strasse");
	check(words_fold(&a, STR("A\xCC\x88")), "\xC3\xA4");
	check(words_fold(&a, STR("\xC3\x84")), "\xC3\xA4");
	arena_fini(&a);
}

static void test_cut(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *points;
		const char *words;
	} cases[] = {
		{"one two three", 20, "one two three", "one two three"},
		{"one two three", 13, "one two three", "one two three"},
		{"one two three", 12, "one two thre", "one two"},
		{"one two three", 8, "one two ", "one two"},
		{"one two three", 7, "one two", "one two"},
		{"one two three", 6, "one tw", "one"},
		{"onetwothree", 6, "onetwo", "onetwo"},
		{"a\xC2\xA0two three", 6, "a\xC2\xA0two ", "a\xC2\xA0two"},
		{"a\xC2\xA0twothree", 6, "a\xC2\xA0twot", "a\xC2\xA0twot"},
		{"\xC3\xA4\xC3\xB6\xC3\xBC", 2, "\xC3\xA4\xC3\xB6",
			"\xC3\xA4\xC3\xB6"},
		{"a  b c", 4, "a  b", "a  b"},
		{"a  bcd", 4, "a  b", "a"},
		{"", 3, "", ""},
		{"abc", 0, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check(words_truncate(str_of(cases[i].in), cases[i].n),
			cases[i].points);
		check(words_truncate_words(str_of(cases[i].in), cases[i].n),
			cases[i].words);
	}
	assert_int_equal(words_length(STR("a\xC3\xA4\xF0\x9F\x9A\x80")), 3);
	assert_int_equal(words_length(STR("\xC3\xFF"
					  "a\xE2\x82")),
		5);
	check(words_trim(STR(" \t\n\xC2\xA0x y\xE3\x80\x80 ")), "x y");
	check(words_trim(STR(" \n ")), "");
	check(words_trim(STR("x")), "x");
	check(words_trim(STR(" \xFF ")), "\xFF");
}

static void test_glob(void **state)
{
	static const struct {
		const char *pattern;
		const char *text;
		bool fits;
	} cases[] = {
		{"*Featured_Image*", "Curated_Featured_Image.jpg", true},
		{"*Featured_Image*", "Featured_Image", true},
		{"*Featured_Image*", "featured_image", false},
		{"*.png", "a.png", true},
		{"*.png", "a.png2", false},
		{"?.png", "\xC3\xA4.png", true},
		{"?.png", "ab.png", false},
		{"[a-c]x", "bx", true},
		{"[a-c]x", "dx", false},
		{"[!a-c]x", "dx", true},
		{"[^a-c]x", "ax", false},
		{"[]x]", "]", true},
		{"[a-]", "-", true},
		{"[x", "[x", true},
		{"\\*", "*", true},
		{"\\*", "a", false},
		{"[\\]]", "]", true},
		{"a\\", "a\\", true},
		{"[a\\", "[a\\", true},
		{"[", "[", true},
		{"[!", "[!", true},
		{"*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			false},
		{"a/*", "a/b/c", true},
		{"**", "", true},
		{"", "", true},
		{"", "a", false},
		{"a", "", false},
		{"[\xC3\xA0-\xC3\xB6]", "\xC3\xA4", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (words_glob(str_of(cases[i].pattern),
			    str_of(cases[i].text)) != cases[i].fits)
			fail_msg("'%s' of '%s'", cases[i].pattern,
				cases[i].text);
}

static void test_uuid(void **state)
{
	struct arena a = {0};
	struct err e = {0};
	struct str out = STR("untouched");

	(void)state;
	assert_int_equal(words_uuid5(&a, STR("url"),
				 STR("4330-How Technology Powers Connections "
				     "Between Patients and Clinicians"),
				 &out, &e),
		0);
	check(out, "ae314a10-087e-5172-9ccb-96c60985cfb7");
	assert_int_equal(
		words_uuid5(&a, STR("dns"), STR("python.org"), &out, &e), 0);
	check(out, "886313e1-3b8a-5372-9b90-0c9aee199e5d");
	assert_int_equal(
		words_uuid5(&a, STR("6BA7B810-9dad-11d1-80b4-00c04fd430c8"),
			STR("python.org"), &out, &e),
		0);
	check(out, "886313e1-3b8a-5372-9b90-0c9aee199e5d");
	assert_int_equal(
		words_uuid5(&a, STR("uri"), STR(""), &out, &e), ERR_DATA);
	assert_int_equal(
		words_uuid5(&a, STR("6ba7b810-9dad-11d1-80b4-00c04fd430cx"),
			STR(""), &out, &e),
		ERR_DATA);
	assert_int_equal(
		words_uuid5(&a, STR("6ba7b810+9dad-11d1-80b4-00c04fd430c8"),
			STR(""), &out, &e),
		ERR_DATA);
	assert_int_equal(
		words_uuid5(&a, STR("xba7b810-9dad-11d1-80b4-00c04fd430c8"),
			STR(""), &out, &e),
		ERR_DATA);
	check(out, "886313e1-3b8a-5372-9b90-0c9aee199e5d");
	arena_fini(&a);
}

#define TWENTY "aaaaaaaaaaaaaaaaaaaa"
#define HUNDRED TWENTY TWENTY TWENTY TWENTY TWENTY
#define MOMENT "2021-01-20T04:33:56.131212Z"

static const struct {
	const char *in;
	const char *format;
	const char *zone;
	const char *out; /* NULL: an error */
} dates[] = {
	{MOMENT, "%Y-%m-%dT%H:%M:%S.%6NZ", "UTC",
		"2021-01-20T04:33:56.131212Z"},
	{"2021-01-20T07:01:03.036Z", "%Y-%m-%dT%H:%M:%S.%6NZ", NULL,
		"2021-01-20T07:01:03.036000Z"},
	{MOMENT, "%3N %9N %1N %N", NULL, "131 131212000 1 131212000"},
	{MOMENT, "%F %T %y %j %e %s %%", NULL,
		"2021-01-20 04:33:56 21 020 20 1611117236 %"},
	{MOMENT, "%A %a %B %b %Z %z %:z", NULL,
		"Wednesday Wed January Jan UTC +0000 +00:00"},
	{MOMENT, "%F %T %z %:z", "Asia/Kolkata",
		"2021-01-20 10:03:56 +0530 +05:30"},
	{MOMENT, "%F %T %z", "America/New_York", "2021-01-19 23:33:56 -0500"},
	{MOMENT, "%a %Z", "America/New_York", "Tue EST"},
	{"2021-07-20T04:33:56Z", "%T %z %Z", "America/New_York",
		"00:33:56 -0400 EDT"},
	{"2021-03-28T00:59:59Z", "%T %z", "Europe/Berlin", "01:59:59 +0100"},
	{"2021-03-28T01:00:00Z", "%T %z", "Europe/Berlin", "03:00:00 +0200"},
	{"2021-10-31T01:00:00Z", "%T %z", "Europe/Berlin", "02:00:00 +0100"},
	{"2021-07-01", "%F %T %z %s", "Europe/Berlin",
		"2021-07-01 00:00:00 +0200 1625090400"},
	{"2021-07-01", "%F %T %z", NULL, "2021-07-01 00:00:00 +0000"},
	{"2020-12-31", "%j", NULL, "366"},
	{"2021-12-31", "%j", NULL, "365"},
	{"1900-12-31", "%j", NULL, "365"},
	{"2000-12-31", "%j", NULL, "366"},
	{"2020-01-31", "%j", NULL, "031"},
	{"1900-01-01", "%a", NULL, "Mon"},
	{"1965-01-03", "%a", NULL, "Sun"},
	{"1969-12-31T23:59:59.5Z", "%s %a %3N", NULL, "-1 Wed 500"},
	{"2000-01-01", "%a", NULL, "Sat"},
	{"0999-01-02", "%Y %F", NULL, "0999 0999-01-02"},
	{"2038-01-19T03:14:08Z", "%s", NULL, "2147483648"},
	/* By the rules that the tz database has for the moment. */
	{"2015-01-15T12:00:00Z", "%T %z %Z", "Europe/Istanbul",
		"14:00:00 +0200 GMT+2"},
	{"2015-07-15T12:00:00Z", "%z %Z", "Europe/Istanbul", "+0300 GMT+3"},
	{"2022-01-15T12:00:00Z", "%z %Z", "Europe/Istanbul", "+0300 GMT+3"},
	{"2010-01-01T12:00:00Z", "%z %Z", "Europe/Moscow", "+0300 GMT+3"},
	{"2012-06-01T12:00:00Z", "%z %Z", "Europe/Moscow", "+0400 GMT+4"},
	{"2018-12-15T12:00:00Z", "%z %Z", "America/Sao_Paulo", "-0200 GMT-2"},
	{"2010-06-30T12:00:00Z", "%z %Z", "Pacific/Apia", "-1100 GMT-11"},
	{"2016-01-01", "%z %Z", "Asia/Pyongyang", "+0830 GMT+8:30"},
	{"2012-01-01T12:00:00Z", "%z %Z", "America/Caracas", "-0430 GMT-4:30"},
	{"1995-01-01T12:00:00Z", "%z %Z", "Europe/Lisbon", "+0100 GMT+1"},
	{"1970-01-01T12:00:00Z", "%z %Z", "Europe/London", "+0100 GMT+1"},
	{"2021-01-01T12:00:00Z", "%z %Z", "Europe/London", "+0000 GMT"},
	{"1980-01-01T12:00:00Z", "%z %Z", "America/Anchorage", "-1000 GMT-10"},
	{"2020-01-01T12:00:00Z", "%z %Z", "America/Anchorage", "-0900 AKST"},
	{"2000-07-01", "%z %Z", "America/Indiana/Knox", "-0500 EST"},
	{"2021-07-01", "%z %Z", "America/Indiana/Knox", "-0500 CDT"},
	{MOMENT, "%z %Z", "Etc/UTC", "+0000 UTC"},
	{MOMENT, "", NULL, ""},
	{MOMENT, "caf\xC3\xA9", NULL, "caf\xC3\xA9"},
	{MOMENT, "%Q", NULL, NULL},
	{MOMENT, "%", NULL, NULL},
	{MOMENT, "%:", NULL, NULL},
	{MOMENT, "%3", NULL, NULL},
	{MOMENT, "%3d", NULL, NULL},
	{MOMENT, "%0N", NULL, NULL},
	{MOMENT, "%aN", NULL, "WedN"},
	{MOMENT, "%F", HUNDRED HUNDRED HUNDRED, NULL},
	{MOMENT, "%F", "Mars/Olympus", NULL},
	{MOMENT, "%F", "", NULL},
	{"2021-02-30", "%F", NULL, NULL},
	{"20 January", "%F", NULL, NULL},
	{"", "%F", NULL, NULL},
};

static void test_date(void **state)
{
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(dates); i++) {
		struct str out = STR_NONE;
		struct err e = {0};
		int rc = words_date(&a, str_of(dates[i].in),
			str_of(dates[i].format), dates[i].zone, &out, &e);

		check(out, dates[i].out);
		assert_int_equal(rc, dates[i].out != NULL ? 0 : ERR_DATA);
		assert_int_equal(e.code, rc);
	}
	arena_fini(&a);
}

static void test_url(void **state)
{
	static const struct {
		const char *url;
		const char *host;
		const char *path;
	} cases[] = {
		{"https://healthtechmagazine.net/article/2021/01/how",
			"healthtechmagazine.net", "/article/2021/01/how"},
		{"https://WWW.Example.ORG:8443/a?b#c", "www.example.org", "/a"},
		{"http://user:pw@host.org/x", "host.org", "/x"},
		{"http://a@b@host.org?x", "host.org", ""},
		{"http://host.org#/x", "host.org", ""},
		{"http://evil.org\\@host.org/", "evil.org", "\\@host.org/"},
		{"http://[::1]:80/", "[::1]", "/"},
		{" https://x.org ", "x.org", ""},
		{"https://B\xC3\x9C"
		 "CHER.de/",
			"b\xC3\xBC"
			"cher.de",
			"/"},
		{"mailto:a@b.org", NULL, NULL},
		{"/a/b", NULL, NULL},
		{"//host/a", NULL, NULL},
		{"1http://host/", NULL, NULL},
		{"https://:80", NULL, ""},
		{"https://[x", NULL, ""},
		{"https:///x", NULL, "/x"},
		{"a1+-.b://host/x", "host", "/x"},
		{"", NULL, NULL},
	};
	struct arena a = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check(words_url_host(&a, str_of(cases[i].url)), cases[i].host);
		check(words_url_path(&a, str_of(cases[i].url)), cases[i].path);
	}
	assert_null(words_url_host(&a, STR_NONE).p);
	assert_null(words_url_path(&a, STR_NONE).p);
	check(words_strip_www(STR("www.x.org")), "x.org");
	check(words_strip_www(STR("www.")), "www.");
	check(words_strip_www(STR("wwwx.org")), "wwwx.org");
	check(words_strip_tld(STR("afterrounds.lww.com")), "afterrounds.lww");
	check(words_strip_tld(STR("x.org.")), "x");
	check(words_strip_tld(STR("localhost")), "localhost");
	check(words_strip_tld(STR("")), "");
	arena_fini(&a);
}

static void test_names(void **state)
{
	static const char *const cases[][3] = {
		{"a/b/c.tar.gz", "c.tar.gz", "gz"},
		{"c.png", "c.png", "png"},
		{"a/b/", "b", ""},
		{".hidden", ".hidden", ""},
		{"a.b/c", "c", ""},
		{"x.", "x.", ""},
		{"", "", ""},
		{"/", "", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		check(words_basename(str_of(cases[i][0])), cases[i][1]);
		check(words_ext(str_of(cases[i][0])), cases[i][2]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slug),
		cmocka_unit_test(test_long_slug),
		cmocka_unit_test(test_case),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_date),
		cmocka_unit_test(test_url),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
