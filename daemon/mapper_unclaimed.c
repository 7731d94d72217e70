/*
 * mapper_unclaimed - documents of ours that no work package makes.
 *
 * There are some after a state was lost, and was made again from the history:
 * when everything was read, what nobody made is gone, or was kept.
 */
#include "daemon/log.h"
#include "daemon/mapper.h"
#include "store/state_guard.h"

static int note_any(void *arg, const struct state_document *d, struct err *e)
{
	bool *any = arg;

	(void)e;
	*any |= !d->keep_when_gone;
	return 0;
}

int mapper_has_unclaimed(struct mapper *m, bool *any, struct err *e)
{
	*any = false;
	return store_documents(m->store, 0, note_any, any, e);
}

static int hold_no_more(
	void *arg, const struct state_document *d, struct err *e)
{
	const struct mapper *m = arg;
	struct guard_held *held =
		d->unproven ? guard_find_held(&m->guard, 0, d->entry) : NULL;

	(void)e;
	if (held != NULL)
		held->made = true;
	return 0;
}

/* Whichever entry made them, it keeps them. */
static int keep_unproven(struct mapper *m, struct err *e)
{
	int r = store_documents(m->store, 0, hold_no_more, m, e);

	return r == 0 ? state_keep_unproven(store_state(m->store), e) : r;
}

static bool all_keep(const struct program *p)
{
	size_t n = program_keeping(p);

	return n > 0 && n == program_entries(p);
}

/*
 * A work package that fails now may be the one that made them, so that they
 * wait until none fails.
 */
int mapper_unclaimed(struct mapper *m, struct err *e)
{
	struct state_counts counts = {0};
	bool any = false;
	int r = mapper_has_unclaimed(m, &any, e);

	if (r == 0 && any && !m->dry && all_keep(m->config->program)) {
		r = keep_unproven(m, e);
		if (r == 0)
			r = mapper_has_unclaimed(m, &any, e);
	}
	if (r != 0 || !any)
		return r;
	r = state_count(store_state(m->store), &counts, e);
	if (r == 0 && (counts.failed > 0 || m->counts.failed > 0))
		log_warning("files of earlier runs that no work package makes "
			    "stay, until none fails");
	else if (r == 0)
		guard_gone(m, 0);
	return r;
}
