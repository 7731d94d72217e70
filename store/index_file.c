/*
 * index_file - change entries of the index while others use it too.
 *
 *   index.lock made -> (files put into place) -> index read -> written anew
 *   beside it -> on disk -> renamed to index -> index.lock removed
 *
 * libgit2 takes the lock only when it writes, so that what somebody staged
 * between its read and its write would be lost: hence our own around both
 * (index_lock.h).  Any failure leaves the index as it was.
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
#include "store/files.h"
#include "store/git_error.h"
#include "store/index_copy.h"
#include "store/index_image.h"
#include "store/index_lock.h"
#include "store/index_memo.h"
#include "store/index_patch.h"
#include "store/index_walk.h"
#include "store/shared.h"

struct session {
	const struct index_file *f;
	char *path; /* of the index */
	char *copy;
	struct stat st; /* of the index when it was read */
};

/* --- Looking for paths ---------------------------------------------------- */

/* What was written here last need not prove itself. */
static bool is_ours(const struct index_file *f, const struct stat *st)
{
	return f->memo != NULL && index_memo_is(f->memo, st);
}

/*
 * What others wrote must prove itself before it is believed; of ours is
 * remembered where its entries are.
 */
static int read_through(struct index_view *v, struct err *e)
{
	bool ours = is_ours(&v->f, &v->st);
	struct index_walk walk = {0};
	int r = index_walk_begin(&walk, v->fd, v->path, !ours, e);

	if (r == 0 && ours)
		r = index_memo_learn(v->f.memo, &walk, e);
	if (r == 0)
		r = index_walk_end(&walk, e);
	index_walk_fini(&walk);
	return r;
}

static int begin_walk(struct index_view *v, struct err *e)
{
	index_walk_fini(&v->walk);
	v->n_walked = 0;
	buf_clear(&v->asked);
	return index_walk_begin(&v->walk, v->fd, v->path, false, e);
}

/* One that is not there is empty. */
static int open_view(struct index_view *v, struct err *e)
{
	v->fd = open(v->path, O_RDONLY | O_CLOEXEC);
	if (v->fd < 0 && errno == ENOENT)
		return 0;
	if (v->fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", v->path);
	return fstat(v->fd, &v->st) == 0
		       ? 0
		       : err_errno(e, ERR_IO, errno, "cannot read %s", v->path);
}

/* Few of an index that is known need not be looked for in all of it. */
static bool is_learned(const struct index_view *v)
{
	return is_ours(&v->f, &v->st) && v->f.memo->n_blocks > 0;
}

int index_view_init(struct index_view *v, const struct index_file *f, bool few,
	struct err *e)
{
	int r;

	*v = (struct index_view){
		.f = *f, .fd = -1, .path = index_path(f->repo)};
	if (v->path == NULL)
		return git_failed(e, "the repository has no index");
	r = open_view(v, e);
	v->in_parts = r == 0 && few && is_learned(v);
	if (r == 0 && !v->in_parts)
		r = read_through(v, e);
	if (r == 0 && !v->in_parts)
		r = begin_walk(v, e);
	if (r != 0)
		index_view_fini(v);
	return r;
}

void index_view_fini(struct index_view *v)
{
	if (v->path != NULL && v->fd >= 0)
		close(v->fd);
	index_walk_fini(&v->walk);
	buf_fini(&v->asked);
	free(v->path);
	*v = (struct index_view){0};
}

bool index_view_is_open(const struct index_view *v)
{
	return v->path != NULL;
}

static bool describe(
	const struct index_image_entry *entry, struct index_image_file *out)
{
	if (entry == NULL || index_image_stage(entry) != 0)
		return false;
	*out = index_image_file(entry);
	return S_ISREG(out->mode);
}

static bool find_in_part(
	struct index_view *v, const char *path, struct index_image_file *out)
{
	struct index_found found;
	bool good;

	if (index_memo_find(v->f.memo, v->fd, path, &found, &v->fault) != 0)
		found.entry = NULL;
	good = describe(found.entry, out);
	index_found_fini(&found);
	return good;
}

/* Is the entry that came last before (< 0), at or behind a path? */
static int order_of(const struct index_view *v, struct str path)
{
	if (v->n_walked == 0)
		return -1;
	return str_cmp((struct str){v->at.path, v->at.n_path}, path);
}

/* The first entry of that path; from the beginning, if it lies behind. */
static const struct index_image_entry *walk_to(
	struct index_view *v, const char *path)
{
	struct str to = str_of(path);

	if (str_cmp(to, buf_str(&v->asked)) < 0)
		begin_walk(v, &v->fault);
	buf_clear(&v->asked);
	buf_puts(&v->asked, path);
	while (order_of(v, to) < 0 && v->fault.code == 0 &&
		v->n_walked < v->walk.header.n &&
		index_walk_next(&v->walk, &v->at, &v->fault) == 0)
		v->n_walked++;
	return v->fault.code == 0 && order_of(v, to) == 0 ? &v->at : NULL;
}

bool index_view_find(
	struct index_view *v, const char *path, struct index_image_file *out)
{
	if (!index_view_is_open(v) || v->fault.code != 0)
		return false;
	if (v->in_parts && v->n_asked++ == INDEX_VIEW_FEW) { /* not few */
		v->in_parts = false;
		begin_walk(v, &v->fault);
	}
	return v->in_parts ? find_in_part(v, path, out)
			   : describe(walk_to(v, path), out);
}

/* A size of 0 may say that the file must be looked at. */
bool index_view_tells(struct index_view *v, const char *path,
	const struct stat *st, git_oid *oid)
{
	struct index_image_file file;

	if (st->st_size == 0 || !index_view_find(v, path, &file) ||
		!index_image_fits(&file, st) || index_is_racy(&file, &v->st))
		return false;
	*oid = file.oid;
	return true;
}

int index_view_ids(struct index_view *v, const char *const *paths, size_t n,
	git_oid *ids, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		struct index_image_file file;

		ids[i] = index_view_find(v, paths[i], &file) ? file.oid
							     : (git_oid){{0}};
	}
	if (v->fault.code != 0 && e != NULL)
		*e = v->fault;
	return v->fault.code;
}

