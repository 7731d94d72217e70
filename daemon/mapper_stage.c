/*
 * mapper_stage - what was rendered of a work package becomes staged changes.
 *
 * Each document is placed where the claims say (mapper_claims.h), compared,
 * and counted; what no entry makes any more is left to the guard.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "content/words.h"
#include "daemon/mapper_claims.h"
#include "daemon/mapper_parts.h"

/* --- Rows --------------------------------------------------------------- */

static struct state_work_package row_of(const struct mapper_item *item)
{
	struct state_work_package row = {
		.id = item->id,
		.project_id = item->pair.project_id,
		.type_id = item->pair.type_id,
		.updated_at = item->updated_at,
		.generation = item->generation,
		.source = buf_str(&item->source),
	};

	if (item->attachments_known)
		row.attachments = buf_str(&item->attachments);
	if (item->comments_known)
		row.comments = buf_str(&item->comments);
	memcpy(row.hash, item->hash, SHA256_SIZE);
	return row;
}

static void miss(struct mapper *m, int64_t id, const struct err *why)
{
	m->missed = grow(
		m->missed, m->n_missed, &m->cap_missed, sizeof(*m->missed));
	m->missed[m->n_missed++] = (struct mapper_missed){id, *why};
}

void mapper_try_later(struct mapper *m)
{
	if (m->retry_at == 0)
		m->retry_at = stamp_monotonic() + MAPPER_RETRY;
}

/* Every sight of it counts as a change, too. */
static void try_again(struct mapper *m, struct state_work_package *row)
{
	memset(row->hash, 0, sizeof(row->hash));
	mapper_try_later(m);
}

/*
 * While changes are held, one that was read for its comments alone is as it
 * was.  The next full read asks for them again; what is tried again is made
 * anew.
 */
static bool stays_held(const struct mapper *m, const struct mapper_item *item)
{
	return item->heard && m->guard.changes_held;
}

void mapper_fail(
	struct mapper *m, const struct mapper_item *item, const struct err *why)
{
	struct state_work_package row = row_of(item);

	if (mapper_overtaken(m, item) || stays_held(m, item))
		return;
	if (why->code == ERR_NOT_FOUND && item->kept && m->confirms) {
		miss(m, item->id, why);
		return;
	}
	row.outcome = OUTCOME_FAILED;
	row.reason = str_of(why->text);
	if (why->code != ERR_DATA)
		try_again(m, &row);
	m->at = item->id;
	m->at_project = item->pair.project_id;
	mapper_failed(m, item->id, why->text);
	store_put_work_package(m->store, &row);
	mapper_stays(m, item->id);
	mapper_renewed(m, item);
}

int mapper_settle_missed(struct mapper *m, struct err *e)
{
	int r = 0;

	m->confirms = false; /* it has */
	for (size_t i = 0; r == 0 && i < m->n_missed; i++) {
		const struct mapper_missed *missed = &m->missed[i];
		struct mapper_item *item = NULL;

		if (guard_finds_gone(&m->guard, missed->id))
			continue;
		r = mapper_recall(m, missed->id, &item, e);
		if (r == 0 && item != NULL)
			mapper_fail(m, item, &missed->why);
		mapper_item_free(item);
	}
	m->n_missed = 0;
	return r;
}

/* --- Placing one document ----------------------------------------------- */

/* A work package whose documents are being staged. */
struct staging {
	struct mapper *m;
	struct mapper_item *item;
	const struct work_package *wp;
	struct rendered *rendered;
	size_t n_own;
	struct own_document *own; /* that it has by now */
	bool pending;             /* a removal waits for the guard */
	bool blocked;             /* a path is another's, which may leave it */
	struct err bad; /* what is wrong with the work package, if anything */
	size_t n_evaded, cap_evaded;
	struct str *evaded; /* paths with -ID, folded, in the arena */
};

/* Render the entry again, with -ID in its paths. */
static int render_with_ids(
	struct staging *s, int entry, int times, struct document *d)
{
	const struct evasion evasion = {(size_t)entry, times};
	struct rendered again = {0};
	int r = program_render(
		s->m->config->program, s->wp, &evasion, &s->m->arena, &again);

