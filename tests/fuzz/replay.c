/*
 * replay - run a fuzz target over saved inputs: what fuzzing once found stays
 * found.  Prints a TAP point a file; the corpus has at least one.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int read_file(const char *path, struct buf *out)
{
	char bytes[65536];
	FILE *f = fopen(path, "rbe");
	size_t n;

	if (f == NULL)
		return -1;
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(out, bytes, n);
	return fclose(f);
}

int main(int argc, char **argv)
{
	int failed = 0;

	/* Nothing at all is an input, too. */
	LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
	printf("ok 1 - the empty input\n");
	for (int i = 1; i < argc; i++) {
		struct buf input = {0};

		if (read_file(argv[i], &input) != 0) {
			printf("not ok %d - %s\n", i + 1, argv[i]);
			failed = 1;
			continue;
		}
		LLVMFuzzerTestOneInput((const uint8_t *)input.p, input.n);
		printf("ok %d - %s\n", i + 1, argv[i]);
		fflush(stdout);
		buf_fini(&input);
	}
	return failed;
}
