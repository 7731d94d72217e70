#ifndef STORE_OBJECTS_H
#define STORE_OBJECTS_H

#include <git2.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "store/inflate.h"
#include "store/parcel.h"

/*
 * Git objects on their way into a repository.  A batch collects the blobs,
 * trees and the commit of one commit of ours: few of them are written as
 * loose objects, many as one pack (gitformat-pack, version 2 with its idx).
 * The batch plugs itself into the repository's object database, so that
 * libgit2 reads and writes through it while it is open.  Nothing of a batch is
 * visible to other processes, or promised to be on disk, before objects_seal().
 *
 * Objects that the repository has already are not written again, as a rule.
 * One thread, but for objects_give() and objects_copy_blob().  Failures are
 * ERR_IO.
 */
struct objects;

/*
 * repo is borrowed until objects_free().  Temporary files are made in folder
 * (on the repository's file system), which must exist.
 */
int objects_new(git_repository *repo, const char *folder, struct objects **out,
	struct err *e);
void objects_free(struct objects *o); /* drops what was not sealed; or NULL */

int objects_blob(struct objects *o, const void *bytes, size_t n, git_oid *oid,
	struct err *e);

/*
 * One that was made ready.  With fresh, it is new as a rule: among many, and
 * behind many, it is not looked for in all packs, which takes longer than to
 * write it and the memory of all their lists, and may be written a second time,
 * until git packs again.
 */
int objects_parcel(struct objects *o, const struct parcel *p, bool fresh,
	git_oid *oid, struct err *e);

/* A tree or a commit as git has it; among many it is not looked for before. */
int objects_made(struct objects *o, git_object_t type, const void *bytes,
	size_t n, git_oid *oid, struct err *e);

/* Is it in the open batch, or in the repository? */
bool objects_has(struct objects *o, const git_oid *oid);

/* A tree from either; to be freed. */
int objects_read_tree(struct objects *o, const git_oid *oid,
	git_odb_object **out, struct err *e);

/* A blob from a file of exactly size bytes, read in pieces. */
int objects_blob_fd(
	struct objects *o, int fd, int64_t size, git_oid *oid, struct err *e);

/*
 * A large blob of a known size, as it comes: into a pack of its own, which is
 * hashed and deflated on the way, so that nothing of it is done twice.  What
 * is made is durable and visible at once (and harmless, until something names
 * it).  Once ended it can be read, until it is dropped.
 */
struct blob_stream;
int blob_stream_begin(struct objects *o, uint64_t size,
	struct blob_stream **out, struct err *e);
int blob_stream_add(
	struct blob_stream *s, const void *bytes, size_t n, struct err *e);
int blob_stream_end(struct blob_stream *s, git_oid *oid, struct err *e);
int blob_stream_read(
	struct blob_stream *s, inflate_sink_fn *fn, void *arg, struct err *e);
void blob_stream_drop(struct blob_stream *s); /* accepts NULL */

/*
 * Make all objects of the batch durable (fsync of files and folders) and
 * visible, and begin an empty batch.  After a failure nothing was promised;
 * the batch is as it was and sealing may be tried again.
 */
int objects_seal(struct objects *o, struct err *e);

/*
 * The same beside what the caller does meanwhile, who calls nothing of this
 * or of libgit2 before objects_seal_end(), which says how it went.  What
 * objects_are_few() is sealed by that alone, and may be read until then.
 */
void objects_seal_begin(struct objects *o);
int objects_seal_end(struct objects *o, struct err *e);

/* Forget the batch: nothing of it stays. */
void objects_drop(struct objects *o);

/* Are they so few that they will be files of their own? */
bool objects_are_few(const struct objects *o);

/* Objects in the open batch. */
size_t objects_count(const struct objects *o);

/*
 * Give a blob's content to fn, or write it to a file descriptor: from the pack
 * that was sealed last (which stays open for that), from the open batch, or
 * from the repository, in pieces.  On any threads, while the batch is empty;
 * what is at hand (objects_at_hand()) also while it fills.
 */
int objects_give(struct objects *o, const git_oid *oid, inflate_sink_fn *fn,
	void *arg, struct err *e);
int objects_copy_blob(
	struct objects *o, const git_oid *oid, int fd, struct err *e);

/* A blob's content from the repository, in pieces (blob_read.h). */
int objects_read(struct objects *o, const git_oid *oid, inflate_sink_fn *fn,
	void *arg, struct err *e);

/* Is it in the pack that was sealed last?  It is until the next one is. */
bool objects_at_hand(const struct objects *o, const git_oid *oid);

/* The folder that was given to objects_new(). */
const char *objects_folder(const struct objects *o);

/* What shared_read() gave for the repository. */
int objects_shared(const struct objects *o);

/* Remove temporary files (tmp_…) that a killed process left in folder. */
int objects_clean(const char *folder, struct err *e);

#endif
