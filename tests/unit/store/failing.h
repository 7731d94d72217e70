#ifndef TESTS_UNIT_STORE_FAILING_H
#define TESTS_UNIT_STORE_FAILING_H

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <git2.h>
#include <git2/sys/alloc.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/util.h"

/*
 * Makes what SQLite and libgit2 allocate, and what the system is asked about
 * files, fail: at one place of ours that it comes from (the innermost few
 * functions on the stack), the first time or each time.
 */
enum failing { FAILING_SQLITE, FAILING_GIT, FAILING_FILES, N_FAILING };

#define FAILING_DEPTH 3
#define FAILING_MOST 4096

static struct {
	atomic_bool armed;
	enum failing kind;
	uint64_t place; /* 0: none fails, they are noted */
	bool always;
	atomic_bool failed;
	size_t n;
	uint64_t places[FAILING_MOST];
} failing;

extern char __executable_start, etext; /* NOLINT: the linker's */

/* Where in our program is this asked for?  0: not by it. */
static __attribute__((noinline)) uint64_t failing_place(void)
{
	void *at[64];
	int n = backtrace(at, ARRAY_LEN(at));
	int ours = 0;
	uint64_t place = 0;

	/* The first are of this file. */
	for (int i = 3; i < n && ours < FAILING_DEPTH; i++) {
		const char *p = at[i];

		if (p < &__executable_start || p >= &etext)
			continue;
		ours++;
		place = (place ^ (uint64_t)(p - &__executable_start)) *
			0x9e3779b97f4a7c15U;
	}
	return place;
}

static void failing_note(uint64_t place)
{
	static atomic_flag busy = ATOMIC_FLAG_INIT;
	size_t i = 0;

	while (atomic_flag_test_and_set(&busy))
		;
	while (i < failing.n && failing.places[i] != place)
		i++;
	if (i == failing.n && failing.n < FAILING_MOST)
		failing.places[failing.n++] = place;
	atomic_flag_clear(&busy);
}

/* For who repeats one case. */
static void failing_show(void)
{
	void *at[64];

	if (getenv("FAILING") == NULL || atomic_load(&failing.failed))
		return;
	atomic_store(&failing.armed, false);
	backtrace_symbols_fd(at, backtrace(at, ARRAY_LEN(at)), STDERR_FILENO);
	atomic_store(&failing.armed, true);
}

static __attribute__((noinline)) bool fails(enum failing kind)
{
	uint64_t place;

	if (!atomic_load(&failing.armed) || failing.kind != kind ||
		(failing.place != 0 && !failing.always &&
			atomic_load(&failing.failed)))
		return false;
	place = failing_place();
	if (failing.place == 0 && place != 0)
		failing_note(place);
	if (failing.place == 0 || place != failing.place)
		return false;
	failing_show();
	atomic_store(&failing.failed, true);
	return true;
}

/* --- SQLite --------------------------------------------------------------- */

static sqlite3_mem_methods sqlite_memory;

static void *sqlite_malloc(int n)
{
	return fails(FAILING_SQLITE) ? NULL : sqlite_memory.xMalloc(n);
}

static void *sqlite_realloc(void *p, int n)
{
	return fails(FAILING_SQLITE) ? NULL : sqlite_memory.xRealloc(p, n);
}

/* --- libgit2 -------------------------------------------------------------- */

static void *git_resize(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails(FAILING_GIT) ? NULL : realloc(p, n);
}

static void *git_clear(size_t n, size_t size, const char *file, int line)
{
	(void)file;
	(void)line;
	return fails(FAILING_GIT) ? NULL : calloc(n, size);
}

static void *git_make(size_t n, const char *file, int line)
{
	return git_resize(NULL, n, file, line);
}

static void *git_resize_array(
	void *p, size_t n, size_t size, const char *file, int line)
{
	return git_resize(p, n * size, file, line);
}

static void *git_make_array(size_t n, size_t size, const char *file, int line)
{
	return git_resize(NULL, n * size, file, line);
}

static char *git_sub(const char *text, size_t n, const char *file, int line)
{
	char *p = git_resize(NULL, n + 1, file, line);

	if (p != NULL) {
		memcpy(p, text, n);
		p[n] = '\0';
	}
	return p;
}

static char *git_dup(const char *text, const char *file, int line)
{
	return git_sub(text, strlen(text), file, line);
}

static char *git_ndup(const char *text, size_t n, const char *file, int line)
{
	return git_sub(text, strnlen(text, n), file, line);
}

