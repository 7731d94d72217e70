/*
 * mapper_claims - which document has a path that several want.
 *
 *   b.md of 3     first of those who claim it: b.md
 *   b.md of 4     behind: b-4.md, where nobody claims that, else
 *   b-4.md of 9   b-4-4.md, and so on
 *
 * The lower work package (then the earlier entry) goes before, whatever came
 * first; and who claims a path, before who only evades to it.  But who cannot
 * be made stays where it is, and all others are behind it.  So where a claim
 * comes or goes, two others may have to move: the next of those who claim it,
 * and the one that evades to it, whose ID is at its end.
 */
#include "daemon/mapper_claims.h"

#include <stdlib.h>

#include "content/ascii.h"
#include "content/paths.h"
#include "content/words.h"
#include "daemon/mapper_parts.h"

#define MAX_DIGITS 18

static void map_again(struct mapper *m, int64_t id)
{
	if (!ids_contain(m->again.items, m->again.n, id))
		ids_add(&m->again, id);
}

/* --- Rank ----------------------------------------------------------------- */

struct own_claims {
	const struct program *program;
	struct rank *rank;
};

/* Of its own work package the earlier entry goes before. */
static void on_own_claim(void *arg, struct str entry)
{
	struct own_claims *own = arg;

	if (program_entry(own->program, entry) < own->rank->index &&
		!str_eq(entry, own->rank->was))
		own->rank->lower = true;
}

int claims_rank(
	struct mapper *m, struct str claim, struct rank *at, struct err *e)
{
	struct own_claims own = {m->config->program, at};
	int r = store_first_claim(m->store, claim, at->work_package,
		&at->contested, &at->next, e);

	at->lower = at->contested && at->next < at->work_package;
	if (r != 0 || at->entry.p == NULL || program_entries(own.program) == 1)
		return r;
	at->index = program_entry(own.program, at->entry);
	return store_claims(
		m->store, claim, at->work_package, on_own_claim, &own, e);
}

struct other_entry {
	const struct rank *than;
	bool found;
};

static void on_other_entry(void *arg, struct str entry)
{
	struct other_entry *other = arg;

	other->found |= !str_eq(entry, other->than->entry) &&
			!str_eq(entry, other->than->was);
}

int claims_by_others(struct mapper *m, const struct rank *at, struct str claim,
	bool *any, struct err *e)
{
	struct other_entry other = {.than = at};
	int64_t first;
	int r = store_first_claim(
		m->store, claim, at->work_package, any, &first, e);

	if (r == 0 && !*any)
		r = store_claims(m->store, claim, at->work_package,
			on_other_entry, &other, e);
	*any |= other.found;
	return r;
}

/* --- Who evades to a path ------------------------------------------------- */

/* N of "a/b-N.md" and "a/b-N/index.md", where paths_document_with_id() puts
 * it; or 0. */
static int64_t id_at_end(struct arena *a, struct str path)
{
	const int64_t mark = 1; /* that of "b-1", which goes behind the end */
	struct str with = paths_document_with_id(a, path, mark);
	size_t end = 0;
	size_t at;
	int64_t id = 0;

	while (end < path.n && end < with.n && path.p[end] == with.p[end])
		end++;
	for (at = end; at > 0 && ascii_digit(path.p[at - 1]); at--)
		;
	if (at == 0 || path.p[at - 1] != '-' || end - at > MAX_DIGITS)
		return 0;
	while (at < end)
		id = id * 10 + (path.p[at++] - '0');
	return id;
}

struct evader {
	struct arena *arena;
	struct str to; /* folded */
	bool found;
};

static int on_document(void *arg, const struct state_document *d, struct err *e)
{
	struct evader *x = arg;
	struct str path = d->natural_path;

	(void)e;
	for (int times = 0; times < MAX_IDS && path.n < x->to.n; times++) {
		path = paths_document_with_id(x->arena, path, d->work_package);
		x->found |= str_eq(words_fold(x->arena, path), x->to);
	}
	return 0;
}

/* Has it been passed over, or will it be? */
static int see_evader(struct mapper *m, struct str claim, struct err *e)
{
	int64_t id = id_at_end(&m->arena, claim);
	struct evader evader = {.arena = &m->arena, .to = claim};
	int r = 0;

	if (id > 0)
		r = store_documents(m->store, id, on_document, &evader, e);
	if (evader.found)
		map_again(m, id);
	return r;
}

/* --- Claims that come and go ---------------------------------------------- */

int claims_came(struct mapper *m, const struct rank *at, struct str claim,
	struct err *e)
{
	if (at->contested && !at->lower)
		map_again(m, at->next);
	return see_evader(m, claim, e);
}

int claims_left(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e)
{
	struct rank at = {.work_package = work_package};
	struct other_entry own = {.than = &at};
	int r = claims_rank(m, claim, &at, e);

	if (r == 0 && at.contested && !at.lower)
		map_again(m, at.next);
	at.entry = entry;
	if (r == 0)
		r = store_claims(
			m->store, claim, work_package, on_other_entry, &own, e);
	if (own.found)
		map_again(m, work_package);
	return r == 0 ? see_evader(m, claim, e) : r;
}

