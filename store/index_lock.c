/*
 * index_lock - git's own lock on the index.
 *
 * It says that it is ours, so that one left by a killed process can be told
 * from a person's.
 */
#include "store/index_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "store/files.h"
#include "store/git_error.h"

#define MARK "opsync holds this lock\n"
#define MOMENT 50000000 /* nanoseconds */

char *index_path(git_repository *repo)
{
	git_buf b = {0};
	char *path = NULL;

	if (git_repository_item_path(&b, repo, GIT_REPOSITORY_ITEM_INDEX) == 0)
		path = xstrdup(b.ptr);
	git_buf_dispose(&b);
	return path;
}

static char *lock_path(git_repository *repo)
{
	char *index = index_path(repo);
	char *path = index != NULL ? xasprintf("%s.lock", index) : NULL;

	free(index);
	return path;
}

static int make_marked(const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int r;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot create %s", path);
	r = file_write(fd, MARK, strlen(MARK), path, e);
	close(fd);
	return r;
}

/* git checkout lets the index go just before it says where HEAD is. */
static void let_others_end(void)
{
	nanosleep(&(struct timespec){.tv_nsec = MOMENT}, NULL);
}

static int move_marked(
	const char *from, const char *to, int wait_ms, struct err *e)
{
	int slept = 0;

	while (file_move_new(from, to) != 0) {
		int ms = slept < 100 ? 10 : 100;

		if (errno != EEXIST)
			return err_errno(
				e, ERR_IO, errno, "cannot create %s", to);
		if (slept >= wait_ms)
			return err_set(e, ERR_IO,
				"%s is there: another git command is at work, "
				"or one was killed (then remove the file)",
				to);
		nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
		slept += ms;
	}
	if (slept > 0)
		let_others_end();
	return 0;
}

/* The lock appears with its mark in it, so that none of ours is unmarked. */
int index_lock(git_repository *repo, const char *folder, int wait_ms,
	struct index_lock *lock, struct err *e)
{
	char *marked = xasprintf("%s/tmp_lock", folder);
	char *path = lock_path(repo);
	int r = path != NULL ? make_marked(marked, e)
			     : git_failed(e, "the repository has no index");

	lock->path = NULL;
	if (r == 0)
		r = move_marked(marked, path, wait_ms, e);
	if (r == 0) {
		lock->path = path;
	} else {
		unlink(marked);
		free(path);
	}
	free(marked);
	return r;
}

void index_unlock(struct index_lock *lock)
{
	if (lock->path != NULL)
		unlink(lock->path);
	free(lock->path);
	lock->path = NULL;
}

bool index_is_locked_since(git_repository *repo, int64_t seconds)
{
	char *path = lock_path(repo);
	struct stat st;
	bool old = path != NULL && lstat(path, &st) == 0 &&
		   st.st_mtim.tv_sec <= time(NULL) - seconds;

	free(path);
	return old;
}

int index_unlock_stale(git_repository *repo, struct err *e)
{
	char *name = lock_path(repo);
	char text[sizeof(MARK)];
	int fd = name != NULL ? open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
			      : -1;
	int r = 0;

	if (fd >= 0) {
		ssize_t n = read(fd, text, sizeof(text));

		close(fd);
		if (n == (ssize_t)strlen(MARK) &&
			memcmp(text, MARK, (size_t)n) == 0 &&
			unlink(name) != 0 && errno != ENOENT)
			r = err_errno(
				e, ERR_IO, errno, "cannot remove %s", name);
	}
	free(name);
	return r;
}
