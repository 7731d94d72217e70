/*
 * Attachments: the same source from both kinds of answer, and as structs.
 */
#include "api/resources.h"

#include <string.h>

#include "tests/unit/api/recorded.h"

static struct arena arena;

static int stop(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static void check_str(struct str s, const char *want)
{
	if (want == NULL)
		assert_null(s.p);
	else if (s.p == NULL || !str_is(s, want))
		fail_msg("'%.*s' is not '%s'", STR_ARGS(s), want);
}

static void test_attachments(void **state)
{
	struct buf list = recorded("work_package_22_attachments");
	struct buf whole = recorded("work_package_22");
	struct buf source = {0};
	struct buf embedded = {0};
	struct work_package wp = {.id = 22};
	struct err e = {0};

	(void)state;
	assert_int_equal(
		api_attachments_source_make(buf_str(&list), &source, &e), 0);
	assert_int_equal(
		api_attachments_source_make(
			api_member(api_member(buf_str(&whole), "_embedded"),
				"attachments"),
			&embedded, &e),
		0);
	assert_string_equal(source.p, embedded.p);
	assert_int_equal(
		api_attachments_parse(&arena, buf_str(&source), &wp, &e), 0);
	assert_true(wp.attachments_known);
	assert_int_equal(wp.n_attachments, 18);
	for (size_t i = 1; i < wp.n_attachments; i++)
		assert_true(wp.attachments[i - 1].id < wp.attachments[i].id);
	for (size_t i = 0; i < wp.n_attachments; i++) {
		const struct attachment *at = &wp.attachments[i];
		char href[64];

		snprintf(href, sizeof(href), "/api/v3/attachments/%lld/content",
			(long long)at->id);
		check_str(at->href, href);
		assert_int_equal(at->digest.n, 32);
		assert_int_equal(at->author.id, 6);
		assert_true(at->file_name.n > 0);
		if (str_is(at->file_name, "big20.bin"))
			assert_int_equal(at->size, 20971520);
	}
	buf_fini(&list);
	buf_fini(&whole);
	buf_fini(&source);
	buf_fini(&embedded);
}

#define COLLECTION                                                             \
	"{\"total\":1,\"count\":1,\"_embedded\":{\"elements\":[{%s}]}}"

#define FINE "\"id\":5,\"fileName\":\"a\",\"fileSize\":0"

static const struct {
	const char *members;
	const char *digest; /* or NULL */
	const char *fault;  /* or NULL */
} files[] = {
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0", NULL, NULL},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0,\"digest\":{\"algorithm\":"
	 "\"md5\",\"hash\":\"2887103321BA6477785E8E67EBF79580\"}",
		"2887103321ba6477785e8e67ebf79580", NULL},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0,\"digest\":{\"algorithm\":"
	 "\"md5\",\"hash\":\"2887103321BA6477785E8E67EBF7958\"}",
		NULL, NULL},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0,\"digest\":{\"algorithm\":"
	 "\"sha1\",\"hash\":\"2887103321BA6477785E8E67EBF79580\"}",
		NULL, NULL},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0,\"digest\":null", NULL,
		NULL},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":null", NULL,
		"attachment 5: fileSize: null, not a size"},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":-1", NULL,
		"attachment 5: fileSize: a number, not a size"},
	{"\"id\":5,\"fileSize\":1", NULL, "attachment 5: fileName: none"},
	{"\"id\":5,\"fileName\":\"\",\"fileSize\":1", NULL,
		"attachment 5: fileName: none"},
	{"\"id\":5,\"fileName\":\"\\ud800\",\"fileSize\":1", NULL,
		"attachment 5: fileName: invalid \\u escape (half of a "
		"surrogate pair)"},
	{"\"fileName\":\"a\",\"fileSize\":1", NULL,
		"attachment 1 of the list has no id"},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0,\"digest\":{\"algorithm\":"
	 "\"md5\",\"hash\":\"2887103321b!6477785e8e67ebf79580\"}",
		NULL, NULL},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0,\"digest\":{\"algorithm\":"
	 "\"md5\",\"hash\":\"2887103321b_6477785e8e67ebf79580\"}",
		NULL, NULL},
	{"\"id\":5,\"fileName\":\"a\",\"fileSize\":0,\"digest\":{\"algorithm\":"
	 "\"md5\",\"hash\":\"2887103321bg6477785e8e67ebf79580\"}",
		NULL, NULL},
	{FINE ",\"contentType\":5", NULL,
		"attachment 5: contentType: a number, not text"},
	{FINE ",\"createdAt\":[]", NULL,
		"attachment 5: createdAt: a list, not text"},
	{FINE ",\"_links\":{\"author\":5}", NULL,
		"attachment 5: author: a number, not a link"},
	{FINE ",\"_links\":{\"staticDownloadLocation\":5}", NULL,
		"attachment 5: staticDownloadLocation: a number, not a link"},
	{FINE ",\"_links\":{\"staticDownloadLocation\":{\"href\":"
	      "\"//evil.org/api/v3/attachments/5/content\"}}",
		NULL, NULL},
	{FINE ",\"_links\":{\"staticDownloadLocation\":{\"href\":"
	      "\"/api/v3/attachments/6/content\"}}",
		NULL, NULL},
};

