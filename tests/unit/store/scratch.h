#ifndef TESTS_UNIT_STORE_SCRATCH_H
#define TESTS_UNIT_STORE_SCRATCH_H

/*
 * A folder for one test, beside the test program and gone with it, with a
 * git repository in it, and the git program to judge what became of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <git2.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"

struct scratch {
	char *path; /* absolute: the work tree */
	char *temp; /* for temporary files, in its .git */
	git_repository *repo;
};

/* Run a command line in the work tree; gives its exit status. */
static inline int scratch_run(const struct scratch *s, const char *fmt, ...)
	PRINTF_LIKE(2, 3);
static inline int scratch_run(const struct scratch *s, const char *fmt, ...)
{
	char *env[] = {"PATH=/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM=1",
		"HOME=/nonexistent", "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a", NULL};
	char what[4096];
	char *line;
	char *argv[] = {"sh", "-c", NULL, NULL};
	int status = -1;
	va_list ap;
	pid_t pid;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	line = xasprintf("cd '%s' && %s", s->path, what);
	argv[2] = line;
	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, env) != 0 ||
		waitpid(pid, &status, 0) != pid)
		status = -1;
	free(line);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline char *scratch_file(const struct scratch *s, const char *name)
{
	return xasprintf("%s/%s", s->path, name);
}

/* Write a file; true if that worked. */
static inline bool scratch_write(
	const struct scratch *s, const char *name, const char *text)
{
	char *path = scratch_file(s, name);
	FILE *f = fopen(path, "w");
	bool ok = f != NULL && fputs(text, f) >= 0;

	if (f != NULL)
		ok = fclose(f) == 0 && ok;
	free(path);
	return ok;
}

/* Whether a file has exactly this text. */
static inline bool scratch_has(
	const struct scratch *s, const char *name, const char *text)
{
	char *path = scratch_file(s, name);
	FILE *f = fopen(path, "r");
	char bytes[4096];
	size_t n = 0;

	if (f != NULL) {
		n = fread(bytes, 1, sizeof(bytes), f);
		fclose(f);
	}
	free(path);
	return f != NULL && n == strlen(text) && memcmp(bytes, text, n) == 0;
}

static inline bool scratch_lstat(
	const struct scratch *s, const char *name, struct stat *st)
{
	char *path = scratch_file(s, name);
	bool ok = lstat(path, st) == 0;

	free(path);
	return ok;
}

static inline bool scratch_exists(const struct scratch *s, const char *name)
{
	struct stat st;

	return scratch_lstat(s, name, &st);
}

static inline int scratch_setup(void **state)
{
	struct scratch *s = xcalloc(1, sizeof(*s));
	char self[2048];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (n < 0)
		return -1;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	s->path = xasprintf("%s/tmp.XXXXXX", self);
	git_libgit2_init();
	if (mkdtemp(s->path) == NULL || chmod(s->path, 0755) != 0 ||
		git_repository_init(&s->repo, s->path, 0) != 0)
		return -1;
	s->temp = xasprintf("%s/.git/opsync", s->path);
	*state = s;
	return mkdir(s->temp, 0777);
}

static inline int scratch_remove_one(
	const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int scratch_teardown(void **state)
{
	struct scratch *s = *state;
	int r = nftw(s->path, scratch_remove_one, 16, FTW_DEPTH | FTW_PHYS);

	git_repository_free(s->repo);
	git_libgit2_shutdown();
	free(s->temp);
	free(s->path);
	free(s);
	return r;
}

#endif
