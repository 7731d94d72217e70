/*
 * tree_file - one file of the work tree: staged, placed, removed, synced.
 *
 * A content is written to a temporary file in the repository's own folder and
 * renamed into place, so that a killed process leaves its remains there and
 * not in the tree.  A repository on another file system than its work tree
 * makes the temporary file beside the target instead; its name follows from
 * the target's, so that the next attempt takes it over.
 */
#include "store/tree_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/util.h"
#include "store/beneath.h"
#include "store/files.h"

#define FEW 64 /* synced one by one; more are by syncfs() */
#define NAME_SIZE 32
#define EMPTY_DEPTH 32
#define TURN 3U                     /* of a serial: which of the subfolders */
#define COPY_MOST ((size_t)1 << 30) /* bytes a call */

int tree_files_init(struct tree_files *t, struct beneath *tree,
	struct objects *o, struct err *e)
{
	const char *folder = objects_folder(o);
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot open %s", folder);
	t->tree = tree;
	t->o = o;
	t->folder = fd;
	atomic_init(&t->serial, 0);
	atomic_init(&t->n_staged, 0);
	return 0;
}

void tree_files_fini(struct tree_files *t)
{
	close(t->folder);
}

void tree_file_init(struct tree_file *f, const struct worktree_change *change)
{
	*f = (struct tree_file){.change = change, .fd = -1};
}

/*
 * While the files of one turn are moved away from their folder, none could be
 * made there for the next one: those that are written ahead of it have folders
 * that take turns.
 */
static const char *const subfolders[] = {"", "ahead1/", "ahead2/"};

static void temporary_name(unsigned serial, char name[NAME_SIZE])
{
	snprintf(name, NAME_SIZE, "%stmp_file_%u", subfolders[serial & TURN],
		serial / (TURN + 1));
}

static unsigned next_serial(struct tree_files *t, unsigned turn)
{
	return (atomic_fetch_add(&t->serial, 1) + 1) * (TURN + 1) + turn;
}

/* --- Staging -------------------------------------------------------------- */

/* Open a new temporary file; one that was left there by mistake goes. */
static int create(int folder, const char *name)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(folder, name, flags, 0666);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	if (unlinkat(folder, name, 0) != 0)
		return -1;
	return openat(folder, name, flags, 0666);
}

/* A program of others; where reading is allowed, running is. */
static int set_mode(const struct worktree_change *c, int fd, struct err *e)
{
	struct stat st;

	if (c->mode != GIT_FILEMODE_BLOB_EXECUTABLE)
		return 0;
	if (fstat(fd, &st) != 0 ||
		fchmod(fd, (st.st_mode & 0777) | (st.st_mode & 0444) >> 2) != 0)
		return err_errno(
			e, ERR_IO, errno, "cannot make %s a program", c->path);
	return 0;
}

static int write_content(
	struct tree_files *t, struct tree_file *f, struct err *e)
{
	char name[NAME_SIZE];
	struct stat st;
	int fd;
	int r;

	f->serial = next_serial(t, 0);
	temporary_name(f->serial, name);
	fd = create(t->folder, name);
	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot create a file in %s",
			objects_folder(t->o));
	r = objects_copy_blob(t->o, &f->change->new_oid, fd, e);
	if (r == 0)
		r = set_mode(f->change, fd, e);
	if (r == 0 && fstat(fd, &st) != 0)
		r = err_errno(e, ERR_IO, errno, "cannot look at the file");
	if (r != 0 || atomic_fetch_add(&t->n_staged, 1) >= FEW) {
		close(fd);
	} else { /* only a hint to begin with */
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
		f->fd = fd;
	}
	if (r != 0) {
		err_prefix(e, "cannot write %s", f->change->path);
		return r;
	}
	f->ino = st.st_ino;
	f->state = TREE_FILE_STAGED;
	return 0;
}

/* Close a temporary file, and remove what was not moved to its place. */
static void drop(struct tree_files *t, struct tree_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	if (f->serial != 0 && f->state != TREE_FILE_DONE)
		tree_files_unwrite(t, f->serial);
}

