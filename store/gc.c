/*
 * gc - what git repack and git fetch leave behind when they are killed.
 *
 *   the file opsync/gc (or fetch) is made and locked --> git has it as its
 *   standard input, and so have the programs that it starts --> removed
 *
 * The lock is one on an open file, so it lasts as long as any of them lives,
 * even if their daemon does not.  A file that nobody has locked tells of one
 * that was killed.  It left locks, which would stop the next one and the
 * people who work here for ever, and half-made packs, which git never removes:
 * whatever has such a name, was changed since the file was made, and is open
 * nowhere goes.  (A git that is at work meanwhile has its lock open:
 * shallow.lock as long as a git fetch --unshallow takes.)
 */
#include "store/gc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/util.h"
#include "store/files.h"
#include "store/lock.h"

/* A folder where it writes, and how half-made files begin there. */
struct place {
	const char *name;
	const char *heads[4];
	bool deep;
};

static const struct place places[] = {
	{"", {"packed-refs.new"}, false},
	{"/objects", {"tmp_", ".tmp-", "packs_"}, true},
	{"/info", {"tmp_", "refs_"}, false},
	{"/refs", {NULL}, true},
	{"/logs", {NULL}, true},
};

/* Has it ended, and nobody has asked how?  (proc(5)) */
static bool is_zombie(pid_t pid)
{
	char *file = xasprintf("/proc/%ld/stat", (long)pid);
	FILE *f = fopen(file, "re");
	char state = ' ';
	bool is = f != NULL && fscanf(f, "%*d (%*[^)]) %c", &state) == 1 &&
		  state == 'Z';

	if (f != NULL)
		fclose(f);
	free(file);
	return is;
}

/* ".tmp-PID-pack-…" is closed before it gets its name. */
static bool has_owner(const char *name)
{
	pid_t pid = 0;

	if (str_starts(str_of(name), STR(".tmp-")))
		pid = (pid_t)strtol(name + STR(".tmp-").n, NULL, 10);
	return pid > 0 && (kill(pid, 0) == 0 || errno != ESRCH) &&
	       !is_zombie(pid);
}

/* Nobody gets this lease on a file that somebody else writes. */
static bool is_at_rest(const char *file)
{
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	bool rests = fd >= 0 && fcntl(fd, F_SETLEASE, F_RDLCK) == 0;

	if (fd >= 0)
		close(fd);
	return rests;
}

static bool is_half_made(const struct place *p, const char *name)
{
	for (size_t i = 0; p->heads[i] != NULL; i++)
		if (str_starts(str_of(name), str_of(p->heads[i])))
			return !has_owner(name);
	return false;
}

/* The index has a lock of another kind (worktree_unlock). */
static bool is_lock(const char *name)
{
	return str_ends(str_of(name), STR(".lock")) &&
	       !str_is(str_of(name), "index.lock");
}

static void clear_file(const struct place *p, const char *file,
	const char *name, int64_t since)
{
	if (is_lock(name) && is_at_rest(file))
		lock_clear(file, since, NULL);
	else if (is_half_made(p, name) && is_at_rest(file))
		unlink(file);
}

static void clear_place(
	const struct place *p, const char *folder, int64_t since);

static void clear_entry(const struct place *p, const char *folder,
	const char *name, int64_t since)
{
	char *file = xasprintf("%s/%s", folder, name);
	struct stat st;

	if (lstat(file, &st) != 0) {
		free(file);
		return;
	}
	if (S_ISDIR(st.st_mode) && p->deep)
		clear_place(p, file, since);
	else if (S_ISREG(st.st_mode) && file_changed_at(&st) >= since)
		clear_file(p, file, name, since);
	free(file);
}

static void clear_place(
	const struct place *p, const char *folder, int64_t since)
{
	DIR *d = opendir(folder);
	struct dirent *entry;

	while (d != NULL && (entry = readdir(d)) != NULL)
		if (!name_is_dots(entry->d_name))
			clear_entry(p, folder, entry->d_name, since);
	if (d != NULL)
		closedir(d);
}

/* 0: locked by us, and *since is when it was made. */
static int take(const char *file, int flags, int64_t *since, int *fd)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	struct stat st;
	int f = open(file, O_RDWR | O_CLOEXEC | flags, 0640);
	int error;

	if (f >= 0 && fcntl(f, F_OFD_SETLK, &whole) == 0 &&
		fstat(f, &st) == 0) {
		*since = file_changed_at(&st);
		*fd = f;
		return 0;
	}
	error = errno;
	if (f >= 0)
		close(f);
	return error;
}

static bool is_held(const char *folder, const char *name)
{
	char *file = xasprintf("%s/opsync/%s", folder, name);
	int64_t since;
	int fd = -1;
	int error = take(file, 0, &since, &fd);

	if (error == 0)
		close(fd);
	free(file);
	return error == EAGAIN || error == EACCES;
}

/* What one has closed, and not renamed yet, is not to be taken away. */
static bool is_other_held(const char *folder, const char *name)
{
	return is_held(folder, strcmp(name, "gc") == 0 ? "fetch" : "gc");
}

void gc_clear(const char *folder, const char *common, const char *name)
{
	char *file = xasprintf("%s/opsync/%s", folder, name);
	int64_t since = 0;
	int fd;

	if (!is_other_held(folder, name) && take(file, 0, &since, &fd) == 0) {
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			char *place = xasprintf("%s%s", common, places[i].name);

			clear_place(&places[i], place, since);
			free(place);
		}
		unlink(file);
		close(fd);
	}
	free(file);
}

int gc_begin(const char *folder, const char *name, int *fd, struct err *e)
{
	char *file = xasprintf("%s/opsync/%s", folder, name);
	int64_t since = 0;
	int code = 0;
	int error;

	*fd = -1;
	error = take(file, O_CREAT | O_EXCL, &since, fd);
	if (error != 0 && error != EEXIST && error != EAGAIN)
		code = err_errno(e, ERR_IO, error, "cannot make %s", file);
	free(file);
	return code;
}

void gc_end(const char *folder, const char *common, const char *name, int fd,
	bool whole)
{
	char *file = xasprintf("%s/opsync/%s", folder, name);

	close(fd);
	if (whole)
		unlink(file);
	else
		gc_clear(folder, common, name);
	free(file);
}
