/*
 * mapper_look - the store as it is, before a pass.
 *
 * What people did to files and commits of ours is put right by the pass's
 * commit, which keeps what they wrote; what disks did, by making it again.
 */
#include "base/stamp.h"
#include "base/util.h"
#include "daemon/log.h"
#include "daemon/mapper.h"

void mapper_forget_state(struct mapper *m)
{
	m->retry_at = 0;
	m->names_lost = true;
	m->guard.changes_held = false; /* it does not know of them */
}

int mapper_mend(struct mapper *m, bool *again, struct err *e)
{
	int r = store_mend_state(m->store, again, e);

	if (*again)
		mapper_forget_state(m);
	return r;
}

int mapper_repair_state(struct mapper *m, bool *again, struct err *e)
{
	int r = store_repair_state(m->store, again, e);

	if (*again)
		mapper_forget_state(m);
	return r;
}

/* It is told with the commit that restores it. */
static void on_adrift(void *arg, int64_t work_package, struct str entry,
	struct str path, bool lost)
{
	struct mapper *m = arg;

	(void)entry;
	(void)path;
	m->adrift = true;
	if (lost)
		ids_add(&m->lost, work_package);
}

/* A branch that a person has deleted is not told of any more. */
static int forget_kept(struct mapper *m, struct err *e)
{
	struct state *state = store_state(m->store);
	struct buf branch = {0};
	bool found = false;
	int r = state_get(state, "kept", &branch, &found, e);

	m->keeps = found;
	if (r == 0 && found && !store_has_branch(m->store, branch.p))
		r = state_delete(state, "kept", e);
	buf_fini(&branch);
	return r;
}

int mapper_look(struct mapper *m, bool deep, struct err *e)
{
	int r = forget_kept(m, e);

	m->adrift = false;
	return r == 0 ? store_look(m->store, deep, on_adrift, m, e) : r;
}

/* --- Nothing to do ------------------------------------------------------ */

void mapper_rest(struct mapper *m)
{
	m->rests = !m->keeps && m->lost.n == 0;
}

/* What is tried again is so by the clock, all else by what is in the store. */
bool mapper_is_at_rest(struct mapper *m)
{
	return m->rests &&
	       (m->retry_at == 0 || stamp_monotonic() < m->retry_at) &&
	       store_is_at_rest(m->store);
}