void tree_files_draft(
	struct tree_files *t, const struct worktree_change *change)
{
	struct tree_file f;

	if (t->n_drafts == TREE_DRAFTS || change->sight == WORKTREE_CURRENT)
		return;
	tree_file_init(&f, change);
	if (write_content(t, &f, NULL) == 0 && f.fd >= 0)
		t->drafts[t->n_drafts++] = f;
	else /* it may be there all the same */
		drop(t, &f);
}

void tree_files_drop_drafts(struct tree_files *t)
{
	while (t->n_drafts > 0)
		drop(t, &t->drafts[--t->n_drafts]);
}

void tree_files_sync_drafts(struct tree_files *t)
{
	for (size_t i = 0; i < t->n_drafts; i++) {
		struct tree_file *f = &t->drafts[i];

		if (file_sync(f->fd, f->change->path, NULL) != 0) {
			tree_files_drop_drafts(t);
			return;
		}
	}
	for (size_t i = 0; i < t->n_drafts; i++) {
		close(t->drafts[i].fd);
		t->drafts[i].fd = -1; /* it needs no other sync */
	}
}

static bool take_draft(struct tree_files *t, struct tree_file *f)
{
	const struct worktree_change *change = f->change;

	for (size_t i = 0; i < t->n_drafts; i++) {
		struct tree_file *d = &t->drafts[i];

		if (!git_oid_equal(&d->change->new_oid, &change->new_oid) ||
			d->change->mode != change->mode)
			continue;
		*f = *d;
		f->change = change;
		*d = t->drafts[--t->n_drafts];
		return true;
	}
	return false;
}

int tree_file_stage(struct tree_files *t, struct tree_file *f, struct err *e)
{
	if (f->change->sight == WORKTREE_CURRENT) {
		f->state = TREE_FILE_STAGED;
		return 0;
	}
	if (f->serial != 0) { /* where it is closed, syncfs() is needed */
		atomic_fetch_add(&t->n_staged, f->fd >= 0 ? 1 : FEW + 1);
		f->state = TREE_FILE_STAGED;
		return 0;
	}
	return take_draft(t, f) ? 0 : write_content(t, f, e);
}

/* --- Ahead of their turn ------------------------------------------------- */

static int write_new(int fd, const void *bytes, size_t n, ino_t *ino)
{
	struct stat st;
	int r = file_write(fd, bytes, n, "a file", NULL);

	if (r == 0 && fstat(fd, &st) != 0)
		r = ERR_IO;
	if (r == 0)
		*ino = st.st_ino;
	close(fd);
	return r;
}

int tree_files_create(struct tree_files *t, unsigned turn, unsigned *serial)
{
	char name[NAME_SIZE];
	int fd;

	*serial = next_serial(t, turn);
	temporary_name(*serial, name);
	fd = create(t->folder, name);
	if (fd < 0 && errno == ENOENT &&
		mkdirat(t->folder, subfolders[turn], 0750) == 0)
		fd = create(t->folder, name);
	return fd;
}

int tree_files_write(struct tree_files *t, unsigned turn, struct str text,
	unsigned *serial, ino_t *ino)
{
	unsigned mine;
	int fd = tree_files_create(t, turn, &mine);
	int r;

	if (fd < 0)
		return ERR_IO;
	r = write_new(fd, text.p, text.n, ino);
	if (r == 0)
		*serial = mine;
	else
		tree_files_unwrite(t, mine);
	return r;
}

void tree_files_unwrite(struct tree_files *t, unsigned serial)
{
	char name[NAME_SIZE];

	temporary_name(serial, name);
	unlinkat(t->folder, name, 0);
}

void tree_files_end_turn(struct tree_files *t, unsigned turn)
{
	unlinkat(t->folder, subfolders[turn], AT_REMOVEDIR);
}

int tree_files_clean(const char *folder, struct err *e)
{
	int r = 0;

	for (size_t i = 1; r == 0 && i < ARRAY_LEN(subfolders); i++) {
		char *path = xasprintf("%s/%s", folder, subfolders[i]);

		if (access(path, F_OK) == 0)
			r = folder_clean(path, "tmp_", e);
		rmdir(path);
		free(path);
	}
	return r;
}

