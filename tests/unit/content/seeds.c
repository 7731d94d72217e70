/*
 * The mapping of tests/fixtures/mapping/seeds.yaml makes published documents
 * byte for byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "content/program.h"
#include "tests/unit/content/fixture.h"

static struct arena arena;
static struct arena scratch;
static struct program *program;

static int set_up(void **state)
{
	struct node root;
	struct err e = {0};

	(void)state;
	if (tree_load(&arena, "tests/fixtures/mapping/seeds.yaml", &root, &e) !=
			0 ||
		program_compile(&root, &program, &e) != 0) {
		print_error("%s\n", e.text);
		return -1;
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	program_free(program);
	arena_fini(&arena);
	arena_fini(&scratch);
	return 0;
}

static struct str load_text(const char *path)
{
	FILE *f = fopen(path, "re");
	char *bytes = arena_alloc(&arena, 65536);
	size_t n;

	assert_non_null(f);
	n = fread(bytes, 1, 65536, f);
	fclose(f);
	return (struct str){bytes, n};
}

static void assert_document(
	const struct rendered *out, const char *path, const char *expected_file)
{
	const struct document *d = &out->items[0].document;
	struct str expected = load_text(expected_file);

	if (out->items[0].err.code != 0)
		fail_msg("%s", out->items[0].err.text);
	assert_string_equal(d->path, path);
	assert_string_equal(d->natural_path, path);
	assert_string_equal(d->text.p, expected.p);
	assert_int_equal(d->text.n, expected.n);
}

static void test_without_picture(void **state)
{
	struct work_package wp = fixture_load(&arena, "4330");
	struct rendered out;

	(void)state;
	assert_int_equal(program_render(program, &wp, NULL, &scratch, &out), 0);
	assert_int_equal(out.match_err.code, 0);
	assert_int_equal(out.n, 1);
	assert_string_equal(out.items[0].entry, "curated-content");
	assert_document(&out,
		"content/communities/chronic-care-management/curated-content/"
		"ae314a10-087e-5172-9ccb-96c60985cfb7.md",
		"tests/fixtures/seeds/000.md");
	assert_int_equal(out.items[0].document.n_files, 0);
	rendered_fini(&out);
}

static void test_with_picture(void **state)
{
	struct work_package wp = fixture_load(&arena, "3397");
	struct rendered out;

	(void)state;
	assert_int_equal(
		program_render(program, &wp, NULL, &scratch, &out), ERR_NEED);
	assert_int_equal(out.n, 0);
	assert_int_equal(out.n_needs, 1);
	assert_int_equal(out.needs[0], 9311);
	rendered_fini(&out);

	fixture_fetch(&wp.attachments[0], "JPEG", 2560, 1707);
	assert_int_equal(program_render(program, &wp, NULL, &scratch, &out), 0);
	assert_document(&out,
		"content/communities/chronic-care-management/curated-content/"
		"1b161ec0-bbcf-5822-bc37-2e077a1b3ceb.md",
		"tests/fixtures/seeds/001.md");
	assert_int_equal(out.items[0].document.n_files, 1);
	assert_int_equal(out.items[0].document.files[0].attachment_id, 9311);
	assert_string_equal(out.items[0].document.files[0].path,
		"content/communities/chronic-care-management/curated-content/"
		"1b161ec0-bbcf-5822-bc37-2e077a1b3ceb-featuredImage.jpeg");
	rendered_fini(&out);
}

/* Its hero is named in the body, its paper is linked below it. */
static void test_article(void **state)
{
	struct work_package wp = fixture_load(&arena, "3");
	struct rendered out;

	(void)state;
	assert_int_equal(
		program_render(program, &wp, NULL, &scratch, &out), ERR_NEED);
	assert_int_equal(out.n_needs, 2);
	rendered_fini(&out);

	fixture_fetch(&wp.attachments[0], "PNG", 640, 360);
	fixture_fetch(&wp.attachments[1], "", 0, 0);
	assert_int_equal(program_render(program, &wp, NULL, &scratch, &out), 0);
	assert_document(&out,
		"content/articles/part-3-diving-deeper-into-the-role-of-human-"
		"connection-between-providers-patients/index.md",
		"tests/fixtures/seeds/article.md");
	assert_int_equal(out.items[0].document.n_files, 2);
	rendered_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_picture),
		cmocka_unit_test(test_with_picture),
		cmocka_unit_test(test_article),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
