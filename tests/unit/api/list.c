/*
 * Collections: recorded ones, cut short at every place, and liars.
 */
#include "api/resources.h"

#include "tests/unit/api/recorded.h"

static int scan(struct str body, struct api_list *out)
{
	struct arena a = {0};
	struct err e = {0};
	int code = api_list_scan(&a, body, out, &e);

	assert_int_equal(code, e.code);
	arena_fini(&a);
	return code;
}

static const struct {
	const char *name;
	int64_t total;
	int64_t count;
	int64_t page_size;
	int64_t offset;
} lists[] = {
	{"list_ccm_curated_page1", 17, 8, 8, 1},
	{"list_ccm_curated_page2", 17, 8, 8, 2},
	{"list_ccm_curated_page3", 17, 1, 8, 3},
	{"list_past_the_end", 17, 0, 8, 99},
	{"list_select_ids", 24, 24, 1000, 1},
	{"work_package_22_attachments", 18, 18, -1, -1},
	{"projects", 4, 4, 20, 1},
	{"types", 8, 8, -1, -1},
	{"statuses", 14, 14, -1, -1},
	{"schemas_list", 3, 3, -1, -1},
};

static void test_recorded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf body = recorded(lists[i].name);
		struct api_list l;

		assert_int_equal(scan(buf_str(&body), &l), 0);
		if (l.total != lists[i].total || l.count != lists[i].count ||
			l.page_size != lists[i].page_size ||
			l.offset != lists[i].offset)
			fail_msg("%s: %lld %lld %lld %lld", lists[i].name,
				(long long)l.total, (long long)l.count,
				(long long)l.page_size, (long long)l.offset);
		assert_int_equal(l.n, (size_t)l.count);
		buf_fini(&body);
	}
}

static void test_cut_short(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct buf body = recorded(lists[i].name);
		size_t step = body.n < 10000 ? 1 : 1024;
		struct api_list l;
		size_t n = body.n;

		while (n > 0 && body.p[n - 1] != '}')
			n--;
		for (size_t cut = 0; cut < n; cut += step)
			assert_int_equal(scan((struct str){body.p, cut}, &l),
				ERR_UNAVAILABLE);
		assert_int_equal(
			scan((struct str){body.p, n - 1}, &l), ERR_UNAVAILABLE);
		assert_int_equal(scan((struct str){body.p, n}, &l), 0);
		buf_fini(&body);
	}
}

#define ELEMENTS "\"_embedded\":{\"elements\":["

static void test_liars(void **state)
{
	static const struct {
		const char *body;
		int code;
	} cases[] = {
		{"{\"total\":2,\"count\":2," ELEMENTS "1,{}]}}", 0},
		{"{" ELEMENTS "]},\"total\":9,\"count\":0}", 0},
		{"{\"total\":2,\"count\":1," ELEMENTS "1,{}]}}",
			ERR_UNAVAILABLE},
		{"{\"total\":2,\"count\":3," ELEMENTS "1,{}]}}",
			ERR_UNAVAILABLE},
		{"{\"count\":0," ELEMENTS "]}}", ERR_UNAVAILABLE},
		{"{\"total\":0," ELEMENTS "]}}", ERR_UNAVAILABLE},
		{"{\"total\":0,\"count\":0}", ERR_UNAVAILABLE},
		{"{\"total\":0,\"count\":0,\"_embedded\":{}}", ERR_UNAVAILABLE},
		{"{\"total\":0,\"count\":0,\"_embedded\":{\"elements\":{}}}",
			ERR_UNAVAILABLE},
		{"{\"total\":0,\"count\":0,\"_embedded\":[]}", ERR_UNAVAILABLE},
		{"{\"total\":\"0\",\"count\":0," ELEMENTS "]}}",
			ERR_UNAVAILABLE},
		{"{\"total\":-1,\"count\":0," ELEMENTS "]}}", ERR_UNAVAILABLE},
		{"{\"total\":0,\"count\":0," ELEMENTS "]}}}", ERR_UNAVAILABLE},
		{"[]", ERR_UNAVAILABLE},
		{"null", ERR_UNAVAILABLE},
		{"", ERR_UNAVAILABLE},
		{"<html></html>", ERR_UNAVAILABLE},
		/* Twice: the last counts, and counts alone. */
		{"{\"total\":1,\"count\":7,\"count\":1," ELEMENTS
		 "1,2,3],\"elements\":[4]}}",
			0},
		{"{\"total\":1,\"count\":1," ELEMENTS "1,2]}," ELEMENTS "4]}}",
			0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct api_list l;

		if (scan(str_of(cases[i].body), &l) != cases[i].code)
			fail_msg("%s", cases[i].body);
	}
}

static void test_ids(void **state)
{
	struct buf body = recorded("list_select_ids");
	struct arena a = {0};
	struct err e = {0};
	struct api_list l;
	int64_t *ids;

	(void)state;
	assert_int_equal(api_ids_parse(&a, buf_str(&body), &l, &ids, &e), 0);
	assert_int_equal(l.n, 24);
	assert_int_equal(ids[0], 3);
	assert_int_equal(ids[23], 4330);
	buf_fini(&body);

	assert_int_equal(api_ids_parse(&a,
				 STR("{\"total\":1,\"count\":1," ELEMENTS
				     "{\"id\":0}]}}"),
				 &l, &ids, &e),
		ERR_UNAVAILABLE);
	assert_string_equal(e.text, "element 1 of the list of ids has none");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_liars),
		cmocka_unit_test(test_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
