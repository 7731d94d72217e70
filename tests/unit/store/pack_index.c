/*
 * pack_index - what no pack of the tests is large enough for.
 */
#include "store/pack_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/store/scratch.h"

/* Offsets beyond 2 GiB, as "git show-index" reads them. */
static void far_offsets_are_in_the_idx(void **state)
{
	struct scratch *s = *state;
	char *path = scratch_file(s, "far.idx");
	struct object_table table = {0};
	uint8_t checksum[20] = {0};

	for (unsigned i = 0; i < 4; i++) {
		struct object it = {.offset = 12 + i * UINT64_C(0x70000000)};

		it.oid.id[0] = (unsigned char)(0xff - i);
		it.crc = i;
		object_table_add(&table, &it);
	}
	assert_int_equal(pack_index_write(path, &table, checksum, NULL), 0);
	assert_int_equal(
		scratch_run(s,
			"git show-index <far.idx | cut -c1-13 >is && printf "
			"'5637144588 fc\\n3758096396 fd\\n1879048204 fe\\n"
			"12 ff00000000\\n' >want && cmp is want"),
		0);
	object_table_fini(&table);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(far_offsets_are_in_the_idx,
			scratch_setup, scratch_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
