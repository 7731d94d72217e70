#ifndef DAEMON_MAPPER_PARTS_H
#define DAEMON_MAPPER_PARTS_H

#include "daemon/mapper.h"

/*
 * Between the files mapper*.c, with frozen*.c, guard*.c and lookup.c: what is
 * no business of the flows, which have mapper.h.  Worker's thread.
 */

/* --- mapper.c: items ------------------------------------------------------ */

/* Is it rendered from that?  Which does not make it well. */
bool mapper_is_unread(const struct mapper_item *item);

/* --- mapper_map.c: an item is mapped -------------------------------------- */

/* A newer one was staged since it came. */
bool mapper_overtaken(struct mapper *m, const struct mapper_item *item);

/* What mapper_map_again() would map goes to where all that is stale is. */
void mapper_put_off(struct mapper *m);

/* --- mapper_stage.c: what was rendered is staged -------------------------- */

/* Stage what was rendered of an item, or that it is withdrawn. */
int mapper_stage(struct mapper *m, struct mapper_item *item,
	const struct work_package *wp, struct rendered *rendered,
	struct err *e);
int mapper_stage_withdrawn(
	struct mapper *m, const struct mapper_item *item, struct err *e);

#define MAPPER_RETRY (60 * STAMP_SECOND) /* the first wait of what failed */

/* A row without a hash failed for now: mapper_retry() has it again. */
void mapper_try_later(struct mapper *m);

/* --- mapper_tell.c: it counts, and is told -------------------------------- */

/* A document was staged again: it counts, and is told, as it is now. */
struct mapper_change {
	const struct mapper_item *item;
	const struct work_package *wp;
	const struct document *document;
	struct str before; /* its path by then */
	enum store_change was, now;
};

int mapper_tell_change(
	struct mapper *m, const struct mapper_change *c, struct err *e);

/* From the first on, what is staged waits for its commit. */
void mapper_note_staged(struct mapper *m);
void mapper_count(struct mapper *m, enum store_change change, int by);

/* --- mapper_undo.c: what goes, or is not to be ---------------------------- */

/* What was staged of a document is not made, nor told: it is as recorded. */
int mapper_take_back(struct mapper *m, int64_t work_package, struct str entry,
	struct err *e);

/*
 * The same for one that is not made again: others may have its place, and find
 * it where it was.  And for one that the store refused, and that is not tried
 * again in this pass.
 */
int mapper_unmake(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e);
int mapper_refuse(struct mapper *m, int64_t work_package, struct str entry,
	struct err *e);

/*
 * One that cannot be made stays where it is: who wants its place is mapped
 * again.
 */
void mapper_stays(struct mapper *m, int64_t work_package);

/*
 * Who was denied a path is mapped again, if it is free by now, or another's
 * than was told; and so is whoever else may have another place.
 */
int mapper_deny(
	struct mapper *m, int64_t work_package, struct str path, struct err *e);
void mapper_forget_denied(struct mapper *m);
int mapper_place_again(struct mapper *m, struct err *e);

/*
 * Stage the removal of a document.  Who claims its path or its values, and
 * who read it, is mapped again.
 */
int mapper_drop(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e);

/* --- mapper_unique.c: values of unique: ----------------------------------- */

/*
 * Remember the values of unique: that a document has; afterwards those that
 * came or went with d (NULL: it is to be dropped) are made known to who read
 * them.
 */
struct mapper_values {
	struct arena *arena; /* has the values */
	size_t n, cap;
	struct unique_value *items;
};

int mapper_values_before(struct mapper *m, int64_t work_package,
	struct str entry, struct mapper_values *v, struct err *e);
int mapper_values_after(struct mapper *m, const struct mapper_values *v,
	const struct document *d, struct err *e);

/* --- mapper_reread.c: what was read --------------------------------------- */

/*
 * Whatever tells a name of something (of a user, a version …, with the id
 * that the API has for it) gives it here.  If it is another than the one
 * known, all work packages that read it are rendered again before the pass
 * ends, from their kept sources.
 */
int mapper_learn(struct mapper *m, enum read_kind kind, int64_t id,
	struct str name, struct err *e);

/* The same for what is no name: a project's identifier, a schema … */
int mapper_reread(
	struct mapper *m, enum read_kind kind, int64_t id, struct err *e);

/* After another way to put a name, or when what is staged was dropped. */
void mapper_forget_name(struct mapper *m, enum read_kind kind, int64_t id);
void mapper_forget_names(struct mapper *m);

/* Is this, without asking the store, the newest name?  And: it is. */
bool mapper_remembers(
	struct mapper *m, enum read_kind kind, int64_t id, struct str name);
void mapper_remember(
	struct mapper *m, enum read_kind kind, int64_t id, struct str name);

/* Record what was read. */
int mapper_made_of(struct mapper *m, const struct mapper_item *item,
	const struct work_package *wp, struct reads *reads, struct err *e);

/* It is mapped, or failed: the mark that it was stale goes. */
void mapper_renewed(struct mapper *m, const struct mapper_item *item);

/* --- mapper_commit.c: the commit ------------------------------------------ */

/* Commit what an item changed, where each has a commit of its own. */
int mapper_commit_one(
	struct mapper *m, const struct mapper_item *item, struct err *e);

/*
 * Instead of a commit: what cannot be made for another in its way is staged no
 * more, and the others find their places.
 */
int mapper_settle(struct mapper *m, struct err *e);

/* --- mapper_verdicts.c: who fails ----------------------------------------- */

/*
 * A work package failed, or, if it did before, does so no more; before its new
 * row is staged.  It is told by mapper_tell_verdicts().
 */
void mapper_failed(struct mapper *m, int64_t work_package, const char *why);
void mapper_recovered(struct mapper *m, int64_t work_package);

/* It failed before this pass, in which nothing was found out about it yet. */
bool mapper_fails_still(struct mapper *m, int64_t work_package);

/* The server failed at its relations: a line of unrelated.  Is it on one? */
bool mapper_is_unrelated(struct str lines, int64_t id);
void mapper_failed_beside(struct mapper *m, int64_t id, const char *why);
void mapper_forget_verdicts(struct mapper *m); /* the pass begins anew */

/* --- mapper_log.c: the sync log ------------------------------------------- */

void mapper_put_event(struct mapper *m, struct state_event *event);

/* A text without the work package's number in front, if that is there. */
struct str mapper_without_self(const char *text, int64_t work_package);

/* Say in the journal that a commit was made; the store has logged it. */
void mapper_committed(struct mapper *m, const char *id, const char *subject);

#endif
