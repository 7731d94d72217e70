/*
 * core.sharedRepository, by the values of git-config(1).
 */
#include "store/shared.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store/scratch.h"

/* Of 0640, 0440, and a folder's 0750. */
static const struct {
	const char *value;
	mode_t file, object, folder;
} cases[] = {
	{"umask", 0640, 0440, 0750},
	{"false", 0640, 0440, 0750},
	{"0", 0640, 0440, 0750},
	{"group", 0660, 0440, 02770},
	{"true", 0660, 0440, 02770},
	{"1", 0660, 0440, 02770},
	{"all", 0664, 0444, 02775},
	{"world", 0664, 0444, 02775},
	{"everybody", 0664, 0444, 02775},
	{"2", 0664, 0444, 02775},
	{"0600", 0600, 0400, 0700},
	{"0640", 0640, 0440, 02750},
	{"0660", 0660, 0440, 02770},
	{"0777", 0666, 0444, 02777},
	{"0060", 0640, 0440, 0750},
	{"nobody", 0640, 0440, 0750},
};

static void check(const struct scratch *s, size_t i)
{
	int shared = shared_read(s->repo);

	assert_int_equal(shared_mode(shared, 0640), cases[i].file);
	assert_int_equal(shared_mode(shared, 0440), cases[i].object);
	assert_int_equal(
		shared_mode(shared, S_IFDIR | 0750), S_IFDIR | cases[i].folder);
}

/* One without a value is true. */
static void no_value(void **state)
{
	const struct scratch *s = *state;

	assert_int_equal(
		scratch_run(s, "printf '[core]\\n\\tsharedRepository\\n'"
			       " >>.git/config"),
		0);
	assert_int_equal(shared_mode(shared_read(s->repo), 0640), 0660);
}

static void values(void **state)
{
	const struct scratch *s = *state;

	git_config *config;

	assert_int_equal(shared_read(s->repo), 0);
	assert_int_equal(git_repository_config(&config, s->repo), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		assert_int_equal(
			git_config_set_string(config, "core.sharedRepository",
				cases[i].value),
			0);
		check(s, i);
	}
	git_config_free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			values, scratch_setup, scratch_teardown),
		cmocka_unit_test_setup_teardown(
			no_value, scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
