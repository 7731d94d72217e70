#ifndef STORE_STATE_GUARD_H
#define STORE_STATE_GUARD_H

#include "store/state.h"

/*
 * What a person has to say about documents: those whose going or changing is
 * held until it is released, and those that were withdrawn.  Rows of the
 * state, written at once; rules of who may use it are those of state.h.
 */
enum state_held_kind {
	HELD_REMOVAL = 1,
	HELD_CHANGE,
};

/* A document that would go, or change. */
struct state_held {
	enum state_held_kind kind;
	int64_t work_package;
	struct str entry;
	int64_t project_id;
	struct str path;
	struct str reason;
	bool gone;     /* the work package is, not only this document */
	bool released; /* a person let it go; not carried out yet */
	int64_t since; /* wall clock */
};

int state_held_put(
	struct state *s, const struct state_held *held, struct err *e);

int state_held_delete(struct state *s, enum state_held_kind kind,
	int64_t work_package, struct str entry, struct err *e);

/* Forget those whose document is not there any more. */
int state_held_tidy(struct state *s, struct err *e);

typedef int state_held_fn(
	void *arg, const struct state_held *held, struct err *e);
/* By work package and entry, without those. */
int state_held(struct state *s, enum state_held_kind kind, state_held_fn *fn,
	void *arg, struct err *e);

/* How many documents are held, of whatever kind, and not released. */
int state_held_count(struct state *s, int64_t *out, struct err *e);

/* Let those of a kind go: of a project, of a work package; 0: of any. */
int state_held_release(struct state *s, enum state_held_kind kind,
	int64_t project_id, int64_t work_package, struct err *e);

/*
 * The number of a kind's set: a set that grows gets a new one, so the number
 * stands for what was shown.  0: there never was one.
 */
int state_held_set(struct state *s, enum state_held_kind kind, int64_t *out,
	struct err *e);
int state_held_grown(struct state *s, enum state_held_kind kind, int64_t *out,
	struct err *e);

/*
 * Forget removals that were let through before.  Those that a clock which was
 * ahead has put behind now become of now.
 */
int state_removal_prune(
	struct state *s, int64_t before, int64_t now, struct err *e);

/* What the guard weighs, of one project. */
struct state_weight {
	int64_t project_id;
	int64_t documents;
	int64_t removed; /* let through since a moment */
	int64_t held;    /* removals, not released */
};

typedef int state_weight_fn(
	void *arg, const struct state_weight *weight, struct err *e);
int state_weights(struct state *s, int64_t since, state_weight_fn *fn,
	void *arg, struct err *e);

/*
 * How many documents are staged to change, and how many of these are held by
 * now.  And hold them, and no other changes: those that were held before are
 * so since then, unless all are held anew.
 */
int state_changing(struct state *s, int64_t *n, int64_t *n_held, struct err *e);
int state_hold_changes(
	struct state *s, bool anew, struct str reason, struct err *e);

/*
 * The server does not show a work package any more: no new document is made of
 * it, and should it be shown again, it counts as changed.
 */
int state_gone(struct state *s, int64_t work_package, struct err *e);

/*
 * What is unproven stays from now on when its work package is gone, and is held
 * no more.
 */
int state_keep_unproven(struct state *s, struct err *e);

/*
 * Work packages that were withdrawn: they make no document until they are
 * published again, when the server is asked for them.  fn gets them in order.
 */
int state_withdraw(struct state *s, int64_t id, struct err *e);
int state_publish(struct state *s, int64_t id, bool *was, struct err *e);

/*
 * How many documents are of no work package, since the state was made again,
 * if this one has none of its own: any of them may be its.
 */
int state_unclaimed(struct state *s, int64_t id, int64_t *n, struct err *e);

int state_withdrawn(struct state *s, state_id_fn *fn, void *arg, struct err *e);

/* What things were called before, where somebody may still call them so. */
int state_renamed_add(struct state *s, int64_t kind, int64_t id, struct str was,
	struct err *e);
typedef int state_renamed_fn(
	void *arg, int64_t kind, int64_t id, struct str was, struct err *e);
int state_renamed(
	struct state *s, state_renamed_fn *fn, void *arg, struct err *e);

#endif
