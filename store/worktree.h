#ifndef STORE_WORKTREE_H
#define STORE_WORKTREE_H

#include <git2.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/err.h"
#include "store/index_file.h"
#include "store/objects.h"

/*
 * The files of a work tree, and its index, brought from one tree to another
 * for the paths that we own, and no others.  Paths are opened beneath the
 * root without following links (openat2), so that a planted link leads
 * nowhere.  A file appears by rename, whole.  One thread, and one
 * of its own between worktree_begin() and worktree_end().
 */
struct worktree;

/*
 * root is the top of the work tree.  Borrows repo and o; temporary files go
 * into objects_folder(), for objects_clean().  ERR_IO.
 */
int worktree_new(git_repository *repo, const char *root, struct objects *o,
	struct worktree **out, struct err *e);
void worktree_free(struct worktree *w); /* accepts NULL; nothing is begun */

/* What worktree_inspect() saw at a path; private. */
enum worktree_sight {
	WORKTREE_UNSEEN,  /* not inspected */
	WORKTREE_MISSING, /* nothing, or something that is not a file */
	WORKTREE_FILE,    /* a file or link, with bytes that are kept */
	WORKTREE_CURRENT, /* a file with the new content */
	WORKTREE_BLOCKED, /* a file that cannot be read, and so not kept */
};

/* One path to be changed. */
struct worktree_change {
	const char *path;
	bool had; /* the path was ours before, with the content old */
	git_oid old_oid;
	bool has; /* it shall be there, with the content new */
	git_oid new_oid;
	uint32_t mode;    /* git's, of the new content; 0: a plain file */
	bool theirs;      /* no file of ours: left alone where it was edited */
	bool document;    /* else an attachment: those go first */
	bool foreign;     /* result: other bytes were there: see kept */
	git_oid kept_oid; /* result: blob of those bytes, in the open batch */
	bool staged;      /* and yet others in the index: */
	git_oid staged_oid;

	/* Private. */
	enum worktree_sight sight;
	struct stat st; /* of what was seen */
};

/*
 * Find among the changes those whose file holds neither the old nor the new
 * content (nor is missing): a person's.  Their bytes (of a link: its target)
 * are added to the open batch of objects, and foreign and kept_oid are set.
 * What has no bytes (a folder, a FIFO) or cannot be read is not foreign:
 * worktree_apply() leaves it alone and says so.  Of many, those are not read
 * whose content the index tells, as git does it.  Changes nothing.
 */
int worktree_inspect(struct worktree *w, struct worktree_change *changes,
	size_t n, size_t *n_foreign, struct err *e);

/* Is nothing there, for certain?  Also while something is begun. */
bool worktree_is_free(const struct worktree *w, const char *path);

/*
 * The index as it is; and once all it names of ours was looked at: is it still
 * the same, but for what was applied here?
 */
int worktree_index(
	struct worktree *w, bool few, struct index_view *out, struct err *e);
void worktree_know_index(struct worktree *w, const struct index_view *v);
bool worktree_knows_index(struct worktree *w);

/* What the index names at these paths; the zero id: no plain file. */
int worktree_staged(struct worktree *w, const struct worktree_change *changes,
	size_t n, git_oid *ids, struct err *e);

/*
 * Has nobody changed the index since worktree_staged()?  No, once that is
 * forgotten, since it looked at other paths.
 */
bool worktree_index_rests(struct worktree *w);
void worktree_forget_index(struct worktree *w); /* accepts NULL */

/*
 * A content that a change of the next worktree_apply() or worktree_begin()
 * most likely has: its file may be written beside what the caller does until
 * then.  Also while something is begun.  Or all that were told are given up.
 */
void worktree_expect(
	struct worktree *w, const git_oid *oid, const void *bytes, size_t n);
void worktree_expect_none(struct worktree *w); /* accepts NULL */

/* The same of a large one, while it comes (ahead_stream.h); NULL: not so. */
struct ahead_stream;
struct ahead_stream *worktree_expect_large(struct worktree *w, uint64_t size);
void worktree_expect_end(
	struct worktree *w, struct ahead_stream *s, const git_oid *oid);

/*
 * Keep git commands from changing the index, or going to another branch, by
 * git's own lock, until worktree_release().  Who else holds it is waited for,
 * and named as ERR_IO; but where that is so for more than a minute (a commit's
 * message is being written, or a git was killed) files may be put into place
 * without, and 0 is returned.
 */
int worktree_hold(struct worktree *w, struct err *e);
void worktree_release(struct worktree *w);

/*
 * Bring files and index in step, while the work tree is held, and release it:
 * attachments before documents, removals last, empty folders of removed files
 * removed too; durable when it returns.
 * May be called again for the same changes after a kill: the result is the
 * same.  A path where something stands in the way (a link or a file where a
 * folder should be, a folder where a file should be) or that changed since it
 * was inspected is ERR_IO that names the first of them; all others are done.
 * An index that somebody keeps locked is ERR_IO, too, with the files done.
 */
int worktree_apply(struct worktree *w, struct worktree_change *changes,
	size_t n, struct err *e);

/*
 * Give the disk before their turn what few changes, which were inspected, put
 * into files, and wait for it: worktree_apply() then finds it there.  Borrowed
 * until worktree_unprepare(), which takes back what was not applied.  What
 * fails is done by worktree_apply().
 */
void worktree_prepare(
	struct worktree *w, const struct worktree_change *changes, size_t n);
void worktree_prepare_sync(struct worktree *w);
void worktree_unprepare(struct worktree *w); /* accepts NULL */

/*
 * The same on a thread of its own, while the batch of objects may fill, but
 * not be sealed: the changes, which were inspected, are borrowed until
 * worktree_end(), and until then only worktree_is_free(), worktree_expect(),
 * worktree_forget_index() and worktree_unprepare() may be called.  False:
 * nothing was begun, since so few are not worth it, or it cannot be.
 */
bool worktree_begin(
	struct worktree *w, struct worktree_change *changes, size_t n);
int worktree_end(struct worktree *w, struct err *e); /* waits for it */

/*
 * Remove an index.lock that a killed process of ours left; those of others
 * stay.  For a start, under the store's lock.
 */
int worktree_unlock(git_repository *repo, struct err *e);

#endif
