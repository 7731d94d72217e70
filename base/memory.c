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
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"

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

/* "from-to r--s offset device inode    path", proc(5). */
static bool names(const char *line, const char *ending)
{
	struct str text = str_of(line);

	text.n -= str_ends(text, STR("\n"));
	return str_ends(text, str_of(ending));
}

static void let_go_line(const char *line)
{
	uintptr_t from;
	uintptr_t to;
	char *at;

	from = (uintptr_t)strtoull(line, &at, 16);
	if (*at != '-')
		return;
	to = (uintptr_t)strtoull(at + 1, &at, 16);
	if (strncmp(at, " r--", 4) == 0)
		madvise((void *)from, to - from, MADV_DONTNEED);
}

void memory_let_go(const char *ending)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char *line = NULL;
	size_t cap = 0;

	if (f == NULL)
		return;
	while (getline(&line, &cap, f) >= 0)
		if (names(line, ending))
			let_go_line(line);
	free(line);
	fclose(f);
}

bool memory_may_map(const char *ending)
{
	FILE *f = fopen("/proc/self/maps", "re");
	bool does = f == NULL;
	char *line = NULL;
	size_t cap = 0;

	while (!does && getline(&line, &cap, f) >= 0)
		does = names(line, ending);
	free(line);
	if (f != NULL)
		fclose(f);
	return does;
}
