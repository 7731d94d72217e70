/*
 * beneath - open folders below a root, never through a link.
 *
 * openat2() does it in one call; where it fails (an old kernel, a sandbox
 * that forbids it, or a folder that is not there) the path is walked part by
 * part with O_NOFOLLOW, which is as safe, makes what is missing and finds out
 * which part is in the way.  Callers come with sorted paths, so the folder
 * opened last is kept.
 */
#include "store/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/str.h"
#include "base/util.h"

#define FOLDER (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

int beneath_init(struct beneath *b, const char *root, struct err *e)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", root);
	*b = (struct beneath){.root = xstrdup(root), .fd = fd, .folder_fd = -1};
	return 0;
}

void beneath_forget(struct beneath *b)
{
	if (b->folder_fd >= 0)
		close(b->folder_fd);
	free(b->folder);
	b->folder = NULL;
	b->folder_fd = -1;
}

void beneath_fini(struct beneath *b)
{
	if (b->root == NULL)
		return;
	beneath_forget(b);
	close(b->fd);
	free(b->root);
	*b = (struct beneath){0};
}

static bool is_safe(struct str part)
{
	return part.n > 0 && !str_is(part, ".") && !str_is(part, "..") &&
	       !(part.n == 4 && strncasecmp(part.p, ".git", 4) == 0);
}

static int check(const struct beneath *b, const char *path, struct err *e)
{
	for (const char *p = path;; p++) {
		size_t n = strcspn(p, "/");

		if (!is_safe((struct str){p, n}))
			return err_set(e, ERR_IO,
				"%s: '%s' is not a path in a work tree",
				b->root, path);
		p += n;
		if (*p == '\0')
			return 0;
	}
}

/* The folder at path ("" for the root itself); -1 with errno. */
static int open_folder(const struct beneath *b, const char *path)
{
	struct open_how how = {.flags = FOLDER,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS};

	if (*path == '\0')
		return fcntl(b->fd, F_DUPFD_CLOEXEC, 0);
	return (int)syscall(SYS_openat2, b->fd, path, &how, sizeof(how));
}

/* Open one part in the folder at, made if need be; -1 with errno. */
static int step(int at, const char *part, bool create)
{
	int fd = openat(at, part, FOLDER);

	if (fd >= 0 || errno != ENOENT || !create)
		return fd;
	if (mkdirat(at, part, 0777) != 0 && errno != EEXIST)
		return -1;
	return openat(at, part, FOLDER);
}

/*
 * The same part by part; -1 with errno, and path cut off behind the part that
 * failed.
 */
static int walk(const struct beneath *b, char *path, bool create)
{
	int fd = fcntl(b->fd, F_DUPFD_CLOEXEC, 0);

	for (char *p = path; fd >= 0 && *p != '\0';) {
		size_t n = strcspn(p, "/");
		char end = p[n];
		int next;
		int errnum;

		p[n] = '\0';
		next = step(fd, p, create);
		errnum = errno;
		close(fd);
		fd = next;
		if (fd < 0) {
			errno = errnum;
			break;
		}
		p[n] = end;
		p += n + (end != '\0');
	}
	return fd;
}

static bool is_absent(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP;
}

/* Open folder (taken) and keep it. */
static int keep(struct beneath *b, char *folder, bool create, struct err *e)
{
	char *rest = xstrdup(folder);
	int fd = open_folder(b, folder);
	int r = 0;

	if (fd < 0 && (create || errno != ENOENT))
		fd = walk(b, rest, create);
	beneath_forget(b);
	if (fd >= 0 || (!create && is_absent(errno))) {
		b->folder = folder;
		b->folder_fd = fd;
	} else {
		r = errno == ENOTDIR || errno == ELOOP
			    ? err_set(e, ERR_IO,
				      "%s/%s is in the way: a folder of ours "
				      "should be there, move it away",
				      b->root, rest)
			    : err_errno(e, ERR_IO, errno,
				      "cannot open the folder %s/%s", b->root,
				      rest);
		free(folder);
	}
	free(rest);
	return r;
}

int beneath_place(struct beneath *b, const char *path, bool create,
	struct place *out, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct str folder = {path, slash != NULL ? (size_t)(slash - path) : 0};
	bool kept = b->folder != NULL && str_is(folder, b->folder);
	int r = check(b, path, e);

	if (r == 0 && (!kept || (create && b->folder_fd < 0)))
		r = keep(b, str_dup(folder), create, e);
	if (r == 0)
		*out = (struct place){
			b->folder_fd, slash != NULL ? slash + 1 : path};
	return r;
}

bool beneath_is_free(const struct beneath *b, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
			   RESOLVE_NO_MAGICLINKS};
	int fd;

	if (check(b, path, NULL) != 0)
		return false;
	fd = (int)syscall(SYS_openat2, b->fd, path, &how, sizeof(how));
	if (fd >= 0)
		close(fd);
	return fd < 0 && errno == ENOENT;
}

void beneath_prune(struct beneath *b, const char *path)
{
	char *rest = xstrdup(path);
	struct place at;
	char *slash;

	while ((slash = strrchr(rest, '/')) != NULL) {
		*slash = '\0';
		if (beneath_place(b, rest, false, &at, NULL) != 0 ||
			at.fd < 0 ||
			unlinkat(at.fd, at.name, AT_REMOVEDIR) != 0)
			break;
	}
	free(rest);
}

/* How much of a and b are the same folders, with the last slash. */
static size_t common(const char *a, const char *b)
{
	size_t n = 0;

	for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
		if (a[i] == '/')
			n = i + 1;
	return n;
}

static int sync_folder(struct beneath *b, const char *path, struct err *e)
{
	char *rest = xstrdup(path);
	int fd = walk(b, rest, false);
	int r = 0;

	if (fd >= 0) {
		if (fsync(fd) != 0)
			r = err_errno(e, ERR_IO, errno, "cannot sync %s/%s",
				b->root, path);
		close(fd);
	}
	free(rest);
	return r; /* one that is gone needs none */
}

int beneath_sync(
	struct beneath *b, const char *path, const char *skip, struct err *e)
{
	size_t done = skip != NULL ? common(path, skip) : 0;
	char *rest = xstrdup(path);
	char *slash;
	int r = 0;

	while (r == 0 && (slash = strrchr(rest, '/')) != NULL &&
		(size_t)(slash - rest) >= done) {
		*slash = '\0';
		r = sync_folder(b, rest, e);
	}
	if (r == 0 && skip == NULL)
		r = sync_folder(b, "", e);
	free(rest);
	return r;
}
