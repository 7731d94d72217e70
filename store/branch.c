/*
 * branch - moving a ref, as git does it.
 *
 *   (branch_prepare) id written into a file of ours -> on disk -> that renamed
 *   to REF.lock -> REF is where it should be? -> a line into the reflogs ->
 *   REF.lock renamed to REF -> (branch_sync) reflogs and folders on disk
 *
 * libgit2 waits for the disk after each of these.  Here the id is on its way
 * to the disk before the branch's turn, and the wait at the end is one with
 * the work tree's.  A kill leaves the lock, which the next start clears, or a
 * line in a reflog too many, and a power cut may take a line that was not
 * waited for yet, as with git.
 */
#include "store/branch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/stamp.h"
#include "store/files.h"
#include "store/repository.h"
#include "store/shared.h"

#define WORDS "opsync: commit"

struct move {
	struct store *s;
	const git_oid *from, *to;
	char *path; /* of the ref */
	char *lock;
};

/* The folder of a file, which must be there or is made. */
static int make_folder_of(const char *file, struct err *e)
{
	char *folder = xstrdup(file);
	int r;

	*strrchr(folder, '/') = '\0';
	r = folder_make(folder, 0777, e);
	free(folder);
	return r;
}

/* *fd -1: it is not there, and not to be made. */
static int open_log(const char *file, int flags, int *fd, struct err *e)
{
	int r = 0;

	*fd = open(file, flags | O_RDWR | O_CLOEXEC, 0666);
	if (*fd < 0 && errno == ENOENT && (flags & O_CREAT) != 0) {
		r = make_folder_of(file, e);
		*fd = r == 0 ? open(file, flags | O_RDWR | O_CLOEXEC, 0666)
			     : -1;
	}
	if (r != 0 || *fd >= 0 || errno == ENOENT)
		return r;
	return err_errno(e, ERR_IO, errno, "cannot open %s", file);
}

/* --- Reflogs -------------------------------------------------------------- */

/* As git does it: what is there is gone on with; made only if wanted. */
static int log_flags(struct store *s)
{
	bool make = !git_repository_is_bare(s->repo);
	git_config *config;
	git_buf value = {0};
	int wanted;

	if (git_repository_config_snapshot(&config, s->repo) != 0)
		return O_APPEND;
	if (git_config_get_string_buf(
		    &value, config, "core.logallrefupdates") == 0)
		make = git_config_parse_bool(&wanted, value.ptr) != 0 ||
		       wanted != 0; /* "always" */
	git_buf_dispose(&value);
	git_config_free(config);
	return make ? O_APPEND | O_CREAT : O_APPEND;
}

static char *log_file(const char *folder, const char *ref)
{
	return xasprintf("%slogs/%s", folder, ref);
}

/* A full disk or a power cut may have left half of a line. */
static bool ends_in_a_line(int fd)
{
	struct stat st;
	char last = '\n';

	return fstat(fd, &st) != 0 || st.st_size == 0 ||
	       pread(fd, &last, 1, st.st_size - 1) != 1 || last == '\n';
}

/* What the disk is given here is waited for by branch_sync(). */
static int write_log(
	struct move *m, const char *folder, const char *ref, struct err *e)
{
	const struct store *s = m->s;
	char *file = log_file(folder, ref);
	char old[GIT_OID_HEXSZ + 1];
	char new[GIT_OID_HEXSZ + 1];
	int fd;
	int r = open_log(file, log_flags(m->s), &fd, e);
	char *line;

	if (r == 0 && fd >= 0) {
		git_oid_tostr(old, sizeof(old), m->from);
		git_oid_tostr(new, sizeof(new), m->to);
		line = xasprintf("%s%s %s %s <%s> %lld +0000\t" WORDS "\n",
			ends_in_a_line(fd) ? "" : "\n", old, new,
			s->author_name, s->author_email,
			(long long)(stamp_now() / STAMP_SECOND));
		r = file_write(fd, line, strlen(line), file, e);
		free(line);
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		close(fd);
	}
	free(file);
	return r;
}

static int sync_log(const char *folder, const char *ref, struct err *e)
{
	char *file = log_file(folder, ref);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	int r = 0;

	if (fd >= 0) {
		r = file_sync(fd, file, e);
		close(fd);
	} else if (errno != ENOENT && errno != ENOTDIR) {
		r = err_errno(e, ERR_IO, errno, "cannot open %s", file);
	}
	free(file);
	return r;
}

static bool is_head(struct store *s)
{
	git_reference *head;
	const char *target;
	bool is;

	if (git_reference_lookup(&head, s->repo, "HEAD") != 0)
		return false;
	target = git_reference_symbolic_target(head);
	is = target != NULL && strcmp(target, s->ref) == 0;
	git_reference_free(head);
	return is;
}

static int write_logs(struct move *m, struct err *e)
{
	git_repository *repo = m->s->repo;
	int r = write_log(m, git_repository_commondir(repo), m->s->ref, e);

	return r == 0 && is_head(m->s)
		       ? write_log(m, git_repository_path(repo), "HEAD", e)
		       : r;
}

/* --- The draft ------------------------------------------------------------ */

static char *draft_file(const struct store *s)
{
	return xasprintf("%s/tmp_ref", s->tmp);
}

static void close_draft(struct store *s)
{
	if (s->drafted)
		close(s->draft.fd);
	s->drafted = false;
}

void branch_unprepare(struct store *s)
{
	char *file = draft_file(s);

	if (s->drafted)
		unlink(file);
	close_draft(s);
	free(file);
}

