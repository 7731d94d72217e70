/*
 * mapper_undo - documents that go, or that were staged and are not to be.
 */
#include "base/stamp.h"
#include "daemon/mapper_claims.h"

void mapper_note_staged(struct mapper *m)
{
	if (m->staged.since == 0)
		m->staged.since = stamp_monotonic();
}

void mapper_count(struct mapper *m, enum store_change change, int by)
{
	if (change == STORE_ADDED)
		m->counts.added += by;
	else if (change != STORE_SAME)
		m->counts.changed += by;
}

int mapper_untell(
	struct mapper *m, int64_t work_package, struct str entry, struct err *e)
{
	enum store_change was = STORE_SAME;
	int r = store_change_of(m->store, work_package, entry, &was, e);

	if (r == 0)
		r = store_untell(m->store, work_package, entry, e);
	if (r == 0)
		mapper_count(m, was, -1);
	return r;
}

int mapper_take_back(
	struct mapper *m, int64_t work_package, struct str entry, struct err *e)
{
	int r = mapper_untell(m, work_package, entry, e);

	return r == 0 ? store_unstage(m->store, work_package, entry, e) : r;
}

typedef int end_fn(struct mapper *m, int64_t work_package, struct str entry,
	struct err *e);

/* Those whom it is in the way of, or who lead to it, are mapped again. */
static int end(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, end_fn *how, struct err *e)
{
	struct mapper_values values = {0};
	int r = mapper_values_before(m, work_package, entry, &values, e);

	if (r == 0)
		r = how(m, work_package, entry, e);
	if (r == 0)
		r = claims_left(m, work_package, entry, claim, e);
	if (r == 0)
		r = mapper_reread(m, READ_WORK_PACKAGE, work_package, e);
	return r == 0 ? mapper_values_after(m, &values, NULL, e) : r;
}

static int drop(
	struct mapper *m, int64_t work_package, struct str entry, struct err *e)
{
	return store_drop(m->store, work_package, entry, e);
}

int mapper_drop(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e)
{
	int r = end(m, work_package, entry, claim, drop, e);

	if (r == 0)
		mapper_note_staged(m);
	return r;
}

int mapper_unmake(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e)
{
	return end(m, work_package, entry, claim, mapper_take_back, e);
}