int tree_files_sync_staged(struct tree_files *t, const struct tree_file *files,
	size_t n, struct err *e)
{
	if (t->n_staged > FEW) {
		if (syncfs(t->folder) != 0)
			return err_errno(e, ERR_IO, errno, "cannot sync %s",
				objects_folder(t->o));
		return 0;
	}
	for (size_t i = 0; i < n; i++) {
		int r = files[i].fd < 0 ? 0
					: file_sync(files[i].fd,
						  files[i].change->path, e);

		if (r != 0)
			return r;
	}
	return 0;
}

void tree_files_drop_staged(
	struct tree_files *t, struct tree_file *files, size_t n)
{
	unsigned turn = 0;

	for (size_t i = 0; i < n; i++) {
		turn |= files[i].serial & TURN;
		drop(t, &files[i]);
	}
	t->n_staged = 0;
	if (turn != 0)
		tree_files_end_turn(t, turn);
}

/* --- Placing -------------------------------------------------------------- */

static bool is_as_seen(const struct worktree_change *c, const struct stat *st)
{
	if (c->sight == WORKTREE_UNSEEN)
		return true;
	return (c->sight == WORKTREE_FILE || c->sight == WORKTREE_CURRENT) &&
	       file_is_same(&c->st, st);
}

static bool is_content(const struct stat *st)
{
	return S_ISREG(st->st_mode) || S_ISLNK(st->st_mode);
}