static int write_id(int fd, const git_oid *id, const char *file, struct err *e)
{
	char hex[GIT_OID_HEXSZ + 2];

	git_oid_tostr(hex, GIT_OID_HEXSZ + 1, id);
	hex[sizeof(hex) - 2] = '\n';
	hex[sizeof(hex) - 1] = '\0';
	return file_write(fd, hex, sizeof(hex) - 1, file, e);
}

/* Never into a file that has another name by now. */
static int write_draft(struct store *s, const git_oid *to, struct err *e)
{
	char *file = draft_file(s);
	int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
	int fd;
	int r;

	branch_unprepare(s);
	unlink(file);
	fd = open(file, flags, 0666);
	if (fd < 0) {
		r = err_errno(e, ERR_IO, errno, "cannot create %s", file);
	} else {
		s->draft = (struct branch_draft){.fd = fd, .to = *to};
		s->drafted = true;
		shared_fd(objects_shared(s->objects), fd);
		r = write_id(fd, to, file, e);
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	if (r != 0)
		branch_unprepare(s);
	free(file);
	return r;
}

void branch_prepare(struct store *s, const git_oid *to)
{
	write_draft(s, to, NULL);
}

static int sync_draft(struct store *s, struct err *e)
{
	int r = 0;

	if (!s->draft.synced)
		r = file_sync(s->draft.fd, "a ref's new value", e);
	s->draft.synced = r == 0;
	return r;
}

void branch_prepare_sync(struct store *s)
{
	if (s->drafted && sync_draft(s, NULL) != 0)
		branch_unprepare(s);
}

/* What was prepared, or the same by now. */
static int have_draft(const struct move *m, struct err *e)
{
	struct store *s = m->s;
	int r = 0;

	if (!s->drafted || !git_oid_equal(&s->draft.to, m->to))
		r = write_draft(s, m->to, e);
	return r == 0 ? sync_draft(s, e) : r;
}

/* --- The ref -------------------------------------------------------------- */

/* The draft becomes the lock, if nobody else has it. */
static int take_lock(const struct move *m, bool *locked, struct err *e)
{
	char *file = draft_file(m->s);
	int r = 0;

	*locked = file_move_new(file, m->lock) == 0;
	if (!*locked && errno == ENOENT) {
		r = make_folder_of(m->lock, e);
		*locked = r == 0 && file_move_new(file, m->lock) == 0;
	}
	if (r == 0 && !*locked && errno != EEXIST)
		r = err_errno(e, ERR_IO, errno, "cannot create %s", m->lock);
	if (*locked)
		close_draft(m->s);
	free(file);
	return r;
}

/* Under the lock: is it where it should be? */
static int look(struct move *m, bool *there, struct err *e)
{
	git_oid now;
	int r = store_tip(m->s, &now, e);

	*there = r == 0 && git_oid_equal(&now, m->from);
	return r;
}

/* A folder in its place is what is left of branches below it. */
static int put_in_place(const struct move *m, struct err *e)
{
	if (rename(m->lock, m->path) == 0 ||
		(errno == EISDIR && rmdir(m->path) == 0 &&
			rename(m->lock, m->path) == 0))
		return 0;
	return err_errno(e, ERR_IO, errno, "cannot move %s", m->s->ref);
}

static int move_locked(struct move *m, bool *moved, struct err *e)
{
	bool there;
	int r = look(m, &there, e);

	if (r != 0 || !there)
		return r;
	r = write_logs(m, e);
	if (r == 0)
		r = put_in_place(m, e);
	*moved = r == 0;
	return r;
}

int branch_move(struct store *s, const git_oid *from, const git_oid *to,
	bool *moved, struct err *e)
{
	struct move m = {.s = s, .from = from, .to = to};
	bool locked = false;
	int r;

	*moved = false;
	m.path = xasprintf("%s%s", git_repository_commondir(s->repo), s->ref);
	m.lock = xasprintf("%s.lock", m.path);
	r = have_draft(&m, e);
	if (r == 0)
		r = take_lock(&m, &locked, e);
	if (locked) {
		r = move_locked(&m, moved, e);
		if (*moved)
			branch_share(s, s->ref);
		else
			unlink(m.lock);
	}
	free(m.lock);
	free(m.path);
	return r;
}

void branch_share(struct store *s, const char *ref)
{
	const int shared = objects_shared(s->objects);
	char *log;

	if (shared == 0)
		return;
	log = log_file("", ref);
	shared_below(shared, git_repository_commondir(s->repo), ref);
	shared_below(shared, git_repository_commondir(s->repo), log);
	shared_below(shared, git_repository_path(s->repo), "logs/HEAD");
	free(log);
}

static int sync_folders(struct store *s, struct err *e)
{
	char *folder =
		xasprintf("%s%s", git_repository_commondir(s->repo), s->ref);
	size_t top = strlen(folder) - strlen(s->ref) + strlen("refs");
	int r = 0;

	for (char *slash = strrchr(folder, '/');
		r == 0 && slash != NULL && slash >= folder + top;
		slash = strrchr(folder, '/')) {
		*slash = '\0';
		r = folder_sync(folder, e);
	}
	free(folder);
	return r;
}

int branch_sync(struct store *s, struct err *e)
{
	int r = sync_folders(s, e);

	if (r == 0)
		r = sync_log(git_repository_commondir(s->repo), s->ref, e);
	return r == 0 ? sync_log(git_repository_path(s->repo), "HEAD", e) : r;
}
