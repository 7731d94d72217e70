/*
 * util - allocation that does not fail, and the few macros all files use.
 */
#include "base/util.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Noreturn void out_of_memory(void)
{
	static const char text[] = "out of memory\n";

	fwrite(text, 1, sizeof(text) - 1, stderr);
	abort();
}

void *xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n > 0 ? n : 1, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

void *xrealloc(void *ptr, size_t size)
{
	void *p = realloc(ptr, size > 0 ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

char *xstrdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(xmalloc(size), s, size);
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (n < 0)
		out_of_memory();
	return s;
}

void *grow(void *items, size_t n, size_t *cap, size_t item_size)
{
	if (n < *cap)
		return items;
	*cap = *cap > 0 ? *cap * 2 : 8;
	if (*cap > SIZE_MAX / item_size)
		out_of_memory();
	return xrealloc(items, *cap * item_size);
}

void standard_streams_init(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDONLY); /* the lowest that is free */
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd > STDERR_FILENO)
		close(fd);
}