	for (size_t i = 0; r == 0 && i < again.n; i++) {
		struct rendering *one = &again.items[i];

		if (one->err.code == 0 &&
			strcmp(one->document.entry, d->entry) == 0) {
			struct document swap = *d;

			*d = one->document;
			one->document = swap;
		}
	}
	rendered_fini(&again);
	return r;
}

static bool has_evaded_to(const struct staging *s, struct str claim)
{
	for (size_t i = 0; i < s->n_evaded; i++)
		if (str_eq(s->evaded[i], claim))
			return true;
	return false;
}

/*
 * To a path that nobody claims, nor another document of this work package has
 * evaded to; of other ones they end in other IDs.  Without one, it waits.
 */
static int evade(struct staging *s, const struct rank *at,
	struct rendering *one, struct err *e)
{
	struct mapper *m = s->m;
	struct document *d = &one->document;
	struct str claim = STR_NONE;
	bool free = false;
	int r = 0;

	for (int times = 1; r == 0 && !free && times <= MAX_IDS; times++) {
		bool claimed = false;

		r = render_with_ids(s, at->index, times, d);
		claim = words_fold(&m->arena, str_of(d->path));
		if (r == 0)
			r = claims_by_others(m, at, claim, &claimed, e);
		free = !claimed && !has_evaded_to(s, claim);
	}
	if (r != 0)
		return r;
	if (!free) {
		s->blocked = true;
		return err_set(&one->err, ERR_DATA,
			"%s is taken, and so are its paths with -%lld",
			d->natural_path, (long long)s->item->id);
	}
	s->evaded = grow(
		s->evaded, s->n_evaded, &s->cap_evaded, sizeof(*s->evaded));
	s->evaded[s->n_evaded++] = claim;
	return 0;
}

static int find_path(struct staging *s, struct rank *at, struct rendering *one,
	struct str claim, struct err *e)
{
	int r = 0;

	if (!at->lower)
		r = claims_behind_stuck(
			s->m, str_of(one->document.path), claim, at, e);
	return r == 0 && at->lower ? evade(s, at, one, e) : r;
}

static int put(struct staging *s, const struct rank *at, struct rendering *one,
	struct str claim, enum store_change *change)
{
	struct mapper *m = s->m;
	struct document *d = &one->document;
	int r;

	d->was = at->was;
	d->yields =
		ids_contain(m->displaced.items, m->displaced.n, s->item->id);
	r = store_put(m->store, s->item->id, d, claim, change, &one->err);
	if (r != ERR_DATA)
		return r;
	one->err = (struct err){0};
	r = claims_make_room(m, at, claim, d, &one->err);
	if (r == 0)
		r = store_put(
			m->store, s->item->id, d, claim, change, &one->err);
	return r;
}

/* The rendering of a document that is there: by its entry, or its successor. */
static struct rendering *rendering_of(
	const struct staging *s, const struct own_document *d)
{
	for (size_t i = 0; i < s->rendered->n; i++)
		if ((int)i == d->successor ||
			str_is(d->entry, s->rendered->items[i].entry))
			return &s->rendered->items[i];
	return NULL;
}

static const struct own_document *document_of(
	const struct staging *s, const struct rendering *one)
{
	for (size_t i = 0; i < s->n_own; i++)
		if (rendering_of(s, &s->own[i]) == one)
			return &s->own[i];
	return NULL;
}

/* Those who want its place, or lead to it, are mapped again. */
static int see_moved(struct staging *s, const struct own_document *held,
	const struct document *d, struct err *e)
{
	bool moved = held != NULL && !str_is(held->path, d->path);
	int r = 0;

	if (moved)
		r = claims_see_wanting(s->m, s->item->id, held->path, e);
	if (r == 0 && (held == NULL || moved || !str_is(held->entry, d->entry)))
		r = mapper_reread(s->m, READ_WORK_PACKAGE, s->item->id, e);
	return r;
}

