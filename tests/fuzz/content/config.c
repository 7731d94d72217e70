/*
 * Any bytes as a configuration: read as a tree and compiled as a mapping.
 */
#include "content/program.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena = {0};
	struct program *p = NULL;
	struct node root;
	struct err e = {0};

	if (tree_parse(&arena, "c.yaml", (struct str){(const char *)data, size},
		    &root, &e) == 0)
		program_compile(&root, &p, &e);
	program_free(p);
	arena_fini(&arena);
	return 0;
}
