/*
 * index_file - change entries of the index while others use it too.
 *
 *   index.lock made -> index copied -> copy read, changed, written by
 *   libgit2 -> copy on disk -> copy renamed to index -> index.lock removed
 *
 * libgit2 takes the lock only when it writes, so that what somebody staged
 * between its read and its write would be lost: hence our own lock around
 * both, and the copy.  Our lock says that it is ours, so that one left by a
 * killed process can be told from a person's.  Any failure leaves the index
 * as it was.
 */
#include "store/index_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/util.h"
#include "store/blob_file.h"
#include "store/files.h"
#include "store/git_error.h"

#define MARK "opsync holds this lock\n"

struct session {
	const struct index_file *f;
	char *path; /* of the index */
	char *lock;
	char *copy;
	struct stat st; /* of the index when it was copied */
	git_index *index;
};

static char *index_path(git_repository *repo)
{
	git_buf b = {0};
	char *path = NULL;

	if (git_repository_item_path(&b, repo, GIT_REPOSITORY_ITEM_INDEX) == 0)
		path = xstrdup(b.ptr);
	git_buf_dispose(&b);
	return path;
}

/* --- The lock ------------------------------------------------------------- */

/* Move without replacing; -1 with errno. */
static int move_new(const char *from, const char *to)
{
	int r = renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);

	if (r == 0 || errno != EINVAL)
		return r;
	r = link(from, to); /* a file system that cannot */
	if (r == 0)
		unlink(from);
	return r;
}

/* The lock appears with its mark in it, so that none of ours is unmarked. */
static int lock(struct session *s, struct err *e)
{
	int fd = open(s->copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int r;

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot create %s", s->copy);
	r = file_write(fd, MARK, strlen(MARK), s->copy, e);
	close(fd);
	for (int slept = 0; r == 0 && move_new(s->copy, s->lock) != 0;) {
		int ms = slept < 100 ? 10 : 100;

		if (errno != EEXIST)
			return err_errno(
				e, ERR_IO, errno, "cannot create %s", s->lock);
		if (slept >= s->f->wait_ms)
			return err_set(e, ERR_IO,
				"%s is there: another git command is at work, "
				"or one was killed (then remove the file)",
				s->lock);
		nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
		slept += ms;
	}
	return r;
}

int index_unlock_stale(git_repository *repo, struct err *e)
{
	char *path = index_path(repo);
	char *name = xasprintf("%s.lock", path != NULL ? path : "");
	char text[sizeof(MARK)];
	int fd = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
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
	free(path);
	return r;
}

/* --- Reading and writing -------------------------------------------------- */

static int copy_all(int from, int to, const char *name, struct err *e)
{
	size_t size = (size_t)1 << 20;
	char *bytes = xmalloc(size);
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = read(from, bytes, size)) != 0) {
		if (n < 0 && errno != EINTR)
			r = err_errno(e, ERR_IO, errno, "cannot read %s", name);
		else if (n > 0)
			r = file_write(to, bytes, (size_t)n, name, e);
	}
	free(bytes);
	return r;
}