static void check_file(size_t i)
{
	struct buf body = {0};
	struct buf source = {0};
	struct work_package wp = {0};
	struct err e = {0};

	buf_printf(&body, COLLECTION, files[i].members);
	if (api_attachments_source_make(buf_str(&body), &source, &e) == 0)
		api_attachments_parse(&arena, buf_str(&source), &wp, &e);
	if (files[i].fault != NULL) {
		assert_string_equal(e.text, files[i].fault);
		assert_false(wp.attachments_known);
	} else if (e.code != 0 || wp.attachments == NULL) {
		fail_msg("%s", e.text);
	} else {
		check_str(wp.attachments[0].digest, files[i].digest);
		check_str(wp.attachments[0].href,
			"/api/v3/attachments/5/content");
	}
	buf_fini(&body);
	buf_fini(&source);
}

#define THREE                                                                  \
	"{\"total\":3,\"count\":3,\"_embedded\":{\"elements\":["               \
	"{\"id\":5,\"fileName\":\"a\",\"fileSize\":1%s},"                      \
	"{\"id\":6,\"fileName\":\"b\",\"fileSize\":1,"                         \
	"\"status\":\"quarantined\"},"                                         \
	"{\"id\":7,\"fileName\":\"c\",\"fileSize\":null,"                      \
	"\"status\":\"prepared\"}]}}"

/* All other states are none, so that sources say nothing of them. */
static void test_withheld(void **state)
{
	static const char *const same[] = {"", ",\"status\":\"uploaded\"",
		",\"status\":\"rescan\"", ",\"status\":null"};
	struct buf first = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(same); i++) {
		struct buf body = {0};
		struct buf source = {0};
		struct work_package wp = {0};
		struct err e = {0};

		buf_printf(&body, THREE, same[i]);
		assert_int_equal(api_attachments_source_make(
					 buf_str(&body), &source, &e),
			0);
		assert_int_equal(api_attachments_parse(
					 &arena, buf_str(&source), &wp, &e),
			0);
		assert_int_equal(wp.n_attachments, 1);
		assert_int_equal(wp.attachments[0].id, 5);
		assert_int_equal(wp.n_quarantined, 1);
		assert_int_equal(wp.quarantined[0].id, 6);
		check_str(wp.quarantined[0].file_name, "b");
		if (i == 0)
			buf_add_str(&first, buf_str(&source));
		assert_string_equal(source.p, first.p);
		buf_fini(&body);
		buf_fini(&source);
	}
	buf_fini(&first);
}

/* Its content is asked for by its id alone. */
static void test_twice(void **state)
{
	static const char list[] =
		"{\"total\":2,\"count\":2,\"_embedded\":{\"elements\":["
		"{\"id\":5,\"fileName\":\"a\"},{\"id\":5,\"fileName\":\"b\"}]}"
		"}";
	struct buf source = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(api_attachments_source_make(str_of(list), &source, &e),
		ERR_UNAVAILABLE);
	assert_string_equal(e.text, "attachment 5 stands twice in the list");
	buf_fini(&source);
}

static void test_odd_attachments(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		check_file(i);
}

/* Those that are wanting would look like removed ones. */
static void test_part(void **state)
{
	struct buf source = {0};
	struct err e = {0};

	(void)state;
	assert_int_equal(
		api_attachments_source_make(
			STR("{\"total\":2,\"count\":1,\"_embedded\":{"
			    "\"elements\":[{\"id\":5,\"fileName\":\"a\","
			    "\"fileSize\":0}]}}"),
			&source, &e),
		ERR_UNAVAILABLE);
	assert_string_equal(e.text, "the server gives 1 of 2 attachments only");
	buf_fini(&source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attachments),
		cmocka_unit_test(test_withheld),
		cmocka_unit_test(test_twice),
		cmocka_unit_test(test_odd_attachments),
		cmocka_unit_test(test_part),
	};

	return cmocka_run_group_tests(tests, NULL, stop);
}
