/*
 * files - whole writes and reads, and fsync.
 */
#include "store/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/stamp.h"
#include "base/util.h"

#define PIECE ((size_t)64 << 10)

int file_write(
	int fd, const void *bytes, size_t n, const char *name, struct err *e)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t k = write(fd, p, n);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(
				e, ERR_IO, errno, "cannot write %s", name);
		p += k;
		n -= (size_t)k;
	}
	return 0;
}

int file_pwrite(int fd, const void *bytes, size_t n, uint64_t at,
	const char *name, struct err *e)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t k = pwrite(fd, p, n, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(
				e, ERR_IO, errno, "cannot write %s", name);
		p += k;
		at += (uint64_t)k;
		n -= (size_t)k;
	}
	return 0;
}

/* The suffix: node_exporter reads all that ends with .prom. */
int file_replace(const char *path, struct str text, bool for_all)
{
	char *fresh = xasprintf("%s.tmp", path);
	int fd = open(fresh,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	bool done =
		fd >= 0 && file_write(fd, text.p, text.n, path, NULL) == 0 &&
		(!for_all || fchmod(fd, 0644) == 0) && rename(fresh, path) == 0;
	int error = errno;

	if (fd >= 0)
		close(fd);
	if (!done && fd >= 0)
		unlink(fresh);
	free(fresh);
	errno = error;
	return done ? 0 : -1;
}

int file_pread(int fd, void *bytes, size_t n, uint64_t at, const char *name,
	struct err *e)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t k = pread(fd, p, n, (off_t)at);

		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(
				e, ERR_IO, errno, "cannot read %s", name);
		if (k == 0)
			return err_set(e, ERR_IO,
				"cannot read %s: it is shorter than it was",
				name);
		p += k;
		at += (uint64_t)k;
		n -= (size_t)k;
	}
	return 0;
}

int file_give(int fd, uint64_t n, const char *name, file_sink_fn *fn, void *arg,
	struct err *e)
{
	char *piece = xmalloc(PIECE);
	int code = 0;

	for (uint64_t at = 0; code == 0 && at < n; at += PIECE) {
		size_t part = n - at < PIECE ? (size_t)(n - at) : PIECE;

		code = file_pread(fd, piece, part, at, name, e);
		if (code == 0)
			code = fn(arg, piece, part, e);
	}
	free(piece);
	return code;
}

int file_to_digest(void *digest, const void *bytes, size_t n, struct err *e)
{
	(void)e;
	digest_add(digest, bytes, n);
	return 0;
}

/* The digest of the first n bytes. */
static int hash_begin_of(int fd, uint64_t n, uint8_t made[FILE_SHA1],
	const char *name, struct err *e)
{
	struct digest *d = digest_sha1();
	int code = file_give(fd, n, name, file_to_digest, d, e);

	digest_end(d, made);
	return code;
}

static int check_sha1(int fd, uint64_t size, const char *name,
	uint8_t sum[FILE_SHA1], struct err *e)
{
	uint8_t made[FILE_SHA1];
	int code;

	if (size < FILE_SHA1)
		return err_set(e, ERR_DATA, "%s is cut off", name);
	code = hash_begin_of(fd, size - FILE_SHA1, made, name, e);
	if (code == 0)
		code = file_pread(
			fd, sum, FILE_SHA1, size - FILE_SHA1, name, e);
	if (code == 0 && memcmp(made, sum, FILE_SHA1) != 0)
		code = err_set(e, ERR_DATA, "%s is damaged", name);
	return code;
}

int file_check_sha1(const char *name, uint8_t sum[FILE_SHA1], struct err *e)
{
	int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int code;

	memset(sum, 0, FILE_SHA1);
	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", name);
	if (fstat(fd, &st) != 0)
		code = err_errno(e, ERR_IO, errno, "cannot read %s", name);
	else if (!S_ISREG(st.st_mode))
		code = err_set(e, ERR_DATA, "%s is no file", name);
	else
		code = check_sha1(fd, (uint64_t)st.st_size, name, sum, e);
	close(fd);
	return code;
}

bool file_is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino != 0 && a->st_ino == b->st_ino &&
	       a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int64_t file_changed_at(const struct stat *st)
{
	return st->st_mtim.tv_sec * STAMP_SECOND + st->st_mtim.tv_nsec / 1000;
}

int file_sync(int fd, const char *name, struct err *e)
{
	if (fsync(fd) != 0)
		return err_errno(e, ERR_IO, errno, "cannot sync %s", name);
	return 0;
}

int file_sync_data(int fd, const char *name, struct err *e)
{
	if (fdatasync(fd) != 0)
		return err_errno(e, ERR_IO, errno, "cannot sync %s", name);
	return 0;
}

int folder_sync(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", path);
	r = file_sync(fd, path, e);
	close(fd);
	return r;
}

int file_move_new(const char *from, const char *to)
{
	int r = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	if (r == 0 || errno != EINVAL)
		return r;
	r = link(from, to); /* a file system that cannot */
	if (r == 0)
		unlink(from);
	return r;
}

bool name_is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

int folder_clean(const char *path, const char *prefix, struct err *e)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int r = 0;

	if (dir == NULL)
		return err_errno(e, ERR_IO, errno, "cannot open %s", path);
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) != 0 &&
			errno != ENOENT)
			r = err_errno(e, ERR_IO, errno, "cannot remove %s/%s",
				path, entry->d_name);
	}
	closedir(dir);
	return r;
}