int claims_back(struct mapper *m, int64_t work_package, struct str entry,
	struct str claim, struct err *e)
{
	struct rank at = {
		.work_package = work_package, .entry = entry, .was = entry};
	int r = claims_rank(m, claim, &at, e);

	return r == 0 ? claims_came(m, &at, claim, e) : r;
}

int claims_behind_stuck(struct mapper *m, struct str path, struct str claim,
	struct rank *at, struct err *e)
{
	bool stuck = false;
	int r = store_stuck_at(
		m->store, path, claim, at->work_package, &stuck, e);

	at->lower |= stuck;
	return r;
}

int claims_see_wanting(
	struct mapper *m, int64_t work_package, struct str path, struct err *e)
{
	bool any = false;
	int64_t first;
	int r = store_first_claim(m->store, words_fold(&m->arena, path),
		work_package, &any, &first, e);

	if (r == 0 && any)
		map_again(m, first);
	return r;
}

/* The entries of a rival that claim a path. */
struct rivals {
	struct arena *arena;
	size_t n, cap;
	struct str *entries; /* in the arena */
};

static void on_rival(void *arg, struct str entry)
{
	struct rivals *r = arg;

	r->entries = grow(r->entries, r->n, &r->cap, sizeof(*r->entries));
	r->entries[r->n++] = arena_str(r->arena, entry);
}

/* The document itself, as it was staged before. */
static bool is_itself(const struct store_staged *other, const struct rank *at)
{
	struct str entry = buf_str(&other->entry);

	return other->work_package == at->work_package &&
	       (str_eq(entry, at->entry) || str_eq(entry, at->was));
}

/*
 * At a document's own path one that evaded to it before it was claimed; or a
 * later one of the same work package, which is placed again after this one.
 */
static bool gives_way(const struct store_staged *other, const struct rank *at,
	const struct document *d, struct str path)
{
	return path.p == d->path && other->work_package != 0 &&
	       !other->beside && !is_itself(other, at) &&
	       (!at->lower || other->work_package == at->work_package);
}

/* Files have no other place: who was there goes before, then the lower work
 * package. */
static bool is_behind(const struct store_staged *other, const struct rank *at)
{
	if (other->owner == other->work_package ||
		other->owner == at->work_package)
		return other->owner == at->work_package;
	return other->work_package > at->work_package;
}

static int take_back_evader(struct mapper *m, const struct rank *at,
	const struct store_staged *other, struct err *e)
{
	if (!at->lower)
		map_again(m, other->work_package);
	return mapper_take_back(
		m, other->work_package, buf_str(&other->entry), e);
}

static bool is_anothers(const struct store_staged *other, const struct rank *at)
{
	return other->work_package != 0 &&
	       other->work_package != at->work_package;
}

/*
 * It tries again: perhaps it does not want that path any more.  But behind who
 * has it on record it does not take that for granted, or both could take turns
 * for ever.
 */
static int displace(struct mapper *m, const struct rank *at,
	const struct store_staged *other, struct str path, struct err *e)
{
	int r = 0;

	if (other->owner == at->work_package) {
		ids_add(&m->displaced, other->work_package);
		r = mapper_deny(m, other->work_package, path, e);
	}
	map_again(m, other->work_package);
	return r != 0 ? r
		      : mapper_unmake(m, other->work_package,
				buf_str(&other->entry), buf_str(&other->claim),
				e);
}

static int clear(struct mapper *m, const struct rank *at,
	const struct document *d, struct str path, struct err *e)
{
	struct store_staged other;
	int r = store_staged_at(m->store, path, &other, e);

	if (r == 0 && gives_way(&other, at, d, path)) {
		r = take_back_evader(m, at, &other, e);
	} else if (r == 0 && is_anothers(&other, at) && is_behind(&other, at)) {
		r = displace(m, at, &other, path, e);
	} else if (r == 0 && is_anothers(&other, at)) {
		r = mapper_deny(m, at->work_package, path, e);
	}
	store_staged_fini(&other);
	return r;
}

int claims_make_room(struct mapper *m, const struct rank *at, struct str claim,
	const struct document *d, struct err *e)
{
	struct rivals rivals = {.arena = &m->arena};
	int r = 0;

	if (at->contested && !at->lower)
		r = store_claims(
			m->store, claim, at->next, on_rival, &rivals, e);
	for (size_t i = 0; r == 0 && i < rivals.n; i++)
		r = mapper_take_back(m, at->next, rivals.entries[i], e);
	if (rivals.n > 0)
		map_again(m, at->next);
	free(rivals.entries);
	if (r == 0)
		r = clear(m, at, d, str_of(d->path), e);
	for (size_t i = 0; r == 0 && i < d->n_files; i++)
		r = clear(m, at, d, str_of(d->files[i].path), e);
	return r;
}
