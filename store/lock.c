/*
 * lock - who may change the store, and what the dead left behind.
 *
 * The store's lock keeps a second daemon out; git's own lock files keep
 * everybody else out of the branch and the index, for moments.  libgit2 makes
 * them too, and one that is killed leaves them: the next commit would fail
 * for ever.  Nothing in such a file tells its owner, so this is how one is
 * judged, by a daemon that starts and holds the store's lock:
 *
 *  - We make such files only while an intent is pending (see commit.c) or a
 *    repository is being created.  One that is younger than the beginning of
 *    that is our dead predecessor's, and goes as soon as it is seen to rest.
 *  - Any other belongs to another git.  A live one holds its lock for
 *    moments, and writes meanwhile: one that has not changed for ten seconds
 *    is a dead one's and goes; one that changes is waited for.
 *    Only the index's may be held while a person writes a message
 *    (git commit -a), by a git that is older than it.
 */
#include "store/lock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/stamp.h"
#include "base/util.h"
#include "store/files.h"

#define REST_OURS (STAMP_SECOND / 5)
#define REST_FOREIGN (10 * STAMP_SECOND)
#define PATIENCE (30 * STAMP_SECOND)
#define PAUSE 20000000           /* nanoseconds */
#define CLOCK_GRAIN STAMP_SECOND /* of a file's time against the clock's */

static int read_owner(int fd, int64_t *pid, struct buf *note)
{
	char text[4096];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	char *end;

	if (n < 0)
		return -1;
	text[n] = '\0';
	*pid = strtoll(text, &end, 10);
	if (*end == '\n')
		end++;
	if (note != NULL) {
		buf_clear(note);
		buf_add(note, end, strcspn(end, "\n"));
	}
	return 0;
}

static int write_owner(
	int fd, const char *file, const char *note, struct err *e)
{
	struct buf text = {0};
	int code;

	buf_printf(&text, "%ld\n%s\n", (long)getpid(), note);
	if (ftruncate(fd, 0) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot write %s", file);
	else
		code = file_pwrite(fd, text.p, text.n, 0, file, e);
	buf_fini(&text);
	return code;
}

int lock_take(const char *file, const char *what, const char *note, int *fd,
	struct err *e)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int64_t pid = 0;
	int code;
	int f = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (f < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", file);
	if (fcntl(f, F_OFD_SETLK, &whole) == 0) {
		code = write_owner(f, file, note, e);
	} else if (errno == EAGAIN || errno == EACCES) {
		read_owner(f, &pid, NULL);
		code = err_set(e, ERR_LOCKED,
			"%s is in use by opsyncd (pid %lld)", what,
			(long long)pid);
	} else {
		code = err_errno(e, ERR_IO, errno, "cannot lock %s", file);
	}
	if (code != 0)
		close(f);
	else
		*fd = f;
	return code;
}

int lock_holder(const char *file, int64_t *pid, struct buf *note, struct err *e)
{
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int code = 0;
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	*pid = 0;
	buf_clear(note);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", file);
	if (fcntl(fd, F_OFD_GETLK, &whole) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot look at %s", file);
	else if (whole.l_type != F_UNLCK && read_owner(fd, pid, note) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot read %s", file);
	close(fd);
	return code;
}

/* Has it rested long enough?  watched: how long we saw it unchanged. */
static bool is_stale(int64_t changed, int64_t watched, int64_t since)
{
	bool ours = since != INT64_MAX && changed >= since - CLOCK_GRAIN;
	int64_t rest = stamp_now() - changed;

	if (rest < watched)
		rest = watched; /* the clock went back */
	return rest >= (ours ? REST_OURS : REST_FOREIGN);
}

int lock_clear(const char *file, int64_t since, struct err *e)
{
	const struct timespec pause = {.tv_nsec = PAUSE};
	int64_t begin = stamp_monotonic();
	int64_t watched_from = begin;
	int64_t changed = 0;
	struct stat st;

	while (lstat(file, &st) == 0) {
		int64_t now = stamp_monotonic();

		if (file_changed_at(&st) != changed)
			watched_from = now;
		changed = file_changed_at(&st);
		if (is_stale(changed, now - watched_from, since)) {
			if (unlink(file) == 0 || errno == ENOENT)
				return 0;
			return err_errno(
				e, ERR_IO, errno, "cannot remove %s", file);
		}
		if (now - begin > PATIENCE)
			return err_set(e, ERR_LOCKED,
				"%s is held by a running git: start again when "
				"that has ended",
				file);
		nanosleep(&pause, NULL);
	}
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return err_errno(e, ERR_IO, errno, "cannot look at %s", file);
}

/* Of what began so many ticks after the system did. */
static int64_t age_of(const char *ticks)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * STAMP_SECOND + now.tv_nsec / 1000 -
	       strtoll(ticks, NULL, 10) * STAMP_SECOND / sysconf(_SC_CLK_TCK);
}

/* Git goes to the root of the work tree.  Where it is may not be ours to see.
 */
static bool may_be_at(const char *pid, const struct stat *folder)
{
	char *link = xasprintf("/proc/%s/cwd", pid);
	struct stat st;
	bool may = stat(link, &st) == 0 ? st.st_dev == folder->st_dev &&
						  st.st_ino == folder->st_ino
					: errno == EACCES;

	free(link);
	return may;
}

/* See proc(5); one that is not there, or not shown to us, is none. */
static bool is_older_git(const char *pid, const struct stat *lock)
{
	char *file = xasprintf("/proc/%s/stat", pid);
	FILE *f = fopen(file, "re");
	char began[24];
	struct stat st;
	char state;
	bool is = f != NULL && fstat(fileno(f), &st) == 0 &&
		  st.st_uid == lock->st_uid &&
		  fscanf(f,
			  "%*d (git) %c %*d %*d %*d %*d %*d %*d %*d %*d %*d "
			  "%*d %*d %*d %*d %*d %*d %*d %*d %*d %23s",
			  &state, began) == 2 &&
		  state != 'Z' &&
		  age_of(began) + CLOCK_GRAIN >=
			  stamp_now() - file_changed_at(lock);

	if (f != NULL)
		fclose(f);
	free(file);
	return is;
}

bool lock_is_held(const char *file, const char *folder)
{
	struct stat st;
	struct stat at;
	DIR *d = lstat(file, &st) == 0 && stat(folder, &at) == 0
			 ? opendir("/proc")
			 : NULL;
	struct dirent *entry;
	bool held = false;

	while (d != NULL && !held && (entry = readdir(d)) != NULL)
		held = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
		       is_older_git(entry->d_name, &st) &&
		       may_be_at(entry->d_name, &at);
	if (d != NULL)
		closedir(d);
	return held;
}
