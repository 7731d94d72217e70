#ifndef BASE_UTIL_H
#define BASE_UTIL_H

#include <stddef.h>
#include <stdint.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1U << (n))

/* The struct of which ptr is the named member. */
#define container_of(ptr, type, member)                                        \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

/*
 * Allocate, or abort when memory is out: the service manager starts the
 * daemon again, and a crash loses nothing.  xcalloc() gives zeroed memory.
 * The caller owns the result and gives it to free().
 */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *ptr, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2)
	__attribute__((malloc, returns_nonnull));

/* The same where a library could not: abort. */
_Noreturn void out_of_memory(void);

/*
 * Make room for one more item in an array that doubles: gives items or its
 * new place, and raises *cap.
 */
void *grow(void *items, size_t n, size_t *cap, size_t item_size)
	__attribute__((returns_nonnull));

/*
 * The first thing a program does: where standard input, output or error was
 * closed, what is opened next would get its number, and what is meant for
 * people be written into it.  Writing to one that was closed still fails.
 */
void standard_streams_init(void);

#endif
