/*
 * Opening a repository of which something is nobody's to read now: it is not
 * damaged, and stays where it is.
 */
#include "tests/unit/store/fixture.h"
#include "tests/unit/store/privileges.h"

static void open_without(struct fixture *f, const char *file)
{
	struct store_options o = options(f);

	store_close(f->store);
	f->store = NULL;
	run("chmod 0 %s", file);
	set_privileges(false);
	f->err = (struct err){0};
	assert_int_equal(store_open(&o, &f->store, &f->err), ERR_IO);
	set_privileges(true);
	assert_non_null(strstr(f->err.text, "Permission denied"));
	assert_string_equal(
		run("find '%s/.git/opsync' -name 'damaged*'", f->path), "");
	run("chmod 644 %s", file);
	open_store(f);
	assert_string_equal(branches(f), "early main zlate ");
	check_clean(f);
}

static void test_unreadable_refs(void **state)
{
	struct fixture *f = *state;
	char *file = xasprintf("'%s/.git/packed-refs'", f->path);

	open_with_two(f);
	run(GIT "branch early && " GIT "branch zlate && " GIT "pack-refs --all",
		f->path, f->path, f->path);
	open_without(f, file);
	free(file);
}

static void test_unreadable_pack(void **state)
{
	struct fixture *f = *state;
	char *file = xasprintf("'%s'/.git/objects/pack/*.pack", f->path);

	open_with_two(f);
	run(GIT "branch early && " GIT "branch zlate && " GIT "gc -q", f->path,
		f->path, f->path);
	open_without(f, file);
	free(file);
}

/* The branch goes not back behind it. */
static void test_unreadable_object(void **state)
{
	struct fixture *f = *state;
	char *file;

	open_with_two(f);
	run(GIT "branch early && " GIT "branch zlate", f->path, f->path);
	commit_theirs(f, "theirs.md");
	file = xasprintf("'%s/.git/objects/%s'", f->path,
		run(GIT "rev-parse HEAD | sed 's,..,&/,' | tr -d '\\n'",
			f->path));
	open_without(f, file);
	assert_string_equal(subjects(f), "theirs Sync ");
	free(file);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_unreadable_refs),
		TEST(test_unreadable_pack),
		TEST(test_unreadable_object),
	};

	return cmocka_run_group_tests_name("unreadable", tests, NULL, NULL);
}