/* Stage it where the claims say, in place of what it has been by now. */
static int place(struct staging *s, struct rendering *one, struct err *e)
{
	struct mapper *m = s->m;
	struct document *d = &one->document;
	const struct own_document *held = document_of(s, one);
	struct str by = held != NULL ? held->entry : str_of(one->entry);
	struct str claim = words_fold(&m->arena, str_of(d->natural_path));
	bool new_claim = held == NULL || !str_eq(held->claim, claim);
	struct mapper_change made = {
		.item = s->item,
		.wp = s->wp,
		.document = d,
		.before = held != NULL ? held->path : STR_NONE,
		.was = STORE_SAME,
		.now = STORE_SAME,
	};
	struct mapper_values values;
	struct rank at = {
		.work_package = s->item->id,
		.entry = str_of(one->entry),
		.was = by,
	};
	int r = claims_rank(m, claim, &at, e);

	if (r == 0 && new_claim)
		r = claims_came(m, &at, claim, e);
	if (r == 0)
		r = store_change_of(m->store, s->item->id, by, &made.was, e);
	if (r == 0)
		r = mapper_values_before(m, s->item->id, by, &values, e);
	if (r == 0 && new_claim && held != NULL)
		r = claims_left(m, s->item->id, by, held->claim, e);
	if (r == 0)
		r = find_path(s, &at, one, claim, e);
	if (r != 0)
		return one->err.code != 0 ? 0 : r;
	r = put(s, &at, one, claim, &made.now);
	if (r == ERR_DATA) {
		s->blocked = true;
		return 0;
	}
	if (r != 0) {
		*e = one->err;
		return r;
	}
	r = mapper_tell_change(m, &made, e);
	guard_made(m, s->item, str_of(d->entry));
	if (r == 0)
		r = see_moved(s, held, d, e);
	return r == 0 ? mapper_values_after(m, &values, d, e) : r;
}

/* --- The whole work package --------------------------------------------- */

/*
 * Documents that no entry makes any more, and none takes over, are removals
 * for the guard to see, but for those that are to be kept.  All others go on,
 * or stay for what failed.  What is left of one that is gone goes by no entry.
 */
static int leave(struct staging *s, struct err *e)
{
	struct mapper *m = s->m;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_own && !s->item->gone; i++) {
		const struct own_document *d = &s->own[i];

		if (rendering_of(s, d) != NULL) {
			guard_made(m, s->item, d->entry);
			continue;
		}
		if (d->keep_when_gone) {
			r = claims_see_wanting(m, s->item->id, d->path, e);
			continue;
		}
		s->pending = true;
		guard_remove(m, s->item->id, d->entry,
			s->rendered->match_err.code != 0
				? "a condition of match cannot be decided"
				: "no entry of documents: fits any more");
	}
	return r;
}

/* Who wants its place is mapped again; once, since that may be why it fails. */
static int see_stuck(
	struct staging *s, const struct own_document *held, struct err *e)
{
	struct ids *stuck = &s->m->stuck;

	if (ids_contain(stuck->items, stuck->n, s->item->id))
		return 0;
	ids_add(stuck, s->item->id);
	return claims_see_wanting(s->m, s->item->id, held->path, e);
}

/*
 * It fails by now: what was made of it in this pass, before all was known, is
 * taken back.  Others find their places anew because of that once, since two
 * could take turns for ever.
 */
static int stay(struct staging *s, const struct rendering *one, struct err *e)
{
	struct mapper *m = s->m;
	const struct own_document *held = document_of(s, one);
	enum store_change staged = STORE_SAME;
	int64_t id = s->item->id;
	int r = 0;

	if (held != NULL)
		r = store_change_of(m->store, id, held->entry, &staged, e);
	if (r != 0 || held == NULL)
		return r;
	if (staged == STORE_SAME)
		return see_stuck(s, held, e);
	if (ids_contain(m->unmade.items, m->unmade.n, id))
		return mapper_take_back(m, id, held->entry, e);
	ids_add(&m->unmade, id);
	return mapper_unmake(m, id, held->entry, held->claim, e);
}

/* Of one that is gone, only what is left. */
static int place_all(struct staging *s, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->rendered->n; i++) {
		struct rendering *one = &s->rendered->items[i];

		if (s->item->gone && document_of(s, one) == NULL)
			continue;
		if (one->err.code == 0)
			r = place(s, one, e);
		if (r == 0 && one->err.code != 0)
			r = stay(s, one, e);
		if (one->err.code != 0 && s->bad.code == 0)
			s->bad = one->err;
	}
	return r;
}

/*
 * Rendered again from what is kept, its row is what it was: a new mapping
 * does not write the sources of all of them.
 */
