/*
 * standing - where a store stands: its branch, its repository, who holds it.
 *
 * Some is asked of an open one, some of one that another process may hold.
 */
#include "store/store.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/consolidate.h"
#include "store/gc.h"
#include "store/git_error.h"
#include "store/lock.h"
#include "store/parts.h"
#include "store/repository.h"

void store_tell(
	const struct store *s, enum log_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	if (s->told == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	s->told(s->told_arg, level, text);
}

void store_gets_on(struct store *s)
{
	atomic_fetch_add(&s->n_looked, 1);
	if (s->gets_on != NULL)
		s->gets_on(s->told_arg);
}

static bool is_replaced(const struct store *s, const struct stat *at_path)
{
	struct stat held;
	int moved = 0;

	if (fstat(s->lock, &held) != 0 || held.st_ino != at_path->st_ino ||
		held.st_dev != at_path->st_dev)
		return true;
	sqlite3_file_control(
		s->state->db, NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
	return moved != 0;
}

int store_check_place(const struct store *s, struct err *e)
{
	struct stat at_path;

	if (stat(s->lock_file, &at_path) != 0)
		return err_errno(e, ERR_IO, errno,
			"the store %s is not there (put it back, or start "
			"opsyncd again): %s",
			s->path, s->lock_file);
	if (!is_replaced(s, &at_path))
		return 0;
	return err_set(e, ERR_REPLACED,
		"the store %s is not the one that was opened: another folder "
		"was put or mounted there, or its state was removed; started "
		"again, opsyncd goes on with what is there now",
		s->path);
}

enum shown store_shown(struct store *s)
{
	git_reference *head;
	const char *target;
	bool ours;

	if (s->worktree == NULL)
		return SHOWS_ANOTHER;
	if (git_reference_lookup(&head, s->repo, "HEAD") != 0)
		return SHOWS_UNKNOWN;
	target = git_reference_symbolic_target(head);
	ours = target != NULL && strcmp(target, s->ref) == 0;
	git_reference_free(head);
	return ours ? SHOWS_OURS : SHOWS_ANOTHER;
}

bool store_is_checked_out(struct store *s)
{
	return store_shown(s) == SHOWS_OURS;
}

int store_tip(struct store *s, git_oid *out, struct err *e)
{
	int rc = git_reference_name_to_id(out, s->repo, s->ref);

	if (rc == 0)
		return 0;
	*out = (git_oid){{0}};
	return rc == GIT_ENOTFOUND ? 0
				   : git_failed(e, "cannot read %s", s->ref);
}

static bool wants_gc(struct store *s)
{
	git_config *config;
	int32_t value = 1;

	if (git_repository_config(&config, s->repo) != 0)
		return false;
	if (git_config_get_int32(&value, config, "gc.auto") != 0)
		value = 1;
	git_config_free(config);
	return value != 0;
}

int store_gc_begin(struct store *s, struct store_gc *out, struct err *e)
{
	const char *folder = git_repository_path(s->repo);
	const char *common = git_repository_commondir(s->repo);

	*out = (struct store_gc){.fd = -1};
	gc_clear(folder, common, "gc");
	if (!wants_gc(s) || !consolidate_is_due(common, &out->keep))
		return 0;
	return gc_begin(folder, "gc", &out->fd, e);
}

void store_gc_end(struct store *s, int fd, bool whole)
{
	gc_end(git_repository_path(s->repo), git_repository_commondir(s->repo),
		"gc", fd, whole);
	s->laden = true;
}

int store_fetch_begin(struct store *s, int *fd, struct err *e)
{
	const char *folder = git_repository_path(s->repo);

	gc_clear(folder, git_repository_commondir(s->repo), "fetch");
	return gc_begin(folder, "fetch", fd, e);
}

void store_fetch_end(struct store *s, int fd, bool whole)
{
	gc_end(git_repository_path(s->repo), git_repository_commondir(s->repo),
		"fetch", fd, whole);
}

char *store_file(const struct store *s, const char *name)
{
	const char *slash = strrchr(s->state_file, '/');

	return xasprintf(
		"%.*s/%s", (int)(slash - s->state_file), s->state_file, name);
}

int store_head(struct store *s, char id[41], struct err *e)
{
	git_oid tip;
	int code = store_tip(s, &tip, e);

	id[0] = '\0';
	if (code == 0 && !git_oid_is_zero(&tip))
		git_oid_tostr(id, GIT_OID_HEXSZ + 1, &tip);
	return code;
}

int store_fetched_head(struct store *s, char id[41], struct err *e)
{
	git_oid oid;
	int rc = git_reference_name_to_id(&oid, s->repo, s->fetched);

	id[0] = '\0';
	if (rc == 0)
		git_oid_tostr(id, GIT_OID_HEXSZ + 1, &oid);
	else if (rc != GIT_ENOTFOUND)
		return git_failed(e, "cannot read %s", s->fetched);
	return 0;
}

struct state *store_state(struct store *s)
{
	return s->state;
}

int store_state_path(const char *path, struct buf *out, struct err *e)
{
	bool found;
	int code = repository_find(path, out, &found, e);

	if (code != 0)
		return code;
	if (!found)
		return err_set(e, ERR_NOT_FOUND,
			"there is no repository in %s: opsyncd has not run yet",
			path);
	buf_puts(out, "/opsync/state.db");
	return 0;
}

int store_holder(
	const char *path, int64_t *pid, struct buf *note, struct err *e)
{
	struct buf file = {0};
	bool found;
	int code = repository_find(path, &file, &found, e);

	*pid = 0;
	buf_clear(note);
	if (code == 0 && found) {
		buf_puts(&file, "/opsync/lock");
		code = lock_holder(file.p, pid, note, e);
	}
	buf_fini(&file);
	return code;
}