bool index_is_as_seen(const struct index_file *f, const struct stat *seen)
{
	char *path = index_path(f->repo);
	struct stat now;
	bool same = path != NULL && stat(path, &now) == 0 &&
		    file_is_same(seen, &now);

	free(path);
	return same;
}

/* That of the index before, and what others may. */
static int give_mode(const struct session *s, int fd, struct err *e)
{
	if (s->st.st_ino != 0 && fchmod(fd, s->st.st_mode & 0777) != 0)
		return err_errno(e, ERR_IO, errno, "cannot write %s", s->copy);
	shared_fd(s->f->shared, fd);
	return 0;
}

/* Put what was written on disk and in the index's place. */
static int publish(struct session *s, int fd, struct err *e)
{
	const struct stat none = {0};
	struct stat st;
	int r = give_mode(s, fd, e);

	if (r == 0)
		r = file_sync(fd, s->copy, e);
	if (r == 0 && rename(s->copy, s->path) != 0)
		r = err_errno(e, ERR_IO, errno, "cannot write %s", s->path);
	if (r == 0 && s->f->memo != NULL)
		index_memo_set(s->f->memo, fstat(fd, &st) == 0 ? &st : &none);
	return r;
}

/* --- Changing ------------------------------------------------------------- */

/*
 * git looks again at a file that is as new as the index.  Written anew, the
 * index would be newer, and what changed in between would pass unnoticed: a
 * size of 0 says that it must be looked at (git's racy-git.txt).
 */
static bool is_doubtful(void *arg, const struct index_image_entry *entry)
{
	const struct session *s = arg;
	struct index_image_file f = index_image_file(entry);

	return index_is_racy(&f, &s->st) &&
	       index_differs(s->f, entry->path, &f.oid);
}

static int by_path(const void *a, const void *b)
{
	const struct index_new *x = a;
	const struct index_new *y = b;

	return strcmp(x->path, y->path);
}

static int copy_with(struct session *s, const struct index_copy *copy,
	const struct index_change *changes, size_t n, struct err *e)
{
	struct index_new *news = xcalloc(n + 1, sizeof(*news));
	git_index_entry *entries = xcalloc(n + 1, sizeof(*entries));
	int r;

	for (size_t i = 0; i < n; i++) {
		news[i].path = changes[i].path;
		if (!changes[i].has)
			continue;
		entries[i] = index_entry_of(&changes[i]);
		news[i].entry = &entries[i];
	}
	qsort(news, n, sizeof(*news), by_path);
	r = index_copy(copy, news, n, e);
	free(news);
	free(entries);
	return r == 0 ? publish(s, copy->to, e) : r;
}

/* One that is not there is empty. */
static int open_index(struct session *s, struct index_copy *copy, struct err *e)
{
	copy->from = open(s->path, O_RDONLY | O_CLOEXEC);
	if (copy->from < 0)
		return errno == ENOENT ? 0
				       : err_errno(e, ERR_IO, errno,
						 "cannot open %s", s->path);
	if (fstat(copy->from, &s->st) != 0)
		return err_errno(e, ERR_IO, errno, "cannot read %s", s->path);
	copy->check = !is_ours(s->f, &s->st);
	return 0;
}

static int rewrite(struct session *s, const struct index_change *changes,
	size_t n, struct err *e)
{
	struct index_copy copy = {.from_name = s->path,
		.to = -1,
		.to_name = s->copy,
		.doubt = is_doubtful,
		.arg = s};
	int r = open_index(s, &copy, e);

	if (r == 0)
		copy.to = open(s->copy,
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (r == 0 && copy.to < 0)
		r = err_errno(e, ERR_IO, errno, "cannot create %s", s->copy);
	if (r == 0)
		r = copy_with(s, &copy, changes, n, e);
	if (copy.from >= 0)
		close(copy.from);
	if (copy.to >= 0)
		close(copy.to);
	return r;
}

static int change(struct session *s, const struct index_change *changes,
	size_t n, struct err *e)
{
	bool done;
	int r = index_patch(s->f, s->path, changes, n, &done, e);

	return r != 0 || done ? r : rewrite(s, changes, n, e);
}

int index_sync(const struct index_file *f, struct err *e)
{
	char *folder = index_path(f->repo);
	int r;

	if (folder == NULL)
		return git_failed(e, "the repository has no index");
	*strrchr(folder, '/') = '\0';
	r = folder_sync(folder, e);
	free(folder);
	return r;
}

int index_update(const struct index_file *f, const struct index_change *changes,
	size_t n, struct err *e)
{
	struct session s = {.f = f, .path = index_path(f->repo)};
	bool known;
	int r;

	if (s.path == NULL)
		return git_failed(e, "the repository has no index");
	s.copy = xasprintf("%s/tmp_index", f->folder);
	known = f->known != NULL && f->memo != NULL &&
		index_is_as_seen(f, f->known);
	r = change(&s, changes, n, e);
	if (r == 0 && known)
		*f->known = f->memo->index;
	unlink(s.copy);
	free(s.copy);
	free(s.path);
	return r;
}
