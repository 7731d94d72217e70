/*
 * allocations - preloaded, it lets the N-th allocation of a program fail.
 *
 *   LD_PRELOAD=allocations.so FAIL_ALLOCATION=N [FAIL_ONWARDS=1] PROGRAM
 *
 * FAIL_ONWARDS: that one and all that follow.  COUNT_ALLOCATIONS=FILE: how
 * many there were is written to FILE at the end.  Those before main() do not
 * count.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* NOLINTBEGIN(*-reserved-identifier,cert-dcl*,*-parameter-name): glibc's */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static atomic_long count;
static long fail_at;
static bool onwards;
static bool counting;

static bool fails(void)
{
	long n;

	if (!counting)
		return false;
	n = ++count;
	if (fail_at == 0 || n < fail_at || (n > fail_at && !onwards))
		return false;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails() ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **out, size_t alignment, size_t size)
{
	void *p = fails() ? NULL : __libc_memalign(alignment, size);

	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

/* NOLINTEND(*-reserved-identifier,cert-dcl*,*-parameter-name) */

static void __attribute__((constructor)) begin(void)
{
	const char *at = getenv("FAIL_ALLOCATION");

	fail_at = at != NULL ? strtol(at, NULL, 10) : 0;
	onwards = getenv("FAIL_ONWARDS") != NULL;
	counting = true;
}

static void __attribute__((destructor)) end(void)
{
	const char *path = getenv("COUNT_ALLOCATIONS");
	char text[32];
	int fd;

	counting = false;
	if (path == NULL)
		return;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	snprintf(text, sizeof(text), "%ld\n", (long)count);
	if (write(fd, text, strlen(text)) < 0)
		_exit(1);
	close(fd);
}