static git_allocator git_memory = {git_make, git_clear, git_dup, git_ndup,
	git_sub, git_resize, git_resize_array, git_make_array, free};

/* Before anything else. */
static inline void failing_init(void)
{
	sqlite3_mem_methods mine;
	void *at[4];

	backtrace(at, ARRAY_LEN(at)); /* it allocates the first time */
	sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory);
	mine = sqlite_memory;
	mine.xMalloc = sqlite_malloc;
	mine.xRealloc = sqlite_realloc;
	sqlite3_config(SQLITE_CONFIG_MALLOC, &mine);
	sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0);
	git_libgit2_opts(GIT_OPT_SET_ALLOCATOR, &git_memory);
}

static inline void failing_begin(enum failing kind, uint64_t place, bool always)
{
	failing.kind = kind;
	failing.place = place;
	failing.always = always;
	failing.failed = false;
	failing.n = place == 0 ? 0 : failing.n;
}

/* --- The system ----------------------------------------------------------- */

#define FAILING(type, bad, name, parameters, ...)                              \
	type name parameters                                                   \
	{                                                                      \
		static type(*real) parameters;                                 \
                                                                               \
		if (real == NULL)                                              \
			*(void **)&real = dlsym(RTLD_NEXT, #name);             \
		if (fails(FAILING_FILES)) {                                    \
			errno = EIO;                                           \
			return bad;                                            \
		}                                                              \
		return real(__VA_ARGS__);                                      \
	}

#define FAILING_CALL(type, name, parameters, ...)                              \
	FAILING(type, (type)-1, name, parameters, __VA_ARGS__)

static int open_or_fail(int at, const char *path, int flags, mode_t mode)
{
	if (!fails(FAILING_FILES))
		return (int)syscall(SYS_openat, at, path, flags, mode);
	errno = EIO;
	return -1;
}

/* The mode is there only where a file may be made. */
#define FAILING_OPEN(at)                                                       \
	mode_t mode = 0;                                                       \
	va_list ap;                                                            \
                                                                               \
	va_start(ap, flags);                                                   \
	if ((flags & (O_CREAT | O_TMPFILE)) != 0)                              \
		mode = va_arg(ap, mode_t);                                     \
	va_end(ap);                                                            \
	return open_or_fail(at, path, flags, mode)

int open(const char *path, int flags, ...)
{
	FAILING_OPEN(AT_FDCWD);
}

int openat(int at, const char *path, int flags, ...)
{
	FAILING_OPEN(at);
}

FAILING_CALL(int, fstat, (int fd, struct stat *st), fd, st)
FAILING_CALL(int, lstat, (const char *path, struct stat *st), path, st)
FAILING_CALL(int, stat, (const char *path, struct stat *st), path, st)
FAILING_CALL(int, fstatat,
	(int at, const char *path, struct stat *st, int flags), at, path, st,
	flags)
FAILING_CALL(ssize_t, read, (int fd, void *p, size_t n), fd, p, n)
FAILING_CALL(
	ssize_t, pread, (int fd, void *p, size_t n, off_t at), fd, p, n, at)
FAILING_CALL(ssize_t, write, (int fd, const void *p, size_t n), fd, p, n)
FAILING_CALL(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), fd,
	p, n, at)
FAILING_CALL(int, rename, (const char *from, const char *to), from, to)
FAILING_CALL(int, renameat,
	(int one, const char *from, int two, const char *to), one, from, two,
	to)
FAILING_CALL(int, renameat2,
	(int one, const char *from, int two, const char *to, unsigned flags),
	one, from, two, to, flags)
FAILING_CALL(int, link, (const char *from, const char *to), from, to)
FAILING_CALL(int, unlink, (const char *path), path)
FAILING_CALL(
	int, unlinkat, (int at, const char *path, int flags), at, path, flags)
FAILING_CALL(int, mkdir, (const char *path, mode_t mode), path, mode)
FAILING_CALL(
	int, mkdirat, (int at, const char *path, mode_t mode), at, path, mode)
FAILING_CALL(int, fsync, (int fd), fd)
FAILING_CALL(int, fdatasync, (int fd), fd)
FAILING_CALL(int, syncfs, (int fd), fd)
FAILING_CALL(int, ftruncate, (int fd, off_t n), fd, n)
FAILING_CALL(int, fchmod, (int fd, mode_t mode), fd, mode)

FAILING(FILE *, NULL, fopen, (const char *path, const char *how), path, how)
FAILING(DIR *, NULL, opendir, (const char *path), path)
FAILING(DIR *, NULL, fdopendir, (int fd), fd)

#endif
