/*
 * memory - what a process that waits need not have.
 *
 * Half of what an idle daemon has in memory is code and tables of libraries
 * that ran once, at the start or in a first sync.
 */
#include "base/memory.h"

#include <link.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is written to is no file's any more, and stays. */
static int let_go(struct dl_phdr_info *object, size_t size, void *arg)
{
	const uintptr_t page = *(const uintptr_t *)arg;

	(void)size;
	for (size_t i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		uintptr_t begin = object->dlpi_addr + part->p_vaddr;
		uintptr_t from = begin & ~(page - 1);

		if (part->p_type == PT_LOAD && (part->p_flags & PF_W) == 0)
			madvise((void *)from, begin + part->p_memsz - from,
				MADV_DONTNEED);
	}
	return 0;
}

void memory_rest(void)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	malloc_trim(0);
	dl_iterate_phdr(let_go, &page);
}