/* Remove a folder that has nothing but such folders in it. */
static bool remove_empty(int parent, const char *name, unsigned depth)
{
	int fd = openat(
		parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	struct dirent *entry;

	if (d == NULL && fd >= 0)
		close(fd);
	while (d != NULL && depth > 0 && (entry = readdir(d)) != NULL)
		if (!name_is_dots(entry->d_name) &&
			!remove_empty(fd, entry->d_name, depth - 1))
			break;
	if (d != NULL)
		closedir(d);
	return unlinkat(parent, name, AT_REMOVEDIR) == 0;
}

/* Nothing is lost with a folder that is empty. */
static bool make_room(const struct place *at, struct stat *st)
{
	if (!S_ISDIR(st->st_mode) ||
		!remove_empty(at->fd, at->name, EMPTY_DEPTH))
		return false;
	*st = (struct stat){0};
	return true;
}

/* Whether what is at the path may go; a stat of it, zeroed if none. */
static int check(const struct tree_files *t, const struct tree_file *f,
	const struct place *at, struct stat *st, struct err *e)
{
	const struct worktree_change *c = f->change;

	*st = (struct stat){0};
	if (fstatat(at->fd, at->name, st, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT && c->sight != WORKTREE_CURRENT)
			return 0;
		return err_errno(e, ERR_IO, errno, "cannot look at %s/%s",
			t->tree->root, c->path);
	}
	if (make_room(at, st))
		return 0;
	if (!is_content(st))
		return err_set(e, ERR_IO,
			"%s/%s is in the way: a file of ours should be there, "
			"move it away",
			t->tree->root, c->path);
	if (c->sight == WORKTREE_BLOCKED)
		return err_set(e, ERR_IO,
			"%s/%s has been changed and cannot be read, so that it "
			"cannot be kept: it stays as it is",
			t->tree->root, c->path);
	if (!is_as_seen(c, st))
		return err_set(e, ERR_IO,
			"%s/%s changes at this moment: it is looked at again",
			t->tree->root, c->path);
	return 0;
}

/* Copy all of a file behind its descriptor; 0, or an errno. */
static int copy_file(int from, int to)
{
	ssize_t n;

	do {
		n = sendfile(to, from, NULL, COPY_MOST);
		if (n < 0 && errno != EINTR)
			return errno;
	} while (n != 0);
	return 0;
}

/* Write what was staged beside its place, on another file system than ours. */
static int place_across(struct tree_files *t, struct tree_file *f,
	const struct place *at, int staged, struct err *e)
{
	char name[NAME_SIZE] = ".opsync-tmp-";
	size_t start = strlen(name);
	uint8_t digest[20];
	struct stat st;
	int fd;
	int r;

	hash_sha1(at->name, strlen(at->name), digest);
	hash_hex(digest, 8, name + start);
	fd = create(at->fd, name);
	if (fd < 0)
		return err_errno(e, ERR_IO, errno, "cannot create %s/%s",
			t->tree->root, f->change->path);
	r = copy_file(staged, fd);
	if (r != 0)
		r = err_errno(e, ERR_IO, r, "cannot write %s/%s", t->tree->root,
			f->change->path);
	if (r == 0)
		r = set_mode(f->change, fd, e);
	if (r == 0)
		r = file_sync(fd, f->change->path, e);
	if (r == 0 && (fstat(fd, &st) != 0 ||
			      renameat(at->fd, name, at->fd, at->name) != 0))
		r = err_errno(e, ERR_IO, errno, "cannot write %s/%s",
			t->tree->root, f->change->path);
	close(fd);
	if (r != 0)
		unlinkat(at->fd, name, 0);
	else
		f->ino = st.st_ino;
	return r;
}

static int move(struct tree_files *t, struct tree_file *f,
	const struct place *at, struct err *e)
{
	char name[NAME_SIZE];
	int staged = -1;
	int r;

	temporary_name(f->serial, name);
	if (renameat(t->folder, name, at->fd, at->name) == 0)
		return 0;
	if (errno == EXDEV)
		staged = openat(
			t->folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (staged < 0)
		return err_errno(e, ERR_IO, errno, "cannot write %s/%s",
			t->tree->root, f->change->path);
	r = place_across(t, f, at, staged, e);
	close(staged);
	if (r == 0)
		unlinkat(t->folder, name, 0);
	return r;
}

int tree_file_place(struct tree_files *t, struct tree_file *f, struct err *e)
{
	struct place at;
	struct stat st;
	int r = beneath_place(t->tree, f->change->path, true, &at, e);

	if (r == 0)
		r = check(t, f, &at, &st, e);
	if (r != 0)
		return r;
	if (f->serial == 0) { /* current */
		f->st = st;
		f->state = TREE_FILE_DONE;
		return 0;
	}
	r = move(t, f, &at, e);
	if (r != 0)
		return r;
	/* Another file in its place since: then git shall look at it. */
	if (fstatat(at.fd, at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		st.st_ino == f->ino)
		f->st = st;
	f->state = TREE_FILE_DONE;
	return 0;
}

int tree_file_remove(struct tree_files *t, struct tree_file *f, struct err *e)
{
	struct place at;
	struct stat st;
	int r = beneath_place(t->tree, f->change->path, false, &at, e);

	if (r != 0)
		return r;
	/* What is no file of ours any more has nothing of ours to remove. */
	if (at.fd < 0 ||
		(fstatat(at.fd, at.name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			!is_content(&st))) {
		f->state = TREE_FILE_DONE;
		return 0;
	}
	r = check(t, f, &at, &st, e);
	if (r == 0 && unlinkat(at.fd, at.name, 0) != 0 && errno != ENOENT)
		r = err_errno(e, ERR_IO, errno, "cannot remove %s/%s",
			t->tree->root, f->change->path);
	if (r == 0)
		f->state = TREE_FILE_DONE;
	return r;
}

int tree_files_sync(struct tree_files *t, const struct tree_file *files,
	size_t n, struct err *e)
{
	const char *last = NULL;
	int r = 0;

	if (n > FEW) {
		if (syncfs(t->tree->fd) != 0)
			r = err_errno(e, ERR_IO, errno, "cannot sync %s",
				t->tree->root);
		return r;
	}
	for (size_t i = 0; i < n && r == 0; i++) {
		if (files[i].state != TREE_FILE_DONE)
			continue;
		r = beneath_sync(t->tree, files[i].change->path, last, e);
		last = files[i].change->path;
	}
	return r;
}
