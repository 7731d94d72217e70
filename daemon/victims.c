/*
 * victims - the documents that removals are about.
 *
 * A removal names a document, or a whole work package; what a person released,
 * and nobody made again, goes with them.  What was held before stays so.
 *
 * What a lost state knew as a document of ours, and no work package makes, is
 * gone or was kept.  Where the mapping keeps some that are gone, a person is
 * asked, however few they are.
 */
#include "daemon/victims.h"

#include <stdlib.h>
#include <string.h>

void victims_fini(struct victims *v)
{
	for (size_t i = 0; i < v->n; i++) {
		free(v->items[i].entry);
		free(v->items[i].claim);
		free(v->items[i].path);
	}
	free(v->items);
	free(v->gone.items);
}

static int by_document(const void *a, const void *b)
{
	const struct victim *x = a;
	const struct victim *y = b;

	if (x->work_package != y->work_package)
		return x->work_package < y->work_package ? -1 : 1;
	return strcmp(x->entry, y->entry);
}

static void sort(struct victims *v)
{
	if (v->n > 0)
		qsort(v->items, v->n, sizeof(*v->items), by_document);
}

/* By its own removal, and by that of its whole work package just before. */
static bool is_there(const struct victims *v, const struct state_document *d)
{
	for (size_t i = v->n; i-- > 0;) {
		if (v->items[i].work_package != d->work_package)
			break;
		if (str_is(d->entry, v->items[i].entry))
			return true;
	}
	return false;
}

/* Where nothing that is gone was ever kept, what nobody makes is gone. */
static bool is_unproven(const struct mapper *m, const struct state_document *d)
{
	return d->unproven && program_keeping(m->config->program) > 0;
}

static int on_victim(void *arg, const struct state_document *d, struct err *e)
{
	struct victims *v = arg;
	const struct removal *removal = v->removal;
	bool whole = removal->entry.p == NULL;
	bool unproven = is_unproven(v->m, d);

	(void)e;
	if ((!whole && !str_eq(d->entry, removal->entry)) || is_there(v, d))
		return 0;
	if (whole && d->keep_when_gone) {
		v->kept++;
		return 0;
	}
	v->items = grow(v->items, v->n, &v->cap, sizeof(*v->items));
	v->items[v->n++] = (struct victim){
		.work_package = d->work_package,
		.entry = str_dup(d->entry),
		.claim = str_dup(d->claim),
		.path = str_dup(d->n_files > 0 ? d->files[0].path : STR("")),
		.why = unproven ? "no work package makes it any more, as far "
				  "as is known"
				: removal->why,
		.gone = whole,
		.released = v->released,
		.unproven = unproven,
	};
	return 0;
}

/* Add those of one removal; a work package without any is just forgotten. */
static void add_victims(void *arg, const struct removal *removal)
{
	struct victims *v = arg;
	struct mapper *m = v->m;
	int64_t id = removal->work_package;
	struct state_head head = {0};
	size_t first = v->n;
	bool found;

	v->removal = removal;
	v->kept = 0;
	if (v->code == 0)
		v->code = store_head_of(m->store, id, &found, &head, v->e);
	if (v->code == 0)
		v->code = store_documents(m->store, id, on_victim, v, v->e);
	for (size_t i = first; i < v->n; i++)
		v->items[i].project = head.project_id;
	if (v->code != 0 || removal->entry.p != NULL)
		return;
	if (v->n > first || v->kept > 0)
		ids_add(&v->gone, id);
	else
		store_drop_work_package(m->store, id);
}

/* What was held before needs no decision, nor what is always held. */
static void look_up_held(struct victims *v)
{
	for (size_t i = 0; i < v->n; i++) {
		struct victim *victim = &v->items[i];
		const struct guard_held *held = guard_find_held(&v->m->guard,
			victim->work_package, str_of(victim->entry));

		if (held != NULL) {
			victim->released = held->released;
			victim->verdict = held->released ? GOES : STAYS_HELD;
		} else if (victim->unproven) {
			victim->verdict =
				v->m->config->rehearsal ? GOES : IS_HELD;
			v->n_unproven++;
		}
	}
}

static bool has_victim(
	const struct victims *v, size_t n, const struct guard_held *held)
{
	const struct victim key = {
		.work_package = held->work_package, .entry = held->entry};

	return n > 0 &&
	       bsearch(&key, v->items, n, sizeof(key), by_document) != NULL;
}

int victims_collect(struct victims *v)
{
	const struct guard *g = &v->m->guard;
	size_t n;

	removals_each(&g->removals, add_victims, v);
	sort(v);
	look_up_held(v);
	n = v->n;
	v->released = true;
	for (size_t i = 0; i < g->n_held; i++) {
		const struct guard_held *held = &g->held[i];
		const struct removal removal = {
			held->work_package, str_of(held->entry), held->reason};

		if (guard_may_go(held) && !has_victim(v, n, held))
			add_victims(v, &removal);
	}
	v->removal = NULL;
	sort(v);
	return v->code;
}
