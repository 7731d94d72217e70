/*
 * branch - moving a ref, as git does it.
 *
 *   REF.lock made -> REF is where it should be? -> id written into the lock,
 *   a line into the reflogs -> all on disk -> REF.lock renamed to REF ->
 *   (branch_sync) its folders on disk
 *
 * libgit2 waits for the disk after each of these; here one wait takes the
 * others along.  A kill leaves the lock, which the next start clears, or a
 * line in a reflog too many, as git would.
 */
#include "store/branch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/stamp.h"
#include "store/files.h"
#include "store/git_error.h"
#include "store/repository.h"

#define WORDS "opsync: commit"

struct move {
	struct store *s;
	const git_oid *from, *to;
	char *path; /* of the ref */
	char *lock;
	int fd;      /* of the lock */
	int logs[2]; /* of the ref and of HEAD; -1: none */
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

static int open_file(const char *file, int flags, int *fd, struct err *e)
{
	int r = 0;

	*fd = open(file, flags | O_WRONLY | O_CLOEXEC, 0666);
	if (*fd < 0 && errno == ENOENT && (flags & O_CREAT) != 0) {
		r = make_folder_of(file, e);
		*fd = r == 0 ? open(file, flags | O_WRONLY | O_CLOEXEC, 0666)
			     : -1;
	}
	if (r != 0 || *fd >= 0)
		return r;
	if ((flags & O_EXCL) != 0 ? errno == EEXIST : errno == ENOENT)
		return 0;
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

static int write_log(struct move *m, int *fd, const char *folder,
	const char *ref, struct err *e)
{
	const struct store *s = m->s;
	char *file = xasprintf("%slogs/%s", folder, ref);
	char old[GIT_OID_HEXSZ + 1];
	char new[GIT_OID_HEXSZ + 1];
	int r = open_file(file, log_flags(m->s), fd, e);
	char *line;

	if (r == 0 && *fd >= 0) {
		git_oid_tostr(old, sizeof(old), m->from);
		git_oid_tostr(new, sizeof(new), m->to);
		line = xasprintf("%s %s %s <%s> %lld +0000\t" WORDS "\n", old,
			new, s->author_name, s->author_email,
			(long long)(stamp_now() / STAMP_SECOND));
		r = file_write(*fd, line, strlen(line), file, e);
		free(line);
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
	int r = write_log(
		m, &m->logs[0], git_repository_commondir(repo), m->s->ref, e);

	return r == 0 && is_head(m->s)
		       ? write_log(m, &m->logs[1], git_repository_path(repo),
				 "HEAD", e)
		       : r;
}

/* --- The ref -------------------------------------------------------------- */

static int write_id(struct move *m, struct err *e)
{
	char hex[GIT_OID_HEXSZ + 2];

	git_oid_tostr(hex, GIT_OID_HEXSZ + 1, m->to);
	hex[sizeof(hex) - 2] = '\n';
	hex[sizeof(hex) - 1] = '\0';
	return file_write(m->fd, hex, sizeof(hex) - 1, m->lock, e);
}

/* The first wait takes along what the disk was given before. */
static int sync_all(const struct move *m, struct err *e)
{
	int r;

	sync_file_range(m->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	for (int i = 0; i < 2; i++)
		if (m->logs[i] >= 0)
			sync_file_range(
				m->logs[i], 0, 0, SYNC_FILE_RANGE_WRITE);
	r = file_sync(m->fd, m->lock, e);
	for (int i = 0; i < 2; i++)
		if (r == 0 && m->logs[i] >= 0)
			r = file_sync(m->logs[i], "a reflog", e);
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
	r = write_id(m, e);
	if (r == 0)
		r = write_logs(m, e);
	if (r == 0)
		r = sync_all(m, e);
	if (r == 0)
		r = put_in_place(m, e);
	*moved = r == 0;
	return r;
}

static void close_all(const struct move *m)
{
	const int all[] = {m->fd, m->logs[0], m->logs[1]};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if (all[i] >= 0)
			close(all[i]);
}

int branch_move(struct store *s, const git_oid *from, const git_oid *to,
	bool *moved, struct err *e)
{
	struct move m = {.s = s, .from = from, .to = to, .logs = {-1, -1}};
	int r;

	*moved = false;
	m.path = xasprintf("%s%s", git_repository_commondir(s->repo), s->ref);
	m.lock = xasprintf("%s.lock", m.path);
	r = open_file(m.lock, O_CREAT | O_EXCL, &m.fd, e);
	if (r == 0 && m.fd >= 0) {
		r = move_locked(&m, moved, e);
		if (!*moved)
			unlink(m.lock);
	}
	close_all(&m);
	free(m.lock);
	free(m.path);
	return r;
}

int branch_sync(struct store *s, struct err *e)
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