static bool is_recorded(const struct staging *s, enum outcome outcome)
{
	return s->item->recorded && !s->pending &&
	       (outcome == OUTCOME_MADE || outcome == OUTCOME_GONE) &&
	       !store_has_staged(s->m->store, s->item->id);
}

struct likeness {
	const struct state_work_package *row;
	bool same; /* but for the generation; the hash is of the source */
};

static int compare_row(
	void *arg, const struct state_work_package *known, struct err *e)
{
	struct likeness *l = arg;
	const struct state_work_package *row = l->row;

	(void)e;
	l->same = known->outcome == row->outcome &&
		  known->updated_at == row->updated_at &&
		  memcmp(known->hash, row->hash, SHA256_SIZE) == 0 &&
		  str_eq(known->reason, row->reason) &&
		  str_eq(known->attachments, row->attachments) &&
		  str_eq(known->comments, row->comments);
	return 0;
}

/* What commits nothing would keep all rows of the store until its end. */
static bool is_vain(struct mapper *m, const struct state_work_package *row)
{
	struct likeness l = {.row = row};
	struct err ignored = {0}; /* comes again with the next question */
	bool found = false;

	return m->dry &&
	       store_work_package(m->store, row->id, &found, compare_row, &l,
		       &ignored) == 0 &&
	       l.same;
}

static void put_row(struct staging *s)
{
	struct state_work_package row = row_of(s->item);

	row.outcome = s->item->gone ? OUTCOME_GONE : OUTCOME_MADE;
	if (s->item->gone) {
		memset(row.hash, 0, sizeof(row.hash));
	} else if (s->bad.code != 0) {
		row.outcome = OUTCOME_FAILED;
		row.reason = str_of(s->bad.text);
		mapper_failed(s->m, s->item->id, s->bad.text);
	} else if (s->rendered->n == 0) {
		mapper_event(s->m, LOG_LEVEL_DEBUG, "skipped", s->item->id,
			STR_NONE, "no entry of documents: fits");
		row.outcome = OUTCOME_UNMATCHED;
		row.source = STR_NONE;
		row.attachments = STR_NONE;
		row.comments = STR_NONE;
	}
	if (row.outcome != OUTCOME_FAILED && !mapper_is_unread(s->item))
		mapper_recovered(s->m, s->item->id);
	if (row.outcome == OUTCOME_FAILED && s->blocked)
		try_again(s->m, &row);
	/* Until a removal is carried out, every sight asks for it again. */
	if (s->pending)
		memset(row.hash, 0, sizeof(row.hash));
	if (!is_recorded(s, row.outcome) && !is_vain(s->m, &row))
		store_put_work_package(s->m->store, &row);
}

/* For a commit: in a line, and not within a character. */
static void put_subject(struct mapper *m, struct str subject)
{
	size_t n = subject.n < sizeof(m->subject) - 1 ? subject.n
						      : sizeof(m->subject) - 1;

	while (n < subject.n && n > 0 && (subject.p[n] & 0xc0) == 0x80)
		n--;
	memcpy(m->subject, subject.n > 0 ? subject.p : "", n);
	m->subject[n] = '\0';
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)m->subject[i] < ' ')
			m->subject[i] = ' ';
}

int mapper_stage(struct mapper *m, struct mapper_item *item,
	const struct work_package *wp, struct rendered *rendered, struct err *e)
{
	struct staging s = {
		.m = m,
		.item = item,
		.wp = wp,
		.rendered = rendered,
		.bad = rendered->match_err,
	};
	int r = lookup_own(&m->lookup, &m->arena, &s.own, &s.n_own, e);

	put_subject(m, wp->subject);
	if (r == 0) {
		program_successors(m->config->program, rendered, &m->arena,
			s.own, s.n_own);
		r = leave(&s, e);
		if (r == 0)
			r = place_all(&s, e);
	}
	if (r == 0)
		r = mapper_made_of(m, item, wp, &rendered->reads, e);
	if (r == 0)
		put_row(&s);
	free(s.evaded);
	return r;
}

int mapper_stage_withdrawn(
	struct mapper *m, const struct mapper_item *item, struct err *e)
{
	struct state_work_package row = row_of(item);

	row.outcome = OUTCOME_UNMATCHED;
	row.reason = STR("a person withdrew it");
	store_put_work_package(m->store, &row);
	return guard_take_out(m, item->id, e);
}