/* Copy the index to its temporary place; one that is not there is empty. */
static int copy_index(struct session *s, struct err *e)
{
	int from = open(s->path, O_RDONLY | O_CLOEXEC);
	int to;
	int r;

	unlink(s->copy);
	if (from < 0 && errno == ENOENT)
		return 0;
	if (from < 0 || fstat(from, &s->st) != 0) {
		r = err_errno(e, ERR_IO, errno, "cannot open %s", s->path);
		if (from >= 0)
			close(from);
		return r;
	}
	to = open(s->copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (to < 0) {
		r = err_errno(e, ERR_IO, errno, "cannot create %s", s->copy);
	} else {
		r = copy_all(from, to, s->path, e);
		close(to);
	}
	close(from);
	return r;
}

/* Put the written copy on disk and in the index's place. */
static int publish(struct session *s, struct err *e)
{
	int fd = open(s->copy, O_RDONLY | O_CLOEXEC);
	char *folder = xstrdup(s->path);
	int r;

	*strrchr(folder, '/') = '\0';
	if (fd < 0)
		r = err_errno(e, ERR_IO, errno, "cannot open %s", s->copy);
	else if (s->st.st_ino != 0 && fchmod(fd, s->st.st_mode & 0777) != 0)
		r = err_errno(e, ERR_IO, errno, "cannot write %s", s->copy);
	else
		r = file_sync(fd, s->copy, e);
	if (fd >= 0)
		close(fd);
	if (r == 0 && rename(s->copy, s->path) != 0)
		r = err_errno(e, ERR_IO, errno, "cannot write %s", s->path);
	if (r == 0)
		r = folder_sync(folder, e);
	free(folder);
	return r;
}

/* --- Changing ------------------------------------------------------------- */

static git_index_time time_of(struct timespec t)
{
	return (git_index_time){(int32_t)t.tv_sec, (uint32_t)t.tv_nsec};
}

static git_index_entry entry_of(const struct index_change *c)
{
	return (git_index_entry){
		.ctime = time_of(c->st.st_ctim),
		.mtime = time_of(c->st.st_mtim),
		.dev = (uint32_t)c->st.st_dev,
		.ino = (uint32_t)c->st.st_ino,
		.mode = c->mode != 0 ? c->mode : GIT_FILEMODE_BLOB,
		.uid = c->st.st_uid,
		.gid = c->st.st_gid,
		.file_size = (uint32_t)c->st.st_size,
		.id = c->oid,
		.path = c->path,
	};
}

/* Removals first: a file may become a folder, or a folder a file. */
static int change(git_index *index, const struct index_change *changes,
	size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!changes[i].has &&
			git_index_remove_bypath(index, changes[i].path) != 0)
			return git_failed(e, "cannot remove %s from the index",
				changes[i].path);
	for (size_t i = 0; i < n; i++) {
		git_index_entry entry = entry_of(&changes[i]);

		if (changes[i].has && git_index_add(index, &entry) != 0)
			return git_failed(e, "cannot add %s to the index",
				changes[i].path);
	}
	return 0;
}

/* As new as the index, so that its stat data says nothing. */
static bool is_racy(const git_index_entry *entry, const struct stat *index)
{
	int64_t s = entry->mtime.seconds;

	return s > index->st_mtim.tv_sec ||
	       (s == index->st_mtim.tv_sec &&
		       entry->mtime.nanoseconds >= index->st_mtim.tv_nsec);
}

static bool differs(const struct session *s, const git_index_entry *entry)
{
	struct place at;
	git_oid oid;

	if (beneath_place(s->f->tree, entry->path, false, &at, NULL) != 0 ||
		at.fd < 0)
		return true;
	return blob_file_hash(&at, &oid, NULL, NULL) != 0 ||
	       !git_oid_equal(&oid, &entry->id);
}

/*
 * git looks again at a file that is as new as the index.  Written anew, the
 * index would be newer, and what changed in between would pass unnoticed: a
 * size of 0 says that it must be looked at (git's racy-git.txt).
 */
static void mark_racy(struct session *s)
{
	size_t n = git_index_entrycount(s->index);

	for (size_t i = 0; s->st.st_ino != 0 && i < n; i++) {
		const git_index_entry *entry =
			git_index_get_byindex(s->index, i);
		git_index_entry marked = *entry;

		marked.file_size = 0;
		if (entry->file_size != 0 && S_ISREG(entry->mode) &&
			is_racy(entry, &s->st) && differs(s, entry))
			git_index_add(s->index, &marked);
	}
}

static int rewrite(struct session *s, const struct index_change *changes,
	size_t n, struct err *e)
{
	int r = copy_index(s, e);

	if (r != 0)
		return r;
	if (git_index_open(&s->index, s->copy) != 0)
		return git_failed(e, "cannot read %s", s->path);
	mark_racy(s);
	r = change(s->index, changes, n, e);
	if (r == 0 && git_index_write(s->index) != 0)
		r = git_failed(e, "cannot write %s", s->copy);
	return r != 0 ? r : publish(s, e);
}

int index_update(const struct index_file *f, const struct index_change *changes,
	size_t n, struct err *e)
{
	struct session s = {.f = f, .path = index_path(f->repo)};
	int r;

	if (s.path == NULL)
		return git_failed(e, "the repository has no index");
	s.lock = xasprintf("%s.lock", s.path);
	s.copy = xasprintf("%s/tmp_index", f->folder);
	r = lock(&s, e);
	if (r == 0) {
		r = rewrite(&s, changes, n, e);
		unlink(s.lock);
	}
	unlink(s.copy);
	git_index_free(s.index);
	free(s.copy);
	free(s.lock);
	free(s.path);
	return r;
}
