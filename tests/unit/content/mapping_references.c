/*
 * Bodies with very many references: as many as may be are written, and no
 * work takes for ever.
 */
#include "tests/unit/content/mapping_rows.h"

static const char described[] =
	"documents:\n- path: p.md\n  references: link\n  links: relative\n"
	"  body: ${ description.raw | markdown }\n";

/* All others have a document. */
static bool find_any(
	void *arg, struct arena *a, int64_t id, struct neighbour *out)
{
	(void)arg;
	out->path = arena_printf(a, "%lld.md", (long long)id);
	out->subject = STR("any");
	return true;
}

static const struct neighbours any = {.find = find_any};

/* As many references as there may be, each to something else. */
static void put_references(struct buf *b, int n)
{
	for (int i = 1; i <= n; i += 2)
		buf_printf(b, "#%d user#%d ", i, i + 1);
}

static void test_most_references(void **state)
{
	struct work_package many = wp;
	struct buf b = {0};
	char *result;

	(void)state;
	put_references(&b, 100000);
	many.neighbours = &any;
	many.description_raw = buf_str(&b);
	result = describe(described, &many);
	assert_non_null(strstr(result, "\n[#1](1.md) user#2 [#3](3.md) "));
	assert_non_null(strstr(result, " [#99999](99999.md) user#100000"));
	free(result);
	buf_clear(&b);
	put_references(&b, 100002);
	many.description_raw = buf_str(&b);
	result = describe(described, &many);
	assert_string_equal(result, "!body: more than 100000 references\n");
	free(result);
	buf_fini(&b);
}

static struct value map_of_user(struct arena *a, int id)
{
	struct value map = {.type = VALUE_MAP, .n = 2};

	map.members = ARENA_ARRAY(a, struct member, 2);
	map.members[0] = (struct member){STR("href"),
		value_string(arena_printf(a, "/api/v3/users/%d", id))};
	map.members[1] = (struct member){
		STR("title"), value_string(arena_printf(a, "User %d", id))};
	return map;
}

static void put_users(struct buf *b, int n)
{
	while (n-- > 0)
		buf_puts(b, "user#1000 user#1001 ");
}

/* Each is looked for among all that the work package leads to. */
static void test_names_among_many(void **state)
{
	enum { LINKS = 1000 };
	struct arena a = {0};
	struct work_package many = wp;
	struct value list = {.type = VALUE_LIST, .n = LINKS};
	struct custom_field field = {STR("customField1"), list};
	struct buf b = {0};
	char *result;

	(void)state;
	list.items = ARENA_ARRAY(&a, struct value, LINKS);
	for (int i = 0; i < LINKS; i++)
		list.items[i] = map_of_user(&a, i + 1);
	field.value = list;
	many.fields = &field;
	many.n_fields = 1;
	put_users(&b, 1000);
	many.description_raw = buf_str(&b);
	result = describe(described, &many);
	assert_non_null(strstr(result, "\nUser 1000 user#1001 User 1000 "));
	free(result);
	put_users(&b, 49000);
	many.description_raw = buf_str(&b);
	result = describe(described, &many);
	assert_non_null(strstr(result, "this takes too long"));
	free(result);
	buf_fini(&b);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most_references),
		cmocka_unit_test(test_names_among_many),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
