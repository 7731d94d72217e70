#ifndef STORE_STAGING_H
#define STORE_STAGING_H

#include "store/query.h"
#include "store/store.h"

/*
 * What is staged: tables in memory beside those of the state, with the same
 * columns.  A document that waits (why it cannot be made yet) counts as not
 * staged for a commit.
 */

/* Make the tables; once a connection. */
int staging_init(struct state *s, struct err *e);

/* What a staged document changes; STORE_SAME if none is staged. */
int staging_change(struct state *s, int64_t work_package, struct str entry,
	enum store_change *out, struct err *e);

/* Give back the memory that much that was staged took. */
int staging_rest(struct state *s, struct err *e);

/*
 * Replace what is staged of a document.  was: the entry by which the state has
 * it, if that is another; as long as this is staged, it is dropped by that one.
 */
int staging_put(struct state *s, const struct state_document *d, struct str was,
	enum store_change change, struct err *e);

/* The entry by which the state has a document that is staged by entry. */
int staging_was(struct state *s, int64_t work_package, struct str entry,
	struct buf *out, struct err *e);

/* The document's values of unique:; and are they the recorded ones? */
int staging_put_values(struct state *s, int64_t work_package,
	const struct document *d, struct err *e);
int state_same_values(struct state *s, int64_t work_package,
	const struct document *d, bool *same, struct err *e);

int staging_drop(
	struct state *s, int64_t work_package, struct str entry, struct err *e);
/* Events that tell of its making; before it is forgotten. */
int staging_untell(
	struct state *s, int64_t work_package, struct str entry, struct err *e);
int staging_untell_at(
	struct state *s, int64_t work_package, struct str path, struct err *e);
int staging_forget(
	struct state *s, int64_t work_package, struct str entry, struct err *e);

/* As file.oid, in SQL: of a file whose contents are in no repository. */
#define FILE_GONE "'0000000000000000000000000000000000000000'"

/*
 * Documents that are not in the store as recorded (table adrift) are staged
 * as they are recorded, with all that they have; such a one is made again even
 * if nothing changes.  Not one that is staged otherwise, nor one with a file
 * that is gone.
 */
int staging_again(struct state *s, struct err *e);
/* Rows of work package, entry, path, and whether contents are lost; closes. */
int staging_tell_adrift(
	struct query *q, store_adrift_fn *fn, void *arg, struct err *e);
/* Of those whose turn it is in this commit: the files. */
int staging_restored(
	struct state *s, store_adrift_fn *fn, void *arg, struct err *e);
int staging_is_adrift(struct state *s, int64_t work_package, struct str entry,
	bool *is, struct err *e);

/* A document that has this file is not put: it stays as it is (adopt.c). */
int staging_block(struct state *s, struct str path, struct err *e);

/* A file of others, with its blob or zeros, is as if it was ours. */
int staging_adopt(
	struct state *s, struct str path, struct str oid, struct err *e);

/*
 * Has another document, not by entry was either, path staged?  Then whose it
 * is, or that of who keeps it; -1: nobody has.
 */
int staging_owner(struct state *s, struct str path,
	const struct state_document *self, struct str was,
	int64_t *work_package, struct err *e);

/* Another work package that has it on record, and keeps it; -1: none does. */
int staging_keeper(struct state *s, struct str path, int64_t self,
	int64_t *work_package, struct err *e);

int staging_put_attachment(
	struct state *s, const struct state_attachment *a, struct err *e);
/* Staged or stored; as state_attachment(). */
int staging_attachment(struct state *s, int64_t id, bool *found,
	state_attachment_fn *fn, void *arg, struct err *e);
/* An attachment with that blob, staged or stored. */
int staging_twin(struct state *s, struct str oid, bool *found, int64_t *id,
	struct err *e);

/* A document that cannot be made waits, until it is tried again. */
int staging_wait(struct state *s, int64_t work_package, struct str entry,
	const char *why, struct err *e);
int staging_try_again(struct state *s, struct err *e);
/* Rows say why of those that wait; they are told (fn may be NULL), given up. */
int staging_refuse(
	struct state *s, store_refused_fn *fn, void *arg, struct err *e);

/* Is there anything to be applied? */
int staging_any(struct state *s, bool *any, struct err *e);

/*
 * Bring all that does not wait into the state; inside of a transaction, which
 * also takes it from what is staged.
 */
int staging_apply(struct state *s, struct err *e);

int staging_clear(struct state *s, struct err *e);

#endif
