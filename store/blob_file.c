/*
 * blob_file - the blob that a name in a work tree would make.
 *
 * Whatever a person may have put there: a link is read, not followed, a FIFO
 * is never opened.
 */
#include "store/blob_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/files.h"
#include "store/parcel.h"

/* One of a link's target or of a file that is open. */
struct content {
	struct stat st;
	int fd; /* -1: a link */
	char target[PATH_MAX];
	size_t n; /* of the target */
};

static int open_link(const struct place *at, struct content *c, struct err *e)
{
	ssize_t n = readlinkat(at->fd, at->name, c->target, sizeof(c->target));

	if (n < 0)
		return err_errno(
			e, ERR_IO, errno, "cannot read the link %s", at->name);
	c->fd = -1;
	c->n = (size_t)n;
	return 0;
}

static int open_content(
	const struct place *at, struct content *c, struct err *e)
{
	if (fstatat(at->fd, at->name, &c->st, AT_SYMLINK_NOFOLLOW) != 0)
		return err_errno(
			e, ERR_IO, errno, "cannot look at %s", at->name);
	if (S_ISLNK(c->st.st_mode))
		return open_link(at, c, e);
	if (!S_ISREG(c->st.st_mode))
		return err_set(e, ERR_IO, "%s is not a file", at->name);
	c->fd = openat(at->fd, at->name,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (c->fd < 0 || fstat(c->fd, &c->st) != 0) {
		int r = err_errno(e, ERR_IO, errno, "cannot open %s", at->name);

		if (c->fd >= 0)
			close(c->fd);
		return r;
	}
	return 0;
}

int blob_file_hash(
	const struct place *at, git_oid *oid, struct stat *st, struct err *e)
{
	struct digest *d;
	struct content c;
	int r = open_content(at, &c, e);

	if (r != 0)
		return r;
	if (c.fd < 0)
		return err_set(e, ERR_IO, "%s is a link", at->name);
	d = blob_digest((uint64_t)c.st.st_size);
	r = file_give(
		c.fd, (uint64_t)c.st.st_size, "a file", file_to_digest, d, e);
	close(c.fd);
	digest_end(d, oid->id);
	if (r == 0 && st != NULL)
		*st = c.st;
	return r;
}

int blob_file_keep(const struct place *at, struct objects *o, git_oid *oid,
	struct stat *st, struct err *e)
{
	struct content c;
	int r = open_content(at, &c, e);

	if (r != 0)
		return r;
	if (c.fd < 0) {
		r = objects_blob(o, c.target, c.n, oid, e);
	} else {
		r = objects_blob_fd(o, c.fd, c.st.st_size, oid, e);
		close(c.fd);
	}
	if (r == 0)
		*st = c.st;
	return r;
}
